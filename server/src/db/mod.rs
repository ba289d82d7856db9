//! The database: which one, its pools, transactions, and what its errors mean.

pub mod backup;
mod connect;
pub mod copy;
mod failure;
pub mod migrate;
pub mod restore;
pub mod rows;
#[macro_use]
pub mod statement;
pub mod sweep;
#[macro_use]
mod stored;
mod tables;
mod transaction;

use std::time::Duration;

use sqlx::sqlite::SqlitePool;
use sqlx::{MySql, Postgres};

pub use connect::Remote;
pub use failure::{advice, is_full, is_in_use, is_unavailable, is_unique_violation};
pub use statement::{Sql, patiently};
pub use transaction::{Abort, Tx};

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
    MySql(Remote<MySql>),
    /// PostgreSQL, CockroachDB, YugabyteDB.
    Postgres(Remote<Postgres>),
}

impl Db {
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
            Self::MySql(remote) => remote.pool.close().await,
            Self::Postgres(remote) => remote.pool.close().await,
        }
    }
}
