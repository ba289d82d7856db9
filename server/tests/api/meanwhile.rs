//! What is changed or taken back while a request is on its way: nothing that the request makes may outlive it.

use std::time::Duration;

use futures_util::future::join_all;
use hallpass::db::{Db, Tx};
use hallpass::identity::{EndReason, Role};
use hallpass::{api_tokens, links, sessions, users};
use reqwest::Method;
use serde_json::json;
use tokio::sync::Notify;

use crate::app::{Answer, Body, PASSWORD, TestApp, spawn, spawn_with, whole_log};
use crate::mail_server::until;

const MAIL: [(&str, &str); 3] =
    [("SMTP_URL", "smtp://127.0.0.1:1"), ("MAIL_FROM", "x@example.com"), ("REGISTRATION", "open")];

/// How many requests have asked for a transaction so far.
fn transactions_of_requests() -> usize {
    let log = whole_log();
    let of_request = |line: &&str| line.contains("transaction requested") && line.contains("request_id");
    log.lines().filter(of_request).count()
}

/// The same, and what is worked on after the answer.
fn transactions() -> usize {
    whole_log().matches("transaction requested").count()
}

/// What is answered to `asking`, which begins after `change` has been made and before it is committed.
pub async fn while_it_waits(
    app: &TestApp,
    change: impl AsyncFn(&mut Tx) -> Result<(), sqlx::Error>,
    asking: impl Future<Output = Answer>,
) -> Answer {
    while_waiting(app, change, asking, transactions_of_requests).await
}

async fn while_waiting(
    app: &TestApp,
    change: impl AsyncFn(&mut Tx) -> Result<(), sqlx::Error>,
    asking: impl Future<Output = Answer>,
    transactions: fn() -> usize,
) -> Answer {
    let changed = Notify::new();
    let changing = app.db.write(async |tx| {
        change(tx).await?;
        let before = transactions();
        changed.notify_one();
        // The request is let in by what holds until the commit, and then has to wait for it.
        until(|| async { transactions() > before }).await;
        if !matches!(app.db, Db::Sqlite { .. }) {
            // It may have asked for one that is not in the way of this one, and be on its way to another.
            tokio::time::sleep(Duration::from_millis(400)).await;
        }
        Ok::<_, sqlx::Error>(())
    });
    let asking = async {
        changed.notified().await;
        asking.await
    };
    let (changed, answer) = futures_util::join!(changing, asking);
    changed.unwrap();
    answer
}

/// What following a reset link does.
async fn take_back(app: &TestApp, tx: &mut Tx, user_id: &str) -> Result<(), sqlx::Error> {
    users::queries::set_password_hash(tx, user_id, "x").await?;
    links::queries::delete_of(tx, user_id).await?;
    sessions::queries::end_all(tx, user_id, None, EndReason::PasswordChanged, app.clock.now()).await?;
    api_tokens::queries::delete_all(tx, user_id).await.map(drop)
}

#[actix_web::test]
async fn no_token_is_made_after_a_reset_or_by_who_is_disabled() {
    let app = spawn().await;
    for (name, disabling) in [("alice", false), ("bob", true)] {
        let mut thief = app.signed_in(name).await;
        let id = thief.get("/api/me").await.json()["id"].as_str().unwrap().to_owned();
        let wish = json!({"name": "kept", "expires_in_days": 365, "scopes": ["read", "write"]});
        let change = async |tx: &mut Tx| {
            if disabling {
                users::queries::set_disabled(tx, &id, true).await?;
            }
            take_back(&app, tx, &id).await
        };
        let answer = while_it_waits(&app, change, thief.post("/api/tokens", wish)).await;
        assert_eq!(answer.status, 401);
    }
    assert_eq!(app.number("SELECT COUNT(*) FROM api_token").await, 0);
}

#[actix_web::test]
async fn no_address_is_changed_after_a_reset() {
    let app = spawn_with(&MAIL).await;
    let mut thief = app.signed_in("alice").await;
    let alice = thief.get("/api/me").await.json()["id"].as_str().unwrap().to_owned();
    let wish = json!({"email": "thief@example.com"});
    let answer = while_it_waits(&app, async |tx| take_back(&app, tx, &alice).await, thief.patch("/api/me", wish)).await;
    assert_eq!(answer.status, 401);
    assert_eq!(app.number("SELECT COUNT(*) FROM link_token").await, 0);
    assert_eq!(app.mails().await.len(), 0);
}

#[actix_web::test]
async fn a_forgotten_password_is_not_mailed_to_a_former_address() {
    let app = spawn_with(&[&MAIL[..], &[("TRUSTED_PROXIES", "127.0.0.0/8")]].concat()).await;
    let alice = app.person_with("alice", Some("old@example.com"), "", Role::Member).await;
    let forgot = async |name: &str| {
        let mut browser = app.browser();
        // Each from an address of their own, so that each is noted.
        browser.headers.push(("x-forwarded-for", format!("192.0.2.{}", name.len())));
        browser.post("/api/forgot-password", json!({"username": name})).await
    };
    let replace = async |tx: &mut Tx| {
        users::queries::set_email(tx, &alice, Some("new@example.com")).await.map_err(|_| sqlx::Error::RowNotFound)?;
        links::queries::delete_of(tx, &alice).await
    };
    while_waiting(&app, replace, forgot("alice"), transactions).await.is(202, "");
    // Worked on one after the other: once this one is noted, the first is done.
    forgot("nobody").await.is(202, "");
    until(|| async { app.number("SELECT COUNT(*) FROM audit_event WHERE user_id IS NULL").await == 1 }).await;
    // On SQLite the request itself has to wait, and then finds the new address.
    assert_eq!(app.mails().await.iter().filter(|mail| mail.to == "old@example.com").count(), 0);
    assert_eq!(app.number("SELECT COUNT(*) FROM link_token").await, app.number("SELECT COUNT(*) FROM mail").await);
}

#[actix_web::test]
async fn an_administrators_link_goes_to_who_is_there_to_the_address_that_is_theirs() {
    let app = spawn_with(&MAIL).await;
    let mut root = app.admin("root").await;
    let bob = app.person_with("bob", Some("old@example.com"), "", Role::Member).await;
    let path = format!("/api/users/{bob}/reset-link");
    let replace = async |tx: &mut Tx| {
        let set = users::queries::set_email(tx, &bob, Some("new@example.com")).await;
        set.map(drop).map_err(|_| sqlx::Error::RowNotFound)
    };
    while_it_waits(&app, replace, root.post(&path, json!({}))).await.is(201, "");
    let [mail] = app.mails().await.try_into().unwrap();
    assert_eq!(mail.to, "new@example.com");
    let delete = async |tx: &mut Tx| users::queries::delete(tx, &bob).await.map(drop);
    while_it_waits(&app, delete, root.post(&path, json!({}))).await.is(404, "not_found");
}

#[actix_web::test]
async fn who_has_an_address_may_leave_while_somebody_asks_for_it() {
    let app = spawn_with(&MAIL).await;
    let bob = app.person_with("bob", Some("bob@example.com"), "", Role::Member).await;
    let mut browser = app.browser();
    let wish = json!({"username": "carol", "password": "other words nobody guesses", "email": "bob@example.com"});
    let delete = async |tx: &mut Tx| users::queries::delete(tx, &bob).await.map(drop);
    while_it_waits(&app, delete, browser.post("/api/register", wish)).await.is(201, "");
}

#[actix_web::test]
async fn the_last_administrator_stays_who_was_a_member_when_they_wanted_to_leave() {
    let app = spawn().await;
    let root = app.person_with("root", None, "", Role::Admin).await;
    let mut browser = app.signed_in("alice").await;
    let alice = browser.get("/api/me").await.json()["id"].as_str().unwrap().to_owned();
    let hand_over = async |tx: &mut Tx| {
        users::queries::lock_enabled_admins(tx).await?;
        users::queries::set_role(tx, &alice, Role::Admin).await?;
        users::queries::set_role(tx, &root, Role::Member).await.map(drop)
    };
    let leaving = browser.send(Method::DELETE, "/api/me", Body::Json(json!({"password": PASSWORD})));
    while_it_waits(&app, hand_over, leaving).await.is(409, "last_admin");
    assert_eq!(app.number("SELECT COUNT(*) FROM user_account").await, 2);
}

#[actix_web::test]
async fn an_old_password_deletes_no_account() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let alice = browser.get("/api/me").await.json()["id"].as_str().unwrap().to_owned();
    let change = async |tx: &mut Tx| users::queries::set_password_hash(tx, &alice, "x").await.map(drop);
    let leaving = browser.send(Method::DELETE, "/api/me", Body::Json(json!({"password": PASSWORD})));
    while_it_waits(&app, change, leaving).await.is(401, "invalid_credentials");
    assert_eq!(app.number("SELECT COUNT(*) FROM user_account").await, 1);
}

#[actix_web::test]
async fn nothing_is_renewed_for_who_was_disabled_or_signed_out_meanwhile() {
    let app = spawn().await;
    for (name, disabling) in [("alice", true), ("bob", false)] {
        let id = app.person(name).await;
        let mut browser = app.browser();
        let fields = [("grant_type", "password"), ("username", name), ("password", PASSWORD)];
        browser.form("/api/token", &fields).await.is(200, "");
        let change = async |tx: &mut Tx| {
            if disabling {
                return users::queries::set_disabled(tx, &id, true).await.map(drop);
            }
            let now = app.clock.now();
            sessions::queries::end_all(tx, &id, None, EndReason::Revoked, now).await.map(drop)
        };
        let answer = while_it_waits(&app, change, browser.send(Method::POST, "/api/refresh-token", Body::None)).await;
        let reason = if disabling { "disabled" } else { "revoked" };
        assert_eq!(answer.is(401, "session_ended").json()["reason"], reason);
        assert_eq!(answer.cookie("refresh_token"), None);
    }
    assert_eq!(app.number("SELECT COUNT(*) FROM refresh_token").await, 2);
}

#[actix_web::test]
async fn who_left_has_not_been_robbed() {
    let app = spawn().await;
    let alice = app.person("alice").await;
    let mut browser = app.browser();
    let fields = [("grant_type", "password"), ("username", "alice"), ("password", PASSWORD)];
    browser.form("/api/token", &fields).await.is(200, "");
    let delete = async |tx: &mut Tx| users::queries::delete(tx, &alice).await.map(drop);
    let renewing = browser.send(Method::POST, "/api/refresh-token", Body::None);
    let answer = while_it_waits(&app, delete, renewing).await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "not_authenticated"));
    let reused = "SELECT COUNT(*) FROM audit_event WHERE event = 'refresh_token_reused'";
    assert_eq!(app.number(reused).await, 0);
}

#[actix_web::test]
async fn who_asks_at_once_gets_no_more_than_one_after_the_other() {
    let app = spawn_with(&MAIL).await;
    let statuses = async |path: &'static str, wish: fn(usize) -> serde_json::Value| {
        let mut statuses = join_all((0..14).map(|number| {
            let mut browser = app.browser();
            async move { browser.post(path, wish(number)).await.status }
        }))
        .await;
        statuses.sort_unstable();
        statuses
    };
    let registered = statuses(
        "/api/register",
        |number| json!({"username": format!("x{number}"), "password": "other words nobody guesses"}),
    );
    assert_eq!(registered.await, [[201; 10].as_slice(), &[429; 4]].concat());
    let forgotten = statuses("/api/forgot-password", |number| json!({"username": format!("x{number}")}));
    assert_eq!(forgotten.await, [[202; 10].as_slice(), &[429; 4]].concat());
}
