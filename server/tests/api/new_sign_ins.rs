//! "Was this you?"

use std::time::Duration;

use hallpass::audit::queries as audit;
use hallpass::clock::Clock;
use serde_json::{Value, json};

use crate::app::{Answer, Browser, CHROME, PASSWORD, TestApp, spawn, start};

const DAY: u64 = 24 * 3600;
const NEW: &str = "other words nobody guesses";

/// A browser that keeps the cookie by which it is known.
struct Known {
    browser: Browser,
    device: Option<String>,
}

impl Known {
    fn new(app: &TestApp) -> Self {
        Self { browser: app.browser(), device: None }
    }

    /// A browser that Alice, who is created, has used for a day; it was not her first.
    async fn for_a_day(app: &TestApp) -> Self {
        let known = Self::for_now(app).await;
        app.advance(DAY);
        known
    }

    /// The same, just now.
    async fn for_now(app: &TestApp) -> Self {
        app.person("alice").await;
        app.execute("UPDATE user_account SET last_login_at = 0 WHERE username = 'alice'").await;
        let mut known = Self::new(app);
        known.login().await.is(200, "");
        known
    }

    async fn session(&mut self) -> Value {
        self.browser.get("/api/me").await.is(200, "").json()["session"]["id"].clone()
    }

    async fn reauth(&mut self) {
        self.browser.post("/api/reauth", json!({"password": PASSWORD})).await.is(204, "");
    }

    async fn is_signed_out(&mut self) {
        assert_eq!(self.browser.get("/api/me").await.is(401, "session_ended").json()["reason"], "revoked");
    }

    async fn login(&mut self) -> Answer {
        self.browser.cookie.clone_from(&self.device);
        let answer = self.browser.login("alice", PASSWORD).await;
        let (name, value) = answer.cookie("device").expect("a browser that signs in is known from then on");
        self.device = Some(format!("{name}={value}"));
        let session = self.browser.cookie.clone().unwrap();
        self.browser.cookie = Some(format!("{session}; {name}={value}"));
        answer
    }

    async fn asked(&mut self) -> Vec<Value> {
        self.browser.get("/api/me/new-sign-ins").await.json()["items"].as_array().unwrap().clone()
    }

    async fn answer(&mut self, sign_in: &Value, was_me: bool) -> Answer {
        let path = format!("/api/me/new-sign-ins/{}", sign_in["session_id"].as_str().unwrap());
        self.browser.post(&path, json!({"was_me": was_me})).await
    }
}

#[actix_web::test]
async fn a_known_browser_is_asked_about_a_new_one_once() {
    let app = spawn().await;
    let mut home = Known::for_a_day(&app).await;
    assert!(home.asked().await.is_empty(), "nobody answers for themselves");
    app.advance(60);
    let mut phone = Known::new(&app);
    phone.browser.user_agent = Some(CHROME.to_owned());
    phone.login().await.is(200, "");
    assert!(phone.asked().await.is_empty(), "nobody answers for themselves");
    let asked = home.asked().await;
    let expected = json!([{"session_id": phone.browser.get("/api/me").await.json()["session"]["id"],
        "at": "2026-01-02T00:01:00.000000Z", "device": "Chrome on Windows", "ip": "127.0.0.1"}]);
    assert_eq!(json!(asked), expected);
    app.advance(60);
    home.answer(&asked[0], true).await.is(204, "");
    assert!(home.asked().await.is_empty());
    home.answer(&asked[0], true).await.is(404, "not_found");
    phone.browser.get("/api/me").await.is(200, "");

    app.advance(60);
    phone.login().await.is(200, "");
    app.advance(60);
    home.login().await.is(200, "");
    assert!(home.asked().await.is_empty() && phone.asked().await.is_empty(), "both are known now");
    let activity = home.browser.get("/api/me/activity").await.json();
    let told: Vec<_> = activity["items"].as_array().unwrap().iter().map(|item| &item["event"]).collect();
    assert_eq!(told, ["login_succeeded", "login_succeeded", "sign_in_confirmed", "login_succeeded", "login_succeeded"]);
}

#[actix_web::test]
async fn no_ends_the_session_and_the_tokens_made_since() {
    let app = spawn().await;
    let mut home = Known::for_now(&app).await;
    let wish = |name: &str| json!({"name": name, "expires_in_days": 30, "scopes": ["read"]});
    let mine = home.browser.post("/api/tokens", wish("mine")).await.json()["token"].as_str().unwrap().to_owned();
    app.advance(DAY);
    let mut thief = Known::new(&app);
    thief.login().await.is(200, "");
    let theirs = thief.browser.post("/api/tokens", wish("theirs")).await.json()["token"].as_str().unwrap().to_owned();
    // Once more, now from a browser that is known, though only since the theft.
    app.advance(60);
    let (mut first, mut second) = (thief.browser.clone(), thief);
    second.login().await.is(200, "");
    assert!(second.asked().await.is_empty());
    let asked = home.asked().await;
    assert_eq!(asked.len(), 1);
    second.answer(&asked[0], true).await.is(404, "not_found");

    app.advance(60);
    home.answer(&asked[0], false).await.is(204, "");
    for browser in [&mut first, &mut second.browser] {
        assert_eq!(browser.get("/api/me").await.is(401, "session_ended").json()["reason"], "revoked");
    }
    home.browser.with_bearer(&theirs).get("/api/me").await.is(401, "not_authenticated");
    home.browser.with_bearer(&mine).get("/api/me").await.is(200, "");

    // The browser that was denied is asked about anew, and answers for nobody.
    app.advance(60);
    second.login().await.is(200, "");
    let again = home.asked().await;
    assert_eq!(again.len(), 1);
    let late = second.browser.post("/api/tokens", wish("late")).await.json()["token"].as_str().unwrap().to_owned();
    app.advance(60);
    let mut third = Known::new(&app);
    third.login().await.is(200, "");
    assert!(second.asked().await.is_empty());

    let change = json!({"current_password": PASSWORD, "new_password": NEW});
    home.browser.post("/api/password", change).await.is(204, "");
    second.browser.get("/api/me").await.is(401, "session_ended");
    third.browser.get("/api/me").await.is(401, "session_ended");
    home.browser.with_bearer(&late).get("/api/me").await.is(401, "not_authenticated");
    home.browser.with_bearer(&mine).get("/api/me").await.is(200, "");
}

#[actix_web::test]
async fn the_first_browser_of_all_decides_nothing_and_is_asked_about() {
    let app = spawn().await;
    app.person("alice").await;
    let mut thief = Known::new(&app);
    thief.browser.user_agent = Some(CHROME.to_owned());
    thief.login().await.is(200, "");
    assert!(thief.asked().await.is_empty());
    app.advance(60);
    let mut owner = Known::new(&app);
    owner.login().await.is(200, "");
    let owners = json!({"session_id": owner.session().await});
    assert!(thief.asked().await.is_empty());
    for was_me in [false, true] {
        thief.answer(&owners, was_me).await.is(404, "not_found");
    }
    owner.session().await;
    let asked = owner.asked().await;
    assert_eq!((asked.len(), &asked[0]["session_id"]), (1, &thief.session().await));
    // What the owner's session was opened with may have been stolen.
    app.advance(60);
    owner.answer(&asked[0], false).await.is(403, "reauth_required");
    thief.session().await;
    owner.reauth().await;
    owner.answer(&asked[0], false).await.is(204, "");
    thief.is_signed_out().await;
    owner.session().await;
    assert!(owner.asked().await.is_empty());
    app.advance(60);
    thief.login().await.is(200, "");
    assert!(thief.asked().await.is_empty(), "it was denied");
    assert_eq!(owner.asked().await.len(), 1);
}

#[actix_web::test]
async fn the_first_browser_is_asked_once_it_is_confirmed_or_known_for_a_day() {
    for confirmed in [true, false] {
        let app = spawn().await;
        app.person("alice").await;
        let (mut first, mut second, mut third) = (Known::new(&app), Known::new(&app), Known::new(&app));
        first.login().await.is(200, "");
        app.advance(60);
        second.login().await.is(200, "");
        app.advance(60);
        third.login().await.is(200, "");
        app.advance(60);
        assert_eq!(third.asked().await.len(), 1, "about the first");
        assert_eq!(second.asked().await.len(), 2, "about the first and the third");
        assert_eq!(first.asked().await.len(), 0);
        if confirmed {
            let about_first = second.asked().await.pop().unwrap();
            second.answer(&about_first, true).await.is(204, "");
            assert_eq!((third.asked().await.len(), second.asked().await.len()), (0, 1));
            let about_both = first.asked().await;
            assert_eq!(about_both.len(), 2);
            first.answer(&about_both[0], false).await.is(403, "reauth_required");
        } else {
            app.advance(DAY - 181);
            assert_eq!(first.asked().await.len(), 0);
        }
        app.advance(if confirmed { DAY } else { 1 });
        let about_both = first.asked().await;
        assert_eq!(about_both.len(), 2);
        first.answer(&about_both[0], false).await.is(204, "");
        third.is_signed_out().await;
        second.session().await;
    }
}

#[actix_web::test]
async fn a_browser_known_for_less_than_a_day_ends_nothing_without_the_password() {
    let app = spawn().await;
    let mut home = Known::for_a_day(&app).await;
    let mut young = Known::new(&app);
    young.login().await.is(200, "");
    app.advance(60);
    let mut phone = Known::new(&app);
    phone.login().await.is(200, "");
    app.advance(DAY - 61);
    let asked = young.asked().await;
    assert_eq!(asked.len(), 1);
    young.answer(&asked[0], false).await.is(403, "reauth_required");
    home.session().await;
    phone.session().await;
    // Signing in again is no answer to the question.
    young.login().await.is(200, "");
    young.answer(&asked[0], false).await.is(403, "reauth_required");
    app.advance(1);
    young.answer(&asked[0], false).await.is(204, "");
    phone.is_signed_out().await;
    home.session().await;
}

#[actix_web::test]
async fn no_is_remembered_longer_than_the_audit_reaches_back() {
    let app = spawn().await;
    let mut home = Known::for_a_day(&app).await;
    let mut thief = Known::new(&app);
    thief.login().await.is(200, "");
    app.advance(60);
    let asked = home.asked().await;
    home.answer(&asked[0], false).await.is(204, "");
    let day = Duration::from_secs(DAY);
    let prune = async || audit::delete_old(&app.db, day, app.clock.now()).await.unwrap();
    app.advance(2 * DAY);
    prune().await;
    assert_eq!(app.number("SELECT COUNT(*) FROM audit_event").await, 2, "the sign-in and the answer");
    thief.login().await.is(200, "");
    app.advance(60);
    assert_eq!(home.asked().await.len(), 1, "the browser that was denied is asked about anew");
    app.advance(400 * DAY);
    prune().await;
    assert_eq!(app.number("SELECT COUNT(*) FROM audit_event").await, 0);
}

#[actix_web::test]
async fn the_password_counts_though_this_servers_clock_is_a_little_behind() {
    let app = spawn().await;
    Known::for_a_day(&app).await;
    let mut young = Known::new(&app);
    young.login().await.is(200, "");
    app.advance(60);
    let mut phone = Known::new(&app);
    phone.login().await.is(200, "");
    app.advance(60);
    let asked = young.asked().await;
    // Signed in again just now, by the other server's clock.
    young.login().await.is(200, "");
    let clock = Clock::fixed(app.clock.now().minus(Duration::from_secs(5)));
    let late = start(app.config.clone(), clock, tempfile::tempdir().unwrap()).await;
    young.browser.base = late.url("");
    young.answer(&asked[0], false).await.is(403, "reauth_required");
    young.reauth().await;
    young.answer(&asked[0], false).await.is(204, "");
    phone.is_signed_out().await;
}

#[actix_web::test]
async fn who_registers_has_signed_in() {
    let app = crate::app::spawn_with(&[("REGISTRATION", "open")]).await;
    let mut owner = Known::new(&app);
    let account = json!({"username": "alice", "password": PASSWORD});
    let answer = owner.browser.post("/api/register", account).await;
    let (name, value) = answer.is(201, "").cookie("device").unwrap();
    let session = owner.browser.cookie.clone().unwrap();
    owner.browser.cookie = Some(format!("{session}; {name}={value}"));
    app.advance(60);
    let mut other = Known::new(&app);
    other.login().await.is(200, "");
    assert_eq!((owner.asked().await.len(), other.asked().await.len()), (1, 0));
}

#[actix_web::test]
async fn programs_are_asked_about_and_strangers_are_told_nothing() {
    let app = spawn().await;
    app.person("bob").await;
    let mut alice = Known::for_a_day(&app).await;
    let session = alice.browser.cookie.clone().unwrap().split_once("; ").unwrap().0.to_owned();
    let own = alice.device.clone().unwrap();
    app.advance(60);
    let fields =
        [("grant_type", "password"), ("username", "alice"), ("password", PASSWORD), ("scope", "offline_access")];
    let answer = app.browser().form("/api/token", &fields).await;
    assert_eq!((answer.status, answer.cookie("device")), (200, None));
    assert_eq!(alice.asked().await.len(), 1);
    // The cookie is good for the person it was made for; beside it, others that somebody has planted change nothing.
    let (name, value) = app.browser().login("bob", PASSWORD).await.cookie("device").unwrap();
    for (device, asked) in [
        (format!("{name}={value}"), 0),
        (format!("{own}x"), 0),
        (format!("{own}; {own}"), 1),
        (format!("{name}={value}; {own}"), 1),
        (format!("{own}; {name}=junk; {name}="), 1),
    ] {
        alice.browser.cookie = Some(format!("{session}; {device}"));
        assert_eq!(alice.asked().await.len(), asked, "{device}");
    }
}

#[actix_web::test]
async fn planted_cookies_hide_no_real_one() {
    let app = spawn().await;
    app.person("bob").await;
    let mut alice = Known::for_a_day(&app).await;
    let session = alice.browser.cookie.clone().unwrap().split_once("; ").unwrap().0.to_owned();
    let own = alice.device.clone().unwrap();
    app.advance(60);
    Known::new(&app).login().await.is(200, "");
    for length in [96, 75] {
        let junk = |cookie: usize| {
            let entries = (0..6).map(|place| format!("{:A<length$}", format!("{cookie}{place}")));
            format!("device={}", entries.collect::<Vec<_>>().join("."))
        };
        let planted = (0..6).map(junk).collect::<Vec<_>>().join("; ");
        let planted = format!("{planted}; {}.{}", junk(7), own.split_once('=').unwrap().1);
        alice.browser.cookie = Some(format!("{session}; {planted}"));
        assert_eq!(alice.asked().await.len(), 1, "{length}");
        // Nor is the real one lost when another person signs in.
        let mut bob = Browser { cookie: Some(planted), ..app.browser() };
        let (name, value) = bob.login("bob", PASSWORD).await.is(200, "").cookie("device").unwrap();
        alice.browser.cookie = Some(format!("{session}; {name}={value}"));
        assert_eq!(alice.asked().await.len(), 1, "{length}");
    }
}

#[actix_web::test]
async fn two_people_may_share_a_browser() {
    let app = spawn().await;
    app.person("bob").await;
    let mut shared = Known::for_a_day(&app).await;
    app.advance(60);
    shared.browser.cookie.clone_from(&shared.device);
    let (name, value) = shared.browser.login("bob", PASSWORD).await.cookie("device").unwrap();
    shared.device = Some(format!("{name}={value}"));
    app.advance(60);
    Known::new(&app).login().await.is(200, "");
    app.advance(60);
    shared.login().await.is(200, "");
    assert_eq!(shared.asked().await.len(), 1, "known since the first sign-in");
}

#[actix_web::test]
async fn the_cookie_has_the_attributes_of_one_that_nobody_can_plant() {
    let app = crate::app::spawn_with(&[("PUBLIC_URL", "https://app.example")]).await;
    app.person("alice").await;
    let answer = app.browser().login("alice", PASSWORD).await;
    let lines: Vec<_> = answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap()).collect();
    assert!(lines[0].starts_with("__Host-session_id="), "{lines:?}");
    let (pair, attributes) = lines[1].split_once("; ").unwrap();
    assert!(pair.starts_with("__Host-device="), "{pair}");
    assert_eq!(attributes, "HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=34560000");
}
