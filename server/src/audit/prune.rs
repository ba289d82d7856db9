//! Forgets what happened longer ago than `AUDIT_DAYS`.

use std::time::Duration;

use super::queries;
use crate::clock::Clock;
use crate::db::Db;

/// Lines a transaction deletes: few enough that nobody waits long behind it.
const BATCH: u32 = 500;
/// What other writers get between two batches.
const PAUSE: Duration = Duration::from_millis(5);

/// Deletes the lines that are older than `keep`, in small batches; says how many.
///
/// # Errors
/// Those of the database; what was deleted until then stays deleted.
pub async fn run(db: &Db, clock: &Clock, keep: Duration) -> Result<u64, sqlx::Error> {
    let until = clock.now().minus(keep);
    let mut deleted = 0;
    loop {
        let batch = queries::delete_old(db, until, BATCH).await?;
        deleted += batch;
        if batch < u64::from(BATCH) {
            return Ok(deleted);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Does so once an hour, for as long as the server runs.
pub async fn hourly(db: Db, clock: Clock, keep: Duration) {
    let mut hour = tokio::time::interval(Duration::from_hours(1));
    loop {
        hour.tick().await;
        match run(&db, &clock, keep).await {
            Ok(0) => {}
            Ok(deleted) => tracing::info!(deleted, "old audit lines deleted"),
            Err(error) => tracing::warn!(%error, "old audit lines could not be deleted"),
        }
    }
}
