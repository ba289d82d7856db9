//! Random tokens: shown once in clear, stored only as a hash.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::random;

/// Bytes of randomness in a token: twice what OWASP ASVS 5.0, 7.2.3 asks for.
const TOKEN_BYTES: usize = 32;
const TOKEN_LENGTH: usize = 43;

/// A token in clear. It exists on its way to or from the person who holds it, and nowhere else.
#[derive(Clone)]
pub struct PlainToken(SecretString);

impl PlainToken {
    /// A new token of 32 random bytes.
    #[must_use]
    pub fn generate() -> Self {
        Self::from_bytes(random::bytes())
    }

    /// The token that these bytes make.
    #[must_use]
    pub fn from_bytes(bytes: [u8; TOKEN_BYTES]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bytes).into())
    }

    /// The token that `text` is; `None` where it cannot be one, so that junk costs no query.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (text.len() == TOKEN_LENGTH && bytes.len() == TOKEN_BYTES).then(|| Self(text.into()))
    }

    /// What is stored of it. No salt: 256 random bits cannot be guessed.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.0.expose_secret())
    }

    /// The text, for the cookie.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for PlainToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainToken([hidden])")
    }
}

/// SHA-256 of a token: what the database holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The hash of a token's text.
    #[must_use]
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// The raw bytes, to bind to a statement.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash([hidden])")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn tokens_are_unique_and_of_one_length() {
        let tokens: HashSet<_> = (0..100_000).map(|_| PlainToken::generate().expose().to_owned()).collect();
        assert_eq!(tokens.len(), 100_000);
        assert!(tokens.iter().all(|token| token.len() == TOKEN_LENGTH));
    }

    #[test]
    fn only_a_token_parses() {
        let token = PlainToken::generate();
        let same = PlainToken::parse(token.expose()).expect("it is one");
        assert_eq!(same.hash(), token.hash());
        let long = format!("{}A", token.expose());
        for junk in ["", "x", &token.expose()[1..], &long, &"=".repeat(43), &"\u{e9}".repeat(21)] {
            assert!(PlainToken::parse(junk).is_none(), "{junk}");
        }
    }

    #[test]
    fn nothing_shows() {
        let token = PlainToken::generate();
        assert!(!format!("{token:?}{:?}", token.hash()).contains(token.expose()));
    }
}

#[cfg(test)]
mod properties {
    use proptest::prelude::*;

    use super::*;
    use crate::mutation::Mutation;

    proptest! {
        #[test]
        fn what_parses_is_written_in_one_way_only(bytes in any::<[u8; TOKEN_BYTES]>(), mutation in Mutation::any()) {
            let token = PlainToken::from_bytes(bytes);
            prop_assert_eq!(PlainToken::parse(token.expose()).map(|same| same.hash()), Some(token.hash()));
            let other = mutation.of(token.expose());
            if let Some(parsed) = PlainToken::parse(&other) {
                prop_assert_eq!(parsed.expose(), &other);
                prop_assert_eq!(parsed.hash() == token.hash(), other == token.expose());
                let bytes = URL_SAFE_NO_PAD.decode(&other).unwrap().try_into().unwrap();
                let again = PlainToken::from_bytes(bytes);
                prop_assert_eq!(again.expose(), &other);
            }
        }

        #[test]
        fn nothing_makes_it_stumble(text in any::<String>()) {
            prop_assert!(PlainToken::parse(&text).is_none_or(|token| token.expose() == text));
        }
    }
}
