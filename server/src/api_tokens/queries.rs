//! Every statement about tokens for scripts.

use std::time::Duration;

use sqlx::FromRow;

use super::model::{MAX_PER_USER, Scope, from_words};
use crate::audit::{self, Entry, Event};
use crate::clock::Timestamp;
use crate::db::rows::Value;
use crate::db::sweep::{self, Old};
use crate::db::{Db, Sql, Tx};
use crate::identity::{CurrentUser, Means, Role};
use crate::secret::token::TokenHash;
use crate::sessions::touch::Sighting;
use crate::{on_db, on_tx, sql};

/// Microseconds.
const DAY: i64 = 86_400_000_000;

/// A token and its person, as its holder is judged by.
#[derive(Debug, FromRow)]
pub struct FoundToken {
    /// The token's id.
    pub id: String,
    scopes: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    user_id: String,
    username: String,
    email: Option<String>,
    full_name: String,
    role: Role,
    /// Whether its person may not use it.
    pub disabled: bool,
    user_created_at: Timestamp,
}

impl From<&FoundToken> for CurrentUser {
    fn from(found: &FoundToken) -> Self {
        Self {
            id: found.user_id.clone(),
            username: found.username.clone(),
            email: found.email.clone(),
            full_name: found.full_name.clone(),
            role: found.role,
            created_at: found.user_created_at,
            session: None,
            means: Means::ApiToken { may_write: from_words(&found.scopes).contains(&Scope::Write) },
        }
    }
}

/// The token that has this hash.
///
/// # Errors
/// Those of the database.
pub async fn find(db: &Db, token: &TokenHash) -> Result<Option<FoundToken>, sqlx::Error> {
    const FIND: Sql = sql!(
        "SELECT t.id, t.scopes, t.expires_at, t.last_used_at, \
                u.id AS user_id, u.username, u.email, u.full_name, u.role, u.disabled, u.created_at AS user_created_at \
         FROM api_token t JOIN user_account u ON u.id = t.user_id \
         WHERE t.token_hash = ?"
    );
    on_db!(db, FIND, |pool, text| sqlx::query_as(text).bind(token.as_bytes()).fetch_optional(pool).await)
}

/// A token to be made.
#[derive(Debug)]
pub struct NewToken<'a> {
    /// Its public id.
    pub id: &'a str,
    /// What is stored of it.
    pub token: TokenHash,
    /// Whose it is.
    pub user_id: &'a str,
    /// What its owner calls it.
    pub name: &'a str,
    /// What it may do, as words.
    pub scopes: &'a str,
    /// Now.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Makes a token, unless its owner has as many as one may; says whether it did. Lock the owner first: two at once cannot both
/// be the last one allowed.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, token: &NewToken<'_>) -> Result<bool, sqlx::Error> {
    const COUNT: Sql = sql!("SELECT COUNT(*) FROM api_token WHERE user_id = ? AND expires_at > ?");
    const INSERT: Sql = sql!(
        "INSERT INTO api_token (id, token_hash, user_id, name, scopes, created_at, expires_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?)"
    );
    let count: i64 = on_tx!(tx, COUNT, |connection, text| sqlx::query_scalar(text)
        .bind(token.user_id)
        .bind(token.created_at)
        .fetch_one(connection)
        .await)?;
    if count >= MAX_PER_USER {
        return Ok(false);
    }
    on_tx!(tx, INSERT, |connection, text| sqlx::query(text)
        .bind(token.id)
        .bind(token.token.as_bytes())
        .bind(token.user_id)
        .bind(token.name)
        .bind(token.scopes)
        .bind(token.created_at)
        .bind(token.expires_at)
        .execute(connection)
        .await
        .map(|_| true))
}

/// A token as its owner sees it.
#[derive(Debug, FromRow)]
pub struct ListedToken {
    /// The public id.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// What it may do, as words.
    pub scopes: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

/// A person's tokens, newest first, from below `before` on (an id; empty for the newest).
///
/// # Errors
/// Those of the database.
pub async fn list(db: &Db, user_id: &str, before: &str, limit: u32) -> Result<Vec<ListedToken>, sqlx::Error> {
    const LIST: Sql = sql!(
        "SELECT id, name, scopes, created_at, expires_at, last_used_at \
         FROM api_token WHERE user_id = ? AND (id < ? OR ? = '') ORDER BY id DESC LIMIT ?"
    );
    on_db!(db, LIST, |pool, text| sqlx::query_as(text)
        .bind(user_id)
        .bind(before)
        .bind(before)
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await)
}

/// How many tokens of a person are good.
///
/// # Errors
/// Those of the database.
pub async fn count_alive(db: &Db, user_id: &str, now: Timestamp) -> Result<i64, sqlx::Error> {
    const COUNT: Sql = sql!("SELECT COUNT(*) FROM api_token WHERE user_id = ? AND expires_at > ?");
    on_db!(db, COUNT, |pool, text| sqlx::query_scalar(text).bind(user_id).bind(now).fetch_one(pool).await)
}

/// Whose token has this id.
///
/// # Errors
/// Those of the database.
pub async fn owner_of(db: &Db, id: &str) -> Result<Option<String>, sqlx::Error> {
    const FIND: Sql = sql!("SELECT user_id FROM api_token WHERE id = ?");
    on_db!(db, FIND, |pool, text| sqlx::query_scalar(text).bind(id).fetch_optional(pool).await)
}

/// Deletes a person's token; says whether there was one.
///
/// # Errors
/// Those of the database.
pub async fn delete(tx: &mut Tx, id: &str, user_id: &str) -> Result<bool, sqlx::Error> {
    const DELETE: Sql = sql!("DELETE FROM api_token WHERE id = ? AND user_id = ?");
    on_tx!(tx, DELETE, |connection, text| sqlx::query(text)
        .bind(id)
        .bind(user_id)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1))
}

/// Deletes all of a person's tokens.
///
/// # Errors
/// Those of the database.
pub async fn delete_all(tx: &mut Tx, user_id: &str) -> Result<(), sqlx::Error> {
    const DELETE: Sql = sql!("DELETE FROM api_token WHERE user_id = ?");
    on_tx!(tx, DELETE, |connection, text| sqlx::query(text).bind(user_id).execute(connection).await.map(drop))
}

/// Deletes those of a person's tokens that were made at `since` or later; says how many.
///
/// # Errors
/// Those of the database.
pub async fn delete_since(tx: &mut Tx, user_id: &str, since: Timestamp) -> Result<u64, sqlx::Error> {
    const DELETE: Sql = sql!("DELETE FROM api_token WHERE user_id = ? AND created_at >= ?");
    on_tx!(tx, DELETE, |connection, text| sqlx::query(text)
        .bind(user_id)
        .bind(since)
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))
}

/// Deletes tokens that expired before `until`.
///
/// # Errors
/// Those of the database.
pub async fn delete_expired(db: &Db, until: Timestamp) -> Result<u64, sqlx::Error> {
    const OLD: Old = Old { table: "api_token", column: "expires_at", children: None, only: None };
    sweep::run(db, &OLD, Value::Integer(Some(until.as_micros()))).await
}

/// Notes when tokens were last used, and in the audit the first use of each day (UTC). Only moves
/// forward, but for what a clock that ran ahead has stored.
///
/// # Errors
/// Those of the database.
pub async fn touch(db: &Db, seen: &[Sighting], every: Duration) -> Result<(), sqlx::Error> {
    const FIND: Sql = sql!("SELECT user_id, name, last_used_at FROM api_token WHERE id = ?");
    const TOUCH: Sql = sql!(
        "UPDATE api_token SET last_used_at = ? \
         WHERE id = ? AND (last_used_at IS NULL OR last_used_at <= ? OR last_used_at >= ?)"
    );
    db.write(async |tx| {
        for Sighting { id, at, client } in seen {
            let found: Option<(String, String, Option<Timestamp>)> =
                on_tx!(tx, FIND, |connection, text| sqlx::query_as(text).bind(id).fetch_optional(connection).await)?;
            let Some((user_id, name, before)) = found else { continue };
            let touched = on_tx!(tx, TOUCH, |connection, text| sqlx::query(text)
                .bind(*at)
                .bind(id)
                .bind(at.minus(every))
                .bind(at.plus(every))
                .execute(connection)
                .await
                .map(|done| done.rows_affected() == 1))?;
            if touched && before.is_none_or(|before| before.as_micros() / DAY != at.as_micros() / DAY) {
                let entry = Entry::new(Event::TokenUsed, *at).about(&user_id).by(Some(&user_id)).detail(&name);
                audit::queries::insert(tx, &entry.from(client.as_ref())).await?;
            }
        }
        Ok(())
    })
    .await
}
