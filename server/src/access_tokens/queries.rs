//! Every statement about refresh tokens.

use sqlx::FromRow;

use crate::clock::Timestamp;
use crate::db::{Db, Sql, Tx};
use crate::secret::token::{PlainToken, TokenHash};
use crate::{on_db, on_tx, sql};

/// Stores a refresh token that is given out now.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, token: &TokenHash, session_id: &str, now: Timestamp) -> Result<(), sqlx::Error> {
    const INSERT: Sql = sql!("INSERT INTO refresh_token (token_hash, session_id, issued_at) VALUES (?, ?, ?)");
    on_tx!(tx, INSERT, |connection, text| sqlx::query(text)
        .bind(token.as_bytes())
        .bind(session_id)
        .bind(now)
        .execute(connection)
        .await
        .map(drop))
}

/// The session that a refresh token was given out for.
///
/// # Errors
/// Those of the database.
pub async fn session_of(db: &Db, token: &TokenHash) -> Result<Option<String>, sqlx::Error> {
    const FIND: Sql = sql!("SELECT session_id FROM refresh_token WHERE token_hash = ?");
    on_db!(db, FIND, |pool, text| sqlx::query_scalar(text).bind(token.as_bytes()).fetch_optional(pool).await)
}

/// The one of a request's tokens that is known here, and its session. Of several, somebody has planted all but one; where two are
/// known, none is believed.
///
/// # Errors
/// Those of the database.
pub async fn only_known(db: &Db, tokens: Vec<PlainToken>) -> Result<Option<(PlainToken, String)>, sqlx::Error> {
    let mut known = None;
    for token in tokens {
        if let Some(session_id) = session_of(db, &token.hash()).await? {
            if known.is_some() {
                return Ok(None);
            }
            known = Some((token, session_id));
        }
    }
    Ok(known)
}

/// Puts this token in the place of all that were given out for the session.
///
/// # Errors
/// Those of the database.
pub async fn replace_all(tx: &mut Tx, token: &TokenHash, session_id: &str, now: Timestamp) -> Result<(), sqlx::Error> {
    const DELETE: Sql = sql!("DELETE FROM refresh_token WHERE session_id = ?");
    on_tx!(tx, DELETE, |connection, text| sqlx::query(text).bind(session_id).execute(connection).await.map(drop))?;
    insert(tx, token, session_id, now).await
}

/// Stands for the successor of a token that has none for whoever presents it again.
pub(super) const NO_SUCCESSOR: [u8; 32] = [0; 32];

/// Leaves of the session's tokens only the one that was not used yet, for one use, however soon it comes back after that: it may
/// have been copied, and nobody can be given another in its place.
///
/// # Errors
/// Those of the database.
pub async fn confine(tx: &mut Tx, session_id: &str) -> Result<(), sqlx::Error> {
    const DELETE: Sql = sql!("DELETE FROM refresh_token WHERE session_id = ? AND used_at IS NOT NULL");
    const CONFINE: Sql = sql!("UPDATE refresh_token SET successor_hash = ? WHERE session_id = ?");
    on_tx!(tx, DELETE, |connection, text| sqlx::query(text).bind(session_id).execute(connection).await.map(drop))?;
    on_tx!(tx, CONFINE, |connection, text| sqlx::query(text)
        .bind(&NO_SUCCESSOR[..])
        .bind(session_id)
        .execute(connection)
        .await
        .map(drop))
}

/// How many tokens were given out for the session from then until now, and not by a clock that ran ahead.
pub(super) async fn count_between(
    tx: &mut Tx,
    session_id: &str,
    since: Timestamp,
    until: Timestamp,
) -> Result<i64, sqlx::Error> {
    const COUNT: Sql =
        sql!("SELECT COUNT(*) FROM refresh_token WHERE session_id = ? AND issued_at > ? AND issued_at <= ?");
    on_tx!(tx, COUNT, |connection, text| sqlx::query_scalar(text)
        .bind(session_id)
        .bind(since)
        .bind(until)
        .fetch_one(connection)
        .await)
}

/// Marks a token as used, if it was not; says whether this call was the one that did.
pub(super) async fn mark_used(
    tx: &mut Tx,
    token: &TokenHash,
    successor: &[u8],
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    const USE: Sql =
        sql!("UPDATE refresh_token SET used_at = ?, successor_hash = ? WHERE token_hash = ? AND used_at IS NULL");
    on_tx!(tx, USE, |connection, text| sqlx::query(text)
        .bind(now)
        .bind(successor)
        .bind(token.as_bytes())
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1))
}

/// What became of a token that was used.
#[derive(Debug, FromRow)]
pub(super) struct Used {
    pub used_at: Option<Timestamp>,
    pub successor_hash: Option<Vec<u8>>,
}

/// When a token was used, and what took its place.
pub(super) async fn used(tx: &mut Tx, token: &TokenHash) -> Result<Option<Used>, sqlx::Error> {
    const FIND: Sql = sql!("SELECT used_at, successor_hash FROM refresh_token WHERE token_hash = ?");
    on_tx!(tx, FIND, |connection, text| sqlx::query_as(text).bind(token.as_bytes()).fetch_optional(connection).await)
}
