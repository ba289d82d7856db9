//! `POST /forgot-password`: asking for a link to a new password, by mail.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Deserialize;
use tokio::sync::mpsc;
use utoipa::ToSchema;

use super::authenticate::check_name;
use super::queries;
use super::throttle::Bucket;
use crate::audit::{self, Entry, Event};
use crate::clock::Clock;
use crate::db::Db;
use crate::http::client::Client;
use crate::http::extract::Json;
use crate::http::problem::Problem;
use crate::links::{Links, Purpose};
use crate::mail::{Message, Outbox};
use crate::problems;
use crate::sessions::device::Device;
use crate::sessions::queries as sessions;
use crate::users::model::NO_PASSWORD;
use crate::users::queries as users;

/// Requests that wait to be worked on. More are dropped, with a line in the log: so many at once are no people, and who asks
/// again a moment later is heard.
const BACKLOG: usize = 1024;
/// How long one of them may take.
const WORK_WITHIN: Duration = Duration::from_secs(30);

/// Who has forgotten their password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ForgotPassword {
    /// The username or the e-mail address.
    #[schema(min_length = 1, max_length = 254)]
    username: String,
}

/// A request that is answered already, and still to be worked on.
struct Request {
    username: String,
    client: Client,
}

/// Takes requests for new passwords.
#[derive(Clone, Debug)]
pub struct ForgottenPasswords(Option<mpsc::Sender<Request>>);

impl ForgottenPasswords {
    /// Takes requests, and what works on them until the last of these is gone. Where no mails are sent, they are taken
    /// all the same, and nothing comes of them.
    pub fn new(db: Db, clock: Clock, links: Links, outbox: Outbox) -> (Self, impl Future<Output = ()>) {
        let (sender, requests) = mpsc::channel(BACKLOG);
        let sender = outbox.is_open().then_some(sender);
        (Self(sender), work(Worker { db, clock, links, outbox }, requests))
    }
}

problems!(
    /// What asking for a new password can meet.
    ForgotProblems: MalformedRequest, CrossSiteRequest, PayloadTooLarge, UnsupportedMediaType, InvalidInput,
        TooManyAttempts, InternalError, Unavailable
);

/// Asks for a link to a new password, by mail. The answer is the same, at the same cost, whether or not there is such a
/// person, an address to send to, and a mail server: the work is done after it. A person gets one such mail in five
/// minutes at most.
#[utoipa::path(post, path = "/forgot-password", operation_id = "forgotPassword", tag = "signing in",
    request_body = ForgotPassword,
    responses((status = 202, description = "Taken. A mail follows where it can."), ForgotProblems))]
pub(crate) async fn forgot(
    client: Client,
    device: Device,
    json: Json<ForgotPassword>,
    requests: Data<ForgottenPasswords>,
    db: Data<Db>,
    clock: Data<Clock>,
) -> Result<HttpResponse, Problem> {
    let Json(ForgotPassword { username }) = json;
    check_name(&username)?;
    // A task of its own, which goes on when the client hangs up: else nobody would count the request of who never waits for
    // the answer.
    let taken = actix_web::rt::spawn(async move {
        let known = match known_browsers(&db, &device, &username).await? {
            Some(bucket) => bucket.take(&db, clock.now()).await?,
            None => false,
        };
        if !known {
            Bucket::of_reset_requests(client.ip).must_take(&db, clock.now()).await?;
        }
        if let Some(requests) = &requests.0
            && requests.try_send(Request { username, client }).is_err()
        {
            tracing::warn!("too many ask for new passwords at once: a request was dropped");
        }
        Ok::<_, Problem>(())
    });
    taken.await.map_err(Problem::internal)??;
    Ok(HttpResponse::Accepted().finish())
}

/// The budget of the browsers that the account knows, where this is one: somebody else at the same address must not use it up.
async fn known_browsers(db: &Db, device: &Device, username: &str) -> Result<Option<Bucket>, sqlx::Error> {
    if device.proof().is_none() {
        return Ok(None);
    }
    let Some(account) = users::find_by_name(db, username).await? else { return Ok(None) };
    let Some(since) = device.known_since(&account.id) else { return Ok(None) };
    let is_denied = queries::standing(db, &account.id, since).await?.was_denied;
    Ok((!is_denied).then(|| Bucket::of_known_reset_requests(&account.id)))
}

struct Worker {
    db: Db,
    clock: Clock,
    links: Links,
    outbox: Outbox,
}

/// One after the other, so that a crowd of requests keeps nobody else from the database.
async fn work(worker: Worker, mut requests: mpsc::Receiver<Request>) {
    while let Some(request) = requests.recv().await {
        match tokio::time::timeout(WORK_WITHIN, worker.answer(request)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "a link to a new password could not be made"),
            Err(_) => tracing::warn!("a link to a new password could not be made in time"),
        }
    }
}

impl Worker {
    /// Whether there is room for a line about a request from there.
    async fn may_note(&self, client: &Client) -> Result<bool, sqlx::Error> {
        let (db, now) = (&self.db, self.clock.now());
        Ok(Bucket::of_reset_notes(client.ip).take(db, now).await? && Bucket::of_all_reset_notes().take(db, now).await?)
    }

    /// Mails a link, where there is somebody to mail it to, and notes it. A request that comes to nothing is noted once a minute
    /// for each address that asks, and not much more often for all of them. What was typed is not kept: it may be a password in
    /// the wrong field.
    async fn answer(&self, request: Request) -> Result<(), sqlx::Error> {
        let Self { db, clock, links, outbox } = self;
        let Some(account) = users::find_by_name(db, &request.username).await? else {
            if !self.may_note(&request.client).await? {
                return Ok(());
            }
            let entry = Entry::new(Event::PasswordResetRequested, clock.now()).from(Some(&request.client));
            return db.write(async |tx| audit::queries::insert(tx, &entry).await).await;
        };
        let (bucket, daily, now) = (Bucket::of_resets(&account.id), Bucket::of_daily_resets(&account.id), clock.now());
        // Who was invited and has not come yet gets another invitation.
        let is_invited = account.password_hash == NO_PASSWORD;
        let purpose = if is_invited { Purpose::Invitation } else { Purpose::PasswordReset };
        let draft = links.draft(purpose, Some(&account.id), now);
        let shown = links.show(&draft);
        let (username, url, expires_at) = (&account.username, &shown.url, shown.expires_at);
        let message = if is_invited {
            Message::Invitation { username, url, expires_at }
        } else {
            Message::PasswordReset { username, url, expires_at }
        };
        let letter = account.email.as_deref().and_then(|email| outbox.letter(&account.id, email, message, now));
        let (letter, outcome) = match letter {
            _ if account.disabled => (None, "disabled"),
            None => (None, "no address"),
            // The day's share is taken only by what is mailed.
            Some(letter) if bucket.take(db, now).await? && daily.take(db, now).await? => (Some(letter), "mailed"),
            Some(_) => (None, "mailed before"),
        };
        if !self.may_note(&request.client).await? && letter.is_none() {
            return Ok(());
        }
        let entry = Entry::new(Event::PasswordResetRequested, now).about(&account.id).from(Some(&request.client));
        let entry = entry.detail(outcome);
        db.write(async |tx| {
            if let Some(letter) = &letter {
                // Meanwhile the password may have been chosen, the address replaced, the account disabled.
                sessions::lock_person(tx, &account.id).await?;
                let today = users::find_within(tx, &account.id).await?;
                let is_same = today.is_some_and(|today| {
                    (today.email, today.password_hash, today.disabled)
                        == (account.email.clone(), account.password_hash.clone(), false)
                });
                if !is_same {
                    return Ok(());
                }
                // Anybody may ask for this link: it does not take the place of one that somebody waits for.
                draft.add(tx).await?;
                letter.insert(tx).await?;
            }
            audit::queries::insert(tx, &entry).await
        })
        .await?;
        outbox.wake();
        Ok(())
    }
}
