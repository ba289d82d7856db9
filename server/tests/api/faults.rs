//! Database trouble is 503, never 401 and never 200.

use hallpass::db::Db;
use serde_json::json;

use crate::app::{PASSWORD, spawn};

#[actix_web::test]
async fn a_database_that_is_away_signs_nobody_out() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let cookie = browser.cookie.clone();
    app.db.close().await;
    for path in ["/api/me", "/api/users", "/api/sessions"] {
        let answer = browser.get(path).await;
        answer.is(503, "unavailable");
        assert_eq!(answer.header("retry-after"), "1");
        assert!(answer.session_cookie().is_none());
    }
    browser.delete("/api/sessions").await.is(503, "unavailable");
    browser.login("alice", PASSWORD).await.is(503, "unavailable");
    let mut stranger = app.browser();
    stranger.login("alice", PASSWORD).await.is(503, "unavailable");
    stranger.get("/api/me").await.is(401, "not_authenticated");
    assert_eq!(browser.cookie, cookie);

    for path in ["/search", "/assets/app-abc123.js"] {
        browser.headers = vec![("accept", "text/html".to_owned())];
        assert_eq!(browser.get(path).await.status, 200, "the app itself needs no database");
    }
}

#[actix_web::test]
async fn sign_out_without_a_database_is_503_but_the_browser_forgets() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    app.db.close().await;
    let answer = browser.logout().await;
    answer.is(503, "unavailable");
    assert!(answer.header("set-cookie").starts_with("session_id=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"));
    assert_eq!(browser.cookie, None);
}

#[actix_web::test]
async fn a_full_sqlite_file_takes_logins_again_once_there_is_room() {
    let app = spawn().await;
    let Db::Sqlite { writer, .. } = &app.db else { return };
    let mut browser = app.signed_in("alice").await;
    // Of this connection only: the file may not become larger than it is.
    sqlx::query("PRAGMA max_page_count = 1").execute(writer).await.unwrap();
    let mut logins = 0;
    let refused = loop {
        let answer = app.browser().login("alice", PASSWORD).await;
        logins += 1;
        if answer.status != 200 || logins == 1_000 {
            break answer;
        }
    };
    refused.is(503, "unavailable");
    assert_eq!(browser.get("/api/me").await.status, 200);
    app.browser().login("alice", PASSWORD).await.is(200, "");
}

#[actix_web::test]
async fn a_broken_schema_is_our_fault() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    app.execute("ALTER TABLE user_account RENAME TO gone").await;
    browser.get("/api/me").await.is(500, "internal_error");
    let answer = app.browser().post("/api/login", json!({"username": "alice", "password": PASSWORD})).await;
    answer.is(500, "internal_error");
    let line = crate::app::log_line(&answer);
    assert!(line["cause"].as_str().unwrap().contains("user_account"), "{line}");
}
