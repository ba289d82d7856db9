//! `POST /password`: choosing another one.

use std::fmt;

use actix_web::web::{self, Data, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use super::authenticate::{Attempt, Authenticator};
use crate::audit::{self, Entry, Event};
use crate::clock::Clock;
use crate::http::client_ip::TrustedProxies;
use crate::http::extract::Json;
use crate::http::problem::{Code, Problem};
use crate::identity::{CurrentUser, EndReason, SignedIn};
use crate::problems;
use crate::secret::password;
use crate::sessions::queries as sessions;
use crate::users::queries as users;

/// `PASSWORD_MIN_LENGTH`: characters that a new password has at least.
#[derive(Clone, Copy, Debug)]
pub struct MinLength(pub usize);

/// The old password and the new one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordRequest {
    /// The password until now.
    #[schema(value_type = String, format = Password)]
    current_password: SecretString,
    /// The password from now on.
    #[schema(value_type = String, format = Password)]
    new_password: SecretString,
}

impl fmt::Debug for PasswordRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordRequest").finish_non_exhaustive()
    }
}

problems!(
    /// What changing the password can meet.
    PasswordProblems: MalformedRequest, NotAuthenticated, SessionEnded, InvalidCredentials, CrossSiteRequest,
        InsufficientScope, PayloadTooLarge, UnsupportedMediaType, InvalidInput, TooManyAttempts, InternalError, Unavailable,
        Overloaded
);

/// Changes the caller's password. Every other session and every other family of tokens ends; this one goes on.
#[utoipa::path(post, path = "/password", operation_id = "changePassword", tag = "profile", request_body = PasswordRequest,
    responses((status = 204, description = "Changed."), PasswordProblems))]
pub(crate) async fn change(
    request: HttpRequest,
    json: Json<PasswordRequest>,
    caller: SignedIn,
    authenticator: Data<Authenticator>,
    proxies: Data<TrustedProxies>,
    clock: Data<Clock>,
    min_length: ThinData<MinLength>,
) -> Result<HttpResponse, Problem> {
    let SignedIn { user, session } = caller;
    let ip = proxies.client_ip(request.peer_addr(), request.headers());
    let attempt = Attempt { username: user.username.clone(), password: json.0.current_password, ip };
    attempt.check_password("current_password")?;
    let (account, _) = authenticator.authenticate(attempt).await?;
    let new_password = checked(json.0.new_password, min_length.0, &user).await?;
    let password_hash = authenticator.hash(new_password).await?;

    let now = clock.now();
    let entry = Entry {
        at: now,
        event: Event::PasswordChanged,
        user_id: &user.id,
        actor_id: Some(&user.id),
        session_id: Some(&session.id),
        detail: None,
    };
    let changed = authenticator
        .db()
        .write(async |tx| {
            if !users::replace_password_hash(tx, &user.id, &account.password_hash, &password_hash).await? {
                return Ok(false);
            }
            sessions::end_all(tx, &user.id, Some(&session.id), EndReason::PasswordChanged, now).await?;
            audit::queries::insert(tx, &entry).await?;
            Ok::<_, sqlx::Error>(true)
        })
        .await?;
    if changed { Ok(HttpResponse::NoContent().finish()) } else { Err(Problem::new(Code::InvalidCredentials)) }
}

/// The new password in its normal form, if it is a good one. Estimating that takes milliseconds of work, so it is done beside
/// the threads that serve.
async fn checked(password: SecretString, min_length: MinLength, user: &CurrentUser) -> Result<SecretString, Problem> {
    let about = [user.username.clone(), user.email.clone().unwrap_or_default(), user.full_name.clone()];
    let verdict = web::block(move || {
        let password = password::normalize(&password);
        let about = about.each_ref().map(String::as_str);
        password::check_new(&password, min_length.0, &about).map(|()| password)
    });
    let verdict = verdict.await.map_err(Problem::internal)?;
    verdict.map_err(|reason| Problem::invalid("new_password", reason.to_string()))
}
