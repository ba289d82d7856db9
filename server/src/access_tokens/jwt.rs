//! Signing and verifying access tokens.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::{Header, Validation, decode, decode_header, encode};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::keys::{self, Key, KeyError};
use crate::clock::Timestamp;
use crate::config::TokenConfig;
use crate::identity::{CurrentSession, CurrentUser, new_id};
use crate::secret::token::TokenHash;

/// What clocks of two servers may differ by.
const LEEWAY: i64 = 5;
/// RFC 9068 section 2.1: an access token, and no other kind of JWT.
const TYPE: &str = "at+jwt";
/// How many tokens of ours are known again, of less than a kilobyte each: a signature costs more to verify than all else that a
/// request needs, and stays what it is.
const KNOWN: usize = 4096;

/// Makes and verifies access tokens.
pub struct AccessTokens {
    keys: Vec<Key>,
    /// Who issues them and whom they are for: us.
    issuer: String,
    lifetime: Duration,
    known: Cache<TokenHash, Arc<Claims>>,
}

/// What an access token says (RFC 9068 section 2.2). Times are seconds since the Unix epoch.
#[derive(Debug, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    iss: String,
    /// Whom it is for.
    aud: String,
    /// The person's id.
    sub: String,
    /// The session's id.
    pub sid: String,
    /// The session's stamp when it was issued. A token without it, as servers of earlier versions made them, is none.
    stamp: String,
    /// The token's own id.
    jti: String,
    iat: i64,
    nbf: i64,
    exp: i64,
}

impl Claims {
    /// Whether the token was issued for this person and their session since the password was last changed.
    #[must_use]
    pub fn speak_for(&self, user: &CurrentUser) -> bool {
        user.session.as_ref().is_some_and(|session| {
            self.sub == user.id && self.sid == session.id && self.stamp == session.stamp.to_string()
        })
    }
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
        Ok(Self { keys: keys::parse(&config.keys)?, issuer, lifetime: config.lifetime, known: Cache::new(KNOWN) })
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
            stamp: session.stamp.to_string(),
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
    pub fn verify(&self, token: &str, now: Timestamp) -> Option<Arc<Claims>> {
        let now = seconds(now);
        let is_now =
            |claims: &Arc<Claims>| now < claims.exp.saturating_add(LEEWAY) && now >= claims.nbf.saturating_sub(LEEWAY);
        self.claims(token).filter(is_now)
    }

    /// What a token of ours says, whatever its time.
    #[must_use]
    pub fn claims(&self, token: &str) -> Option<Arc<Claims>> {
        let hash = TokenHash::of(token);
        if let Some(claims) = self.known.get(&hash) {
            return Some(claims);
        }
        let claims = Arc::new(self.read(token)?);
        self.known.insert(hash, Arc::clone(&claims));
        Some(claims)
    }

    fn read(&self, token: &str) -> Option<Claims> {
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

#[cfg(test)]
mod properties {
    use std::sync::LazyLock;

    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use proptest::prelude::*;
    use rcgen::KeyPair;

    use super::*;
    use crate::identity::Stamp;
    use crate::mutation::Mutation;

    const ISSUER: &str = "https://hallpass.example";
    const NOW: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);
    static ED25519: LazyLock<AccessTokens> = LazyLock::new(|| {
        const BEFORE: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
        let der = STANDARD.encode([BEFORE, [7; 16], [8; 16]].concat());
        tokens(&format!("-----BEGIN PRIVATE KEY-----\n{der}\n-----END PRIVATE KEY-----"))
    });
    static P256: LazyLock<AccessTokens> = LazyLock::new(|| tokens(&KeyPair::generate().unwrap().serialize_pem()));
    /// A good token of each.
    static GOOD: LazyLock<[String; 2]> =
        LazyLock::new(|| [&ED25519, &P256].map(|tokens| sign(tokens, "alice", "here", 300)));

    fn tokens(key: &str) -> AccessTokens {
        let keys = key.into();
        let lifetime = Duration::from_mins(5);
        AccessTokens::new(
            &TokenConfig { keys, lifetime, refresh_lifetime: lifetime, password_grant: true },
            ISSUER.to_owned(),
        )
        .unwrap()
    }

    fn sign(tokens: &AccessTokens, user_id: &str, session_id: &str, lives: u64) -> String {
        let expires_at = NOW.plus(Duration::from_secs(lives));
        let (id, stamp) = (session_id.to_owned(), Stamp::of(b""));
        let session = CurrentSession { id, created_at: NOW, expires_at, authenticated_at: NOW, stamp };
        tokens.sign(user_id, &session, NOW).unwrap().0
    }

    fn session_of(tokens: &AccessTokens, token: &str) -> Option<String> {
        tokens.claims(token).map(|claims| claims.sid.clone())
    }

    proptest! {
        #[test]
        fn what_was_signed_is_read_while_its_time_is_now(
            user in any::<String>(), session in any::<String>(), lives in 1_u64..1_000, offset in -400_i64..400,
        ) {
            let at = Timestamp::from_micros(NOW.as_micros() + offset * 1_000_000);
            let is_now = offset >= -LEEWAY && offset < i64::try_from(lives.min(300)).unwrap() + LEEWAY;
            for tokens in [&ED25519, &P256] {
                let token = sign(tokens, &user, &session, lives);
                let read = tokens.verify(&token, at).map(|claims| (claims.sub.clone(), claims.sid.clone()));
                prop_assert_eq!(read, is_now.then(|| (user.clone(), session.clone())));
                prop_assert_eq!(session_of(tokens, &token), Some(session.clone()));
            }
        }

        #[test]
        fn a_changed_token_is_refused(mutation in Mutation::any()) {
            for (tokens, good) in [&ED25519, &P256].into_iter().zip(&*GOOD) {
                let other = mutation.of(good);
                prop_assert_eq!(session_of(tokens, &other).is_some(), other == *good, "{}", other);
            }
        }

        #[test]
        fn no_header_talks_its_way_in(
            algorithm in "none|None|HS256|HS512|EdDSA|ES256|RS256|\\PC{0,6}",
            kind in proptest::option::of("at\\+jwt|JWT|AT\\+JWT|application/at\\+jwt"),
            own_key in any::<bool>(),
            signature in prop_oneof![Just(Vec::new()), proptest::collection::vec(any::<u8>(), 64), proptest::collection::vec(any::<u8>(), 0..80)],
        ) {
            for (tokens, good) in [&ED25519, &P256].into_iter().zip(&*GOOD) {
                let id = if own_key { tokens.keys[0].id.as_str() } else { "another" };
                let header = json!({"alg": algorithm, "typ": kind, "kid": id, "jwk": tokens.keys[0].public});
                let claims = good.split('.').nth(1).unwrap();
                let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
                let forged = format!("{}.{claims}.{}", encode(header.to_string().as_bytes()), encode(&signature));
                prop_assert_eq!(session_of(tokens, &forged), None);
            }
        }

        #[test]
        fn nothing_makes_it_stumble(text in prop_oneof![any::<String>(), "[A-Za-z0-9_-]{0,40}(\\.[A-Za-z0-9_-]{0,40}){0,4}"]) {
            prop_assert!(session_of(&ED25519, &text).is_none() && session_of(&P256, &text).is_none());
        }

        #[test]
        fn the_key_of_one_server_opens_no_other(user in "[a-z]{1,8}") {
            prop_assert_eq!(session_of(&ED25519, &sign(&P256, &user, "here", 300)), None);
            prop_assert_eq!(session_of(&P256, &sign(&ED25519, &user, "here", 300)), None);
        }
    }
}
