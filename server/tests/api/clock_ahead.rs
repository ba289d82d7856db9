//! A clock that ran ahead, and was then set right: nothing that was stored meanwhile makes anybody wait longer than its own rule.

use std::time::Duration;

use hallpass::clock::{Clock, SKEW};
use hallpass::identity::Role;
use hallpass::sessions::model::Lifetime;
use hallpass::sessions::prune;
use serde_json::json;

use crate::app::{Answer, PASSWORD, TestApp, spawn, spawn_configured, spawn_with, start};
use crate::mail_server::{MailServer, Manner, until};

const AHEAD: [Duration; 3] = [Duration::from_mins(10), Duration::from_hours(3), Duration::from_hours(8760)];

/// The same server while its clock runs ahead.
async fn ahead(app: &TestApp, by: Duration) -> TestApp {
    let clock = Clock::fixed(app.clock.now().plus(by));
    start(app.config.clone(), clock, tempfile::tempdir().unwrap()).await
}

#[actix_web::test]
async fn failed_sign_ins_keep_nobody_out() {
    for by in AHEAD {
        let app = spawn().await;
        app.person("alice").await;
        app.person("bob").await;
        let early = ahead(&app, by).await;
        for number in 0..9 {
            let name = if number < 6 { "alice" } else { "somebody" };
            let answer = early.browser().login(name, "wrong").await;
            assert!(matches!(answer.status, 401 | 429), "{}", answer.text());
        }
        app.browser().login("bob", PASSWORD).await.is(200, "");
        app.browser().login("alice", PASSWORD).await.is(200, "");
    }
}

#[actix_web::test]
async fn a_full_address_is_free_again_and_counts_anew() {
    for by in AHEAD {
        let app = spawn().await;
        app.person("alice").await;
        let early = ahead(&app, by).await;
        for number in 0..10 {
            early.browser().login(&format!("name{number}"), "wrong").await.is(401, "invalid_credentials");
        }
        for number in 10..20 {
            app.browser().login(&format!("name{number}"), "wrong").await.is(401, "invalid_credentials");
        }
        assert_eq!(
            app.browser().login("alice", PASSWORD).await.is(429, "too_many_attempts").header("retry-after"),
            "6"
        );
    }
}

#[actix_web::test]
async fn however_many_fail_at_once_nobody_is_let_in_for_it() {
    let app = spawn().await;
    app.person("alice").await;
    for round in 0..3 {
        let crowd = (0..40).map(|number| {
            let mut browser = app.browser();
            async move { browser.login(&format!("name{round}-{number}"), "wrong").await.status }
        });
        futures_util::future::join_all(crowd).await;
        let answer = app.browser().login("alice", PASSWORD).await;
        let wait: u64 = answer.is(429, "too_many_attempts").header("retry-after").parse().unwrap();
        assert!((6..=66).contains(&wait), "{wait}");
    }
}

#[actix_web::test]
async fn registrations_and_forgotten_passwords_go_on() {
    let mail = [("SMTP_URL", "smtp://127.0.0.1:1"), ("MAIL_FROM", "x@example.com"), ("REGISTRATION", "open")];
    let app = spawn_with(&mail).await;
    app.person_with("alice", Some("alice@example.com"), "", Role::Member).await;
    let early = ahead(&app, Duration::from_hours(3)).await;
    let forgot = async |app: &TestApp, name: &str| -> Answer {
        app.browser().post("/api/forgot-password", json!({"username": name})).await
    };
    let register = async |app: &TestApp, name: &str| -> Answer {
        let account = json!({"username": name, "password": "other words nobody guesses"});
        app.browser().post("/api/register", account).await
    };
    for number in 0..10 {
        forgot(&early, "alice").await.is(202, "");
        register(&early, &format!("x{number}")).await.is(201, "");
    }
    until(|| async { app.number("SELECT COUNT(*) FROM link_token").await == 1 }).await;
    register(&app, "x10").await.is(201, "");
    forgot(&app, "alice").await.is(202, "");
    until(|| async { app.number("SELECT COUNT(*) FROM link_token").await == 2 }).await;
}

#[actix_web::test]
async fn mails_are_sent_at_their_time() {
    for was_tried in [false, true] {
        let post = MailServer::start().await;
        post.behave(Manner::Refuse("451 later"));
        let settings = [("SMTP_URL", &*post.url()), ("MAIL_FROM", "x@example.com")];
        let mut app = spawn_configured(&settings, |config| {
            config.mail.as_mut().unwrap().look_every = Duration::from_millis(20);
        })
        .await;
        app.person_with("alice", Some("alice@example.com"), "", Role::Member).await;
        let now = app.clock.now();
        app.advance(3 * 3600);
        app.browser().post("/api/forgot-password", json!({"username": "alice"})).await.is(202, "");
        until(|| async { app.number("SELECT COUNT(*) FROM mail WHERE last_error IS NOT NULL").await == 1 }).await;
        app.stop.cancel();
        app.server.take().unwrap().join().unwrap().unwrap();
        post.behave(Manner::Take);
        let app = start(app.config.clone(), Clock::fixed(now), tempfile::tempdir().unwrap()).await;
        if !was_tried {
            app.execute("UPDATE mail SET attempts = 0").await;
        }
        until(|| async { app.number("SELECT COUNT(*) FROM mail").await == 0 }).await;
        assert_eq!(post.taken().len(), 1);
    }
}

#[actix_web::test]
async fn a_proof_from_the_future_is_stale() {
    for by in AHEAD {
        let app = spawn().await;
        let early = ahead(&app, by).await;
        early.person_with("root", None, "", Role::Admin).await;
        let mut root = early.browser();
        root.login("root", PASSWORD).await.is(200, "");
        root.base = app.url("");
        root.get("/api/me").await.is(200, "");
        root.post("/api/users", json!({"username": "x1"})).await.is(403, "reauth_required");
        root.patch("/api/me", json!({"email": "root@example.com"})).await.is(403, "reauth_required");
        root.post("/api/reauth", json!({"password": PASSWORD})).await.is(204, "");
        root.post("/api/users", json!({"username": "x1"})).await.is(201, "");
        root.patch("/api/me", json!({"email": "root@example.com"})).await.is(200, "");
    }
}

#[actix_web::test]
async fn clocks_that_differ_a_little_make_no_proof_stale() {
    let app = spawn().await;
    let early = ahead(&app, SKEW).await;
    early.person_with("root", None, "", Role::Admin).await;
    let mut root = early.browser();
    root.login("root", PASSWORD).await.is(200, "");
    root.base = app.url("");
    root.post("/api/users", json!({"username": "x1"})).await.is(201, "");
}

async fn last_used(app: &TestApp, query: &'static str) {
    let now = app.clock.now().as_micros();
    until(|| async { app.number(query).await == now }).await;
}

#[actix_web::test]
async fn what_is_used_was_last_used_now() {
    let app = spawn_with(&[("SESSION_IDLE_MINUTES", "30")]).await;
    let early = ahead(&app, Duration::from_hours(3)).await;
    let mut browser = early.signed_in("alice").await;
    let wish = json!({"name": "script", "expires_in_days": 1, "scopes": ["read"]});
    let token = browser.post("/api/tokens", wish).await.json()["token"].as_str().unwrap().to_owned();
    early.browser().with_bearer(&token).get("/api/me").await.is(200, "");
    last_used(&early, "SELECT COALESCE(MAX(last_used_at), 0) FROM api_token").await;
    browser.base = app.url("");
    browser.get("/api/me").await.is(200, "");
    last_used(&app, "SELECT MAX(last_seen_at) FROM session").await;
    app.browser().with_bearer(&token).get("/api/me").await.is(200, "");
    last_used(&app, "SELECT MAX(last_used_at) FROM api_token").await;
}

#[actix_web::test]
async fn a_session_that_nobody_uses_rests_from_now_on() {
    let app = spawn_with(&[("SESSION_IDLE_MINUTES", "30")]).await;
    let early = ahead(&app, Duration::from_hours(3)).await;
    let mut browser = early.signed_in("alice").await;
    browser.base = app.url("");
    let lifetime = Lifetime { absolute: Duration::from_hours(168), idle: Some(Duration::from_mins(30)) };
    prune::run(&app.db, &app.clock, &lifetime).await.unwrap();
    app.advance(30 * 60);
    assert_eq!(browser.get("/api/me").await.is(401, "session_ended").json()["reason"], "idle");
}
