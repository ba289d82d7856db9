//! Every statement about mails that wait.

use sqlx::FromRow;

use super::Letter;
use crate::clock::Timestamp;
use crate::db::{Db, Sql, Tx};
use crate::{on_db, on_tx, sql};

/// Takes out what waits for the same person, to the same address, about the same.
pub(super) async fn delete_older(tx: &mut Tx, letter: &Letter) -> Result<(), sqlx::Error> {
    const DELETE: Sql = sql!("DELETE FROM mail WHERE user_id = ? AND recipient = ? AND subject = ?");
    on_tx!(tx, DELETE, |connection, text| sqlx::query(text)
        .bind(&letter.user_id)
        .bind(&letter.recipient)
        .bind(letter.subject)
        .execute(connection)
        .await
        .map(drop))
}

/// Puts a mail into the queue.
pub(super) async fn insert(tx: &mut Tx, letter: &Letter) -> Result<(), sqlx::Error> {
    const INSERT: Sql = sql!(
        "INSERT INTO mail (id, user_id, recipient, subject, body, created_at, expires_at, attempts, next_attempt_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
    );
    on_tx!(tx, INSERT, |connection, text| sqlx::query(text)
        .bind(&letter.id)
        .bind(&letter.user_id)
        .bind(&letter.recipient)
        .bind(letter.subject)
        .bind(&letter.body)
        .bind(letter.created_at)
        .bind(letter.expires_at)
        .bind(0_i64)
        .bind(letter.created_at)
        .execute(connection)
        .await
        .map(drop))
}

/// A mail that waits. Its body holds a link in clear: it has no Debug.
#[derive(FromRow)]
pub(super) struct Waiting {
    pub id: String,
    pub user_id: String,
    pub recipient: String,
    pub subject: String,
    pub body: String,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub attempts: i64,
    pub next_attempt_at: Timestamp,
}

/// The mail whose turn it is.
pub(super) async fn next(db: &Db, now: Timestamp) -> Result<Option<Waiting>, sqlx::Error> {
    const NEXT: Sql = sql!(
        "SELECT id, user_id, recipient, subject, body, created_at, expires_at, attempts, next_attempt_at FROM mail \
         WHERE next_attempt_at <= ? ORDER BY next_attempt_at, id LIMIT 1"
    );
    on_db!(db, NEXT, |pool, text| sqlx::query_as(text).bind(now).fetch_optional(pool).await)
}

/// How many attempts are told apart by what a mail may wait for after them.
pub(super) const STEPS: usize = 11;

/// A mail that is put off until later than `latest` for its number of attempts: a clock that ran ahead has done so. Looks at all
/// that wait.
pub(super) async fn next_put_off_too_long(
    db: &Db,
    now: Timestamp,
    latest: [Timestamp; STEPS],
) -> Result<Option<Waiting>, sqlx::Error> {
    const NEXT: Sql = sql!(
        "SELECT id, user_id, recipient, subject, body, created_at, expires_at, attempts, next_attempt_at FROM mail \
         WHERE next_attempt_at > ? AND next_attempt_at > \
               CASE attempts WHEN 0 THEN ? WHEN 1 THEN ? WHEN 2 THEN ? WHEN 3 THEN ? WHEN 4 THEN ? WHEN 5 THEN ? \
                             WHEN 6 THEN ? WHEN 7 THEN ? WHEN 8 THEN ? WHEN 9 THEN ? ELSE ? END \
         ORDER BY next_attempt_at, id LIMIT 1"
    );
    on_db!(db, NEXT, |pool, text| {
        let query = latest.iter().fold(sqlx::query_as(text).bind(now), |query, latest| query.bind(*latest));
        query.fetch_optional(pool).await
    })
}

/// Keeps others from a mail until `until`, and counts an attempt; says whether nobody was quicker.
pub(super) async fn claim(db: &Db, mail: &Waiting, until: Timestamp) -> Result<bool, sqlx::Error> {
    const CLAIM: Sql = sql!(
        "UPDATE mail SET attempts = attempts + 1, next_attempt_at = ? \
         WHERE id = ? AND attempts = ? AND next_attempt_at = ?"
    );
    db.write(async |tx| {
        on_tx!(tx, CLAIM, |connection, text| sqlx::query(text)
            .bind(until)
            .bind(&mail.id)
            .bind(mail.attempts)
            .bind(mail.next_attempt_at)
            .execute(connection)
            .await
            .map(|done| done.rows_affected() == 1))
    })
    .await
}

/// Puts a mail off until `until`, unless somebody else has taken it up since the claim that made it `attempts`.
pub(super) async fn put_off(
    db: &Db,
    id: &str,
    attempts: i64,
    until: Timestamp,
    error: &str,
) -> Result<(), sqlx::Error> {
    const PUT_OFF: Sql = sql!("UPDATE mail SET next_attempt_at = ?, last_error = ? WHERE id = ? AND attempts = ?");
    db.write(async |tx| {
        on_tx!(tx, PUT_OFF, |connection, text| sqlx::query(text)
            .bind(until)
            .bind(error)
            .bind(id)
            .bind(attempts)
            .execute(connection)
            .await
            .map(drop))
    })
    .await
}

/// Takes a mail out of the queue; says whether it was in there.
pub(super) async fn delete(tx: &mut Tx, id: &str) -> Result<bool, sqlx::Error> {
    const DELETE: Sql = sql!("DELETE FROM mail WHERE id = ?");
    on_tx!(tx, DELETE, |connection, text| sqlx::query(text)
        .bind(id)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1))
}

/// Deletes mails that were worth sending until before `until`.
pub(crate) async fn delete_expired(db: &Db, until: Timestamp) -> Result<u64, sqlx::Error> {
    const DELETE: Sql = sql!("DELETE FROM mail WHERE expires_at <= ?");
    db.write(async |tx| {
        on_tx!(tx, DELETE, |connection, text| sqlx::query(text)
            .bind(until)
            .execute(connection)
            .await
            .map(|done| done.rows_affected()))
    })
    .await
}
