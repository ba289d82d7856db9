//! Login and logout.

use std::fmt;
use std::net::IpAddr;

use actix_session::Session;
use actix_web::http::header;
use actix_web::web::{Data, Json as Answer, ServiceConfig, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use super::open::{Login, LoginRules, open};
use super::throttle::Bucket;
use crate::clock::Clock;
use crate::db::Db;
use crate::http::client_ip::TrustedProxies;
use crate::http::extract::{Json, plain_text};
use crate::http::problem::{Code, Problem};
use crate::http::resource::endpoint;
use crate::identity::CurrentUser;
use crate::problems;
use crate::secret::hasher::{Hasher, Overloaded};
use crate::secret::password;
use crate::sessions::layer::Sessions;
use crate::sessions::{Browser, state};
use crate::users::model::MAX_EMAIL;
use crate::users::queries::{self as users, Account};

/// Adds the routes.
pub fn configure(config: &mut ServiceConfig) {
    config.service(endpoint("/login").post(login)).service(endpoint("/logout").post(logout));
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

impl LoginRequest {
    /// Refuses what cannot be anybody's name or password, before any work is done on it.
    fn check(&self) -> Result<(), Problem> {
        plain_text("username", &self.username, MAX_EMAIL)?;
        if self.username.trim().is_empty() {
            return Err(Problem::invalid("username", "must not be empty"));
        }
        if !password::is_acceptable_length(&self.password) {
            return Err(Problem::invalid("password", "must have 1 to 256 characters"));
        }
        Ok(())
    }
}

impl From<Overloaded> for Problem {
    fn from(_: Overloaded) -> Self {
        Self::new(Code::Overloaded).retry_after(2)
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
    request: HttpRequest,
    json: Json<LoginRequest>,
    session: Session,
    current: Result<CurrentUser, Problem>,
    db: Data<Db>,
    clock: Data<Clock>,
    hasher: Data<Hasher>,
    proxies: Data<TrustedProxies>,
    rules: ThinData<LoginRules>,
) -> Result<Answer<CurrentUser>, Problem> {
    let Json(credentials) = json;
    credentials.check()?;
    let replaces = session_to_replace(current)?;
    let ip = proxies.client_ip(request.peer_addr(), request.headers());
    let browser = Browser::of_user_agent(request.headers().get(header::USER_AGENT).map(header::HeaderValue::as_bytes));
    let remember = credentials.remember;

    let (account, rehashed) = authenticate(&db, &clock, &hasher, ip, credentials).await?;
    let login = Login { account, rehashed, browser: &browser, ip, remember, replaces: replaces.as_deref() };
    let opened = open(&db, rules.0, login, clock.now()).await?;
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

/// The account that name and password belong to, and a new hash of the password where the stored one is outdated.
///
/// Unknown name, wrong password and disabled account take the same way: one look-up, one hash, one refusal.
async fn authenticate(
    db: &Db,
    clock: &Clock,
    hasher: &Hasher,
    ip: IpAddr,
    credentials: LoginRequest,
) -> Result<(Account, Option<String>), Problem> {
    let bucket = Bucket::of(ip);
    let wait = bucket.seconds_to_wait(db, clock.now()).await?;
    if wait > 0 {
        return Err(Problem::new(Code::TooManyAttempts).retry_after(wait));
    }
    let account = users::find_by_name(db, &credentials.username).await?;
    let password = password::normalize(&credentials.password);
    let stored = account.as_ref().map(|account| account.password_hash.clone());
    let verdict = hasher.verify(password.clone(), stored).await?;
    match account {
        Some(account) if verdict.matches && !account.disabled => {
            // A full queue must not spoil a login that is already right: the next one will do.
            let rehashed = if verdict.outdated { hasher.hash(password).await.ok() } else { None };
            Ok((account, rehashed))
        }
        _ => {
            bucket.fail(db, clock.now()).await?;
            Err(Problem::new(Code::InvalidCredentials))
        }
    }
}

problems!(
    /// What signing out can meet.
    LogoutProblems: CrossSiteRequest, InternalError, Unavailable
);

/// Signs out: ends this session and takes the cookie away. Without a session it does nothing, and says so just the same.
#[utoipa::path(post, path = "/logout", operation_id = "logout", tag = "signing in",
    responses((status = 204, description = "Signed out."), LogoutProblems))]
pub(crate) async fn logout(session: Session, sessions: ThinData<Sessions>) -> HttpResponse {
    let mut response = HttpResponse::NoContent();
    // Not "cookies": that would sign out sister apps on the host (W3C Clear Site Data, section 3.1).
    response.insert_header(("clear-site-data", r#""cache", "storage""#));
    if !state::sign_out(&session) {
        response.insert_header((header::SET_COOKIE, sessions.removal()));
    }
    response.finish()
}
