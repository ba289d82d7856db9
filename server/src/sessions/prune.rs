//! Keeps the table of sessions small: marks what has run out, deletes what is history for long enough.

use std::rc::Rc;
use std::time::Duration;

use super::model::{HISTORY, Lifetime};
use super::queries;
use crate::clock::Clock;
use crate::db::Db;
use crate::metrics::Metrics;
use crate::telemetry::{self, RequestFacts};

/// Rows a transaction touches: few enough that nobody waits long behind it.
const BATCH: u32 = 500;
/// What other writers get between two batches.
const PAUSE: Duration = Duration::from_millis(5);

/// What a run has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Sessions marked as expired.
    pub expired: u64,
    /// Ended sessions deleted.
    pub deleted: u64,
}

/// Prunes everything there is to prune, in small batches.
///
/// # Errors
/// Those of the database; what was done until then stays done.
pub async fn run(db: &Db, clock: &Clock, lifetime: &Lifetime) -> Result<Pruned, sqlx::Error> {
    let mut pruned = Pruned::default();
    let now = clock.now();
    loop {
        let expired = queries::expire(db, lifetime, now, BATCH).await?;
        let deleted = queries::delete_ended(db, now.minus(HISTORY), BATCH).await?;
        pruned.expired += expired;
        pruned.deleted += deleted;
        if expired == 0 && deleted == 0 {
            return Ok(pruned);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Prunes once an hour, for as long as the server runs.
pub async fn hourly(db: Db, clock: Clock, lifetime: Lifetime, metrics: Metrics) {
    let mut hour = tokio::time::interval(Duration::from_hours(1));
    loop {
        hour.tick().await;
        let facts = Rc::<RequestFacts>::default();
        let outcome = telemetry::observe(Rc::clone(&facts), Box::pin(run(&db, &clock, &lifetime))).await;
        metrics.count_all_ended(&facts);
        match outcome {
            Ok(pruned) if pruned == Pruned::default() => {}
            Ok(Pruned { expired, deleted }) => tracing::info!(expired, deleted, "sessions pruned"),
            Err(error) => tracing::warn!(%error, "sessions could not be pruned"),
        }
    }
}
