//! Password hashes of other systems, computed as those systems do: bcrypt, PBKDF2 with SHA-256, scrypt.
//!
//! A hash comes from a file or a database that somebody else may have written. Whatever it asks for is held against a limit
//! before anything is computed: the dearest one takes about a second of one thread and 128 MiB.

use base64::Engine;
use base64::alphabet::{BCRYPT, STANDARD};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use pbkdf2::pbkdf2_hmac;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

const MIN_BCRYPT_COST: u32 = 4;
const MAX_BCRYPT_COST: u32 = 14;
/// bcrypt takes no more of a password.
const BCRYPT_BYTES: usize = 72;
/// Digits of bcrypt's salt; those of the tag follow.
const BCRYPT_SALT_DIGITS: usize = 22;
/// SHA-256 gives 32 bytes at a time; a longer tag takes the iterations anew for each 32.
const PBKDF2_BLOCK: u32 = 32;
const MAX_PBKDF2_ITERATIONS: u32 = 2_000_000;
/// `128 * N * r * p`: the memory, and with the lanes one after the other the time as well.
const MAX_SCRYPT_BYTES: u64 = 128 << 20;
/// A shorter tag would be matched by chance, a longer one only takes longer.
const TAG_BYTES: std::ops::RangeInclusive<usize> = 16..=64;

/// Some systems pad, some do not, and old bcrypt leaves stray bits in the last digit.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const BCRYPT_BASE64: GeneralPurpose = GeneralPurpose::new(&BCRYPT, LENIENT);

/// A hash that was read and may be computed.
#[derive(Debug)]
pub(super) enum ForeignHash {
    Bcrypt {
        cost: u32,
        salt: [u8; 16],
        tag: Vec<u8>,
        /// Whether Django put the password through SHA-256 first.
        prehashed: bool,
    },
    Pbkdf2 {
        iterations: u32,
        salt: Vec<u8>,
        tag: Vec<u8>,
    },
    Scrypt {
        params: scrypt::Params,
        salt: Vec<u8>,
        tag: Vec<u8>,
    },
}

impl ForeignHash {
    /// Reads a hash; or says why it is refused, to be read after its name.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        // Django puts the name of its own before a hash that has a name already.
        if let Some(rest) = text.strip_prefix("bcrypt$") {
            return bcrypt(rest, false);
        }
        if let Some(rest) = text.strip_prefix("bcrypt_sha256$") {
            return bcrypt(rest, true);
        }
        if let Some(rest) = text.strip_prefix("pbkdf2_sha256$") {
            return django_pbkdf2(rest);
        }
        if let Some(rest) = text.strip_prefix("scrypt$") {
            return django_scrypt(rest);
        }
        if let Some(rest) = text.strip_prefix("$pbkdf2-sha256$") {
            return passlib_pbkdf2(rest);
        }
        if let Some(rest) = text.strip_prefix("$scrypt$") {
            return phc_scrypt(rest);
        }
        if text.starts_with("$2") {
            return bcrypt(text, false);
        }
        Err("is of no known form: Argon2, bcrypt, PBKDF2 with SHA-256 and scrypt are")
    }

    /// Whether it is the hash of this password.
    pub fn matches(&self, password: &[u8]) -> bool {
        match self {
            Self::Bcrypt { cost, salt, tag, prehashed: false } => {
                // Where C would have read a password with a NUL byte to its end is anybody's guess.
                is_bcrypt(*cost, salt, tag, password) & !password.contains(&0)
            }
            Self::Bcrypt { cost, salt, tag, prehashed: true } => {
                is_bcrypt(*cost, salt, tag, &hexadecimal(&Sha256::digest(password)))
            }
            Self::Pbkdf2 { iterations, salt, tag } => {
                let mut computed = vec![0; tag.len()];
                pbkdf2_hmac::<Sha256>(password, salt, *iterations, &mut computed);
                computed.ct_eq(tag).into()
            }
            Self::Scrypt { params, salt, tag } => {
                let mut computed = vec![0; tag.len()];
                scrypt::scrypt(password, salt, params, &mut computed).is_ok() && computed.ct_eq(tag).into()
            }
        }
    }
}

/// The password with the NUL byte that ends it, cut off where bcrypt reads no further.
fn is_bcrypt(cost: u32, salt: &[u8; 16], tag: &[u8], password: &[u8]) -> bool {
    let read: Vec<u8> = password.iter().copied().chain([0]).take(BCRYPT_BYTES).collect();
    // The last byte of the 24 is not kept.
    bcrypt::bcrypt(cost, *salt, &read)[..tag.len()].ct_eq(tag).into()
}

fn hexadecimal(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|half| DIGITS[usize::from(half)]).collect()
}

/// `$2b$12$` and 53 digits.
fn bcrypt(text: &str, prehashed: bool) -> Result<ForeignHash, &'static str> {
    const DAMAGED: &str = "is not a bcrypt hash from end to end";
    if text.starts_with("$2x$") {
        return Err("is of bcrypt's faulty form $2x$, which takes different passwords for the same");
    }
    let rest = ["$2a$", "$2b$", "$2y$"].iter().find_map(|prefix| text.strip_prefix(prefix)).ok_or(DAMAGED)?;
    let (cost, digits) = rest.split_once('$').ok_or(DAMAGED)?;
    let cost = decimal(cost).filter(|_| cost.len() == 2).ok_or(DAMAGED)?;
    let (salt, tag) = digits.split_at_checked(BCRYPT_SALT_DIGITS).ok_or(DAMAGED)?;
    let salt = BCRYPT_BASE64.decode(salt).ok().and_then(|salt| salt.try_into().ok()).ok_or(DAMAGED)?;
    let tag = BCRYPT_BASE64.decode(tag).ok().filter(|tag| tag.len() == 23).ok_or(DAMAGED)?;
    if !(MIN_BCRYPT_COST..=MAX_BCRYPT_COST).contains(&cost) {
        return Err("has a bcrypt cost that is not computed: 4 to 14 are");
    }
    Ok(ForeignHash::Bcrypt { cost, salt, tag, prehashed })
}

/// `600000$salt$base64`, where the salt is text.
fn django_pbkdf2(text: &str) -> Result<ForeignHash, &'static str> {
    match text.split('$').collect::<Vec<_>>()[..] {
        [iterations, salt, tag] => pbkdf2(iterations, Some(salt.into()), tag),
        _ => Err(DAMAGED_PBKDF2),
    }
}

/// `29000$base64$base64`
fn passlib_pbkdf2(text: &str) -> Result<ForeignHash, &'static str> {
    match text.split('$').collect::<Vec<_>>()[..] {
        [iterations, salt, tag] => pbkdf2(iterations, base64(salt), tag),
        _ => Err(DAMAGED_PBKDF2),
    }
}

const DAMAGED_PBKDF2: &str = "is not a PBKDF2 hash from end to end";

fn pbkdf2(iterations: &str, salt: Option<Vec<u8>>, tag: &str) -> Result<ForeignHash, &'static str> {
    let salt = salt.filter(|salt| !salt.is_empty()).ok_or(DAMAGED_PBKDF2)?;
    let tag = base64(tag).filter(|tag| TAG_BYTES.contains(&tag.len())).ok_or(DAMAGED_PBKDF2)?;
    let blocks = if tag.len() > PBKDF2_BLOCK as usize { 2 } else { 1 };
    match decimal(iterations) {
        Some(iterations) if (1..=MAX_PBKDF2_ITERATIONS / blocks).contains(&iterations) => {
            Ok(ForeignHash::Pbkdf2 { iterations, salt, tag })
        }
        _ => Err("has a number of PBKDF2 iterations that is not computed: 1 to 2000000 are"),
    }
}

const DAMAGED_SCRYPT: &str = "is not a scrypt hash from end to end";

/// `ln=14,r=8,p=1$base64$base64`
fn phc_scrypt(text: &str) -> Result<ForeignHash, &'static str> {
    let parts = text.split(['$', ',']).collect::<Vec<_>>();
    let [ln, r, p, salt, tag] = parts[..] else { return Err(DAMAGED_SCRYPT) };
    let number = |part: &str, name| part.strip_prefix(name).and_then(decimal);
    let n = number(ln, "ln=").and_then(|ln| 1_u32.checked_shl(ln));
    scrypt(n, number(r, "r="), number(p, "p="), base64(salt), tag)
}

/// `16384$salt$8$5$base64`, where the salt is text.
fn django_scrypt(text: &str) -> Result<ForeignHash, &'static str> {
    let parts = text.split('$').collect::<Vec<_>>();
    let [n, salt, r, p, tag] = parts[..] else { return Err(DAMAGED_SCRYPT) };
    scrypt(decimal(n), decimal(r), decimal(p), Some(salt.into()), tag)
}

fn scrypt(
    n: Option<u32>,
    r: Option<u32>,
    p: Option<u32>,
    salt: Option<Vec<u8>>,
    tag: &str,
) -> Result<ForeignHash, &'static str> {
    const TOO_MUCH: &str = "asks for too much work: 128 * N * r * p may be at most 128 MiB";
    let salt = salt.filter(|salt| !salt.is_empty()).ok_or(DAMAGED_SCRYPT)?;
    let tag = base64(tag).filter(|tag| TAG_BYTES.contains(&tag.len())).ok_or(DAMAGED_SCRYPT)?;
    let (n, r, p) = (n.ok_or(TOO_MUCH)?, r.ok_or(DAMAGED_SCRYPT)?, p.ok_or(DAMAGED_SCRYPT)?);
    let factors = [128, n, r, p].map(u64::from);
    let bytes = factors.iter().try_fold(1_u64, |bytes, factor| bytes.checked_mul(*factor));
    if bytes.is_none_or(|bytes| bytes > MAX_SCRYPT_BYTES) {
        return Err(TOO_MUCH);
    }
    if n < 2 || !n.is_power_of_two() {
        return Err("has a scrypt N that is not a power of two");
    }
    let params = u8::try_from(n.ilog2()).ok().and_then(|log_n| scrypt::Params::new(log_n, r, p).ok());
    Ok(ForeignHash::Scrypt { params: params.ok_or(DAMAGED_SCRYPT)?, salt, tag })
}

/// Base64 with passlib's dot in the place of the plus sign as well.
fn base64(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.replace('.', "+")).ok()
}

/// A number in digits alone: Rust also takes a sign.
fn decimal(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::ForeignHash;

    /// Made by Python's bcrypt 5.0.0, of passwords that the file of fixtures has no place for.
    #[test]
    fn bcrypt_reads_72_bytes_and_no_nul() {
        let long = ForeignHash::parse("$2b$04$Ax0SPiZKvC0ZWI/WhuzNV.K6tf6/T5UanZM3TJirzwHLgU9dUYMcu").unwrap();
        let password = format!("{}yz and what stands behind is cut off", "x".repeat(71));
        assert!(long.matches(password.as_bytes()));
        assert!(long.matches(&password.as_bytes()[..72]));
        assert!(!long.matches(&password.as_bytes()[..71]));

        let full = ForeignHash::parse("$2b$04$DbLT2LtB0MSAoN9LEONbBu5wqN2gkcRNufhXn5so7IsWcrd53u4xy").unwrap();
        assert!(full.matches(format!("{}ab", "0123456789".repeat(7)).as_bytes()));

        let unicode = ForeignHash::parse("$2b$04$UuR62ojOli.SODrsWUp2oemRJy7jcPFct5JM439H9T/3bHvkE8mgm").unwrap();
        assert!(unicode.matches("p\u{e4}ssw\u{f6}rd f\u{fc}r alle \u{1f422}".as_bytes()));
        assert!(!unicode.matches("p\u{e4}ssw\u{f6}rd f\u{fc}r alle \u{1f422}\0".as_bytes()));
        assert!(!unicode.matches(b""));
    }

    #[test]
    fn nul_bytes_match_no_bcrypt_hash() {
        // What bcrypt itself makes of "a\0b": the bytes as they are. PHP and C would have stopped behind the a.
        let salt = *b"sixteen bytes of";
        let tag = bcrypt::bcrypt(4, salt, b"a\0b\0")[..23].to_vec();
        let hash = ForeignHash::Bcrypt { cost: 4, salt, tag, prehashed: false };
        assert!(!hash.matches(b"a\0b"));
    }
}

#[cfg(test)]
mod properties {
    use proptest::prelude::*;

    use super::*;
    use crate::mutation::Mutation;

    /// Hashes as other systems write them, cheap and dear.
    pub fn foreign() -> impl Strategy<Value = String> {
        let number = || prop_oneof![any::<u32>().prop_map(u64::from), 0..40_u64, any::<u64>(), Just(600_000)];
        let digits = || "[A-Za-z0-9+/]{0,90}={0,2}";
        prop_oneof![
            ("bcrypt\\$|bcrypt_sha256\\$|", "\\$2[abxy]?\\$", 0..40_u32, "[./A-Za-z0-9]{50,55}")
                .prop_map(|(django, version, cost, digits)| format!("{django}{version}{cost:02}${digits}")),
            (number(), "[!-~]{0,20}", digits()).prop_map(|(n, salt, tag)| format!("pbkdf2_sha256${n}${salt}${tag}")),
            (number(), digits(), digits()).prop_map(|(n, salt, tag)| format!("$pbkdf2-sha256${n}${salt}${tag}")),
            (number(), number(), number(), digits(), digits())
                .prop_map(|(ln, r, p, salt, tag)| format!("$scrypt$ln={ln},r={r},p={p}${salt}${tag}")),
            (0..40_u32, number(), number(), digits(), digits())
                .prop_map(|(ln, r, p, salt, tag)| format!("scrypt${}${salt}${r}${p}${tag}", 1_u64 << ln)),
        ]
    }

    /// What computing it costs, in words: within what one thread does in about a second, and 128 MiB.
    fn is_bounded(hash: &ForeignHash) -> bool {
        match hash {
            ForeignHash::Bcrypt { cost, tag, .. } => (4..=14).contains(cost) && tag.len() == 23,
            ForeignHash::Pbkdf2 { iterations, salt, tag } => {
                let blocks = u64::try_from(tag.len().div_ceil(32)).unwrap();
                u64::from(*iterations) * blocks <= 2_000_000 && (16..=64).contains(&tag.len()) && !salt.is_empty()
            }
            ForeignHash::Scrypt { params, salt, tag } => {
                let work = 128 * u128::from(1_u64 << params.log_n()) * u128::from(params.r()) * u128::from(params.p());
                work <= 128 << 20 && (16..=64).contains(&tag.len()) && !salt.is_empty()
            }
        }
    }

    fn is_cheap(hash: &ForeignHash) -> bool {
        match hash {
            ForeignHash::Bcrypt { cost, .. } => *cost == 4,
            ForeignHash::Pbkdf2 { iterations, .. } => *iterations <= 1_000,
            ForeignHash::Scrypt { params, .. } => (u64::from(params.r() * params.p()) << params.log_n()) <= 1_000,
        }
    }

    proptest! {
        #[test]
        fn what_is_accepted_can_be_computed(text in foreign(), mutation in Mutation::any(), password in any::<Vec<u8>>()) {
            for text in [mutation.of(&text), text] {
                if let Ok(hash) = ForeignHash::parse(&text) {
                    prop_assert!(is_bounded(&hash), "{}", text);
                    prop_assert!(!is_cheap(&hash) || !hash.matches(&password), "{}", text);
                }
            }
        }

        #[test]
        fn a_hash_of_another_system_comes_back(
            password in any::<Vec<u8>>(), salt in "[!-#%-~]{1,20}", iterations in 1_u32..50, length in 16_usize..=64, ln in 1_u8..5,
        ) {
            let encode = |bytes: &[u8]| BASE64.encode(bytes);
            let mut tag = vec![0; length];
            pbkdf2_hmac::<Sha256>(&password, salt.as_bytes(), iterations, &mut tag);
            let django = format!("pbkdf2_sha256${iterations}${salt}${}", encode(&tag));
            let passlib = format!("$pbkdf2-sha256${iterations}${}${}", encode(salt.as_bytes()), encode(&tag).replace('+', "."));
            let params = scrypt::Params::new(ln, 2, 3).unwrap();
            scrypt::scrypt(&password, salt.as_bytes(), &params, &mut tag).unwrap();
            let phc = format!("$scrypt$ln={ln},r=2,p=3${}${}", encode(salt.as_bytes()), encode(&tag));
            let of_django = format!("scrypt${}${salt}$2$3${}", 1 << ln, encode(&tag));
            let other = [&password[..], b"x"].concat();
            for text in [django, passlib, phc, of_django] {
                let hash = ForeignHash::parse(&text).map_err(|reason| TestCaseError::fail(format!("{text} {reason}")))?;
                prop_assert!(hash.matches(&password) && !hash.matches(&other), "{}", text);
            }
        }

        #[test]
        fn nothing_makes_it_stumble(text in any::<String>()) {
            prop_assert!(ForeignHash::parse(&text).is_err());
        }
    }
}
