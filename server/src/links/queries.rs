//! Every statement about links.

use sqlx::FromRow;

use super::Purpose;
use crate::clock::Timestamp;
use crate::db::rows::Value;
use crate::db::sweep::{self, Old};
use crate::db::{Db, Sql, Tx};
use crate::secret::token::TokenHash;
use crate::{on_db, on_tx, sql};

/// Stores a link.
pub(super) async fn insert(
    tx: &mut Tx,
    token: &TokenHash,
    purpose: Purpose,
    user_id: Option<&str>,
    expires_at: Timestamp,
) -> Result<(), sqlx::Error> {
    const INSERT: Sql = sql!("INSERT INTO link_token (token_hash, purpose, user_id, expires_at) VALUES (?, ?, ?, ?)");
    on_tx!(tx, INSERT, |connection, text| sqlx::query(text)
        .bind(token.as_bytes())
        .bind(purpose)
        .bind(user_id)
        .bind(expires_at)
        .execute(connection)
        .await
        .map(drop))
}

/// Stores the address that a link verifies.
pub(super) async fn insert_email(tx: &mut Tx, token: &TokenHash, email: &str) -> Result<(), sqlx::Error> {
    const INSERT: Sql = sql!("INSERT INTO link_email (token_hash, email) VALUES (?, ?)");
    on_tx!(tx, INSERT, |connection, text| sqlx::query(text)
        .bind(token.as_bytes())
        .bind(email)
        .execute(connection)
        .await
        .map(drop))
}

/// A link that is good, and the person it belongs to.
#[derive(Debug, FromRow)]
pub(super) struct FoundLink {
    pub purpose: Purpose,
    pub expires_at: Timestamp,
    pub user_id: String,
    pub username: String,
    pub email: Option<String>,
    pub full_name: String,
    /// The address that it verifies.
    pub new_email: Option<String>,
}

/// The link that has this token, if it is good and its person enabled.
pub(super) async fn find(db: &Db, token: &TokenHash, now: Timestamp) -> Result<Option<FoundLink>, sqlx::Error> {
    const FIND: Sql = sql!(
        "SELECT l.purpose, l.expires_at, u.id AS user_id, u.username, u.email, u.full_name, e.email AS new_email \
         FROM link_token l JOIN user_account u ON u.id = l.user_id LEFT JOIN link_email e ON e.token_hash = l.token_hash \
         WHERE l.token_hash = ? AND l.expires_at > ? AND u.disabled = ?"
    );
    on_db!(db, FIND, |pool, text| sqlx::query_as(text)
        .bind(token.as_bytes())
        .bind(now)
        .bind(false)
        .fetch_optional(pool)
        .await)
}

/// Uses a link up; says whether it was still good, so that of two at once one wins.
pub(super) async fn consume(tx: &mut Tx, token: &TokenHash, now: Timestamp) -> Result<bool, sqlx::Error> {
    const DELETE: Sql = sql!("DELETE FROM link_token WHERE token_hash = ? AND expires_at > ?");
    on_tx!(tx, DELETE, |connection, text| sqlx::query(text)
        .bind(token.as_bytes())
        .bind(now)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1))
}

/// Takes back every link of a person.
///
/// # Errors
/// Those of the database.
pub async fn delete_of(tx: &mut Tx, user_id: &str) -> Result<(), sqlx::Error> {
    const DELETE: Sql = sql!("DELETE FROM link_token WHERE user_id = ?");
    on_tx!(tx, DELETE, |connection, text| sqlx::query(text).bind(user_id).execute(connection).await.map(drop))
}

/// Takes back the links of a person that have one of these purposes.
///
/// # Errors
/// Those of the database.
pub async fn delete_of_purposes(tx: &mut Tx, user_id: &str, purposes: [Purpose; 2]) -> Result<(), sqlx::Error> {
    const DELETE: Sql = sql!("DELETE FROM link_token WHERE user_id = ? AND (purpose = ? OR purpose = ?)");
    let [one, other] = purposes;
    on_tx!(tx, DELETE, |connection, text| sqlx::query(text)
        .bind(user_id)
        .bind(one)
        .bind(other)
        .execute(connection)
        .await
        .map(drop))
}

/// Whether a link for making the first administrator has this token and is good.
///
/// # Errors
/// Those of the database.
pub async fn is_setup(db: &Db, token: &TokenHash, now: Timestamp) -> Result<bool, sqlx::Error> {
    const COUNT: Sql = sql!("SELECT COUNT(*) FROM link_token WHERE token_hash = ? AND purpose = ? AND expires_at > ?");
    let count: i64 = on_db!(db, COUNT, |pool, text| sqlx::query_scalar(text)
        .bind(token.as_bytes())
        .bind(Purpose::Setup)
        .bind(now)
        .fetch_one(pool)
        .await)?;
    Ok(count == 1)
}

/// Uses up every link for making the first administrator; says whether there was one, so that of two at once one wins,
/// also with two links.
///
/// # Errors
/// Those of the database.
pub async fn consume_setup(tx: &mut Tx) -> Result<bool, sqlx::Error> {
    const DELETE: Sql = sql!("DELETE FROM link_token WHERE purpose = ?");
    on_tx!(tx, DELETE, |connection, text| sqlx::query(text)
        .bind(Purpose::Setup)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() > 0))
}

/// Deletes links that were good until before `until`.
pub(crate) async fn delete_expired(db: &Db, until: Timestamp) -> Result<u64, sqlx::Error> {
    const OLD: Old = Old { table: "link_token", column: "expires_at", children: None, only: None };
    sweep::run(db, &OLD, Value::Integer(Some(until.as_micros()))).await
}
