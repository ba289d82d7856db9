//! `Authorization: Bearer`: an access token or a token for scripts, told apart by its look. It wins over a cookie: while it is
//! there, the session cookie is not looked at, so a bad token is 401 even beside a good cookie.

use std::sync::Arc;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use percent_encoding::percent_decode_str;

use crate::access_tokens::{AccessTokens, Claims};
use crate::api_tokens::model::ApiToken;
use crate::api_tokens::queries::{self as api_tokens, FoundToken};
use crate::clock::Clock;
use crate::db::{Db, Versions, View};
use crate::http::client::Client;
use crate::http::problem::{Code, Problem};
use crate::identity::{Credential, CurrentUser};
use crate::secret::token::TokenHash;
use crate::sessions::layer::Sessions;
use crate::sessions::touch::{self, Toucher};
use crate::telemetry;

const SIGN_OUT: &str = "/api/logout";

/// How many tokens for scripts are kept at hand, of less than a kilobyte each.
const KEPT: usize = 4096;

/// Judges the tokens of requests.
#[derive(Debug)]
pub struct Bearer {
    db: Db,
    clock: Clock,
    access_tokens: Data<AccessTokens>,
    sessions: Sessions,
    toucher: Toucher,
    found: View<TokenHash, FoundToken>,
}

impl Bearer {
    /// The judge of access tokens signed by `access_tokens` for one of `sessions`, and of tokens for scripts, whose uses `toucher`
    /// notes.
    #[must_use]
    pub fn new(
        db: Db,
        clock: Clock,
        access_tokens: Data<AccessTokens>,
        sessions: Sessions,
        toucher: Toucher,
        versions: Option<Versions>,
    ) -> Self {
        Self { db, clock, access_tokens, sessions, toucher, found: View::new(versions, KEPT) }
    }

    async fn judge(&self, token: &str, request: &ServiceRequest) -> Result<Option<Credential>, sqlx::Error> {
        if ApiToken::is_meant_by(token) {
            return self.judge_api_token(token, request).await;
        }
        let Some(claims) = self.access_tokens.verify(token, self.clock.now()) else { return Ok(None) };
        let credential = self.sessions.judge_token_session(&claims.sid, touch::is_use(request.path())).await?;
        Ok(credential.filter(|credential| is_meant(credential, &claims)))
    }

    async fn judge_api_token(&self, token: &str, request: &ServiceRequest) -> Result<Option<Credential>, sqlx::Error> {
        let Some(token) = ApiToken::parse(token) else { return Ok(None) };
        let now = self.clock.now();
        let hash = token.hash();
        let found = self.found.find(hash, async || api_tokens::find(&self.db, &hash).await).await?;
        let Some(found) = found.filter(|found| !found.disabled && now < found.expires_at) else { return Ok(None) };
        if touch::is_use(request.path()) {
            self.toucher.seen(&found.id, found.last_used_at, now, || Some(Client::of(request)));
        }
        let user = CurrentUser::from(found.as_ref());
        telemetry::note_user(&user.id);
        Ok(Some(Credential::User(Arc::new(user.into()))))
    }
}

/// Whether the token still speaks for the session that it was issued for.
fn is_meant(credential: &Credential, claims: &Claims) -> bool {
    match credential {
        Credential::User(known) => claims.speak_for(&known.user),
        Credential::Ended { .. } | Credential::Unknown(_) => true,
    }
}

/// The layer, outside of the session's.
///
/// # Errors
/// Those of the layers inside.
pub async fn authenticate(
    bearer: Data<Bearer>,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let Some(token) = token_of(request.headers()) else {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    };
    // Signing out ends whatever a request brings.
    if percent_decode_str(request.path()).decode_utf8_lossy() != SIGN_OUT {
        bearer.sessions.hide_cookie(request.headers_mut());
    }
    // Boxed: most requests bring no token, and would carry the room for judging it around.
    match Box::pin(bearer.judge(&token, &request)).await {
        Ok(Some(credential)) => credential.attach(&request),
        Ok(None) => {}
        Err(error) => Credential::Unknown(error.into()).attach(&request),
    }
    next.call(request).await.map(|response| challenge(response.map_into_boxed_body()))
}

/// The token of an `Authorization: Bearer` header; other schemes are somebody else's, perhaps a proxy's.
#[must_use]
pub fn token_of(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked("bearer".len())?;
    let is_bearer = scheme.eq_ignore_ascii_case(b"bearer") && token.first().is_none_or(|byte| *byte == b' ');
    is_bearer.then(|| String::from_utf8_lossy(token).trim().to_owned())
}

/// RFC 6750 section 3: a refusal says what was wrong with the token.
fn challenge<B>(mut response: ServiceResponse<B>) -> ServiceResponse<B> {
    let challenge = match response.status() {
        StatusCode::UNAUTHORIZED => r#"Bearer realm="hallpass", error="invalid_token""#,
        StatusCode::FORBIDDEN if is_scope_missing(&response) => {
            r#"Bearer realm="hallpass", error="insufficient_scope""#
        }
        _ => return response,
    };
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    response
}

fn is_scope_missing<B>(response: &ServiceResponse<B>) -> bool {
    let problem = response.response().error().and_then(Error::as_error::<Problem>);
    problem.is_some_and(|problem| problem.code() == Code::InsufficientScope)
}

#[cfg(test)]
mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn only_the_scheme_bearer_has_a_token(value in proptest::collection::vec(any::<u8>(), 0..60), scheme in "(?i:bearer)|Basic|") {
            let bytes = [scheme.as_bytes(), &value[..]].concat();
            let Ok(line) = HeaderValue::from_bytes(&bytes) else { return Ok(()) };
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, line);
            let is_bearer = bytes.len() >= 6
                && bytes[..6].eq_ignore_ascii_case(b"bearer")
                && bytes.get(6).is_none_or(|byte| *byte == b' ');
            prop_assert_eq!(token_of(&headers).is_some(), is_bearer);
        }
    }
}
