//! Refresh tokens: each is good for one use, which gives its successor. One that comes back after that was copied, and ends
//! the whole family (RFC 9700 section 4.14.2).
//!
//! Two tabs, or a browser that repeats a request whose answer was lost, may present the same token at nearly the same time.
//! For ten seconds all of them get the same successor. It is not kept anywhere in clear for that: it is computed from the
//! token that is presented and a key of the server's.

use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use super::queries;
use crate::audit::{self, Entry, Event};
use crate::clock::{Clock, Timestamp};
use crate::db::{Db, Tx};
use crate::http::client::Client;
use crate::identity::{Credential, EndReason, Known};
use crate::secret::token::PlainToken;
use crate::sessions::layer::Sessions;
use crate::sessions::queries as sessions;

/// How long a token that was used still gives its successor.
const GRACE: Duration = Duration::from_secs(10);
/// How often a session may be renewed within [`PERIOD`]: every used token is kept until its session is forgotten.
const MAX_RENEWALS: i64 = 30;
/// See [`MAX_RENEWALS`].
pub const PERIOD: Duration = Duration::from_mins(1);

/// What a refresh token is worth.
#[derive(Debug)]
pub enum Renewal {
    /// Its successor, and whose it is.
    Renewed(Arc<Known>, PlainToken),
    /// It was used before: its session has been ended.
    Reused,
    /// Its session has ended.
    Ended(EndReason, Timestamp),
    /// Its session was renewed too often just now.
    TooMany,
    /// Nobody knows it.
    Unknown,
}

/// What became of a token that is good.
enum Outcome {
    Successor(PlainToken),
    TooMany,
    Reused,
    Unknown,
}

/// Renews refresh tokens.
#[derive(Clone, Debug)]
pub struct Refresher {
    db: Db,
    clock: Clock,
    sessions: Sessions,
    keys: Vec<SecretString>,
}

impl Refresher {
    /// The keys are those that sign cookies: the first makes successors, all recognise them.
    #[must_use]
    pub fn new(db: Db, clock: Clock, sessions: Sessions, keys: Vec<SecretString>) -> Self {
        Self { db, clock, sessions, keys }
    }

    /// Uses a refresh token.
    ///
    /// # Errors
    /// Those of the database; the token is then as good as before, or gives its successor once more.
    pub async fn renew(&self, token: &PlainToken, client: &Client) -> Result<Renewal, sqlx::Error> {
        let Some(session_id) = queries::session_of(&self.db, &token.hash()).await? else {
            return Ok(Renewal::Unknown);
        };
        let known = match self.sessions.judge_token_session(&session_id, false).await? {
            Some(Credential::User(known)) => known,
            Some(Credential::Ended { reason, at }) => return Ok(Renewal::Ended(reason, at)),
            Some(Credential::Unknown(_)) | None => return Ok(Renewal::Unknown),
        };
        let now = self.clock.now();
        let outcome = self
            .db
            .write(async |tx| {
                let successor = successor(token, &self.keys[0]);
                if queries::count_since(tx, &session_id, now.minus(PERIOD)).await? >= MAX_RENEWALS {
                    return Ok(Outcome::TooMany);
                }
                if queries::mark_used(tx, &token.hash(), &successor.hash(), now).await? {
                    queries::insert(tx, &successor.hash(), &session_id, now).await?;
                    return Ok(Outcome::Successor(successor));
                }
                // Its person may have left meanwhile: that is no theft.
                if queries::used(tx, &token.hash()).await?.is_none() {
                    return Ok(Outcome::Unknown);
                }
                if let Some(newest) = self.newest(tx, token, now).await? {
                    return Ok(Outcome::Successor(newest));
                }
                sessions::end_one(tx, &session_id, EndReason::Revoked, now).await?;
                let entry = Entry::new(Event::RefreshTokenReused, now)
                    .about(&known.user.id)
                    .in_session(&session_id)
                    .from(Some(client));
                audit::queries::insert(tx, &entry).await?;
                Ok::<_, sqlx::Error>(Outcome::Reused)
            })
            .await?;
        Ok(match outcome {
            Outcome::Successor(successor) => Renewal::Renewed(known, successor),
            Outcome::TooMany => Renewal::TooMany,
            Outcome::Reused => Renewal::Reused,
            Outcome::Unknown => Renewal::Unknown,
        })
    }

    /// The last of the tokens that followed this one, where each took the place of the one before just now: an answer that
    /// comes late must not put an older token in the place of a newer one.
    async fn newest(&self, tx: &mut Tx, token: &PlainToken, now: Timestamp) -> Result<Option<PlainToken>, sqlx::Error> {
        let mut newest = None;
        let mut token = token.clone();
        while let Some(past) = queries::used(tx, &token.hash()).await? {
            let Some(used_at) = past.used_at else { break };
            let hash = past.successor_hash.unwrap_or_default();
            let mut successors = self.keys.iter().map(|key| successor(&token, key));
            let successor = successors.find(|successor| successor.hash().as_bytes() == hash);
            match successor.filter(|_| now.since(used_at) <= GRACE) {
                Some(successor) => token = successor,
                None => return Ok(None),
            }
            newest = Some(token.clone());
        }
        Ok(newest)
    }
}

/// The token that takes this one's place. Without the key it cannot be guessed, not even by who knows this token.
fn successor(token: &PlainToken, key: &SecretString) -> PlainToken {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes()).expect("HMAC takes keys of any length");
    mac.update(b"hallpass refresh token successor\0");
    mac.update(token.expose().as_bytes());
    PlainToken::from_bytes(mac.finalize().into_bytes().into())
}
