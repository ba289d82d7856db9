//! Browsers that a person has signed in with before: known by a cookie that outlives their sessions and gives no access (OWASP,
//! "Slow Down Online Guessing Attacks with Device Cookies"). Nothing is stored of it; it proves itself by its signature.
//!
//! Each entry has two signatures. One covers the account, and is verified once the account is known. The other one, the seal,
//! shows without a query that this server made the entry for somebody, so that made-up cookies get no special treatment.

use std::collections::HashSet;
use std::future::{Ready, ready};

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, HeaderValue};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

use super::exchange;
use crate::clock::Timestamp;
use crate::config::SameSitePolicy;
use crate::http::cookies;
use crate::http::problem::Problem;
use crate::random;

/// As long as browsers keep a cookie at most (RFC 6265bis section 5.5).
const KEPT: Duration = Duration::days(400);
const NONCE: usize = 16;
const SINCE: usize = 8;
/// How many people a browser is known to; the one who signed in longest ago is forgotten first.
const PEOPLE: usize = 5;
const TAG: usize = 32;
const SEAL: usize = 16;
/// Characters of the entry of one person.
const ENTRY: usize = 96;
/// Characters of an entry from before entries had a seal; replaced when the person signs in.
const UNSEALED_ENTRY: usize = 75;

/// What makes and knows such cookies.
#[derive(Clone, Debug)]
pub struct Devices {
    name: &'static str,
    secure: bool,
    same_site: SameSite,
    keys: Vec<SecretString>,
}

impl Devices {
    /// The keys are those that sign session cookies: the first signs, all verify.
    #[must_use]
    pub fn new(is_https: bool, same_site: SameSitePolicy, keys: Vec<SecretString>) -> Self {
        let name = if is_https { "__Host-device" } else { "device" };
        Self { name, secure: is_https, same_site: same_site.into(), keys }
    }

    /// The entries of the cookie, or of several where somebody has planted others beside ours: each proves itself, so none is passed
    /// over for those in front of it. There are as many as fit into the headers of a request. Those that only the account proves
    /// come last.
    fn read(&self, headers: &HeaderMap) -> Vec<Entry> {
        let values: Vec<_> = cookies::all(headers, self.name).collect();
        let mut seen = HashSet::new();
        let entries = values.iter().flat_map(|value| value.split('.'));
        let entries = entries.filter(|entry| matches!(entry.len(), ENTRY | UNSEALED_ENTRY) && seen.insert(*entry));
        let entries = entries.filter_map(|entry| URL_SAFE_NO_PAD.decode(entry).ok());
        let (mut kept, others): (Vec<_>, Vec<_>) = entries.partition(|entry| self.is_sealed(entry));
        kept.extend(others.into_iter().filter(|entry| entry.len() == NONCE + SINCE + TAG));
        kept
    }

    /// Whether this server has made the entry, for whomever.
    fn is_sealed(&self, entry: &[u8]) -> bool {
        entry.split_at_checked(NONCE + SINCE + TAG).is_some_and(|(sealed, tag)| {
            tag.len() == SEAL && self.keys.iter().any(|key| seal(key, sealed).verify_truncated_left(tag).is_ok())
        })
    }
}

/// A nonce, since when one person has used the browser, the signature of both for that person, and the seal of all three.
type Entry = Vec<u8>;

fn signature(key: &SecretString, facts: &[u8], user_id: &str) -> Hmac<Sha256> {
    keyed(key, b"hallpass device\0").chain_update(facts).chain_update(user_id)
}

/// The signature that needs no account, of facts and tag.
fn seal(key: &SecretString, sealed: &[u8]) -> Hmac<Sha256> {
    keyed(key, b"hallpass device seal\0").chain_update(sealed)
}

fn keyed(key: &SecretString, purpose: &[u8]) -> Hmac<Sha256> {
    let mac = Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes()).expect("HMAC takes keys of any length");
    mac.chain_update(purpose)
}

/// A whole entry.
fn mint(key: &SecretString, facts: &[u8], user_id: &str) -> Entry {
    let tag = signature(key, facts, user_id).finalize().into_bytes();
    let mut entry = [facts, &tag[..]].concat();
    let seal = seal(key, &entry).finalize().into_bytes();
    entry.extend_from_slice(&seal[..SEAL]);
    entry
}

/// The browser of a request.
#[derive(Clone, Debug)]
pub struct Device {
    devices: Data<Devices>,
    presented: Vec<Entry>,
}

impl Device {
    /// The person's entry, where its signature holds.
    fn entry(&self, user_id: &str) -> Option<&Entry> {
        self.presented.iter().find(|entry| {
            entry.split_first_chunk::<{ NONCE + SINCE }>().is_some_and(|(facts, signatures)| {
                let tag = &signatures[..signatures.len().min(TAG)];
                self.devices.keys.iter().any(|key| signature(key, facts, user_id).verify_slice(tag).is_ok())
            })
        })
    }

    fn facts(&self, user_id: &str) -> Option<[u8; NONCE + SINCE]> {
        self.entry(user_id)?.first_chunk().copied()
    }

    /// Whether it says that somebody has signed in with it. Only for a person can that be verified.
    #[must_use]
    pub fn claims_to_be_known(&self) -> bool {
        !self.presented.is_empty()
    }

    /// The entries that this server has made, for whomever; `None` where there is none. Costs no query.
    #[must_use]
    pub fn proof(&self) -> Option<Vec<u8>> {
        let sealed = self.presented.iter().filter(|entry| self.devices.is_sealed(entry));
        let sealed = sealed.flatten().copied().collect::<Vec<u8>>();
        (!sealed.is_empty()).then_some(sealed)
    }

    /// Since when the person signs in with this browser; `None` where it is new to them.
    #[must_use]
    pub fn known_since(&self, user_id: &str) -> Option<Timestamp> {
        let facts = self.facts(user_id)?;
        facts.last_chunk().map(|since| Timestamp::from_micros(i64::from_be_bytes(*since)))
    }

    /// What tells the browser from others of the person; `None` where it is new to them.
    #[must_use]
    pub fn nonce(&self, user_id: &str) -> Option<[u8; NONCE]> {
        self.facts(user_id)?.first_chunk().copied()
    }

    /// Lets the browser be known to this person from `now` on, or from when it was first.
    ///
    /// # Panics
    /// Never: Base64 is header text.
    pub fn remember(&self, user_id: &str, now: Timestamp) {
        let facts = self.facts(user_id).unwrap_or_else(|| {
            let mut facts = [0; NONCE + SINCE];
            facts[..NONCE].copy_from_slice(&random::bytes::<NONCE>());
            facts[NONCE..].copy_from_slice(&now.as_micros().to_be_bytes());
            facts
        });
        let own = self.entry(user_id);
        let others = self.presented.iter().filter(|entry| Some(*entry) != own).cloned();
        let entries = [mint(&self.devices.keys[0], &facts, user_id)].into_iter().chain(others).take(PEOPLE);
        let value = entries.map(|entry| URL_SAFE_NO_PAD.encode(entry)).collect::<Vec<_>>().join(".");
        let cookie = Cookie::build(self.devices.name, value).path("/").http_only(true).max_age(KEPT);
        let cookie = cookie.secure(self.devices.secure).same_site(self.devices.same_site).finish();
        let line = HeaderValue::from_str(&cookie.to_string()).expect("Base64 is header text");
        exchange::with(|exchange| *exchange.device.borrow_mut() = Some(line));
    }
}

impl FromRequest for Device {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match request.app_data::<Data<Devices>>() {
            Some(devices) => Ok(Self { devices: devices.clone(), presented: devices.read(request.headers()) }),
            None => Err(Problem::internal(anyhow::anyhow!("the application knows no devices"))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(keys: &[&str], presented: Vec<Entry>) -> Device {
        let keys = keys.iter().map(|key| SecretString::from(*key)).collect();
        Device { devices: Data::new(Devices::new(false, SameSitePolicy::Lax, keys)), presented }
    }

    fn made(key: &str, user_id: &str, since: i64) -> Vec<u8> {
        mint(&key.into(), &[&[7; NONCE][..], &since.to_be_bytes()].concat(), user_id)
    }

    #[test]
    fn only_a_signed_cookie_of_that_person_is_known_and_old_keys_still_are() {
        let since = |keys: &[&str], presented: Vec<u8>| device(keys, vec![presented]).known_since("alice");
        let good = made("a", "alice", 42);
        assert_eq!(since(&["a"], good.clone()), Some(Timestamp::from_micros(42)));
        assert_eq!(since(&["b", "a"], good.clone()), Some(Timestamp::from_micros(42)));
        assert_eq!(since(&["b"], good.clone()), None);
        assert_eq!(since(&["a"], made("a", "bob", 42)), None);
        for at in 0..NONCE + SINCE + TAG {
            let mut bent = good.clone();
            bent[at] ^= 1;
            assert_eq!(since(&["a"], bent), None, "{at}");
        }
        for junk in [vec![], vec![0; 10], good[..NONCE + SINCE + TAG - 1].to_vec()] {
            assert_eq!(since(&["a"], junk), None);
        }
        // As entries were before they had a seal.
        assert_eq!(since(&["a"], good[..NONCE + SINCE + TAG].to_vec()), Some(Timestamp::from_micros(42)));
        assert_eq!(device(&["a"], Vec::new()).known_since("alice"), None);
        let shared = device(&["a"], vec![made("a", "bob", 7), vec![], good]);
        assert_eq!(
            (shared.known_since("alice"), shared.known_since("bob")),
            (Some(Timestamp::from_micros(42)), Some(Timestamp::from_micros(7)))
        );
        assert_eq!(URL_SAFE_NO_PAD.encode(made("a", "bob", 7)).len(), ENTRY);
    }

    #[test]
    fn only_what_the_server_has_made_is_a_proof() {
        let proof = |keys: &[&str], presented: &[&[u8]]| {
            device(keys, presented.iter().map(|entry| entry.to_vec()).collect()).proof()
        };
        let (good, other) = (made("a", "alice", 42), made("a", "bob", 7));
        assert_eq!(proof(&["a"], &[&good]), Some(good.clone()));
        assert_eq!(proof(&["b", "a"], &[&good]), Some(good.clone()), "old keys still verify");
        assert_eq!(proof(&["b"], &[&good]), None);
        assert_eq!(proof(&["a"], &[&good, &[0; 72], &other]), Some([good.clone(), other].concat()));
        for at in 0..good.len() {
            let mut bent = good.clone();
            bent[at] ^= 1;
            assert_eq!(proof(&["a"], &[&bent]), None, "{at}");
        }
        for junk in
            [&[][..], &[0; 10], &good[..NONCE + SINCE + TAG], &good[..good.len() - 1], &[&good[..], &[0]].concat()]
        {
            assert_eq!(proof(&["a"], &[junk]), None);
        }
    }
}

#[cfg(test)]
mod properties {
    use actix_web::http::header;
    use proptest::prelude::*;

    use super::*;
    use crate::mutation::Mutation;

    const KEY: &str = "a key that only the server has";

    fn known_since(line: &[u8]) -> Option<i64> {
        let devices = Devices::new(false, SameSitePolicy::Lax, vec![KEY.into()]);
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_bytes(line).ok()?);
        let presented = devices.read(&headers);
        Device { devices: Data::new(devices), presented }.known_since("alice").map(Timestamp::as_micros)
    }

    fn entry(nonce: [u8; NONCE], since: i64) -> String {
        URL_SAFE_NO_PAD.encode(mint(&KEY.into(), &[&nonce[..], &since.to_be_bytes()].concat(), "alice"))
    }

    proptest! {
        #[test]
        fn nobody_makes_one_of_another(nonce in any::<[u8; NONCE]>(), since in any::<i64>(), mutation in Mutation::any()) {
            let good = entry(nonce, since);
            prop_assert_eq!(known_since(format!("theme=h\u{e9}ll; device={good}").as_bytes()), Some(since));
            let known = known_since(format!("device={}", mutation.of(&good)).as_bytes());
            prop_assert!(known.is_none_or(|known| known == since));
        }

        #[test]
        fn nothing_makes_it_stumble(line in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(known_since(&[b"device=", &line[..]].concat()), None);
        }
    }
}
