//! The only place that asks the operating system for random bytes.

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
