//! Making accounts: for oneself, and the first administrator.

use serde_json::json;

use crate::app::{Answer, FullQueue, TestApp, spawn, spawn_with};

const NEW: &str = "other words nobody guesses";

async fn register(app: &TestApp, username: &str) -> Answer {
    app.browser().post("/api/register", json!({"username": username, "password": NEW})).await
}

#[actix_web::test]
async fn closed_unless_opened() {
    let app = spawn().await;
    register(&app, "carol").await.is(403, "registration_closed");
    app.browser().post("/api/register", json!({})).await.is(403, "registration_closed");
    assert_eq!(app.number("SELECT COUNT(*) FROM user_account").await, 0);
}

#[actix_web::test]
async fn who_registers_is_signed_in() {
    let app = spawn_with(&[("REGISTRATION", "open")]).await;
    let mut browser = app.browser();
    let wish = json!({"username": "Carol", "password": NEW, "email": "carol@example.com", "full_name": "Carol C"});
    let answer = browser.post("/api/register", wish).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.json(), browser.get("/api/me").await.json());
    assert_eq!(
        (answer.json()["role"].as_str(), answer.json()["email"].as_str()),
        (Some("member"), Some("carol@example.com"))
    );
    app.browser().login("carol", NEW).await.is(200, "");
    register(&app, "CAROL").await.is(409, "username_taken");
    let wish = json!({"username": "dave", "password": NEW, "email": "CAROL@example.com"});
    app.browser().post("/api/register", wish).await.is(409, "email_taken");
    for (wish, field) in [
        (json!({"username": "a b", "password": NEW}), "username"),
        (json!({"username": "dave", "password": "short"}), "password"),
        (json!({"username": "davedavedave", "password": "davedavedave"}), "password"),
        (json!({"username": "dave", "password": "password1234"}), "password"),
        (json!({"username": "dave", "password": NEW, "email": "x"}), "email"),
        (json!({"username": "dave", "password": NEW, "role": "admin"}), "role"),
    ] {
        let answer = app.browser().post("/api/register", wish).await;
        assert_eq!(answer.is(422, "invalid_input").json()["errors"][0]["field"], field);
    }
}

#[actix_web::test]
async fn of_fifty_at_once_for_one_name_one_gets_it() {
    let app = spawn_with(&[("REGISTRATION", "open")]).await;
    let answers = futures_util::future::join_all((0..50).map(|_| register(&app, "carol"))).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    let taken = answers.iter().filter(|answer| answer.code() == "username_taken").count();
    assert_eq!((made, taken), (1, 49));
    assert_eq!(app.number("SELECT COUNT(*) FROM user_account").await, 1);
    assert_eq!(app.number("SELECT COUNT(*) FROM session").await, 1);
}

#[actix_web::test]
async fn one_address_makes_ten_then_one_every_six_seconds() {
    let app = spawn_with(&[("REGISTRATION", "open")]).await;
    for number in 0..10 {
        register(&app, &format!("carol{number}")).await.is(201, "");
    }
    let refused = register(&app, "dave").await;
    assert_eq!(refused.is(429, "too_many_attempts").header("retry-after"), "6");
    app.advance(6);
    register(&app, "dave").await.is(201, "");
    app.browser().login("dave", NEW).await.is(200, "");
}

#[actix_web::test]
async fn asking_for_names_has_an_end() {
    let app = spawn_with(&[("REGISTRATION", "open")]).await;
    app.person("carol").await;
    for _ in 0..60 {
        register(&app, "carol").await.is(409, "username_taken");
    }
    register(&app, "carol").await.is(429, "too_many_attempts");
    register(&app, "dave").await.is(429, "too_many_attempts");
    app.advance(6);
    register(&app, "dave").await.is(201, "");
}

#[actix_web::test]
async fn a_live_session_makes_room_for_the_new_one() {
    let app = spawn_with(&[("REGISTRATION", "open")]).await;
    let mut browser = app.signed_in("alice").await;
    for (path, wish) in [
        ("/api/register", json!({"username": "carol", "password": NEW})),
        ("/api/setup", json!({"token": app.setup_token().await, "username": "root", "password": NEW})),
    ] {
        let mut before = browser.clone();
        assert_eq!(browser.post(path, wish).await.status, 201);
        browser.get("/api/me").await.is(200, "");
        assert_eq!(before.get("/api/me").await.is(401, "session_ended").json()["reason"], "replaced");
    }
}

#[actix_web::test]
async fn the_first_administrator_is_made_once() {
    let app = spawn().await;
    let mut browser = app.browser();
    assert_eq!(browser.get("/api/setup").await.json(), json!({"needed": true}));
    let (token, other) = (app.setup_token().await, app.setup_token().await);
    let wish = |token: &str| json!({"token": token, "username": "root", "password": NEW});
    browser.post("/api/setup", wish(&"A".repeat(43))).await.is(404, "not_found");
    browser
        .post("/api/setup", json!({"token": token, "username": "root", "password": "short"}))
        .await
        .is(422, "invalid_input");
    let made = browser.post("/api/setup", wish(&token)).await;
    assert_eq!((made.status, made.json()["role"].as_str()), (201, Some("admin")));
    browser.get("/api/audit").await.is(200, "");
    assert_eq!(browser.get("/api/setup").await.json(), json!({"needed": false}));
    for token in [token, other] {
        app.browser().post("/api/setup", wish(&token)).await.is(409, "setup_done");
    }
    assert_eq!(app.number("SELECT COUNT(*) FROM link_token").await, 0);
}

#[actix_web::test]
async fn of_two_links_followed_at_once_one_makes_the_administrator() {
    let app = spawn().await;
    let tokens = [app.setup_token().await, app.setup_token().await, app.setup_token().await];
    let wishes = tokens.iter().enumerate().map(|(number, token)| {
        let mut browser = app.browser();
        async move {
            let wish = json!({"token": token, "username": format!("root{number}"), "password": NEW});
            browser.post("/api/setup", wish).await.status
        }
    });
    let mut answers = futures_util::future::join_all(wishes).await;
    answers.sort_unstable();
    assert_eq!(answers, [201, 409, 409]);
    assert_eq!(app.number("SELECT COUNT(*) FROM user_account").await, 1);
}

#[actix_web::test]
async fn the_first_link_is_good_for_an_hour() {
    let app = spawn().await;
    let token = app.setup_token().await;
    app.advance(3600);
    let wish = json!({"token": token, "username": "root", "password": NEW});
    app.browser().post("/api/setup", wish).await.is(404, "not_found");
}

/// Estimating how good a password is takes time that anybody can ask for.
#[actix_web::test]
async fn new_passwords_are_judged_on_the_hashing_threads() {
    let app = spawn_with(&[("REGISTRATION", "open"), ("HASH_THREADS", "1")]).await;
    let link = app.setup_token().await;
    let weak = json!({"username": "alice", "password": "passwordpassword"});
    let first = json!({"token": link, "username": "alice", "password": "passwordpassword"});
    let full = FullQueue::of(&app).await;
    app.browser().post("/api/register", weak.clone()).await.is(503, "overloaded");
    app.browser().post("/api/setup", first.clone()).await.is(503, "overloaded");
    drop(full);
    while app.hasher.load().waiting > 0 {
        actix_web::rt::task::yield_now().await;
    }
    app.browser().post("/api/register", weak).await.is(422, "invalid_input");
    app.browser().post("/api/setup", first).await.is(422, "invalid_input");
}
