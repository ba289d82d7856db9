//! `DELETE /me`: leaving.

use std::fmt;

use actix_session::Session;
use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, ThinData};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use super::authenticate::{Attempt, Authenticator};
use crate::access_tokens::RefreshCookie;
use crate::audit::{self, Entry, Event};
use crate::clock::{Clock, Timestamp};
use crate::db::Tx;
use crate::http::client::Client;
use crate::http::extract::Json;
use crate::http::problem::{Code, Problem};
use crate::identity::SignedIn;
use crate::problems;
use crate::sessions::{queries as sessions, state};
use crate::users::queries as users;

/// What leaving needs.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteAccount {
    /// The password of the person who is signed in.
    #[schema(value_type = String, format = Password, min_length = 1, max_length = 256)]
    password: SecretString,
}

impl fmt::Debug for DeleteAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeleteAccount").finish_non_exhaustive()
    }
}

problems!(
    /// What leaving can meet.
    DeleteProblems: MalformedRequest, NotAuthenticated, SessionEnded, InvalidCredentials, CrossSiteRequest,
        InsufficientScope, LastAdmin, PayloadTooLarge, UnsupportedMediaType, InvalidInput, TooManyAttempts,
        InternalError, Unavailable, Overloaded
);

/// Deletes the caller's account with everything that is theirs. What is left in the audit does not say whose it was.
#[utoipa::path(delete, path = "/me", operation_id = "deleteAccount", tag = "profile", request_body = DeleteAccount,
    responses((status = 204, description = "Deleted, and signed out."), DeleteProblems))]
pub(crate) async fn delete(
    caller: SignedIn,
    client: Client,
    json: Json<DeleteAccount>,
    session: Session,
    refresh_cookie: ThinData<RefreshCookie>,
    authenticator: Data<Authenticator>,
    clock: Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let attempt = Attempt::again(&caller, json.0.password, &client);
    attempt.check()?;
    // While the password was looked at, it may have become an old one, or been given another hash by a sign-in elsewhere: then it
    // is verified once more.
    if !leave(&authenticator, &attempt, &caller, clock.now()).await?
        && !leave(&authenticator, &attempt, &caller, clock.now()).await?
    {
        return Err(Problem::new(Code::InvalidCredentials));
    }
    let _ = state::sign_out(&session);
    let mut response = HttpResponse::NoContent();
    response.insert_header(("clear-site-data", r#""storage""#));
    response.append_header((header::SET_COOKIE, refresh_cookie.removal()));
    Ok(response.finish())
}

/// Deletes the account if its password is still the one that was verified; says whether it was.
async fn leave(
    authenticator: &Authenticator,
    attempt: &Attempt,
    caller: &SignedIn,
    now: Timestamp,
) -> Result<bool, Problem> {
    let (account, _) = authenticator.authenticate(attempt).await?;
    // Neither address nor browser: this line is not to say whose it was either.
    let entry = Entry::new(Event::AccountDeleted, now).about(&account.id).by(Some(&account.id));
    let delete = async |tx: &mut Tx| {
        users::lock_enabled_admins(tx).await?;
        sessions::must_live(tx, &caller.session.id, &account.id, now).await?;
        let today = users::find_within(tx, &account.id).await?;
        if today.is_none_or(|today| today.password_hash != account.password_hash) {
            return Ok(false);
        }
        users::delete_whole(tx, &account.id).await?;
        audit::queries::insert(tx, &entry).await?;
        Ok(true)
    };
    authenticator.db().write(delete).await
}
