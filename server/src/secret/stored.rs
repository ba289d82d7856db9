//! The hash of a password as the database holds it: ours, or one that came with a person from another system.

use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::{Algorithm, Params, Version};

use super::legacy::ForeignHash;

/// Bytes of a stored hash at most: what the narrowest of the databases has room for.
const MAX_LENGTH: usize = 1024;
/// A hash that asks for more than this is not computed: whoever wrote it wants memory, not a login.
const MAX_MEMORY_KIB: u32 = 131_072;
const MAX_ITERATIONS: u32 = 10;
/// Lanes are computed one after the other, so they cost nothing by themselves. Django asks for eight.
const MAX_LANES: u32 = 16;
/// What Django writes before the hash itself.
const DJANGO: &str = "argon2";

/// A hash that was read and may be computed.
#[derive(Debug)]
pub(super) enum StoredHash {
    Argon2(Box<Argon2Hash>),
    Foreign(ForeignHash),
}

/// A hash of the Argon2 family.
#[derive(Debug)]
pub(super) struct Argon2Hash {
    pub algorithm: Algorithm,
    pub version: Version,
    pub params: Params,
    pub salt: Salt,
    pub tag: Output,
    /// Whether it is written as we would write it.
    pub is_plain: bool,
}

/// Whether people whose password has this hash can sign in.
///
/// # Errors
/// Why not, to be read after its name.
pub fn check(text: &str) -> Result<(), &'static str> {
    StoredHash::parse(text).map(drop)
}

impl StoredHash {
    /// Reads a hash. One whose computation would take too long or too much memory is refused like one that cannot be read.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > MAX_LENGTH {
            return Err("must have at most 1024 characters");
        }
        // Django takes any text for a salt; the databases do not.
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("must consist of printable ASCII characters without spaces");
        }
        if text.starts_with('!') {
            return Err("is Django's mark for no password: leave it empty");
        }
        let of_django = text.strip_prefix(DJANGO).filter(|rest| rest.starts_with('$'));
        let phc = of_django.unwrap_or(text);
        if phc.starts_with("$argon2") {
            let hash = Argon2Hash::parse(phc, of_django.is_none())?;
            return Ok(Self::Argon2(Box::new(hash)));
        }
        ForeignHash::parse(text).map(Self::Foreign)
    }
}

impl Argon2Hash {
    fn parse(text: &str, is_plain: bool) -> Result<Self, &'static str> {
        const DAMAGED: &str = "is not an Argon2 hash from end to end";
        let hash = PasswordHash::new(text).map_err(|_| DAMAGED)?;
        let params = Params::try_from(&hash).map_err(|_| DAMAGED)?;
        if params.m_cost() > MAX_MEMORY_KIB || params.t_cost() > MAX_ITERATIONS || params.p_cost() > MAX_LANES {
            return Err("asks for too much work: at most m=131072, t=10 and p=16 are computed");
        }
        if !params.keyid().is_empty() {
            return Err("was made with a secret key, which is not in it");
        }
        // The version that is meant where none is written is the first one.
        let version = hash.version.unwrap_or(Version::V0x10.into());
        Ok(Self {
            algorithm: hash.algorithm.as_str().try_into().map_err(|_| DAMAGED)?,
            version: version.try_into().map_err(|_| DAMAGED)?,
            params,
            salt: hash.salt.ok_or(DAMAGED)?,
            tag: hash.hash.ok_or(DAMAGED)?,
            is_plain,
        })
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::check;

    #[track_caller]
    fn refuses(text: &str, word: &str) {
        let reason = check(text).expect_err(text);
        assert!(reason.contains(word), "{text}: {reason}");
    }

    #[test]
    fn what_asks_for_too_much_is_refused_unread() {
        let salt = "c29tZXNhbHRzb21lc2FsdA";
        let tag = "c29tZXNhbHRzb21lc2FsdHNvbWVzYWx0c29tZXNhbHQ";
        let digits = "6U16m/m76kelUlr0QntTPOl2nDVB3kjAlFwzaF8y8IMIvv4ieLn3S";
        let argon2 = |params: &str| format!("$argon2id$v=19${params}${salt}${tag}");
        let scrypt = |params: &str| format!("$scrypt${params}${salt}${tag}");
        let longer = format!("{tag}{tag}");

        for cost in ["15", "31", "03", "00", "99"] {
            refuses(&format!("$2b${cost}${digits}"), "bcrypt cost");
        }
        for cost in ["04", "14"] {
            assert_eq!(check(&format!("$2y${cost}${digits}")), Ok(()));
        }
        refuses(&format!("$2x$05${digits}"), "$2x$");
        refuses(&format!("$wp$2y$15${digits}"), "bcrypt cost");
        assert_eq!(check(&format!("$wp$2y$14${digits}")), Ok(()));
        refuses("$P$z84478476IagS59wHZvyQMArzfx58u.", "phpass rounds");

        for iterations in ["0", "2000001", "4294967295", "99999999999999999999", "-1", "+1", "", "x"] {
            refuses(&format!("pbkdf2_sha256${iterations}$salt${tag}"), "iterations");
            refuses(&format!("$pbkdf2-sha256${iterations}${salt}${tag}"), "iterations");
        }
        assert_eq!(check(&format!("pbkdf2_sha256$2000000$salt${tag}")), Ok(()));
        assert_eq!(check(&format!("pbkdf2_sha256$1000000$salt${longer}")), Ok(()));
        refuses(&format!("pbkdf2_sha256$1000001$salt${longer}"), "iterations");
        for iterations in ["0", "1000001", "4294967295", "99999999999999999999", "-1", "+1", "", "x"] {
            refuses(&format!("pbkdf2_sha512${iterations}$salt${tag}"), "iterations");
            refuses(&format!("$pbkdf2-sha512${iterations}${salt}${tag}"), "iterations");
            refuses(&format!("$pbkdf2-sha512$i={iterations},l=32${salt}${tag}"), "iterations");
            refuses(&format!("$pbkdf2-sha512$i={iterations}${salt}${tag}"), "iterations");
        }
        assert_eq!(check(&format!("$pbkdf2-sha512$1000000${salt}${longer}")), Ok(()));
        assert_eq!(check(&format!("$pbkdf2-sha256$i=2000000,l=32${salt}${tag}")), Ok(()));
        for (function, iterations) in [(1, 2_000_001_u32), (2, 1_000_001), (2, u32::MAX), (1, 0)] {
            let numbers = [function, iterations, 16].map(u32::to_be_bytes).concat();
            refuses(&STANDARD.encode([&[1], &numbers[..], &[7; 48]].concat()), "iterations");
        }

        for (params, word) in [
            ("ln=17,r=8,p=2", "too much"),
            ("ln=31,r=1,p=1", "too much"),
            ("ln=64,r=8,p=1", "too much"),
            ("ln=1,r=4294967295,p=4294967295", "too much"),
            ("ln=1,r=0,p=1", "end to end"),
            ("ln=1,r=1,p=0", "end to end"),
            ("ln=0,r=8,p=1", "power of two"),
            // As Ory Kratos writes N itself.
            ("ln=1000,r=8,p=1", "too much"),
            ("ln=16385,r=8,p=1", "power of two"),
            ("ln=262144,r=8,p=1", "too much"),
            ("ln=4294967296,r=8,p=1", "too much"),
        ] {
            refuses(&scrypt(params), word);
        }
        for params in ["ln=17,r=8,p=1", "ln=14,r=8,p=5", "ln=14,r=16,p=1", "ln=131072,r=8,p=1", "ln=1024,r=8,p=1"] {
            assert_eq!(check(&scrypt(params)), Ok(()));
        }
        refuses(&format!("scrypt$0$salt$8$1${tag}"), "power of two");
        refuses(&format!("scrypt$1000$salt$8$1${tag}"), "power of two");
        refuses(&format!("scrypt$4194304$salt$8$1${tag}"), "too much");

        for params in ["m=131073,t=1,p=1", "m=64,t=11,p=1", "m=4096,t=1,p=17"] {
            refuses(&argon2(params), "too much");
        }
        for params in ["m=131072,t=1,p=1", "m=102400,t=2,p=8", "m=64,t=10,p=4"] {
            assert_eq!(check(&argon2(params)), Ok(()));
        }
        refuses(&format!("$argon2id$v=19$m=64,t=1,p=1,keyid=c29tZQ${salt}${tag}"), "secret key");
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        let tag = "c29tZXNhbHRzb21lc2FsdHNvbWVzYWx0c29tZXNhbHQ";
        for junk in ["", "junk", "5f4dcc3b5aa765d61d8327deb882cf99", "$1$x$y", "$6$x$y"] {
            refuses(junk, "not in a known format");
        }
        for junk in ["pbkdf2_sha1$1000$salt$x", "md5$salt$x", "{SSHA}abc", "$S$Dabcdefgh", "$wp2y$10$x", "argon2id$x"] {
            refuses(junk, "not in a known format");
        }
        // ASP.NET Identity with SHA-1, today's and the old form.
        let numbers = |numbers: [u8; 13]| STANDARD.encode([&numbers[..], &[7; 48]].concat());
        refuses(&numbers([1, 0, 0, 0, 0, 0, 0, 39, 16, 0, 0, 0, 16]), "SHA-1");
        refuses(&STANDARD.encode([0; 49]), "SHA-1");
        refuses("correct horse battery staple", "without spaces");
        for salt in ["sa\0lt", "sa lt", "s\u{e4}lt", "salt\n"] {
            refuses(&format!("pbkdf2_sha256$1000${salt}${tag}"), "printable ASCII");
        }
        refuses("$2b$05$6U16m/m76kelUlr0QntTPOl2nDVB3kjAlFwzaF8y8IMIvv4ieLn\u{e9}", "printable ASCII");
        refuses("!aVeryLongRandomTextThatDjangoWrites", "no password");
        refuses(&"$2b$".repeat(300), "1024");
        // A tag without bytes, or with few, would be matched by any password, or by many.
        for short in ["", "AAAA", "c29tZXNhbHRzb21lc2Fs"] {
            refuses(&format!("pbkdf2_sha256$1000$salt${short}"), "end to end");
            refuses(&format!("$scrypt$ln=4,r=8,p=1$c2FsdA${short}"), "end to end");
            refuses(&format!("$2b$04$6U16m/m76kelUlr0QntTPO{short}"), "end to end");
        }
        for damaged in [
            "$2b$05$6U16m/m76kelUlr0QntTPOl2nDVB3kjAlFwzaF8y8IMIvv4ieLn3",
            "$2b$05$6U16m/m76kelUlr0QntTPOl2nDVB3kjAlFwzaF8y8IMIvv4ieLn3SS",
            "$2b$5$6U16m/m76kelUlr0QntTPOl2nDVB3kjAlFwzaF8y8IMIvv4ieLn3S",
            "$2$05$6U16m/m76kelUlr0QntTPOl2nDVB3kjAlFwzaF8y8IMIvv4ieLn3S",
            "$2b$",
            "bcrypt$junk",
            "$wp$2y$10$x",
            "$wp$P$984478476IagS59wHZvyQMArzfx58u.",
            "$P$Babcdefgh",
            &format!("$pbkdf2-sha256$i=1000,l=31$c2FsdA${tag}"),
            &format!("$pbkdf2-sha256$i=1000,l=$c2FsdA${tag}"),
            &format!("$pbkdf2-sha512$i=1000,l=32,x=1$c2FsdA${tag}"),
            "AQAAAAIAAAPoAAAAEA==",
            "AQAAAAMAAAPoAAAAEBAREhMUFRYXGBkaGxwdHh/F4BaVcD8R9fRjxlfxj5P45hAzW0fN0SqoXsp88DmtAg==",
            "AQAAAAIAAAPo/////xAREhMUFRYXGBkaGxwdHh/F4BaVcD8R9fRjxlfxj5P45hAzW0fN0SqoXsp88DmtAg==",
            "AQAAAAIAAAPoAAAAMBAREhMUFRYXGBkaGxwdHh/F4BaVcD8R9fRjxlfxj5P45hAzW0fN0SqoXsp88DmtAg==",
            "AQAAAAIAAAPoAAAAABAREhMUFRYXGBkaGxwdHh/F4BaVcD8R9fRjxlfxj5P45hAzW0fN0SqoXsp88DmtAg==",
            &format!("pbkdf2_sha256$1000$${tag}"),
            &format!("pbkdf2_sha256$1000$salt${tag}$more"),
            "$scrypt$ln=4,r=8$c2FsdA$c29tZXNhbHRzb21lc2FsdHNvbWVzYWx0",
            "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA",
            "$argon2id$v=18$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$c29tZXNhbHRzb21lc2FsdA",
            "$argon2x$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$c29tZXNhbHRzb21lc2FsdA",
            "$argon2id$v=19$m=64,t=1,p=1$$",
        ] {
            refuses(damaged, "end to end");
        }
    }
}

#[cfg(test)]
mod properties {
    use proptest::prelude::*;

    use super::*;
    use crate::mutation::Mutation;

    fn good_or(good: &'static str) -> impl Strategy<Value = String> {
        prop_oneof![3 => Just(good.to_owned()), 1 => "[A-Za-z0-9+/]{0,90}"]
    }

    proptest! {
        #[test]
        fn no_argon2_that_asks_for_more_is_accepted(
            django in "(argon2)?", kind in "argon2(id|i|d)", version in "(v=(16|19)\\$)?", m in any::<u32>(), t in 0..20_u32, p in 0..40_u32,
            shift in 0..32_u32, salt in good_or("c29tZXNhbHRzb21lc2FsdA"), tag in good_or("c29tZXNhbHRzb21lc2FsdHNvbWVzYWx0c29tZXNhbHQ"), mutation in Mutation::any(),
        ) {
            let text = format!("{django}${kind}${version}m={},t={t},p={p}${salt}${tag}", m >> shift);
            for text in [mutation.of(&text), text] {
                if let Ok(StoredHash::Argon2(hash)) = StoredHash::parse(&text) {
                    let params = &hash.params;
                    prop_assert!(params.m_cost() <= 131_072 && params.t_cost() <= 10 && params.p_cost() <= 16, "{}", text);
                    prop_assert!(hash.tag.as_bytes().len() >= 4 && params.keyid().is_empty(), "{}", text);
                }
            }
        }

        #[test]
        fn nothing_makes_it_stumble(text in prop_oneof![any::<String>(), "[!-~]{0,200}", "(\\$[!-~]{0,20}){0,8}"]) {
            let _ = check(&text);
        }
    }
}
