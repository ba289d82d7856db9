//! Moves everything from one database to another of any kind: all of it, compared row by row, or nothing.

use sha2::{Digest, Sha256};
use sqlx::{QueryBuilder, Row as _};

use super::migrate::{self, Age, SchemaError};
use super::rows::{self, BATCH, Row, Value, on_driver};
use super::tables::{Kind, TABLES, Table};
use super::{Db, Tx};

/// Why nothing was copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The source is older than this version.
    #[error("the source's schema is not this version's: run `hallpass migrate` on it first")]
    OldSource,
    /// The target holds something that would be mixed with what comes.
    #[error("the target has rows in {0} already: copy into an empty database")]
    TargetInUse(&'static str),
    /// What was written is not what was read.
    #[error("{0} differs after copying: nothing was changed")]
    Different(&'static str),
    /// The target's schema could not be made.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// One of the two failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// How far the copy of one table is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// The table.
    pub table: &'static str,
    /// Rows copied so far.
    pub done: u64,
    /// Rows there are.
    pub total: u64,
}

/// Copies every row of `from` into `to`, whose schema is made and which must be empty otherwise. The source is read as it is
/// at one moment; what people do there meanwhile is not copied. The target changes in one transaction, which is committed
/// when every table, read back, is what the source has.
///
/// # Errors
/// [`CopyError`]; then the target is as it was.
pub async fn run(from: &Db, to: &Db, progress: impl Fn(Progress)) -> Result<(), CopyError> {
    migrate::refuse_backup(from).await?;
    match migrate::age(from).await? {
        Age::Current => {}
        Age::Older => return Err(CopyError::OldSource),
        Age::Newer(version) => return Err(SchemaError::Newer(version).into()),
    }
    migrate::run(to).await?;
    let mut source = from.snapshot().await?;
    let mut target = to.begin().await?;
    for table in TABLES {
        if count(&mut target, table).await? > 0 {
            return Err(CopyError::TargetInUse(table.name));
        }
        copy_table(&mut source, &mut target, table, &progress).await?;
    }
    target.commit().await?;
    Ok(())
}

/// Copies one table, and compares what has arrived.
pub(super) async fn copy_table(
    source: &mut Tx,
    target: &mut Tx,
    table: &Table,
    progress: &impl Fn(Progress),
) -> Result<(), CopyError> {
    let total = count(source, table).await?;
    let mut done = 0;
    let mut sent = Sha256::new();
    let mut after = None;
    loop {
        progress(Progress { table: table.name, done, total });
        let records = read(source, table, after.as_ref()).await?;
        let Some(last) = records.last() else { break };
        after = last.first().cloned();
        done += records.len() as u64;
        digest(&mut sent, &records);
        rows::insert(target, table.name, &columns(table), &records).await?;
    }
    let mut arrived = Sha256::new();
    let mut after = None;
    loop {
        let records = read(target, table, after.as_ref()).await?;
        let Some(last) = records.last() else { break };
        after = last.first().cloned();
        digest(&mut arrived, &records);
    }
    if count(target, table).await? != total || done != total || sent.finalize() != arrived.finalize() {
        return Err(CopyError::Different(table.name));
    }
    Ok(())
}

impl Db {
    /// A transaction that sees the database as it is now, whatever others change meanwhile.
    pub(super) async fn snapshot(&self) -> Result<Tx, sqlx::Error> {
        Ok(match self {
            Self::Sqlite { reader, .. } => Tx::Sqlite(reader.begin().await?),
            Self::MySql(remote) => {
                const BEGIN: &str =
                    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; START TRANSACTION WITH CONSISTENT SNAPSHOT";
                Tx::MySql(remote.pool.begin_with(BEGIN).await?)
            }
            Self::Postgres(remote) => {
                // It rests while what arrived of a large table is read.
                const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
                                     SET LOCAL idle_in_transaction_session_timeout = 0";
                Tx::Postgres(remote.pool.begin_with(BEGIN).await?)
            }
        })
    }
}

/// How many rows a table has.
pub(super) async fn count(tx: &mut Tx, table: &Table) -> Result<u64, sqlx::Error> {
    let count: i64 = on_driver!(tx, |connection, Driver| {
        let mut query = QueryBuilder::<Driver>::new(format!("SELECT COUNT(*) FROM {}", table.name));
        query.build_query_scalar().fetch_one(connection).await?
    });
    Ok(count.unsigned_abs())
}

/// The next batch in the order of the primary key.
async fn read(tx: &mut Tx, table: &Table, after: Option<&Value>) -> Result<Vec<Row>, sqlx::Error> {
    let key = table.columns[0].0;
    on_driver!(tx, |connection, Driver| {
        let mut query = QueryBuilder::<Driver>::new(format!("SELECT {} FROM {}", columns(table), table.name));
        if let Some(after) = after {
            query.push(format!(" WHERE {key} > "));
            match after.clone() {
                Value::Text(value) => query.push_bind(value),
                Value::Integer(value) => query.push_bind(value),
                Value::Bytes(value) => query.push_bind(value),
                Value::Boolean(value) => query.push_bind(value),
            };
        }
        query.push(format!(" ORDER BY {key} LIMIT {BATCH}"));
        let mut records = Vec::with_capacity(BATCH);
        for row in query.build().fetch_all(connection).await? {
            let mut record = Row::with_capacity(table.columns.len());
            for (index, (_, kind)) in table.columns.iter().enumerate() {
                record.push(match kind {
                    Kind::Text => Value::Text(row.try_get(index)?),
                    Kind::Integer => Value::Integer(row.try_get(index)?),
                    Kind::Bytes => Value::Bytes(row.try_get(index)?),
                    Kind::Boolean => Value::Boolean(row.try_get(index)?),
                });
            }
            records.push(record);
        }
        Ok(records)
    })
}

fn columns(table: &Table) -> String {
    table.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

/// Adds records in a form that is the same whichever database they come from.
fn digest(hash: &mut Sha256, records: &[Row]) {
    for record in records {
        hash.update(format!("{record:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use secrecy::SecretString;

    use super::super::tables::DERIVED;
    use super::*;
    use crate::config::DatabaseConfig;

    /// A table or column that this list lacks would be lost on the way.
    #[tokio::test]
    async fn knows_every_column_of_the_schema() {
        const SCHEMA: &str = "SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c \
                              WHERE t.type = 'table' AND t.name NOT LIKE '\\_sqlx%' ESCAPE '\\' ORDER BY t.name, c.cid";
        let folder = tempfile::tempdir().unwrap();
        let url = SecretString::from(format!("sqlite://{}/x.db", folder.path().display()));
        let db = Db::connect(&DatabaseConfig::new(url).unwrap()).await.unwrap();
        migrate::run(&db).await.unwrap();
        let Db::Sqlite { reader, .. } = &db else { unreachable!() };
        let there: Vec<(String, String)> = sqlx::query_as(SCHEMA).fetch_all(reader).await.unwrap();
        let known = |table: &Table| {
            let name = table.name;
            table.columns.iter().map(move |(column, _)| (name.to_owned(), (*column).to_owned())).collect::<Vec<_>>()
        };
        assert_eq!(BTreeSet::from_iter(there), TABLES.iter().chain(DERIVED).flat_map(known).collect::<BTreeSet<_>>());
    }
}
