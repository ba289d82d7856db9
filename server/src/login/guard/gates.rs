//! Who may try at the same moment.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::RwLock;

use crate::secret::hasher::{Hasher, Overloaded};

/// How many attempts of one server at a bucket without failures may be under way at once. They are counted when they have
/// failed: two servers together are still within the free failures.
const AT_ONCE: u32 = 2;

type Gate = RwLock<()>;

/// A gate for each bucket that somebody tries right now. Who may yet be counted holds it shared; who counts, alone.
#[derive(Clone, Debug, Default)]
pub(super) struct Gates(Arc<Mutex<HashMap<[u8; 32], Weak<Gate>>>>);

impl Gates {
    /// The bucket's gate.
    ///
    /// # Errors
    /// [`Overloaded`] where as many wait before it as may wait for a hash.
    pub fn of(&self, bucket: [u8; 32]) -> Result<Arc<Gate>, Overloaded> {
        let mut gates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        gates.retain(|_, gate| gate.strong_count() > 0);
        let gate = gates.get(&bucket).and_then(Weak::upgrade);
        let gate = gate.unwrap_or_else(|| Arc::new(RwLock::with_max_readers((), AT_ONCE)));
        gates.insert(bucket, Arc::downgrade(&gate));
        if Arc::strong_count(&gate) > Hasher::CAPACITY { Err(Overloaded) } else { Ok(gate) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_is_one_for_all_at_the_bucket_and_gone_with_the_last_of_them() {
        let gates = Gates::default();
        let held = (0..Hasher::CAPACITY).map(|_| gates.of([1; 32]).unwrap()).collect::<Vec<_>>();
        assert!(held.iter().all(|gate| Arc::ptr_eq(gate, &held[0])));
        assert!(gates.of([1; 32]).is_err());
        assert!(gates.of([2; 32]).is_ok());
        drop(held);
        assert!(gates.of([3; 32]).is_ok());
        assert_eq!(gates.0.lock().unwrap().len(), 1);
    }
}
