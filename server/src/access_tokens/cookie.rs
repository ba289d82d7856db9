//! The refresh token's cookie: out of reach of scripts, and of nobody but us.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{self, HeaderMap, HeaderValue};

use crate::clock::Timestamp;
use crate::config::SameSitePolicy;
use crate::identity::CurrentSession;
use crate::secret::token::PlainToken;
use crate::sessions::model::UNREMEMBERED;

/// Its name and attributes.
#[derive(Clone, Copy, Debug)]
pub struct RefreshCookie {
    name: &'static str,
    secure: bool,
    same_site: SameSite,
}

impl RefreshCookie {
    /// The cookie for people who come over https, or not.
    #[must_use]
    pub fn new(is_https: bool, same_site: SameSitePolicy) -> Self {
        Self {
            // A __Host- cookie cannot be planted by a sister subdomain or over http (RFC 6265bis section 4.1.3.2).
            name: if is_https { "__Host-refresh_token" } else { "refresh_token" },
            secure: is_https,
            same_site: same_site.into(),
        }
    }

    /// The refresh token of a request. Of several cookies of our name somebody has planted all but one: none is believed.
    #[must_use]
    pub fn read(&self, headers: &HeaderMap) -> Option<PlainToken> {
        let lines = headers.get_all(header::COOKIE).filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut ours = pairs.filter(|(name, _)| *name == self.name).map(|(_, value)| value);
        let value = ours.next()?;
        if ours.next().is_some() { None } else { PlainToken::parse(value) }
    }

    /// Whether a request brings one, good or bad.
    #[must_use]
    pub fn is_in(&self, headers: &HeaderMap) -> bool {
        let lines = headers.get_all(header::COOKIE).filter_map(|line| line.to_str().ok());
        lines.flat_map(|line| line.split(';')).any(|pair| pair.trim().split('=').next() == Some(self.name))
    }

    /// The `Set-Cookie` line that gives the browser a token, for no longer than its session lives; a session of at most a day
    /// ends with the browser.
    ///
    /// # Panics
    /// Never: a token is header text.
    #[must_use]
    pub fn set(&self, token: &PlainToken, session: &CurrentSession, now: Timestamp) -> HeaderValue {
        let mut cookie = self.cookie(token.expose().to_owned());
        if session.expires_at.since(session.created_at) > UNREMEMBERED {
            let left = session.expires_at.since(now).as_secs();
            cookie.set_max_age(Duration::seconds(i64::try_from(left).unwrap_or(i64::MAX)));
        }
        HeaderValue::from_str(&cookie.to_string()).expect("a token is header text")
    }

    /// The `Set-Cookie` line that takes it out of the browser.
    ///
    /// # Panics
    /// Never: a cookie without a value is header text.
    #[must_use]
    pub fn removal(&self) -> HeaderValue {
        let mut cookie = self.cookie(String::new());
        cookie.make_removal();
        HeaderValue::from_str(&cookie.to_string()).expect("a cookie without a value is header text")
    }

    fn cookie(&self, value: String) -> Cookie<'static> {
        Cookie::build(self.name, value).path("/").secure(self.secure).http_only(true).same_site(self.same_site).finish()
    }
}
