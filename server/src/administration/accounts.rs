//! `/users/{id}`: one person, shown, changed, deleted.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json as Answer};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::api_tokens::queries as api_tokens;
use crate::audit::{self, Entry, Event};
use crate::clock::{Clock, Timestamp};
use crate::db::{Db, Tx};
use crate::http::client::Client;
use crate::http::extract::{Json, Path};
use crate::http::problem::{Code, Problem};
use crate::identity::{Admin, CurrentUser, EndReason, FreshAdmin, Role, is_id};
use crate::links::{Purpose, queries as links};
use crate::problems;
use crate::sessions::queries as sessions;
use crate::users::profile::{Change, ProfileChanges};
use crate::users::queries::{self as users, Account, InsertError};
use crate::users::routes::PersonDetails;

/// The account of this id; 404 where there is none.
pub(super) async fn account(db: &Db, id: &str) -> Result<Account, Problem> {
    let found = if is_id(id) { users::find(db, id).await? } else { None };
    found.ok_or_else(|| Problem::new(Code::NotFound))
}

problems!(
    /// What looking at a person can meet.
    ShowProblems: NotAuthenticated, SessionEnded, InsufficientScope, Forbidden, NotFound, InternalError, Unavailable
);

/// One person.
#[utoipa::path(get, path = "/users/{id}", operation_id = "getUser", tag = "administration",
    params(("id" = String, Path, description = "The person's id.")), responses((status = 200, body = PersonDetails), ShowProblems))]
pub(crate) async fn show(_: Admin, id: Path<String>, db: Data<Db>) -> Result<Answer<PersonDetails>, Problem> {
    Ok(Answer(account(&db, &id.0).await?.into()))
}

/// What to change of a person; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChanges {
    /// The new e-mail address; `null` for none.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    email: Change<Option<String>>,
    /// The new name that others see; may be empty.
    full_name: Option<String>,
    /// What they may do.
    role: Option<Role>,
    /// Whether they may not sign in; their sessions and tokens end at once.
    disabled: Option<bool>,
}

problems!(
    /// What changing a person can meet.
    ChangeProblems: MalformedRequest, NotAuthenticated, SessionEnded, CrossSiteRequest, InsufficientScope, Forbidden,
        ReauthRequired, NotFound, EmailTaken, LastAdmin, PayloadTooLarge, UnsupportedMediaType, InvalidInput, InternalError,
        Unavailable
);

/// Changes a person. The last enabled administrator can be neither demoted nor disabled.
#[utoipa::path(patch, path = "/users/{id}", operation_id = "changeUser", tag = "administration", request_body = UserChanges,
    params(("id" = String, Path, description = "The person's id.")), responses((status = 200, body = PersonDetails), ChangeProblems))]
pub(crate) async fn change(
    admin: FreshAdmin,
    client: Client,
    id: Path<String>,
    json: Json<UserChanges>,
    db: Data<Db>,
    clock: Data<Clock>,
) -> Result<Answer<PersonDetails>, Problem> {
    let UserChanges { email, full_name, role, disabled } = json.0;
    let profile = ProfileChanges { email, full_name };
    profile.check()?;
    let before = account(&db, &id.0).await?;
    let mut after = before.clone();
    after.email = profile.email.of(after.email);
    after.full_name = profile.full_name.unwrap_or(after.full_name);
    after.role = role.unwrap_or(after.role);
    after.disabled = disabled.unwrap_or(after.disabled);
    let by = By { admin: &admin.0.user, client: &client, now: clock.now() };
    db.write(async |tx| apply(tx, &before, &after, &by).await).await?;
    Ok(Answer(after.into()))
}

/// Who changes somebody, from where, and when.
struct By<'a> {
    admin: &'a CurrentUser,
    client: &'a Client,
    now: Timestamp,
}

impl By<'_> {
    async fn note(&self, tx: &mut Tx, event: Event, user_id: &str, detail: &str) -> Result<(), sqlx::Error> {
        let entry = Entry::new(event, self.now).own(self.admin).about(user_id).from(Some(self.client));
        let entry = if detail.is_empty() { entry } else { entry.detail(detail) };
        audit::queries::insert(tx, &entry).await
    }
}

async fn apply(tx: &mut Tx, before: &Account, after: &Account, by: &By<'_>) -> Result<(), Problem> {
    let id = &before.id;
    let must_exist = |found: bool| if found { Ok(()) } else { Err(Problem::new(Code::NotFound)) };
    let touches_admins = before.role != after.role || before.disabled != after.disabled;
    if touches_admins {
        users::lock_enabled_admins(tx).await?;
    }
    if (&before.email, &before.full_name) != (&after.email, &after.full_name) {
        let changed = users::set_profile(tx, id, after.email.as_deref(), &after.full_name).await;
        must_exist(changed.map_err(InsertError::about_email)?)?;
        if before.email != after.email {
            links::delete_of_purposes(tx, id, [Purpose::EmailVerification; 2]).await?;
        }
        by.note(tx, Event::ProfileChanged, id, "").await?;
    }
    if before.role != after.role {
        must_exist(users::set_role(tx, id, after.role).await?)?;
        by.note(tx, Event::RoleChanged, id, &after.role.to_string()).await?;
    }
    if before.disabled != after.disabled {
        must_exist(users::set_disabled(tx, id, after.disabled).await?)?;
        if after.disabled {
            sessions::end_all(tx, id, None, EndReason::Disabled, by.now).await?;
            api_tokens::delete_all(tx, id).await?;
        }
        by.note(tx, if after.disabled { Event::AccountDisabled } else { Event::AccountEnabled }, id, "").await?;
    }
    if touches_admins { users::must_have_admin(tx).await } else { Ok(()) }
}

problems!(
    /// What deleting a person can meet.
    DeleteProblems: NotAuthenticated, SessionEnded, CrossSiteRequest, InsufficientScope, Forbidden, ReauthRequired, NotFound,
        LastAdmin, InternalError, Unavailable
);

/// Deletes a person with everything that is theirs. What they did stays in the audit, without their name.
#[utoipa::path(delete, path = "/users/{id}", operation_id = "deleteUser", tag = "administration",
    params(("id" = String, Path, description = "The person's id.")),
    responses((status = 204, description = "Deleted."), DeleteProblems))]
pub(crate) async fn delete(
    admin: FreshAdmin,
    client: Client,
    id: Path<String>,
    db: Data<Db>,
    clock: Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let account = account(&db, &id.0).await?;
    let by = By { admin: &admin.0.user, client: &client, now: clock.now() };
    db.write(async |tx| {
        if !users::delete_whole(tx, &account).await? {
            return Err(Problem::new(Code::NotFound));
        }
        Ok(by.note(tx, Event::AccountDeleted, &account.id, "").await?)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}
