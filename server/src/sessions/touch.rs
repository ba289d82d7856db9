//! When something was last used: written at most once a minute each, by a task of its own, so that no request waits for it.

use std::collections::BTreeMap;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Instant, timeout_at};

use crate::clock::Timestamp;
use crate::db::Db;
use crate::http::client::Client;

/// How old the stored moment must be before it is written again.
pub const TOUCH_EVERY: Duration = Duration::from_mins(1);
/// How long sightings are gathered for one transaction: each one costs the disk a write, and everybody another look at the
/// database ([`crate::db::View`]).
const GATHER_FOR: Duration = Duration::from_secs(1);
/// Sightings that wait, and that are written at once; more are dropped, for the next request brings them again.
const BACKLOG: usize = 1024;

const EVENTS: &str = "/api/events";

/// Whether a request to `path` shows that somebody is there. An open page follows events by itself, also where everybody has
/// gone home: that must not keep a session from resting.
#[must_use]
pub fn is_use(path: &str) -> bool {
    percent_decode_str(path).decode_utf8_lossy() != EVENTS
}

/// Whether a stored moment is to be written again. One further ahead than that was stored by a clock that ran ahead, and is
/// corrected: else it would stand until then.
fn is_old(last_seen_at: Timestamp, now: Timestamp) -> bool {
    now.since(last_seen_at) >= TOUCH_EVERY || last_seen_at.since(now) >= TOUCH_EVERY
}

/// Something that was used.
#[derive(Debug)]
pub struct Sighting {
    /// Its id.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// By whom, where that is of interest.
    pub client: Option<Client>,
}

/// Takes notice of what is in use.
#[derive(Clone, Debug)]
pub struct Toucher(Sender<Sighting>);

/// A toucher, and what writes its notices with `write` until the last [`Toucher`] is gone.
pub fn toucher<W>(db: Db, write: W) -> (Toucher, impl Future<Output = ()>)
where
    W: AsyncFn(&Db, &[Sighting], Duration) -> Result<(), sqlx::Error>,
{
    let (sender, sightings) = channel(BACKLOG);
    (Toucher(sender), keep_writing(db, sightings, write))
}

impl Toucher {
    /// Notes that what has this id was used `now`, if the stored moment is old enough to be worth a write. Only then is
    /// `client` asked.
    pub fn seen(
        &self,
        id: &str,
        last_seen_at: Option<Timestamp>,
        now: Timestamp,
        client: impl FnOnce() -> Option<Client>,
    ) {
        if last_seen_at.is_none_or(|last_seen_at| is_old(last_seen_at, now)) {
            let _ = self.0.try_send(Sighting { id: id.to_owned(), at: now, client: client() });
        }
    }
}

async fn keep_writing<W>(db: Db, mut sightings: Receiver<Sighting>, write: W)
where
    W: AsyncFn(&Db, &[Sighting], Duration) -> Result<(), sqlx::Error>,
{
    while let Some(first) = sightings.recv().await {
        let until = Instant::now() + GATHER_FOR;
        // Sorted, so that two servers take their locks in the same order.
        let mut newest = BTreeMap::from([(first.id.clone(), first)]);
        while newest.len() < BACKLOG
            && let Ok(Some(sighting)) = timeout_at(until, sightings.recv()).await
        {
            newest.insert(sighting.id.clone(), sighting);
        }
        let newest: Vec<Sighting> = newest.into_values().collect();
        if let Err(error) = write(&db, &newest, TOUCH_EVERY).await {
            tracing::warn!(%error, "the last use of some sessions or tokens could not be noted");
        }
    }
}
