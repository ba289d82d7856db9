//! What the session store cannot see of a request, and what the request cannot see of the store.
//!
//! actix-session hands the store a token and nothing else. The request's browser goes in through here, and the finding (who
//! is asking, or what failed) comes out.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;

use actix_web::http::header::HeaderValue;

use super::cookie::Kept;
use crate::http::client::Client;
use crate::http::problem::Problem;
use crate::identity::Credential;
use crate::secret::token::TokenHash;

/// One request's dealings with the store.
#[derive(Debug)]
pub(super) struct Exchange {
    /// Who presents the token.
    pub client: Client,
    /// Whether it counts as a use of the session.
    pub is_use: bool,
    /// Whether the request goes past actix-session, as its cookie's signature was verified before.
    pub goes_past: bool,
    /// The token that actix-session found in the cookie and verified.
    pub verified: Cell<Option<TokenHash>>,
    /// Whom the token belongs to.
    pub credential: RefCell<Option<Credential>>,
    /// Why a session could not be ended.
    pub failure: RefCell<Option<Problem>>,
    /// The line that lets the browser be known again.
    pub device: RefCell<Option<HeaderValue>>,
    /// How long the browser keeps the cookie that is being set.
    pub kept: Cell<Option<Kept>>,
}

tokio::task_local! {
    static EXCHANGE: Rc<Exchange>;
}

impl Exchange {
    /// Runs `request` with this exchange in reach of [`with`].
    pub fn scope<F: Future>(self: &Rc<Self>, request: F) -> impl Future<Output = F::Output> + use<F> {
        EXCHANGE.scope(Rc::clone(self), request)
    }
}

/// Gives `f` the running request's exchange; outside of the session layer there is none.
pub(super) fn with<T>(f: impl FnOnce(&Exchange) -> T) -> Option<T> {
    EXCHANGE.try_with(|exchange| f(exchange)).ok()
}
