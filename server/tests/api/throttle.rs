//! Guessing is slowed down by the client's address, whatever names are tried, and by nothing the client can choose.

use crate::app::{PASSWORD, log_line, spawn, spawn_with};

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
