//! Login and logout.

use actix_session::Session;
use actix_web::http::header;
use actix_web::web::{Data, Json as Answer, ServiceConfig, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use secrecy::SecretString;
use serde::Deserialize;
use std::fmt;
use utoipa::ToSchema;

use super::authenticate::{Attempt, Authenticator};
use super::open::{Login, LoginRules, Opening, open};
use super::reauth::reauth;
use super::register::register;
use super::token::token;
use super::{account, password, setup};
use crate::access_tokens::{RefreshCookie, queries as refresh_tokens};
use crate::clock::{Clock, Timestamp};
use crate::db::Db;
use crate::http::client::Client;
use crate::http::extract::Json;
use crate::http::problem::{Code, Problem};
use crate::http::resource::endpoint;
use crate::identity::{CurrentUser, Means};
use crate::problems;
use crate::sessions::layer::Sessions;
use crate::sessions::queries as sessions;
use crate::sessions::state;
use crate::users::export::export;
use crate::users::profile;

/// Adds the routes.
pub fn configure(config: &mut ServiceConfig) {
    config
        .service(endpoint("/login").post(login))
        .service(endpoint("/logout").post(logout))
        .service(endpoint("/register").post(register))
        .service(endpoint("/setup").get(setup::show).post(setup::setup))
        .service(endpoint("/me").get(profile::me).patch(profile::change).delete(account::delete))
        .service(endpoint("/me/export").get(export))
        .service(endpoint("/password").post(password::change))
        .service(endpoint("/reauth").post(reauth))
        .service(endpoint("/token").post(token));
}

/// Who signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    /// The username or the e-mail address.
    username: String,
    /// The password.
    #[schema(value_type = String, format = Password)]
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
pub(crate) async fn login(
    client: Client,
    json: Json<LoginRequest>,
    session: Session,
    current: Result<CurrentUser, Problem>,
    authenticator: Data<Authenticator>,
    clock: Data<Clock>,
    rules: ThinData<LoginRules>,
) -> Result<Answer<CurrentUser>, Problem> {
    let Json(LoginRequest { username, password, remember }) = json;
    let attempt = Attempt { username, password, client: client.clone() };
    attempt.check()?;
    let replaces = session_to_replace(current)?;

    let (account, rehashed) = authenticator.authenticate(attempt).await?;
    let replaces = replaces.as_deref();
    let login = Login { account, rehashed, replaces };
    let opening = Opening { rules: rules.0, client: &client, remember, refresh_token: None, now: clock.now() };
    let opened = open(authenticator.db(), login, opening).await?;
    let (token, user) = opened.ok_or_else(|| Problem::new(Code::InvalidCredentials))?;
    state::sign_in(&session, &token, remember)?;
    Ok(Answer(user))
}

/// The session that the browser is signed in with. Not knowing is not the same as there being none.
fn session_to_replace(current: Result<CurrentUser, Problem>) -> Result<Option<String>, Problem> {
    match current {
        Ok(user) => Ok(user.session.map(|session| session.id)),
        Err(problem) if problem.code().status().is_server_error() => Err(problem),
        Err(_) => Ok(None),
    }
}

problems!(
    /// What signing out can meet.
    LogoutProblems: CrossSiteRequest, InternalError, Unavailable
);

/// Signs out: ends the session that the request came with, by cookie or by token, and takes the cookies away. Without a
/// session it does nothing, and says so just the same.
#[utoipa::path(post, path = "/logout", operation_id = "logout", tag = "signing in",
    responses((status = 204, description = "Signed out."), LogoutProblems))]
#[expect(clippy::too_many_arguments, reason = "a handler's arguments are what it is given by name")]
pub(crate) async fn logout(
    request: HttpRequest,
    client: Client,
    session: Session,
    layers: ThinData<Sessions>,
    current: Result<CurrentUser, Problem>,
    refresh_cookie: ThinData<RefreshCookie>,
    db: Data<Db>,
    clock: Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let mut response = HttpResponse::NoContent();
    // Not "cookies": that would sign out sister apps on the host (W3C Clear Site Data, section 3.1).
    response.insert_header(("clear-site-data", r#""cache", "storage""#));
    if let Ok(CurrentUser { session: Some(session), means: Means::AccessToken, .. }) = &current {
        log_out(&db, &session.id, &client, clock.now()).await?;
    }
    if refresh_cookie.is_in(request.headers()) {
        if let Some(token) = refresh_cookie.read(request.headers())
            && let Some(session_id) = refresh_tokens::session_of(&db, &token.hash()).await?
        {
            log_out(&db, &session_id, &client, clock.now()).await?;
        }
        response.append_header((header::SET_COOKIE, refresh_cookie.removal()));
    }
    if !state::sign_out(&session) {
        response.append_header((header::SET_COOKIE, layers.removal()));
    }
    Ok(response.finish())
}

async fn log_out(db: &Db, session_id: &str, client: &Client, now: Timestamp) -> Result<(), sqlx::Error> {
    db.write(async |tx| sessions::log_out(tx, session_id, client, now).await).await
}
