//! The directory, and one's own profile.

use actix_web::web::{self, Data, ServiceConfig};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::queries;
use crate::db::Db;
use crate::http::cursor::{self, Page};
use crate::http::extract::{Query, plain_text};
use crate::http::problem::Problem;
use crate::http::resource::endpoint;
use crate::identity::CurrentUser;
use crate::problems;

/// Characters a search has at most.
const MAX_SEARCH: usize = 100;

/// Adds the routes.
pub fn configure(config: &mut ServiceConfig) {
    config.service(endpoint("/me").get(me)).service(endpoint("/users").get(list));
}

problems!(
    /// What asking for oneself can meet.
    MeProblems: NotAuthenticated, SessionEnded, InternalError, Unavailable
);

/// Who the caller is, and with which session.
#[utoipa::path(get, path = "/me", operation_id = "me", tag = "profile",
    responses((status = 200, body = CurrentUser), MeProblems))]
pub(crate) async fn me(user: CurrentUser) -> web::Json<CurrentUser> {
    web::Json(user)
}

/// Whom to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// Part of the username or of the name, without regard to case.
    q: Option<String>,
    /// How many, from 1 to 100; 20 when left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// Where to go on, from `next_cursor`.
    cursor: Option<String>,
}

/// A person in the directory.
#[derive(Debug, Serialize, ToSchema)]
pub struct User {
    /// The person's id.
    id: String,
    /// The name they sign in with.
    username: String,
    /// The name others see; may be empty.
    full_name: String,
}

problems!(
    /// What searching the directory can meet.
    ListProblems: NotAuthenticated, SessionEnded, InvalidInput, InternalError, Unavailable
);

/// The directory: enabled people, sorted by username.
#[utoipa::path(get, path = "/users", operation_id = "listUsers", tag = "people", params(ListQuery),
    responses((status = 200, body = Page<User>), ListProblems))]
pub(crate) async fn list(
    _: CurrentUser,
    query: Query<ListQuery>,
    db: Data<Db>,
) -> Result<web::Json<Page<User>>, Problem> {
    let part = plain_text("q", query.0.q.as_deref().unwrap_or_default(), MAX_SEARCH)?;
    let limit = cursor::limit(query.0.limit)?;
    let after = cursor::after(query.0.cursor.as_deref())?;
    let rows = queries::search(&db, part, &after, limit + 1).await?;
    let page = Page::cut(rows, limit, |row| row.username_folded.clone());
    Ok(web::Json(page.map(|row| User { id: row.id, username: row.username, full_name: row.full_name })))
}
