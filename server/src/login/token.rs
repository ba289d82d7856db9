//! `POST /token`: signing in for clients that carry tokens instead of a cookie (OAuth 2.0, RFC 6749 sections 4.3 and 6).

use std::fmt;

use actix_web::web::{Data, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

use super::authenticate::{Attempt, Authenticator};
use super::guard::Way;
use super::open::{LoginRules, Opening};
use crate::access_tokens::queries as refresh_tokens;
use crate::access_tokens::routes::{TokenAnswer, hand_out, too_many};
use crate::access_tokens::{AccessTokens, RefreshCookie, Refresher, Renewal};
use crate::clock::Clock;
use crate::http::client::Client;
use crate::http::extract::Form;
use crate::http::problem::{Code, Problem};
use crate::problems;
use crate::secret::token::PlainToken;
use crate::sessions::device::Device;
use crate::telemetry;

/// The scope that asks for the refresh token in the body (`OpenID` Connect Core section 11).
const OFFLINE_ACCESS: &str = "offline_access";

/// What a client asks for.
#[derive(Deserialize, ToSchema)]
pub struct TokenRequest {
    #[schema(required = true, schema_with = grant_type)]
    grant_type: Option<String>,
    /// With `password`: the username or the e-mail address.
    username: Option<String>,
    /// With `password`: the password.
    #[schema(value_type = Option<String>, format = Password)]
    password: Option<SecretString>,
    /// `offline_access` to get the refresh token in the body instead of a cookie.
    scope: Option<String>,
    /// With `refresh_token`: the one that was given last.
    #[schema(value_type = Option<String>, format = Password)]
    refresh_token: Option<SecretString>,
    /// `false` for a session of at most a day, whose cookie ends with the browser.
    remember: Option<bool>,
}

fn grant_type() -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(["password", "refresh_token"]))
        .description(Some("`password`, or `refresh_token` for clients that hold their refresh token themselves."))
        .build()
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest").field("grant_type", &self.grant_type).finish_non_exhaustive()
    }
}

/// Why no token was given (RFC 6749 section 5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OAuthErrorCode {
    /// A parameter is missing, given twice or malformed.
    InvalidRequest,
    /// Name or password are wrong, or the refresh token is not good (any more).
    InvalidGrant,
    /// Not a grant that is offered here.
    UnsupportedGrantType,
    /// A scope that does not exist.
    InvalidScope,
}

impl fmt::Display for OAuthErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// The error of RFC 6749 section 5.2.
#[derive(Debug, Serialize, ToSchema)]
pub struct OAuthError {
    /// What is wrong.
    error: OAuthErrorCode,
    /// A sentence for the client's developer.
    error_description: &'static str,
}

/// Either a problem of ours, or an answer in OAuth's own form.
enum Refusal {
    Problem(Problem),
    OAuth(OAuthErrorCode, &'static str),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        match problem.code() {
            Code::InvalidCredentials => {
                Self::OAuth(OAuthErrorCode::InvalidGrant, "The username or the password is wrong.")
            }
            Code::InvalidInput | Code::MalformedRequest | Code::UnsupportedMediaType => Self::OAuth(
                OAuthErrorCode::InvalidRequest,
                "Send grant_type and its parameters once each, as application/x-www-form-urlencoded.",
            ),
            _ => Self::Problem(problem),
        }
    }
}

impl From<sqlx::Error> for Refusal {
    fn from(error: sqlx::Error) -> Self {
        Self::Problem(error.into())
    }
}

problems!(
    /// What asking for a token can meet, beside OAuth's own errors.
    TokenProblems: CrossSiteRequest, PayloadTooLarge, TooManyAttempts, InternalError, Unavailable, Overloaded
);

/// Gives an access token for a password, or for a refresh token that the client holds itself.
#[utoipa::path(post, path = "/token", operation_id = "token", tag = "tokens",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = TokenAnswer, description = "Given; without `offline_access` the refresh cookie is set."),
        (status = 400, body = OAuthError, description = "Refused (RFC 6749 section 5.2)."), TokenProblems))]
#[expect(clippy::too_many_arguments, reason = "a handler's arguments are what it is given by name")]
pub(crate) async fn token(
    request: HttpRequest,
    form: Result<Form<TokenRequest>, Problem>,
    authenticator: Data<Authenticator>,
    tokens: Data<AccessTokens>,
    refresher: Data<Refresher>,
    cookie: ThinData<RefreshCookie>,
    client: Client,
    device: Device,
    clock: Data<Clock>,
    rules: ThinData<LoginRules>,
) -> Result<HttpResponse, Problem> {
    let (cookie, device) = (&cookie, &device);
    let context = Context { request: &request, tokens: &tokens, cookie, client: &client, device, clock: &clock };
    let outcome = match form {
        Ok(Form(form)) => match form.grant_type.as_deref() {
            Some("password") if !rules.0.password_grant => {
                Err(Refusal::OAuth(OAuthErrorCode::UnsupportedGrantType, "No password is taken here (PASSWORD_GRANT)."))
            }
            Some("password") => with_password(&context, form, &authenticator, rules.0).await,
            Some("refresh_token") => with_refresh_token(&context, &form, &refresher).await,
            Some(_) => {
                Err(Refusal::OAuth(OAuthErrorCode::UnsupportedGrantType, "The grants are password and refresh_token."))
            }
            None => Err(Refusal::OAuth(OAuthErrorCode::InvalidRequest, "grant_type is missing.")),
        },
        Err(problem) => Err(problem.into()),
    };
    outcome.or_else(|refusal| match refusal {
        Refusal::Problem(problem) => Err(problem),
        Refusal::OAuth(error, error_description) => {
            telemetry::note_refusal(error);
            Ok(HttpResponse::BadRequest().json(OAuthError { error, error_description }))
        }
    })
}

/// What both grants need of the request and the server.
struct Context<'a> {
    request: &'a HttpRequest,
    tokens: &'a AccessTokens,
    cookie: &'a RefreshCookie,
    client: &'a Client,
    device: &'a Device,
    clock: &'a Clock,
}

async fn with_password(
    context: &Context<'_>,
    form: TokenRequest,
    authenticator: &Authenticator,
    rules: LoginRules,
) -> Result<HttpResponse, Refusal> {
    let (Some(username), Some(password)) = (form.username, form.password) else {
        return Err(Refusal::OAuth(OAuthErrorCode::InvalidRequest, "username and password are needed."));
    };
    let offline = match form.scope.as_deref().map(str::trim) {
        None | Some("") => false,
        Some(OFFLINE_ACCESS) => true,
        Some(_) => return Err(Refusal::OAuth(OAuthErrorCode::InvalidScope, "The only scope is offline_access.")),
    };
    let headers = context.request.headers();
    let way = Way::SignIn(context.device.clone());
    let attempt = Attempt { username, password, client: context.client.clone(), way };
    attempt.check()?;

    // Signing in over a live session ends it, as with the cookie.
    let before = if offline { Vec::new() } else { context.cookie.read(headers) };
    let replaces = refresh_tokens::only_known(authenticator.db(), before).await?.map(|(_, session_id)| session_id);
    let (refresh_token, now) = (PlainToken::generate(), context.clock.now());
    let opening = Opening {
        rules,
        client: context.client,
        remember: form.remember.unwrap_or(true),
        replaces: replaces.as_deref(),
        device: context.device,
        is_browser: !offline,
        refresh_token: Some(refresh_token.hash()),
        now,
    };
    let (_, user) = authenticator.sign_in(&attempt, &opening).await?;
    let cookie = (!offline).then_some(context.cookie);
    Ok(hand_out(context.tokens, &user, &refresh_token, cookie, now)?)
}

async fn with_refresh_token(
    context: &Context<'_>,
    form: &TokenRequest,
    refresher: &Refresher,
) -> Result<HttpResponse, Refusal> {
    use secrecy::ExposeSecret;

    let Some(text) = &form.refresh_token else {
        return Err(Refusal::OAuth(OAuthErrorCode::InvalidRequest, "refresh_token is needed."));
    };
    let renewal = match PlainToken::parse(text.expose_secret()) {
        Some(token) => refresher.renew(vec![token], context.client).await?,
        None => Renewal::Unknown,
    };
    match renewal {
        Renewal::Renewed(known, successor) => {
            Ok(hand_out(context.tokens, &known.user, &successor, None, context.clock.now())?)
        }
        Renewal::TooMany => Err(too_many().into()),
        Renewal::Reused => Err(Refusal::OAuth(
            OAuthErrorCode::InvalidGrant,
            "The refresh token was used before; its session has been ended.",
        )),
        Renewal::Ended(..) | Renewal::Unknown => {
            Err(Refusal::OAuth(OAuthErrorCode::InvalidGrant, "The refresh token is not good any more."))
        }
    }
}
