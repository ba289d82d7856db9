//! Argon2id on threads of its own: as many as may run at once, each with memory it keeps, behind a short queue.
//!
//! A hash takes tens of milliseconds and 19 MiB. On the threads that serve requests it would stop them; on an unbounded
//! pool a flood of logins would take all memory. Here a flood fills the queue, and who comes next is told to come back.
//! New passwords are held against the rule here as well, because estimating their strength takes time that strangers can ask for.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use secrecy::{ExposeSecret, SecretString};
use tokio::sync::oneshot;

pub use super::engine::Verdict;
use super::engine::{Counters, Engine};
use super::password::{PasswordError, PasswordRule, normalize};
use crate::config::PasswordConfig;

/// How many requests wait for a thread before the next one is refused.
const QUEUE: usize = 64;

/// The queue is full; nothing was computed.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("every hashing thread is busy and the queue is full")]
pub struct Overloaded;

enum Job {
    Hash { password: SecretString, reply: oneshot::Sender<String> },
    HashNew { password: SecretString, rule: PasswordRule, about: [String; 3], reply: oneshot::Sender<NewHash> },
    Verify { password: SecretString, stored: Option<String>, may_match: bool, reply: oneshot::Sender<Verdict> },
}

/// The PHC string of a new password, or why it is refused.
type NewHash = Result<String, PasswordError>;

/// How busy the threads are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Passwords that wait for a thread.
    pub waiting: usize,
    /// Passwords that found the queue full, since the start.
    pub refused: u64,
}

/// The hashing threads. Clones share them; they end with the last clone.
#[derive(Clone)]
pub struct Hasher {
    queue: SyncSender<Job>,
    counters: Counters,
    waiting: Arc<AtomicUsize>,
    refused: Arc<AtomicU64>,
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher").field("computed", &self.computed()).finish_non_exhaustive()
    }
}

impl Hasher {
    /// How many passwords may wait for a thread.
    pub const CAPACITY: usize = QUEUE;

    /// Starts the threads.
    ///
    /// # Panics
    /// When the parameters are outside what RFC 9106 allows, which [`crate::config`] has ruled out, or when the
    /// operating system gives no thread.
    #[must_use]
    pub fn start(config: &PasswordConfig) -> Self {
        let (queue, jobs) = sync_channel(QUEUE);
        let jobs = Arc::new(Mutex::new(jobs));
        let (counters, waiting) = (Counters::default(), Arc::new(AtomicUsize::new(0)));
        for number in 0..config.threads {
            let (jobs, waiting) = (Arc::clone(&jobs), Arc::clone(&waiting));
            let engine = Engine::new(config, counters.clone());
            thread::Builder::new()
                .name(format!("hash-{number}"))
                .spawn(move || work(&jobs, &waiting, engine))
                .expect("a thread for hashing");
        }
        Self { queue, counters, waiting, refused: Arc::default() }
    }

    /// The PHC string of a new password.
    ///
    /// # Errors
    /// [`Overloaded`] at once when the queue is full.
    pub async fn hash(&self, password: SecretString) -> Result<String, Overloaded> {
        let (reply, answer) = oneshot::channel();
        self.submit(Job::Hash { password, reply })?;
        answer.await.map_err(|_| Overloaded)
    }

    /// The PHC string of a new password that keeps to the rule; `about` are words about its person.
    ///
    /// # Errors
    /// [`Overloaded`] at once when the queue is full.
    pub async fn hash_new(
        &self,
        password: SecretString,
        rule: PasswordRule,
        about: [String; 3],
    ) -> Result<NewHash, Overloaded> {
        let (reply, answer) = oneshot::channel();
        self.submit(Job::HashNew { password, rule, about, reply })?;
        answer.await.map_err(|_| Overloaded)
    }

    /// Compares a password with a stored hash, ours or another system's. A refusal costs as much whatever the stored hash is, and
    /// whether there is one, so that the time tells nothing: see the module `engine`.
    ///
    /// # Errors
    /// [`Overloaded`] at once when the queue is full.
    pub async fn verify(&self, password: SecretString, stored: Option<String>) -> Result<Verdict, Overloaded> {
        self.answer(password, stored, true).await
    }

    /// Does the work of [`Self::verify`] for an attempt that is refused in any case.
    ///
    /// # Errors
    /// [`Overloaded`] at once when the queue is full.
    pub async fn refuse(&self, password: SecretString, stored: Option<String>) -> Result<Verdict, Overloaded> {
        self.answer(password, stored, false).await
    }

    async fn answer(
        &self,
        password: SecretString,
        stored: Option<String>,
        may_match: bool,
    ) -> Result<Verdict, Overloaded> {
        let (reply, answer) = oneshot::channel();
        self.submit(Job::Verify { password, stored, may_match, reply })?;
        answer.await.map_err(|_| Overloaded)
    }

    /// Refuses whoever would find the queue full, before any other work is done for them: a flood is to cost next to nothing.
    ///
    /// # Errors
    /// [`Overloaded`].
    pub fn must_have_room(&self) -> Result<(), Overloaded> {
        if self.load().waiting < QUEUE {
            return Ok(());
        }
        self.refused.fetch_add(1, Ordering::SeqCst);
        Err(Overloaded)
    }

    /// How many hashes have been computed since the start.
    #[must_use]
    pub fn computed(&self) -> u64 {
        self.counters.computed()
    }

    /// How much work those were, in KiB that Argon2 has gone through once.
    #[must_use]
    pub fn worked(&self) -> u64 {
        self.counters.worked()
    }

    /// How busy the threads are right now.
    #[must_use]
    pub fn load(&self) -> Load {
        Load { waiting: self.waiting.load(Ordering::SeqCst), refused: self.refused.load(Ordering::SeqCst) }
    }

    fn submit(&self, job: Job) -> Result<(), Overloaded> {
        // Counted before it can be taken out, so that the number never falls below zero.
        self.waiting.fetch_add(1, Ordering::SeqCst);
        self.queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) | TrySendError::Disconnected(_) => {
                self.waiting.fetch_sub(1, Ordering::SeqCst);
                self.refused.fetch_add(1, Ordering::SeqCst);
                Overloaded
            }
        })
    }
}

/// One thread's life: take a job, do it, answer; end when nobody can send any more.
fn work(jobs: &Mutex<Receiver<Job>>, waiting: &AtomicUsize, mut engine: Engine) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        waiting.fetch_sub(1, Ordering::SeqCst);
        // A job that panics is not answered; the thread lives on for the others.
        if catch_unwind(AssertUnwindSafe(|| answer(&mut engine, job))).is_err() {
            tracing::error!("a password could not be hashed: the hashing thread panicked");
        }
    }
}

fn answer(engine: &mut Engine, job: Job) {
    match job {
        // Whoever asked has hung up: the work would be for nobody.
        Job::Hash { reply, .. } if reply.is_closed() => {}
        Job::HashNew { reply, .. } if reply.is_closed() => {}
        Job::Verify { reply, .. } if reply.is_closed() => {}
        Job::Hash { password, reply } => {
            let _ = reply.send(engine.hash(password.expose_secret().as_bytes()));
        }
        Job::HashNew { password, rule, about, reply } => {
            let password = normalize(&password);
            let verdict = rule.check(&password, &about.each_ref().map(String::as_str));
            let _ = reply.send(verdict.map(|()| engine.hash(password.expose_secret().as_bytes())));
        }
        Job::Verify { password, stored, may_match, reply } => {
            let _ = reply.send(engine.verify(password.expose_secret().as_bytes(), stored.as_deref(), may_match));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::blocklist::Blocklist;

    fn config(memory_kib: u32, threads: usize) -> PasswordConfig {
        PasswordConfig { memory_kib, iterations: 1, parallelism: 1, threads, min_length: 12, blocklist: None }
    }

    #[tokio::test]
    async fn verifies_what_it_hashed_and_nothing_else() {
        let hasher = Hasher::start(&config(64, 1));
        let phc = hasher.hash("correct horse battery".into()).await.unwrap();
        assert!(phc.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{phc}");
        let right = hasher.verify("correct horse battery".into(), Some(phc.clone())).await.unwrap();
        assert_eq!(right, Verdict { matches: true, outdated: false });
        for wrong in ["correct horse batterY", "correct horse battery ", "Correct horse battery", ""] {
            assert!(!hasher.verify(wrong.into(), Some(phc.clone())).await.unwrap().matches, "{wrong:?}");
        }
        assert_ne!(phc, hasher.hash("correct horse battery".into()).await.unwrap(), "each hash has a salt of its own");
    }

    #[tokio::test]
    async fn reads_hashes_of_the_reference_implementation() {
        // RFC 9106's algorithm as argon2-cffi computes it: hash_secret(b"correct horse battery", b"somesaltsomesalt", 2, 64, 1, 32, ID).
        let hasher = Hasher::start(&config(64, 1));
        let phc = "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$hKAbWgyQdV+xg8l/rwb/M8JbLs4epFAbdbuSAw1BK9I";
        let verdict = hasher.verify("correct horse battery".into(), Some(phc.to_owned())).await.unwrap();
        assert_eq!(verdict, Verdict { matches: true, outdated: true });
    }

    /// Every form, made of one password by argon2-cffi 25.1.0, bcrypt 5.0.0, Django 5.2.19, passlib 1.7.4 and Python's hashlib.
    #[tokio::test]
    async fn reads_the_hashes_of_other_systems() {
        let hasher = Hasher::start(&config(64, 1));
        let fixtures = include_str!("../../tests/data/legacy_hashes.csv");
        for line in fixtures.lines().skip(1) {
            let (name, hash) = line.split_once(',').unwrap();
            let stored = Some(hash.trim_matches('"').to_owned());
            let right = hasher.verify("correct horse battery staple".into(), stored.clone()).await.unwrap();
            assert_eq!(right, Verdict { matches: true, outdated: true }, "{name}");
            for wrong in ["correct horse battery stapl", "correct horse battery staple ", "", "\0"] {
                assert!(!hasher.verify(wrong.into(), stored.clone()).await.unwrap().matches, "{name}: {wrong:?}");
            }
        }
    }

    #[tokio::test]
    async fn every_path_computes_exactly_one_hash() {
        let hasher = Hasher::start(&config(64, 1));
        let phc = hasher.hash("correct horse battery".into()).await.unwrap();
        let greedy =
            "$argon2id$v=19$m=8388608,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$c29tZXNhbHRzb21lc2FsdHNvbWVzYWx0c29tZXNhbHQ";
        let dear = "$2b$31$6U16m/m76kelUlr0QntTPOl2nDVB3kjAlFwzaF8y8IMIvv4ieLn3S";
        let stored = [&phc, "junk", "", greedy, dear].map(|text| Some(text.to_owned()));
        for stored in stored.into_iter().chain([None]) {
            let before = hasher.computed();
            hasher.verify("a password".into(), stored.clone()).await.unwrap();
            assert_eq!(hasher.computed() - before, 1, "{stored:?}");
        }
    }

    #[tokio::test]
    async fn a_new_password_that_breaks_the_rule_is_not_hashed_and_a_good_one_is_as_it_is_normalised() {
        let hasher = Hasher::start(&config(64, 1));
        let rule = || PasswordRule { min_length: 12, known: Blocklist::default() };
        let about = || ["alice".to_owned(), String::new(), String::new()];
        let refused = hasher.hash_new("passwordpassword".into(), rule(), about()).await.unwrap();
        assert_eq!((refused, hasher.computed()), (Err(PasswordError::Common), 0));
        let phc = hasher.hash_new("cafe\u{301} au lait noir".into(), rule(), about()).await.unwrap().unwrap();
        assert!(hasher.verify("caf\u{e9} au lait noir".into(), Some(phc)).await.unwrap().matches);
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once_and_recovers() {
        let hasher = Hasher::start(&config(8 * 1024, 1));
        let flood: Vec<_> = (0..QUEUE * 2 + 2)
            .map(|_| {
                let hasher = hasher.clone();
                async move { hasher.verify("a password".into(), None).await }
            })
            .collect();
        let answers = futures_util::future::join_all(flood).await;
        let refused = answers.iter().filter(|answer| answer.is_err()).count();
        assert!(refused >= QUEUE / 2, "only {refused} refused");
        assert!(hasher.must_have_room().is_ok());
        assert!(hasher.verify("a password".into(), None).await.is_ok());
        assert_eq!(hasher.load(), Load { waiting: 0, refused: refused as u64 });
    }
}
