//! Every statement about the audit.

use std::time::Duration;

use sqlx::FromRow;

use super::{Entry, Event};
use crate::clock::Timestamp;
use crate::db::rows::{self, Value};
use crate::db::sweep::{self, Old};
use crate::db::{Db, Sql, Tx};
use crate::identity::first_id;
use crate::{on_db, on_tx, sql};

/// Writes a line.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, entry: &Entry<'_>) -> Result<(), sqlx::Error> {
    const INSERT: Sql = sql!(
        "INSERT INTO audit_event (id, at, event, user_id, actor_id, session_id, device, ip, detail) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
    );
    let id = entry.id();
    entry.log(&id);
    on_tx!(tx, INSERT, |connection, text| sqlx::query(text)
        .bind(&id)
        .bind(entry.at)
        .bind(entry.event)
        .bind(entry.user_id)
        .bind(entry.actor_id)
        .bind(entry.session_id)
        .bind(entry.client.map(|client| client.browser.as_str()))
        .bind(entry.client.map(|client| client.ip.to_string()))
        .bind(entry.detail)
        .execute(connection)
        .await
        .map(drop))
}

/// Writes up to [`rows::BATCH`] lines.
///
/// # Errors
/// Those of the database.
pub async fn insert_many(tx: &mut Tx, entries: &[Entry<'_>]) -> Result<(), sqlx::Error> {
    const COLUMNS: &str = "id, at, event, user_id, actor_id, session_id, device, ip, detail";
    let text = |text: Option<&str>| Value::Text(text.map(str::to_owned));
    let row = |entry: &Entry<'_>| {
        vec![
            Value::Text(Some(entry.id())),
            Value::Integer(Some(entry.at.as_micros())),
            Value::Text(Some(entry.event.to_string())),
            text(entry.user_id),
            text(entry.actor_id),
            text(entry.session_id),
            text(entry.client.map(|client| client.browser.as_str())),
            Value::Text(entry.client.map(|client| client.ip.to_string())),
            text(entry.detail),
        ]
    };
    let rows: Vec<_> = entries.iter().map(row).collect();
    rows::insert(tx, "audit_event", COLUMNS, &rows).await
}

/// A line as the person it concerns sees it.
#[derive(Debug, FromRow)]
pub struct Activity {
    /// Its id.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: Event,
    /// From which browser.
    pub device: Option<String>,
    /// From which address.
    pub ip: Option<String>,
    /// In or to which session.
    pub session_id: Option<String>,
    /// What else there is to know.
    pub detail: Option<String>,
}

/// What concerns a person, newest first, from below `before` on (an id; empty for the newest). Where somebody else did it
/// from is not theirs to know, nor what a mail server said.
///
/// # Errors
/// Those of the database.
pub async fn activity(db: &Db, user_id: &str, before: &str, limit: u32) -> Result<Vec<Activity>, sqlx::Error> {
    const LIST: Sql = sql!(
        "SELECT id, at, event, CASE WHEN event <> ? THEN detail END AS detail, \
                CASE WHEN actor_id IS NULL OR actor_id = user_id THEN device END AS device, \
                CASE WHEN actor_id IS NULL OR actor_id = user_id THEN ip END AS ip, \
                CASE WHEN actor_id IS NULL OR actor_id = user_id THEN session_id END AS session_id \
         FROM audit_event WHERE user_id = ? AND (id < ? OR ? = '') ORDER BY id DESC LIMIT ?"
    );
    on_db!(db, LIST, |pool, text| sqlx::query_as(text)
        .bind(Event::MailUndelivered)
        .bind(user_id)
        .bind(before)
        .bind(before)
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await)
}

/// Which lines an administrator looks for.
#[derive(Debug)]
pub(super) struct Filter {
    /// The id of who did it.
    pub actor_id: Option<String>,
    /// What.
    pub event: Option<Event>,
    /// The first id that is not too early.
    pub since: String,
}

/// A line as an administrator sees it.
#[derive(Debug, FromRow)]
pub(super) struct Line {
    pub id: String,
    pub at: Timestamp,
    pub event: Event,
    pub user_id: Option<String>,
    pub username: Option<String>,
    pub actor_id: Option<String>,
    pub actor: Option<String>,
    pub device: Option<String>,
    pub ip: Option<String>,
    pub session_id: Option<String>,
    pub detail: Option<String>,
}

/// The lines that `filter` lets through, newest first, from below `before` on (an id; empty for the newest).
pub(super) async fn list(db: &Db, filter: &Filter, before: &str, limit: u32) -> Result<Vec<Line>, sqlx::Error> {
    const LIST: Sql = sql!(
        "SELECT e.id, e.at, e.event, e.user_id, u.username, e.actor_id, a.username AS actor, e.device, e.ip, e.session_id, \
                e.detail \
         FROM audit_event e LEFT JOIN user_account u ON u.id = e.user_id LEFT JOIN user_account a ON a.id = e.actor_id \
         WHERE (? = '' OR e.actor_id = ?) AND (? = '' OR e.event = ?) AND e.id >= ? AND (e.id < ? OR ? = '') \
         ORDER BY e.id DESC LIMIT ?"
    );
    let actor_id = filter.actor_id.as_deref().unwrap_or_default();
    let event = filter.event.map(|event| event.to_string()).unwrap_or_default();
    on_db!(db, LIST, |pool, text| sqlx::query_as(text)
        .bind(actor_id)
        .bind(actor_id)
        .bind(&event)
        .bind(&event)
        .bind(&filter.since)
        .bind(before)
        .bind(before)
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await)
}

/// The id of whoever has this name, folded.
pub(super) async fn id_of(db: &Db, username_folded: &str) -> Result<Option<String>, sqlx::Error> {
    const FIND: Sql = sql!("SELECT id FROM user_account WHERE username_folded = ?");
    on_db!(db, FIND, |pool, text| sqlx::query_scalar(text).bind(username_folded).fetch_optional(pool).await)
}

/// Takes out of the lines about a person what could tell who it was; what happened, and where others did it from, stays.
///
/// # Errors
/// Those of the database.
pub async fn anonymize(tx: &mut Tx, user_id: &str) -> Result<(), sqlx::Error> {
    const ABOUT: Sql = sql!("UPDATE audit_event SET detail = NULL WHERE user_id = ?");
    const STRANGERS: Sql =
        sql!("UPDATE audit_event SET device = NULL, ip = NULL WHERE user_id = ? AND actor_id IS NULL");
    const BY: Sql = sql!("UPDATE audit_event SET device = NULL, ip = NULL WHERE actor_id = ?");
    on_tx!(tx, ABOUT, |connection, text| sqlx::query(text).bind(user_id).execute(connection).await.map(drop))?;
    on_tx!(tx, STRANGERS, |connection, text| sqlx::query(text).bind(user_id).execute(connection).await.map(drop))?;
    on_tx!(tx, BY, |connection, text| sqlx::query(text).bind(user_id).execute(connection).await.map(drop))
}

/// How long a "No" to a sign-in stays at least, with the sign-in: as long as the browser keeps the cookie by which it is known, for
/// which it would be trusted again.
const DENIAL_KEPT: Duration = Duration::from_hours(400 * 24);

/// Deletes the lines that are older than `kept`, which are those with the ids from before; says how many.
///
/// # Errors
/// Those of the database; what was deleted until then stays deleted.
pub async fn delete_old(db: &Db, kept: Duration, now: Timestamp) -> Result<u64, sqlx::Error> {
    const OLD: Old = Old { table: "audit_event", column: "id", children: None, only: None };
    const NO_DENIAL: &str = "event <> 'sign_in_denied' AND (event <> 'login_succeeded' OR COALESCE(session_id, '') NOT IN \
        (SELECT session_id FROM audit_event WHERE event = 'sign_in_denied' AND session_id IS NOT NULL))";
    let older = |than: Duration| Value::Text(Some(first_id(now.minus(than))));
    let others = sweep::run(db, &Old { only: Some(NO_DENIAL), ..OLD }, older(kept)).await?;
    Ok(others + sweep::run(db, &OLD, older(kept.max(DENIAL_KEPT))).await?)
}
