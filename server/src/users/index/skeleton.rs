//! Which usernames look alike (UTS 39, section 4).

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;
use unicode_security::skeleton;

use crate::fold::fold;

/// The hash of a form in which letters that look alike are the same.
pub type SkeletonHash = [u8; 32];

/// The skeletons of a username, one or two, in ascending order. Two names that share one look alike in some spelling: `PAYPAL`
/// beside `paypaI`, whose last letter is a capital i, only where the skeleton is taken before the case is folded.
#[must_use]
pub fn hashes(username: &str) -> Vec<SkeletonHash> {
    let folded_first: String = skeleton(&fold(username)).collect();
    let composed: String = username.nfc().collect();
    let folded_last = fold(&skeleton(&composed).collect::<String>());
    let mut hashes: Vec<SkeletonHash> =
        [folded_first, folded_last].iter().map(|skeleton| Sha256::digest(skeleton).into()).collect();
    // In one order everywhere, so that two who want each other's do not wait for one another.
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn are_alike(one: &str, other: &str) -> bool {
        let others = hashes(other);
        hashes(one).iter().any(|hash| others.contains(hash))
    }

    #[test]
    fn letters_that_look_alike_make_names_alike() {
        for (one, other) in [
            ("alice", "аlісе"),
            ("paypal", "paypaI"),
            ("paypal", "pаураl"),
            ("admin", "adrnin"),
            ("scope", "ѕсоре"),
            ("bob0", "bobO"),
            ("bob1", "bobl"),
            ("BOB1", "bobl"),
            ("ΑΒΒΑ", "abba"),
            ("jürgen", "ju\u{308}rgen"),
        ] {
            assert!(are_alike(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("alice", "alicé"),
            ("jurgen", "jürgen"),
            ("bob1", "bob2"),
            ("李雷", "李蕾"),
            ("o1", "ø1"),
            ("i1", "İ1"),
            ("a.b", "a_b"),
            ("anna", "ana"),
        ] {
            assert!(!are_alike(one, other), "{one} {other}");
        }
    }
}
