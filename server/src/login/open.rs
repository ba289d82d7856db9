//! What happens between a right password and an open session: one transaction, all or nothing.

use std::net::IpAddr;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::db::Db;
use crate::identity::{CurrentSession, CurrentUser, new_id};
use crate::secret::token::PlainToken;
use crate::sessions::model::{Kind, UNREMEMBERED};
use crate::sessions::{self, Browser};
use crate::users::queries::{self as users, Account};

/// What the configuration says about new sessions.
#[derive(Clone, Copy, Debug)]
pub struct LoginRules {
    /// The longest a session lives.
    pub lifetime: Duration,
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
}

/// Opens the session. `None` when the account was disabled or its password changed while the password was being verified.
pub(super) async fn open(
    db: &Db,
    rules: LoginRules,
    login: Login<'_>,
    now: Timestamp,
) -> Result<Option<(PlainToken, CurrentUser)>, sqlx::Error> {
    let Login { account, rehashed, browser, ip, remember, replaces } = login;
    let token = PlainToken::generate();
    let lifetime = if remember { rules.lifetime } else { rules.lifetime.min(UNREMEMBERED) };
    let session = CurrentSession { id: new_id(now), created_at: now, expires_at: now.plus(lifetime) };

    let ip = ip.to_string();
    let new_session = sessions::queries::NewSession {
        id: &session.id,
        token: token.hash(),
        user_id: &account.id,
        kind: Kind::Cookie,
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
                sessions::queries::replace(tx, replaced, now).await?;
            }
            sessions::queries::insert(tx, &new_session).await?;
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
    };
    Ok(Some((token, user)))
}
