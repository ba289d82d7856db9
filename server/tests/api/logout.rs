//! Signing out, and that nothing brings a session back.

use crate::app::{PASSWORD, spawn};

const REMOVAL: &str = "session_id=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0; Expires=";

#[actix_web::test]
async fn ends_the_session_and_removes_the_cookie() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let old = browser.cookie.clone();
    let answer = browser.logout().await;
    assert_eq!(answer.status, 204);
    assert!(answer.header("set-cookie").starts_with(REMOVAL), "{}", answer.header("set-cookie"));
    assert_eq!(answer.header("clear-site-data"), r#""storage""#);
    assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 1);

    browser.get("/api/me").await.is(401, "not_authenticated");
    browser.cookie = old;
    let answer = browser.get("/api/me").await;
    answer.is(401, "session_ended");
    assert_eq!(answer.json()["reason"], "logged_out");
    assert_eq!(answer.json()["at"], "2026-01-01T00:00:00.000000Z");
}

#[actix_web::test]
async fn is_204_always() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let live = browser.cookie.clone();
    browser.logout().await;
    for cookie in [None, live, Some("session_id=junk".to_owned()), Some("session_id=".to_owned())] {
        browser.cookie = cookie;
        let answer = browser.logout().await;
        assert_eq!(answer.status, 204);
        assert!(answer.header("set-cookie").starts_with(REMOVAL), "{}", answer.header("set-cookie"));
        assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 1);
    }
}

#[actix_web::test]
async fn ends_only_this_session() {
    let app = spawn().await;
    let mut one = app.signed_in("alice").await;
    let mut other = app.browser();
    other.login("alice", PASSWORD).await;
    one.logout().await;
    assert_eq!(other.get("/api/me").await.status, 200);
}

#[actix_web::test]
async fn over_https_the_removal_has_the_same_attributes() {
    let app = crate::app::spawn_with(&[("PUBLIC_URL", "https://login.example.com")]).await;
    let mut browser = app.signed_in("alice").await;
    let removal = browser.logout().await;
    assert!(
        removal
            .header("set-cookie")
            .starts_with("__Host-session_id=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0"),
        "{}",
        removal.header("set-cookie")
    );
}

/// A request in flight while its session ends must not bring it back, whatever the order.
#[actix_web::test]
async fn no_request_in_flight_resurrects_a_session() {
    let app = spawn().await;
    app.person("alice").await;
    for _ in 0..60 {
        let mut browser = app.browser();
        assert_eq!(browser.login("alice", PASSWORD).await.status, 200);
        let ended = browser.clone();
        // Due for a touch, so that the writer of last_seen_at takes part in the race.
        app.advance(61);
        let requests = (0..6).map(|number| {
            let mut browser = browser.clone();
            async move {
                if number == 3 { browser.logout().await.status } else { browser.get("/api/sessions").await.status }
            }
        });
        futures_util::future::join_all(requests).await;
        ended.clone().get("/api/me").await.is(401, "session_ended");
    }
    assert_eq!(app.number("SELECT COUNT(*) FROM session WHERE status = 'active'").await, 0);
    assert_eq!(app.number("SELECT COUNT(*) FROM session").await, 60);
}
