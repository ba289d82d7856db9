//! "Was this you?"

use serde_json::{Value, json};

use crate::app::{Answer, Browser, CHROME, PASSWORD, TestApp, spawn};

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
    app.person("alice").await;
    let mut home = Known::new(&app);
    home.login().await.is(200, "");
    assert!(home.asked().await.is_empty(), "the first of all is nobody's to confirm");
    app.advance(60);
    let mut phone = Known::new(&app);
    phone.browser.user_agent = Some(CHROME.to_owned());
    phone.login().await.is(200, "");
    assert!(phone.asked().await.is_empty(), "nobody answers for themselves");
    let asked = home.asked().await;
    let expected = json!([{"session_id": phone.browser.get("/api/me").await.json()["session"]["id"],
        "at": "2026-01-01T00:01:00.000000Z", "device": "Chrome on Windows", "ip": "127.0.0.1"}]);
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
    app.person("alice").await;
    let mut home = Known::new(&app);
    home.login().await.is(200, "");
    let wish = |name: &str| json!({"name": name, "expires_in_days": 1, "scopes": ["read"]});
    let mine = home.browser.post("/api/tokens", wish("mine")).await.json()["token"].as_str().unwrap().to_owned();
    app.advance(60);
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
async fn programs_are_asked_about_and_strangers_are_told_nothing() {
    let app = spawn().await;
    app.person("alice").await;
    app.person("bob").await;
    let mut alice = Known::new(&app);
    alice.login().await.is(200, "");
    let session = alice.browser.cookie.clone().unwrap().split_once("; ").unwrap().0.to_owned();
    let own = alice.device.clone().unwrap();
    app.advance(60);
    let fields =
        [("grant_type", "password"), ("username", "alice"), ("password", PASSWORD), ("scope", "offline_access")];
    let answer = app.browser().form("/api/token", &fields).await;
    assert_eq!((answer.status, answer.cookie("device")), (200, None));
    assert_eq!(alice.asked().await.len(), 1);
    // The cookie is good for the person it was made for; of two of them none is.
    let (name, value) = app.browser().login("bob", PASSWORD).await.cookie("device").unwrap();
    for device in [format!("{name}={value}"), format!("{own}; {own}"), format!("{own}x")] {
        alice.browser.cookie = Some(format!("{session}; {device}"));
        assert!(alice.asked().await.is_empty(), "{device}");
    }
}

#[actix_web::test]
async fn two_people_may_share_a_browser() {
    let app = spawn().await;
    for name in ["alice", "bob"] {
        app.person(name).await;
    }
    let mut shared = Known::new(&app);
    shared.login().await.is(200, "");
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
