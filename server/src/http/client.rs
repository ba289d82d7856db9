//! Who makes a request, as far as the connection tells: an address and a kind of browser.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::{IpAddr, SocketAddr};

use actix_web::dev::{Payload, ServiceRequest};
use actix_web::http::header::{HeaderMap, HeaderValue, USER_AGENT};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};

use super::browser::{Browser, Browsers};
use super::client_ip::TrustedProxies;

/// The other end of a request.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its address, as a trusted proxy or the socket tells it.
    pub ip: IpAddr,
    /// Its browser.
    pub browser: Browser,
}

/// What tells clients from each other.
#[derive(Debug, Default)]
pub struct Clients {
    /// Whose word about a client's address is good.
    pub proxies: TrustedProxies,
    /// The browsers that have been here.
    pub browsers: Browsers,
}

impl Client {
    /// Whoever made this request.
    #[must_use]
    pub fn of(request: &ServiceRequest) -> Self {
        Self::read(request.app_data(), request.peer_addr(), request.headers())
    }

    fn read(clients: Option<&Data<Clients>>, peer: Option<SocketAddr>, headers: &HeaderMap) -> Self {
        let user_agent = headers.get(USER_AGENT).map(HeaderValue::as_bytes);
        match clients {
            Some(clients) => {
                Self { ip: clients.proxies.client_ip(peer, headers), browser: clients.browsers.find(user_agent) }
            }
            None => Self {
                ip: TrustedProxies::default().client_ip(peer, headers),
                browser: Browser::of_user_agent(user_agent),
            },
        }
    }
}

impl FromRequest for Client {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::read(request.app_data(), request.peer_addr(), request.headers())))
    }
}
