//! Forgets what happened longer ago than `AUDIT_DAYS`.

use std::time::Duration;

use super::queries;
use crate::clock::Clock;
use crate::db::{Db, sweep};

/// Deletes the lines that are older than `keep`, in small steps; says how many.
///
/// # Errors
/// Those of the database; what was deleted until then stays deleted.
pub async fn run(db: &Db, clock: &Clock, keep: Duration) -> Result<u64, sqlx::Error> {
    queries::delete_old(db, clock.now().minus(keep)).await
}

/// Does so once an hour, for as long as the server runs.
pub async fn hourly(db: Db, clock: Clock, keep: Duration) {
    let mut hour = tokio::time::interval(Duration::from_hours(1));
    loop {
        hour.tick().await;
        match sweep::round(run(&db, &clock, keep)).await {
            Some(Ok(0)) => {}
            Some(Ok(deleted)) => tracing::info!(deleted, "old audit lines deleted"),
            Some(Err(error)) => tracing::warn!(%error, "old audit lines could not be deleted"),
            None => tracing::info!("some of many old audit lines deleted"),
        }
    }
}
