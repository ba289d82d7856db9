//! Signing and verifying access tokens.

use std::fmt;
use std::time::Duration;

use jsonwebtoken::{Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::keys::{self, Key, KeyError};
use crate::clock::Timestamp;
use crate::config::TokenConfig;
use crate::identity::{CurrentSession, new_id};

/// What clocks of two servers may differ by.
const LEEWAY: i64 = 5;
/// RFC 9068 section 2.1: an access token, and no other kind of JWT.
const TYPE: &str = "at+jwt";

/// Makes and verifies access tokens.
pub struct AccessTokens {
    keys: Vec<Key>,
    /// Who issues them and whom they are for: us.
    issuer: String,
    lifetime: Duration,
}

/// What an access token says (RFC 9068 section 2.2). Times are seconds since the Unix epoch.
#[derive(Debug, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    iss: String,
    /// Whom it is for.
    aud: String,
    /// The person's id.
    pub sub: String,
    /// The session's id.
    pub sid: String,
    /// The token's own id.
    jti: String,
    iat: i64,
    nbf: i64,
    exp: i64,
}

impl fmt::Debug for AccessTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessTokens").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

impl AccessTokens {
    /// The keys of the configuration, for tokens of `issuer`, the origin that people know us by.
    ///
    /// # Errors
    /// [`KeyError`] when the keys cannot be used.
    pub fn new(config: &TokenConfig, issuer: String) -> Result<Self, KeyError> {
        Ok(Self { keys: keys::parse(&config.keys)?, issuer, lifetime: config.lifetime })
    }

    /// A token for a session, and the seconds that it lives: never longer than the session.
    ///
    /// # Errors
    /// When the key cannot sign, which it has done before.
    pub fn sign(
        &self,
        user_id: &str,
        session: &CurrentSession,
        now: Timestamp,
    ) -> Result<(String, u64), jsonwebtoken::errors::Error> {
        let key = &self.keys[0];
        let lives = self.lifetime.min(session.expires_at.since(now)).as_secs();
        let now_seconds = seconds(now);
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.issuer.clone(),
            sub: user_id.to_owned(),
            sid: session.id.clone(),
            jti: new_id(now),
            iat: now_seconds,
            nbf: now_seconds,
            exp: now_seconds.saturating_add_unsigned(lives),
        };
        let header = Header { typ: Some(TYPE.to_owned()), kid: Some(key.id.clone()), ..Header::new(key.algorithm) };
        Ok((encode(&header, &claims, &key.signing)?, lives))
    }

    /// What a token says, if it is one of ours and its time is now.
    ///
    /// The key decides about the algorithm, never the token (RFC 8725 section 3.1); keys that a token names or brings itself
    /// are not looked at.
    #[must_use]
    pub fn verify(&self, token: &str, now: Timestamp) -> Option<Claims> {
        let now = seconds(now);
        let is_now =
            |claims: &Claims| now < claims.exp.saturating_add(LEEWAY) && now >= claims.nbf.saturating_sub(LEEWAY);
        self.claims(token).filter(is_now)
    }

    /// The session that a token of ours belongs to, whatever its time.
    #[must_use]
    pub fn session_of(&self, token: &str) -> Option<String> {
        self.claims(token).map(|claims| claims.sid)
    }

    fn claims(&self, token: &str) -> Option<Claims> {
        let header = decode_header(token).ok()?;
        let key = self.keys.iter().find(|key| header.kid.as_deref() == Some(&key.id))?;
        if header.alg != key.algorithm || header.typ.as_deref() != Some(TYPE) {
            return None;
        }
        let mut validation = Validation::new(key.algorithm);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.issuer]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        // Time is compared by the callers, with the clock that everything else goes by.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Some(decode::<Claims>(token, &key.verifying, &validation).ok()?.claims)
    }

    /// The public keys, for those who verify our tokens elsewhere (RFC 7517).
    #[must_use]
    pub fn key_set(&self) -> Value {
        json!({"keys": self.keys.iter().map(|key| &key.public).collect::<Vec<_>>()})
    }
}

fn seconds(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(1_000_000)
}
