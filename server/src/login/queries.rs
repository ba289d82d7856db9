//! Every statement about failed attempts, and about sign-ins from new browsers.

use std::time::Duration;

use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;

use super::throttle::OneMore;
use crate::audit::Event;
use crate::clock::Timestamp;
use crate::db::rows::Value;
use crate::db::sweep::{self, Old};
use crate::db::{self, Db, Sql, Tx};
use crate::identity::first_id;
use crate::{on_db, on_tx, sql};

/// When the bucket will be empty of failures again; `None` when it is.
pub(super) async fn refilled_at(db: &Db, bucket: &[u8]) -> Result<Option<Timestamp>, sqlx::Error> {
    const FIND: Sql = sql!("SELECT refilled_at FROM login_attempt WHERE bucket = ?");
    on_db!(db, FIND, |pool, text| sqlx::query_scalar(text).bind(bucket).fetch_optional(pool).await)
}

/// Counts one more in the bucket, whatever is in there.
pub(super) async fn add_failure(db: &Db, bucket: &[u8], more: OneMore) -> Result<(), sqlx::Error> {
    let more = OneMore { latest: NEVER, ..more };
    if !add(db, bucket, more).await? && !insert(db, bucket, more.now, more.cost).await? {
        add(db, bucket, more).await?;
    }
    Ok(())
}

/// Counts one more in the bucket, if there is room; says whether there was.
pub(super) async fn take(db: &Db, bucket: &[u8], more: OneMore) -> Result<bool, sqlx::Error> {
    loop {
        if add(db, bucket, more).await? {
            return Ok(true);
        }
        // What is found now is not what the addition met: somebody else may have begun the bucket since, or swept it out.
        match refilled_at(db, bucket).await? {
            Some(refilled_at) if refilled_at > more.latest && refilled_at <= more.limit => return Ok(false),
            None if insert(db, bucket, more.now, more.cost).await? => return Ok(true),
            Some(_) | None => {}
        }
    }
}

/// Later than any bucket is empty again.
const NEVER: Timestamp = Timestamp::from_micros(i64::MAX);

/// Counts one more in a bucket that exists and has room; says whether there is one.
async fn add(db: &Db, bucket: &[u8], more: OneMore) -> Result<bool, sqlx::Error> {
    db.write(async |tx| add_within(tx, bucket, more).await).await
}

async fn add_within(tx: &mut Tx, bucket: &[u8], more: OneMore) -> Result<bool, sqlx::Error> {
    const ADD: Sql = sql!(
        "UPDATE login_attempt SET refilled_at = ? + CASE WHEN refilled_at > ? THEN ? WHEN refilled_at > ? THEN ? \
                                                        WHEN refilled_at > ? THEN refilled_at ELSE ? END \
         WHERE bucket = ? AND (refilled_at <= ? OR refilled_at > ?)"
    );
    let OneMore { now, cost, latest, full, limit } = more;
    let nearly_full = Timestamp::from_micros(full.as_micros().saturating_sub(cost));
    on_tx!(tx, ADD, |connection, text| sqlx::query(text)
        .bind(cost)
        .bind(limit)
        .bind(now)
        .bind(nearly_full)
        .bind(nearly_full)
        .bind(now)
        .bind(now)
        .bind(bucket)
        .bind(latest)
        .bind(limit)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1))
}

/// [`take`] in the transaction of what is counted, of a bucket that has been begun: what is not done is not counted.
pub(super) async fn take_within(tx: &mut Tx, bucket: &[u8], more: OneMore) -> Result<bool, sqlx::Error> {
    const COUNT: Sql = sql!("SELECT COUNT(*) FROM login_attempt WHERE bucket = ?");
    if add_within(tx, bucket, more).await? {
        return Ok(true);
    }
    // One that has just been swept out has room.
    let begun: i64 =
        on_tx!(tx, COUNT, |connection, text| sqlx::query_scalar(text).bind(bucket).fetch_one(connection).await)?;
    Ok(begun == 0)
}

/// Begins a bucket with this much in it; says whether nobody was quicker.
pub(super) async fn insert(db: &Db, bucket: &[u8], now: Timestamp, cost: i64) -> Result<bool, sqlx::Error> {
    const INSERT: Sql = sql!("INSERT INTO login_attempt (bucket, refilled_at) VALUES (?, ?)");
    let insert = db.write(async |tx| {
        on_tx!(tx, INSERT, |connection, text| sqlx::query(text)
            .bind(bucket)
            .bind(Timestamp::from_micros(now.as_micros().saturating_add(cost)))
            .execute(connection)
            .await
            .map(|_| true))
    });
    match insert.await {
        Err(error) if db::is_unique_violation(&error) => Ok(false),
        inserted => inserted,
    }
}

/// Forgets buckets that are empty again.
pub(super) async fn forget(db: &Db, now: Timestamp) -> Result<(), sqlx::Error> {
    const OLD: Old = Old { table: "login_attempt", column: "refilled_at", children: None, only: None };
    sweep::run(db, &OLD, Value::Integer(Some(now.as_micros()))).await.map(drop)
}

/// A sign-in from a browser that was new to the person.
#[derive(Debug, Serialize, ToSchema, FromRow)]
pub struct NewSignIn {
    /// The session that was opened.
    pub session_id: String,
    /// When.
    pub at: Timestamp,
    /// With which browser.
    pub device: String,
    /// From which address.
    pub ip: String,
}

/// The detail of the line that notes such a sign-in.
pub(super) const NEW_BROWSER: &str = "new_browser";
/// The detail of the line that notes the first sign-in of all to an account that somebody else has made.
pub(super) const FIRST_BROWSER: &str = "first_browser";

/// What a person is asked about in a browser.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    /// The person.
    pub user_id: &'a str,
    /// The session that asks: nobody answers for themselves.
    pub in_session: &'a str,
    /// Since when the browser is known: it has made the sign-in of that moment.
    pub known_since: Timestamp,
    /// Sign-ins from new browsers are asked about that came after this moment.
    pub since: Timestamp,
    /// The first sign-in of all is asked about if it came after this one.
    pub first_since: Timestamp,
}

/// Sign-ins that nobody has answered for; the newest first.
pub(super) async fn new_sign_ins(db: &Db, asked: Asked<'_>) -> Result<Vec<NewSignIn>, sqlx::Error> {
    const FIND: Sql = sql!(
        "SELECT e.session_id, e.at, e.device, e.ip FROM audit_event e \
         WHERE e.user_id = ? AND e.id >= ? AND e.at <> ? AND e.event = ? AND e.session_id <> ? \
           AND ((e.detail = ? AND e.at > ?) OR e.detail = ?) \
           AND NOT EXISTS (SELECT 1 FROM audit_event a WHERE a.user_id = e.user_id AND a.id >= ? \
                           AND a.session_id = e.session_id AND a.event IN (?, ?)) \
         ORDER BY e.id DESC LIMIT 10"
    );
    let Asked { user_id, in_session, known_since, since, first_since } = asked;
    let first = first_id(first_since.min(since));
    on_db!(db, FIND, |pool, text| sqlx::query_as(text)
        .bind(user_id)
        .bind(&first)
        .bind(known_since)
        .bind(Event::LoginSucceeded)
        .bind(in_session)
        .bind(NEW_BROWSER)
        .bind(since)
        .bind(FIRST_BROWSER)
        .bind(&first)
        .bind(Event::SignInConfirmed)
        .bind(Event::SignInDenied)
        .fetch_all(pool)
        .await)
}

/// What is known of the sign-in since which a browser is known.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Standing {
    /// The person has said that it was not theirs.
    pub was_denied: bool,
    /// It was the first of all, and nobody has said whose it was.
    pub is_unconfirmed_first: bool,
}

/// How the browser stands that has made the sign-in at that very moment.
pub(super) async fn standing(db: &Db, user_id: &str, at: Timestamp) -> Result<Standing, sqlx::Error> {
    const FIND: Sql = sql!(
        "SELECT e.detail, a.event FROM audit_event e LEFT JOIN audit_event a \
           ON a.user_id = e.user_id AND a.id >= ? AND a.session_id = e.session_id AND a.event IN (?, ?) \
         WHERE e.user_id = ? AND e.id >= ? AND e.id < ? AND e.event = ?"
    );
    let (first, end) = (first_id(at), first_id(at.plus(Duration::from_micros(1))));
    let found: Vec<(Option<String>, Option<Event>)> = on_db!(db, FIND, |pool, text| sqlx::query_as(text)
        .bind(&first)
        .bind(Event::SignInConfirmed)
        .bind(Event::SignInDenied)
        .bind(user_id)
        .bind(&first)
        .bind(&end)
        .bind(Event::LoginSucceeded)
        .fetch_all(pool)
        .await)?;
    Ok(Standing {
        was_denied: found.iter().any(|(_, answer)| *answer == Some(Event::SignInDenied)),
        is_unconfirmed_first: found
            .iter()
            .any(|(detail, answer)| detail.as_deref() == Some(FIRST_BROWSER) && answer.is_none()),
    })
}

/// When the first of the sign-ins since `since` was that the person has said were not theirs; `None` where there is none.
pub(super) async fn first_denied(
    tx: &mut Tx,
    user_id: &str,
    since: Timestamp,
) -> Result<Option<Timestamp>, sqlx::Error> {
    const FIND: Sql = sql!(
        "SELECT MIN(e.at) FROM audit_event e WHERE e.user_id = ? AND e.id >= ? AND e.event = ? \
           AND EXISTS (SELECT 1 FROM audit_event a WHERE a.user_id = e.user_id AND a.id >= ? \
                       AND a.session_id = e.session_id AND a.event = ?)"
    );
    let first = first_id(since);
    on_tx!(tx, FIND, |connection, text| sqlx::query_scalar(text)
        .bind(user_id)
        .bind(&first)
        .bind(Event::LoginSucceeded)
        .bind(&first)
        .bind(Event::SignInDenied)
        .fetch_one(connection)
        .await)
}
