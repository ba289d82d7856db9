//! Every statement about what the guard counts.

use sqlx::FromRow;

use super::Bucket;
use crate::clock::Timestamp;
use crate::db::rows::Value;
use crate::db::sweep::{self, Old};
use crate::db::{self, Db, Sql};
use crate::{on_db, on_tx, sql};

/// What is counted in a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRow)]
pub(super) struct Tally {
    /// Failures in a row.
    pub failures: i64,
    /// From when on the next attempt is allowed.
    pub allowed_at: Timestamp,
}

/// What is counted in the bucket; `None` where that is nothing.
pub(super) async fn find(db: &Db, bucket: &[u8]) -> Result<Option<Tally>, sqlx::Error> {
    const FIND: Sql = sql!("SELECT failures, allowed_at FROM login_guard WHERE bucket = ?");
    on_db!(db, FIND, |pool, text| sqlx::query_as(text).bind(bucket).fetch_optional(pool).await)
}

/// Replaces what is counted, provided that it is still `before`; says whether it was.
pub(super) async fn replace(
    db: &Db,
    bucket: &Bucket,
    before: Option<Tally>,
    after: Tally,
) -> Result<bool, sqlx::Error> {
    const INSERT: Sql = sql!("INSERT INTO login_guard (bucket, user_id, failures, allowed_at) VALUES (?, ?, ?, ?)");
    const UPDATE: Sql = sql!(
        "UPDATE login_guard SET failures = ?, allowed_at = ? WHERE bucket = ? AND failures = ? AND allowed_at = ?"
    );
    let key = &bucket.key[..];
    let Some(before) = before else {
        let insert = db.write(async |tx| {
            on_tx!(tx, INSERT, |connection, text| sqlx::query(text)
                .bind(key)
                .bind(&bucket.user_id)
                .bind(after.failures)
                .bind(after.allowed_at)
                .execute(connection)
                .await
                .map(|_| true))
        });
        return match insert.await {
            // Somebody was quicker.
            Err(error) if db::is_unique_violation(&error) => Ok(false),
            inserted => inserted,
        };
    };
    db.write(async |tx| {
        on_tx!(tx, UPDATE, |connection, text| sqlx::query(text)
            .bind(after.failures)
            .bind(after.allowed_at)
            .bind(key)
            .bind(before.failures)
            .bind(before.allowed_at)
            .execute(connection)
            .await
            .map(|done| done.rows_affected() == 1))
    })
    .await
}

/// Takes one failure back, and the wait that came with it unless more have come since.
pub(super) async fn take_back(db: &Db, bucket: &[u8], before: Tally, after: Tally) -> Result<(), sqlx::Error> {
    // MySQL assigns from left to right: the number is to change last.
    const TAKE_BACK: Sql = sql!(
        "UPDATE login_guard SET allowed_at = CASE WHEN allowed_at = ? THEN ? ELSE allowed_at END, failures = failures - 1 \
         WHERE bucket = ? AND failures > 0"
    );
    db.write(async |tx| {
        on_tx!(tx, TAKE_BACK, |connection, text| sqlx::query(text)
            .bind(after.allowed_at)
            .bind(before.allowed_at)
            .bind(bucket)
            .execute(connection)
            .await
            .map(drop))
    })
    .await
}

/// Forgets the bucket.
pub(super) async fn delete(db: &Db, bucket: &[u8]) -> Result<(), sqlx::Error> {
    const DELETE: Sql = sql!("DELETE FROM login_guard WHERE bucket = ?");
    db.write(async |tx| {
        on_tx!(tx, DELETE, |connection, text| sqlx::query(text).bind(bucket).execute(connection).await.map(drop))
    })
    .await
}

/// Forgets buckets whose wait was over before `moment`.
pub(super) async fn forget(db: &Db, moment: Timestamp) -> Result<(), sqlx::Error> {
    const OLD: Old = Old { table: "login_guard", column: "allowed_at", children: None, only: None };
    sweep::run(db, &OLD, Value::Integer(Some(moment.as_micros()))).await.map(drop)
}
