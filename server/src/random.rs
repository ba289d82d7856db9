//! The only place that random bytes come from.

use rand::rngs::SysRng;
use rand::{Rng, TryRng};

/// `N` random bytes, from the operating system.
///
/// # Panics
/// When the operating system has none to give: there is no safe way on.
#[must_use]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// `N` random bytes for what is no secret and yet not to be guessed, many times a second: from a generator of this thread, which the
/// operating system's bytes seed, so that they cost no system call.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "nothing secret is made of them")]
pub fn quick_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}
