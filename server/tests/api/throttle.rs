//! Guessing is slowed down by the client's address, whatever names are tried, and by nothing the client can choose.

use serde_json::json;

use crate::app::{Answer, Browser, PASSWORD, TestApp, log_line, spawn, spawn_with, whole_log};

#[actix_web::test]
async fn ten_failures_then_one_every_six_seconds() {
    let app = spawn().await;
    app.person("alice").await;
    for number in 0..10 {
        app.browser().login(&format!("name{number}"), "wrong").await.is(401, "invalid_credentials");
    }
    for (name, password) in [("alice", "wrong"), ("alice", PASSWORD), ("nobody", "x")] {
        let before = app.hasher.computed();
        let answer = app.browser().login(name, password).await;
        answer.is(429, "too_many_attempts");
        assert_eq!(answer.header("retry-after"), "6");
        assert_eq!(app.hasher.computed(), before, "a refused attempt costs no hash");
        assert_eq!(log_line(&answer)["queries"], 0, "who is known to have to wait is not asked about again");
    }
    app.advance(5);
    assert_eq!(app.browser().login("alice", "wrong").await.header("retry-after"), "1");
    app.advance(1);
    app.browser().login("alice", "wrong").await.is(401, "invalid_credentials");
    app.browser().login("alice", "wrong").await.is(429, "too_many_attempts");
    app.advance(6);
    assert_eq!(app.browser().login("alice", PASSWORD).await.status, 200);
}

#[actix_web::test]
async fn signing_in_does_not_count() {
    let app = spawn().await;
    app.person("alice").await;
    for _ in 0..15 {
        assert_eq!(app.browser().login("alice", PASSWORD).await.status, 200);
    }
}

#[actix_web::test]
async fn made_up_addresses_change_nothing_unless_a_proxy_is_trusted() {
    let app = spawn().await;
    for number in 0..11 {
        let mut browser = app.browser();
        browser.headers.push(("x-forwarded-for", format!("203.0.113.{number}")));
        browser.headers.push(("forwarded", format!("for=203.0.113.{number}")));
        browser.headers.push(("x-real-ip", format!("203.0.113.{number}")));
        let answer = browser.login(&format!("name{number}"), "wrong").await;
        assert_eq!(answer.status, if number < 10 { 401 } else { 429 });
    }

    let app = spawn_with(&[("TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    for number in 0..11 {
        let mut browser = app.browser();
        browser.headers.push(("x-forwarded-for", format!("9.9.9.{number}, 203.0.113.7")));
        let answer = browser.login(&format!("name{number}"), "wrong").await;
        assert_eq!(answer.status, if number < 10 { 401 } else { 429 });
    }
    let mut neighbour = app.browser();
    neighbour.headers.push(("x-forwarded-for", "203.0.113.8".to_owned()));
    neighbour.login("alice", "wrong").await.is(401, "invalid_credentials");
}

#[actix_web::test]
async fn a_sessions_address_comes_from_the_trusted_proxy() {
    let app = spawn_with(&[("TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    app.person("alice").await;
    let mut browser = app.browser();
    browser.headers.push(("x-forwarded-for", "2001:db8::7".to_owned()));
    browser.login("alice", PASSWORD).await;
    assert_eq!(browser.get("/api/sessions").await.json()["items"][0]["ip"], "2001:db8::7");
}

#[actix_web::test]
async fn a_disabled_persons_right_password_counts_as_a_failure() {
    let app = spawn().await;
    for name in ["alice", "bob"] {
        let id = app.person(name).await;
        app.disable(&id).await;
        for _ in 0..5 {
            app.browser().login(name, PASSWORD).await.is(401, "invalid_credentials");
        }
        app.browser().login(name, PASSWORD).await.is(429, "too_many_attempts");
    }
    app.browser().login("somebody else", PASSWORD).await.is(429, "too_many_attempts");
}

/// Uses up what strangers at this address may try.
async fn exhaust(app: &TestApp) {
    for number in 0.. {
        if app.browser().login(&format!("guess{number}"), "wrong").await.status == 429 {
            return;
        }
    }
}

/// What the browser sends once it is known and its session is over.
fn device_cookie(answer: &Answer) -> String {
    let (name, value) = answer.cookie("device").expect("a browser that signs in is known from then on");
    format!("{name}={value}")
}

/// Browsers in which this person has signed in before: one that is signed out, and one that still is signed in.
async fn known(app: &TestApp, name: &str) -> (Browser, Browser) {
    let (mut known, mut signed_in) = (app.browser(), app.browser());
    signed_in.login(name, PASSWORD).await.is(200, "");
    known.cookie = Some(device_cookie(known.login(name, PASSWORD).await.is(200, "")));
    (known, signed_in)
}

#[actix_web::test]
async fn a_guesser_locks_out_no_known_browser_and_no_session_at_the_same_address() {
    let app = spawn().await;
    for name in ["alice", "bob"] {
        app.person_with(name, Some(&format!("{name}@example.com")), "", hallpass::identity::Role::Member).await;
    }
    let (known, mut signed_in) = known(&app, "bob").await;
    let form = [("grant_type", "password"), ("username", "bob"), ("password", PASSWORD)];
    let mut tokens = app.browser();
    let token = tokens.form("/api/token", &form).await.json()["access_token"].as_str().unwrap().to_owned();
    for _ in 0..3 {
        exhaust(&app).await;
        app.browser().login("alice", PASSWORD).await.is(429, "too_many_attempts");
        for name in ["bob", "BOB", "bob@example.com"] {
            known.clone().login(name, PASSWORD).await.is(200, "");
        }
        known.clone().form("/api/token", &form).await.is(200, "");
        signed_in.post("/api/reauth", json!({"password": PASSWORD})).await.is(204, "");
        tokens.with_bearer(&token).post("/api/reauth", json!({"password": PASSWORD})).await.is(204, "");
        signed_in.post("/api/reauth", json!({"password": "wrong"})).await.is(401, "invalid_credentials");
        app.advance(6);
    }
    exhaust(&app).await;
    let new = "other words nobody guesses";
    signed_in.post("/api/password", json!({"current_password": PASSWORD, "new_password": new})).await.is(204, "");
    let body = crate::app::Body::Json(json!({"password": new}));
    signed_in.send(reqwest::Method::DELETE, "/api/me", body).await.is(204, "");
}

#[actix_web::test]
async fn who_is_judged_by_a_budget_of_their_own_uses_up_nobody_elses() {
    let app = spawn().await;
    for name in ["alice", "bob"] {
        app.person(name).await;
    }
    let (mut known, mut signed_in) = known(&app, "bob").await;
    for _ in 0..5 {
        known.login("bob", "wrong").await.is(401, "invalid_credentials");
        signed_in.post("/api/reauth", json!({"password": "wrong"})).await.is(401, "invalid_credentials");
    }
    // Each is bounded by its own budget.
    known.login("bob", PASSWORD).await.is(429, "too_many_attempts");
    signed_in.post("/api/reauth", json!({"password": PASSWORD})).await.is(429, "too_many_attempts");
    for number in 0..10 {
        app.browser().login(&format!("name{number}"), "wrong").await.is(401, "invalid_credentials");
    }
    app.browser().login("alice", PASSWORD).await.is(429, "too_many_attempts");
}

#[actix_web::test]
async fn no_device_cookie_but_the_accounts_own_is_a_way_around_the_address() {
    let app = spawn().await;
    for name in ["alice", "bob"] {
        app.person(name).await;
    }
    let (known, _) = known(&app, "bob").await;
    exhaust(&app).await;
    let before = app.hasher.computed();
    let with = |cookie: String| Browser { cookie: Some(cookie), ..app.browser() };
    // One of somebody else's: nobody learns from it who has an account.
    let [taken, free] = ["alice", "nobody"].map(|name| {
        let mut browser = known.clone();
        async move { browser.login(name, PASSWORD).await }
    });
    let (taken, free) = (taken.await, free.await);
    assert_eq!(log_line(taken.is(429, "too_many_attempts"))["queries"], 1, "only the account is asked for");
    assert_eq!(log_line(free.is(429, "too_many_attempts"))["queries"], 1);
    assert_eq!(taken.header("retry-after"), free.header("retry-after"));
    // One that nobody made costs nothing at all.
    let own = known.cookie.clone().unwrap();
    let bent = format!("{}{}", &own[..own.len() - 1], if own.ends_with('A') { 'B' } else { 'A' });
    for junk in [format!("device={}", "A".repeat(96)), format!("device={}", "A".repeat(75)), bent] {
        let answer = with(junk).login("bob", PASSWORD).await;
        assert_eq!(log_line(answer.is(429, "too_many_attempts"))["queries"], 0);
    }
    assert_eq!(app.hasher.computed(), before);
    known.clone().login("bob", PASSWORD).await.is(200, "");
}

#[actix_web::test]
async fn a_proxy_that_is_not_trusted_is_warned_of_once() {
    let app = spawn().await;
    for number in 0..3 {
        let mut browser = app.browser();
        browser.headers.push(("x-forwarded-for", format!("203.0.113.{number}")));
        browser.get("/api/health").await.is(200, "");
    }
    let log = whole_log();
    let warnings: Vec<_> = log.lines().filter(|line| line.contains("TRUSTED_PROXIES=127.0.0.1")).collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("\"WARN\"") && warnings[0].contains("x-forwarded-for"), "{warnings:?}");
    assert!(!warnings[0].contains("203.0.113."), "what a header says is not repeated");
}

#[actix_web::test]
async fn a_known_browser_may_ask_for_a_new_password_whatever_others_at_its_address_do() {
    let app = spawn().await;
    for name in ["alice", "bob"] {
        app.person(name).await;
    }
    let (known, _) = known(&app, "bob").await;
    let ask = async |browser: &Browser, name: &str| {
        browser.clone().post("/api/forgot-password", json!({"username": name})).await.status
    };
    for _ in 0..10 {
        assert_eq!(ask(&app.browser(), "alice").await, 202);
    }
    assert_eq!(ask(&app.browser(), "bob").await, 429);
    assert_eq!((ask(&known, "alice").await, ask(&known, "nobody").await), (429, 429));
    for _ in 0..10 {
        assert_eq!(ask(&known, "bob").await, 202);
    }
    assert_eq!(ask(&known, "bob").await, 429, "a budget of its own is one, too");
}
