//! The directory.

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;
use actix_web::web::{Data, ThinData};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::queries::Account;
use super::search::directory::{Directory, Person, UserPage};
use super::search::queries::{self, Search, Sort};
use crate::clock::Timestamp;
use crate::config::DirectoryReaders;
use crate::db::Db;
use crate::http::cursor::{self, Page};
use crate::http::extract::{Query, plain_text};
use crate::http::problem::{Code, Problem};
use crate::identity::{CurrentUser, Means, Role};
use crate::problems;

/// Characters a search has at most.
const MAX_SEARCH: usize = 100;

/// Whom to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// Words that are all in the username or the name, in any order, without regard to case and accents: one of three or more
    /// characters anywhere, a shorter one at the beginning of a word.
    q: Option<String>,
    /// Only people with this role; for administrators.
    role: Option<Role>,
    /// Only enabled or only disabled people; for administrators.
    state: Option<StateFilter>,
    /// What to sort by; for administrators. By username when left out.
    sort: Option<Sort>,
    /// How many, from 1 to 100; 20 when left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
    /// Where to go on, from `next_cursor`.
    cursor: Option<String>,
    /// Whether to say how many people there are on all pages.
    count: Option<bool>,
}

/// A filter for [`ListQuery`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StateFilter {
    /// People who may sign in.
    Enabled,
    /// People who may not.
    Disabled,
}

/// A person as administrators see them.
#[derive(Debug, Serialize, ToSchema)]
pub struct PersonDetails {
    /// The person's id.
    id: String,
    /// The name they sign in with.
    username: String,
    /// The name others see; may be empty.
    full_name: String,
    /// Their e-mail address.
    email: Option<String>,
    /// What they may do.
    role: Role,
    /// Whether they may not sign in.
    disabled: bool,
    /// Since when they have an account.
    created_at: Timestamp,
    /// When they last signed in; `null` when never.
    last_login_at: Option<Timestamp>,
}

impl From<Account> for PersonDetails {
    fn from(account: Account) -> Self {
        let Account { id, username, email, full_name, role, disabled, created_at, last_login_at, .. } = account;
        Self { id, username, full_name, email, role, disabled, created_at, last_login_at }
    }
}

/// A person in the directory: with all details for an administrator.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum User {
    /// For administrators.
    Details(PersonDetails),
    /// For everybody else.
    Person(Person),
}

problems!(
    /// What searching the directory can meet.
    ListProblems: NotAuthenticated, SessionEnded, Forbidden, InvalidInput, InternalError, Unavailable
);

/// The directory: enabled people, sorted by username. Administrators see everybody, and more of them. With `DIRECTORY=admins`,
/// everybody else is refused (403 `forbidden`).
#[utoipa::path(get, path = "/users", operation_id = "listUsers", tag = "people", params(ListQuery),
    responses((status = 200, body = UserPage<User>), ListProblems))]
pub(crate) async fn list(
    user: CurrentUser,
    query: Query<ListQuery>,
    db: Data<Db>,
    directory: Data<Directory>,
    readers: ThinData<DirectoryReaders>,
) -> Result<HttpResponse, Problem> {
    let ListQuery { q, role, state, sort, limit, cursor, count } = query.0;
    let words = plain_text("q", q.as_deref().unwrap_or_default(), MAX_SEARCH)?;
    let limit = cursor::limit(limit)?;
    let after = cursor::after(cursor.as_deref())?;
    let is_counted = count.unwrap_or_default();
    // A token for scripts sees what everybody sees, also an administrator's.
    if user.role == Role::Admin && !matches!(user.means, Means::ApiToken { .. }) {
        let disabled = state.map(|state| state == StateFilter::Disabled);
        let sort = sort.unwrap_or_default();
        let search = Search::new(words).with_role(role).with_disabled(disabled).sorted_by(sort);
        let rows = queries::accounts(&db, &search, &after, limit + 1).await?;
        let rows = rows.ok_or_else(|| Problem::invalid("cursor", "must be a next_cursor of this list"))?;
        let page = Page::cut(rows, limit, |account| sort.key(account)).map(PersonDetails::from);
        let total = if is_counted { Some(queries::count(&db, &search).await?) } else { None };
        return Ok(HttpResponse::Ok().json(UserPage::new(page, total)));
    }
    if readers.0 == DirectoryReaders::Admins || role.is_some() || state.is_some() || sort.is_some() {
        return Err(Problem::new(Code::Forbidden));
    }
    let page = directory.page(words, after, limit, is_counted).await?;
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(page))
}
