//! Cookies whose signature has been verified before.
//!
//! A signature stays what it is, while actix-session takes all cookies of each request apart, and verifies ours anew: a fifth of
//! what `GET /me` costs. Only that is spared. What the token is worth is asked each time.

use std::sync::Arc;

use quick_cache::sync::Cache;

use crate::secret::token::TokenHash;

/// How many cookies are known again, of a hundred bytes each.
const KNOWN: usize = 16_384;

/// The tokens of cookies that the first key has signed, by the hash of the cookie's value.
#[derive(Clone)]
pub(super) struct VerifiedCookies(Arc<Cache<TokenHash, TokenHash>>);

impl VerifiedCookies {
    pub fn new() -> Self {
        Self(Arc::new(Cache::new(KNOWN)))
    }

    /// The token of a cookie that has been here before.
    pub fn token_of(&self, cookie: TokenHash) -> Option<TokenHash> {
        self.0.get(&cookie)
    }

    pub fn remember(&self, cookie: TokenHash, token: TokenHash) {
        self.0.insert(cookie, token);
    }
}
