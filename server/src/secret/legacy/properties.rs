//! Whatever is written in a hash, computing it is bounded; what other systems write comes back.

use base64::Engine;
use md5::{Digest, Md5};
use pbkdf2::pbkdf2_hmac;
use proptest::prelude::*;
use sha2::{Sha256, Sha512};

use super::{BASE64, ForeignHash};
use crate::mutation::Mutation;

/// Hashes as other systems write them, cheap and dear.
pub fn foreign() -> impl Strategy<Value = String> {
    let number = || prop_oneof![any::<u32>().prop_map(u64::from), 0..40_u64, any::<u64>(), Just(600_000)];
    let word = || prop_oneof![any::<u32>(), 0..3_u32, 0..70_u32, 1..2_000_000_u32];
    let digits = || "[A-Za-z0-9+/]{0,90}={0,2}";
    let function = || "sha(256|512)";
    prop_oneof![
        ("bcrypt\\$|bcrypt_sha256\\$|\\$wp|", "\\$2[abxy]?\\$", 0..40_u32, "[./A-Za-z0-9]{50,55}")
            .prop_map(|(prefix, version, cost, digits)| format!("{prefix}{version}{cost:02}${digits}")),
        (function(), number(), "[!-~]{0,20}", digits())
            .prop_map(|(function, n, salt, tag)| format!("pbkdf2_{function}${n}${salt}${tag}")),
        (function(), number(), digits(), digits())
            .prop_map(|(function, n, salt, tag)| format!("$pbkdf2-{function}${n}${salt}${tag}")),
        (function(), number(), number(), digits(), digits())
            .prop_map(|(function, n, l, salt, tag)| format!("$pbkdf2-{function}$i={n},l={l}${salt}${tag}")),
        (function(), number(), digits(), prop::collection::vec(any::<u8>(), 0..70)).prop_map(
            |(function, n, salt, tag)| {
                let length = tag.len();
                format!("$pbkdf2-{function}$i={n},l={length}${salt}${}", BASE64.encode(tag))
            }
        ),
        (number(), number(), number(), digits(), digits())
            .prop_map(|(ln, r, p, salt, tag)| format!("$scrypt$ln={ln},r={r},p={p}${salt}${tag}")),
        (0..40_u32, number(), number(), digits(), digits())
            .prop_map(|(ln, r, p, salt, tag)| format!("$scrypt$ln={},r={r},p={p}${salt}${tag}", 1_u64 << ln)),
        (0..40_u32, number(), number(), digits(), digits())
            .prop_map(|(ln, r, p, salt, tag)| format!("scrypt${}${salt}${r}${p}${tag}", 1_u64 << ln)),
        "\\$[PH]\\$[./0-9A-Za-z]{30}[./01]",
        (word(), word(), word(), prop::collection::vec(any::<u8>(), 0..100))
            .prop_map(|(function, n, length, rest)| aspnet(function, n, length, &rest)),
    ]
}

fn aspnet(function: u32, iterations: u32, salt_length: u32, salt_and_tag: &[u8]) -> String {
    let numbers = [function, iterations, salt_length].map(u32::to_be_bytes).concat();
    BASE64.encode([&[1], &numbers[..], salt_and_tag].concat())
}

fn phpass_digits(bits: u128) -> String {
    const DIGITS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    (0..22).map(|at| char::from(DIGITS[usize::try_from(bits >> (6 * at) & 63).unwrap()])).collect()
}

/// Within what one thread does in about a second, and 128 MiB.
fn is_bounded(hash: &ForeignHash) -> bool {
    match hash {
        ForeignHash::Bcrypt(hash) => (4..=14).contains(&hash.cost()),
        ForeignHash::Pbkdf2(hash) => hash.is_bounded(),
        ForeignHash::Scrypt(hash) => hash.is_bounded(),
        ForeignHash::Phpass(hash) => (7..=18).contains(&hash.rounds_log()),
    }
}

fn is_cheap(hash: &ForeignHash) -> bool {
    match hash {
        ForeignHash::Bcrypt(hash) => hash.cost() == 4,
        ForeignHash::Pbkdf2(hash) => hash.iterations() <= 1_000,
        ForeignHash::Scrypt(hash) => hash.bytes() <= 128_000,
        ForeignHash::Phpass(hash) => hash.rounds_log() <= 10,
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
        let bytes = salt.as_bytes();
        let mut texts = Vec::new();
        let mut tag = vec![0; length];
        for (name, number) in [("sha256", 1), ("sha512", 2)] {
            if number == 1 {
                pbkdf2_hmac::<Sha256>(&password, bytes, iterations, &mut tag);
            } else {
                pbkdf2_hmac::<Sha512>(&password, bytes, iterations, &mut tag);
            }
            texts.extend([
                format!("pbkdf2_{name}${iterations}${salt}${}", encode(&tag)),
                format!("$pbkdf2-{name}${iterations}${}${}", encode(bytes), encode(&tag).replace('+', ".")),
                format!("$pbkdf2-{name}$i={iterations},l={length}${}${}", encode(bytes), encode(&tag).trim_end_matches('=')),
                aspnet(number, iterations, u32::try_from(bytes.len()).unwrap(), &[bytes, &tag].concat()),
            ]);
        }
        let params = scrypt::Params::new(ln, 2, 3).unwrap();
        scrypt::scrypt(&password, bytes, &params, &mut tag).unwrap();
        texts.push(format!("$scrypt$ln={ln},r=2,p=3${}${}", encode(bytes), encode(&tag)));
        texts.push(format!("scrypt${}${salt}$2$3${}", 1 << ln, encode(&tag)));
        let kratos = scrypt::Params::new(10, 1, 1).unwrap();
        scrypt::scrypt(&password, bytes, &kratos, &mut tag).unwrap();
        texts.push(format!("$scrypt$ln=1024,r=1,p=1${}${}", encode(bytes), encode(&tag)));
        let mut digest = Md5::digest([b"8 digits", &password[..]].concat());
        for _ in 0..128 {
            digest = Md5::digest([&digest[..], &password].concat());
        }
        texts.push(format!("$P$58 digits{}", phpass_digits(u128::from_le_bytes(digest.into()))));
        let other = [&password[..], b"x"].concat();
        for text in texts {
            let hash = ForeignHash::parse(&text).map_err(|reason| TestCaseError::fail(format!("{text} {reason}")))?;
            prop_assert!(hash.matches(&password) && !hash.matches(&other), "{}", text);
        }
    }

    #[test]
    fn nothing_makes_it_stumble(text in any::<String>()) {
        prop_assert!(ForeignHash::parse(&text).is_err());
    }

    #[test]
    fn nothing_after_a_known_beginning_makes_it_stumble(
        prefix in prop::sample::select(&["$P$", "$H$", "$wp", "$wp$2y$", "AQAAAA", "AQ", "$pbkdf2-sha512$", "$pbkdf2-sha256$i=", "$scrypt$ln="][..]),
        text in prop_oneof![any::<String>(), "[!-~]{0,60}"],
    ) {
        let _ = ForeignHash::parse(&format!("{prefix}{text}"));
    }
}
