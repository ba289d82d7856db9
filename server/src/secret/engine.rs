//! One thread's hashing: Argon2id with memory that is kept from one hash to the next, because faulting in 19 MiB again costs as much
//! as a third of it.
//!
//! A refusal must not tell whether there is an account. It costs what the dearest of these costs: today's parameters, the stored
//! hash of the account, and, up to a limit, the dearest stored hash that this server has met since it started. Where the stored
//! hash is cheaper, or there is none, Argon2id makes up for the rest.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq;

use super::cost;
use super::stored::{Argon2Hash, StoredHash};
use crate::config::PasswordConfig;
use crate::random;

const TAG_BYTES: usize = 32;
const SALT_BYTES: usize = 16;
/// A stored hash that costs more, ten to fifteen times what the default parameters do, makes no other refusal dearer: one account
/// with such a hash must not keep the threads busy.
const MAX_LEARNED: u64 = 600_000;

/// What a verification found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The password is the one that was hashed.
    pub matches: bool,
    /// The hash was made in another way than today's, by another system perhaps, and should be replaced.
    pub outdated: bool,
}

impl Verdict {
    /// Of whatever is refused.
    const REFUSED: Self = Self { matches: false, outdated: false };
}

/// What all threads count together. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Counters {
    computed: Arc<AtomicU64>,
    worked: Arc<AtomicU64>,
    /// What the dearest stored hash costs that was met, up to [`MAX_LEARNED`].
    dearest: Arc<AtomicU64>,
}

impl Counters {
    pub fn computed(&self) -> u64 {
        self.computed.load(Ordering::SeqCst)
    }

    pub fn worked(&self) -> u64 {
        self.worked.load(Ordering::SeqCst)
    }

    /// Notes what a stored hash costs.
    fn learn(&self, cost: u64) {
        self.dearest.fetch_max(cost.min(MAX_LEARNED), Ordering::SeqCst);
    }

    fn count(&self, cost: u64) {
        self.computed.fetch_add(1, Ordering::SeqCst);
        self.worked.fetch_add(cost, Ordering::SeqCst);
    }
}

/// Computes hashes, one after the other.
pub(super) struct Engine {
    params: Params,
    memory: Vec<Block>,
    counters: Counters,
}

impl Engine {
    /// With the parameters of the configuration.
    ///
    /// # Panics
    /// When they are outside what RFC 9106 allows.
    pub fn new(config: &PasswordConfig, counters: Counters) -> Self {
        let params = Params::new(config.memory_kib, config.iterations, config.parallelism, Some(TAG_BYTES));
        Self { params: params.expect("the configuration is checked"), memory: Vec::new(), counters }
    }

    /// The PHC string of a password.
    pub fn hash(&mut self, password: &[u8]) -> String {
        let salt = random::bytes::<SALT_BYTES>();
        let params = self.params.clone();
        let mut tag = [0; TAG_BYTES];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        self.compute(&argon2, password, &salt, &mut tag).expect("parameters, salt and tag are of allowed lengths");
        phc(&params, &salt, &tag)
    }

    /// Compares a password with a stored hash; where it `may_match` not, does the work and refuses.
    pub fn verify(&mut self, password: &[u8], stored: Option<&str>, may_match: bool) -> Verdict {
        // One that cannot be read, or must not be computed, is like none.
        let stored = stored.and_then(|stored| StoredHash::parse(stored).ok());
        let spent = stored.as_ref().map_or(0, cost::of);
        self.counters.learn(spent);
        let verdict = match stored {
            Some(StoredHash::Argon2(hash)) => self.verify_argon2(password, &hash),
            Some(StoredHash::Foreign(hash)) => {
                self.counters.count(spent);
                Verdict { matches: hash.matches(password), outdated: true }
            }
            None => Verdict::REFUSED,
        };
        if verdict.matches && may_match {
            return verdict;
        }
        let dearest = self.counters.dearest.load(Ordering::SeqCst).max(cost::of_argon2(&self.params));
        self.spend(password, dearest.saturating_sub(spent));
        Verdict::REFUSED
    }

    fn verify_argon2(&mut self, password: &[u8], hash: &Argon2Hash) -> Verdict {
        let Argon2Hash { algorithm, version, params, salt, tag, is_plain } = hash;
        let mut computed = vec![0; tag.len()];
        let argon2 = Argon2::new(*algorithm, *version, params.clone());
        if self.compute(&argon2, password, salt.as_ref(), &mut computed).is_none() {
            return Verdict::REFUSED;
        }
        let is_ours = *algorithm == Algorithm::Argon2id
            && *version == Version::V0x13
            && *is_plain
            && tag.len() == TAG_BYTES
            && params.m_cost() == self.params.m_cost()
            && params.t_cost() == self.params.t_cost()
            && params.p_cost() == self.params.p_cost();
        Verdict { matches: computed.ct_eq(tag.as_bytes()).into(), outdated: !is_ours }
    }

    /// Does so much work for nothing.
    fn spend(&mut self, password: &[u8], work: u64) {
        let memory = u64::from(self.params.m_cost());
        let lanes = self.params.p_cost();
        let passes = work.div_ceil(memory);
        // The least that Argon2 takes is 8 KiB a lane.
        let (memory, lanes) = match work.checked_div(passes) {
            None => return,
            Some(memory) if memory >= 8 * u64::from(lanes) => (memory, lanes),
            Some(memory) => (memory.max(8), 1),
        };
        let number = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let params = Params::new(number(memory), number(passes), lanes, Some(TAG_BYTES));
        let Ok(params) = params else { return };
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        self.compute(&argon2, password, &random::bytes::<SALT_BYTES>(), &mut [0; TAG_BYTES]);
    }

    fn compute(&mut self, argon2: &Argon2<'_>, password: &[u8], salt: &[u8], tag: &mut [u8]) -> Option<()> {
        self.counters.count(cost::of_argon2(argon2.params()));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn engine(memory_kib: u32, iterations: u32) -> Engine {
        let (parallelism, threads, min_length, blocklist) = (1, 1, 12, None);
        let config = PasswordConfig { memory_kib, iterations, parallelism, threads, min_length, blocklist };
        Engine::new(&config, Counters::default())
    }

    /// What each refusal costs, one after the other in one process.
    fn costs(engine: &mut Engine, attempts: &[(Option<&str>, bool)]) -> Vec<u64> {
        let cost = |(stored, may_match): &(Option<&str>, bool)| {
            let before = engine.counters.worked();
            assert_eq!(engine.verify(b"a password", *stored, *may_match), Verdict::REFUSED, "{stored:?}");
            engine.counters.worked() - before
        };
        attempts.iter().map(cost).collect()
    }

    #[test]
    fn a_refusal_costs_what_todays_parameters_do_whatever_was_stored_before() {
        let wrong = |memory_kib, iterations| engine(memory_kib, iterations).hash(b"another password");
        let right = engine(64, 1).hash(b"a password");
        let (cheap, cheaper, ours) = (wrong(64, 1), wrong(64, 3), wrong(256, 2));
        let pbkdf2 = "pbkdf2_sha256$300$salt$c29tZXNhbHRzb21lc2FsdHNvbWVzYWx0c29tZXNhbHQ";
        let attempts = [
            (None, true),
            (Some("junk"), true),
            (Some(&*cheap), true),
            (Some(&*cheaper), true),
            (Some(&*ours), true),
            (Some(pbkdf2), true),
            // Of an account that is disabled, or that must not be looked at.
            (Some(&*right), false),
            (Some(&*ours), false),
            (None, false),
        ];
        assert_eq!(costs(&mut engine(256, 2), &attempts), [512; 9]);
    }

    #[test]
    fn a_refusal_costs_what_the_dearest_stored_hash_does_that_was_met() {
        let (dear, cheap) = (engine(512, 3).hash(b"another password"), engine(64, 1).hash(b"another password"));
        let bcrypt = "$2b$05$6U16m/m76kelUlr0QntTPOl2nDVB3kjAlFwzaF8y8IMIvv4ieLn3S";
        let attempts = [None, Some(&*dear), None, Some(&*cheap), Some("junk"), Some(bcrypt), None, Some(&*dear)];
        let attempts = attempts.map(|stored| (stored, true));
        let bcrypt = cost::of(&StoredHash::parse(bcrypt).unwrap());
        assert!(bcrypt > 1536);
        let costs = costs(&mut engine(256, 2), &attempts);
        // The stored hash is part of the cost, not added to it. Work is done in whole KiB in each pass.
        let expected = [512, 1536, 1536, 1536, 1536, bcrypt, bcrypt, bcrypt];
        assert!(costs.iter().zip(expected).all(|(cost, expected)| cost.abs_diff(expected) < 16), "{costs:?}");
    }

    #[test]
    fn one_very_dear_hash_makes_no_other_refusal_as_dear() {
        let mut engine = engine(1024, 1);
        engine.counters.learn(10 * MAX_LEARNED);
        let costs = costs(&mut engine, &[(None, true)]);
        assert!((MAX_LEARNED - 1024..=MAX_LEARNED).contains(&costs[0]), "{costs:?}");
    }

    #[test]
    fn memory_is_kept_at_what_our_own_hashes_need() {
        let (cheap, dear) = (engine(64, 1).hash(b"a password"), engine(1024, 1).hash(b"a password"));
        let mut ours = engine(256, 1);
        assert!(ours.verify(b"a password", Some(&cheap), true).matches);
        let own = ours.hash(b"a password");
        assert_eq!(ours.memory.capacity(), 256);
        let place = ours.memory.as_ptr();
        assert!(ours.verify(b"a password", Some(&cheap), true).matches);
        assert_eq!((ours.memory.len(), ours.memory.as_ptr()), (256, place));
        assert!(ours.verify(b"a password", Some(&dear), true).matches);
        assert_eq!((ours.memory.len(), ours.memory.capacity()), (256, 256));
        assert!(ours.verify(b"a password", Some(&own), true).matches);
    }
}
