//! Every statement about failed attempts.

use crate::clock::Timestamp;
use crate::db::rows::Value;
use crate::db::sweep::{self, Old};
use crate::db::{self, Db, Sql};
use crate::{on_db, on_tx, sql};

/// When the bucket will be empty of failures again; `None` when it is.
pub(super) async fn refilled_at(db: &Db, bucket: &[u8]) -> Result<Option<Timestamp>, sqlx::Error> {
    const FIND: Sql = sql!("SELECT refilled_at FROM login_attempt WHERE bucket = ?");
    on_db!(db, FIND, |pool, text| sqlx::query_scalar(text).bind(bucket).fetch_optional(pool).await)
}

/// Adds one failure, worth `cost` microseconds, to the bucket.
pub(super) async fn add_failure(db: &Db, bucket: &[u8], now: Timestamp, cost: i64) -> Result<(), sqlx::Error> {
    if add_to_existing(db, bucket, now, cost).await? {
        return Ok(());
    }
    match insert(db, bucket, now, cost).await {
        // Somebody was quicker.
        Err(error) if db::is_unique_violation(&error) => add_to_existing(db, bucket, now, cost).await.map(drop),
        done => done,
    }
}

async fn add_to_existing(db: &Db, bucket: &[u8], now: Timestamp, cost: i64) -> Result<bool, sqlx::Error> {
    const ADD: Sql = sql!(
        "UPDATE login_attempt SET refilled_at = ? + CASE WHEN refilled_at > ? THEN refilled_at ELSE ? END \
         WHERE bucket = ?"
    );
    db.write(async |tx| {
        on_tx!(tx, ADD, |connection, text| sqlx::query(text)
            .bind(cost)
            .bind(now)
            .bind(now)
            .bind(bucket)
            .execute(connection)
            .await
            .map(|done| done.rows_affected() == 1))
    })
    .await
}

async fn insert(db: &Db, bucket: &[u8], now: Timestamp, cost: i64) -> Result<(), sqlx::Error> {
    const INSERT: Sql = sql!("INSERT INTO login_attempt (bucket, refilled_at) VALUES (?, ?)");
    db.write(async |tx| {
        on_tx!(tx, INSERT, |connection, text| sqlx::query(text)
            .bind(bucket)
            .bind(Timestamp::from_micros(now.as_micros().saturating_add(cost)))
            .execute(connection)
            .await
            .map(drop))
    })
    .await
}

/// Forgets buckets that are empty again.
pub(super) async fn forget(db: &Db, now: Timestamp) -> Result<(), sqlx::Error> {
    const OLD: Old = Old { table: "login_attempt", column: "refilled_at", children: None };
    sweep::run(db, &OLD, Value::Integer(Some(now.as_micros()))).await.map(drop)
}
