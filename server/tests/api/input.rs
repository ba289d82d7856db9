//! Hostile input: a clear problem, never a 5xx, nothing kept.

use serde_json::{Value, json};

use crate::app::{Body, PASSWORD, spawn};
use reqwest::Method;

#[actix_web::test]
async fn bad_login_bodies_have_names() {
    let app = spawn().await;
    let mut browser = app.browser();
    let long = "x".repeat(70_000);
    let deep = "[".repeat(5_000);
    for (body, status, code) in [
        ("", 400, "malformed_request"),
        ("{", 400, "malformed_request"),
        ("nonsense", 400, "malformed_request"),
        ("\u{feff}{}", 400, "malformed_request"),
        (r#"{"username":"a","password":"b"} trailing"#, 400, "malformed_request"),
        (r#"{"username":"a","password":NaN}"#, 400, "malformed_request"),
        (r#"{"username":"\ud800","password":"b"}"#, 400, "malformed_request"),
        (deep.as_str(), 422, "invalid_input"),
        ("{}", 422, "invalid_input"),
        ("[]", 422, "invalid_input"),
        (r#"["a","b",true]"#, 422, "invalid_input"),
        ("null", 422, "invalid_input"),
        (r#"{"username":"a"}"#, 422, "invalid_input"),
        (r#"{"username":1,"password":"b"}"#, 422, "invalid_input"),
        (r#"{"username":null,"password":"b"}"#, 422, "invalid_input"),
        (r#"{"username":["a"],"password":"b"}"#, 422, "invalid_input"),
        (r#"{"username":"a","password":"b","remember":"yes"}"#, 422, "invalid_input"),
        (r#"{"username":"a","password":"b","role":"admin"}"#, 422, "invalid_input"),
        (r#"{"username":"a","username":"b","password":"b"}"#, 422, "invalid_input"),
        (r#"{"username":"a\u0000b","password":"b"}"#, 422, "invalid_input"),
        (r#"{"username":"a\u202eb","password":"b"}"#, 422, "invalid_input"),
        (r#"{"username":"","password":"b"}"#, 422, "invalid_input"),
        (r#"{"username":"  ","password":"b"}"#, 422, "invalid_input"),
        (r#"{"username":"a","password":""}"#, 422, "invalid_input"),
        (long.as_str(), 413, "payload_too_large"),
    ] {
        let raw = Body::Raw { content_type: Some("application/json"), bytes: body.as_bytes().to_vec() };
        let answer = browser.send(Method::POST, "/api/login", raw).await;
        let shown: String = body.chars().take(60).collect();
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{shown}: {}", answer.text());
        if status == 422 {
            let errors = answer.json()["errors"].as_array().unwrap().clone();
            assert!(errors.iter().all(|error| error["field"].is_string() && error["message"].is_string()), "{shown}");
        }
    }
    assert_eq!(app.hasher.computed(), 0);
}

#[actix_web::test]
async fn the_field_that_is_wrong_is_named() {
    let app = spawn().await;
    let mut browser = app.browser();
    for (body, field) in [
        (json!({"username": "a"}), "password"),
        (json!({"username": 1, "password": "b"}), "username"),
        (json!({"username": "a", "password": "b", "remember": 7}), "remember"),
        (json!({"username": "a", "password": "b", "admin": true}), "admin"),
        (json!({"username": "a\n", "password": "b"}), "username"),
        (json!({"username": "x".repeat(255), "password": "b"}), "username"),
        (json!({"username": "a", "password": "x".repeat(257)}), "password"),
        (json!({"username": "a", "password": "🐢".repeat(257)}), "password"),
    ] {
        let answer = browser.post("/api/login", body.clone()).await;
        answer.is(422, "invalid_input");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{body}: {}", answer.text());
    }
}

#[actix_web::test]
async fn what_was_sent_is_never_echoed() {
    let app = spawn().await;
    for body in [
        json!({"username": "a", "password": "b", "remember": "hunter2-canary"}),
        json!({"username": {"x": "hunter2-canary"}}),
    ] {
        let answer = app.browser().post("/api/login", body).await;
        assert!(!answer.text().contains("hunter2-canary"), "{}", answer.text());
    }
}

#[actix_web::test]
async fn only_json_is_read() {
    let app = spawn().await;
    app.person("alice").await;
    let mut browser = app.browser();
    let body = json!({"username": "alice", "password": PASSWORD}).to_string().into_bytes();
    for kind in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        Some("application/jsonx"),
        Some("application/json; charset=utf-16"),
        Some("application/ld+json"),
        Some("json"),
    ] {
        let raw = Body::Raw { content_type: kind, bytes: body.clone() };
        browser.send(Method::POST, "/api/login", raw).await.is(415, "unsupported_media_type");
    }
    for kind in ["application/json", "application/json; charset=utf-8", "Application/JSON"] {
        let raw = Body::Raw { content_type: Some(kind), bytes: body.clone() };
        assert_eq!(browser.send(Method::POST, "/api/login", raw).await.status, 200, "{kind}");
    }
}

#[actix_web::test]
async fn bad_query_strings_have_names() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=x", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("cursor=!", "cursor"),
        ("cursor=AAA", "cursor"),
        ("cursor=/w", "cursor"),
        ("q=%00", "q"),
        ("q=a%0Ab", "q"),
        ("nonsense=1", "nonsense"),
    ] {
        let answer = browser.get(&format!("/api/users?{query}")).await;
        answer.is(422, "invalid_input");
        assert_eq!(answer.json()["errors"][0]["field"], field, "{query}: {}", answer.text());
    }
    browser.get(&format!("/api/users?q={}", "x".repeat(101))).await.is(422, "invalid_input");
    browser.get("/api/sessions?status=dead").await.is(422, "invalid_input");
    assert_eq!(browser.get("/api/users?q=%FF%FE&limit=100").await.status, 200);
}

#[actix_web::test]
async fn odd_headers_do_no_harm() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let cookie = browser.cookie.clone().unwrap();
    browser.cookie = Some(format!("{}; {cookie}", "x".repeat(8_000)));
    assert_eq!(browser.get("/api/me").await.status, 200);
    browser.cookie = Some(cookie);
    browser.headers = vec![
        ("forwarded", "for=\"".to_owned()),
        ("x-forwarded-for", ",,,".to_owned()),
        ("range", "bytes=0-".to_owned()),
        ("accept-encoding", ";q=x".to_owned()),
        ("if-none-match", "\"".to_owned()),
    ];
    assert_eq!(browser.get("/api/me").await.status, 200);
    assert_eq!(browser.get("/api/me").await.json()["email"], Value::Null);
}
