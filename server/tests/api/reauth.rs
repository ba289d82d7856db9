//! Proving once more who one is.

use serde_json::json;

use crate::app::{Answer, Browser, PASSWORD, spawn};

async fn reauth(browser: &mut Browser) -> Answer {
    browser.post("/api/reauth", json!({"password": PASSWORD})).await
}

#[actix_web::test]
async fn a_session_is_fresh_again_and_keeps_its_cookie() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let before = browser.get("/api/me").await.json()["session"].clone();
    app.advance(11 * 60);
    browser.patch("/api/me", json!({"email": "alice@example.com"})).await.is(403, "reauth_required");
    let answer = reauth(&mut browser).await;
    assert_eq!((answer.status, answer.header("set-cookie")), (204, ""));
    browser.patch("/api/me", json!({"email": "alice@example.com"})).await.is(200, "");
    assert_eq!(browser.get("/api/me").await.json()["session"], before, "it is the same session");
    let activity = browser.get("/api/me/activity").await.json();
    let mut lines = activity["items"].as_array().unwrap().iter();
    let line = lines.find(|line| line["event"] == "reauthenticated").expect("it is noted");
    assert_eq!(line["session_id"], before["id"]);
}

#[actix_web::test]
async fn tabs_may_prove_it_at_once() {
    let app = spawn().await;
    let mut tabs = [app.signed_in("alice").await, app.browser(), app.browser()];
    tabs[1] = tabs[0].clone();
    tabs[2] = tabs[0].clone();
    app.advance(3600);
    let [one, two, three] = &mut tabs;
    let answers = tokio::join!(reauth(one), reauth(two), reauth(three));
    for answer in [&answers.0, &answers.1, &answers.2] {
        answer.is(204, "");
    }
    for tab in &mut tabs {
        tab.get("/api/me").await.is(200, "");
    }
}

#[actix_web::test]
async fn an_access_token_is_fresh_again_and_gets_no_cookie() {
    let app = spawn().await;
    app.person("alice").await;
    let fields = [("grant_type", "password"), ("username", "alice"), ("password", PASSWORD)];
    let mut browser = app.browser();
    browser.form("/api/token", &fields).await.is(200, "");
    app.advance(11 * 60);
    let answer = browser.post("/api/refresh-token", json!({})).await;
    let mut program = browser.with_bearer(answer.json()["access_token"].as_str().unwrap());
    program.patch("/api/me", json!({"email": "alice@example.com"})).await.is(403, "reauth_required");
    let answer = reauth(&mut program).await;
    assert_eq!((answer.status, answer.header("set-cookie")), (204, ""));
    program.patch("/api/me", json!({"email": "alice@example.com"})).await.is(200, "");
}
