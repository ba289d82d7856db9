//! `/me/new-sign-ins`: "Was this you?", asked in a browser that the person has used before about sign-ins from others.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{Data, Json as Answer, ThinData};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::queries::{self, Asked, NewSignIn};
use crate::api_tokens::queries as api_tokens;
use crate::audit::{self, Entry, Event};
use crate::clock::{Clock, Timestamp};
use crate::db::Db;
use crate::http::client::Client;
use crate::http::extract::{Json, Path};
use crate::http::problem::{Code, Problem};
use crate::identity::{CurrentSession, Freshness, SignedIn, is_id};
use crate::links::queries as links;
use crate::problems;
use crate::sessions::device::Device;
use crate::sessions::queries as sessions;

/// How long a browser must be known until its "No" counts without the password.
const TRUSTED_AFTER: Duration = Duration::from_hours(24);
/// How long it is asked about a sign-in.
pub(super) const ASKED_FOR: Duration = Duration::from_hours(30 * 24);

/// Sign-ins that the person has not yet answered for.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewSignIns {
    /// The newest first, ten at most.
    items: Vec<NewSignIn>,
}

problems!(
    /// What asking can meet.
    ListProblems: NotAuthenticated, SessionEnded, InsufficientScope, InternalError, Unavailable
);

/// Sign-ins to the caller's account from browsers that were new to it, which nobody has answered for. Only a browser that was
/// known before such a sign-in is told of it: whoever signs in with a stolen password cannot answer for themselves. The first
/// sign-in of all is the exception: nobody knows whose it was, so every other browser is told of it, and the one that made it
/// is told of nothing until it was confirmed or is known for a day.
#[utoipa::path(get, path = "/me/new-sign-ins", operation_id = "listNewSignIns", tag = "profile",
    responses((status = 200, body = NewSignIns), ListProblems))]
pub(crate) async fn list(
    caller: SignedIn,
    device: Device,
    db: Data<Db>,
    clock: Data<Clock>,
) -> Result<Answer<NewSignIns>, Problem> {
    let items = unanswered(&caller, &device, &db, clock.now()).await?;
    Ok(Answer(NewSignIns { items }))
}

async fn unanswered(
    caller: &SignedIn,
    device: &Device,
    db: &Db,
    now: Timestamp,
) -> Result<Vec<NewSignIn>, sqlx::Error> {
    let user_id = &*caller.user.id;
    let Some(known_since) = device.known_since(user_id) else { return Ok(Vec::new()) };
    let standing = queries::standing(db, user_id, known_since).await?;
    if standing.was_denied || (standing.is_unconfirmed_first && !is_trusted(known_since, now)) {
        return Ok(Vec::new());
    }
    let first_since = now.minus(ASKED_FOR);
    // A clock that ran ahead does not know what came before.
    let since = if known_since > now { first_since } else { known_since.max(first_since) };
    let asked = Asked { user_id, in_session: &caller.session.id, known_since, since, first_since };
    queries::new_sign_ins(db, asked).await
}

/// Whether a browser is known for long enough.
fn is_trusted(known_since: Timestamp, now: Timestamp) -> bool {
    now.since(known_since) >= TRUSTED_AFTER
}

/// Whether the password was given in this session after it was opened, and recently.
fn has_proved_it(session: &CurrentSession, freshness: Freshness, now: Timestamp) -> bool {
    session.authenticated_at > session.created_at && freshness.covers(session.authenticated_at, now)
}

/// The person's answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInAnswer {
    /// Whether it was they.
    was_me: bool,
}

problems!(
    /// What answering can meet.
    AnswerProblems: MalformedRequest, NotAuthenticated, SessionEnded, CrossSiteRequest, InsufficientScope, ReauthRequired,
        NotFound, PayloadTooLarge, UnsupportedMediaType, InvalidInput, InternalError, Unavailable
);

/// Answers for a sign-in. "No" ends its session and every other since, and takes back tokens for scripts made since and every
/// link. The stranger still knows the password, which should be changed next. From a browser that is known for less than a day, or
/// that came after the sign-in, "No" needs the password, given once more in this session.
#[utoipa::path(post, path = "/me/new-sign-ins/{session_id}", operation_id = "answerForSignIn", tag = "profile",
    request_body = SignInAnswer, params(("session_id" = String, Path, description = "The session that was opened.")),
    responses((status = 204, description = "Noted."), AnswerProblems))]
#[expect(clippy::too_many_arguments, reason = "a handler's arguments are what it is given by name")]
pub(crate) async fn answer(
    session_id: Path<String>,
    json: Json<SignInAnswer>,
    caller: SignedIn,
    device: Device,
    client: Client,
    freshness: ThinData<Freshness>,
    db: Data<Db>,
    clock: Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let now = clock.now();
    let asked = if is_id(&session_id.0) { unanswered(&caller, &device, &db, now).await? } else { Vec::new() };
    let sign_in = asked.into_iter().find(|sign_in| sign_in.session_id == session_id.0);
    let sign_in = sign_in.ok_or_else(|| Problem::new(Code::NotFound))?;
    let (user, was_me) = (&caller.user, json.0.was_me);
    let may_end = device.known_since(&user.id).is_some_and(|known_since| {
        known_since < sign_in.at && is_trusted(known_since, now) || has_proved_it(&caller.session, freshness.0, now)
    });
    if !was_me && !may_end {
        return Err(Problem::new(Code::ReauthRequired));
    }
    let event = if was_me { Event::SignInConfirmed } else { Event::SignInDenied };
    let entry = Entry::new(event, now).own(user).in_session(&sign_in.session_id).from(Some(&client));
    db.write(async |tx| {
        sessions::must_live(tx, &caller.session.id, &user.id, now).await?;
        audit::queries::insert(tx, &entry).await?;
        if !was_me {
            sessions::end_since(tx, &user.id, &caller.session.id, sign_in.at, now).await?;
            links::delete_of(tx, &user.id).await?;
            let revoked = api_tokens::delete_since(tx, &user.id, sign_in.at).await?;
            if revoked > 0 {
                let detail = revoked.to_string();
                let entry = Entry::new(Event::TokenRevoked, now).own(user).from(Some(&client)).detail(&detail);
                audit::queries::insert(tx, &entry).await?;
            }
        }
        Ok::<_, Problem>(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}
