//! The database: which one, its pools, transactions, and what its errors mean.

pub mod migrate;
#[macro_use]
pub mod statement;

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlPool, MySqlPoolOptions};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, MySql, Postgres, Sqlite, Transaction};

use crate::config::{DatabaseConfig, DatabaseKind};

pub use statement::Sql;

/// How long a request waits for a connection before it is told that the database is unavailable.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// The pools of the database that `DATABASE_URL` names.
#[derive(Clone, Debug)]
pub enum Db {
    /// SQLite takes one writer at a time, so writers queue for one connection instead of meeting a lock.
    Sqlite {
        /// Connections for statements that only read.
        reader: SqlitePool,
        /// The one connection that writes.
        writer: SqlitePool,
    },
    /// MySQL, MariaDB, TiDB.
    MySql(MySqlPool),
    /// PostgreSQL, CockroachDB, YugabyteDB.
    Postgres(PgPool),
}

/// A transaction that may write. Dropped without [`Tx::commit`], it is rolled back.
#[derive(Debug)]
pub enum Tx {
    /// Holds SQLite's write lock from the start, so that it never fails half-way for want of it.
    Sqlite(Transaction<'static, Sqlite>),
    /// On MySQL.
    MySql(Transaction<'static, MySql>),
    /// On PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
}

impl Db {
    /// Opens the pools; an SQLite file that does not exist is made, readable by its owner alone.
    ///
    /// # Errors
    /// When the URL is malformed or the database cannot be reached.
    pub async fn connect(config: &DatabaseConfig) -> Result<Self, sqlx::Error> {
        let url = config.url();
        match config.kind {
            DatabaseKind::Sqlite => {
                let options = SqliteConnectOptions::from_str(url)?
                    .create_if_missing(true)
                    .foreign_keys(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    // FULL: an acknowledged login survives a power cut (sqlite.org/pragma.html#pragma_synchronous).
                    .synchronous(SqliteSynchronous::Full)
                    .busy_timeout(Duration::from_secs(5))
                    .disable_statement_logging();
                prepare_file(options.get_filename()).map_err(sqlx::Error::Io)?;
                let pool = SqlitePoolOptions::new().acquire_timeout(ACQUIRE_TIMEOUT).test_before_acquire(false);
                let writer = pool.clone().max_connections(1).connect_with(options.clone()).await?;
                let reader =
                    pool.max_connections(config.connections).connect_with(options.pragma("query_only", "ON")).await?;
                Ok(Self::Sqlite { reader, writer })
            }
            DatabaseKind::MySql => {
                let options = MySqlConnectOptions::from_str(url)?.disable_statement_logging();
                let pool = MySqlPoolOptions::new().acquire_timeout(ACQUIRE_TIMEOUT).max_connections(config.connections);
                Ok(Self::MySql(pool.connect_with(options).await?))
            }
            DatabaseKind::Postgres => {
                let options = PgConnectOptions::from_str(url)?.disable_statement_logging();
                let pool = PgPoolOptions::new().acquire_timeout(ACQUIRE_TIMEOUT).max_connections(config.connections);
                Ok(Self::Postgres(pool.connect_with(options).await?))
            }
        }
    }

    /// Whether connecting would have to make the database first, which only SQLite does.
    ///
    /// # Errors
    /// When the URL is malformed.
    pub fn is_yet_to_be_made(config: &DatabaseConfig) -> Result<bool, sqlx::Error> {
        match config.kind {
            DatabaseKind::Sqlite => Ok(!SqliteConnectOptions::from_str(config.url())?.get_filename().exists()),
            DatabaseKind::MySql | DatabaseKind::Postgres => Ok(false),
        }
    }

    /// Begins a transaction that may write.
    ///
    /// # Errors
    /// When no connection is free in time, or the database refuses.
    pub async fn begin(&self) -> Result<Tx, sqlx::Error> {
        Ok(match self {
            // A deferred transaction that reads first fails at once when another writes; an immediate one waits its turn.
            Self::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Self::MySql(pool) => Tx::MySql(pool.begin().await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Whether the database answers within a second.
    pub async fn is_up(&self) -> bool {
        const PING: Sql = sql!("SELECT 1");
        let ping = async { on_db!(self, PING, |pool, text| sqlx::query(text).execute(pool).await.map(|_| ())) };
        matches!(tokio::time::timeout(Duration::from_secs(1), ping).await, Ok(Ok(())))
    }

    /// Closes every connection, once those in use have come back.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { reader, writer } => {
                reader.close().await;
                writer.close().await;
            }
            Self::MySql(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Tx {
    /// Makes the changes last.
    ///
    /// # Errors
    /// When the database refuses; then nothing was changed.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::MySql(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
    }
}

/// Whether an INSERT or UPDATE met a value that a unique column already holds.
#[must_use]
pub fn is_unique_violation(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

/// Whether the database is away (try again later), as opposed to refusing what it was asked.
#[must_use]
pub fn is_unavailable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| is_outage(&code)),
        _ => false,
    }
}

/// Codes that tell of a database in trouble: SQLite's primary result codes busy (5), locked (6), read-only (8), I/O (10),
/// corrupt (11), full (13), cannot open (14); PostgreSQL's classes 08, 53, 57, 58 and read-only 25006;
/// MySQL's SQLSTATE class 08 and HY000, which it uses for every server-side failure.
fn is_outage(code: &str) -> bool {
    match code.parse::<u32>() {
        Ok(sqlite) if code.len() < 5 => matches!(sqlite & 0xff, 5 | 6 | 8 | 10 | 11 | 13 | 14),
        _ => matches!(code.get(..2), Some("08" | "53" | "57" | "58")) || matches!(code, "25006" | "HY000"),
    }
}

/// Makes the folder and an empty file that only their owner may read, before SQLite makes one with the umask's rights.
fn prepare_file(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

    if path.exists() {
        return Ok(());
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::is_outage;

    #[test]
    fn tells_trouble_from_refusal() {
        for outage in ["5", "13", "10", "778", "57P01", "08006", "53300", "25006", "HY000"] {
            assert!(is_outage(outage), "{outage}");
        }
        for refusal in ["1", "19", "2067", "23505", "42P01", "23000", "42S02"] {
            assert!(!is_outage(refusal), "{refusal}");
        }
    }
}
