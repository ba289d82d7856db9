//! The database: which one, its pools, transactions, and what its errors mean.

pub mod backup;
mod connect;
pub mod copy;
mod explain;
mod failure;
mod file;
pub mod migrate;
#[doc(hidden)]
pub mod prepare;
pub mod query;
pub mod restore;
pub mod rows;
#[macro_use]
pub mod statement;
mod rights;
pub mod sweep;
#[macro_use]
mod stored;
mod tables;
mod transaction;
mod version;
mod view;

use std::time::Duration;

use sqlx::sqlite::SqlitePool;
use sqlx::{Database, MySql, Pool, Postgres};

pub use connect::{Demotion, Remote};
pub use explain::explain;
pub use failure::{is_full, is_in_use, is_unavailable, is_unique_violation};
pub use statement::{Sql, patiently};
pub use transaction::{Abort, Tx};
pub use version::Versions;
pub use view::View;

/// The pools of the database that `DATABASE_URL` names.
#[derive(Clone, Debug)]
pub enum Db {
    /// SQLite takes one writer at a time, so writers queue for one connection instead of meeting a lock.
    Sqlite {
        /// Connections for statements that only read.
        reader: SqlitePool,
        /// The one connection that writes.
        writer: SqlitePool,
        /// When it last turned out to take no writes.
        demotion: Demotion,
    },
    /// MySQL, MariaDB, TiDB.
    MySql(Remote<MySql>),
    /// PostgreSQL, CockroachDB, YugabyteDB.
    Postgres(Remote<Postgres>),
}

/// How much of a pool is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolState {
    /// `main`; on SQLite `read` and `write`.
    pub name: &'static str,
    /// Open connections.
    pub size: u32,
    /// Those of them that nobody uses.
    pub idle: u32,
    /// How many may be open.
    pub max: u32,
}

impl PoolState {
    fn of<D: Database>(name: &'static str, pool: &Pool<D>) -> Self {
        let size = pool.size();
        // Asked for one after the other, the two may belong to different moments.
        let idle = u32::try_from(pool.num_idle()).map_or(size, |idle| idle.min(size));
        Self { name, size, idle, max: pool.options().get_max_connections() }
    }
}

impl Db {
    /// How much of each pool is in use.
    #[must_use]
    pub fn pools(&self) -> Vec<PoolState> {
        match self {
            Self::Sqlite { reader, writer, .. } => vec![PoolState::of("read", reader), PoolState::of("write", writer)],
            Self::MySql(remote) => vec![PoolState::of("main", &remote.pool)],
            Self::Postgres(remote) => vec![PoolState::of("main", &remote.pool)],
        }
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
            Self::Sqlite { reader, writer, .. } => {
                reader.close().await;
                writer.close().await;
            }
            Self::MySql(remote) => remote.pool.close().await,
            Self::Postgres(remote) => remote.pool.close().await,
        }
    }
}
