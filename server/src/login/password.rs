//! `POST /password`: choosing another one.

use std::fmt;

use actix_session::Session;
use actix_web::http::header;
use actix_web::web::{Data, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use super::authenticate::{Attempt, Authenticator};
use super::new_sign_ins::ASKED_FOR;
use super::queries;
use crate::access_tokens::{RefreshCookie, queries as refresh_tokens};
use crate::api_tokens::queries as api_tokens;
use crate::audit::{self, Entry, Event};
use crate::clock::Clock;
use crate::http::client::Client;
use crate::http::extract::Json;
use crate::http::problem::{Code, Problem};
use crate::identity::{EndReason, Means, SignedIn};
use crate::links::queries as links;
use crate::problems;
use crate::secret::token::PlainToken;
use crate::sessions::{queries as sessions, state};
use crate::users::new_passwords::NewPasswords;
use crate::users::queries as users;

/// The old password and the new one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordRequest {
    /// The password until now.
    #[schema(value_type = String, format = Password, min_length = 1, max_length = 256)]
    current_password: SecretString,
    /// The password from now on.
    #[schema(value_type = String, format = Password, min_length = 1, max_length = 256)]
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

/// Changes the caller's password. Every other session and every other family of tokens ends; this one goes on, with a new
/// cookie. Access tokens that were issued before are refused from now on: a client renews its own. One that holds its refresh
/// token itself goes on with that, which is good for one use: whoever presents it a second time ends the session.
#[utoipa::path(post, path = "/password", operation_id = "changePassword", tag = "profile", request_body = PasswordRequest,
    responses((status = 204, description = "Changed."), PasswordProblems))]
#[expect(clippy::too_many_arguments, reason = "a handler's arguments are what it is given by name")]
pub(crate) async fn change(
    request: HttpRequest,
    client: Client,
    json: Json<PasswordRequest>,
    caller: SignedIn,
    cookie: Session,
    refresh_cookie: ThinData<RefreshCookie>,
    authenticator: Data<Authenticator>,
    new_passwords: Data<NewPasswords>,
    clock: Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let PasswordRequest { current_password, new_password } = json.0;
    let attempt = Attempt::again(&caller, current_password, &client);
    let SignedIn { user, session } = caller;
    attempt.check_password("current_password")?;
    let (account, _) = authenticator.authenticate(&attempt).await?;
    let about = [&*user.username, user.email.as_deref().unwrap_or_default(), &user.full_name];
    let password_hash = new_passwords.hash("new_password", new_password, about).await?;

    let now = clock.now();
    let entry = Entry::new(Event::PasswordChanged, now).own(&user).from(Some(&client));
    // Whoever holds a copy of what this session is carried by is not to go on with it (OWASP ASVS 5.0, 7.2.4).
    let token = PlainToken::generate();
    let refreshed = match refresh_tokens::only_known(authenticator.db(), refresh_cookie.read(request.headers())).await?
    {
        Some((_, id)) if id == session.id && user.means == Means::AccessToken => Some(PlainToken::generate()),
        _ => None,
    };
    let changed = authenticator
        .db()
        .write(async |tx| {
            sessions::must_live(tx, &session.id, &user.id, now).await?;
            if !users::replace_password_hash(tx, &user.id, &account.password_hash, &password_hash).await? {
                return Ok(false);
            }
            // A link that somebody else has asked for is not to bring another password, or another address, after this.
            links::delete_of(tx, &user.id).await?;
            users::forget_failures(tx, &user.id).await?;
            // What a stranger has made while they knew the password goes with it.
            if let Some(since) = queries::first_denied(tx, &user.id, now.minus(ASKED_FOR)).await? {
                api_tokens::delete_since(tx, &user.id, since).await?;
            }
            sessions::end_all(tx, &user.id, Some(&session.id), EndReason::PasswordChanged, now).await?;
            if !sessions::renew(tx, &session.id, &token.hash(), now).await? {
                return Err(Problem::new(Code::NotAuthenticated));
            }
            match (&refreshed, user.means) {
                (Some(token), _) => refresh_tokens::replace_all(tx, &token.hash(), &session.id, now).await?,
                (None, Means::AccessToken) => refresh_tokens::confine(tx, &session.id).await?,
                (None, _) => {}
            }
            audit::queries::insert(tx, &entry).await?;
            Ok(true)
        })
        .await?;
    if !changed {
        return Err(Problem::new(Code::InvalidCredentials));
    }
    let mut response = HttpResponse::NoContent();
    if user.means == Means::Cookie {
        state::sign_in(&cookie, &token, &session, now)?;
    }
    if let Some(refreshed) = &refreshed {
        response.append_header((header::SET_COOKIE, refresh_cookie.set(refreshed, &session, now)));
    }
    Ok(response.finish())
}
