//! Who did what to whom: written in the same transaction as the change itself.

pub mod queries;
pub mod routes;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::http::browser::Browser;
use crate::http::client::Client;
use crate::identity::{CurrentUser, new_id};
use crate::{stored_as_text, telemetry};

/// Where the lines of the audit go in the log; `RUST_LOG` may name it.
pub const LOG_TARGET: &str = "audit";

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AuditEvent)]
pub enum Event {
    /// A person signed in; the detail `new_browser` says that they never did with this browser before, `first_browser` that
    /// nobody has signed in to the account before.
    LoginSucceeded,
    /// A person entered their password once more.
    Reauthenticated,
    /// A person said that a sign-in from a new browser was theirs.
    SignInConfirmed,
    /// A person said that a sign-in from a new browser was not theirs; its session was ended.
    SignInDenied,
    /// Somebody gave a wrong password, or a name that nobody has.
    LoginFailed,
    /// A wrong password, or a name that nobody has, with which a wait begins: for the address, or for all who try that name.
    LoginThrottled,
    /// A person signed out.
    LoggedOut,
    /// A session was ended before its time; the detail says why.
    SessionEnded,
    /// Several sessions were ended; the detail says how many.
    SessionsEnded,
    /// A refresh token came back after its use: a copy of it is in somebody's hands. Its session was ended.
    RefreshTokenReused,
    /// A person chose another password.
    PasswordChanged,
    /// A password was set through a reset link, or on the command line.
    PasswordReset,
    /// A token for scripts was made; the detail is its name.
    TokenCreated,
    /// A token for scripts was used, for the first time on this day (UTC); the detail is its name.
    TokenUsed,
    /// A token for scripts was revoked, and the detail is its id; or several were, and it is their number or `all`.
    TokenRevoked,
    /// A person made an account for themselves.
    AccountRegistered,
    /// The first administrator was made.
    SetupCompleted,
    /// An account was made for somebody.
    AccountCreated,
    /// Name or address were changed; the detail says which.
    ProfileChanged,
    /// The role was changed; the detail is the new one.
    RoleChanged,
    /// The account was disabled.
    AccountDisabled,
    /// The account was enabled again.
    AccountEnabled,
    /// The account was deleted.
    AccountDeleted,
    /// A person took a copy of all their data.
    DataExported,
    /// An invitation was made.
    InvitationCreated,
    /// A person accepted their invitation.
    InvitationAccepted,
    /// A link to reset the password was made.
    ResetLinkCreated,
    /// Somebody has forgotten a password, or says so; the detail says what came of it.
    PasswordResetRequested,
    /// A person gave another e-mail address, which counts once it is confirmed.
    EmailChangeRequested,
    /// A mail could not be delivered; the detail says which, and why.
    MailUndelivered,
    /// A backup was restored; the detail says when it was made.
    DatabaseRestored,
}

stored_as_text!(Event);

/// One line of the audit.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    event: Event,
    at: Timestamp,
    user_id: Option<&'a str>,
    actor_id: Option<&'a str>,
    session_id: Option<&'a str>,
    client: Option<&'a Client>,
    detail: Option<&'a str>,
}

impl<'a> Entry<'a> {
    /// That it happened.
    #[must_use]
    pub fn new(event: Event, at: Timestamp) -> Self {
        Self { event, at, user_id: None, actor_id: None, session_id: None, client: None, detail: None }
    }

    /// Whom it concerns; left out where that is nobody we know.
    #[must_use]
    pub fn about(self, user_id: &'a str) -> Self {
        Self { user_id: Some(user_id), ..self }
    }

    /// Who did it; left out for the server itself, its command line, and strangers.
    #[must_use]
    pub fn by(self, actor_id: Option<&'a str>) -> Self {
        Self { actor_id, ..self }
    }

    /// What a person did to themselves.
    #[must_use]
    pub fn own(self, user: &'a CurrentUser) -> Self {
        Self { session_id: user.session.as_ref().map(|session| session.id.as_str()), ..self.about(&user.id) }
            .by(Some(&user.id))
    }

    /// The session it happened in, or to.
    #[must_use]
    pub fn in_session(self, session_id: &'a str) -> Self {
        Self { session_id: Some(session_id), ..self }
    }

    /// Where it was done from; nowhere for the command line.
    #[must_use]
    pub fn from(self, client: Option<&'a Client>) -> Self {
        Self { client, ..self }
    }

    /// What else there is to know, without any secret.
    #[must_use]
    pub fn detail(self, detail: &'a str) -> Self {
        Self { detail: Some(detail), ..self }
    }

    fn id(&self) -> String {
        new_id(self.at)
    }

    /// Writes the line in the log as well, once it is in the table: what is collected elsewhere, nobody who can write to
    /// the database can change (OWASP ASVS 5.0, 16.4.3).
    fn log(&self, id: &str) {
        if !tracing::enabled!(target: LOG_TARGET, tracing::Level::INFO) {
            return;
        }
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let (audit_id, at, event, request_id) = (id.to_owned(), self.at, self.event, telemetry::request_id());
        let (user_id, actor_id, session_id) = (owned(self.user_id), owned(self.actor_id), owned(self.session_id));
        let (ip, device) = (self.client.map(|client| client.ip), self.client.map(|client| client.browser.clone()));
        let detail = owned(self.detail);
        telemetry::once_committed(move || {
            tracing::info!(
                target: LOG_TARGET,
                audit_id,
                %at,
                %event,
                user_id,
                actor_id,
                session_id,
                device = device.as_ref().map(Browser::as_str),
                ip = ip.map(tracing::field::display),
                detail,
                request_id,
                "audit"
            );
        });
    }
}
