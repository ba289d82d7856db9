//! `/users/{id}`: one person, shown, changed, deleted.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json as Answer};
use serde::Deserialize;
use utoipa::ToSchema;

use super::by::By;
use crate::api_tokens::queries as api_tokens;
use crate::audit::Event;
use crate::clock::Clock;
use crate::db::{Db, Tx};
use crate::http::client::Client;
use crate::http::extract::{Json, Path};
use crate::http::problem::{Code, Problem};
use crate::identity::{Admin, EndReason, FreshAdmin, Role, is_id};
use crate::links::queries as links;
use crate::problems;
use crate::sessions::queries as sessions;
use crate::users::profile::{Change, ProfileChanges, what_changed};
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
    #[schema(value_type = Option<String>, max_length = 254)]
    email: Change<Option<String>>,
    /// The new name that others see; may be empty.
    #[schema(max_length = 200)]
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

/// Changes a person. The last administrator who can sign in can be neither demoted nor disabled.
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
    let profile = ProfileChanges { email, full_name }.parse()?;
    // 404 before anything is locked.
    let id = account(&db, &id.0).await?.id;
    let by = By::new(admin, client, &clock);
    let after = by
        .write(&db, async |tx| {
            let before = users::find_within(tx, &id).await?.ok_or_else(|| Problem::new(Code::NotFound))?;
            let mut after = before.clone();
            set_profile(tx, &mut after, &profile, &by).await?;
            set_role(tx, &mut after, role, &by).await?;
            set_disabled(tx, &mut after, disabled, &by).await?;
            if (before.role, before.disabled) != (after.role, after.disabled) {
                users::must_have_admin(tx).await?;
            }
            Ok(after)
        })
        .await?;
    Ok(Answer(after.into()))
}

async fn set_profile(tx: &mut Tx, of: &mut Account, profile: &ProfileChanges, by: &By) -> Result<(), Problem> {
    let email = profile.new_email(of.email.as_deref());
    let full_name = profile.full_name.clone().filter(|full_name| *full_name != of.full_name);
    let Some(what) = what_changed(email.is_some(), full_name.is_some()) else { return Ok(()) };
    if let Some(email) = email {
        must_exist(users::set_email(tx, &of.id, email.as_deref()).await.map_err(InsertError::about_email)?)?;
        // What was sent to the old address is good no more: it may be why there is a new one.
        links::delete_of(tx, &of.id).await?;
        of.email = email;
    }
    if let Some(full_name) = full_name {
        must_exist(users::set_full_name(tx, &of.id, &full_name).await?)?;
        of.full_name = full_name;
    }
    by.note(tx, Event::ProfileChanged, &of.id, Some(what)).await
}

async fn set_role(tx: &mut Tx, of: &mut Account, role: Option<Role>, by: &By) -> Result<(), Problem> {
    let Some(role) = role.filter(|role| *role != of.role) else { return Ok(()) };
    must_exist(users::set_role(tx, &of.id, role).await?)?;
    of.role = role;
    by.note(tx, Event::RoleChanged, &of.id, Some(&role.to_string())).await
}

async fn set_disabled(tx: &mut Tx, of: &mut Account, disabled: Option<bool>, by: &By) -> Result<(), Problem> {
    let Some(disabled) = disabled.filter(|disabled| *disabled != of.disabled) else { return Ok(()) };
    must_exist(users::set_disabled(tx, &of.id, disabled).await?)?;
    of.disabled = disabled;
    if disabled {
        sessions::end_all(tx, &of.id, None, EndReason::Disabled, by.now).await?;
        api_tokens::delete_all(tx, &of.id).await?;
        links::delete_of(tx, &of.id).await?;
    }
    let event = if disabled { Event::AccountDisabled } else { Event::AccountEnabled };
    by.note(tx, event, &of.id, None).await
}

fn must_exist(found: bool) -> Result<(), Problem> {
    if found { Ok(()) } else { Err(Problem::new(Code::NotFound)) }
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
    let by = By::new(admin, client, &clock);
    by.write(&db, async |tx| {
        must_exist(users::delete_whole(tx, &account.id).await?)?;
        by.note(tx, Event::AccountDeleted, &account.id, None).await
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}
