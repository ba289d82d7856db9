//! Choosing another password.

use serde_json::json;

use crate::app::{Answer, Browser, PASSWORD, spawn, spawn_with};

const NEW: &str = "other words nobody guesses";

async fn change(browser: &mut Browser, current: &str, new: &str) -> Answer {
    browser.post("/api/password", json!({"current_password": current, "new_password": new})).await
}

#[actix_web::test]
async fn the_new_one_counts_and_every_other_session_ends() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let mut other = app.browser();
    other.login("alice", PASSWORD).await;
    let fields = [("grant_type", "password"), ("username", "alice"), ("password", PASSWORD)];
    let mut tokens = app.browser();
    let access_token = tokens.form("/api/token", &fields).await.json()["access_token"].as_str().unwrap().to_owned();
    let mut stranger = app.signed_in("bob").await;

    app.advance(60);
    assert_eq!(change(&mut browser, PASSWORD, NEW).await.status, 204);
    let signed_in_at = app.clock.now().as_micros() - 60_000_000;
    assert_eq!(app.number("SELECT last_login_at FROM user_account WHERE username = 'alice'").await, signed_in_at);
    assert_eq!(browser.get("/api/me").await.status, 200, "this one goes on");
    for mut ended in [other, tokens.with_bearer(&access_token)] {
        let answer = ended.get("/api/me").await;
        answer.is(401, "session_ended");
        assert_eq!(answer.json()["reason"], "password_changed");
    }
    tokens.send(reqwest::Method::POST, "/api/refresh-token", crate::app::Body::None).await.is(401, "session_ended");
    assert_eq!(stranger.get("/api/me").await.status, 200);
    app.browser().login("alice", PASSWORD).await.is(401, "invalid_credentials");
    assert_eq!(app.browser().login("alice", NEW).await.status, 200);
    assert_eq!(app.number("SELECT COUNT(*) FROM audit_event WHERE event = 'password_changed'").await, 1);
}

#[actix_web::test]
async fn a_wrong_or_a_bad_one_changes_nothing() {
    let app = spawn_with(&[("PASSWORD_MIN_LENGTH", "14")]).await;
    let mut browser = app.signed_in("alice").await;
    change(&mut browser, "wrong", NEW).await.is(401, "invalid_credentials");
    for (current, new, field) in [
        (PASSWORD, "thirteen char", "new_password"),
        (PASSWORD, "passwordpassword", "new_password"),
        (PASSWORD, "alicealicealicealice", "new_password"),
        (PASSWORD, &"x".repeat(257), "new_password"),
        ("", NEW, "current_password"),
    ] {
        let answer = change(&mut browser, current, new).await;
        answer.is(422, "invalid_input");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{new}");
    }
    assert_eq!(app.browser().login("alice", PASSWORD).await.status, 200);
    assert_eq!(browser.get("/api/me").await.status, 200);
}

#[actix_web::test]
async fn of_two_at_once_one_wins() {
    let app = spawn().await;
    let browser = app.signed_in("alice").await;
    let both = [NEW, "yet other words nobody guesses"].map(|new| {
        let mut browser = browser.clone();
        async move { change(&mut browser, PASSWORD, new).await.status }
    });
    let statuses = futures_util::future::join_all(both).await;
    assert!(statuses.contains(&204) && statuses.iter().all(|status| matches!(status, 204 | 401)), "{statuses:?}");
}

#[actix_web::test]
async fn who_has_a_copy_of_the_cookie_does_not_go_on() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let mut thief = browser.clone();
    app.advance(86_400);
    let answer = change(&mut browser, PASSWORD, NEW).await;
    assert_eq!(answer.status, 204);
    assert!(answer.header("set-cookie").contains("Max-Age=518400"), "{}", answer.header("set-cookie"));
    thief.get("/api/me").await.is(401, "not_authenticated");
    let me = browser.get("/api/me").await.json();
    assert_eq!(me["session"]["created_at"], "2026-01-01T00:00:00.000000Z");
}

#[actix_web::test]
async fn a_password_counts_in_its_normal_form_only() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    // 287 characters as they are sent, 157 in their normal form.
    let decomposed = format!("{NEW} {}", "e\u{301}".repeat(130));
    assert_eq!(change(&mut browser, PASSWORD, &decomposed).await.status, 204);
    app.browser().login("alice", &decomposed).await.is(200, "");
}

#[actix_web::test]
async fn what_is_on_the_deployers_list_is_refused() {
    let list = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(list.path(), format!("{NEW}\n")).unwrap();
    let app = spawn_with(&[("PASSWORD_BLOCKLIST", list.path().to_str().unwrap())]).await;
    let mut browser = app.signed_in("alice").await;
    let refused = change(&mut browser, PASSWORD, NEW).await;
    refused.is(422, "invalid_input");
    assert!(refused.text().contains("is one that others have used"), "{}", refused.text());
    assert_eq!(change(&mut browser, PASSWORD, &format!("{NEW} and more")).await.status, 204);
}
