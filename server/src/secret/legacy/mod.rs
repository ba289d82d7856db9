//! Password hashes of other systems, computed as those systems do: bcrypt, PBKDF2, scrypt, phpass.
//!
//! A hash comes from a file or a database that somebody else may have written. Whatever it asks for is held against a limit
//! before anything is computed: the dearest one takes about a second of one thread and 128 MiB.

mod bcrypt;
mod pbkdf2;
mod phpass;
#[cfg(test)]
mod properties;
mod scrypt;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use self::bcrypt::{Bcrypt, Prehash};
use self::pbkdf2::{Function, Pbkdf2};
use self::phpass::Phpass;
use self::scrypt::Scrypt;

/// A shorter tag would be matched by chance, a longer one only takes longer.
const TAG_BYTES: std::ops::RangeInclusive<usize> = 16..=64;
/// How each hash of ASP.NET Core Identity begins: version 3, and the first bytes of a small number.
const ASPNET: &str = "AQAAAA";
/// Bytes of a hash of ASP.NET Identity before version 3, which begins with a zero.
const OLD_ASPNET: usize = 49;

/// Some systems pad, some do not, and old bcrypt leaves stray bits in the last digit.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);

/// A hash that was read and may be computed.
#[derive(Debug)]
pub(super) enum ForeignHash {
    Bcrypt(Bcrypt),
    Pbkdf2(Pbkdf2),
    Scrypt(Scrypt),
    Phpass(Phpass),
}

impl ForeignHash {
    /// Reads a hash; or says why it is refused, to be read after its name.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        // Django puts the name of its own before a hash that has a name already.
        if let Some(rest) = text.strip_prefix("bcrypt$") {
            return Bcrypt::parse(rest, Prehash::None).map(Self::Bcrypt);
        }
        if let Some(rest) = text.strip_prefix("bcrypt_sha256$") {
            return Bcrypt::parse(rest, Prehash::Django).map(Self::Bcrypt);
        }
        if let Some(rest) = text.strip_prefix("$wp$").and_then(|_| text.strip_prefix("$wp")) {
            return Bcrypt::parse(rest, Prehash::WordPress).map(Self::Bcrypt);
        }
        if text.starts_with("$2") {
            return Bcrypt::parse(text, Prehash::None).map(Self::Bcrypt);
        }
        for (name, function) in [("sha256", Function::Sha256), ("sha512", Function::Sha512)] {
            if let Some(rest) = text.strip_prefix("pbkdf2_").and_then(|rest| rest.strip_prefix(name)?.strip_prefix('$'))
            {
                return Pbkdf2::parse_django(rest, function).map(Self::Pbkdf2);
            }
            if let Some(rest) =
                text.strip_prefix("$pbkdf2-").and_then(|rest| rest.strip_prefix(name)?.strip_prefix('$'))
            {
                return Pbkdf2::parse_modular(rest, function).map(Self::Pbkdf2);
            }
        }
        if let Some(rest) = text.strip_prefix("scrypt$") {
            return Scrypt::parse_django(rest).map(Self::Scrypt);
        }
        if let Some(rest) = text.strip_prefix("$scrypt$") {
            return Scrypt::parse_phc(rest).map(Self::Scrypt);
        }
        if let Some(rest) = text.strip_prefix("$P$").or_else(|| text.strip_prefix("$H$")) {
            return Phpass::parse(rest).map(Self::Phpass);
        }
        if text.starts_with(ASPNET) {
            return Pbkdf2::parse_aspnet(text).map(Self::Pbkdf2);
        }
        if base64(text).is_some_and(|bytes| bytes.len() == OLD_ASPNET && bytes[0] == 0) {
            return Err(
                "is of ASP.NET Identity's version 2 (SHA-1), which is not computed: leave it empty, and give the user a link",
            );
        }
        Err("is not in a known format: Argon2, bcrypt, PBKDF2 with SHA-256 or SHA-512, scrypt and phpass are")
    }

    /// Whether it is the hash of this password.
    pub fn matches(&self, password: &[u8]) -> bool {
        match self {
            Self::Bcrypt(hash) => hash.matches(password),
            Self::Pbkdf2(hash) => hash.matches(password),
            Self::Scrypt(hash) => hash.matches(password),
            Self::Phpass(hash) => hash.matches(password),
        }
    }
}

/// Base64 with passlib's dot in the place of the plus sign as well.
fn base64(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.replace('.', "+")).ok()
}

/// A number in digits alone: Rust also takes a sign.
fn decimal(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}
