//! Who did what to whom.

use serde_json::{Value, json};

use crate::app::{Browser, CHROME, PASSWORD, spawn, spawn_with};
use crate::mail_server::until;

async fn events(browser: &mut Browser, path: &str) -> Vec<String> {
    let page = browser.get(path).await.json();
    page["items"].as_array().unwrap().iter().map(|item| item["event"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn a_person_sees_what_happened_to_their_account() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let mut other = app.browser();
    other.user_agent = Some(CHROME.to_owned());
    app.advance(1);
    other.login("alice", "wrong").await;
    app.advance(1);
    other.login("alice", PASSWORD).await.is(200, "");
    app.advance(1);
    other.logout().await.is(204, "");
    app.advance(1);
    other.login("alice", PASSWORD).await;
    app.advance(1);
    let page = browser.get("/api/sessions?status=active").await.json();
    let theirs = page["items"].as_array().unwrap().iter().find(|session| session["current"] == false).unwrap();
    browser.delete(&format!("/api/sessions/{}", theirs["id"].as_str().unwrap())).await.is(204, "");
    app.advance(1);
    let token = json!({"name": "ci", "expires_in_days": 1, "scopes": ["read"]});
    browser.post("/api/tokens", token).await;
    app.advance(1);
    let change = json!({"current_password": PASSWORD, "new_password": "other words nobody guesses"});
    browser.post("/api/password", change).await.is(204, "");
    let page = browser.get("/api/me/activity").await.json();
    let told: Vec<_> = page["items"].as_array().unwrap().iter().map(|item| item["event"].as_str().unwrap()).collect();
    let expected = [
        "password_changed",
        "token_created",
        "session_ended",
        "login_succeeded",
        "logged_out",
        "login_succeeded",
        "login_failed",
        "login_succeeded",
    ];
    assert_eq!(told, expected);
    let failed = &page["items"][6];
    assert_eq!((failed["device"].as_str(), failed["ip"].as_str()), (Some("Chrome on Windows"), Some("127.0.0.1")));
    assert_eq!(failed["session_id"], Value::Null);
    assert_eq!(page["items"][2]["session_id"], theirs["id"]);
    assert_eq!(page["items"][1]["detail"], "ci");
    let mut bob = app.signed_in("bob").await;
    assert_eq!(events(&mut bob, "/api/me/activity").await, ["login_succeeded"]);
}

#[actix_web::test]
async fn where_an_administrator_sits_is_not_the_persons_to_know() {
    let app = spawn().await;
    let mut admin = app.admin("root").await;
    let mut bob = app.signed_in("bob").await;
    let id = bob.get("/api/me").await.json()["id"].as_str().unwrap().to_owned();
    app.browser().login("bob", "wrong").await;
    app.advance(1);
    admin.patch(&format!("/api/users/{id}"), json!({"full_name": "Bob B"})).await.is(200, "");
    let page = bob.get("/api/me/activity").await.json();
    let (changed, failed) = (&page["items"][0], &page["items"][1]);
    assert_eq!((changed["event"].as_str(), changed["detail"].as_str()), (Some("profile_changed"), Some("full_name")));
    assert_eq!([&changed["ip"], &changed["device"], &changed["session_id"]], [&Value::Null; 3]);
    assert_eq!(failed["ip"], "127.0.0.1");
    app.advance(1);
    let export = bob.get("/api/me/export").await.json();
    assert_eq!(export["activity"][1]["ip"], Value::Null, "{export}");
    assert_eq!(admin.get("/api/audit?event=profile_changed").await.json()["items"][0]["ip"], "127.0.0.1");
    admin.delete(&format!("/api/users/{id}")).await.is(204, "");
    let audit = admin.get("/api/audit").await.json();
    let of = |event: &str| {
        audit["items"].as_array().unwrap().iter().find(|line| line["event"] == event).unwrap()["ip"].clone()
    };
    assert_eq!((of("profile_changed"), of("login_failed")), (json!("127.0.0.1"), Value::Null));
}

#[actix_web::test]
async fn activity_is_paged() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    for _ in 0..5 {
        browser.login("alice", PASSWORD).await.is(200, "");
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = browser.get(&format!("/api/me/activity?limit=2{cursor}")).await.json();
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].to_string()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    seen.dedup();
    assert_eq!(seen.len(), 6);
}

#[actix_web::test]
async fn administrators_see_everybodys_and_filter() {
    let app = spawn().await;
    let mut admin = app.admin("root").await;
    app.advance(60);
    let mut bob = app.signed_in("bob").await;
    let id = bob.get("/api/me").await.json()["id"].as_str().unwrap().to_owned();
    app.advance(60);
    app.browser().login("nobody at all", "a password typed by mistake").await;
    app.advance(60);
    admin.patch(&format!("/api/users/{id}"), json!({"role": "admin"})).await.is(200, "");
    let all = ["role_changed", "login_failed", "login_succeeded", "login_succeeded"];
    assert_eq!(events(&mut admin, "/api/audit").await, all);
    assert_eq!(events(&mut admin, "/api/audit?actor=ROOT").await, ["role_changed", "login_succeeded"]);
    assert_eq!(events(&mut admin, &format!("/api/audit?actor={id}")).await, ["login_succeeded"]);
    assert_eq!(events(&mut admin, "/api/audit?actor=nobody").await, Vec::<String>::new());
    assert_eq!(events(&mut admin, "/api/audit?event=login_failed").await, ["login_failed"]);
    assert_eq!(events(&mut admin, "/api/audit?to=2026-01-01T00:01:00Z").await, ["login_succeeded"]);
    let period = "/api/audit?from=2026-01-01T00:01:00Z&to=2026-01-01T01:02:00%2B01:00";
    assert_eq!(events(&mut admin, period).await, ["login_succeeded"]);
    let line = admin.get("/api/audit?event=role_changed").await.json()["items"][0].clone();
    assert_eq!((line["actor"].as_str(), line["username"].as_str()), (Some("root"), Some("bob")));
    assert_eq!((line["detail"].as_str(), line["user_id"].as_str()), (Some("admin"), Some(&*id)));
    let stranger = admin.get("/api/audit?event=login_failed").await.json()["items"][0].clone();
    assert!(stranger["username"].is_null() && !stranger.to_string().contains("nobody at all"), "{stranger}");
    for query in ["event=nonsense", "from=yesterday", "limit=0", "cursor=!", "who=root"] {
        admin.get(&format!("/api/audit?{query}")).await.is(422, "invalid_input");
    }
}

#[actix_web::test]
async fn an_address_that_has_to_wait_is_noted() {
    let app = spawn().await;
    let mut admin = app.admin("root").await;
    for number in 0..10 {
        app.browser().login(&format!("name{number}"), "wrong").await.is(401, "invalid_credentials");
    }
    for _ in 0..30 {
        app.browser().login("root", "wrong").await.is(429, "too_many_attempts");
    }
    let noted = events(&mut admin, "/api/audit?limit=100").await;
    assert_eq!(noted.iter().filter(|event| *event == "login_failed").count(), 9);
    assert_eq!(noted.iter().filter(|event| *event == "login_throttled").count(), 1, "what is refused writes nothing");
}

#[actix_web::test]
async fn every_beginning_of_a_wait_at_an_account_is_noted_once() {
    let app = spawn().await;
    let mut admin = app.admin("root").await;
    for wait in [1, 2] {
        while app.browser().login("root", "wrong").await.status == 401 {}
        for _ in 0..10 {
            app.browser().login("root", "wrong").await.is(429, "too_many_attempts");
        }
        app.advance(wait);
    }
    let noted = events(&mut admin, "/api/me/activity?limit=100").await;
    assert_eq!(noted.iter().filter(|event| *event == "login_failed").count(), 4);
    assert_eq!(noted.iter().filter(|event| *event == "login_throttled").count(), 2, "what is refused writes nothing");
}

#[actix_web::test]
async fn the_line_and_the_change_are_one() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    app.execute("ALTER TABLE audit_event RENAME TO gone").await;
    let change = json!({"current_password": PASSWORD, "new_password": "other words nobody guesses"});
    browser.post("/api/password", change).await.is(500, "internal_error");
    let mut stranger = app.browser();
    stranger.login("alice", PASSWORD).await.is(500, "internal_error");
    assert!(stranger.cookie.is_none());
    app.execute("ALTER TABLE gone RENAME TO audit_event").await;
    stranger.login("alice", PASSWORD).await.is(200, "");
    assert_eq!(app.number("SELECT COUNT(*) FROM session").await, 2);
}

#[actix_web::test]
async fn old_lines_are_forgotten() {
    let app = spawn_with(&[("AUDIT_DAYS", "30")]).await;
    let mut browser = app.signed_in("alice").await;
    app.advance(31 * 86_400);
    browser.login("alice", PASSWORD).await.is(200, "");
    // A server that starts looks for what is old.
    let _twin = app.twin().await;
    until(|| async { app.number("SELECT COUNT(*) FROM audit_event").await == 1 }).await;
    assert_eq!(events(&mut browser, "/api/me/activity").await, ["login_succeeded"]);
}
