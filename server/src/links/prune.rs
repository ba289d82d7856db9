//! Keeps the table of links small.

use std::time::Duration;

use super::queries;
use crate::clock::Clock;
use crate::db::{Db, sweep};

/// Deletes, once an hour, the links that nobody has followed in time.
pub async fn hourly(db: Db, clock: Clock) {
    let mut hour = tokio::time::interval(Duration::from_hours(1));
    loop {
        hour.tick().await;
        match sweep::round(queries::delete_expired(&db, clock.now())).await {
            Some(Ok(0)) => {}
            Some(Ok(deleted)) => tracing::info!(deleted, "expired links deleted"),
            Some(Err(error)) => tracing::warn!(%error, "expired links could not be deleted"),
            None => tracing::info!("some of many expired links deleted"),
        }
    }
}
