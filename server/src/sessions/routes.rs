//! One's own sessions: list them, end one, end the others. None of it asks for freshness, none of it shows a token.

use actix_web::web::{Data, ServiceConfig};
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::layer::Sessions;
use super::model::{Kind, Lifetime, Status};
use super::queries::{self, ListedSession};
use crate::audit::{self, Entry, Event};
use crate::clock::{Clock, Timestamp};
use crate::db::Db;
use crate::http::client::Client;
use crate::http::cursor::{self, Page};
use crate::http::extract::{Path, Query};
use crate::http::problem::{Code, Problem};
use crate::http::resource::endpoint;
use crate::identity::{CurrentUser, EndReason, is_id};
use crate::problems;

/// Adds the routes.
pub fn configure(config: &mut ServiceConfig) {
    config.service(endpoint("/sessions").get(list).delete(end_others)).service(endpoint("/sessions/{id}").delete(end));
}

/// Which sessions to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// `active` for those that live; all others with it when left out.
    #[param(value_type = Option<StatusFilter>)]
    status: Option<StatusFilter>,
    /// How many, from 1 to 100; 20 when left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// Where to go on, from `next_cursor`.
    cursor: Option<String>,
}

/// A filter for [`ListQuery`].
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StatusFilter {
    /// Only those that live.
    Active,
}

/// A session as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Session {
    /// The public id, to end it by.
    pub id: String,
    /// Whether this request came with it.
    current: bool,
    /// What carries it.
    kind: Kind,
    /// Whether it lives.
    status: Status,
    /// The browser that made it, for example "Firefox on Linux".
    device: String,
    /// The address it was made from.
    ip: String,
    /// When the person signed in.
    created_at: Timestamp,
    /// When it was last used, at most a minute old.
    last_seen_at: Timestamp,
    /// When it ends at the latest.
    expires_at: Timestamp,
}

impl Session {
    /// As it is listed to the holder of the session `current`.
    #[must_use]
    pub fn of(row: ListedSession, current: Option<&str>, lifetime: &Lifetime, now: Timestamp) -> Self {
        Self {
            current: current == Some(&row.id),
            status: row.status_at(lifetime, now),
            id: row.id,
            kind: row.kind,
            device: row.browser,
            ip: row.ip,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            expires_at: row.expires_at,
        }
    }
}

/// How many sessions ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ended {
    /// The number.
    ended: u64,
}

problems!(
    /// What listing one's sessions can meet.
    ListProblems: NotAuthenticated, SessionEnded, InvalidInput, InternalError, Unavailable
);

/// The caller's sessions, newest first; ended ones stay listed for thirty days.
#[utoipa::path(get, path = "/sessions", operation_id = "listSessions", tag = "sessions", params(ListQuery),
    responses((status = 200, body = Page<Session>), ListProblems))]
pub(crate) async fn list(
    user: CurrentUser,
    query: Query<ListQuery>,
    db: Data<Db>,
    clock: Data<Clock>,
    sessions: Data<Sessions>,
) -> Result<web::Json<Page<Session>>, Problem> {
    let current = user.session.as_ref().map(|session| session.id.as_str());
    let of = Whose { user_id: &user.id, current };
    Ok(web::Json(page(&db, &query.0, of, &sessions.lifetime(), clock.now()).await?))
}

/// Whose sessions are listed, and to the holder of which.
#[derive(Clone, Copy, Debug)]
pub struct Whose<'a> {
    /// The person's id.
    pub user_id: &'a str,
    /// The session that asks.
    pub current: Option<&'a str>,
}

/// A page of a person's sessions.
///
/// # Errors
/// 422 for a limit or a cursor that is none, and those of the database.
pub async fn page(
    db: &Db,
    query: &ListQuery,
    of: Whose<'_>,
    lifetime: &Lifetime,
    now: Timestamp,
) -> Result<Page<Session>, Problem> {
    let limit = cursor::limit(query.limit)?;
    let before = cursor::after(query.cursor.as_deref())?;
    let rows = match query.status {
        Some(StatusFilter::Active) => queries::list_alive(db, of.user_id, &before, limit + 1, lifetime, now).await?,
        None => queries::list(db, of.user_id, &before, limit + 1).await?,
    };
    let sessions = rows.into_iter().map(|row| Session::of(row, of.current, lifetime, now)).collect();
    Ok(Page::cut(sessions, limit, |session: &Session| session.id.clone()))
}

problems!(
    /// What ending a session can meet.
    EndProblems: NotAuthenticated, SessionEnded, CrossSiteRequest, InsufficientScope, NotFound, InternalError, Unavailable
);

/// Ends one of the caller's sessions. It is refused from the very next request on.
#[utoipa::path(delete, path = "/sessions/{id}", operation_id = "endSession", tag = "sessions",
    params(("id" = String, Path, description = "The session's id.")),
    responses((status = 204, description = "Ended."), EndProblems))]
pub(crate) async fn end(
    user: CurrentUser,
    client: Client,
    id: Path<String>,
    db: Data<Db>,
    clock: Data<Clock>,
) -> Result<HttpResponse, Problem> {
    // Somebody else's session, one that has ended and one that never was are the same to the caller.
    if !is_id(&id.0) {
        return Err(Problem::new(Code::NotFound));
    }
    let now = clock.now();
    let entry = Entry::new(Event::SessionEnded, now).own(&user).in_session(&id.0).from(Some(&client)).detail("revoked");
    let ended = db
        .write(async |tx| {
            let ended = queries::end(tx, &id.0, &user.id, EndReason::Revoked, now).await?;
            if ended {
                audit::queries::insert(tx, &entry).await?;
            }
            Ok::<_, sqlx::Error>(ended)
        })
        .await?;
    if ended { Ok(HttpResponse::NoContent().finish()) } else { Err(Problem::new(Code::NotFound)) }
}

problems!(
    /// What ending the other sessions can meet.
    EndOthersProblems: NotAuthenticated, SessionEnded, CrossSiteRequest, InsufficientScope, InternalError, Unavailable
);

/// Ends all of the caller's sessions but the current one.
#[utoipa::path(delete, path = "/sessions", operation_id = "endOtherSessions", tag = "sessions",
    responses((status = 200, body = Ended), EndOthersProblems))]
pub(crate) async fn end_others(
    user: CurrentUser,
    client: Client,
    db: Data<Db>,
    clock: Data<Clock>,
) -> Result<web::Json<Ended>, Problem> {
    let current = user.session.as_ref().map(|session| session.id.as_str());
    let now = clock.now();
    let entry = Entry::new(Event::SessionsEnded, now).own(&user).from(Some(&client));
    let ended = db
        .write(async |tx| {
            let ended = queries::end_all(tx, &user.id, current, EndReason::Revoked, now).await?;
            if ended > 0 {
                audit::queries::insert(tx, &entry.clone().detail(&ended.to_string())).await?;
            }
            Ok::<_, sqlx::Error>(ended)
        })
        .await?;
    Ok(web::Json(Ended { ended }))
}
