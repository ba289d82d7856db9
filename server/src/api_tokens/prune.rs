//! Keeps the table of tokens small.

use std::time::Duration;

use super::model::HISTORY;
use super::queries;
use crate::clock::Clock;
use crate::db::{Db, sweep};

/// Deletes, once an hour, the tokens that expired long ago.
pub async fn hourly(db: Db, clock: Clock) {
    let mut hour = tokio::time::interval(Duration::from_hours(1));
    loop {
        hour.tick().await;
        match sweep::round(queries::delete_expired(&db, clock.now().minus(HISTORY))).await {
            Some(Ok(0)) => {}
            Some(Ok(deleted)) => tracing::info!(deleted, "expired tokens deleted"),
            Some(Err(error)) => tracing::warn!(%error, "expired tokens could not be deleted"),
            None => tracing::info!("some of many expired tokens deleted"),
        }
    }
}
