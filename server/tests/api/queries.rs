//! How many statements a request costs, as its log line counts them.

use crate::app::{PASSWORD, log_line, spawn, spawn_configured};

#[actix_web::test]
async fn nobody_costs_nothing_and_a_session_one_query() {
    let app = spawn().await;
    let mut browser = app.browser();
    for path in ["/api/me", "/api/users", "/api/sessions", "/api/nope", "/", "/assets/app-abc123.js", "/theme.js"] {
        assert_eq!(log_line(&browser.get(path).await)["queries"], 0, "{path}");
    }
    browser.cookie = Some("session_id=junk".to_owned());
    assert_eq!(log_line(&browser.get("/api/me").await)["queries"], 0);

    let mut browser = app.signed_in("alice").await;
    assert_eq!(log_line(&browser.get("/api/me").await)["queries"], 1);
    app.advance(120);
    assert_eq!(log_line(&browser.get("/api/me").await)["queries"], 1, "the touch is not on the request's path");
    assert_eq!(log_line(&browser.get("/api/users").await)["queries"], 2);
    for path in ["/", "/assets/app-abc123.js", "/theme.js", "/search"] {
        assert_eq!(log_line(&browser.get(path).await)["queries"], 0, "{path}");
    }
    let cookie = browser.cookie.clone();
    assert_eq!(log_line(&browser.logout().await)["queries"], 4, "who it is, whose it is, its end, and the audit");
    browser.cookie = cookie;
    assert_eq!(log_line(&browser.get("/api/me").await)["queries"], 1, "an ended session is still one query");
}

#[actix_web::test]
async fn one_connection_gives_the_same_verdicts() {
    let app = spawn_configured(&[], |config| config.database.connections = 1).await;
    let mut alice = app.signed_in("alice").await;
    let requests = (0..30).map(|number| {
        let mut browser = alice.clone();
        async move {
            match number % 3 {
                0 => browser.get("/api/me").await.status,
                1 => browser.get("/api/users").await.status,
                _ => browser.get("/api/sessions").await.status,
            }
        }
    });
    let statuses = futures_util::future::join_all(requests).await;
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    app.browser().login("alice", "wrong").await.is(401, "invalid_credentials");
    assert_eq!(app.browser().login("alice", PASSWORD).await.status, 200);
    assert_eq!(alice.delete("/api/sessions").await.json()["ended"], 1);
    assert_eq!(alice.logout().await.status, 204);
}
