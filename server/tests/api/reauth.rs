//! Proving once more who one is.

use serde_json::json;

use crate::app::{Answer, Browser, PASSWORD, spawn};

async fn reauth(browser: &mut Browser) -> Answer {
    browser.post("/api/reauth", json!({"password": PASSWORD})).await
}

#[actix_web::test]
async fn a_copy_of_the_cookie_gains_nothing_and_goes_on_no_more() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let before = browser.get("/api/me").await.json()["session"].clone();
    let mut thief = browser.clone();
    app.advance(86_400);
    let answer = reauth(&mut browser).await;
    answer.is(204, "");
    assert!(answer.header("set-cookie").contains("Max-Age=518400"), "{}", answer.header("set-cookie"));
    thief.patch("/api/me", json!({"email": "thief@example.com"})).await.is(401, "not_authenticated");
    browser.patch("/api/me", json!({"email": "alice@example.com"})).await.is(200, "");
    assert_eq!(browser.get("/api/me").await.json()["session"], before, "it is the same session");
    let activity = browser.get("/api/me/activity").await.json();
    let mut lines = activity["items"].as_array().unwrap().iter();
    let line = lines.find(|line| line["event"] == "reauthenticated").expect("it is noted");
    assert_eq!(line["session_id"], before["id"]);
}

/// Whichever answer a browser reads last, its cookie must be good.
#[actix_web::test]
async fn of_two_at_once_one_gets_the_cookie() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    app.advance(3600);
    for _ in 0..10 {
        app.advance(1);
        let mut tabs = [browser.clone(), browser.clone(), browser.clone()];
        let [one, two, three] = &mut tabs;
        let answers = tokio::join!(reauth(one), reauth(two), reauth(three));
        let statuses = [answers.0.status, answers.1.status, answers.2.status];
        let winner = statuses.iter().position(|status| *status == 204).expect("one proves it");
        let others = statuses.iter().enumerate().filter(|(tab, _)| *tab != winner);
        assert!(others.map(|(_, status)| *status).all(|status| status == 401), "{statuses:?}");
        browser = tabs[winner].clone();
        browser.get("/api/me").await.is(200, "");
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
