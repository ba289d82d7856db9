//! What happened: one's own activity, and for administrators everybody's.

use actix_web::web::{Data, Json as Answer, ServiceConfig};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Event;
use super::queries::{self, Filter, Line};
use crate::clock::Timestamp;
use crate::db::Db;
use crate::fold::fold;
use crate::http::cursor::{self, Page};
use crate::http::extract::{Query, plain_text};
use crate::http::problem::Problem;
use crate::http::resource::endpoint;
use crate::identity::{Admin, CurrentUser, first_id, is_id};
use crate::problems;

/// Characters of a name that is looked for.
const MAX_ACTOR: usize = 254;

/// Adds the routes.
pub fn configure(config: &mut ServiceConfig) {
    config.service(endpoint("/me/activity").get(activity)).service(endpoint("/audit").get(list));
}

/// Where to go on in one's activity.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ActivityQuery {
    /// How many, from 1 to 100; 20 when left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// Where to go on, from `next_cursor`.
    cursor: Option<String>,
}

/// Something that happened to one's account.
#[derive(Debug, Serialize, ToSchema)]
pub struct Activity {
    /// Its id.
    id: String,
    /// When.
    at: Timestamp,
    /// What.
    event: Event,
    /// From which browser; `null` when it was done on the server.
    device: Option<String>,
    /// From which address; `null` when it was done on the server.
    ip: Option<String>,
    /// In or to which session.
    session_id: Option<String>,
    /// What else there is to know.
    detail: Option<String>,
}

impl From<queries::Activity> for Activity {
    fn from(row: queries::Activity) -> Self {
        let queries::Activity { id, at, event, device, ip, session_id, detail } = row;
        Self { id, at, event, device, ip, session_id, detail }
    }
}

problems!(
    /// What asking for one's activity can meet.
    ActivityProblems: NotAuthenticated, SessionEnded, InvalidInput, InternalError, Unavailable
);

/// What happened to the caller's account, newest first.
#[utoipa::path(get, path = "/me/activity", operation_id = "listActivity", tag = "profile", params(ActivityQuery),
    responses((status = 200, body = Page<Activity>), ActivityProblems))]
pub(crate) async fn activity(
    user: CurrentUser,
    query: Query<ActivityQuery>,
    db: Data<Db>,
) -> Result<Answer<Page<Activity>>, Problem> {
    let limit = cursor::limit(query.0.limit)?;
    let before = cursor::after(query.0.cursor.as_deref())?;
    let rows = queries::activity(&db, &user.id, &before, limit + 1).await?;
    Ok(Answer(Page::cut(rows, limit, |row| row.id.clone()).map(Activity::from)))
}

/// What to look for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// Who did it: a username or an id.
    actor: Option<String>,
    /// What was done.
    event: Option<Event>,
    /// The earliest moment (RFC 3339).
    from: Option<Timestamp>,
    /// The moment before which it was (RFC 3339).
    to: Option<Timestamp>,
    /// How many, from 1 to 100; 20 when left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// Where to go on, from `next_cursor`.
    cursor: Option<String>,
}

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditEntry {
    /// Its id.
    id: String,
    /// When.
    at: Timestamp,
    /// What.
    event: Event,
    /// The id of whom it concerns; `null` when that is nobody known.
    user_id: Option<String>,
    /// Their username; `null` when the account is deleted.
    username: Option<String>,
    /// The id of who did it; `null` for the server, its command line, and strangers.
    actor_id: Option<String>,
    /// Their username; `null` when the account is deleted.
    actor: Option<String>,
    /// From which browser.
    device: Option<String>,
    /// From which address.
    ip: Option<String>,
    /// In or to which session.
    session_id: Option<String>,
    /// What else there is to know.
    detail: Option<String>,
}

impl From<Line> for AuditEntry {
    fn from(row: Line) -> Self {
        let Line { id, at, event, user_id, username, actor_id, actor, device, ip, session_id, detail } = row;
        Self { id, at, event, user_id, username, actor_id, actor, device, ip, session_id, detail }
    }
}

problems!(
    /// What asking for the audit can meet.
    AuditProblems: NotAuthenticated, SessionEnded, InsufficientScope, Forbidden, InvalidInput, InternalError, Unavailable
);

/// Who did what to whom, when, and from where; newest first. For administrators.
#[utoipa::path(get, path = "/audit", operation_id = "listAudit", tag = "administration", params(AuditQuery),
    responses((status = 200, body = Page<AuditEntry>), AuditProblems))]
pub(crate) async fn list(
    _: Admin,
    query: Query<AuditQuery>,
    db: Data<Db>,
) -> Result<Answer<Page<AuditEntry>>, Problem> {
    let AuditQuery { actor, event, from, to, limit, cursor } = query.0;
    let limit = cursor::limit(limit)?;
    let mut before = cursor::after(cursor.as_deref())?;
    let actor = plain_text("actor", actor.as_deref().unwrap_or_default(), MAX_ACTOR)?.trim().to_owned();
    let actor_id = match actor.as_str() {
        "" => None,
        id if is_id(id) => Some(actor),
        name => match queries::id_of(&db, &fold(name)).await? {
            Some(id) => Some(id),
            None => return Ok(Answer(Page { items: Vec::new(), next_cursor: None })),
        },
    };
    // Ids begin with the time, so that both ends of the period are ends of the primary key.
    if let (true, Some(to)) = (before.is_empty(), to) {
        before = first_id(to);
    }
    let filter = Filter { actor_id, event, since: from.map(first_id).unwrap_or_default() };
    let rows = queries::list(&db, &filter, &before, limit + 1).await?;
    Ok(Answer(Page::cut(rows, limit, |row| row.id.clone()).map(AuditEntry::from)))
}
