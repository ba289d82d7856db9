//! The log: one line a request, everything needed, nothing secret.

use serde_json::{Value, json};

use crate::app::{PASSWORD, log_line, spawn, spawn_with, whole_log};

/// The lines of the audit in the log that tell of an event of this person.
fn audit_lines(event: &str, user_id: &Value) -> Vec<Value> {
    let lines = whole_log();
    let lines = lines.lines().filter(|line| line.contains("\"message\":\"audit\"") && line.contains(event));
    let lines = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["event"] == event && line["user_id"] == *user_id).collect()
}

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
    assert!(
        (1..=2).contains(&line["queries"].as_u64().unwrap()),
        "whose session it is, where that is not known yet, and the page"
    );
    assert_eq!((&line["code"], &line["ip"]), (&"not_found".into(), &"127.0.0.1".into()));
    assert!(line["duration_us"].is_u64() && line["timestamp"].is_string() && line["level"] == "INFO", "{line}");
}

/// Container engines and load balancers ask every few seconds.
#[actix_web::test]
async fn a_successful_health_check_is_not_logged_by_default() {
    let app = spawn().await;
    let mut browser = app.browser();
    let well = browser.get("/api/health").await;
    assert_eq!((well.status, &log_line(&well)["level"]), (200, &"DEBUG".into()));
    let wrong = browser.post("/api/health", json!({})).await;
    assert_eq!((wrong.status, &log_line(&wrong)["level"]), (405, &"INFO".into()));
    app.db.close().await;
    let away = browser.get("/api/health").await;
    assert_eq!((away.status, &log_line(&away)["level"]), (503, &"ERROR".into()));
}

#[actix_web::test]
async fn a_refusal_says_who_was_refused() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let id = browser.get("/api/me").await.json()["id"].clone();
    for answer in [browser.get("/api/audit").await, browser.delete("/api/users/x").await] {
        answer.is(403, "forbidden");
        let line = log_line(&answer);
        assert_eq!(
            (&line["status"], &line["code"], &line["user_id"]),
            (&403.into(), &"forbidden".into(), &id),
            "{line}"
        );
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
    browser.get("/api/links/canary-path").await;
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

#[actix_web::test]
async fn attempts_to_get_around_a_control_are_warnings_with_their_code() {
    let app = spawn_with(&[("TRUSTED_PROXIES", "127.0.0.1")]).await;
    let mut browser = app.signed_in("alice").await;
    browser.headers = vec![("x-forwarded-for", "192.0.2.7".to_owned())];
    let mut warned = Vec::new();
    warned.push((browser.get("/api/audit").await, "forbidden"));
    let token = json!({"name": "x", "expires_in_days": 1, "scopes": ["read"]});
    let token = browser.post("/api/tokens", token).await.json()["token"].as_str().unwrap().to_owned();
    let mut program = browser.with_bearer(&token);
    program.headers.push(("x-forwarded-for", "192.0.2.7".to_owned()));
    warned.push((program.delete("/api/sessions").await, "insufficient_scope"));
    for number in 0..10 {
        browser.login(&format!("nobody{number}"), "wrong").await.is(401, "invalid_credentials");
    }
    warned.push((browser.login("alice", "wrong").await, "too_many_attempts"));
    browser.headers.push(("origin", "https://evil.example".to_owned()));
    warned.push((browser.logout().await, "cross_site_request"));
    for (answer, code) in warned {
        let line = log_line(&answer);
        assert_eq!((&line["level"], &line["code"]), (&json!("WARN"), &json!(code)), "{line}");
        assert_eq!(line["ip"], "192.0.2.7");
    }
    let refused = browser.get("/api/users?limit=0").await;
    assert_eq!((&log_line(&refused)["level"], &log_line(&refused)["code"]), (&json!("INFO"), &json!("invalid_input")));
}

#[actix_web::test]
async fn what_the_audit_notes_is_in_the_log_once_it_has_happened() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let me = browser.get("/api/me").await.json();
    let failed = app.browser().login("alice", "wrong").await;
    let [line] = audit_lines("login_failed", &me["id"]).try_into().unwrap();
    assert_eq!(line["request_id"], failed.header("x-request-id"));
    let activity = browser.get("/api/me/activity").await.json();
    for item in activity["items"].as_array().unwrap() {
        let lines = audit_lines(item["event"].as_str().unwrap(), &me["id"]);
        let line = lines.iter().find(|line| line["audit_id"] == item["id"]).expect("each line is in the log");
        for (logged, shown) in [("at", "at"), ("session_id", "session_id"), ("ip", "ip"), ("device", "device")] {
            assert_eq!(line[logged], item[shown], "{line}");
        }
        assert_eq!((&line["target"], &line["level"]), (&json!("audit"), &json!("INFO")));
    }
    app.execute("ALTER TABLE audit_event RENAME TO gone").await;
    app.browser().login("alice", PASSWORD).await.is(500, "internal_error");
    assert_eq!(audit_lines("login_succeeded", &me["id"]).len(), 1, "the second has not happened");
}
