//! Tokens for scripts.

use serde_json::{Value, json};

use crate::app::{Answer, Browser, PASSWORD, log_line, spawn, whole_log};
use crate::mail_server::until;

async fn create(browser: &mut Browser, name: &str, scopes: Value) -> Answer {
    browser.post("/api/tokens", json!({"name": name, "expires_in_days": 30, "scopes": scopes})).await
}

async fn token(browser: &mut Browser, scopes: Value) -> String {
    let answer = create(browser, "script", scopes).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["token"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_token_is_shown_once_and_works_at_once() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let answer = create(&mut browser, " nightly backup ", json!(["read"])).await;
    assert_eq!(answer.status, 201);
    let made = answer.json();
    let secret = made["token"].as_str().unwrap();
    assert!(secret.starts_with("hp_") && secret.len() == 75, "{secret}");
    assert_eq!((&made["name"], &made["scopes"]), (&json!("nightly backup"), &json!(["read"])));
    assert_eq!(made["expires_at"], "2026-01-31T00:00:00.000000Z");

    let mut script = browser.with_bearer(secret);
    script.user_agent = None;
    let me = script.get("/api/me").await;
    assert_eq!((me.status, &me.json()["username"], &me.json()["session"]), (200, &json!("alice"), &Value::Null));
    assert_eq!(log_line(&me)["queries"], 1);
    let list = browser.get("/api/tokens").await;
    assert_eq!(list.json()["items"][0]["id"], made["id"]);
    assert!(!list.text().contains(secret) && !whole_log().contains(secret));
}

#[actix_web::test]
async fn it_may_do_what_its_scopes_say() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let secret = token(&mut browser, json!(["read"])).await;
    let mut reader = browser.with_bearer(&secret);
    let secret = token(&mut browser, json!(["read", "write"])).await;
    let mut writer = browser.with_bearer(&secret);
    for path in ["/api/me", "/api/users", "/api/sessions"] {
        assert_eq!(reader.get(path).await.status, 200);
        assert_eq!(writer.get(path).await.status, 200);
    }
    let refused = reader.delete("/api/sessions").await;
    refused.is(403, "insufficient_scope");
    assert_eq!(refused.header("www-authenticate"), r#"Bearer realm="hallpass", error="insufficient_scope""#);
    assert_eq!(browser.get("/api/me").await.status, 200, "nothing was ended");
    // Whatever its scopes, a token neither sees nor makes tokens, nor vouches for its owner.
    writer.get("/api/tokens").await.is(403, "insufficient_scope");
    create(&mut writer, "more", json!(["read"])).await.is(403, "insufficient_scope");
    writer.delete("/api/tokens/0191e000-0000-7000-8000-000000000000").await.is(403, "insufficient_scope");
    writer.post("/api/reauth", json!({"password": PASSWORD})).await.is(403, "insufficient_scope");
    assert_eq!(writer.delete("/api/sessions").await.json()["ended"], 1);
}

#[actix_web::test]
async fn it_ends_when_it_is_revoked_expired_or_its_owner_disabled() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let made = create(&mut browser, "one", json!(["read"])).await.json();
    let mut script = browser.with_bearer(made["token"].as_str().unwrap());
    let mut stranger = app.signed_in("mallory").await;
    let path = format!("/api/tokens/{}", made["id"].as_str().unwrap());
    stranger.delete(&path).await.is(404, "not_found");
    assert_eq!(script.get("/api/me").await.status, 200);
    assert_eq!(browser.delete(&path).await.status, 204);
    script.get("/api/me").await.is(401, "not_authenticated");
    browser.delete(&path).await.is(404, "not_found");

    let secret = token(&mut browser, json!(["read"])).await;
    let mut script = browser.with_bearer(&secret);
    app.advance(30 * 24 * 3600 - 1);
    assert_eq!(script.get("/api/me").await.status, 200);
    app.advance(1);
    script.get("/api/me").await.is(401, "not_authenticated");

    browser.login("alice", PASSWORD).await;
    let secret = token(&mut browser, json!(["read"])).await;
    let mut script = browser.with_bearer(&secret);
    let id = browser.get("/api/me").await.json()["id"].as_str().unwrap().to_owned();
    app.disable(&id).await;
    script.get("/api/me").await.is(401, "not_authenticated");
    assert_eq!(app.number("SELECT COUNT(*) FROM audit_event WHERE event = 'token_created'").await, 3);
    assert_eq!(app.number("SELECT COUNT(*) FROM audit_event WHERE event = 'token_revoked'").await, 1);
}

#[actix_web::test]
async fn making_one_needs_a_password_entered_just_now() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    app.advance(600);
    assert_eq!(create(&mut browser, "in time", json!(["read"])).await.status, 201);
    app.advance(1);
    create(&mut browser, "late", json!(["read"])).await.is(403, "reauth_required");
    browser.post("/api/reauth", json!({"password": "wrong"})).await.is(401, "invalid_credentials");
    create(&mut browser, "late", json!(["read"])).await.is(403, "reauth_required");
    assert_eq!(browser.post("/api/reauth", json!({"password": PASSWORD})).await.status, 204);
    assert_eq!(create(&mut browser, "in time again", json!(["read"])).await.status, 201);
    assert_eq!(browser.get("/api/tokens").await.status, 200, "looking needs none of that");
}

#[actix_web::test]
async fn guessing_through_reauth_is_slowed_down() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    for _ in 0..5 {
        browser.post("/api/reauth", json!({"password": "wrong"})).await.is(401, "invalid_credentials");
    }
    browser.post("/api/reauth", json!({"password": PASSWORD})).await.is(429, "too_many_attempts");
}

#[actix_web::test]
async fn bad_wishes_have_names() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let good = json!({"name": "x", "expires_in_days": 1, "scopes": ["read"]});
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("  ")),
        ("name", json!("x".repeat(101))),
        ("name", json!("a\u{0}b")),
        ("expires_in_days", json!(0)),
        ("expires_in_days", json!(366)),
        ("expires_in_days", json!(-1)),
        ("scopes", json!([])),
        ("scopes", json!(["write"])),
        ("scopes", json!(["read", "read"])),
        ("scopes[0]", json!(["admin"])),
    ] {
        let mut body = good.clone();
        body[field.trim_end_matches("[0]")] = value.clone();
        let answer = browser.post("/api/tokens", body).await;
        answer.is(422, "invalid_input");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{value}");
    }
}

#[actix_web::test]
async fn fifty_at_most_even_at_once() {
    let app = spawn().await;
    let browser = app.signed_in("alice").await;
    let crowd = (0..60).map(|number| {
        let mut browser = browser.clone();
        async move {
            // All wait for one row, on a slow machine for longer than a request may: that is 503, and the same again may succeed.
            for _ in 0..100 {
                let status = create(&mut browser, &format!("token {number}"), json!(["read"])).await.status;
                if status != 503 {
                    return status;
                }
            }
            503
        }
    });
    let statuses = futures_util::future::join_all(crowd).await;
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 50, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 201 | 409)), "{statuses:?}");
    let mut browser = browser;
    let first = browser.get("/api/tokens?limit=30").await.json();
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = browser.get(&format!("/api/tokens?limit=30&cursor={cursor}")).await.json();
    assert_eq!(first["items"].as_array().unwrap().len() + second["items"].as_array().unwrap().len(), 50);
}

#[actix_web::test]
async fn the_last_use_is_written_at_most_once_a_minute() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let secret = token(&mut browser, json!(["read"])).await;
    let mut script = browser.with_bearer(&secret);
    // Tokens that are used for the first time: their uses are always written, after everything that was seen before.
    let mut marks = Vec::new();
    for number in 0..6 {
        let made = create(&mut browser, &format!("mark {number}"), json!(["read"])).await.json();
        marks.push((made["id"].as_str().unwrap().to_owned(), browser.with_bearer(made["token"].as_str().unwrap())));
    }
    let list = browser.get("/api/tokens").await.json();
    let own = list["items"].as_array().unwrap().iter().find(|token| token["name"] == "script").unwrap()["id"].clone();
    let last_use = async |browser: &Browser, id: &str| {
        let list = browser.clone().get("/api/tokens").await.json();
        let tokens = list["items"].as_array().unwrap();
        tokens.iter().find(|token| token["id"] == id).unwrap()["last_used_at"].clone()
    };
    let own = own.as_str().unwrap();
    assert_eq!(last_use(&browser, own).await, Value::Null);
    for (marks, (wait, expected)) in marks.chunks(2).zip([
        (0, "2026-01-01T00:00:00.000000Z"),
        (59, "2026-01-01T00:00:00.000000Z"),
        (1, "2026-01-01T00:01:00.000000Z"),
    ]) {
        app.advance(wait);
        script.get("/api/me").await.is(200, "");
        // What is seen together is written in any order; the second is seen when the first is written.
        for (mark, other) in marks {
            other.clone().get("/api/me").await.is(200, "");
            let now = app.clock.now().to_string();
            until(|| async { last_use(&browser, mark).await == now.as_str() }).await;
        }
        assert_eq!(last_use(&browser, own).await, expected);
    }
}

#[actix_web::test]
async fn the_first_use_of_each_day_is_in_the_activity() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let secret = token(&mut browser, json!(["read"])).await;
    let mut script = browser.with_bearer(&secret);
    let mut uses = async |expected: usize| {
        for _ in 0..500 {
            let page = browser.get("/api/me/activity").await.json();
            let items = page["items"].as_array().unwrap();
            let found: Vec<_> = items.iter().filter(|item| item["event"] == "token_used").cloned().collect();
            let written = browser.get("/api/tokens").await.json()["items"][0]["last_used_at"].clone();
            if written == app.clock.now().to_string() && found.len() == expected {
                return found;
            }
            actix_web::rt::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        panic!("not {expected} uses: {}", browser.get("/api/me/activity").await.text());
    };
    script.get("/api/me").await;
    let first = uses(1).await.remove(0);
    assert_eq!((first["ip"].as_str(), first["detail"].as_str()), (Some("127.0.0.1"), Some("script")));
    app.advance(20 * 3600);
    script.get("/api/me").await;
    uses(1).await;
    app.advance(5 * 3600);
    script.get("/api/me").await;
    uses(2).await;
}
