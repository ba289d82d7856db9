//! Who is asking. The session layer finds out and leaves its answer with the request; extractors only read it.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::http::problem::{Code, Problem};
use crate::{random, stored_as_text};

/// A new id: UUID version 7 (RFC 9562 section 5.7), so that ids sort by the time they were made.
#[must_use]
pub fn new_id(now: Timestamp) -> String {
    let millis = u64::try_from(now.as_micros() / 1_000).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &random::bytes()).into_uuid().to_string()
}

/// Whether `text` can be an id; anything else is not asked for in the database.
#[must_use]
pub fn is_id(text: &str) -> bool {
    text.len() == 36 && Uuid::try_parse(text).is_ok() && !text.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// What a person may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Use the app.
    Member,
    /// Also administer people.
    Admin,
}

/// The session a request came with.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CurrentSession {
    /// The session's public id; not the token.
    pub id: String,
    /// When the person signed in.
    pub created_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}

/// The person a request comes from.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Me)]
pub struct CurrentUser {
    /// The person's id.
    pub id: String,
    /// The name they sign in with.
    pub username: String,
    /// Their e-mail address.
    pub email: Option<String>,
    /// The name others see; may be empty.
    pub full_name: String,
    /// What they may do.
    pub role: Role,
    /// Since when they have an account.
    pub created_at: Timestamp,
    /// The session; `null` for credentials that have none.
    pub session: Option<CurrentSession>,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The person signed out.
    LoggedOut,
    /// The person or an administrator ended it.
    Revoked,
    /// It reached the end of its life.
    Expired,
    /// It was not used for too long.
    Idle,
    /// The password was changed.
    PasswordChanged,
    /// The account was disabled.
    Disabled,
    /// A newer sign-in took its place.
    Replaced,
    /// Another browser presented its token.
    BrowserMismatch,
}

/// What the credentials of a request are worth.
#[derive(Debug)]
pub enum Credential {
    /// A person.
    User(Box<CurrentUser>),
    /// The token of a session that has ended.
    Ended {
        /// Why.
        reason: EndReason,
        /// When.
        at: Timestamp,
    },
    /// Nobody knows: the database could not be asked. Whoever needs a person gets this problem instead.
    Unknown(Problem),
}

impl Credential {
    /// Leaves the answer with the request, for the extractors.
    pub fn attach(self, request: &impl HttpMessage) {
        request.extensions_mut().insert(self);
    }
}

impl FromRequest for CurrentUser {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match request.extensions().get::<Credential>() {
            Some(Credential::User(user)) => Ok(user.as_ref().clone()),
            Some(Credential::Ended { reason, at }) => Err(session_ended(*reason, *at)),
            Some(Credential::Unknown(problem)) => Err(problem.again()),
            None => Err(Problem::new(Code::NotAuthenticated)),
        })
    }
}

fn session_ended(reason: EndReason, at: Timestamp) -> Problem {
    Problem::new(Code::SessionEnded).member("reason", reason.to_string()).member("at", at.to_string())
}

stored_as_text!(Role);
stored_as_text!(EndReason);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_version_7_and_sort_by_time() {
        let one = new_id(Timestamp::from_micros(1_763_797_530_300_811));
        let two = new_id(Timestamp::from_micros(1_763_797_530_301_811));
        assert!(one < two && is_id(&one) && one.as_bytes()[14] == b'7', "{one} {two}");
        for junk in ["", "x", &one.to_uppercase(), &one[1..], "0191e000000070008000000000000000"] {
            assert!(!is_id(junk), "{junk}");
        }
    }
}
