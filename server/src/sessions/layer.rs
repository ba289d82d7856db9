//! The layers around every path that can need a session.

use std::fmt;
use std::rc::Rc;

use actix_session::SessionMiddleware;
use actix_session::config::{CookieContentSecurity, PersistentSession};
use actix_session::storage::SessionStore;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::cookie::time::Duration;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage};

use super::cookie::SessionCookie;
use super::exchange::{self, Exchange};
use super::model::Lifetime;
use super::passing::Passing;
use super::store::SqlSessionStore;
use super::touch::{self, Toucher};
use super::verified::VerifiedCookies;
use crate::clock::Clock;
use crate::config::{HttpConfig, SessionConfig};
use crate::db::{Db, Tx, Versions, View};
use crate::http::client::Client;
use crate::identity::Credential;

/// How many sessions are kept at hand, of about a kilobyte each, and four where every name and address is as long as it may be.
const KEPT: usize = 16_384;

/// What the layers of all workers share.
#[derive(Clone)]
pub struct Sessions {
    store: SqlSessionStore,
    cookie: SessionCookie,
    verified: VerifiedCookies,
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

impl Sessions {
    /// The layers for this configuration. With `versions`, sessions are asked for again only where something has changed.
    #[must_use]
    pub fn new(
        db: Db,
        clock: Clock,
        http: &HttpConfig,
        config: &SessionConfig,
        toucher: Toucher,
        versions: Option<Versions>,
    ) -> Self {
        let lifetime = Lifetime { absolute: config.lifetime, idle: config.idle };
        let (by_token, by_id) = (View::new(versions.clone(), KEPT), View::new(versions, KEPT));
        Self {
            store: SqlSessionStore { db, clock, lifetime, binding: config.binding, toucher, by_token, by_id },
            cookie: SessionCookie::new(http.is_https(), config.same_site, &config.keys),
            verified: VerifiedCookies::new(),
        }
    }

    /// When sessions end by themselves.
    #[must_use]
    pub fn lifetime(&self) -> Lifetime {
        self.store.lifetime
    }

    /// The cookie that takes the session's out of the browser.
    #[must_use]
    pub fn removal(&self) -> HeaderValue {
        self.cookie.removal()
    }

    /// What the session of this id that tokens carry is worth right now; `None` where there is none. `is_use` tells whether
    /// asking counts as a use of it.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn judge_token_session(&self, id: &str, is_use: bool) -> Result<Option<Credential>, sqlx::Error> {
        self.store.judge_token_session(id, is_use).await
    }

    /// The same, as it is within the transaction. Lock the person first.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn judge_token_session_within(&self, tx: &mut Tx, id: &str) -> Result<Option<Credential>, sqlx::Error> {
        self.store.judge_token_session_within(tx, id).await
    }

    /// Takes the session's cookie out of a request, so that nobody looks at it.
    pub fn hide_cookie(&self, headers: &mut HeaderMap) {
        self.cookie.hide(headers);
    }

    /// actix-session's middleware over our store, and the way past it.
    #[must_use]
    pub fn middleware(&self) -> Passing<SessionMiddleware<impl SessionStore + use<>>> {
        let ttl = i64::try_from(self.store.lifetime.absolute.as_secs()).unwrap_or(i64::MAX);
        let middleware = SessionMiddleware::builder(self.store.clone(), self.cookie.key())
            .cookie_name(self.cookie.name.to_owned())
            .cookie_secure(self.cookie.secure)
            .cookie_same_site(self.cookie.same_site)
            // The token is random; there is nothing in it to hide.
            .cookie_content_security(CookieContentSecurity::Signed)
            .session_lifecycle(PersistentSession::default().session_ttl(Duration::seconds(ttl)))
            .build();
        Passing(middleware)
    }
}

/// Outside of the middleware: what the store needs to know of the request, and the cookie's upkeep.
///
/// # Errors
/// Those of the layers inside; where the store failed, the problem it failed with.
pub async fn exchange(
    sessions: Data<Sessions>,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Sessions { store, cookie, verified } = &**sessions;
    // Nobody signs in or out with a safe method (RFC 9110 section 9.2.1), so there is nothing in it for actix-session to do.
    let fingerprint = cookie.fingerprint(request.headers()).filter(|_| request.method().is_safe());
    let token = fingerprint.and_then(|fingerprint| verified.token_of(fingerprint));
    let exchange = Rc::new(Exchange {
        client: Client::of(&request),
        is_use: touch::is_use(request.path()),
        goes_past: token.is_some(),
        verified: None.into(),
        credential: None.into(),
        failure: None.into(),
        device: None.into(),
        kept: None.into(),
    });
    let resigned = if exchange.goes_past { None } else { cookie.receive(request.headers_mut()) };
    let answering = async {
        if let Some(token) = token {
            store.find(token).await;
        }
        next.call(request).await
    };
    let outcome = exchange.scope(answering).await;
    if let (Some(fingerprint), Some(token), None) = (fingerprint, exchange.verified.get(), &resigned) {
        verified.remember(fingerprint, token);
    }
    let mut response = match (outcome, exchange.failure.take()) {
        (Ok(response), _) => response.map_into_boxed_body(),
        // Only sign-out asks the store to end a session. Its row may live on, but this browser shall forget it.
        (Err(_), Some(failure)) => return Err(failure.header(header::SET_COOKIE, cookie.removal()).into()),
        (Err(error), None) => return Err(error),
    };
    if let Some(kept) = exchange.kept.get() {
        cookie.limit(response.headers_mut(), kept);
    }
    if let Some(resigned) = resigned
        && let Some(session) = current_session(&response)
        && !cookie.is_set_in(response.headers())
    {
        resigned.send(response.headers_mut(), &session, store.clock.now());
    }
    if let Some(device) = exchange.device.take() {
        response.headers_mut().append(header::SET_COOKIE, device);
    }
    Ok(response)
}

fn current_session(response: &ServiceResponse<BoxBody>) -> Option<crate::identity::CurrentSession> {
    match response.request().extensions().get::<Credential>() {
        Some(Credential::User(known)) => known.user.session.clone(),
        _ => None,
    }
}

/// Inside of the middleware: leaves the store's finding with the request, for the extractors.
///
/// # Errors
/// Those of the layers inside.
pub async fn attach(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let found = exchange::with(|exchange| exchange.credential.take()).flatten();
    // A bearer token was there first, and wins.
    let is_decided = request.extensions().contains::<Credential>();
    if let Some(credential) = found.filter(|_| !is_decided) {
        credential.attach(&request);
    }
    next.call(request).await
}
