//! `POST /reauth`: proving once more who one is, for what matters most.

use std::fmt;

use actix_web::HttpResponse;
use actix_web::web::Data;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use super::authenticate::{Attempt, Authenticator};
use crate::audit::{self, Entry, Event};
use crate::clock::Clock;
use crate::http::client::Client;
use crate::http::extract::Json;
use crate::http::problem::{Code, Problem};
use crate::identity::SignedIn;
use crate::problems;
use crate::sessions::queries as sessions;

/// The proof.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReauthRequest {
    /// The password of the person who is signed in.
    #[schema(value_type = String, format = Password, min_length = 1, max_length = 256)]
    password: SecretString,
}

impl fmt::Debug for ReauthRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReauthRequest").finish_non_exhaustive()
    }
}

problems!(
    /// What proving it can meet.
    ReauthProblems: MalformedRequest, NotAuthenticated, SessionEnded, InvalidCredentials, CrossSiteRequest, InsufficientScope,
        PayloadTooLarge, UnsupportedMediaType, InvalidInput, TooManyAttempts, InternalError, Unavailable, Overloaded
);

/// Marks the session as one whose person has just entered the password. Failures count like those of a login.
#[utoipa::path(post, path = "/reauth", operation_id = "reauth", tag = "signing in", request_body = ReauthRequest,
    responses((status = 204, description = "Proved."), ReauthProblems))]
pub(crate) async fn reauth(
    client: Client,
    json: Json<ReauthRequest>,
    caller: SignedIn,
    authenticator: Data<Authenticator>,
    clock: Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let attempt = Attempt::again(&caller, json.0.password, &client);
    attempt.check()?;
    authenticator.authenticate(&attempt).await?;

    let SignedIn { user, session } = caller;
    let now = clock.now();
    let entry = Entry::new(Event::Reauthenticated, now).own(&user).from(Some(&client));
    authenticator
        .db()
        .write(async |tx| {
            if !sessions::freshen(tx, &session.id, now).await? {
                return Err(Problem::new(Code::NotAuthenticated));
            }
            Ok(audit::queries::insert(tx, &entry).await?)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
