//! What gives a person access: their sessions, their tokens, and a link to a new password.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json as Answer};
use actix_web::{CustomizeResponder, HttpResponse, Responder};

use super::accounts::account;
use super::by::By;
use crate::api_tokens::queries as api_tokens;
use crate::api_tokens::routes::{ListQuery, Token};
use crate::audit::Event;
use crate::clock::Clock;
use crate::db::{Db, Tx};
use crate::http::client::Client;
use crate::http::cursor::{self, Page};
use crate::http::extract::{Path, Query};
use crate::http::problem::{Code, Problem};
use crate::identity::{Admin, EndReason, FreshAdmin, is_id};
use crate::links::{Link, Links, Purpose};
use crate::mail::{Message, Outbox};
use crate::problems;
use crate::sessions::layer::Sessions;
use crate::sessions::queries as sessions;
use crate::sessions::routes::{ListQuery as SessionsQuery, Session, Whose, page};
use crate::users::queries as users;

problems!(
    /// What looking at a person's access can meet.
    ListProblems: NotAuthenticated, SessionEnded, InsufficientScope, Forbidden, NotFound, InvalidInput, InternalError,
        Unavailable
);

/// A person's sessions, newest first; ended ones stay listed for thirty days.
#[utoipa::path(get, path = "/users/{id}/sessions", operation_id = "listUserSessions", tag = "administration",
    params(("id" = String, Path, description = "The person's id."), SessionsQuery),
    responses((status = 200, body = Page<Session>), ListProblems))]
pub(crate) async fn list_sessions(
    admin: Admin,
    id: Path<String>,
    query: Query<SessionsQuery>,
    db: Data<Db>,
    clock: Data<Clock>,
    layers: Data<Sessions>,
) -> Result<Answer<Page<Session>>, Problem> {
    let owner = account(&db, &id.0).await?;
    let of = Whose { user_id: &owner.id, current: Some(&admin.0.session.id) };
    Ok(Answer(page(&db, &query.0, of, &layers.lifetime(), clock.now()).await?))
}

/// A person's tokens, newest first, without their secrets.
#[utoipa::path(get, path = "/users/{id}/tokens", operation_id = "listUserTokens", tag = "administration",
    params(("id" = String, Path, description = "The person's id."), ListQuery),
    responses((status = 200, body = Page<Token>), ListProblems))]
pub(crate) async fn list_tokens(
    _: Admin,
    id: Path<String>,
    query: Query<ListQuery>,
    db: Data<Db>,
) -> Result<Answer<Page<Token>>, Problem> {
    let limit = cursor::limit(query.0.limit)?;
    let before = cursor::after(query.0.cursor.as_deref())?;
    let owner = account(&db, &id.0).await?;
    let rows = api_tokens::list(&db, &owner.id, &before, limit + 1).await?;
    Ok(Answer(Page::cut(rows, limit, |row| row.id.clone()).map(Token::from)))
}

problems!(
    /// What taking or giving access can meet.
    ChangeProblems: NotAuthenticated, SessionEnded, CrossSiteRequest, InsufficientScope, Forbidden, ReauthRequired, NotFound,
        InternalError, Unavailable
);

/// Ends all of a person's sessions.
#[utoipa::path(delete, path = "/users/{id}/sessions", operation_id = "endUserSessions", tag = "administration",
    params(("id" = String, Path, description = "The person's id.")),
    responses((status = 204, description = "Ended."), ChangeProblems))]
pub(crate) async fn end_sessions(
    admin: FreshAdmin,
    client: Client,
    id: Path<String>,
    db: Data<Db>,
    clock: Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let (owner, by) = (account(&db, &id.0).await?, By::new(admin, client, &clock));
    by.write(&db, async |tx| {
        let ended = sessions::end_all(tx, &owner.id, None, EndReason::Revoked, by.now).await?;
        by.note(tx, Event::SessionsEnded, &owner.id, Some(&ended.to_string())).await
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Ends one of a person's sessions. It is refused from the very next request on.
#[utoipa::path(delete, path = "/users/{id}/sessions/{session_id}", operation_id = "endUserSession", tag = "administration",
    params(("id" = String, Path, description = "The person's id."),
        ("session_id" = String, Path, description = "The session's id.")),
    responses((status = 204, description = "Ended."), ChangeProblems))]
pub(crate) async fn end_session(
    admin: FreshAdmin,
    client: Client,
    ids: Path<(String, String)>,
    db: Data<Db>,
    clock: Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let (id, session_id) = ids.0;
    let (owner, by) = (account(&db, &id).await?, By::new(admin, client, &clock));
    // Somebody else's session, one that has ended and one that never was are the same.
    if !is_id(&session_id) {
        return Err(Problem::new(Code::NotFound));
    }
    by.write(&db, async |tx| {
        if !sessions::end(tx, &session_id, &owner.id, EndReason::Revoked, by.now).await? {
            return Err(Problem::new(Code::NotFound));
        }
        by.note_in(tx, Event::SessionEnded, &owner.id, &session_id, "revoked").await
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Revokes all of a person's tokens.
#[utoipa::path(delete, path = "/users/{id}/tokens", operation_id = "revokeUserTokens", tag = "administration",
    params(("id" = String, Path, description = "The person's id.")),
    responses((status = 204, description = "Revoked."), ChangeProblems))]
pub(crate) async fn revoke_tokens(
    admin: FreshAdmin,
    client: Client,
    id: Path<String>,
    db: Data<Db>,
    clock: Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let (owner, by) = (account(&db, &id.0).await?, By::new(admin, client, &clock));
    by.write(&db, async |tx| {
        api_tokens::delete_all(tx, &owner.id).await?;
        by.note(tx, Event::TokenRevoked, &owner.id, Some("all")).await
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Makes a link through which the person chooses a new password. Links made earlier are good no more. Where mails are sent
/// and the person has an address, the link is mailed to them as well.
#[utoipa::path(post, path = "/users/{id}/reset-link", operation_id = "createResetLink", tag = "administration",
    params(("id" = String, Path, description = "The person's id.")),
    responses((status = 201, body = Link), ChangeProblems))]
pub(crate) async fn reset_link(
    admin: FreshAdmin,
    client: Client,
    id: Path<String>,
    links: Data<Links>,
    outbox: Data<Outbox>,
    db: Data<Db>,
    clock: Data<Clock>,
) -> Result<CustomizeResponder<Answer<Link>>, Problem> {
    let (owner, by) = (account(&db, &id.0).await?, By::new(admin, client, &clock));
    let link = links.draft(Purpose::PasswordReset, Some(&owner.id), by.now);
    let shown = links.show(&link);
    let make = async |tx: &mut Tx| {
        sessions::lock_person(tx, &owner.id).await?;
        // As they are under the lock: a link must not go to an address that has just been replaced.
        let owner = users::find_within(tx, &owner.id).await?.ok_or_else(|| Problem::new(Code::NotFound))?;
        if owner.disabled {
            return Err(Problem::new(Code::NotFound).detail("A disabled person cannot choose a new password."));
        }
        let (username, url, expires_at) = (&owner.username, &shown.url, shown.expires_at);
        let message = Message::PasswordReset { username, url, expires_at };
        let letter = owner.email.as_deref().and_then(|email| outbox.letter(&owner.id, email, message, by.now));
        link.insert(tx).await?;
        if let Some(letter) = &letter {
            letter.insert(tx).await?;
        }
        by.note(tx, Event::ResetLinkCreated, &owner.id, None).await?;
        Ok(letter.is_some())
    };
    let mailed = by.write(&db, make).await?;
    outbox.wake();
    let answer = Link { mailed, ..shown };
    Ok(Answer(answer).customize().with_status(StatusCode::CREATED))
}
