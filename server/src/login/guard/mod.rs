//! Slows down guessing at one account, however many addresses it comes from: five failures are free, each further one costs a
//! wait, which doubles from a second to a quarter of an hour.
//!
//! A lock on an account is a weapon against its owner, so it is not the account that waits. Strangers are counted by the name
//! that they type; a browser that the person has signed in with before has a count of its own (OWASP, "Slow Down Online
//! Guessing Attacks with Device Cookies"), and so has a session, in which the password is asked for again. Neither waits for
//! the address that it comes from. All browsers that one account knows share a budget as well, so that those made known by
//! somebody who had the password add up to no more guesses.
//!
//! What strangers are told depends on what was typed under that name until now, and on nothing that the database knows of
//! people: a username and an e-mail address that visibly waited for each other would be known to be one person's. They do so
//! in secret instead ([`Admission::is_blind`]), for else each name would be worth as many guesses again.

mod gates;
mod origin;
mod queries;
mod tally;

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use tokio::sync::OwnedRwLockReadGuard;

use self::gates::{Gate, Gates};
pub(super) use self::origin::{Claim, Origin, Way};
use self::queries::Tally;
use crate::clock::{Clock, Timestamp};
use crate::db::Db;
use crate::http::problem::Problem;
use crate::secret::hasher::{Hasher, Overloaded};
use crate::users::model::lookup_key;
use crate::users::queries::Account;

/// How many may be at one bucket: as many as may wait for a hash.
const AT_GATE: usize = Hasher::CAPACITY;
/// How many attempts may wait for their account to be found that show the same device cookie or, where its entries prove nothing
/// without the account, come from the same address to the same name: they alone never fill the gate of the name.
const UNVERIFIED: usize = AT_GATE / 2;

/// What is counted together. The key is a keyed hash: a password that is typed as the name by mistake cannot be found in it.
#[derive(Clone, Debug)]
struct Bucket {
    key: [u8; 32],
    user_id: Option<String>,
}

/// Counts failures, and lets nobody try who has to wait.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    db: Db,
    clock: Clock,
    key: SecretString,
    gates: Gates,
}

impl Guard {
    /// The key is the one that signs session cookies.
    pub fn new(db: Db, clock: Clock, key: SecretString) -> Self {
        Self { db, clock, key, gates: Gates::default() }
    }

    /// A seat for an attempt at `name` from this address.
    ///
    /// # Errors
    /// [`Overloaded`] where none is free.
    pub fn seat(&self, claim: &Claim, name: &str, address: &[u8]) -> Result<Seat, Overloaded> {
        // An owner's own browser must not wait for a crowd at their name, and only the account tells whether it is one.
        let unverified = |bucket| self.gates.of(bucket, UNVERIFIED).map(Seat::Unverified);
        let at_gate = |origin| self.gates.of(self.bucket(&origin, name, None).key, AT_GATE).map(Seat::AtGate);
        match claim {
            Claim::Session(id) => at_gate(Origin::Session(id.clone())),
            Claim::Proved(proof) => unverified(self.hash(b"proved", proof)),
            Claim::Unproved => unverified(self.hash(b"unverified", &[address, lookup_key(name).as_bytes()].concat())),
            Claim::Nothing => at_gate(Origin::Stranger),
        }
    }

    /// Lets an attempt be made at the account that `name` has been found to mean, or at nobody's.
    ///
    /// However many attempts come at once, no more are let in than would be one after the other: once a failure is known, each
    /// is counted before it is made. Until then nothing is written, so that signing in without a mistake costs one read.
    ///
    /// # Errors
    /// 429 with the time to wait, 503 when too many wait for their turn at one bucket, and those of the database.
    pub async fn admit(
        &self,
        seat: Seat,
        origin: &Origin,
        name: &str,
        account: Option<&Account>,
    ) -> Result<Admission<'_>, Problem> {
        let bucket = self.bucket(origin, name, account);
        let (gate, unverified) = match seat {
            Seat::AtGate(gate) => (gate, None),
            Seat::Unverified(seat) => (self.gates.of(bucket.key, AT_GATE)?, Some(seat)),
        };
        let turn = gate.read_owned().await;
        drop(unverified);
        if self.find_free(&bucket).await?.is_none() {
            return Ok(Admission { guard: self, bucket, taken: None, is_blind: false, turn: Some(turn) });
        }
        let gate = Arc::clone(OwnedRwLockReadGuard::rwlock(&turn));
        drop(turn);
        // Alone: whoever has come in before has been counted.
        let alone = gate.write_owned().await;
        let (before, after) = loop {
            let Some(before) = self.find_free(&bucket).await? else {
                let turn = Some(alone.downgrade());
                return Ok(Admission { guard: self, bucket, taken: None, is_blind: false, turn });
            };
            let after = Tally::after(Some(before), self.clock.now());
            if queries::replace(&self.db, &bucket, Some(before), after).await? {
                break (before, after);
            }
        };
        drop(alone);
        // Asked after this attempt is counted: of two that are made under both names at once, one at least sees the other.
        let is_blind = match (origin, before.is_past_free()) {
            (Origin::Stranger, true) => self.is_waiting(&self.other_name(name, account)).await?,
            _ => false,
        };
        Ok(Admission { guard: self, bucket, taken: Some((before, after)), is_blind, turn: None })
    }

    /// What is counted in the bucket; `None` where that is nothing.
    ///
    /// # Errors
    /// 429 where it says to wait.
    async fn find_free(&self, bucket: &Bucket) -> Result<Option<Tally>, Problem> {
        let tally = queries::find(&self.db, &bucket.key).await?;
        Problem::unless_over(tally.map_or(0, |tally| tally.seconds_to_wait(self.clock.now())))?;
        Ok(tally)
    }

    async fn is_waiting(&self, bucket: &Bucket) -> Result<bool, sqlx::Error> {
        let tally = queries::find(&self.db, &bucket.key).await?;
        Ok(tally.is_some_and(|tally| tally.seconds_to_wait(self.clock.now()) > 0))
    }

    fn bucket(&self, origin: &Origin, name: &str, account: Option<&Account>) -> Bucket {
        let key = match origin {
            Origin::Session(id) => self.hash(b"session", id.as_bytes()),
            Origin::Browser(nonce) => self.hash(b"device", nonce),
            Origin::Stranger => self.hash(b"name", lookup_key(name).as_bytes()),
        };
        Bucket { key, user_id: account.map(|account| account.id.clone()) }
    }

    /// Where strangers are counted who call the same person by the other name, the address for the username. Who has no other
    /// is looked for all the same, so that it takes as long.
    fn other_name(&self, name: &str, account: Option<&Account>) -> Bucket {
        let other = account.and_then(|account| {
            if name.contains('@') { Some(account.username.as_str()) } else { account.email.as_deref() }
        });
        let key = match other {
            Some(other) => self.hash(b"name", lookup_key(other).as_bytes()),
            None => self.hash(b"no other name", lookup_key(name).as_bytes()),
        };
        Bucket { key, user_id: None }
    }

    fn hash(&self, what: &[u8], which: &[u8]) -> [u8; 32] {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.key.expose_secret().as_bytes()).expect("HMAC takes keys of any length");
        mac.update(b"hallpass login guard\0");
        mac.update(what);
        mac.update(b"\0");
        mac.update(which);
        mac.finalize().into_bytes().into()
    }
}

/// One of the few that may wait, taken before anything is asked of the database.
pub(super) enum Seat {
    /// At the gate that the attempt will pass.
    AtGate(Arc<Gate>),
    /// Among those that may be known to somebody: which gate they will pass, the account tells.
    Unverified(Arc<Gate>),
}

/// An attempt that may be made. Say how it ended, or it stays counted where it was.
#[must_use]
pub(super) struct Admission<'a> {
    guard: &'a Guard,
    bucket: Bucket,
    /// What was counted before this attempt and with it; `None` where it is counted only if it fails.
    taken: Option<(Tally, Tally)>,
    is_blind: bool,
    /// Lets those that come after wait until this attempt is counted.
    turn: Option<OwnedRwLockReadGuard<()>>,
}

impl Admission<'_> {
    /// Whether the password must not be looked at, though nobody may notice: the account's other name has used up what may be
    /// tried right now. A name's free failures are always looked at, so its owner comes in with the first of them.
    pub fn is_blind(&self) -> bool {
        self.is_blind
    }

    /// The password was right: what was counted is forgotten.
    pub async fn succeed(self) -> Result<(), sqlx::Error> {
        if self.taken.is_some() { queries::delete(&self.guard.db, &self.bucket.key).await } else { Ok(()) }
    }

    /// The password was wrong. Says whether that begins a wait.
    pub async fn fail(self) -> Result<bool, sqlx::Error> {
        let Guard { db, clock, .. } = self.guard;
        if let Some((_, after)) = self.taken {
            return Ok(after.seconds_to_wait(clock.now()) > 0);
        }
        loop {
            let (before, now) = (queries::find(db, &self.bucket.key).await?, clock.now());
            let after = Tally::after(before, now);
            if queries::replace(db, &self.bucket, before, after).await? {
                drop(self.turn);
                return Ok(after.seconds_to_wait(now) > 0);
            }
        }
    }

    /// Nobody found out: the attempt does not count.
    pub async fn withdraw(self) -> Result<(), sqlx::Error> {
        match self.taken {
            Some((before, after)) => queries::take_back(&self.guard.db, &self.bucket.key, before, after).await,
            None => Ok(()),
        }
    }
}

/// Forgets who has not failed for a day.
pub(super) async fn forget(db: &Db, now: Timestamp) -> Result<(), sqlx::Error> {
    queries::forget(db, now.minus(tally::KEPT)).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DatabaseConfig;
    use crate::db::migrate;

    /// In whichever order those who were let in together find that nobody looks at their passwords.
    #[tokio::test]
    async fn attempts_that_nobody_looked_at_leave_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/x.db", folder.path().display());
        let db = Db::connect(&DatabaseConfig::new(url.into()).unwrap()).await.unwrap();
        migrate::run(&db).await.unwrap();
        let guard = Guard::new(db.clone(), Clock::fixed(Timestamp::from_micros(0)), "key".to_owned().into());
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
            let (claim, origin) = (Claim::Session(format!("{order:?}")), Origin::Session(format!("{order:?}")));
            let admit = || async {
                let seat = guard.seat(&claim, "alice", &[]).unwrap();
                guard.admit(seat, &origin, "alice", None).await.unwrap()
            };
            admit().await.fail().await.unwrap();
            let before = queries::find(&db, &guard.bucket(&origin, "alice", None).key).await.unwrap();
            let mut admitted = Vec::new();
            for _ in order {
                admitted.push(Some(admit().await));
            }
            for place in order {
                admitted[place].take().unwrap().withdraw().await.unwrap();
            }
            assert_eq!(
                queries::find(&db, &guard.bucket(&origin, "alice", None).key).await.unwrap(),
                before,
                "{order:?}"
            );
        }
    }
}
