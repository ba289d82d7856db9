//! Argon2id on threads of its own: as many as may run at once, each with memory it keeps, behind a short queue.
//!
//! A hash takes tens of milliseconds and 19 MiB. On the threads that serve requests it would stop them; on an unbounded
//! pool a flood of logins would take all memory. Here a flood fills the queue, and who comes next is told to come back.

use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use tokio::sync::oneshot;

use super::stored::{Argon2Hash, StoredHash};
use crate::config::PasswordConfig;
use crate::random;

/// How many requests wait for a thread before the next one is refused.
const QUEUE: usize = 64;
const TAG_BYTES: usize = 32;
const SALT_BYTES: usize = 16;

/// The queue is full; nothing was computed.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("every hashing thread is busy and the queue is full")]
pub struct Overloaded;

/// What a verification found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The password is the one that was hashed.
    pub matches: bool,
    /// The hash was made in another way than today's, by another system perhaps, and should be made anew.
    pub outdated: bool,
}

enum Job {
    Hash { password: SecretString, reply: oneshot::Sender<String> },
    Verify { password: SecretString, stored: Option<String>, reply: oneshot::Sender<Verdict> },
}

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
    computed: Arc<AtomicU64>,
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
        let params = Params::new(config.memory_kib, config.iterations, config.parallelism, Some(TAG_BYTES))
            .expect("the configuration is checked");
        let (queue, jobs) = sync_channel(QUEUE);
        let jobs = Arc::new(Mutex::new(jobs));
        let computed = Arc::new(AtomicU64::new(0));
        let waiting = Arc::new(AtomicUsize::new(0));
        let dummy = Arc::new(nobodys_hash(&params));
        for number in 0..config.threads {
            let (jobs, dummy) = (Arc::clone(&jobs), Arc::clone(&dummy));
            let (params, computed, waiting) = (params.clone(), Arc::clone(&computed), Arc::clone(&waiting));
            thread::Builder::new()
                .name(format!("hash-{number}"))
                .spawn(move || work(&jobs, &waiting, Engine::new(params, computed), &dummy))
                .expect("a thread for hashing");
        }
        Self { queue, computed, waiting, refused: Arc::default() }
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

    /// Compares a password with a stored hash, ours or another system's. Without one, or with one that cannot be read, the
    /// work of ours is done against a hash that nothing matches, so that the time tells nothing.
    ///
    /// # Errors
    /// [`Overloaded`] at once when the queue is full.
    pub async fn verify(&self, password: SecretString, stored: Option<String>) -> Result<Verdict, Overloaded> {
        let (reply, answer) = oneshot::channel();
        self.submit(Job::Verify { password, stored, reply })?;
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
        self.computed.load(Ordering::SeqCst)
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
fn work(jobs: &Mutex<Receiver<Job>>, waiting: &AtomicUsize, mut engine: Engine, dummy: &str) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        if job.is_ok() {
            waiting.fetch_sub(1, Ordering::SeqCst);
        }
        match job {
            Err(_) => return,
            // Whoever asked has hung up: the work would be for nobody.
            Ok(Job::Hash { reply, .. }) if reply.is_closed() => {}
            Ok(Job::Verify { reply, .. }) if reply.is_closed() => {}
            Ok(Job::Hash { password, reply }) => {
                let _ = reply.send(engine.hash(password.expose_secret().as_bytes()));
            }
            Ok(Job::Verify { password, stored, reply }) => {
                let password = password.expose_secret().as_bytes();
                let verdict = stored.and_then(|stored| engine.verify(password, &stored));
                let _ = reply.send(verdict.unwrap_or_else(|| {
                    let _ = engine.verify(password, dummy);
                    Verdict { matches: false, outdated: false }
                }));
            }
        }
    }
}

/// Stands in for the hash of people who do not exist. Nothing was hashed for it, and no password that matches can be found.
fn nobodys_hash(params: &Params) -> String {
    phc(params, &random::bytes(), &random::bytes())
}

/// The text of a hash that was made with these parameters.
fn phc(params: &Params, salt: &[u8; SALT_BYTES], tag: &[u8; TAG_BYTES]) -> String {
    let phc = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: params.try_into().expect("checked parameters have a text"),
        salt: Some(Salt::new(salt).expect("16 bytes are a salt")),
        hash: Some(Output::new(tag).expect("32 bytes are a tag")),
    };
    phc.to_string()
}

/// Argon2id with memory that is kept from one hash to the next: faulting in 19 MiB anew costs as much as a third of it.
struct Engine {
    params: Params,
    memory: Vec<Block>,
    computed: Arc<AtomicU64>,
}

impl Engine {
    fn new(params: Params, computed: Arc<AtomicU64>) -> Self {
        Self { params, memory: Vec::new(), computed }
    }

    fn hash(&mut self, password: &[u8]) -> String {
        let salt = random::bytes::<SALT_BYTES>();
        let params = self.params.clone();
        let mut tag = [0; TAG_BYTES];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        self.compute(&argon2, password, &salt, &mut tag).expect("parameters, salt and tag are of allowed lengths");
        phc(&params, &salt, &tag)
    }

    /// `None` where the stored text is not a hash that may be computed.
    fn verify(&mut self, password: &[u8], stored: &str) -> Option<Verdict> {
        match StoredHash::parse(stored).ok()? {
            StoredHash::Argon2(hash) => self.verify_argon2(password, &hash),
            StoredHash::Foreign(hash) => {
                self.computed.fetch_add(1, Ordering::SeqCst);
                let matches = hash.matches(password);
                // A wrong password is to cost no less than it does for others, however cheap the hash that was imported.
                if !matches {
                    return None;
                }
                Some(Verdict { matches, outdated: true })
            }
        }
    }

    fn verify_argon2(&mut self, password: &[u8], hash: &Argon2Hash) -> Option<Verdict> {
        let Argon2Hash { algorithm, version, params, salt, tag, is_plain } = hash;
        let mut computed = vec![0; tag.len()];
        let argon2 = Argon2::new(*algorithm, *version, params.clone());
        self.compute(&argon2, password, salt.as_ref(), &mut computed)?;
        let is_ours = *algorithm == Algorithm::Argon2id
            && *version == Version::V0x13
            && *is_plain
            && tag.len() == TAG_BYTES
            && params.m_cost() == self.params.m_cost()
            && params.t_cost() == self.params.t_cost()
            && params.p_cost() == self.params.p_cost();
        Some(Verdict { matches: computed.ct_eq(tag.as_bytes()).into(), outdated: !is_ours })
    }

    fn compute(&mut self, argon2: &Argon2<'_>, password: &[u8], salt: &[u8], tag: &mut [u8]) -> Option<()> {
        self.computed.fetch_add(1, Ordering::SeqCst);
        let (needed, kept) = (argon2.params().block_count(), self.params.block_count());
        if self.memory.len() < needed {
            self.memory.reserve_exact(needed - self.memory.len());
            self.memory.resize(needed, Block::default());
        }
        let outcome = argon2.hash_password_into_with_memory(password, salt, tag, &mut self.memory[..needed]);
        // A foreign hash may have needed more than ours: give that back.
        if self.memory.len() > kept {
            self.memory.truncate(kept);
            self.memory.shrink_to_fit();
        }
        outcome.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let before = hasher.computed();
            let right = hasher.verify("correct horse battery staple".into(), stored.clone()).await.unwrap();
            assert_eq!(right, Verdict { matches: true, outdated: true }, "{name}");
            for wrong in ["correct horse battery stapl", "correct horse battery staple ", "", "\0"] {
                assert!(!hasher.verify(wrong.into(), stored.clone()).await.unwrap().matches, "{name}: {wrong:?}");
            }
            // Four were wrong: where the hash is cheap, the usual one makes up for it.
            let expected = if hash.contains("argon2") { 5 } else { 9 };
            assert_eq!(hasher.computed() - before, expected, "{name}");
        }
    }

    #[test]
    fn memory_is_kept_at_what_our_own_hashes_need() {
        let engine = |memory_kib| Engine::new(Params::new(memory_kib, 1, 1, Some(TAG_BYTES)).unwrap(), Arc::default());
        let (cheap, dear) = (engine(64).hash(b"a password"), engine(1024).hash(b"a password"));
        let mut ours = engine(256);
        assert!(ours.verify(b"a password", &cheap).unwrap().matches);
        let own = ours.hash(b"a password");
        assert_eq!(ours.memory.capacity(), 256);
        let place = ours.memory.as_ptr();
        assert!(ours.verify(b"a password", &cheap).unwrap().matches);
        assert_eq!((ours.memory.len(), ours.memory.as_ptr()), (256, place));
        assert!(ours.verify(b"a password", &dear).unwrap().matches);
        assert_eq!((ours.memory.len(), ours.memory.capacity()), (256, 256));
        assert!(ours.verify(b"a password", &own).unwrap().matches);
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
