//! The document lists, for every operation, exactly the codes it can answer. That no other occurs, `Browser::send` holds
//! against every answer of every test; here each listed one is reached.

use std::collections::BTreeSet;

use futures_util::{StreamExt, stream};
use hallpass::identity::Role;
use hallpass::openapi;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Answer, Body, Browser, FullQueue, PASSWORD, TestApp, codes, spawn_with};
use crate::events::Events;

const NEW_PASSWORD: &str = "other words nobody guesses";
const NOBODY: &str = "0191e000-0000-7000-8000-000000000000";

/// A client that is signed in, and what its requests are about: a person's id, or the token of a link.
#[derive(Clone)]
struct Caller {
    browser: Browser,
    target: String,
}

impl Caller {
    /// The operation, as such a client calls it; `body` instead of the body that would be good.
    async fn call(&mut self, operation: &str, body: Option<Body>) -> Answer {
        let target = self.target.clone();
        let login = json!({"username": "alice", "password": PASSWORD});
        let (method, path, good) = match operation {
            "login" => (Method::POST, "/api/login".to_owned(), login),
            "logout" => (Method::POST, "/api/logout".to_owned(), Value::Null),
            "register" => {
                (Method::POST, "/api/register".to_owned(), json!({"username": "carol", "password": NEW_PASSWORD}))
            }
            "forgotPassword" => (Method::POST, "/api/forgot-password".to_owned(), json!({"username": "alice"})),
            "getFeatures" => (Method::GET, "/api/features".to_owned(), Value::Null),
            "getSetup" => (Method::GET, "/api/setup".to_owned(), Value::Null),
            "setup" => {
                let body = json!({"token": target, "username": "carol", "password": NEW_PASSWORD});
                (Method::POST, "/api/setup".to_owned(), body)
            }
            "me" => (Method::GET, "/api/me".to_owned(), Value::Null),
            "changeProfile" => (Method::PATCH, "/api/me".to_owned(), json!({"email": "alice@example.com"})),
            "deleteAccount" => (Method::DELETE, "/api/me".to_owned(), json!({"password": PASSWORD})),
            "exportProfile" => (Method::GET, "/api/me/export".to_owned(), Value::Null),
            "listActivity" => (Method::GET, "/api/me/activity".to_owned(), Value::Null),
            "listUsers" => (Method::GET, "/api/users".to_owned(), Value::Null),
            "createUser" => (Method::POST, "/api/users".to_owned(), json!({"username": "carol"})),
            "getUser" => (Method::GET, format!("/api/users/{target}"), Value::Null),
            "changeUser" => (Method::PATCH, format!("/api/users/{target}"), json!({"email": "bob@example.com"})),
            "deleteUser" => (Method::DELETE, format!("/api/users/{target}"), Value::Null),
            "listUserSessions" => (Method::GET, format!("/api/users/{target}/sessions"), Value::Null),
            "endUserSessions" => (Method::DELETE, format!("/api/users/{target}/sessions"), Value::Null),
            "endUserSession" => (Method::DELETE, format!("/api/users/{target}/sessions/{NOBODY}"), Value::Null),
            "listUserTokens" => (Method::GET, format!("/api/users/{target}/tokens"), Value::Null),
            "revokeUserTokens" => (Method::DELETE, format!("/api/users/{target}/tokens"), Value::Null),
            "createResetLink" => (Method::POST, format!("/api/users/{target}/reset-link"), Value::Null),
            "listAudit" => (Method::GET, "/api/audit".to_owned(), Value::Null),
            "showLink" => (Method::GET, format!("/api/links/{target}"), Value::Null),
            "followLink" => (Method::POST, format!("/api/links/{target}"), json!({"password": NEW_PASSWORD})),
            "listSessions" => (Method::GET, "/api/sessions".to_owned(), Value::Null),
            "listNewSignIns" => (Method::GET, "/api/me/new-sign-ins".to_owned(), Value::Null),
            "answerForSignIn" => (Method::POST, format!("/api/me/new-sign-ins/{NOBODY}"), json!({"was_me": true})),
            "followEvents" => (Method::GET, "/api/events".to_owned(), Value::Null),
            "endOtherSessions" => (Method::DELETE, "/api/sessions".to_owned(), Value::Null),
            "endSession" => (Method::DELETE, format!("/api/sessions/{NOBODY}"), Value::Null),
            "reauth" => (Method::POST, "/api/reauth".to_owned(), json!({"password": PASSWORD})),
            "changePassword" => {
                let change = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
                (Method::POST, "/api/password".to_owned(), change)
            }
            "token" => {
                let good = format!("grant_type=password&username=alice&password={}", PASSWORD.replace(' ', "+"));
                let kind = Some("application/x-www-form-urlencoded");
                let bytes = match body {
                    Some(Body::Raw { bytes, .. }) => bytes,
                    _ => good.into_bytes(),
                };
                return self.browser.send(Method::POST, "/api/token", Body::Raw { content_type: kind, bytes }).await;
            }
            "refreshToken" => (Method::POST, "/api/refresh-token".to_owned(), Value::Null),
            "listTokens" => (Method::GET, "/api/tokens".to_owned(), Value::Null),
            "createToken" => {
                let token = json!({"name": "x", "expires_in_days": 1, "scopes": ["read"]});
                (Method::POST, "/api/tokens".to_owned(), token)
            }
            "revokeToken" => (Method::DELETE, format!("/api/tokens/{NOBODY}"), Value::Null),
            other => panic!("{other} has problems that this test does not know"),
        };
        let good = if good.is_null() { Body::None } else { Body::Json(good) };
        self.browser.send(method, &path, body.unwrap_or(good)).await
    }
}

/// Which operations administrators have to themselves.
fn is_administration(operation: &str) -> bool {
    operation.contains("User") && operation != "listUsers" || matches!(operation, "createResetLink" | "listAudit")
}

async fn spawn_for(operation: &str, code: &str) -> TestApp {
    let mut settings = Vec::new();
    if code == "overloaded" {
        settings.extend([("HASH_THREADS", "1"), ("ARGON2_MEMORY_KIB", "65536")]);
    }
    if operation == "register" && code != "registration_closed" {
        settings.push(("REGISTRATION", "open"));
    }
    if matches!((operation, code), ("followLink", "email_taken") | ("changeProfile", "too_many_attempts")) {
        // Nobody listens there, so mails stay in the queue.
        settings.extend([("SMTP_URL", "smtp://127.0.0.1:1"), ("MAIL_FROM", "hallpass@example.com")]);
    }
    spawn_with(&settings).await
}

async fn caller(app: &TestApp, operation: &str, code: &str) -> Caller {
    let is_admin = code == "last_admin" || (is_administration(operation) && code != "forbidden");
    let browser = if is_admin { app.admin("alice").await } else { app.signed_in("alice").await };
    let mut caller = Caller { browser, target: app.person("bob").await };
    match operation {
        "refreshToken" => {
            caller.browser = app.browser();
            let fields = [("grant_type", "password"), ("username", "alice"), ("password", PASSWORD)];
            caller.browser.form("/api/token", &fields).await;
        }
        "setup" => caller.target = app.setup_token().await,
        "showLink" | "followLink" => {
            let path = format!("/api/users/{}/reset-link", caller.target);
            let link = app.admin("root").await.send(Method::POST, &path, Body::None).await.json();
            link["url"].as_str().unwrap().rsplit_once('/').unwrap().1.clone_into(&mut caller.target);
        }
        _ => {}
    }
    caller
}

/// What makes an operation answer with a code.
async fn provoke(operation: &str, code: &str) -> Answer {
    let app = spawn_for(operation, code).await;
    let mut caller = caller(&app, operation, code).await;
    let raw = |kind, bytes: Vec<u8>| Some(Body::Raw { content_type: Some(kind), bytes });
    let mut body = None;
    match code {
        "not_authenticated" => caller.browser.cookie = None,
        "refresh_token_expired" => app.advance(8 * 24 * 3600),
        "refresh_token_reused" => {
            let cookie = caller.browser.cookie.clone();
            caller.call(operation, None).await;
            app.advance(11);
            caller.browser.cookie = cookie;
        }
        "insufficient_scope" => {
            let token = json!({"name": "x", "expires_in_days": 1, "scopes": ["read"]});
            let token = caller.browser.post("/api/tokens", token).await.json()["token"].as_str().unwrap().to_owned();
            caller.browser = caller.browser.with_bearer(&token);
        }
        "forbidden" if operation == "listUsers" => return caller.browser.get("/api/users?sort=username").await,
        "reauth_required" if operation == "answerForSignIn" => return deny_the_first_sign_in(&app).await,
        "reauth_required" => app.advance(11 * 60),
        "too_many_tokens" => {
            for _ in 0..50 {
                assert_eq!(caller.call(operation, None).await.status, 201);
            }
        }
        "session_ended" => {
            let cookie = caller.browser.cookie.clone();
            caller.browser.logout().await;
            caller.browser.cookie = cookie;
        }
        "cross_site_request" => caller.browser.headers = vec![("origin", "https://evil.example".to_owned())],
        "unavailable" => app.db.close().await,
        "internal_error" if matches!(operation, "token" | "forgotPassword") => {
            app.execute("DROP TABLE login_attempt").await;
        }
        "internal_error" if operation == "logout" => {
            app.execute("ALTER TABLE session RENAME COLUMN ended_at TO gone").await;
        }
        "internal_error" => app.execute("ALTER TABLE user_account RENAME TO gone").await,
        "malformed_request" => body = raw("application/json", b"{".to_vec()),
        "payload_too_large" => body = raw("application/json", vec![b' '; 70_000]),
        "unsupported_media_type" => body = raw("text/plain", b"{}".to_vec()),
        "too_many_attempts" => return wait(&app, &mut caller, operation).await,
        "invalid_input" => return invalid(&mut caller, operation).await,
        "invalid_credentials" if operation == "login" => {
            body = Some(Body::Json(json!({"username": "alice", "password": "wrong"})));
        }
        "invalid_credentials" if operation == "changePassword" => {
            body = Some(Body::Json(json!({"current_password": "wrong", "new_password": NEW_PASSWORD})));
        }
        "invalid_credentials" => body = Some(Body::Json(json!({"password": "wrong"}))),
        "username_taken" if operation == "createUser" => body = Some(Body::Json(json!({"username": "BOB"}))),
        "username_taken" => drop(app.person("Carol").await),
        "email_taken" if operation == "followLink" => {
            caller.browser.patch("/api/me", json!({"email": "dave@example.com"})).await.is(200, "");
            let [mail] = app.mails().await.try_into().unwrap();
            mail.token().clone_into(&mut caller.target);
            app.person_with("dave", Some("Dave@example.com"), "", Role::Member).await;
        }
        "email_taken" => {
            app.person_with("dave", Some("Dave@example.com"), "", Role::Member).await;
            body = Some(Body::Json(taken_address(operation, &caller.target)));
        }
        "last_admin" => {
            caller.browser.get("/api/me").await.json()["id"].as_str().unwrap().clone_into(&mut caller.target);
            body = (operation == "changeUser").then(|| Body::Json(json!({"role": "member"})));
        }
        "setup_done" => drop(app.person_with("root", None, "", Role::Admin).await),
        "not_found" if operation.ends_with("Link") && operation != "createResetLink" => app.advance(25 * 3600),
        "not_found" if operation == "setup" => app.advance(3600),
        "not_found" => NOBODY.clone_into(&mut caller.target),
        "overloaded" => return flood(&app, &mut caller, operation).await,
        _ => {}
    }
    caller.call(operation, body).await
}

/// "No" about the first sign-in of all, from the browser that came next.
async fn deny_the_first_sign_in(app: &TestApp) -> Answer {
    app.advance(1);
    let mut browser = app.browser();
    let (name, value) = browser.login("alice", PASSWORD).await.cookie("device").unwrap();
    browser.cookie = browser.cookie.map(|session| format!("{session}; {name}={value}"));
    let asked = browser.get("/api/me/new-sign-ins").await.json();
    let path = format!("/api/me/new-sign-ins/{}", asked["items"][0]["session_id"].as_str().unwrap());
    browser.post(&path, json!({"was_me": false})).await
}

/// Does what an operation is limited in until it is refused.
async fn wait(app: &TestApp, caller: &mut Caller, operation: &str) -> Answer {
    match operation {
        "register" => {
            for number in 0..10 {
                let wish = json!({"username": format!("carol{number}"), "password": NEW_PASSWORD});
                caller.browser.post("/api/register", wish).await.is(201, "");
            }
        }
        "forgotPassword" | "changeProfile" => while caller.call(operation, None).await.status < 300 {},
        "followEvents" => {
            let browser = caller.browser.clone();
            let streams = futures_util::future::join_all((0..20).map(|_| Events::open(&browser))).await;
            let answer = caller.call(operation, None).await;
            drop(streams);
            return answer;
        }
        "refreshToken" => while caller.call(operation, None).await.status == 200 {},
        "changePassword" | "reauth" | "deleteAccount" => {
            for _ in 0..5 {
                let wrong = json!({"password": "wrong"});
                caller.browser.post("/api/reauth", wrong).await.is(401, "invalid_credentials");
            }
        }
        _ => {
            for number in 0..10 {
                app.browser().login(&format!("name{number}"), "wrong").await.is(401, "invalid_credentials");
            }
        }
    }
    caller.call(operation, None).await
}

/// A body that names the address of somebody else.
fn taken_address(operation: &str, target: &str) -> Value {
    let taken = "dave@EXAMPLE.com";
    match operation {
        "changeProfile" | "changeUser" => json!({"email": taken}),
        "createUser" => json!({"username": "carol", "email": taken}),
        "setup" => json!({"token": target, "username": "carol", "password": NEW_PASSWORD, "email": taken}),
        _ => json!({"username": "carol", "password": NEW_PASSWORD, "email": taken}),
    }
}

/// The operation's answer while more wait for a hash than may, each of which takes long.
async fn flood(app: &TestApp, caller: &mut Caller, operation: &str) -> Answer {
    let _full = FullQueue::of(app).await;
    caller.call(operation, password_for(operation)).await
}

/// A body with which the operation has to compute a hash, where the usual one has none.
fn password_for(operation: &str) -> Option<Body> {
    (operation == "createUser").then(|| Body::Json(json!({"username": "carol", "password": NEW_PASSWORD})))
}

/// The operation with a field that is not acceptable.
async fn invalid(caller: &mut Caller, operation: &str) -> Answer {
    let target = caller.target.clone();
    let list = match operation {
        "listTokens" => "/api/tokens".to_owned(),
        "listUsers" => "/api/users".to_owned(),
        "listSessions" => "/api/sessions".to_owned(),
        "listActivity" => "/api/me/activity".to_owned(),
        "listAudit" => "/api/audit".to_owned(),
        "listUserSessions" => format!("/api/users/{target}/sessions"),
        "listUserTokens" => format!("/api/users/{target}/tokens"),
        _ => return caller.call(operation, Some(Body::Json(json!({"email": 7})))).await,
    };
    caller.browser.get(&format!("{list}?limit=0")).await
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
    let number = listed.len();
    // Each has a server and a database of its own and mostly waits for the latter.
    let answers = stream::iter(listed).map(async |(operation, code)| {
        let answer = provoke(&operation, &code).await;
        assert_eq!(answer.code(), code, "{operation}: {}", answer.text());
    });
    assert_eq!(answers.buffer_unordered(8).count().await, number);
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
