//! Login, and the paths of everything around it.

use actix_session::Session;
use actix_web::web::{Data, Json as Answer, ServiceConfig, ThinData};
use secrecy::SecretString;
use serde::Deserialize;
use std::fmt;
use utoipa::ToSchema;

use super::authenticate::{Attempt, Authenticator};
use super::forgot::forgot;
use super::guard::Way;
use super::logout::logout;
use super::open::{LoginRules, Opening, session_to_replace};
use super::reauth::reauth;
use super::register::register;
use super::token::token;
use super::{account, new_sign_ins, password, profile, setup};
use crate::clock::Clock;
use crate::http::client::Client;
use crate::http::extract::Json;
use crate::http::problem::Problem;
use crate::http::resource::endpoint;
use crate::identity::CurrentUser;
use crate::problems;
use crate::sessions::device::Device;
use crate::sessions::state;
use crate::users::export::export;
use crate::users::profile::me;

/// Adds the routes.
pub fn configure(config: &mut ServiceConfig) {
    config
        // Routes are tried in this order, and this one is asked for most.
        .service(endpoint("/me").get(me).patch(profile::change).delete(account::delete))
        .service(endpoint("/login").post(login))
        .service(endpoint("/logout").post(logout))
        .service(endpoint("/register").post(register))
        .service(endpoint("/setup").get(setup::show).post(setup::setup))
        .service(endpoint("/me/new-sign-ins").get(new_sign_ins::list))
        .service(endpoint("/me/new-sign-ins/{session_id}").post(new_sign_ins::answer))
        .service(endpoint("/me/export").get(export))
        .service(endpoint("/forgot-password").post(forgot))
        .service(endpoint("/password").post(password::change))
        .service(endpoint("/reauth").post(reauth))
        .service(endpoint("/token").post(token));
}

/// Who signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// The username or the e-mail address.
    #[schema(min_length = 1, max_length = 254)]
    username: String,
    /// The password.
    #[schema(value_type = String, format = Password, min_length = 1, max_length = 256)]
    password: SecretString,
    /// Whether to stay signed in when the browser is closed; without it the session lives a day at most.
    #[serde(default = "yes")]
    #[schema(default = true, required = false)]
    remember: bool,
}

fn yes() -> bool {
    true
}

impl fmt::Debug for LoginRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginRequest").finish_non_exhaustive()
    }
}

problems!(
    /// What signing in can meet.
    LoginProblems: MalformedRequest, InvalidCredentials, CrossSiteRequest, PayloadTooLarge, UnsupportedMediaType,
        InvalidInput, TooManyAttempts, InternalError, Unavailable, Overloaded
);

/// Signs in with a password. A live session of the same browser ends, and a new token is made in any case.
#[utoipa::path(post, path = "/login", operation_id = "login", tag = "signing in", request_body = LoginRequest,
    responses((status = 200, body = CurrentUser, description = "Signed in; the cookie is set."), LoginProblems))]
#[expect(clippy::too_many_arguments, reason = "a handler's arguments are what it is given by name")]
pub(crate) async fn login(
    client: Client,
    json: Json<LoginRequest>,
    session: Session,
    device: Device,
    current: Result<CurrentUser, Problem>,
    authenticator: Data<Authenticator>,
    clock: Data<Clock>,
    rules: ThinData<LoginRules>,
) -> Result<Answer<CurrentUser>, Problem> {
    let Json(LoginRequest { username, password, remember }) = json;
    let attempt = Attempt { username, password, client: client.clone(), way: Way::SignIn(device.clone()) };
    attempt.check()?;
    let replaces = session_to_replace(current)?;

    let (replaces, now) = (replaces.as_deref(), clock.now());
    let opening = Opening { remember, ..Opening::in_browser(rules.0, &client, &device, replaces, now) };
    let (token, user) = authenticator.sign_in(&attempt, &opening).await?;
    if let Some(current) = &user.session {
        state::sign_in(&session, &token, current, opening.now)?;
    }
    Ok(Answer(user))
}
