//! The document lists, for every operation, exactly the codes it can answer. That no other occurs, `Browser::send` holds
//! against every answer of every test; here each listed one is reached.

use std::collections::BTreeSet;

use hallpass::openapi;
use reqwest::Method;
use serde_json::json;

use crate::app::{Answer, Body, Browser, PASSWORD, TestApp, codes, spawn, spawn_with};

/// An operation, as a client that is signed in calls it.
async fn call(browser: &mut Browser, operation: &str, body: Option<Body>) -> Answer {
    let login = Body::Json(json!({"username": "alice", "password": PASSWORD}));
    match operation {
        "login" => browser.send(Method::POST, "/api/login", body.unwrap_or(login)).await,
        "logout" => browser.logout().await,
        "me" => browser.get("/api/me").await,
        "listUsers" => browser.get("/api/users").await,
        "listSessions" => browser.get("/api/sessions").await,
        "endOtherSessions" => browser.delete("/api/sessions").await,
        "endSession" => browser.delete("/api/sessions/0191e000-0000-7000-8000-000000000000").await,
        "reauth" => {
            browser.send(Method::POST, "/api/reauth", body.unwrap_or(Body::Json(json!({"password": PASSWORD})))).await
        }
        "changePassword" => {
            let change = json!({"current_password": PASSWORD, "new_password": "other words nobody guesses"});
            browser.send(Method::POST, "/api/password", body.unwrap_or(Body::Json(change))).await
        }
        "token" => {
            let good = format!("grant_type=password&username=alice&password={}", PASSWORD.replace(' ', "+"));
            let kind = Some("application/x-www-form-urlencoded");
            let bytes = match body {
                Some(Body::Raw { bytes, .. }) => bytes,
                _ => good.into_bytes(),
            };
            browser.send(Method::POST, "/api/token", Body::Raw { content_type: kind, bytes }).await
        }
        "refreshToken" => browser.send(Method::POST, "/api/refresh-token", Body::None).await,
        "listTokens" => browser.get("/api/tokens").await,
        "createToken" => {
            let token = Body::Json(json!({"name": "x", "expires_in_days": 1, "scopes": ["read"]}));
            browser.send(Method::POST, "/api/tokens", body.unwrap_or(token)).await
        }
        "revokeToken" => browser.delete("/api/tokens/0191e000-0000-7000-8000-000000000000").await,
        other => panic!("{other} has problems that this test does not know"),
    }
}

/// What makes an operation answer with a code.
async fn provoke(operation: &str, code: &str) -> Answer {
    let app: TestApp = if code == "overloaded" {
        spawn_with(&[("HASH_THREADS", "1"), ("ARGON2_MEMORY_KIB", "65536")]).await
    } else {
        spawn().await
    };
    let mut browser = app.signed_in("alice").await;
    if operation == "refreshToken" {
        browser = app.browser();
        browser.form("/api/token", &[("grant_type", "password"), ("username", "alice"), ("password", PASSWORD)]).await;
    }
    let raw = |kind, bytes: Vec<u8>| Some(Body::Raw { content_type: Some(kind), bytes });
    let mut body = None;
    match code {
        "not_authenticated" => browser.cookie = None,
        "refresh_token_expired" => app.advance(8 * 24 * 3600),
        "refresh_token_reused" => {
            let cookie = browser.cookie.clone();
            call(&mut browser, operation, None).await;
            app.advance(11);
            browser.cookie = cookie;
        }
        "insufficient_scope" => {
            let token = json!({"name": "x", "expires_in_days": 1, "scopes": ["read"]});
            let token = browser.post("/api/tokens", token).await.json()["token"].as_str().unwrap().to_owned();
            browser = browser.with_bearer(&token);
        }
        "reauth_required" => app.advance(11 * 60),
        "too_many_tokens" => {
            for _ in 0..50 {
                assert_eq!(call(&mut browser, operation, None).await.status, 201);
            }
        }
        "session_ended" => {
            let cookie = browser.cookie.clone();
            browser.logout().await;
            browser.cookie = cookie;
        }
        "cross_site_request" => browser.headers = vec![("origin", "https://evil.example".to_owned())],
        "unavailable" => app.db.close().await,
        "internal_error" if operation == "token" => app.execute("DROP TABLE login_attempt").await,
        "internal_error" if operation == "logout" => {
            app.execute("ALTER TABLE session RENAME COLUMN ended_at TO gone").await;
        }
        "internal_error" => app.execute("ALTER TABLE user_account RENAME TO gone").await,
        "malformed_request" => body = raw("application/json", b"{".to_vec()),
        "payload_too_large" => body = raw("application/json", vec![b' '; 70_000]),
        "unsupported_media_type" => body = raw("text/plain", b"{}".to_vec()),
        "too_many_attempts" => {
            for _ in 0..10 {
                browser.login("alice", "wrong").await;
            }
        }
        "invalid_input" if matches!(operation, "login" | "reauth" | "changePassword" | "createToken") => {
            body = Some(Body::Json(json!({})));
        }
        "invalid_input" if operation == "listTokens" => return browser.get("/api/tokens?limit=0").await,
        "invalid_credentials" if operation == "login" => {
            body = Some(Body::Json(json!({"username": "alice", "password": "wrong"})));
        }
        "invalid_credentials" if operation == "changePassword" => {
            body = Some(Body::Json(json!({"current_password": "wrong", "new_password": "other words nobody guesses"})));
        }
        "invalid_credentials" if operation == "reauth" => body = Some(Body::Json(json!({"password": "wrong"}))),
        "invalid_input" if operation == "listUsers" => return browser.get("/api/users?limit=0").await,
        "invalid_input" => return browser.get("/api/sessions?limit=0").await,
        "overloaded" => {
            let flood = (0..120).map(|_| {
                let mut browser = browser.clone();
                async move { call(&mut browser, operation, None).await }
            });
            let answers = futures_util::future::join_all(flood).await;
            return answers.into_iter().find(|answer| answer.code() == "overloaded").expect("one is refused");
        }
        _ => {}
    }
    call(&mut browser, operation, body).await
}

#[actix_web::test]
async fn every_listed_code_is_reached() {
    let document = openapi::document();
    let mut listed = BTreeSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            let responses = operation["responses"].as_object().unwrap();
            let codes = responses.values().flat_map(codes).map(|code| (id.clone(), code));
            listed.extend(codes);
        }
    }
    assert!(listed.len() > 30, "{listed:?}");
    for (operation, code) in listed {
        let answer = provoke(&operation, &code).await;
        assert_eq!(answer.code(), code, "{operation}: {}", answer.text());
    }
}

#[test]
fn the_list_of_codes_is_that_of_the_operations_and_of_unknown_addresses() {
    let document = openapi::document();
    let all: BTreeSet<String> = document["components"]["schemas"]["Code"]["enum"]
        .as_array()
        .unwrap()
        .iter()
        .map(|code| code.as_str().unwrap().to_owned())
        .collect();
    let paths = document["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|item| item.as_object().unwrap().values());
    let mut used: BTreeSet<String> =
        operations.flat_map(|operation| operation["responses"].as_object().unwrap().values()).flat_map(codes).collect();
    used.insert("method_not_allowed".to_owned());
    assert_eq!(all, used);
}

#[test]
fn every_reference_of_the_document_leads_somewhere() {
    let document = openapi::document();
    let text = document.to_string();
    for (_, rest) in text.match_indices("\"#/components/schemas/").map(|(at, start)| text.split_at(at + start.len())) {
        let name = rest.split('"').next().unwrap();
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
    }
}
