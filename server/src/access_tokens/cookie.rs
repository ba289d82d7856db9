//! The refresh token's cookie: out of reach of scripts, and of nobody but us.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{HeaderMap, HeaderValue};

use crate::clock::Timestamp;
use crate::config::SameSitePolicy;
use crate::http::cookies;
use crate::identity::CurrentSession;
use crate::secret::token::PlainToken;
use crate::sessions::model::UNREMEMBERED;

/// How many refresh tokens of one request are looked at.
const MOST: usize = 4;

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

    /// The refresh tokens of a request: one, or several where somebody has planted others beside it, and only the database tells
    /// which is ours. Of more than a few, none is looked at.
    #[must_use]
    pub fn read(&self, headers: &HeaderMap) -> Vec<PlainToken> {
        let mut values: Vec<_> = cookies::all(headers, self.name).collect();
        values.sort_unstable();
        values.dedup();
        let tokens: Vec<_> = values.iter().filter_map(|value| PlainToken::parse(value)).collect();
        if tokens.len() > MOST { Vec::new() } else { tokens }
    }

    /// Whether a request brings one, good or bad.
    #[must_use]
    pub fn is_in(&self, headers: &HeaderMap) -> bool {
        cookies::pairs(headers).any(|pair| cookies::name_of(&pair) == self.name)
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

#[cfg(test)]
mod properties {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use actix_web::http::header;

    use super::*;
    use crate::mutation::Mutation;

    fn read(lines: &[Vec<u8>]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_bytes(line).unwrap());
        }
        let cookie = RefreshCookie::new(false, SameSitePolicy::Lax);
        let tokens: Vec<_> = cookie.read(&headers).iter().map(|token| token.expose().to_owned()).collect();
        assert!(tokens.is_empty() || cookie.is_in(&headers));
        tokens
    }

    fn token() -> impl Strategy<Value = String> {
        any::<[u8; 32]>().prop_map(|bytes| PlainToken::from_bytes(bytes).expose().to_owned())
    }

    /// Somebody else's cookies.
    fn others() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let byte = prop_oneof![32_u8..b';', b'<'..127, 128_u8..];
        vec(vec(byte, 0..12), 0..4)
    }

    proptest! {
        #[test]
        fn others_change_nothing(before in others(), token in token(), after in others(), is_one_line in any::<bool>()) {
            let ours = vec![format!("refresh_token={token}").into_bytes()];
            let cookies = [before, ours, after].concat();
            let lines = if is_one_line { vec![cookies.join(&b"; "[..])] } else { cookies };
            prop_assert_eq!(read(&lines), [token]);
        }

        #[test]
        fn of_several_all_are_read_that_can_be_ours(
            tokens in vec(token(), 0..=MOST), junk in "\u{e9}?", is_one_line in any::<bool>(),
        ) {
            let planted = ["refresh_token=".to_owned(), format!("refresh_token={junk}")];
            let cookies = tokens.iter().map(|token| format!("x={junk}; refresh_token={token}")).chain(planted);
            let cookies: Vec<_> = cookies.map(String::into_bytes).collect();
            let lines = if is_one_line { vec![cookies.join(&b"; "[..])] } else { cookies };
            let expected: std::collections::BTreeSet<_> = tokens.into_iter().collect();
            prop_assert_eq!(read(&lines), expected.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn of_a_crowd_none_is_looked_at(tokens in vec(token(), MOST + 1..MOST + 4)) {
            let cookies: Vec<_> = tokens.iter().map(|token| format!("refresh_token={token}")).collect();
            prop_assert_eq!(read(&[cookies.join("; ").into_bytes()]), Vec::<String>::new());
        }

        #[test]
        fn what_is_read_is_what_was_sent(token in token(), mutation in Mutation::any()) {
            let line = format!("refresh_token={}", mutation.of(&token));
            if let Ok(value) = HeaderValue::from_bytes(line.as_bytes()) {
                let read = read(&[value.as_bytes().to_vec()]);
                prop_assert!(read.iter().all(|read| line.contains(read)));
            }
        }
    }
}
