//! phpass's portable hashes: MD5 over and over, as `WordPress` before 6.8 (`$P$`) and phpBB (`$H$`) write it.

use md5::{Digest, Md5};
use subtle::ConstantTimeEq;

const DAMAGED: &str = "is not a phpass hash from end to end";
/// The digit of the rounds, the salt, the tag.
const LENGTHS: (usize, usize, usize) = (1, 8, 22);
/// The logarithm of the rounds: half a second with the longest password.
const ROUNDS: std::ops::RangeInclusive<u32> = 7..=18;

/// A phpass hash that was read and may be computed.
#[derive(Debug)]
pub(in crate::secret) struct Phpass {
    rounds_log: u32,
    salt: Vec<u8>,
    tag: [u8; 16],
}

impl Phpass {
    /// What follows `$P$`: `B`, eight characters of salt, 22 digits.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let (salt_at, tag_at) = (LENGTHS.0, LENGTHS.0 + LENGTHS.1);
        if !text.is_ascii() || text.len() != tag_at + LENGTHS.2 {
            return Err(DAMAGED);
        }
        let (rounds, salt, tag) = (&text[..salt_at], &text[salt_at..tag_at], &text[tag_at..]);
        let rounds_log = digit(rounds.as_bytes()[0]).ok_or(DAMAGED)?;
        // The lowest bits stand first: 21 digits of six bits, and one of two.
        let mut bits = 0_u128;
        for (at, byte) in tag.bytes().enumerate().rev() {
            let digit = digit(byte).filter(|digit| at < LENGTHS.2 - 1 || *digit < 4).ok_or(DAMAGED)?;
            bits = bits << 6 | u128::from(digit);
        }
        if !ROUNDS.contains(&rounds_log) {
            return Err("has a number of phpass rounds that is not computed: 2^7 to 2^18 are");
        }
        Ok(Self { rounds_log, salt: salt.into(), tag: bits.to_le_bytes() })
    }

    /// Whether it is the hash of this password.
    pub fn matches(&self, password: &[u8]) -> bool {
        let round = |before: &[u8]| Md5::new().chain_update(before).chain_update(password).finalize();
        let mut digest = round(&self.salt);
        for _ in 0..1_u32 << self.rounds_log {
            digest = round(&digest);
        }
        digest[..].ct_eq(&self.tag).into()
    }

    /// The logarithm of its rounds.
    pub fn rounds_log(&self) -> u32 {
        self.rounds_log
    }
}

/// The value of one of phpass's digits.
fn digit(byte: u8) -> Option<u32> {
    const DIGITS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    DIGITS.iter().position(|digit| *digit == byte).and_then(|at| u32::try_from(at).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of hashcat for its mode 400.
    #[test]
    fn reads_portable_hashes() {
        let hash = Phpass::parse("984478476IagS59wHZvyQMArzfx58u.").unwrap();
        assert_eq!(hash.rounds_log(), 11);
        assert!(hash.matches(b"hashcat") && !hash.matches(b"hashcat ") && !hash.matches(b""));
    }

    #[test]
    fn what_asks_for_too_much_or_is_damaged_is_refused() {
        let text = |rounds: char| format!("{rounds}84478476IagS59wHZvyQMArzfx58u.");
        for rounds in ['.', '4', 'H', 'z'] {
            assert!(Phpass::parse(&text(rounds)).unwrap_err().contains("2^7 to 2^18"), "{rounds}");
        }
        for rounds in ['5', 'B', 'G'] {
            assert!(Phpass::parse(&text(rounds)).is_ok(), "{rounds}");
        }
        for damaged in [
            "",
            "B",
            "*84478476IagS59wHZvyQMArzfx58u.",
            "984478476IagS59wHZvyQMArzfx58u",
            "984478476IagS59wHZvyQMArzfx58u..",
            "984478476IagS59wHZvyQMArzfx58u2",
            "984478476IagS59wHZvyQMArzfx58*.",
            "984478476IagS59wHZvyQMArzfx58\u{e4}",
        ] {
            assert!(Phpass::parse(damaged).unwrap_err().contains("end to end"), "{damaged}");
        }
    }
}
