//! What such a token is.

use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::random;
use crate::secret::token::TokenHash;

/// Tokens a person may have at once.
pub const MAX_PER_USER: i64 = 50;
/// Days a token lives at most.
pub const MAX_DAYS: u32 = 365;
/// Characters of a name at most.
pub const MAX_NAME: usize = 100;
/// How long an expired token stays listed, so that its owner sees why a script has stopped.
pub const HISTORY: Duration = Duration::from_hours(720);

/// Tells secret scanners and people what this is.
const PREFIX: &str = "hp_";
const RANDOM_DIGITS: usize = 64;
const CHECK_DIGITS: usize = 8;

/// A token in clear: `hp_`, 32 random bytes and a checksum of them, in hexadecimal digits.
#[derive(Clone)]
pub struct ApiToken(SecretString);

impl ApiToken {
    /// A new token.
    #[must_use]
    pub fn generate() -> Self {
        let random = hexadecimal(&random::bytes::<{ RANDOM_DIGITS / 2 }>());
        Self(format!("{PREFIX}{random}{}", checksum(&random)).into())
    }

    /// The token that `text` is. One that was cut off or mistyped is told by its checksum, and costs no query.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(PREFIX)?;
        let is_hexadecimal = digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if digits.len() != RANDOM_DIGITS + CHECK_DIGITS || !is_hexadecimal {
            return None;
        }
        let (random, check) = digits.split_at(RANDOM_DIGITS);
        (checksum(random) == check).then(|| Self(text.into()))
    }

    /// Whether `text` means to be such a token.
    #[must_use]
    pub fn is_meant_by(text: &str) -> bool {
        text.starts_with(PREFIX)
    }

    /// What is stored of it.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.0.expose_secret())
    }

    /// The text, to be shown once.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiToken([hidden])")
    }
}

/// Enough to tell a slip of the hand: the start of a SHA-256.
fn checksum(random: &str) -> String {
    hexadecimal(&Sha256::digest(random)[..CHECK_DIGITS / 2])
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;

    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TokenScope)]
pub enum Scope {
    /// Read: GET and HEAD.
    Read,
    /// Also change things, as its owner may.
    Write,
}

/// The scopes as the database holds them: words separated by spaces (RFC 6749 section 3.3).
#[must_use]
pub fn to_words(scopes: &[Scope]) -> &'static str {
    if scopes.contains(&Scope::Write) { "read write" } else { "read" }
}

/// The scopes that the words name; unknown words grant nothing.
#[must_use]
pub fn from_words(words: &str) -> Vec<Scope> {
    let scope = |word| match word {
        "read" => Some(Scope::Read),
        "write" => Some(Scope::Write),
        _ => None,
    };
    words.split(' ').filter_map(scope).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_undamaged_token_parses() {
        let token = ApiToken::generate();
        let text = token.expose();
        assert_eq!(text.len(), 75);
        assert_eq!(ApiToken::parse(text).map(|same| same.hash()), Some(token.hash()));
        let mut mistyped = text.to_owned();
        let other = if mistyped.ends_with('0') { "1" } else { "0" };
        mistyped.replace_range(74.., other);
        let swapped = format!("hp_{}{}{}", &text[4..5], &text[3..4], &text[5..]);
        for junk in ["", "hp_", &text[3..], &text[..74], &mistyped, &text.to_uppercase(), &format!("{text}0")] {
            assert!(ApiToken::parse(junk).is_none(), "{junk}");
        }
        assert!(swapped == text || ApiToken::parse(&swapped).is_none());
        assert!(!format!("{token:?}").contains(text));
    }

    #[test]
    fn scopes_come_back_as_they_went() {
        for scopes in [vec![Scope::Read], vec![Scope::Read, Scope::Write]] {
            assert_eq!(from_words(to_words(&scopes)), scopes);
        }
        assert_eq!(from_words("admin"), []);
    }
}

#[cfg(test)]
mod properties {
    use proptest::prelude::*;

    use super::*;
    use crate::mutation::Mutation;

    fn token(bytes: [u8; RANDOM_DIGITS / 2]) -> String {
        let random = hexadecimal(&bytes);
        format!("{PREFIX}{random}{}", checksum(&random))
    }

    proptest! {
        #[test]
        fn no_slip_of_the_hand_parses(bytes in any::<[u8; RANDOM_DIGITS / 2]>(), mutation in Mutation::any()) {
            let text = token(bytes);
            prop_assert_eq!(ApiToken::parse(&text).map(|token| token.expose().to_owned()), Some(text.clone()));
            let other = mutation.of(&text);
            prop_assert_eq!(ApiToken::parse(&other).is_some(), other == text);
        }

        #[test]
        fn nothing_makes_it_stumble(text in prop_oneof![any::<String>(), "hp_[0-9a-f]{70,74}", "hp_\\PC{24}"]) {
            prop_assert!(ApiToken::parse(&text).is_none());
        }
    }
}
