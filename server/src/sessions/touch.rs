//! When a session was last seen: written at most once a minute each, by a task of its own, so that no request waits for it.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::queries;
use crate::clock::Timestamp;
use crate::db::Db;

/// How old the stored moment must be before it is written again.
pub const TOUCH_EVERY: Duration = Duration::from_mins(1);
/// Sightings that wait; more are dropped, for the next request brings them again.
const BACKLOG: usize = 1024;

type Sighting = (String, Timestamp);

/// Takes notice of sessions in use.
#[derive(Clone, Debug)]
pub struct Toucher(Sender<Sighting>);

/// Writes what [`Toucher`] has noticed.
#[derive(Debug)]
pub struct TouchWriter {
    db: Db,
    sightings: Receiver<Sighting>,
}

/// A toucher and the writer behind it.
#[must_use]
pub fn toucher(db: Db) -> (Toucher, TouchWriter) {
    let (sender, sightings) = channel(BACKLOG);
    (Toucher(sender), TouchWriter { db, sightings })
}

impl Toucher {
    /// Notes that the session was used `now`, if the stored moment is old enough to be worth a write.
    pub fn seen(&self, session_id: &str, last_seen_at: Timestamp, now: Timestamp) {
        if now.since(last_seen_at) >= TOUCH_EVERY {
            let _ = self.0.try_send((session_id.to_owned(), now));
        }
    }
}

impl TouchWriter {
    /// Writes until the last [`Toucher`] is gone, everything that has come meanwhile in one transaction.
    pub async fn run(mut self) {
        let mut batch = Vec::new();
        while self.sightings.recv_many(&mut batch, BACKLOG).await > 0 {
            // Sorted, so that two servers take their locks in the same order.
            let mut newest: Vec<Sighting> = batch.drain(..).collect::<HashMap<_, _>>().into_iter().collect();
            newest.sort_unstable();
            if let Err(error) = queries::touch(&self.db, &newest, TOUCH_EVERY).await {
                tracing::warn!(%error, "the last use of some sessions could not be noted");
            }
        }
    }
}
