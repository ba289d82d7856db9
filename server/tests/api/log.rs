//! The log: one line a request, everything needed, nothing secret.

use crate::app::{PASSWORD, log_line, spawn, whole_log};

#[actix_web::test]
async fn one_line_a_request_with_what_is_needed() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let id = browser.get("/api/me").await.json()["id"].clone();
    let answer = browser.delete("/api/sessions/0191e000-0000-7000-8000-000000000000").await;
    let line = log_line(&answer);
    assert_eq!(line["method"], "DELETE");
    assert_eq!(line["path"], "/api/sessions/{id}", "the pattern, not the path");
    assert_eq!(line["status"], 404);
    assert_eq!(line["user_id"], id);
    assert_eq!(line["queries"], 2);
    assert!(line["duration_us"].is_u64() && line["timestamp"].is_string() && line["level"] == "INFO", "{line}");
}

#[actix_web::test]
async fn a_refusal_says_who_was_refused() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let id = browser.get("/api/me").await.json()["id"].clone();
    for answer in [browser.get("/api/audit").await, browser.delete("/api/users/x").await] {
        answer.is(403, "forbidden");
        let line = log_line(&answer);
        assert_eq!((&line["status"], &line["user_id"]), (&403.into(), &id), "{line}");
    }
}

#[actix_web::test]
async fn never_a_secret_even_at_trace() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let cookie = browser.cookie.clone().unwrap();
    browser.login("alice", "canary-wrong-password").await;
    browser.post("/api/login", serde_json::json!({"username": "a", "password": "canary-extra", "x": 1})).await;
    browser.get("/api/me?token=canary-query").await;
    browser.get("/link/canary-path").await;
    browser.logout().await;
    let token = &cookie[cookie.len() - 43..];
    let log = whole_log();
    // hyper, the tests' own client, is not the server.
    let ours: Vec<&str> = log
        .lines()
        .filter(|line| !line.contains("\"target\":\"hyper") && !line.contains("\"target\":\"reqwest"))
        .collect();
    assert!(ours.len() > 5);
    for secret in [token, PASSWORD, "canary", "the first key of the tests"] {
        let leak = ours.iter().find(|line| line.contains(secret));
        assert!(leak.is_none(), "{secret} is in {leak:?}");
    }
}

#[actix_web::test]
async fn what_comes_in_cannot_forge_a_line() {
    let app = spawn().await;
    let mut browser = app.browser();
    browser.user_agent = Some("x\u{1b}[2J\" \"message\":\"forged".replace('\u{1b}', "\t"));
    let answer = browser.get("/api/me?x=%0A%7B%22message%22:%22forged%22%7D").await;
    assert_eq!(log_line(&answer)["status"], 401);
    assert!(!whole_log().lines().any(|line| line.starts_with("{\"message\":\"forged")));
}
