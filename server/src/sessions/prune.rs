//! Keeps the table of sessions small: marks what has run out, deletes what is history for long enough.

use std::rc::Rc;

use tokio::time::Instant;

use super::model::{HISTORY, Lifetime};
use super::queries;
use crate::clock::{Clock, Timestamp};
use crate::db::{Db, sweep};
use crate::metrics::Metrics;
use crate::telemetry::{self, RequestFacts};

/// What a run has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Sessions marked as expired.
    pub expired: u64,
    /// Ended sessions deleted.
    pub deleted: u64,
}

/// Prunes everything there is to prune, in small steps.
///
/// # Errors
/// Those of the database; what was done until then stays done.
pub async fn run(db: &Db, clock: &Clock, lifetime: &Lifetime) -> Result<Pruned, sqlx::Error> {
    let now = clock.now();
    let expired = expire(db, lifetime, now).await? + expire_idle(db, lifetime, now).await?;
    Ok(Pruned { expired, deleted: queries::delete_ended(db, now.minus(HISTORY)).await? })
}

async fn expire(db: &Db, lifetime: &Lifetime, now: Timestamp) -> Result<u64, sqlx::Error> {
    let mut expired = 0;
    loop {
        let began = Instant::now();
        let (is_more, marked) = queries::expire(db, lifetime, now).await?;
        expired += marked;
        if !is_more {
            return Ok(expired);
        }
        sweep::pause(began.elapsed()).await;
    }
}

async fn expire_idle(db: &Db, lifetime: &Lifetime, now: Timestamp) -> Result<u64, sqlx::Error> {
    let (mut expired, mut after) = (0, String::new());
    if lifetime.idle.is_none() {
        return Ok(0);
    }
    loop {
        let began = Instant::now();
        let (last, marked) = queries::expire_idle(db, lifetime, now, &after).await?;
        expired += marked;
        let Some(last) = last else { return Ok(expired) };
        after = last;
        sweep::pause(began.elapsed()).await;
    }
}

/// Prunes for as long as a chore may go on, counts the sessions that have run out, and says in the log what came of it.
pub async fn round(db: &Db, clock: &Clock, lifetime: &Lifetime, metrics: &Metrics) {
    let facts = Rc::<RequestFacts>::default();
    let round = sweep::round(run(db, clock, lifetime));
    let outcome = telemetry::observe(Rc::clone(&facts), Box::pin(round)).await;
    metrics.count_all_ended(&facts);
    match outcome {
        Some(Ok(pruned)) if pruned == Pruned::default() => {}
        Some(Ok(Pruned { expired, deleted })) => tracing::info!(expired, deleted, "sessions pruned"),
        Some(Err(error)) => tracing::warn!(%error, "sessions could not be pruned"),
        None => tracing::info!("some of many old sessions pruned"),
    }
}
