//! One's own profile: changing it, taking it along, leaving.

use hallpass::identity::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Body, PASSWORD, spawn};

#[actix_web::test]
async fn what_is_given_changes_and_the_rest_stays() {
    let app = spawn().await;
    app.person_with("dave", Some("dave@example.com"), "", Role::Member).await;
    let mut browser = app.signed_in("alice").await;
    let me = browser.patch("/api/me", json!({"email": "alice@example.com", "full_name": "Alice Moore"})).await;
    assert_eq!(me.status, 200);
    assert_eq!(me.json(), browser.get("/api/me").await.json());
    assert_eq!(
        (me.json()["email"].as_str(), me.json()["full_name"].as_str()),
        (Some("alice@example.com"), Some("Alice Moore"))
    );
    app.browser().login("ALICE@example.com", PASSWORD).await.is(200, "");
    assert_eq!(browser.patch("/api/me", json!({"full_name": ""})).await.json()["email"], "alice@example.com");
    assert_eq!(browser.patch("/api/me", json!({})).await.json()["email"], "alice@example.com");
    browser.patch("/api/me", json!({"email": "DAVE@example.com"})).await.is(409, "email_taken");
    assert_eq!(browser.patch("/api/me", json!({"email": null})).await.json()["email"], Value::Null);
    app.browser().login("alice@example.com", PASSWORD).await.is(401, "invalid_credentials");
    for bad in [
        json!({"email": "x"}),
        json!({"full_name": "a\u{0}b"}),
        json!({"role": "admin"}),
        json!({"full_name": null, "email": 1}),
    ] {
        browser.patch("/api/me", bad).await.is(422, "invalid_input");
    }
}

#[actix_web::test]
async fn asking_for_one_address_after_the_other_has_to_wait() {
    let app = spawn().await;
    for number in 0..12 {
        let (name, email) = (format!("x{number}"), format!("x{number}@example.com"));
        app.person_with(&name, Some(&email), "", hallpass::identity::Role::Member).await;
    }
    let mut browser = app.signed_in("alice").await;
    for number in 0..10 {
        let taken = json!({"email": format!("x{number}@example.com")});
        browser.patch("/api/me", taken).await.is(409, "email_taken");
    }
    for email in ["x10@example.com", "free@example.com"] {
        let answer = browser.patch("/api/me", json!({"email": email})).await;
        assert_eq!(answer.is(429, "too_many_attempts").header("retry-after"), "60", "{email}");
    }
    browser.patch("/api/me", json!({"full_name": "Alice"})).await.is(200, "");
    app.signed_in("bob").await.patch("/api/me", json!({"email": "bob@example.com"})).await.is(200, "");
    app.advance(60);
    browser.patch("/api/me", json!({"email": "free@example.com"})).await.is(200, "");
    browser.patch("/api/me", json!({"email": "x11@example.com"})).await.is(429, "too_many_attempts");
}

#[actix_web::test]
async fn two_tabs_that_change_different_things_both_do() {
    let app = spawn().await;
    let mut one = app.signed_in("alice").await;
    let mut other = one.clone();
    for number in 0..10 {
        let (email, name) = (format!("a{number}@example.com"), format!("Alice {number}"));
        let (first, second) = futures_util::join!(
            one.patch("/api/me", json!({"email": email})),
            other.patch("/api/me", json!({"full_name": name})),
        );
        assert_eq!((first.status, second.status), (200, 200));
        let me = one.get("/api/me").await.json();
        assert_eq!((me["email"].as_str(), me["full_name"].as_str()), (Some(&*email), Some(&*name)));
    }
}

#[actix_web::test]
async fn another_address_needs_a_fresh_password_and_another_name_does_not() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    app.advance(11 * 60);
    browser.patch("/api/me", json!({"full_name": "Alice"})).await.is(200, "");
    browser.patch("/api/me", json!({"email": "a@example.com", "full_name": "x"})).await.is(403, "reauth_required");
    assert_eq!(browser.get("/api/me").await.json()["full_name"], "Alice");
    browser.post("/api/reauth", json!({"password": PASSWORD})).await.is(204, "");
    browser.patch("/api/me", json!({"email": "a@example.com"})).await.is(200, "");
}

#[actix_web::test]
async fn the_export_holds_all_of_it_and_no_secret() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let token = json!({"name": "ci", "expires_in_days": 1, "scopes": ["read"]});
    let token = browser.post("/api/tokens", token).await.json()["token"].as_str().unwrap().to_owned();
    app.signed_in("bob").await;
    for _ in 0..600 {
        app.advance(1);
        app.db
            .write(async |tx| {
                let id = hallpass::identity::new_id(app.clock.now());
                let alice = hallpass::users::queries::find_by_name(&app.db, "alice").await?.unwrap().id;
                let entry = hallpass::audit::Entry::new(hallpass::audit::Event::LoginFailed, app.clock.now());
                hallpass::audit::queries::insert(tx, &entry.about(&alice).detail(&id)).await
            })
            .await
            .unwrap();
    }
    let answer = browser.get("/api/me/export").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"hallpass-alice.json\"");
    let export = answer.json();
    assert_eq!(export["account"]["username"], "alice");
    assert_eq!((export["sessions"].as_array().unwrap().len(), export["tokens"].as_array().unwrap().len()), (1, 1));
    // A sign-in, a token, 600 failures, the export itself: more than are read at once, each of them once.
    let mut ids: Vec<_> = export["activity"].as_array().unwrap().iter().map(|line| line["id"].to_string()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 603);
    let cookie = browser.cookie.clone().unwrap();
    for secret in ["argon2", "bob", &token, cookie.split_once('=').unwrap().1] {
        assert!(!answer.text().contains(secret), "{secret}");
    }
}

#[actix_web::test]
async fn who_leaves_is_gone() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let leave = |password: &str| Body::Json(json!({"password": password}));
    browser.send(Method::DELETE, "/api/me", leave("wrong")).await.is(401, "invalid_credentials");
    browser.get("/api/me").await.is(200, "");
    let cookie = browser.cookie.clone();
    let answer = browser.send(Method::DELETE, "/api/me", leave(PASSWORD)).await;
    assert_eq!((answer.status, answer.header("clear-site-data")), (204, r#""storage""#));
    assert!(browser.cookie.is_none());
    browser.cookie = cookie;
    browser.get("/api/me").await.is(401, "not_authenticated");
    app.browser().login("alice", PASSWORD).await.is(401, "invalid_credentials");
    for count in ["SELECT COUNT(*) FROM user_account", "SELECT COUNT(*) FROM session"] {
        assert_eq!(app.number(count).await, 0, "{count}");
    }
    assert_eq!(app.number("SELECT COUNT(*) FROM audit_event WHERE ip IS NOT NULL AND user_id IS NOT NULL").await, 0);
}
