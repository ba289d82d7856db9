//! Health, server time, the document and its page, addresses that are none.

use serde_json::Value;

use crate::app::{log_line, spawn};

#[actix_web::test]
async fn health_is_ok_and_says_when_the_database_is_away() {
    let app = spawn().await;
    let mut browser = app.browser();
    let health = browser.get("/api/health").await.json();
    assert_eq!(health, serde_json::json!({"status": "ok", "database": "ok", "version": env!("CARGO_PKG_VERSION")}));

    app.db.close().await;
    let answer = browser.get("/api/health").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["status"], "unavailable");
    assert_eq!(answer.json()["database"], "down");
}

#[actix_web::test]
async fn server_time_has_six_decimals_and_z() {
    let app = spawn().await;
    let mut browser = app.browser();
    assert_eq!(browser.get("/api/servertime").await.json()["time"], "2026-01-01T00:00:00.000000Z");
    app.clock.advance(std::time::Duration::from_micros(90_300_811));
    assert_eq!(browser.get("/api/servertime").await.json()["time"], "2026-01-01T00:01:30.300811Z");
}

#[actix_web::test]
async fn unknown_api_paths_are_a_json_404_and_never_the_page() {
    let app = spawn().await;
    let mut browser = app.browser();
    browser.headers.push(("accept", "text/html".to_owned()));
    for path in
        ["/api", "/api/", "/api/nope", "/api/me/x.css", "/api/sessions/a/b", "/api//me", "/api/me/", "/api/%6De/"]
    {
        browser.get(path).await.is(404, "not_found");
    }
}

#[actix_web::test]
async fn wrong_methods_are_405_with_allow() {
    let app = spawn().await;
    let mut browser = app.browser();
    for (method, path, allow) in [
        ("PUT", "/api/me", "GET, HEAD, PATCH, DELETE"),
        ("POST", "/api/sessions", "GET, HEAD, DELETE"),
        ("GET", "/api/login", "POST"),
        ("GET", "/api/logout", "POST"),
        ("TRACE", "/api/users", "GET, HEAD, POST"),
        ("BREW", "/api/health", "GET, HEAD"),
        ("OPTIONS", "/api/servertime", "GET, HEAD"),
        ("POST", "/", "GET, HEAD"),
    ] {
        let answer = browser.send(method.parse().unwrap(), path, crate::app::Body::None).await;
        answer.is(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
    }
}

#[actix_web::test]
async fn head_is_get_without_a_body() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    for path in
        ["/api/health", "/api/servertime", "/api/me", "/api/users", "/api/sessions", "/api/openapi.json", "/api/docs"]
    {
        let answer = browser.send(reqwest::Method::HEAD, path, crate::app::Body::None).await;
        assert_eq!((answer.status, answer.body.len()), (200, 0), "{path}");
    }
}

#[actix_web::test]
async fn the_document_is_openapi_3_1_and_names_every_operation() {
    let app = spawn().await;
    let document = app.browser().get("/api/openapi.json").await.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let operations: Vec<&Value> =
        document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values()).collect();
    assert_eq!(operations.len(), 43);
    assert!(
        operations.iter().all(|operation| operation["operationId"].is_string() && operation["description"].is_string()
            || operation["summary"].is_string())
    );
}

#[actix_web::test]
async fn the_docs_page_loads_nothing() {
    let app = spawn().await;
    let answer = app.browser().get("/api/docs").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(answer.text().contains("/sessions/{id}") && answer.text().contains("session_ended"));
    assert!(!answer.text().contains("<script") && !answer.text().contains("src="));
    assert!(answer.header("content-security-policy").starts_with("default-src 'none'; style-src 'sha256-"));
}

#[actix_web::test]
async fn what_needs_no_session_asks_for_none() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    for (path, queries) in
        [("/api/health", 1), ("/api/features", 1), ("/api/servertime", 0), ("/api/openapi.json", 0), ("/api/docs", 0)]
    {
        assert_eq!(log_line(&browser.get(path).await)["queries"], queries, "{path}");
    }
}
