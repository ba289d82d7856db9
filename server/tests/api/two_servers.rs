//! Several servers on one database: what one does holds on the others at once.

use hallpass::sessions::model::Lifetime;
use hallpass::sessions::prune;
use std::time::Duration;

use crate::app::{Browser, PASSWORD, TestApp, spawn, spawn_with};
use crate::database;

/// The same browser, talking to another server.
pub fn at(server: &TestApp, browser: &Browser) -> Browser {
    Browser { base: server.url(""), ..browser.clone() }
}

#[actix_web::test]
async fn a_login_on_one_is_known_on_the_other_at_once() {
    let (one, other) = pair().await;
    let mut browser = one.signed_in("alice").await;
    for _ in 0..20 {
        assert_eq!(at(&other, &browser).get("/api/me").await.status, 200);
        assert_eq!(browser.login("alice", PASSWORD).await.status, 200);
    }
}

#[actix_web::test]
async fn a_session_ended_on_one_is_refused_on_the_other_at_the_next_request() {
    let (one, other) = pair().await;
    one.person("alice").await;
    for round in 0..20 {
        let (mut laptop, mut phone) = (one.browser(), other.browser());
        assert_eq!(laptop.login("alice", PASSWORD).await.status, 200);
        assert_eq!(phone.login("alice", PASSWORD).await.status, 200);
        let phone_id = phone.get("/api/me").await.json()["session"]["id"].as_str().unwrap().to_owned();
        let expected = if round % 2 == 0 {
            assert_eq!(laptop.delete(&format!("/api/sessions/{phone_id}")).await.status, 204);
            "revoked"
        } else {
            let mut elsewhere = at(&one, &phone);
            assert_eq!(elsewhere.logout().await.status, 204);
            "logged_out"
        };
        let answer = phone.get("/api/me").await;
        answer.is(401, "session_ended");
        assert_eq!(answer.json()["reason"], expected);
        assert_eq!(at(&other, &laptop).get("/api/me").await.status, 200);
    }
}

#[actix_web::test]
async fn a_person_disabled_through_one_is_refused_by_the_other() {
    let (one, other) = pair().await;
    let mut browser = at(&other, &one.signed_in("alice").await);
    let id = browser.get("/api/me").await.json()["id"].as_str().unwrap().to_owned();
    one.disable(&id).await;
    browser.get("/api/me").await.is(401, "session_ended");
    other.browser().login("alice", PASSWORD).await.is(401, "invalid_credentials");
}

#[actix_web::test]
async fn failures_count_together() {
    let (one, other) = pair().await;
    for number in 0..10 {
        let server = if number % 2 == 0 { &one } else { &other };
        server.browser().login(&format!("name{number}"), "wrong").await.is(401, "invalid_credentials");
    }
    one.browser().login("alice", "wrong").await.is(429, "too_many_attempts");
    other.browser().login("alice", "wrong").await.is(429, "too_many_attempts");
}

#[actix_web::test]
async fn failures_at_one_account_count_together() {
    let (one, other) = pair().await;
    one.person("alice").await;
    for number in 0..5 {
        let server = if number % 2 == 0 { &one } else { &other };
        server.browser().login("alice", "wrong").await.is(401, "invalid_credentials");
    }
    one.browser().login("alice", PASSWORD).await.is(429, "too_many_attempts");
    other.browser().login("alice", PASSWORD).await.is(429, "too_many_attempts");
    one.advance(1);
    let computed = || one.hasher.computed() + other.hasher.computed();
    let before = computed();
    let tries = (0..20).map(|number| {
        let mut browser = if number % 2 == 0 { one.browser() } else { other.browser() };
        async move { browser.login("alice", "wrong").await.status }
    });
    let statuses = futures_util::future::join_all(tries).await;
    assert_eq!((statuses.iter().filter(|status| **status == 401).count(), computed() - before), (1, 1), "{statuses:?}");
    one.advance(2);
    other.browser().login("alice", PASSWORD).await.is(200, "");
    one.browser().login("alice", "wrong").await.is(401, "invalid_credentials");
}

#[actix_web::test]
async fn pruning_together_does_not_collide() {
    const PEOPLE: u64 = 3;
    const SESSIONS: u64 = 40;

    let (one, other) = pair().await;
    for person in 0..PEOPLE {
        one.person(&format!("person{person}")).await;
        for _ in 0..SESSIONS {
            assert_eq!(one.browser().login(&format!("person{person}"), PASSWORD).await.status, 200);
        }
    }
    let lifetime = Lifetime { absolute: Duration::from_hours(168), idle: None };
    one.advance(8 * 24 * 3600);
    let prune = |app: &TestApp| {
        let (db, clock) = (app.db.clone(), app.clock.clone());
        async move { prune::run(&db, &clock, &lifetime).await.unwrap() }
    };
    let both = futures_util::future::join_all([&one, &other].map(prune)).await;
    assert_eq!(both[0].expired + both[1].expired, PEOPLE * SESSIONS);
    one.advance(31 * 24 * 3600);
    let both = futures_util::future::join_all([&one, &other].map(prune)).await;
    assert_eq!(both[0].deleted + both[1].deleted, PEOPLE * SESSIONS);
    assert_eq!(one.number("SELECT COUNT(*) FROM session").await, 0);
}

#[actix_web::test]
async fn servers_may_start_together_on_an_empty_database() {
    for _ in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let url = database::make(folder.path()).await;
        let settings = [("DATABASE_URL", url.as_str())];
        let servers = futures_util::future::join_all((0..6).map(|_| spawn_with(&settings))).await;
        let browser = servers[0].signed_in("alice").await;
        for server in &servers {
            assert_eq!(at(server, &browser).get("/api/me").await.status, 200);
        }
    }
}

pub async fn pair() -> (TestApp, TestApp) {
    let one = spawn().await;
    let other = one.twin().await;
    (one, other)
}
