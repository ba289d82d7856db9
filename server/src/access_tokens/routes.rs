//! Renewing an access token, and the keys to verify one with.

use actix_web::http::header;
use actix_web::web::{Data, ServiceConfig, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::cookie::RefreshCookie;
use super::jwt::AccessTokens;
use super::refresh::{PERIOD, Refresher, Renewal};
use crate::clock::{Clock, Timestamp};
use crate::http::client::Client;
use crate::http::problem::{Code, Problem};
use crate::http::resource::endpoint;
use crate::identity::{CurrentUser, EndReason, ended};
use crate::problems;
use crate::secret::token::PlainToken;

/// Adds the routes below `/api`.
pub fn configure(config: &mut ServiceConfig) {
    config.service(endpoint("/refresh-token").post(refresh));
}

/// Where the public keys are.
pub const KEY_SET: &str = "/.well-known/jwks.json";

/// Adds the route outside of `/api`.
pub fn configure_well_known(config: &mut ServiceConfig) {
    config.service(endpoint(KEY_SET).get(key_set));
}

/// An access token (RFC 6749 section 5.1).
#[derive(Serialize, ToSchema)]
pub struct TokenAnswer {
    /// The JWT, to be sent as `Authorization: Bearer`.
    access_token: String,
    /// Always `bearer`.
    #[schema(value_type = String, example = "bearer")]
    token_type: &'static str,
    /// Seconds that it lives.
    expires_in: u64,
    /// The refresh token, with the scope `offline_access`; otherwise it is in a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refresh_token: Option<String>,
}

/// The answer that hands out an access token, with its refresh token in a cookie or, without one, in the body.
///
/// # Errors
/// When the token cannot be signed.
pub fn hand_out(
    tokens: &AccessTokens,
    user: &CurrentUser,
    refresh_token: &PlainToken,
    cookie: Option<&RefreshCookie>,
    now: Timestamp,
) -> Result<HttpResponse, Problem> {
    let session = user.session.as_ref().ok_or_else(|| Problem::new(Code::NotAuthenticated))?;
    let (access_token, expires_in) = tokens.sign(&user.id, session, now).map_err(Problem::internal)?;
    let mut response = HttpResponse::Ok();
    if let Some(cookie) = cookie {
        response.insert_header((header::SET_COOKIE, cookie.set(refresh_token, session, now)));
    }
    let refresh_token = cookie.is_none().then(|| refresh_token.expose().to_owned());
    Ok(response.json(TokenAnswer { access_token, token_type: "bearer", expires_in, refresh_token }))
}

/// The refusal of a session that is renewed far more often than its tokens run out.
#[must_use]
pub fn too_many() -> Problem {
    Problem::new(Code::TooManyAttempts).retry_after(PERIOD.as_secs())
}

problems!(
    /// What renewing can meet.
    RefreshProblems: NotAuthenticated, SessionEnded, RefreshTokenExpired, RefreshTokenReused, CrossSiteRequest, TooManyAttempts,
        InternalError, Unavailable
);

/// Renews the access token with the refresh cookie, which changes. A refusal never removes the cookie: another tab's answer
/// may just have set a newer one.
#[utoipa::path(post, path = "/refresh-token", operation_id = "refreshToken", tag = "tokens",
    responses((status = 200, body = TokenAnswer, description = "Renewed; the cookie is set anew."), RefreshProblems))]
pub(crate) async fn refresh(
    request: HttpRequest,
    client: Client,
    tokens: Data<AccessTokens>,
    refresher: Data<Refresher>,
    cookie: ThinData<RefreshCookie>,
    clock: Data<Clock>,
) -> Result<HttpResponse, Problem> {
    match refresher.renew(cookie.read(request.headers()), &client).await? {
        Renewal::Renewed(known, successor) => hand_out(&tokens, &known.user, &successor, Some(&cookie), clock.now()),
        Renewal::Reused => Err(ended(Code::RefreshTokenReused, EndReason::Revoked, clock.now())),
        Renewal::Ended(reason @ (EndReason::Expired | EndReason::Idle), at) => {
            Err(ended(Code::RefreshTokenExpired, reason, at))
        }
        Renewal::Ended(reason, at) => Err(ended(Code::SessionEnded, reason, at)),
        Renewal::TooMany => Err(too_many()),
        Renewal::Unknown => Err(Problem::new(Code::NotAuthenticated)),
    }
}

/// The public keys of the access tokens (RFC 7517). Those who keep a copy should ask again when they meet a key they do not
/// know.
async fn key_set(tokens: Data<AccessTokens>) -> actix_web::web::Json<Value> {
    actix_web::web::Json(tokens.key_set())
}
