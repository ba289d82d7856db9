//! The only place that asks the operating system for random bytes.

use std::cell::RefCell;

use rand::TryRng;
use rand::rngs::SysRng;

/// `N` random bytes.
///
/// # Panics
/// When the operating system has none to give: there is no safe way on.
#[must_use]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// Sixteen random bytes for a name that is no secret. The operating system is asked for many at once: being asked takes it
/// longer than all else that a name costs.
///
/// # Panics
/// As [`bytes`] does.
#[must_use]
pub fn name() -> [u8; 16] {
    thread_local! {
        static NAMES: RefCell<Vec<[u8; 16]>> = const { RefCell::new(Vec::new()) };
    }
    NAMES.with_borrow_mut(|names| {
        if names.is_empty() {
            names.extend_from_slice(bytes::<1024>().as_chunks().0);
        }
        names.pop().expect("there are 64 of them")
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    #[test]
    fn no_name_comes_twice() {
        let names: HashSet<_> = (0..1000).map(|_| super::name()).collect();
        assert_eq!(names.len(), 1000);
    }
}
