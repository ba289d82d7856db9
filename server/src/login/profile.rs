//! `PATCH /me`: changing one's own profile.

use actix_web::web::{Data, Json as Answer, ThinData};

use super::throttle::Bucket;
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
use crate::sessions::queries as sessions;
use crate::users::profile::{ProfileChanges, what_changed};
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
    let changes = json.0.parse()?;
    let now = clock.now();
    let before = caller.user;
    let email = changes.new_email(before.email.as_deref());
    let full_name = changes.full_name.filter(|full_name| *full_name != before.full_name);
    if email.is_some() && !freshness.0.covers(caller.session.authenticated_at, now) {
        return Err(Problem::new(Code::ReauthRequired));
    }
    let (unverified, email) = match email {
        Some(Some(email)) if verifier.is_needed() => (Some(email), None),
        email => (None, email),
    };
    // The answer tells whether somebody has the address: who asks for one after the other has to wait.
    if matches!(email, Some(Some(_))) {
        Bucket::of_email_questions(&before.id).must_take(&db, now).await?;
    }
    let verification = match &unverified {
        Some(email) => Some(verifier.begin_change(&before, email, now).await?),
        None => None,
    };
    let notice = (email == Some(None)).then(|| verifier.notice_of_removal(&before, now)).flatten();
    let entry = |event| Entry::new(event, now).own(&before).from(Some(&client));
    // Only what was asked for is written: another tab may have changed the rest, or the address been verified.
    db.write(async |tx| {
        sessions::must_live(tx, &caller.session.id, &before.id, now).await?;
        let mut found = true;
        if let Some(email) = &email {
            found &= users::set_email(tx, &before.id, email.as_deref()).await.map_err(InsertError::about_email)?;
            // What was sent to the old address is good no more, nor is what another one waits for.
            links::delete_of(tx, &before.id).await?;
        }
        if let Some(full_name) = &full_name {
            found &= users::set_full_name(tx, &before.id, full_name).await?;
        }
        if !found {
            return Err(Problem::new(Code::NotAuthenticated));
        }
        if let Some(what) = what_changed(email.is_some(), full_name.is_some()) {
            audit::queries::insert(tx, &entry(Event::ProfileChanged).detail(what)).await?;
        }
        if let Some(notice) = &notice {
            notice.insert(tx).await?;
        }
        if let Some(verification) = &verification {
            verification.insert(tx).await?;
            audit::queries::insert(tx, &entry(Event::EmailChangeRequested)).await?;
        }
        Ok(())
    })
    .await?;
    verifier.wake();
    let mut after = before.clone();
    after.email = email.unwrap_or(after.email);
    after.full_name = full_name.unwrap_or(after.full_name);
    Ok(Answer(after))
}
