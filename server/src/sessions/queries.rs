//! Every statement about sessions. All of them only ever end an active session or insert a new one: nothing here can bring
//! an ended session back.

use std::time::Duration;

use sqlx::FromRow;

use super::model::{Kind, Lifetime, Status};
use super::touch::{Sighting, TOUCH_EVERY};
use crate::audit::{self, Entry, Event};
use crate::clock::{SKEW, Timestamp};
use crate::db::rows::{self, Value};
use crate::db::sweep::{self, Old};
use crate::db::{Db, Sql, Tx};
use crate::http::client::Client;
use crate::http::problem::{Code, Problem};
use crate::identity::{CurrentSession, CurrentUser, EndReason, Means, Role, Stamp};
use crate::secret::token::TokenHash;
use crate::{on_db, on_tx, sql, telemetry};

/// A session and its person, as the token's holder is judged by.
#[derive(Debug, FromRow)]
pub(super) struct FoundSession {
    pub id: String,
    pub token_hash: Vec<u8>,
    pub end_reason: Option<EndReason>,
    pub browser: String,
    pub kind: Kind,
    pub created_at: Timestamp,
    pub authenticated_at: Timestamp,
    pub last_seen_at: Timestamp,
    pub expires_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub user_id: String,
    pub username: String,
    pub email: Option<String>,
    pub full_name: String,
    pub role: Role,
    pub disabled: bool,
    pub user_created_at: Timestamp,
}

impl From<&FoundSession> for CurrentUser {
    fn from(found: &FoundSession) -> Self {
        Self {
            id: found.user_id.clone(),
            username: found.username.clone(),
            email: found.email.clone(),
            full_name: found.full_name.clone(),
            role: found.role,
            created_at: found.user_created_at,
            session: Some(CurrentSession {
                id: found.id.clone(),
                created_at: found.created_at,
                expires_at: found.expires_at,
                authenticated_at: found.authenticated_at,
                stamp: Stamp::of(&found.token_hash),
            }),
            means: match found.kind {
                Kind::Cookie => Means::Cookie,
                Kind::Token => Means::AccessToken,
            },
        }
    }
}

/// The statement that finds a session and its person.
macro_rules! find_where {
    ($condition:literal) => {
        sql!(concat!(
            "SELECT s.id, s.token_hash, s.end_reason, s.browser, s.kind, s.created_at, s.authenticated_at, s.last_seen_at, s.expires_at, \
                    s.ended_at, u.id AS user_id, u.username, u.email, u.full_name, u.role, u.disabled, \
                    u.created_at AS user_created_at \
             FROM session s JOIN user_account u ON u.id = s.user_id WHERE ",
            $condition
        ))
    };
}

/// The session that has this token, alive or ended.
pub(super) async fn find_by_token(db: &Db, token: &TokenHash) -> Result<Option<FoundSession>, sqlx::Error> {
    const FIND: Sql = find_where!("s.token_hash = ?");
    on_db!(db, FIND, |pool, text| sqlx::query_as(text).bind(token.as_bytes()).fetch_optional(pool).await)
}

/// The session of that id that tokens carry, alive or ended.
pub(super) async fn find_token_session(db: &Db, id: &str) -> Result<Option<FoundSession>, sqlx::Error> {
    on_db!(db, TOKEN_SESSION, |pool, text| sqlx::query_as(text).bind(id).bind(Kind::Token).fetch_optional(pool).await)
}

/// The same as it is within the transaction.
pub(super) async fn find_token_session_within(tx: &mut Tx, id: &str) -> Result<Option<FoundSession>, sqlx::Error> {
    on_tx!(tx, TOKEN_SESSION, |connection, text| sqlx::query_as(text)
        .bind(id)
        .bind(Kind::Token)
        .fetch_optional(connection)
        .await)
}

const TOKEN_SESSION: Sql = find_where!("s.id = ? AND s.kind = ?");

/// A session to be opened.
#[derive(Debug)]
pub struct NewSession<'a> {
    /// Its public id.
    pub id: &'a str,
    /// What is stored of its token.
    pub token: TokenHash,
    /// Whose it is.
    pub user_id: &'a str,
    /// What carries it.
    pub kind: Kind,
    /// The browser that makes it.
    pub browser: &'a str,
    /// The address it is made from.
    pub ip: &'a str,
    /// When it is made.
    pub created_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}

/// Opens a session.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, session: &NewSession<'_>) -> Result<(), sqlx::Error> {
    const INSERT: Sql = sql!(
        "INSERT INTO session (id, token_hash, user_id, kind, status, browser, ip, \
                              created_at, authenticated_at, last_seen_at, expires_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    );
    on_tx!(tx, INSERT, |connection, text| sqlx::query(text)
        .bind(session.id)
        .bind(session.token.as_bytes())
        .bind(session.user_id)
        .bind(session.kind)
        .bind(Status::Active)
        .bind(session.browser)
        .bind(session.ip)
        .bind(session.created_at)
        .bind(session.created_at)
        .bind(session.created_at)
        .bind(session.expires_at)
        .execute(connection)
        .await
        .map(|_| ()))
}

/// What the person may do whose session lives, asked within the transaction that depends on it; `None` when it has ended or
/// its person is disabled.
///
/// # Errors
/// Those of the database.
pub async fn role_of_living(tx: &mut Tx, id: &str, now: Timestamp) -> Result<Option<Role>, sqlx::Error> {
    const ROLE: Sql = sql!(
        "SELECT u.role FROM session s JOIN user_account u ON u.id = s.user_id \
         WHERE s.id = ? AND s.status = ? AND s.expires_at > ? AND u.disabled = ?"
    );
    on_tx!(tx, ROLE, |connection, text| sqlx::query_scalar(text)
        .bind(id)
        .bind(Status::Active)
        .bind(now)
        .bind(false)
        .fetch_optional(connection)
        .await)
}

/// Locks an account until the transaction ends; says whether it is there. Whatever else changes it, or takes back what is its
/// person's, comes before or afterwards: what that may have taken is to be asked for under the lock. An UPDATE that changes
/// nothing locks in every database, where `FOR UPDATE` does not; on a Galera cluster, for this node alone.
///
/// # Errors
/// Those of the database.
pub async fn lock_person(tx: &mut Tx, user_id: &str) -> Result<bool, sqlx::Error> {
    const LOCK: Sql = sql!("UPDATE user_account SET disabled = disabled WHERE id = ?");
    on_tx!(tx, LOCK, |connection, text| sqlx::query(text)
        .bind(user_id)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1))
}

/// Refuses a session that has ended, or whose person is disabled, under the lock of the person. So nothing is made with a
/// session after what was made with it has been taken back. The session's row is written as well, as by everything that ends
/// it: on a Galera cluster two transactions collide only where both write.
///
/// # Errors
/// 401 `not_authenticated`, and those of the database.
pub async fn must_live(tx: &mut Tx, id: &str, user_id: &str, now: Timestamp) -> Result<(), Problem> {
    const SEE: Sql = sql!("UPDATE session SET last_seen_at = ? WHERE id = ? AND last_seen_at < ?");
    lock_person(tx, user_id).await?;
    on_tx!(tx, SEE, |connection, text| sqlx::query(text)
        .bind(now)
        .bind(id)
        .bind(now)
        .execute(connection)
        .await
        .map(drop))?;
    role_of_living(tx, id, now).await?.map(drop).ok_or_else(|| Problem::new(Code::NotAuthenticated))
}

/// Locks a living session until the transaction ends, and writes its row, as everything does that ends it: on a Galera cluster two
/// transactions collide only where both write. What was last seen moves by a microsecond, for being renewed is no use of a session.
///
/// # Errors
/// Those of the database.
pub async fn hold(tx: &mut Tx, id: &str) -> Result<(), sqlx::Error> {
    const HOLD: Sql = sql!("UPDATE session SET last_seen_at = last_seen_at + 1 WHERE id = ? AND status = ?");
    on_tx!(tx, HOLD, |connection, text| sqlx::query(text)
        .bind(id)
        .bind(Status::Active)
        .execute(connection)
        .await
        .map(drop))
}

/// Gives a living session another token, and notes that its person has just proved who they are, as [`freshen`] does; says whether
/// it lives.
///
/// # Errors
/// Those of the database.
pub async fn renew(tx: &mut Tx, id: &str, token: &TokenHash, now: Timestamp) -> Result<bool, sqlx::Error> {
    const RENEW: Sql = sql!(
        "UPDATE session SET token_hash = ?, \
                authenticated_at = CASE WHEN created_at >= ? AND created_at < ? THEN created_at + 1 ELSE ? END \
         WHERE id = ? AND status = ?"
    );
    on_tx!(tx, RENEW, |connection, text| sqlx::query(text)
        .bind(token.as_bytes())
        .bind(now)
        .bind(now.plus(SKEW))
        .bind(now)
        .bind(id)
        .bind(Status::Active)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1))
}

/// Ends one session by its id, whoever it belongs to.
///
/// # Errors
/// Those of the database.
pub async fn end_one(tx: &mut Tx, id: &str, reason: EndReason, now: Timestamp) -> Result<(), sqlx::Error> {
    const END: Sql = sql!("UPDATE session SET status = ?, end_reason = ?, ended_at = ? WHERE id = ? AND status = ?");
    on_tx!(tx, END, |connection, text| sqlx::query(text)
        .bind(Status::from(reason))
        .bind(reason)
        .bind(now)
        .bind(id)
        .bind(Status::Active)
        .execute(connection)
        .await
        .map(|done| telemetry::note_ended(reason, done.rows_affected())))
}

/// Ends the oldest sessions of a person beyond the newest `keep`.
///
/// # Errors
/// Those of the database.
pub async fn end_surplus(tx: &mut Tx, user_id: &str, keep: u32, now: Timestamp) -> Result<(), sqlx::Error> {
    const SURPLUS: Sql = sql!(
        "SELECT id FROM session WHERE user_id = ? AND status = ? AND expires_at > ? \
         ORDER BY created_at DESC, id DESC LIMIT 1000 OFFSET ?"
    );
    let surplus: Vec<String> = on_tx!(tx, SURPLUS, |connection, text| sqlx::query_scalar(text)
        .bind(user_id)
        .bind(Status::Active)
        .bind(now)
        .bind(i64::from(keep))
        .fetch_all(connection)
        .await)?;
    for id in surplus {
        end_one(tx, &id, EndReason::Replaced, now).await?;
    }
    Ok(())
}

/// Ends every session of a person but `keep`; says how many that were.
///
/// # Errors
/// Those of the database.
pub async fn end_all(
    tx: &mut Tx,
    user_id: &str,
    keep: Option<&str>,
    reason: EndReason,
    now: Timestamp,
) -> Result<u64, sqlx::Error> {
    const END: Sql = sql!(
        "UPDATE session SET status = ?, end_reason = ?, ended_at = ? \
         WHERE user_id = ? AND status = ? AND expires_at > ? AND id <> ?"
    );
    on_tx!(tx, END, |connection, text| sqlx::query(text)
        .bind(Status::from(reason))
        .bind(reason)
        .bind(now)
        .bind(user_id)
        .bind(Status::Active)
        .bind(now)
        .bind(keep.unwrap_or_default())
        .execute(connection)
        .await
        .map(|done| {
            telemetry::note_ended(reason, done.rows_affected());
            done.rows_affected()
        }))
}

/// Revokes the sessions of a person that were opened at `since` or later, but `keep`.
///
/// # Errors
/// Those of the database.
pub async fn end_since(
    tx: &mut Tx,
    user_id: &str,
    keep: &str,
    since: Timestamp,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    const END: Sql = sql!(
        "UPDATE session SET status = ?, end_reason = ?, ended_at = ? \
         WHERE user_id = ? AND created_at >= ? AND status = ? AND id <> ?"
    );
    on_tx!(tx, END, |connection, text| sqlx::query(text)
        .bind(Status::Revoked)
        .bind(EndReason::Revoked)
        .bind(now)
        .bind(user_id)
        .bind(since)
        .bind(Status::Active)
        .bind(keep)
        .execute(connection)
        .await
        .map(|done| telemetry::note_ended(EndReason::Revoked, done.rows_affected())))
}

/// Ends every session of everybody; says how many that were.
///
/// # Errors
/// Those of the database.
pub async fn end_everybodys(tx: &mut Tx, reason: EndReason, now: Timestamp) -> Result<u64, sqlx::Error> {
    const END: Sql = sql!("UPDATE session SET status = ?, end_reason = ?, ended_at = ? WHERE status = ?");
    on_tx!(tx, END, |connection, text| sqlx::query(text)
        .bind(Status::from(reason))
        .bind(reason)
        .bind(now)
        .bind(Status::Active)
        .execute(connection)
        .await
        .map(|done| done.rows_affected()))
}

/// Ends a person's session; says whether it was alive.
///
/// # Errors
/// Those of the database.
pub async fn end(tx: &mut Tx, id: &str, user_id: &str, reason: EndReason, now: Timestamp) -> Result<bool, sqlx::Error> {
    const END: Sql =
        sql!("UPDATE session SET status = ?, end_reason = ?, ended_at = ? WHERE id = ? AND user_id = ? AND status = ?");
    on_tx!(tx, END, |connection, text| sqlx::query(text)
        .bind(Status::from(reason))
        .bind(reason)
        .bind(now)
        .bind(id)
        .bind(user_id)
        .bind(Status::Active)
        .execute(connection)
        .await
        .map(|done| {
            telemetry::note_ended(reason, done.rows_affected());
            done.rows_affected() == 1
        }))
}

/// Signs out of the session of this id, if it lives, and notes who did it.
///
/// # Errors
/// Those of the database.
pub async fn log_out(tx: &mut Tx, id: &str, client: &Client, now: Timestamp) -> Result<(), sqlx::Error> {
    const OWNER: Sql = sql!("SELECT user_id FROM session WHERE id = ?");
    let owner: Option<String> =
        on_tx!(tx, OWNER, |connection, text| sqlx::query_scalar(text).bind(id).fetch_optional(connection).await)?;
    match owner {
        Some(user_id) => log_out_of(tx, id, &user_id, client, now).await,
        None => Ok(()),
    }
}

/// Signs out of the session that has this token, if it lives, and notes who did it.
pub(super) async fn log_out_by_token(
    tx: &mut Tx,
    token: &TokenHash,
    client: &Client,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    const FIND: Sql = sql!("SELECT id, user_id FROM session WHERE token_hash = ?");
    let found: Option<(String, String)> = on_tx!(tx, FIND, |connection, text| sqlx::query_as(text)
        .bind(token.as_bytes())
        .fetch_optional(connection)
        .await)?;
    match found {
        Some((id, user_id)) => log_out_of(tx, &id, &user_id, client, now).await,
        None => Ok(()),
    }
}

async fn log_out_of(tx: &mut Tx, id: &str, user_id: &str, client: &Client, now: Timestamp) -> Result<(), sqlx::Error> {
    if !end(tx, id, user_id, EndReason::LoggedOut, now).await? {
        return Ok(());
    }
    let entry = Entry::new(Event::LoggedOut, now).about(user_id).by(Some(user_id)).in_session(id).from(Some(client));
    audit::queries::insert(tx, &entry).await
}

/// A session as its owner sees it.
#[derive(Debug, FromRow)]
pub struct ListedSession {
    /// The public id.
    pub id: String,
    /// What carries it.
    pub kind: Kind,
    /// Whether it lives.
    pub status: Status,
    /// The browser that made it.
    pub browser: String,
    /// The address it was made from.
    pub ip: String,
    /// When the person signed in.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}

impl ListedSession {
    /// Whether it lives by now: one that has run out is only marked so once an hour.
    #[must_use]
    pub fn status_at(&self, lifetime: &Lifetime, now: Timestamp) -> Status {
        let has_run_out =
            self.status == Status::Active && lifetime.run_out(self.last_seen_at, self.expires_at, now).is_some();
        if has_run_out { Status::Expired } else { self.status }
    }
}

/// How many sessions of a person live.
///
/// # Errors
/// Those of the database.
pub async fn count_alive(db: &Db, user_id: &str, lifetime: &Lifetime, now: Timestamp) -> Result<i64, sqlx::Error> {
    const COUNT: Sql =
        sql!("SELECT COUNT(*) FROM session WHERE user_id = ? AND status = ? AND expires_at > ? AND last_seen_at > ?");
    on_db!(db, COUNT, |pool, text| sqlx::query_scalar(text)
        .bind(user_id)
        .bind(Status::Active)
        .bind(now)
        .bind(lifetime.idle_since(now))
        .fetch_one(pool)
        .await)
}

/// How many sessions of all people live, but for those that have rested for too long and are still to be marked: reads the
/// end of an index, as many entries as there are.
///
/// # Errors
/// Those of the database.
pub async fn count_living(db: &Db, now: Timestamp) -> Result<i64, sqlx::Error> {
    const COUNT: Sql = sql!("SELECT COUNT(*) FROM session WHERE status = ? AND expires_at > ?");
    on_db!(db, COUNT, |pool, text| sqlx::query_scalar(text).bind(Status::Active).bind(now).fetch_one(pool).await)
}

/// Whose session has this id.
///
/// # Errors
/// Those of the database.
pub async fn owner_of(db: &Db, id: &str) -> Result<Option<String>, sqlx::Error> {
    const FIND: Sql = sql!("SELECT user_id FROM session WHERE id = ?");
    on_db!(db, FIND, |pool, text| sqlx::query_scalar(text).bind(id).fetch_optional(pool).await)
}

/// A person's sessions, newest first, from below `before` on (an id; empty for the newest).
///
/// # Errors
/// Those of the database.
pub async fn list(db: &Db, user_id: &str, before: &str, limit: u32) -> Result<Vec<ListedSession>, sqlx::Error> {
    const LIST: Sql = sql!(
        "SELECT id, kind, status, browser, ip, created_at, last_seen_at, expires_at \
         FROM session WHERE user_id = ? AND (id < ? OR ? = '') ORDER BY id DESC LIMIT ?"
    );
    on_db!(db, LIST, |pool, text| sqlx::query_as(text)
        .bind(user_id)
        .bind(before)
        .bind(before)
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await)
}

/// A person's living sessions, newest first, from below `before` on.
pub(super) async fn list_alive(
    db: &Db,
    user_id: &str,
    before: &str,
    limit: u32,
    lifetime: &Lifetime,
    now: Timestamp,
) -> Result<Vec<ListedSession>, sqlx::Error> {
    const LIST: Sql = sql!(
        "SELECT id, kind, status, browser, ip, created_at, last_seen_at, expires_at \
         FROM session WHERE user_id = ? AND status = ? AND expires_at > ? AND last_seen_at > ? \
         AND (id < ? OR ? = '') ORDER BY id DESC LIMIT ?"
    );
    on_db!(db, LIST, |pool, text| sqlx::query_as(text)
        .bind(user_id)
        .bind(Status::Active)
        .bind(now)
        .bind(lifetime.idle_since(now))
        .bind(before)
        .bind(before)
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await)
}

/// When a session was last seen and when it ends at the latest; `None` where there is none.
///
/// # Errors
/// Those of the database.
pub async fn last_seen(db: &Db, id: &str) -> Result<Option<(Timestamp, Timestamp)>, sqlx::Error> {
    const FIND: Sql = sql!("SELECT last_seen_at, expires_at FROM session WHERE id = ?");
    on_db!(db, FIND, |pool, text| sqlx::query_as(text).bind(id).fetch_optional(pool).await)
}

/// Notes that the session's person has just proved who they are. That was after they signed in, also where the clock of the server
/// that they signed in at is a little ahead of ours.
///
/// # Errors
/// Those of the database.
pub async fn freshen(tx: &mut Tx, id: &str, now: Timestamp) -> Result<bool, sqlx::Error> {
    const FRESHEN: Sql = sql!(
        "UPDATE session SET authenticated_at = CASE WHEN created_at >= ? AND created_at < ? THEN created_at + 1 ELSE ? END \
         WHERE id = ? AND status = ?"
    );
    on_tx!(tx, FRESHEN, |connection, text| sqlx::query(text)
        .bind(now)
        .bind(now.plus(SKEW))
        .bind(now)
        .bind(id)
        .bind(Status::Active)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1))
}

/// Notes when sessions were last seen. Only moves forward, but for what a clock that ran ahead has stored, and only living
/// sessions.
///
/// # Errors
/// Those of the database.
pub async fn touch(db: &Db, seen: &[Sighting], every: Duration) -> Result<(), sqlx::Error> {
    const TOUCH: Sql = sql!(
        "UPDATE session SET last_seen_at = ? WHERE id = ? AND status = ? AND (last_seen_at <= ? OR last_seen_at >= ?)"
    );
    db.write(async |tx| {
        for Sighting { id, at, .. } in seen {
            on_tx!(tx, TOUCH, |connection, text| sqlx::query(text)
                .bind(*at)
                .bind(id)
                .bind(Status::Active)
                .bind(at.minus(every))
                .bind(at.plus(every))
                .execute(connection)
                .await
                .map(drop))?;
        }
        Ok(())
    })
    .await
}

/// How many sessions a step of the chores below looks at, at most [`rows::BATCH`].
const STEP: u8 = 250;

/// Marks a step's worth of sessions that have reached the end of their life by `now`; says whether there may be more, and how
/// many it has marked.
pub(super) async fn expire(db: &Db, lifetime: &Lifetime, now: Timestamp) -> Result<(bool, u64), sqlx::Error> {
    const RUN_OUT: Sql = sql!(
        "SELECT id, last_seen_at, expires_at FROM session WHERE status = ? AND expires_at <= ? \
         ORDER BY expires_at LIMIT ?"
    );
    let run_out: Vec<(String, Timestamp, Timestamp)> = on_db!(db, RUN_OUT, |pool, text| sqlx::query_as(text)
        .bind(Status::Active)
        .bind(now)
        .bind(i64::from(STEP))
        .fetch_all(pool)
        .await)?;
    let marked = mark(db, lifetime, now, &run_out).await?;
    Ok((run_out.len() == usize::from(STEP), marked))
}

/// Looks at the sessions with the next ids after `after`, and marks those that have rested too long by `now`; gives the last
/// of these ids, if there was any, and says how many it has marked. One that was last seen by a clock that ran ahead rests
/// from now on. No index knows who rests, for it would have to be
/// written whenever somebody is seen.
pub(super) async fn expire_idle(
    db: &Db,
    lifetime: &Lifetime,
    now: Timestamp,
    after: &str,
) -> Result<(Option<String>, u64), sqlx::Error> {
    const NEXT: Sql = sql!("SELECT id, last_seen_at, expires_at, status FROM session WHERE id > ? ORDER BY id LIMIT ?");
    let next: Vec<(String, Timestamp, Timestamp, Status)> =
        on_db!(db, NEXT, |pool, text| sqlx::query_as(text).bind(after).bind(i64::from(STEP)).fetch_all(pool).await)?;
    let last = next.last().map(|(id, ..)| id.clone());
    let active = next.into_iter().filter(|(.., status)| *status == Status::Active);
    let active: Vec<_> = active.map(|(id, seen, expires, _)| (id, seen, expires)).collect();
    let is_ahead = |seen: &Timestamp| seen.since(now) >= TOUCH_EVERY;
    let ahead = active.iter().filter(|(_, seen, _)| is_ahead(seen));
    let ahead: Vec<_> = ahead.map(|(id, ..)| Sighting { id: id.clone(), at: now, client: None }).collect();
    if !ahead.is_empty() {
        touch(db, &ahead, TOUCH_EVERY).await?;
    }
    Ok((last, mark(db, lifetime, now, &active).await?))
}

/// Marks those of the sessions that have run out as what they are.
async fn mark(
    db: &Db,
    lifetime: &Lifetime,
    now: Timestamp,
    sessions: &[(String, Timestamp, Timestamp)],
) -> Result<u64, sqlx::Error> {
    let (mut expired, mut idle) = (Vec::new(), Vec::new());
    for (id, last_seen_at, expires_at) in sessions {
        match lifetime.run_out(*last_seen_at, *expires_at, now) {
            Some((EndReason::Idle, _)) => idle.push(Value::Text(Some(id.clone()))),
            Some(_) => expired.push(Value::Text(Some(id.clone()))),
            None => {}
        }
    }
    if expired.is_empty() && idle.is_empty() {
        return Ok(0);
    }
    let update = |reason: EndReason, ended_at: &str| {
        let (status, active) = (Status::from(reason), Status::Active);
        // COALESCE, because SQLite would look through all active sessions where an index can find them.
        format!(
            "UPDATE session SET status = '{status}', end_reason = '{reason}', ended_at = {ended_at} \
             WHERE COALESCE(status, '') = '{active}' AND id IN"
        )
    };
    let rests = lifetime.idle.unwrap_or_default().as_micros();
    // Who is seen meanwhile rests no more.
    let still = ("last_seen_at", Value::Integer(Some(lifetime.idle_since(now).as_micros().saturating_add(1))));
    db.write(async |tx| {
        let ended = update(EndReason::Expired, "expires_at");
        let ended = rows::on_keys(tx, &ended, &expired, None).await?;
        telemetry::note_ended(EndReason::Expired, ended);
        let rested = update(EndReason::Idle, &format!("last_seen_at + {rests}"));
        let rested = rows::on_keys(tx, &rested, &idle, Some(&still)).await?;
        telemetry::note_ended(EndReason::Idle, rested);
        Ok(ended + rested)
    })
    .await
}

/// Deletes the sessions that ended before `until`, with their refresh tokens; says how many.
pub(super) async fn delete_ended(db: &Db, until: Timestamp) -> Result<u64, sqlx::Error> {
    const OLD: Old =
        Old { table: "session", column: "ended_at", children: Some(("refresh_token", "session_id")), only: None };
    sweep::run(db, &OLD, Value::Integer(Some(until.as_micros()))).await
}
