//! bcrypt as PHP, Python, Rails and Django write it, and with the hash of the password that `WordPress` and Django compute first.

use base64::Engine;
use base64::alphabet::BCRYPT;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha384};
use subtle::ConstantTimeEq;

use super::LENIENT;

const MIN_COST: u32 = 4;
const MAX_COST: u32 = 14;
/// bcrypt ignores everything in a password after this.
const MAX_BYTES: usize = 72;
/// Digits of the salt; those of the tag follow.
const SALT_DIGITS: usize = 22;
const BASE64: GeneralPurpose = GeneralPurpose::new(&BCRYPT, LENIENT);

/// A bcrypt hash that was read and may be computed.
#[derive(Debug)]
pub(in crate::secret) struct Bcrypt {
    cost: u32,
    salt: [u8; 16],
    tag: Vec<u8>,
    prehash: Prehash,
}

/// What is done to a password before bcrypt reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prehash {
    /// Nothing.
    None,
    /// Django's `bcrypt_sha256`: SHA-256 in hexadecimal digits.
    Django,
    /// `WordPress` 6.8: HMAC-SHA-384 with a fixed key, in Base64.
    WordPress,
}

impl Bcrypt {
    /// `$2b$12$` and 53 digits.
    pub(super) fn parse(text: &str, prehash: Prehash) -> Result<Self, &'static str> {
        const DAMAGED: &str = "is not a bcrypt hash from end to end";
        if text.starts_with("$2x$") {
            return Err("is of bcrypt's faulty form $2x$, which takes different passwords for the same");
        }
        let rest = ["$2a$", "$2b$", "$2y$"].iter().find_map(|prefix| text.strip_prefix(prefix)).ok_or(DAMAGED)?;
        let (cost, digits) = rest.split_once('$').ok_or(DAMAGED)?;
        let cost = super::decimal(cost).filter(|_| cost.len() == 2).ok_or(DAMAGED)?;
        let (salt, tag) = digits.split_at_checked(SALT_DIGITS).ok_or(DAMAGED)?;
        let salt = BASE64.decode(salt).ok().and_then(|salt| salt.try_into().ok()).ok_or(DAMAGED)?;
        let tag = BASE64.decode(tag).ok().filter(|tag| tag.len() == 23).ok_or(DAMAGED)?;
        if !(MIN_COST..=MAX_COST).contains(&cost) {
            return Err("has a bcrypt cost that is not computed: 4 to 14 are");
        }
        Ok(Self { cost, salt, tag, prehash })
    }

    /// Whether it is the hash of this password.
    pub fn matches(&self, password: &[u8]) -> bool {
        match self.prehash {
            // Implementations in C stop at a NUL byte, others do not, so such a password matches nothing.
            Prehash::None => self.is_of(password) & !password.contains(&0),
            Prehash::Django => self.is_of(&hexadecimal(&Sha256::digest(password))),
            Prehash::WordPress => {
                let mut hmac = Hmac::<Sha384>::new_from_slice(b"wp-sha384").expect("HMAC takes a key of any length");
                hmac.update(password);
                self.is_of(STANDARD.encode(hmac.finalize().into_bytes()).as_bytes())
            }
        }
    }

    /// Compares with the password and the NUL byte that ends it, as far as bcrypt reads them.
    fn is_of(&self, password: &[u8]) -> bool {
        let read: Vec<u8> = password.iter().copied().chain([0]).take(MAX_BYTES).collect();
        // The last byte of the 24 is not kept.
        bcrypt::bcrypt(self.cost, self.salt, &read)[..self.tag.len()].ct_eq(&self.tag).into()
    }

    /// The logarithm of its rounds.
    pub fn cost(&self) -> u32 {
        self.cost
    }
}

fn hexadecimal(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|half| DIGITS[usize::from(half)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Bcrypt {
        Bcrypt::parse(text, Prehash::None).unwrap()
    }

    /// Made by Python's bcrypt 5.0.0, of passwords that the file of fixtures has no place for.
    #[test]
    fn bcrypt_reads_72_bytes_and_no_nul() {
        let long = parse("$2b$04$Ax0SPiZKvC0ZWI/WhuzNV.K6tf6/T5UanZM3TJirzwHLgU9dUYMcu");
        let password = format!("{}yz and what stands behind is cut off", "x".repeat(71));
        assert!(long.matches(password.as_bytes()));
        assert!(long.matches(&password.as_bytes()[..72]));
        assert!(!long.matches(&password.as_bytes()[..71]));

        let full = parse("$2b$04$DbLT2LtB0MSAoN9LEONbBu5wqN2gkcRNufhXn5so7IsWcrd53u4xy");
        assert!(full.matches(format!("{}ab", "0123456789".repeat(7)).as_bytes()));

        let unicode = parse("$2b$04$UuR62ojOli.SODrsWUp2oemRJy7jcPFct5JM439H9T/3bHvkE8mgm");
        assert!(unicode.matches("p\u{e4}ssw\u{f6}rd f\u{fc}r alle \u{1f422}".as_bytes()));
        assert!(!unicode.matches("p\u{e4}ssw\u{f6}rd f\u{fc}r alle \u{1f422}\0".as_bytes()));
        assert!(!unicode.matches(b""));
    }

    #[test]
    fn nul_bytes_match_no_bcrypt_hash() {
        // What bcrypt itself makes of "a\0b": the bytes as they are. PHP and C would have stopped behind the a.
        let salt = *b"sixteen bytes of";
        let tag = bcrypt::bcrypt(4, salt, b"a\0b\0")[..23].to_vec();
        let hash = Bcrypt { cost: 4, salt, tag, prehash: Prehash::None };
        assert!(!hash.matches(b"a\0b"));
    }

    /// `WordPress` reads all of a password: nothing is cut off at 72 bytes.
    #[test]
    fn wordpress_hashes_the_whole_password() {
        let text = "$2y$10$Q1xinFjrZeLWJBvxviIL6u834Fu.evIEFHAUVisQ5O.w9Dm0sMdES";
        let hash = Bcrypt::parse(text, Prehash::WordPress).unwrap();
        assert!(hash.matches(b"admin") && !hash.matches(b"admin ") && !hash.matches(b"Admin"));
        assert!(!parse(text).matches(b"admin"));

        let tag = |password: &str| {
            let mut hash = Bcrypt { cost: 4, salt: [7; 16], tag: vec![0; 23], prehash: Prehash::WordPress };
            let mut hmac = Hmac::<Sha384>::new_from_slice(b"wp-sha384").unwrap();
            hmac.update(password.as_bytes());
            let key = STANDARD.encode(hmac.finalize().into_bytes());
            hash.tag = bcrypt::bcrypt(4, [7; 16], format!("{key}\0").as_bytes())[..23].to_vec();
            hash
        };
        let long = "x".repeat(100);
        assert!(tag(&long).matches(long.as_bytes()) && !tag(&long).matches(format!("{long}y").as_bytes()));
    }
}
