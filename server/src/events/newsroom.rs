//! Asks the database once a second what has happened, on whichever server it did, and tells every open stream.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::broadcast;
use tokio::time::MissedTickBehavior;

use super::queries::{self, Happening};
use crate::audit::Event;
use crate::clock::{Clock, Timestamp};
use crate::db::Db;
use crate::identity::EndReason;

/// How often the database is asked, while there is anybody to be told.
const EVERY: Duration = Duration::from_secs(1);
/// How far each question reaches back before the last one: what a slow transaction commits late, or a server whose clock is
/// a little behind, is still found.
const OVERLAP: Duration = Duration::from_mins(1);
/// How many editions a stream may lag behind before it is ended; its page then comes back and asks for itself.
const BACKLOG: usize = 16;
/// How many streams a session may have open: one a browser is what the app needs.
const MOST: usize = 20;

/// What has happened since the last edition.
#[derive(Debug, Default)]
pub(super) struct Edition {
    /// Sessions that ended, with their reasons.
    pub ended: HashMap<String, (EndReason, Timestamp)>,
    /// People whose name, address or role changed.
    pub changed: HashSet<String>,
    /// People who have chosen another password: what their streams were opened with may be good no more.
    pub renewed: HashSet<String>,
    /// People whose tokens for scripts may be good no more.
    pub revoked: HashSet<String>,
    /// People who are no more, and since when.
    pub gone: HashMap<String, Timestamp>,
    /// The server is about to go; nothing will follow.
    pub is_last: bool,
}

/// How many streams are open of each session, or of a person's tokens.
type Readers = Arc<Mutex<HashMap<String, usize>>>;

/// Where streams subscribe. Clones share it.
#[derive(Clone, Debug)]
pub struct Newsroom {
    editions: broadcast::Sender<Arc<Edition>>,
    readers: Readers,
    is_closed: Arc<AtomicBool>,
}

/// What a stream holds as long as it is open.
#[derive(Debug)]
pub(super) struct Subscription {
    /// Every edition since it was made.
    pub editions: broadcast::Receiver<Arc<Edition>>,
    key: String,
    readers: Readers,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = readers.get_mut(&self.key) {
            *open -= 1;
            if *open == 0 {
                readers.remove(&self.key);
            }
        }
    }
}

impl Default for Newsroom {
    fn default() -> Self {
        Self { editions: broadcast::Sender::new(BACKLOG), readers: Readers::default(), is_closed: Arc::default() }
    }
}

impl Newsroom {
    /// Lets the session, or the person's tokens, of this id read on; `None` where they do in too many places already.
    pub(super) fn subscribe(&self, key: String) -> Option<Subscription> {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        let open = readers.entry(key.clone()).or_default();
        if *open == MOST {
            return None;
        }
        *open += 1;
        Some(Subscription { editions: self.editions.subscribe(), key, readers: Arc::clone(&self.readers) })
    }

    /// How many streams are open.
    #[must_use]
    pub fn streams(&self) -> usize {
        self.editions.receiver_count()
    }

    /// Ends every stream, so that their pages come back to another server.
    pub fn close(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
        let _ = self.editions.send(Arc::new(Edition { is_last: true, ..Edition::default() }));
    }

    /// Whether [`Self::close`] was called: a stream that was subscribed later would never end.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::SeqCst)
    }

    /// Asks and tells, until it is dropped.
    pub async fn run(self, db: Db, clock: Clock) {
        let mut timer = tokio::time::interval(EVERY);
        timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut desk = Desk { asked_at: clock.now(), told: HashMap::new() };
        let mut is_reachable = true;
        loop {
            timer.tick().await;
            let now = clock.now();
            if self.editions.receiver_count() == 0 {
                desk.asked_at = now;
                continue;
            }
            let outcome = queries::since(&db, desk.asked_at.minus(OVERLAP)).await;
            if let Err(error) = &outcome
                && is_reachable
            {
                tracing::warn!(%error, "open pages are not told what happens until the database is back");
            }
            is_reachable = outcome.is_ok();
            // What happens while the database is away is asked for when it is back.
            let Ok(happenings) = outcome else { continue };
            if let Some(edition) = desk.edit(happenings, now) {
                let _ = self.editions.send(Arc::new(edition));
            }
        }
    }
}

/// Remembers what was told, for the questions overlap.
struct Desk {
    asked_at: Timestamp,
    told: HashMap<String, Timestamp>,
}

impl Desk {
    /// What is new of the happenings; `None` where nothing is.
    fn edit(&mut self, happenings: Vec<Happening>, now: Timestamp) -> Option<Edition> {
        let since = self.asked_at.minus(OVERLAP);
        self.asked_at = now;
        self.told.retain(|_, at| *at >= since);
        let mut edition = None;
        for happening in happenings {
            if self.told.insert(happening.id.clone(), happening.at).is_none() {
                edition.get_or_insert_with(Edition::default).add(happening);
            }
        }
        edition
    }
}

impl Edition {
    fn add(&mut self, happening: Happening) {
        let Happening { id, user_id, end_reason, event, at } = happening;
        match (end_reason, event, user_id) {
            (Some(reason), ..) => {
                self.ended.insert(id, (reason, at));
            }
            (None, Some(Event::AccountDeleted), Some(user_id)) => {
                self.gone.insert(user_id, at);
            }
            (None, Some(Event::PasswordChanged), Some(user_id)) => {
                self.renewed.insert(user_id);
            }
            (None, Some(Event::TokenRevoked | Event::AccountDisabled), Some(user_id)) => {
                self.revoked.insert(user_id);
            }
            (None, Some(_), Some(user_id)) => {
                self.changed.insert(user_id);
            }
            (None, ..) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(id: &str, at: i64) -> Happening {
        let (user_id, end_reason) = (Some("u".to_owned()), Some(EndReason::Revoked));
        Happening { id: id.to_owned(), user_id, end_reason, event: None, at: Timestamp::from_micros(at) }
    }

    #[test]
    fn what_is_found_twice_is_told_once_and_forgotten_in_time() {
        let mut desk = Desk { asked_at: Timestamp::from_micros(0), told: HashMap::new() };
        let second = |number: i64| number * 1_000_000;
        let mut edit = |found: Vec<Happening>, at: i64| {
            let edition = desk.edit(found, Timestamp::from_micros(second(at)));
            (edition.map(|edition| edition.ended.len()), desk.told.len())
        };
        assert_eq!(edit(vec![ended("a", second(1))], 1), (Some(1), 1));
        assert_eq!(edit(vec![ended("a", second(1)), ended("b", second(2))], 2), (Some(1), 2));
        assert_eq!(edit(vec![ended("a", second(1)), ended("b", second(2))], 3), (None, 2));
        assert_eq!(edit(vec![], 90), (None, 2));
        assert_eq!(edit(vec![], 91), (None, 0));
    }
}
