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

use super::queries::{self, NO_SUCCESSOR};
use crate::audit::{self, Entry, Event};
use crate::clock::{Clock, SKEW, Timestamp};
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

    /// Uses the one of these refresh tokens that is ours.
    ///
    /// # Errors
    /// Those of the database; the token is then as good as before, or gives its successor once more.
    pub async fn renew(&self, tokens: Vec<PlainToken>, client: &Client) -> Result<Renewal, sqlx::Error> {
        let Some((token, session_id)) = queries::only_known(&self.db, tokens).await? else {
            return Ok(Renewal::Unknown);
        };
        let known = match self.sessions.judge_token_session(&session_id, false).await? {
            Some(Credential::User(known)) => known,
            Some(Credential::Ended { reason, at }) => return Ok(Renewal::Ended(reason, at)),
            Some(Credential::Unknown(_)) | None => return Ok(Renewal::Unknown),
        };
        self.db.write(async |tx| self.renew_within(tx, &token, &session_id, &known.user.id, client).await).await
    }

    /// Decides under the lock of the person: while this waited for it, the session may have ended, or its person been disabled.
    async fn renew_within(
        &self,
        tx: &mut Tx,
        token: &PlainToken,
        session_id: &str,
        user_id: &str,
        client: &Client,
    ) -> Result<Renewal, sqlx::Error> {
        sessions::lock_person(tx, user_id).await?;
        sessions::hold(tx, session_id).await?;
        let known = match self.sessions.judge_token_session_within(tx, session_id).await? {
            Some(Credential::User(known)) => known,
            Some(Credential::Ended { reason, at }) => return Ok(Renewal::Ended(reason, at)),
            Some(Credential::Unknown(_)) | None => return Ok(Renewal::Unknown),
        };
        let now = self.clock.now();
        // A token that was used is found before anything is counted: else whoever uses up what may be renewed would hide a theft.
        let Some(past) = queries::used(tx, &token.hash()).await? else { return Ok(Renewal::Unknown) };
        if past.used_at.is_some() {
            if let Some(newest) = self.newest(tx, token, now).await? {
                return Ok(Renewal::Renewed(known, newest));
            }
            sessions::end_one(tx, session_id, EndReason::Revoked, now).await?;
            let entry = Entry::new(Event::RefreshTokenReused, now).about(user_id).in_session(session_id);
            audit::queries::insert(tx, &entry.from(Some(client))).await?;
            return Ok(Renewal::Reused);
        }
        if queries::count_between(tx, session_id, now.minus(PERIOD), now.plus(SKEW)).await? >= MAX_RENEWALS {
            return Ok(Renewal::TooMany);
        }
        let successor = successor(token, &self.keys[0]);
        let hash = successor.hash();
        let noted = if past.successor_hash.is_some() { &NO_SUCCESSOR[..] } else { hash.as_bytes() };
        if !queries::mark_used(tx, &token.hash(), noted, now).await? {
            return Ok(Renewal::Unknown);
        }
        queries::insert(tx, &hash, session_id, now).await?;
        Ok(Renewal::Renewed(known, successor))
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
            match successor.filter(|_| now.since(used_at).max(used_at.since(now)) <= GRACE) {
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
