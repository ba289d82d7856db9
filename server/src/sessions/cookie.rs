//! The session cookie's upkeep: what actix-session's own handling of it leaves open.
//!
//! - Several keys: actix-session knows one. A cookie that an older key has signed is signed anew with the first, on its
//!   way in and on its way out, so that keys can be changed without signing anybody out.
//! - Names: actix-session decodes them and takes every kind of white space off, browsers do not. Only the name itself is ours.
//! - Several cookies of our name: somebody has planted one (RFC 6265 section 8.6, "weak integrity"). Ours is the one that our key
//!   signed; where several are, with different tokens, none is believed.
//! - Cookies that are no UTF-8: actix-web reads none of a request that brings one.
//! - "Keep me signed in": actix-session knows one lifetime for all.

use std::borrow::Cow;

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, CookieJar, Key, SameSite};
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};

use super::model::UNREMEMBERED;
use crate::clock::Timestamp;
use crate::config::SameSitePolicy;
use crate::http::cookies;
use crate::identity::CurrentSession;
use crate::secret::token::TokenHash;

/// The cookie's name, attributes and keys.
#[derive(Clone)]
pub(super) struct SessionCookie {
    pub name: &'static str,
    pub secure: bool,
    pub same_site: SameSite,
    keys: Vec<Key>,
}

/// A cookie that an older key has signed, under the newest.
pub(super) struct Resigned(Cookie<'static>);

impl SessionCookie {
    pub fn new(is_https: bool, same_site: SameSitePolicy, keys: &[SecretString]) -> Self {
        Self {
            // A __Host- cookie cannot be planted by a sister subdomain or over http (RFC 6265bis section 4.1.3.2).
            name: if is_https { "__Host-session_id" } else { "session_id" },
            secure: is_https,
            same_site: same_site.into(),
            keys: keys.iter().map(|key| Key::derive_from(key.expose_secret().as_bytes())).collect(),
        }
    }

    /// The key that signs.
    pub fn key(&self) -> Key {
        self.keys[0].clone()
    }

    /// What the one cookie of our name is known again by.
    pub fn fingerprint(&self, headers: &HeaderMap) -> Option<TokenHash> {
        cookies::only(headers, self.name).map(|value| TokenHash::of(&value))
    }

    /// Leaves no cookie of our name in the request.
    pub fn hide(&self, headers: &mut HeaderMap) {
        let cookies = self.sort(headers);
        if !cookies.ours.is_empty() || cookies.is_spoilt {
            cookies.leave(headers, None);
        }
    }

    /// Leaves at most one cookie of our name in the request, signed with the first key.
    pub fn receive(&self, headers: &mut HeaderMap) -> Option<Resigned> {
        if self.keys.len() == 1 && self.is_as_usual(headers) {
            return None;
        }
        let cookies = self.sort(headers);
        let ours: Vec<Cookie<'static>> =
            cookies.ours.iter().filter_map(|pair| Cookie::parse_encoded(pair.clone()).ok()).collect();
        let resigned = match ours.as_slice() {
            [] if cookies.ours.is_empty() && !cookies.is_spoilt => return None,
            [cookie] if self.keys.len() == 1 || self.verify(cookie, 0).is_some() => {
                if cookies.is_spoilt || cookies.ours.len() > 1 {
                    cookies.leave(headers, Some(cookie));
                }
                return None;
            }
            several => match self.only_signed(several) {
                Some((cookie, 0, _)) => {
                    cookies.leave(headers, Some(cookie));
                    return None;
                }
                Some((.., value)) => Some(self.sign(value)),
                None => None,
            },
        };
        cookies.leave(headers, resigned.as_ref());
        resigned.map(Resigned)
    }

    /// Whether there is one cookie of our name or none, nothing that may be one in disguise, and nothing that spoils the others:
    /// nearly always, and then nothing has to be taken apart.
    fn is_as_usual(&self, headers: &HeaderMap) -> bool {
        let lines = headers.get_all(header::COOKIE).map(HeaderValue::as_bytes);
        let mut ours = 0;
        for pair in lines.flat_map(|line| line.split(|byte| *byte == b';')) {
            let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii();
            if !pair.is_ascii() || !name.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'%') {
                return false;
            }
            ours += u32::from(name == self.name.as_bytes());
        }
        ours <= 1
    }

    fn sort(&self, headers: &HeaderMap) -> RequestCookies {
        let mut sorted = RequestCookies::default();
        for pair in cookies::pairs(headers) {
            let name = cookies::name_of(&pair);
            if name == self.name {
                sorted.ours.push(pair.into_owned());
            } else if percent_decode_str(name).decode_utf8_lossy().trim() == self.name {
                sorted.is_spoilt = true;
            } else {
                sorted.is_spoilt |= matches!(pair, Cow::Owned(_));
                sorted.others.push(pair.into_owned());
            }
        }
        sorted
    }

    /// The one of these cookies that a key of ours has signed, the number of the key, and the value; of two with the same value, the
    /// one under the newer key. All are looked at, as many as fit into the headers of a request: ours may be the last.
    fn only_signed<'a>(&self, cookies: &'a [Cookie<'static>]) -> Option<(&'a Cookie<'static>, usize, String)> {
        let signed = |cookie| (0..self.keys.len()).find_map(|key| Some((cookie, key, self.verify(cookie, key)?)));
        let mut found: Vec<_> = cookies.iter().filter_map(signed).collect();
        found.sort_by_key(|(_, key, _)| *key);
        let is_one = found.windows(2).all(|pair| pair[0].2 == pair[1].2);
        found.into_iter().next().filter(|_| is_one)
    }

    fn verify(&self, cookie: &Cookie<'static>, key: usize) -> Option<String> {
        let mut jar = CookieJar::new();
        jar.add_original(cookie.clone());
        jar.signed(&self.keys[key]).get(self.name).map(|cookie| cookie.value().to_owned())
    }

    fn sign(&self, value: String) -> Cookie<'static> {
        let mut jar = CookieJar::new();
        jar.signed_mut(&self.keys[0]).add(self.with_attributes(value));
        jar.get(self.name).cloned().unwrap_or_else(|| self.with_attributes(String::new()))
    }

    fn with_attributes(&self, value: String) -> Cookie<'static> {
        Cookie::build(self.name, value).path("/").secure(self.secure).http_only(true).same_site(self.same_site).finish()
    }

    /// The cookie that takes ours out of the browser, with the attributes it was set with.
    pub fn removal(&self) -> HeaderValue {
        let mut cookie = self.with_attributes(String::new());
        cookie.make_removal();
        HeaderValue::from_str(&cookie.to_string()).expect("a cookie without a value is header text")
    }

    /// Whether the answer sets or removes our cookie already.
    pub fn is_set_in(&self, headers: &HeaderMap) -> bool {
        headers.get_all(header::SET_COOKIE).any(|line| self.is_ours(line))
    }

    fn is_ours(&self, set_cookie: &HeaderValue) -> bool {
        set_cookie.as_bytes().strip_prefix(self.name.as_bytes()).is_some_and(|rest| rest.starts_with(b"="))
    }

    /// Gives the cookie that the answer sets this lifetime instead of the usual one.
    pub fn limit(&self, headers: &mut HeaderMap, kept: Kept) {
        let lines: Vec<HeaderValue> = headers.remove(header::SET_COOKIE).collect();
        for line in lines {
            let ours = line.to_str().ok().filter(|_| self.is_ours(&line)).and_then(|line| Cookie::parse(line).ok());
            let limited = ours.and_then(|mut cookie| {
                cookie.set_max_age(kept.max_age());
                HeaderValue::from_str(&cookie.to_string()).ok()
            });
            headers.append(header::SET_COOKIE, limited.unwrap_or(line));
        }
    }
}

/// How long the browser keeps the cookie of a session: no longer than the session lives.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kept {
    /// Until the browser is closed: a session of at most a day, which is what a person gets who does not want to stay
    /// signed in.
    UntilClosed,
    /// For what is left of the session.
    For(Duration),
}

impl Kept {
    pub fn of(session: &CurrentSession, now: Timestamp) -> Self {
        if session.expires_at.since(session.created_at) <= UNREMEMBERED {
            return Self::UntilClosed;
        }
        let left = session.expires_at.since(now).as_secs();
        Self::For(Duration::seconds(i64::try_from(left).unwrap_or(i64::MAX)))
    }

    fn max_age(self) -> Option<Duration> {
        match self {
            Self::UntilClosed => None,
            Self::For(left) => Some(left),
        }
    }
}

impl Resigned {
    /// Gives the browser the cookie under the newest key, for what is left of the session.
    pub fn send(mut self, headers: &mut HeaderMap, session: &CurrentSession, now: Timestamp) {
        self.0.set_max_age(Kept::of(session, now).max_age());
        if let Ok(line) = HeaderValue::from_str(&self.0.encoded().to_string()) {
            headers.append(header::SET_COOKIE, line);
        }
    }
}

/// The cookies of a request. One whose name only decodes or shrinks to ours is somebody's disguise: browsers do not see the prefix
/// `__Host-` in it and take it from sister subdomains, while libraries that decode names would believe it.
#[derive(Default)]
struct RequestCookies {
    ours: Vec<String>,
    /// Whether one is disguised, or no UTF-8.
    is_spoilt: bool,
    others: Vec<String>,
}

impl RequestCookies {
    /// Leaves the others, and `ours` beside them.
    fn leave(self, headers: &mut HeaderMap, ours: Option<&Cookie<'static>>) {
        let ours = ours.map(|cookie| cookie.stripped().encoded().to_string());
        let kept: Vec<String> = self.others.into_iter().chain(ours).collect();
        headers.remove(header::COOKIE);
        if let Ok(line) = HeaderValue::from_bytes(kept.join("; ").as_bytes())
            && !kept.is_empty()
        {
            headers.insert(header::COOKIE, line);
        }
    }
}

#[cfg(test)]
mod properties {
    use std::sync::LazyLock;

    use actix_web::test::TestRequest;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::mutation::Mutation;

    const TOKEN: &str = "Zm9ydHktdGhyZWUgY2hhcmFjdGVycyBvZiBhIHRva2Vu";
    /// Cookies under three keys in turn: the one that signs, an older one, one that is not ours.
    static KEYS: LazyLock<[SessionCookie; 3]> =
        LazyLock::new(|| [&["new", "old"][..], &["old"], &["foreign"]].map(cookie));

    fn cookie(keys: &[&str]) -> SessionCookie {
        let keys: Vec<_> = keys.iter().map(|key| SecretString::from(key.repeat(16))).collect();
        SessionCookie::new(false, SameSitePolicy::Lax, &keys)
    }

    /// A cookie as the browser sends it.
    fn signed(cookie: &SessionCookie) -> String {
        cookie.sign(TOKEN.to_owned()).stripped().encoded().to_string()
    }

    fn headers(lines: &[Vec<u8>]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::COOKIE, HeaderValue::from_bytes(line).unwrap());
        }
        headers
    }

    /// The token that actix-session believes a request with these headers to carry.
    fn believed(by: &SessionCookie, headers: &HeaderMap) -> Option<String> {
        let request = headers.iter().fold(TestRequest::default(), TestRequest::append_header);
        let request = request.to_http_request();
        let cookies = request.cookies().ok()?;
        let mut jar = CookieJar::new();
        jar.add_original(cookies.iter().find(|cookie| cookie.name() == "session_id")?.clone());
        jar.signed(&by.key()).get("session_id").map(|cookie| cookie.value().to_owned())
    }

    fn received(by: &SessionCookie, lines: &[Vec<u8>]) -> Option<String> {
        let mut headers = headers(lines);
        let _ = by.receive(&mut headers);
        believed(by, &headers)
    }

    /// Bytes that a header may have, without those that separate cookies.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![32_u8..b';', b'>'..127, 128_u8..];
        vec(byte, 0..12)
    }

    /// Somebody else's cookie.
    fn other() -> impl Strategy<Value = Vec<u8>> {
        let any = (text(), proptest::option::of(text())).prop_map(|(name, value)| match value {
            Some(value) => [name, value].join(&b'='),
            None => name,
        });
        prop_oneof![
            any,
            Just("theme=h\u{e9}ll".as_bytes().to_vec()),
            Just(b"session_id2=x".to_vec()),
            Just(b"=x".to_vec())
        ]
    }

    proptest! {
        #[test]
        fn others_change_nothing(
            key in 0_usize..3, before in vec(other(), 0..4), after in vec(other(), 0..4), is_one_line in any::<bool>(),
        ) {
            let ours = vec![signed(&KEYS[key]).into_bytes()];
            let cookies = [before, ours, after].concat();
            let lines = if is_one_line { vec![cookies.join(&b"; "[..])] } else { cookies };
            for (by, knows) in [(0, key < 2), (1, key == 1)] {
                let token = received(&KEYS[by], &lines);
                prop_assert_eq!(token.as_deref(), knows.then_some(TOKEN), "{}", by);
            }
        }

        #[test]
        fn a_changed_cookie_is_no_other_token(key in 0_usize..2, mutation in Mutation::any()) {
            let changed = mutation.of(&signed(&KEYS[key]));
            if let Ok(line) = HeaderValue::from_bytes(changed.as_bytes()) {
                for by in &KEYS[..2] {
                    let token = received(by, &[line.as_bytes().to_vec()]);
                    prop_assert!(token.is_none_or(|token| token == TOKEN), "{}", changed);
                }
            }
        }

        #[test]
        fn of_two_the_signed_one_is_believed(one in 0_usize..3, other in 0_usize..3, disguise in "session_id|%73ession_id|session%5fid|[\u{3000}\u{2000}\u{a0}\u{85}]session_id|session_id\u{3000}|%E3%80%80session_id", is_one_line in any::<bool>()) {
            let planted = signed(&KEYS[other]).replacen("session_id", &disguise, 1);
            let pair = [signed(&KEYS[one]), planted].map(String::into_bytes);
            let lines = if is_one_line { vec![pair.join(&b"; "[..])] } else { pair.to_vec() };
            for (by, knows) in [(0, one < 2), (1, one == 1)] {
                let token = received(&KEYS[by], &lines);
                // A disguise is seen through and taken out.
                let knows_other = disguise == "session_id" && [other < 2, other == 1][by];
                let expected = (knows || knows_other).then_some(TOKEN);
                prop_assert_eq!(token.as_deref(), expected, "{}", by);
            }
        }

        #[test]
        fn of_two_that_are_signed_none_is_believed(one in 0_usize..2, other in 0_usize..2, is_first in any::<bool>()) {
            let theirs = KEYS[other].sign(TOKEN.replace('Z', "Y")).stripped().encoded().to_string();
            let mut pair = [signed(&KEYS[one]), theirs].map(String::into_bytes);
            if is_first {
                pair.reverse();
            }
            prop_assert_eq!(received(&KEYS[0], &pair), None);
        }

        #[test]
        fn nothing_makes_it_stumble(lines in vec(vec(prop_oneof![32_u8..127, 128_u8..], 0..60), 0..4)) {
            prop_assert!(KEYS[..2].iter().all(|by| received(by, &lines).is_none()));
        }

        #[test]
        fn what_is_hidden_is_gone(before in vec(other(), 0..3), key in 0_usize..2, after in vec(other(), 0..3)) {
            let line = [before, vec![signed(&KEYS[key]).into_bytes()], after].concat().join(&b"; "[..]);
            let mut headers = headers(&[line]);
            KEYS[0].hide(&mut headers);
            prop_assert!(KEYS[0].receive(&mut headers).is_none());
            prop_assert_eq!(believed(&KEYS[0], &headers), None);
        }
    }
}
