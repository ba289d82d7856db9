//! What happens between a right password and an open session: one transaction, all or nothing.

use std::time::Duration;

use super::queries::{self, FIRST_BROWSER, NEW_BROWSER};
use crate::access_tokens::queries as refresh_tokens;
use crate::audit::{self, Entry, Event};
use crate::clock::Timestamp;
use crate::db::{Db, Tx};
use crate::http::client::Client;
use crate::http::problem::Problem;
use crate::identity::{CurrentSession, CurrentUser, EndReason, Means, Stamp, new_id};
use crate::secret::token::{PlainToken, TokenHash};
use crate::sessions;
use crate::sessions::device::Device;
use crate::sessions::model::{Kind, UNREMEMBERED};
use crate::users::queries::{self as users, Account};

/// What the configuration says about new sessions.
#[derive(Clone, Copy, Debug)]
pub struct LoginRules {
    /// The longest a session lives that a cookie carries.
    pub lifetime: Duration,
    /// The longest a session lives that tokens carry.
    pub token_lifetime: Duration,
    /// How many sessions a person may have.
    pub max_sessions: u32,
    /// Whether `POST /token` takes a password.
    pub password_grant: bool,
}

/// A login that has been found right.
#[derive(Debug)]
pub(super) struct Login {
    pub account: Account,
    /// The password under today's parameters, where it was stored under others.
    pub rehashed: Option<String>,
}

/// A session to be opened, and how.
#[derive(Debug)]
pub(super) struct Opening<'a> {
    pub rules: LoginRules,
    pub client: &'a Client,
    pub remember: bool,
    /// The session that this one takes the place of.
    pub replaces: Option<&'a str>,
    /// The browser or program; where it is new to the person, they are asked about it in one that they know.
    pub device: &'a Device,
    /// Whether it can be known from now on; programs keep no cookies.
    pub is_browser: bool,
    /// The first refresh token of a session that tokens carry; `None` for one that a cookie carries.
    pub refresh_token: Option<TokenHash>,
    pub now: Timestamp,
}

impl<'a> Opening<'a> {
    /// A session that a cookie carries, and for as long as may be.
    pub fn in_browser(
        rules: LoginRules,
        client: &'a Client,
        device: &'a Device,
        replaces: Option<&'a str>,
        now: Timestamp,
    ) -> Self {
        Self { rules, client, remember: true, replaces, device, is_browser: true, refresh_token: None, now }
    }

    /// The session that this makes: the same however often the transaction has to be tried.
    pub fn session(&self) -> (PlainToken, CurrentSession) {
        let longest = if self.refresh_token.is_some() { self.rules.token_lifetime } else { self.rules.lifetime };
        let lifetime = if self.remember { longest } else { longest.min(UNREMEMBERED) };
        let now = self.now;
        let (token, expires_at) = (PlainToken::generate(), now.plus(lifetime));
        let stamp = Stamp::of(token.hash().as_bytes());
        let session = CurrentSession { id: new_id(now), created_at: now, expires_at, authenticated_at: now, stamp };
        (token, session)
    }

    /// Writes the session's row, ends the one it replaces and those beyond the limit, and notes the sign-in.
    pub async fn insert(
        &self,
        tx: &mut Tx,
        user_id: &str,
        token: &PlainToken,
        session: &CurrentSession,
        newness: Option<&str>,
    ) -> Result<(), sqlx::Error> {
        let ip = self.client.ip.to_string();
        let new_session = sessions::queries::NewSession {
            id: &session.id,
            token: token.hash(),
            user_id,
            kind: if self.refresh_token.is_some() { Kind::Token } else { Kind::Cookie },
            browser: self.client.browser.as_str(),
            ip: &ip,
            created_at: session.created_at,
            expires_at: session.expires_at,
        };
        if let Some(replaced) = self.replaces {
            sessions::queries::end_one(tx, replaced, EndReason::Replaced, self.now).await?;
        }
        sessions::queries::insert(tx, &new_session).await?;
        if let Some(refresh_token) = &self.refresh_token {
            refresh_tokens::insert(tx, refresh_token, &session.id, self.now).await?;
        }
        sessions::queries::end_surplus(tx, user_id, self.rules.max_sessions, self.now).await?;
        let entry = Entry::new(Event::LoginSucceeded, self.now).about(user_id).by(Some(user_id));
        let entry = entry.in_session(&session.id).from(Some(self.client));
        let entry = newness.into_iter().fold(entry, Entry::detail);
        audit::queries::insert(tx, &entry).await
    }

    /// The person, as the new session knows them.
    pub fn user(&self, account: Account, session: CurrentSession) -> CurrentUser {
        CurrentUser {
            id: account.id,
            username: account.username,
            email: account.email,
            full_name: account.full_name,
            role: account.role,
            created_at: account.created_at,
            session: Some(session),
            means: if self.refresh_token.is_some() { Means::AccessToken } else { Means::Cookie },
        }
    }
}

/// Opens the session. `None` when the account was disabled or its password changed while the password was being verified.
pub(super) async fn open(
    db: &Db,
    login: Login,
    opening: &Opening<'_>,
) -> Result<Option<(PlainToken, CurrentUser)>, sqlx::Error> {
    let Login { account, rehashed } = login;
    let (token, session) = opening.session();
    let now = opening.now;
    let is_known = match opening.device.known_since(&account.id) {
        Some(since) => !queries::standing(db, &account.id, since).await?.was_denied,
        None => false,
    };
    // Whoever signs in first need not be whose account it is: the next browser is asked about it.
    let newness = match account.last_login_at {
        _ if is_known => None,
        Some(_) => Some(NEW_BROWSER),
        None => Some(FIRST_BROWSER),
    };
    let opened = db
        .write(async |tx| {
            if !users::note_login(tx, &account.id, &account.password_hash, now).await? {
                return Ok(false);
            }
            if let Some(password_hash) = &rehashed {
                users::set_password_hash(tx, &account.id, password_hash).await?;
            }
            opening.insert(tx, &account.id, &token, &session, newness).await?;
            Ok::<_, sqlx::Error>(true)
        })
        .await?;
    if opened && opening.is_browser {
        opening.device.remember(&account.id, now);
    }
    Ok(opened.then(|| (token, opening.user(account, session))))
}

/// The session that the browser is signed in with. Not knowing is not the same as there being none.
pub(super) fn session_to_replace(current: Result<CurrentUser, Problem>) -> Result<Option<String>, Problem> {
    match current {
        Ok(user) => Ok(user.session.map(|session| session.id)),
        Err(problem) if problem.code().status().is_server_error() => Err(problem),
        Err(_) => Ok(None),
    }
}
