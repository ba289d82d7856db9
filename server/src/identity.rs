//! Who is asking. The session layer finds out and leaves its answer with the request; extractors only read it.

use std::fmt;
use std::future::{Ready, ready};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::web::{Bytes, Data, ThinData};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock::{Clock, SKEW, Timestamp};
use crate::http::problem::{Code, Problem};
use crate::{random, stored_as_text};

/// A new id: UUID version 7 (RFC 9562 section 5.7), so that ids sort by the time they were made.
#[must_use]
pub fn new_id(now: Timestamp) -> String {
    id_of(now, random::bytes())
}

/// The first id that could have been made at `moment`: those made earlier are below it, the others are not.
#[must_use]
pub fn first_id(moment: Timestamp) -> String {
    id_of(moment, [0; 10])
}

/// The microseconds go into the bits after the milliseconds (RFC 9562 section 6.2, method 3).
fn id_of(moment: Timestamp, mut random: [u8; 10]) -> String {
    let micros = u64::try_from(moment.as_micros()).unwrap_or_default();
    let [.., high, low] = ((micros % 1_000) << 2).to_be_bytes();
    random[0] = high;
    random[1] = low | (random[1] & 0b11);
    uuid::Builder::from_unix_timestamp_millis(micros / 1_000, &random).into_uuid().to_string()
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
    /// When its person last proved who they are.
    #[serde(skip)]
    #[schema(ignore)]
    pub authenticated_at: Timestamp,
    /// What its access tokens must carry.
    #[serde(skip)]
    #[schema(ignore)]
    pub stamp: Stamp,
}

/// What tells the access tokens of a session from those that were issued before its password was changed: it follows from the
/// stored hash of the session's token, which a new password replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp([u8; STAMP]);

/// Bytes of a [`Stamp`].
const STAMP: usize = 12;

impl Stamp {
    /// The stamp of the session that has this hash of its token.
    #[must_use]
    pub fn of(token_hash: &[u8]) -> Self {
        let hash = Sha256::new_with_prefix(b"hallpass session stamp\0").chain_update(token_hash).finalize();
        let mut stamp = [0; STAMP];
        stamp.copy_from_slice(&hash[..STAMP]);
        Self(stamp)
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// What a request proved its person with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// The session cookie.
    Cookie,
    /// An access token (a JWT), which belongs to a session.
    AccessToken,
    /// An opaque token, which belongs to none.
    ApiToken {
        /// Whether it may change things, and not only look.
        may_write: bool,
    },
}

impl Means {
    fn allows(self, method: &Method) -> bool {
        self != Self::ApiToken { may_write: false } || method.is_safe()
    }
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
    /// How the request proved it.
    #[serde(skip)]
    #[schema(ignore)]
    pub means: Means,
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

impl EndReason {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::LoggedOut,
        Self::Revoked,
        Self::Expired,
        Self::Idle,
        Self::PasswordChanged,
        Self::Disabled,
        Self::Replaced,
        Self::BrowserMismatch,
    ];
}

/// A person as requests know them, and how they are shown themselves.
#[derive(Debug)]
pub struct Known {
    /// The person.
    pub user: CurrentUser,
    json: OnceLock<Bytes>,
}

impl From<CurrentUser> for Known {
    fn from(user: CurrentUser) -> Self {
        Self { user, json: OnceLock::new() }
    }
}

impl Known {
    /// [`CurrentUser`] as JSON, made once.
    ///
    /// # Panics
    /// Never: a person is text and times.
    #[must_use]
    pub fn json(&self) -> Bytes {
        let render = || serde_json::to_vec(&self.user).expect("text and times have a JSON").into();
        self.json.get_or_init(render).clone()
    }

    /// Whoever a request comes from.
    ///
    /// # Errors
    /// 401 where nobody is known, 403 where the credential does not allow the method, 503 where nobody knows.
    pub fn of(request: &HttpRequest) -> Result<Arc<Self>, Problem> {
        match request.extensions().get::<Credential>() {
            Some(Credential::User(known)) if known.user.means.allows(request.method()) => Ok(Arc::clone(known)),
            Some(Credential::User(_)) => Err(Problem::new(Code::InsufficientScope)),
            Some(Credential::Ended { reason, at }) => Err(ended(Code::SessionEnded, *reason, *at)),
            Some(Credential::Unknown(problem)) => Err(problem.again()),
            None => Err(Problem::new(Code::NotAuthenticated)),
        }
    }
}

/// What the credentials of a request are worth.
#[derive(Debug)]
pub enum Credential {
    /// A person.
    User(Arc<Known>),
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
        ready(Known::of(request).map(|known| known.user.clone()))
    }
}

/// The person a request comes from, with the session that it came with. A token that a script holds has none, and is refused
/// (403): it may not make more of its kind, nor change what its owner signs in with.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The person.
    pub user: CurrentUser,
    /// Their session.
    pub session: CurrentSession,
}

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let user = CurrentUser::from_request(request, payload).into_inner();
        ready(user.and_then(|user| match user.session.clone() {
            Some(session) => Ok(Self { user, session }),
            None => Err(Problem::new(Code::InsufficientScope)),
        }))
    }
}

/// How recently a person must have proved who they are before what matters most (`REAUTH_MINUTES`).
#[derive(Clone, Copy, Debug)]
pub struct Freshness(pub Duration);

impl Freshness {
    /// Whether a proof given `at` is recent enough `now`. One that seems to come from the future, by more than two servers' clocks
    /// differ, was noted by a clock that ran ahead: nobody knows how old it is.
    #[must_use]
    pub fn covers(self, at: Timestamp, now: Timestamp) -> bool {
        at.since(now) <= SKEW && now.since(at) <= self.0
    }
}

/// [`SignedIn`], by somebody who proved who they are just now; else 403 `reauth_required`.
#[derive(Clone, Debug)]
pub struct Fresh(pub SignedIn);

impl FromRequest for Fresh {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let signed_in = SignedIn::from_request(request, payload).into_inner();
        let (clock, freshness) = (request.app_data::<Data<Clock>>(), request.app_data::<ThinData<Freshness>>());
        let (Some(clock), Some(freshness)) = (clock, freshness) else {
            return ready(Err(Problem::internal(anyhow::anyhow!("the application has no clock or no freshness"))));
        };
        ready(signed_in.and_then(|signed_in| {
            if freshness.0.covers(signed_in.session.authenticated_at, clock.now()) {
                Ok(Self(signed_in))
            } else {
                Err(Problem::new(Code::ReauthRequired))
            }
        }))
    }
}

/// An administrator. Anybody else is refused (403), and so is a token for scripts, even an administrator's.
#[derive(Clone, Debug)]
pub struct Admin(pub SignedIn);

impl Admin {
    fn check(signed_in: SignedIn) -> Result<Self, Problem> {
        match signed_in.user.role {
            Role::Admin => Ok(Self(signed_in)),
            Role::Member => Err(Problem::new(Code::Forbidden)),
        }
    }
}

impl FromRequest for Admin {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(SignedIn::from_request(request, payload).into_inner().and_then(Self::check))
    }
}

/// [`Admin`] who proved who they are just now: what every administrative change needs.
#[derive(Clone, Debug)]
pub struct FreshAdmin(pub SignedIn);

impl FromRequest for FreshAdmin {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        // Who may not do it at all is not asked for a password first.
        let admin = Admin::from_request(request, payload).into_inner();
        ready(
            admin
                .and_then(|_| Fresh::from_request(request, payload).into_inner())
                .map(|Fresh(signed_in)| Self(signed_in)),
        )
    }
}

/// The refusal of somebody whose session has ended, which says why and when.
#[must_use]
pub fn ended(code: Code, reason: EndReason, at: Timestamp) -> Problem {
    Problem::new(code).member("reason", reason.to_string()).member("at", at.to_string())
}

stored_as_text!(Role);
stored_as_text!(EndReason);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_version_7_and_sort_by_time() {
        let one = new_id(Timestamp::from_micros(1_763_797_530_300_811));
        let two = new_id(Timestamp::from_micros(1_763_797_530_300_812));
        assert!(one >= first_id(Timestamp::from_micros(1_763_797_530_300_811)));
        assert!(one < first_id(Timestamp::from_micros(1_763_797_530_300_812)));
        assert!(one < two && is_id(&one) && one.as_bytes()[14] == b'7', "{one} {two}");
        for junk in ["", "x", &one.to_uppercase(), &one[1..], "0191e000000070008000000000000000"] {
            assert!(!is_id(junk), "{junk}");
        }
    }
}
