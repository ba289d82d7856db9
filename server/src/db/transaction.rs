//! Transactions that write, and what is done when two of them stand in each other's way.

use std::time::Duration;

use sqlx::{MySql, Postgres, Sqlite, Transaction};

use super::Db;
use super::connect::Demotion;
use super::failure::{is_conflict, is_read_only};
use super::statement::in_time;
use crate::{random, telemetry};

/// How often a transaction that lost against another one is tried again.
const RETRIES: u32 = 3;

/// A transaction that may write; only [`Db::write`] makes one.
#[derive(Debug)]
pub enum Tx {
    /// Holds SQLite's write lock from the start, so that it never fails half-way for want of it.
    Sqlite(Transaction<'static, Sqlite>),
    /// On MySQL.
    MySql(Transaction<'static, MySql>),
    /// On PostgreSQL.
    Postgres(Transaction<'static, Postgres>),
}

/// What may end a transaction before its commit: an error of the database, or a reason of ours.
pub trait Abort: From<sqlx::Error> {
    /// The error of the database, where it is one.
    fn database_error(&self) -> Option<&sqlx::Error>;
}

impl Abort for sqlx::Error {
    fn database_error(&self) -> Option<&sqlx::Error> {
        Some(self)
    }
}

impl Abort for anyhow::Error {
    fn database_error(&self) -> Option<&sqlx::Error> {
        self.downcast_ref()
    }
}

impl Db {
    /// Runs `body` in a transaction that is committed when it succeeds and rolled back when it does not. Where the database
    /// gives it up in favour of another transaction (a deadlock, a conflict between cluster nodes), nothing of it was
    /// done, and it is tried again, up to three times: so `body` must do nothing but ask `tx`.
    ///
    /// Those that lock several rows do so in one order, or they are in each other's way: enabled administrators, then the person,
    /// then sessions, tokens, links and mails.
    ///
    /// # Errors
    /// Those of `body`, and those of the database.
    pub async fn write<T, E: Abort>(&self, body: impl AsyncFn(&mut Tx) -> Result<T, E>) -> Result<T, E> {
        let mut retry = 0;
        loop {
            let outcome = self.write_once(&body).await;
            let error = outcome.as_ref().err().and_then(Abort::database_error);
            if error.is_some_and(is_read_only) {
                self.demotion().note();
            }
            if retry == RETRIES || !error.is_some_and(is_conflict) {
                return outcome;
            }
            retry += 1;
            tokio::time::sleep(pause(retry)).await;
        }
    }

    async fn write_once<T, E: Abort>(&self, body: impl AsyncFn(&mut Tx) -> Result<T, E>) -> Result<T, E> {
        tracing::trace!(request_id = telemetry::request_id(), "transaction requested");
        // Boxed, for it is large and would be moved about.
        let transaction = Box::pin(async {
            let mut tx = in_time(self.begin()).await?;
            let done = body(&mut tx).await?;
            in_time(tx.commit()).await?;
            Ok(done)
        });
        telemetry::transaction(transaction).await
    }

    /// Begins a transaction that may write.
    pub(super) async fn begin(&self) -> Result<Tx, sqlx::Error> {
        Ok(match self {
            // A deferred transaction that reads first fails at once when another writes; an immediate one waits its turn.
            Self::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Self::MySql(remote) => Tx::MySql(remote.open(Box::pin(remote.pool.begin())).await?),
            Self::Postgres(remote) => Tx::Postgres(remote.open(Box::pin(remote.pool.begin())).await?),
        })
    }

    fn demotion(&self) -> &Demotion {
        match self {
            Self::Sqlite { demotion, .. } => demotion,
            Self::MySql(remote) => &remote.demotion,
            Self::Postgres(remote) => &remote.demotion,
        }
    }
}

impl Tx {
    /// Makes the changes last; dropped without it, a transaction is rolled back.
    pub(super) async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(tx) => tx.commit().await,
            Self::MySql(tx) => tx.commit().await,
            Self::Postgres(tx) => tx.commit().await,
        }
    }
}

/// Up to 20, 40, 80 milliseconds: at random, so that two that met do not meet again.
fn pause(retry: u32) -> Duration {
    let [byte] = random::bytes::<1>();
    Duration::from_micros((u64::from(byte) * 80) << (retry - 1))
}
