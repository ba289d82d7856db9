//! The session store behind actix-session: real columns, one query per request, the token only as its hash.

use std::sync::Arc;

use actix_session::storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError};
use actix_web::cookie::time::Duration;

use super::binding::is_same_browser;
use super::exchange;
use super::model::{Kind, Lifetime};
use super::queries::{self, FoundSession};
use super::state::{self, State};
use super::touch::Toucher;
use crate::audit::{self, Entry, Event};
use crate::clock::{Clock, Timestamp};
use crate::config::SessionBinding;
use crate::db::{Db, Tx, View};
use crate::http::problem::Problem;
use crate::identity::{Credential, CurrentUser, EndReason, Known};
use crate::secret::token::{PlainToken, TokenHash};
use crate::telemetry;

/// Answers actix-session from the table `session`.
#[derive(Clone, Debug)]
pub(super) struct SqlSessionStore {
    pub db: Db,
    pub clock: Clock,
    pub lifetime: Lifetime,
    pub binding: SessionBinding,
    pub toucher: Toucher,
    pub by_token: View<TokenHash, Found>,
    pub by_id: View<String, Found>,
}

/// A session that was found, and its person as requests know them.
pub(super) struct Found {
    session: FoundSession,
    user: Arc<Known>,
}

impl From<FoundSession> for Found {
    fn from(session: FoundSession) -> Self {
        let user = CurrentUser::from(&session);
        Self { user: Arc::new(user.into()), session }
    }
}

impl SqlSessionStore {
    /// Leaves what the token is worth with the running request; says whether any session has it, or may have it.
    pub async fn find(&self, token: TokenHash) -> bool {
        // A failure is no verdict: the request goes on, and whoever needs to know who is asking is told that nobody knows.
        let credential = self.judge(token).await.unwrap_or_else(|error| Some(Credential::Unknown(error.into())));
        tracing::trace!(request_id = telemetry::request_id(), "session looked up");
        let is_known = credential.is_some();
        exchange::with(|exchange| *exchange.credential.borrow_mut() = credential);
        is_known
    }

    /// What the token is worth right now; `None` where no session has it.
    async fn judge(&self, token: TokenHash) -> Result<Option<Credential>, sqlx::Error> {
        match self.by_token.find(token, async || found(queries::find_by_token(&self.db, &token).await)).await? {
            Some(found) => {
                let is_use = exchange::with(|exchange| exchange.is_use).unwrap_or(true);
                self.judge_found(&found, is_use).await.map(Some)
            }
            None => Ok(None),
        }
    }

    /// What the session of this id that tokens carry is worth right now; `None` where there is none.
    pub async fn judge_token_session(&self, id: &str, is_use: bool) -> Result<Option<Credential>, sqlx::Error> {
        match self.by_id.find(id.to_owned(), async || found(queries::find_token_session(&self.db, id).await)).await? {
            Some(found) => self.judge_found(&found, is_use).await.map(Some),
            None => Ok(None),
        }
    }

    /// The same, as it is within the transaction. Lock the person first.
    pub async fn judge_token_session_within(&self, tx: &mut Tx, id: &str) -> Result<Option<Credential>, sqlx::Error> {
        match queries::find_token_session_within(tx, id).await? {
            Some(session) => self.judge_found(&session.into(), false).await.map(Some),
            None => Ok(None),
        }
    }

    async fn judge_found(&self, found: &Found, is_use: bool) -> Result<Credential, sqlx::Error> {
        let Found { session, user } = found;
        let now = self.clock.now();
        let ended = self.end_of(session, now);
        if let Some((reason, at)) = ended {
            return Ok(Credential::Ended { reason, at });
        }
        // Tokens travel: an access token is verified by services, a refresh token is held by programs.
        let is_bound = self.binding == SessionBinding::Browser && session.kind == Kind::Cookie;
        if is_bound && !presented_by(&session.browser) {
            // Boxed: hardly any request comes here, and all would carry the room for it around.
            return Box::pin(self.refuse_browser(session, now)).await;
        }
        if is_use {
            self.toucher.seen(&session.id, Some(session.last_seen_at), now, || None);
        }
        telemetry::note_user(&session.user_id);
        Ok(Credential::User(Arc::clone(user)))
    }

    /// Ends a session whose token another browser has presented.
    async fn refuse_browser(&self, session: &FoundSession, now: Timestamp) -> Result<Credential, sqlx::Error> {
        let reason = EndReason::BrowserMismatch;
        let client = exchange::with(|exchange| exchange.client.clone());
        let entry = Entry::new(Event::SessionEnded, now).about(&session.user_id).from(client.as_ref());
        let entry = entry.in_session(&session.id).detail("browser_mismatch");
        self.db
            .write(async |tx| {
                if queries::end(tx, &session.id, &session.user_id, reason, now).await? {
                    audit::queries::insert(tx, &entry).await?;
                }
                Ok::<_, sqlx::Error>(())
            })
            .await?;
        Ok(Credential::Ended { reason, at: now })
    }

    fn end_of(&self, session: &FoundSession, now: Timestamp) -> Option<(EndReason, Timestamp)> {
        if let Some(reason) = session.end_reason {
            return Some((reason, session.ended_at.unwrap_or(session.expires_at)));
        }
        if session.disabled {
            return Some((EndReason::Disabled, now));
        }
        self.lifetime.run_out(session.last_seen_at, session.expires_at, now)
    }
}

fn found(row: Result<Option<FoundSession>, sqlx::Error>) -> Result<Option<Found>, sqlx::Error> {
    row.map(|row| row.map(Found::from))
}

fn presented_by(browser: &str) -> bool {
    exchange::with(|exchange| is_same_browser(browser, exchange.client.browser.as_str())).unwrap_or(false)
}

fn hash_of(key: &SessionKey) -> Option<TokenHash> {
    PlainToken::parse(key.as_ref()).map(|token| token.hash())
}

impl SessionStore for SqlSessionStore {
    async fn load(&self, key: &SessionKey) -> Result<Option<State>, LoadError> {
        let Some(token) = hash_of(key) else { return Ok(None) };
        let is_known = self.find(token).await;
        exchange::with(|exchange| exchange.verified.set(Some(token)));
        Ok(is_known.then(state::known))
    }

    /// The login handler has opened the session and written its row; here its token becomes the cookie.
    async fn save(&self, state: State, _: &Duration) -> Result<SessionKey, SaveError> {
        state::opened(&state).map_err(SaveError::Other)
    }

    /// A login over a live session: always a new token (no fixation). The old one ended with the login.
    async fn update(&self, _: SessionKey, state: State, _: &Duration) -> Result<SessionKey, UpdateError> {
        state::opened(&state).map_err(UpdateError::Other)
    }

    /// The row decides how long a session lives; nothing is extended by using it.
    async fn update_ttl(&self, _: &SessionKey, _: &Duration) -> Result<(), anyhow::Error> {
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<(), anyhow::Error> {
        let Some(token) = hash_of(key) else { return Ok(()) };
        let Some(client) = exchange::with(|exchange| exchange.client.clone()) else { return Ok(()) };
        let ended =
            self.db.write(async |tx| queries::log_out_by_token(tx, &token, &client, self.clock.now()).await).await;
        ended.map_err(|error| {
            // Kept for super::layer, which knows how to tell the client; actix-session would make it an empty 500.
            exchange::with(|exchange| *exchange.failure.borrow_mut() = Some(Problem::from(error)));
            anyhow::anyhow!("the session could not be ended")
        })
    }
}
