//! `/links/{token}`: what a link is for, and doing it.

use std::fmt;

use actix_web::HttpResponse;
use actix_web::web::{Data, Json as Answer, ServiceConfig};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Purpose;
use super::queries::{self, FoundLink};
use crate::api_tokens::queries as api_tokens;
use crate::audit::{self, Entry, Event};
use crate::clock::{Clock, Timestamp};
use crate::db::Db;
use crate::http::client::Client;
use crate::http::extract::{Json, Path};
use crate::http::problem::{Code, Problem};
use crate::http::resource::endpoint;
use crate::identity::EndReason;
use crate::problems;
use crate::secret::token::{PlainToken, TokenHash};
use crate::sessions::queries as sessions;
use crate::users::new_passwords::NewPasswords;
use crate::users::queries::{self as users, InsertError};

/// Adds the routes.
pub fn configure(config: &mut ServiceConfig) {
    config.service(endpoint("/links/{token}").get(show).post(follow));
}

/// What a link is for.
#[derive(Debug, Serialize, ToSchema)]
pub struct LinkInfo {
    /// What following it does.
    purpose: Purpose,
    /// Whose it is.
    username: String,
    /// Their name; may be empty.
    full_name: String,
    /// The address that becomes theirs; only with the purpose `email_verification`.
    #[schema(max_length = 254)]
    email: Option<String>,
    /// Until when it is good.
    expires_at: Timestamp,
}

/// The link of this token. One that never was, one that was used and one that is too old are the same to the caller.
async fn find(db: &Db, token: &str, now: Timestamp) -> Result<(TokenHash, FoundLink), Problem> {
    let not_found = || Problem::new(Code::NotFound);
    let token = PlainToken::parse(token).ok_or_else(not_found)?.hash();
    let link = queries::find(db, &token, now).await?.ok_or_else(not_found)?;
    Ok((token, link))
}

problems!(
    /// What looking at a link can meet.
    ShowProblems: NotFound, InternalError, Unavailable
);

/// What a link is for. Looking does not use it up.
#[utoipa::path(get, path = "/links/{token}", operation_id = "showLink", tag = "links",
    params(("token" = String, Path, description = "The link's token.")),
    responses((status = 200, body = LinkInfo), ShowProblems))]
pub(crate) async fn show(token: Path<String>, db: Data<Db>, clock: Data<Clock>) -> Result<Answer<LinkInfo>, Problem> {
    let (_, link) = find(&db, &token.0, clock.now()).await?;
    let FoundLink { purpose, expires_at, username, full_name, new_email, .. } = link;
    Ok(Answer(LinkInfo { purpose, username, full_name, email: new_email, expires_at }))
}

/// What following a link needs.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowLink {
    /// The password from now on. A link with the purpose `email_verification` needs none.
    #[schema(value_type = Option<String>, format = Password, min_length = 1, max_length = 256)]
    password: Option<SecretString>,
}

impl fmt::Debug for FollowLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FollowLink").finish_non_exhaustive()
    }
}

problems!(
    /// What following a link can meet.
    FollowProblems: MalformedRequest, CrossSiteRequest, NotFound, EmailTaken, PayloadTooLarge, UnsupportedMediaType,
        InvalidInput, InternalError, Unavailable, Overloaded
);

/// Follows a link: sets the password, and ends every session and token that was made with the old one; or makes the address
/// that it verifies that of its person. Nobody is signed in by it (OWASP Forgot Password Cheat Sheet).
#[utoipa::path(post, path = "/links/{token}", operation_id = "followLink", tag = "links", request_body = FollowLink,
    params(("token" = String, Path, description = "The link's token.")),
    responses((status = 204, description = "Done; the link is used up."), FollowProblems))]
pub(crate) async fn follow(
    token: Path<String>,
    json: Json<FollowLink>,
    client: Client,
    new_passwords: Data<NewPasswords>,
    db: Data<Db>,
    clock: Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let (token, link) = find(&db, &token.0, clock.now()).await?;
    if link.purpose == Purpose::EmailVerification {
        let email = link.new_email.as_deref().ok_or_else(|| Problem::new(Code::NotFound))?;
        confirm(&db, &token, &link.user_id, email, &client, clock.now()).await?;
        return Ok(HttpResponse::NoContent().finish());
    }
    let password = json.0.password.ok_or_else(|| Problem::invalid("password", "is missing"))?;
    let about = [link.username.as_str(), link.email.as_deref().unwrap_or_default(), &link.full_name];
    let password_hash = new_passwords.hash("password", password, about).await?;
    let (now, id) = (clock.now(), &link.user_id);
    let event = if link.purpose == Purpose::Invitation { Event::InvitationAccepted } else { Event::PasswordReset };
    let entry = Entry::new(event, now).about(id).by(Some(id)).from(Some(&client));
    db.write(async |tx| {
        sessions::lock_person(tx, id).await?;
        if !queries::consume(tx, &token, now).await? || !users::set_password_hash(tx, id, &password_hash).await? {
            return Err(Problem::new(Code::NotFound));
        }
        queries::delete_of(tx, id).await?;
        users::forget_failures(tx, id).await?;
        // Whoever has forgotten a password may have lost it: what was made with it ends too.
        sessions::end_all(tx, id, None, EndReason::PasswordChanged, now).await?;
        api_tokens::delete_all(tx, id).await?;
        Ok(audit::queries::insert(tx, &entry).await?)
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Makes a verified address that of its person. What was sent to the old one, a link to a new password for example, is good
/// no more.
async fn confirm(
    db: &Db,
    token: &TokenHash,
    id: &str,
    email: &str,
    client: &Client,
    now: Timestamp,
) -> Result<(), Problem> {
    let entry = Entry::new(Event::ProfileChanged, now).about(id).by(Some(id)).from(Some(client)).detail("email");
    db.write(async |tx| {
        sessions::lock_person(tx, id).await?;
        if !queries::consume(tx, token, now).await? {
            return Err(Problem::new(Code::NotFound));
        }
        // Somebody else may have verified the address meanwhile: the unique column decides.
        if !users::set_email(tx, id, Some(email)).await.map_err(InsertError::about_email)? {
            return Err(Problem::new(Code::NotFound));
        }
        queries::delete_of(tx, id).await?;
        Ok(audit::queries::insert(tx, &entry).await?)
    })
    .await
}
