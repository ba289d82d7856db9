//! What happens between a right password and an open session: one transaction, all or nothing.

use std::net::IpAddr;
use std::time::Duration;

use crate::access_tokens::queries as refresh_tokens;
use crate::clock::Timestamp;
use crate::db::Db;
use crate::identity::{CurrentSession, CurrentUser, EndReason, Means, new_id};
use crate::secret::token::{PlainToken, TokenHash};
use crate::sessions::model::{Kind, UNREMEMBERED};
use crate::sessions::{self, Browser};
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
}

/// A login that has been found right.
#[derive(Debug)]
pub(super) struct Login<'a> {
    pub account: Account,
    /// The password under today's parameters, where it was stored under others.
    pub rehashed: Option<String>,
    pub browser: &'a Browser,
    pub ip: IpAddr,
    pub remember: bool,
    /// The session that this one takes the place of.
    pub replaces: Option<&'a str>,
    /// The first refresh token of a session that tokens carry; `None` for one that a cookie carries.
    pub refresh_token: Option<TokenHash>,
}

/// Opens the session. `None` when the account was disabled or its password changed while the password was being verified.
pub(super) async fn open(
    db: &Db,
    rules: LoginRules,
    login: Login<'_>,
    now: Timestamp,
) -> Result<Option<(PlainToken, CurrentUser)>, sqlx::Error> {
    let Login { account, rehashed, browser, ip, remember, replaces, refresh_token } = login;
    let token = PlainToken::generate();
    let (kind, means, longest) = match refresh_token {
        Some(_) => (Kind::Token, Means::AccessToken, rules.token_lifetime),
        None => (Kind::Cookie, Means::Cookie, rules.lifetime),
    };
    let lifetime = if remember { longest } else { longest.min(UNREMEMBERED) };
    let expires_at = now.plus(lifetime);
    let session = CurrentSession { id: new_id(now), created_at: now, expires_at, authenticated_at: now };

    let ip = ip.to_string();
    let new_session = sessions::queries::NewSession {
        id: &session.id,
        token: token.hash(),
        user_id: &account.id,
        kind,
        browser: browser.as_str(),
        ip: &ip,
        created_at: session.created_at,
        expires_at: session.expires_at,
    };
    let opened = db
        .write(async |tx| {
            if !users::note_login(tx, &account.id, &account.password_hash, now).await? {
                return Ok(false);
            }
            if let Some(password_hash) = &rehashed {
                users::set_password_hash(tx, &account.id, password_hash).await?;
            }
            if let Some(replaced) = replaces {
                sessions::queries::end_one(tx, replaced, EndReason::Replaced, now).await?;
            }
            sessions::queries::insert(tx, &new_session).await?;
            if let Some(refresh_token) = &refresh_token {
                refresh_tokens::insert(tx, refresh_token, &session.id, now).await?;
            }
            sessions::queries::end_surplus(tx, &account.id, rules.max_sessions, now).await?;
            Ok::<_, sqlx::Error>(true)
        })
        .await?;
    if !opened {
        return Ok(None);
    }

    let user = CurrentUser {
        id: account.id,
        username: account.username,
        email: account.email,
        full_name: account.full_name,
        role: account.role,
        created_at: account.created_at,
        session: Some(session),
        means,
    };
    Ok(Some((token, user)))
}
