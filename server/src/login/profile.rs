//! `PATCH /me`: changing one's own profile.

use actix_web::web::{Data, Json as Answer, ThinData};

use super::verification::Verifier;
use crate::audit::{self, Entry, Event};
use crate::clock::Clock;
use crate::db::Db;
use crate::http::client::Client;
use crate::http::extract::Json;
use crate::http::problem::{Code, Problem};
use crate::identity::{CurrentUser, Freshness, SignedIn};
use crate::links::queries as links;
use crate::problems;
use crate::users::profile::ProfileChanges;
use crate::users::queries::{self as users, InsertError};

problems!(
    /// What changing one's profile can meet.
    ChangeProblems: MalformedRequest, NotAuthenticated, SessionEnded, CrossSiteRequest, InsufficientScope, ReauthRequired,
        EmailTaken, PayloadTooLarge, UnsupportedMediaType, InvalidInput, TooManyAttempts, InternalError, Unavailable
);

/// Changes the caller's profile. Another e-mail address needs a password entered in the last minutes, for it is a name to
/// sign in with.
///
/// Where mails are sent, a new address does not count at once: the answer still has the old one, and a mail to the new one
/// carries a link that makes it count. Whether somebody has it already is told there, and not in the answer.
#[utoipa::path(patch, path = "/me", operation_id = "changeProfile", tag = "profile", request_body = ProfileChanges,
    responses((status = 200, body = CurrentUser), ChangeProblems))]
pub(crate) async fn change(
    caller: SignedIn,
    client: Client,
    json: Json<ProfileChanges>,
    freshness: ThinData<Freshness>,
    verifier: Data<Verifier>,
    db: Data<Db>,
    clock: Data<Clock>,
) -> Result<Answer<CurrentUser>, Problem> {
    let Json(changes) = json;
    changes.check()?;
    let now = clock.now();
    let before = caller.user;
    let email = changes.email.of(before.email.clone());
    if email != before.email && now.since(caller.session.authenticated_at) > freshness.0.0 {
        return Err(Problem::new(Code::ReauthRequired));
    }
    let unverified = email.clone().filter(|_| verifier.is_needed() && email != before.email);
    let verification = match &unverified {
        Some(email) => Some(verifier.begin_change(&before, email, now).await?),
        None => None,
    };
    let mut after = before.clone();
    after.email = if verification.is_some() { after.email } else { email };
    after.full_name = changes.full_name.unwrap_or(after.full_name);
    let entry = Entry::new(Event::ProfileChanged, now).own(&before).from(Some(&client));
    let request = Entry::new(Event::EmailChangeRequested, now).own(&before).from(Some(&client));
    let what = match (after.email != before.email, after.full_name != before.full_name) {
        (false, false) => None,
        (true, false) => Some("email"),
        (false, true) => Some("full_name"),
        (true, true) => Some("email, full_name"),
    };
    let keeps_email = after.email == before.email;
    let written = db
        .write(async |tx| {
            if let Some(what) = what {
                // An address that stays is not written: it may have been verified since this request began.
                let exists = if keeps_email {
                    users::set_full_name(tx, &after.id, &after.full_name).await?
                } else {
                    users::set_profile(tx, &after.id, after.email.as_deref(), &after.full_name).await?
                };
                if exists {
                    audit::queries::insert(tx, &entry.clone().detail(what)).await?;
                }
            }
            if let Some(verification) = &verification {
                verification.insert(tx).await?;
                audit::queries::insert(tx, &request).await?;
            } else if verifier.is_needed() && !keeps_email {
                // Without an address: what was sent to the old one is good no more, nor is what another one waits for.
                links::delete_of(tx, &after.id).await?;
            }
            Ok::<_, InsertError>(())
        })
        .await;
    written.map_err(InsertError::about_email)?;
    verifier.wake();
    Ok(Answer(after))
}
