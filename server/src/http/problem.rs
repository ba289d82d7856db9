//! What a client is told when something is wrong: one problem document (RFC 9457), one closed list of codes.

use std::collections::BTreeMap;
use std::fmt;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::schema::{AllOfBuilder, ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};

use crate::db::{self, Abort};
use crate::secret::hasher::Overloaded;

/// The content type of every error.
pub const CONTENT_TYPE: &str = "application/problem+json";

/// What went wrong, as a word that stays the same for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The body is not what its content type says, or the request is not understood.
    MalformedRequest,
    /// Nobody is signed in.
    NotAuthenticated,
    /// The session has ended; `reason` and `at` say why and when.
    SessionEnded,
    /// No such user, a wrong password, or a disabled account: one answer for all three.
    InvalidCredentials,
    /// The request comes from a page of another site.
    CrossSiteRequest,
    /// The token may not do this: it lacks the scope, or only a person who is signed in may.
    InsufficientScope,
    /// Only an administrator may do this.
    Forbidden,
    /// Accounts are made by administrators here (`REGISTRATION`).
    RegistrationClosed,
    /// The person must prove once more who they are (`POST /reauth`), for that was too long ago.
    ReauthRequired,
    /// The session that the refresh token belongs to has run out.
    RefreshTokenExpired,
    /// The refresh token was used before, and not just now: somebody has a copy of it. Its session has been ended.
    RefreshTokenReused,
    /// There are as many tokens as a person may have.
    TooManyTokens,
    /// Somebody has that username.
    UsernameTaken,
    /// Somebody has that e-mail address.
    EmailTaken,
    /// Without this administrator nobody could administer any more.
    LastAdmin,
    /// There is an administrator already.
    SetupDone,
    /// There is nothing here, or nothing of yours.
    NotFound,
    /// The address exists, the method does not; `Allow` lists those that do.
    MethodNotAllowed,
    /// The body is larger than 64 KiB.
    PayloadTooLarge,
    /// The body is of a type that this address does not read.
    UnsupportedMediaType,
    /// The request is understood, but a field is not acceptable; `errors` says which and why.
    InvalidInput,
    /// Too many failures from this address, or at this name or in this session; `Retry-After` says how many seconds to wait.
    TooManyAttempts,
    /// Our fault. The log knows more, under the same `request_id`.
    InternalError,
    /// The database is away; try again.
    Unavailable,
    /// More logins are waiting than can be served; `Retry-After` says when to try again.
    Overloaded,
}

impl Code {
    /// The HTTP status that goes with it.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::MalformedRequest => StatusCode::BAD_REQUEST,
            Self::NotAuthenticated
            | Self::SessionEnded
            | Self::InvalidCredentials
            | Self::RefreshTokenExpired
            | Self::RefreshTokenReused => StatusCode::UNAUTHORIZED,
            Self::CrossSiteRequest
            | Self::InsufficientScope
            | Self::Forbidden
            | Self::RegistrationClosed
            | Self::ReauthRequired => StatusCode::FORBIDDEN,
            Self::TooManyTokens | Self::UsernameTaken | Self::EmailTaken | Self::LastAdmin | Self::SetupDone => {
                StatusCode::CONFLICT
            }
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::InvalidInput => StatusCode::UNPROCESSABLE_ENTITY,
            Self::TooManyAttempts => StatusCode::TOO_MANY_REQUESTS,
            Self::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable | Self::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// One sentence for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::MalformedRequest => "The request could not be understood.",
            Self::NotAuthenticated => "Sign in first.",
            Self::SessionEnded => "The session has ended.",
            Self::InvalidCredentials => "The username or the password is wrong.",
            Self::CrossSiteRequest => "The request came from another site.",
            Self::InsufficientScope => "This token may not do that.",
            Self::Forbidden => "Only administrators may do that.",
            Self::RegistrationClosed => "Accounts are made by administrators here.",
            Self::ReauthRequired => "Enter your password again first.",
            Self::RefreshTokenExpired => "The refresh token has expired.",
            Self::RefreshTokenReused => "The refresh token was used before.",
            Self::TooManyTokens => "There are as many tokens as one may have.",
            Self::UsernameTaken => "Somebody has that username.",
            Self::EmailTaken => "Somebody has that e-mail address.",
            Self::LastAdmin => "Without this administrator nobody could administer any more.",
            Self::SetupDone => "There is an administrator already.",
            Self::NotFound => "There is nothing at this address.",
            Self::MethodNotAllowed => "This address does not know that method.",
            Self::PayloadTooLarge => "The body is too large.",
            Self::UnsupportedMediaType => "The body must be application/json.",
            Self::InvalidInput => "A field is not acceptable.",
            Self::TooManyAttempts => "Too many attempts. Wait a moment and try again.",
            Self::InternalError => "Something went wrong on our side.",
            Self::Unavailable => "The service is not available right now. Try again in a moment.",
            Self::Overloaded => "Too many people are signing in right now. Try again in a moment.",
        }
    }

    /// Whether it is an attempt to get around a control, which the pages of the web app do not make (OWASP ASVS 5.0,
    /// 16.3.3): worth a look where it comes often.
    #[must_use]
    pub fn is_suspicious(self) -> bool {
        matches!(
            self,
            Self::CrossSiteRequest
                | Self::InsufficientScope
                | Self::Forbidden
                | Self::RefreshTokenReused
                | Self::TooManyAttempts
        )
    }

    fn for_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => Self::PayloadTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable,
            status if status.is_server_error() => Self::InternalError,
            _ => Self::MalformedRequest,
        }
    }
}

/// One field that is not acceptable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// The field's name in the request.
    pub field: String,
    /// What is wrong with it, to be read after the field's name.
    pub message: String,
}

/// An error on its way to the client. What the client may know is in the document; the cause goes to the log.
#[derive(Debug)]
pub struct Problem {
    code: Code,
    status: StatusCode,
    detail: Option<String>,
    errors: Vec<FieldError>,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<anyhow::Error>,
}

impl Problem {
    /// A problem that its code says all about.
    #[must_use]
    pub fn new(code: Code) -> Self {
        let status = code.status();
        Self { code, status, detail: None, errors: Vec::new(), members: Map::new(), headers: Vec::new(), cause: None }
    }

    /// What stands in for an answer with which some library refused a request, and which is no problem of ours.
    #[must_use]
    pub fn of_status(status: StatusCode) -> Self {
        Self { status, ..Self::new(Code::for_status(status)) }
    }

    /// Our fault: the client learns nothing, the log everything.
    #[must_use]
    pub fn internal(cause: impl Into<anyhow::Error>) -> Self {
        Self { cause: Some(cause.into()), ..Self::new(Code::InternalError) }
    }

    /// A field is not acceptable.
    #[must_use]
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Code::InvalidInput).and_invalid(field, message)
    }

    /// Another field is not acceptable either.
    #[must_use]
    pub fn and_invalid(mut self, field: impl Into<String>, message: impl Into<String>) -> Self {
        self.errors.push(FieldError { field: field.into(), message: message.into() });
        self
    }

    /// Adds a sentence about this very occurrence.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds an extension member (RFC 9457 section 3.2).
    #[must_use]
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Refuses who has to wait for so many seconds.
    ///
    /// # Errors
    /// 429 with the time to wait, unless that is none.
    pub fn unless_over(seconds: u64) -> Result<(), Self> {
        match seconds {
            0 => Ok(()),
            wait => Err(Self::new(Code::TooManyAttempts).retry_after(wait)),
        }
    }

    /// Says after how many seconds to try again.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header(header::RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// The same problem for a second answer. Its cause stays with this one, as text.
    #[must_use]
    pub fn again(&self) -> Self {
        Self {
            code: self.code,
            status: self.status,
            detail: self.detail.clone(),
            errors: self.errors.clone(),
            members: self.members.clone(),
            headers: self.headers.clone(),
            cause: self.cause.as_ref().map(|cause| anyhow::anyhow!("{cause:#}")),
        }
    }

    /// What went wrong.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// The fields that are not acceptable.
    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// What only the log may know.
    #[must_use]
    pub fn cause(&self) -> Option<&anyhow::Error> {
        self.cause.as_ref()
    }

    /// The answer, with the document as its body.
    #[must_use]
    pub fn render(&self, request_id: &str) -> HttpResponse<BoxBody> {
        let document = ProblemDocument {
            kind: format!("urn:hallpass:problem:{}", self.code),
            title: self.code.title(),
            status: self.status.as_u16(),
            code: self.code,
            detail: self.detail.as_deref(),
            errors: &self.errors,
            members: &self.members,
            request_id,
        };
        let mut response = HttpResponseBuilder::new(self.status);
        for header in &self.headers {
            response.append_header(header.clone());
        }
        response.content_type(CONTENT_TYPE);
        response.body(serde_json::to_vec(&document).unwrap_or_default())
    }
}

#[derive(Serialize)]
struct ProblemDocument<'a> {
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    code: Code,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    #[serde(flatten)]
    members: &'a Map<String, Value>,
    request_id: &'a str,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.code.fmt(f)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    /// The bare status; [`super::envelope`] knows the request's id and writes the document.
    fn error_response(&self) -> HttpResponse<BoxBody> {
        HttpResponse::new(self.status_code())
    }
}

impl From<Overloaded> for Problem {
    fn from(_: Overloaded) -> Self {
        Self::new(Code::Overloaded).retry_after(2)
    }
}

impl Abort for Problem {
    fn database_error(&self) -> Option<&sqlx::Error> {
        self.cause.as_ref().and_then(|cause| cause.downcast_ref())
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        let code = if db::is_unavailable(&error) { Code::Unavailable } else { Code::InternalError };
        let problem = Self { cause: Some(error.into()), ..Self::new(code) };
        if code == Code::Unavailable { problem.retry_after(1) } else { problem }
    }
}

/// The OpenAPI responses for an operation that can answer with `codes`: one response a status, in which `code` is
/// exactly the codes of that status, so that generated clients know them as a closed union.
#[must_use]
pub fn responses(codes: &[Code]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status = BTreeMap::<u16, Vec<Code>>::new();
    for code in codes {
        by_status.entry(code.status().as_u16()).or_default().push(*code);
    }
    by_status.into_iter().map(|(status, codes)| (status.to_string(), response(&codes).into())).collect()
}

fn response(codes: &[Code]) -> Response {
    let code = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(codes.iter().map(Code::to_string)));
    let mut narrowed = ObjectBuilder::new().property("code", code).required("code");
    if codes.contains(&Code::InvalidInput) {
        narrowed = narrowed
            .property("errors", ArrayBuilder::new().items(Ref::from_schema_name("FieldError")))
            .required("errors");
    }
    let schema = AllOfBuilder::new().item(Ref::from_schema_name("Problem")).item(narrowed);
    let titles: Vec<_> = codes.iter().map(|code| code.title()).collect();
    ResponseBuilder::new()
        .description(titles.join(" "))
        .content(CONTENT_TYPE, ContentBuilder::new().schema(Some(schema)).build())
        .build()
}

/// Declares the problems an operation can answer with, for its `#[utoipa::path(responses(...))]`.
#[macro_export]
macro_rules! problems {
    ($(#[$doc:meta])* $name:ident: $($code:ident),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl ::utoipa::IntoResponses for $name {
            fn responses() -> ::std::collections::BTreeMap<
                String,
                ::utoipa::openapi::RefOr<::utoipa::openapi::Response>,
            > {
                $crate::http::problem::responses(&[$($crate::http::problem::Code::$code),+])
            }
        }
    };
}
