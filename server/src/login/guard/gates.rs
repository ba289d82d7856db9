//! Who may try at the same moment.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::RwLock;

use crate::secret::hasher::Overloaded;

/// How many attempts of one server at a bucket without failures may be under way at once. They are counted when they have
/// failed: two servers together are still within the free failures.
const AT_ONCE: u32 = 2;

/// So few are not worth looking through.
const SWEPT_AT_LEAST: usize = 64;

pub(super) type Gate = RwLock<()>;

/// A gate for each bucket that somebody tries right now. Who may yet be counted holds it shared; who counts, alone.
#[derive(Clone, Debug, Default)]
pub(super) struct Gates(Arc<Mutex<InUse>>);

#[derive(Debug, Default)]
struct InUse {
    gates: HashMap<[u8; 32], Weak<Gate>>,
    /// When there are so many, those that nobody holds any more are taken out; the next time at twice what is left.
    sweep_at: usize,
}

impl Gates {
    /// The bucket's gate, which `places` may have at a time.
    ///
    /// # Errors
    /// [`Overloaded`] where as many have it.
    pub fn of(&self, bucket: [u8; 32], places: usize) -> Result<Arc<Gate>, Overloaded> {
        let mut in_use = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = in_use.gates.get(&bucket).and_then(Weak::upgrade) {
            return if Arc::strong_count(&gate) > places { Err(Overloaded) } else { Ok(gate) };
        }
        if in_use.gates.len() >= in_use.sweep_at {
            in_use.gates.retain(|_, gate| gate.strong_count() > 0);
            in_use.sweep_at = 2 * in_use.gates.len().max(SWEPT_AT_LEAST);
        }
        let gate = Arc::new(RwLock::with_max_readers((), AT_ONCE));
        in_use.gates.insert(bucket, Arc::downgrade(&gate));
        Ok(gate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_is_one_for_all_at_the_bucket_and_holds_so_many() {
        let gates = Gates::default();
        let held = (0..5).map(|_| gates.of([1; 32], 5).unwrap()).collect::<Vec<_>>();
        assert!(held.iter().all(|gate| Arc::ptr_eq(gate, &held[0])));
        assert!(gates.of([1; 32], 5).is_err());
        assert!(gates.of([2; 32], 5).is_ok());
        drop(held);
        assert!(gates.of([1; 32], 5).is_ok());
    }

    #[test]
    fn those_that_nobody_holds_are_taken_out_and_the_others_stay() {
        let gates = Gates::default();
        let bucket = |number: usize| {
            let mut bucket = [0; 32];
            bucket[..8].copy_from_slice(&number.to_be_bytes());
            bucket
        };
        let held = (0..300).map(|number| gates.of(bucket(number), 5).unwrap()).collect::<Vec<_>>();
        for number in 300..10_000 {
            gates.of(bucket(number), 5).unwrap();
            assert!(gates.0.lock().unwrap().gates.len() <= 2 * 301);
        }
        assert!(held.iter().enumerate().all(|(number, gate)| Arc::ptr_eq(gate, &gates.of(bucket(number), 5).unwrap())));
    }
}
