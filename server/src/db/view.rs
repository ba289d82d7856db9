//! What was read from the database and is still so.

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use quick_cache::sync::Cache;

use super::version::{Version, Versions};

/// Findings by their key, each good for as long as the database is in the version that it was read in: so exactly what asking
/// again would find, without asking.
pub struct View<K, V> {
    versions: Option<Versions>,
    found: Arc<Cache<K, Finding<V>>>,
}

struct Finding<V> {
    value: Arc<V>,
    version: Version,
}

impl<K: Eq + Hash, V> View<K, V> {
    /// Still empty; without `versions` it stays so. Of more than `capacity` findings, those that are asked for least are forgotten.
    #[must_use]
    pub fn new(versions: Option<Versions>, capacity: usize) -> Self {
        Self { versions, found: Arc::new(Cache::new(capacity)) }
    }

    /// What is found under `key`: what `ask` finds, where nobody has asked since the last commit.
    ///
    /// # Errors
    /// Those of `ask`.
    pub async fn find<E>(&self, key: K, ask: impl AsyncFnOnce() -> Result<Option<V>, E>) -> Result<Option<Arc<V>>, E> {
        // Before it is asked: a commit in between then makes the finding look older than it is, and never younger.
        let version = self.versions.as_ref().and_then(Versions::now);
        if let (Some(version), Some(finding)) = (version, self.found.get(&key))
            && finding.version == version
        {
            return Ok(Some(finding.value));
        }
        let Some(value) = Box::pin(ask()).await?.map(Arc::new) else { return Ok(None) };
        if let Some(version) = version {
            self.found.insert(key, Finding { value: Arc::clone(&value), version });
        }
        Ok(Some(value))
    }
}

impl<V> Clone for Finding<V> {
    fn clone(&self) -> Self {
        Self { value: Arc::clone(&self.value), version: self.version }
    }
}

impl<K, V> Clone for View<K, V> {
    fn clone(&self) -> Self {
        Self { versions: self.versions.clone(), found: Arc::clone(&self.found) }
    }
}

impl<K, V> fmt::Debug for View<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("View").field("versions", &self.versions).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use sqlx::sqlite::SqlitePool;
    use tempfile::TempDir;

    use super::*;
    use crate::config::DatabaseConfig;
    use crate::db::Db;

    async fn database() -> (TempDir, DatabaseConfig, SqlitePool) {
        let folder = tempfile::tempdir().unwrap();
        let config = DatabaseConfig::new(format!("sqlite://{}/x.db", folder.path().display()).into()).unwrap();
        let Db::Sqlite { writer, .. } = Db::connect(&config).await.unwrap() else { unreachable!() };
        sqlx::query("CREATE TABLE t (n INTEGER)").execute(&writer).await.unwrap();
        sqlx::query("INSERT INTO t VALUES (1)").execute(&writer).await.unwrap();
        (folder, config, writer)
    }

    /// What is found, and whether the database was asked.
    async fn find(view: &View<u8, i64>, pool: &SqlitePool) -> (i64, bool) {
        let mut asked = false;
        let ask = async || {
            asked = true;
            sqlx::query_scalar("SELECT n FROM t").fetch_optional(pool).await
        };
        let found = view.find(1, ask).await.unwrap().unwrap();
        (*found, asked)
    }

    async fn set(pool: &SqlitePool, n: i64) {
        sqlx::query("UPDATE t SET n = ?").bind(n).execute(pool).await.unwrap();
    }

    #[tokio::test]
    async fn asks_again_after_each_commit_and_not_otherwise() {
        let (_folder, config, pool) = database().await;
        let view = View::new(Versions::of(&config).await, 10);
        assert_eq!(find(&view, &pool).await, (1, true));
        for n in 2..200 {
            assert_eq!(find(&view, &pool).await, (n - 1, false));
            set(&pool, n).await;
            assert_eq!(find(&view, &pool).await, (n, true));
            match n % 4 {
                // What is rolled back has changed nothing.
                0 => {
                    let mut tx = pool.begin().await.unwrap();
                    sqlx::query("UPDATE t SET n = 0").execute(&mut *tx).await.unwrap();
                    assert_eq!(find(&view, &pool).await, (n, false));
                    tx.rollback().await.unwrap();
                }
                // The log begins anew.
                1 => {
                    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&pool).await.unwrap();
                    assert_eq!(find(&view, &pool).await.0, n);
                }
                _ => {}
            }
        }
    }

    #[tokio::test]
    async fn other_connections_are_noticed_also_when_all_of_ours_have_been_closed_meanwhile() {
        let (_folder, config, pool) = database().await;
        let view = View::new(Versions::of(&config).await, 10);
        for n in 2..20 {
            let Db::Sqlite { reader, writer, .. } = Db::connect(&config).await.unwrap() else { unreachable!() };
            find(&view, &writer).await;
            assert_eq!(find(&view, &writer).await, (n - 1, false));
            pool.close().await;
            writer.close().await;
            reader.close().await;
            let Db::Sqlite { reader, writer, .. } = Db::connect(&config).await.unwrap() else { unreachable!() };
            set(&writer, n).await;
            assert_eq!(find(&view, &reader).await, (n, true));
        }
    }

    #[tokio::test]
    async fn without_versions_it_always_asks() {
        let (_folder, _, pool) = database().await;
        let view = View::new(None, 10);
        for _ in 0..3 {
            assert_eq!(find(&view, &pool).await, (1, true));
        }
    }
}
