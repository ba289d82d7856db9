//! `/setup`: the first administrator, made by whoever can read what the server prints when it starts.

use std::fmt;

use actix_session::Session;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json as Answer, ThinData};
use actix_web::{CustomizeResponder, Responder};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::open::{LoginRules, Opening, session_to_replace};
use super::register::{RegisterRequest, row};
use crate::audit::{self, Entry, Event};
use crate::clock::Clock;
use crate::db::Db;
use crate::http::client::Client;
use crate::http::extract::Json;
use crate::http::problem::{Code, Problem};
use crate::identity::{CurrentUser, Role};
use crate::links::{Link, Links, Purpose, queries as links};
use crate::problems;
use crate::secret::token::PlainToken;
use crate::sessions::device::Device;
use crate::sessions::state;
use crate::users::new_passwords::NewPasswords;
use crate::users::queries::{self as users, InsertError};

/// The link through which the first administrator is made; `None` where there is one.
///
/// # Errors
/// Those of the database.
pub async fn link(db: &Db, clock: &Clock, links: &Links) -> Result<Option<Link>, sqlx::Error> {
    if users::has_admin(db).await? {
        return Ok(None);
    }
    let draft = links.draft(Purpose::Setup, None, clock.now());
    db.write(async |tx| draft.insert(tx).await).await?;
    Ok(Some(links.show(&draft)))
}

/// Whether the first administrator is still to be made.
#[derive(Debug, Serialize, ToSchema)]
pub struct SetupState {
    /// Whether.
    needed: bool,
}

problems!(
    /// What asking can meet.
    StateProblems: InternalError, Unavailable
);

/// Whether the first administrator is still to be made.
#[utoipa::path(get, path = "/setup", operation_id = "getSetup", tag = "signing in",
    responses((status = 200, body = SetupState), StateProblems))]
pub(crate) async fn show(db: Data<Db>) -> Result<Answer<SetupState>, Problem> {
    Ok(Answer(SetupState { needed: !users::has_admin(&db).await? }))
}

/// The first administrator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetupRequest {
    /// The token of the link that the server has printed.
    #[schema(value_type = String)]
    token: SecretString,
    /// The name to sign in with: 1 to 64 letters, digits, dots, underscores or hyphens, not to be confused with another's.
    #[schema(min_length = 1, max_length = 64)]
    username: String,
    /// The password.
    #[schema(value_type = String, format = Password, min_length = 1, max_length = 256)]
    password: SecretString,
    /// The e-mail address.
    #[schema(max_length = 254)]
    email: Option<String>,
    /// The name others see.
    #[serde(default)]
    #[schema(required = false, max_length = 200)]
    full_name: String,
}

impl fmt::Debug for SetupRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SetupRequest").finish_non_exhaustive()
    }
}

problems!(
    /// What making the first administrator can meet.
    SetupProblems: MalformedRequest, CrossSiteRequest, NotFound, UsernameTaken, EmailTaken, SetupDone, PayloadTooLarge,
        UnsupportedMediaType, InvalidInput, InternalError, Unavailable, Overloaded
);

/// Makes the first administrator and signs in. The link is used up, and so is every other of its kind. A token that never
/// was and one that is too old are 404.
#[utoipa::path(post, path = "/setup", operation_id = "setup", tag = "signing in", request_body = SetupRequest,
    responses((status = 201, body = CurrentUser, description = "Made and signed in; the cookie is set."), SetupProblems))]
#[expect(clippy::too_many_arguments, reason = "a handler's arguments are what it is given by name")]
pub(crate) async fn setup(
    client: Client,
    json: Json<SetupRequest>,
    session: Session,
    device: Device,
    current: Result<CurrentUser, Problem>,
    new_passwords: Data<NewPasswords>,
    rules: ThinData<LoginRules>,
    db: Data<Db>,
    clock: Data<Clock>,
) -> Result<CustomizeResponder<Answer<CurrentUser>>, Problem> {
    use secrecy::ExposeSecret;

    let Json(SetupRequest { token, username, password, email, full_name }) = json;
    let request = RegisterRequest { username, password, email, full_name }.parse()?;
    if users::has_admin(&db).await? {
        return Err(Problem::new(Code::SetupDone));
    }
    let link = PlainToken::parse(token.expose_secret()).ok_or_else(|| Problem::new(Code::NotFound))?.hash();
    let now = clock.now();
    if !links::is_setup(&db, &link, now).await? {
        return Err(Problem::new(Code::NotFound));
    }
    let replaces = session_to_replace(current)?;
    let account = request.account(&new_passwords, Role::Admin, now).await?;
    let opening = Opening::in_browser(rules.0, &client, &device, replaces.as_deref(), now);
    let (token, current) = opening.session();
    let entry = Entry::new(Event::SetupCompleted, now).about(&account.id).by(Some(&account.id));
    let entry = entry.in_session(&current.id).from(Some(&client));
    let made = db
        .write(async |tx| {
            if !links::consume_setup(tx).await? {
                return Ok(false);
            }
            users::insert(tx, &row(&account)).await?;
            users::note_login(tx, &account.id, &account.password_hash, now).await?;
            audit::queries::insert(tx, &entry).await?;
            opening.insert(tx, &account.id, &token, &current, None).await?;
            Ok::<_, InsertError>(true)
        })
        .await;
    match made {
        Err(error) => return Err(error.about_account(&db, &account.username).await),
        Ok(false) => return Err(Problem::new(Code::SetupDone)),
        Ok(true) => {}
    }
    device.remember(&account.id, now);
    state::sign_in(&session, &token, &current, now)?;
    Ok(Answer(opening.user(account, current)).customize().with_status(StatusCode::CREATED))
}
