//! What is old goes, in steps, whatever there is of it; what is not stays.

use std::time::Duration;

use hallpass::clock::Timestamp;
use hallpass::db::Tx;
use hallpass::db::rows::{self, BATCH, Value};
use hallpass::sessions::model::Lifetime;
use hallpass::sessions::prune::{self, Pruned};

use crate::app::{PASSWORD, TestApp, spawn};
use crate::sessions::touched;

/// More than two steps, and not a whole number of them.
const MANY: usize = 2 * BATCH + 201;

const DAY: u64 = 86_400;

fn text(text: impl Into<String>) -> Value {
    Value::Text(Some(text.into()))
}

fn time(at: Timestamp) -> Value {
    Value::Integer(Some(at.as_micros()))
}

fn hash(number: usize) -> Value {
    Value::Bytes(Some(format!("{number:032}").into_bytes()))
}

async fn insert(app: &TestApp, table: &str, columns: &str, row: impl Fn(usize) -> rows::Row) {
    let all: Vec<_> = (0..MANY).map(row).collect();
    for batch in all.chunks(BATCH) {
        app.db.write(async |tx: &mut Tx| rows::insert(tx, table, columns, batch).await).await.unwrap();
    }
}

/// A server prunes when it starts, and every hour.
#[actix_web::test]
async fn a_server_that_starts_finds_all_that_is_old() {
    let app = spawn().await;
    let alice = app.person("alice").await;
    let (old, now) = (app.clock.now(), app.clock.now().plus(Duration::from_secs(400 * DAY)));
    let id = |number: usize| text(format!("00000000-0000-7000-8000-{number:012}"));
    insert(&app, "link_token", "token_hash, purpose, user_id, expires_at", |number| {
        vec![hash(number), text("invitation"), text(&alice), time(old)]
    })
    .await;
    insert(&app, "login_attempt", "bucket, refilled_at", |number| vec![hash(number), time(old)]).await;
    insert(&app, "login_guard", "bucket, failures, allowed_at", |number| {
        vec![hash(number), Value::Integer(Some(5)), time(old)]
    })
    .await;
    insert(&app, "audit_event", "id, at, event", |number| vec![id(number), time(old), text("login_failed")]).await;
    insert(&app, "api_token", "id, token_hash, user_id, name, scopes, created_at, expires_at", |number| {
        vec![id(number), hash(number), text(&alice), text("x"), text("read"), time(old), time(old)]
    })
    .await;
    app.advance(400 * DAY);
    app.browser().login("alice", "wrong").await.is(401, "invalid_credentials");
    let link = [vec![hash(MANY), text("setup"), Value::Text(None), time(now.plus(Duration::from_mins(1)))]];
    let columns = "token_hash, purpose, user_id, expires_at";
    app.db.write(async |tx: &mut Tx| rows::insert(tx, "link_token", columns, &link).await).await.unwrap();

    let _twin = app.twin().await;
    let left = "SELECT (SELECT COUNT(*) FROM login_guard) * 100000000 \
                + (SELECT COUNT(*) FROM link_token) * 1000000 + (SELECT COUNT(*) FROM login_attempt) * 10000 \
                + (SELECT COUNT(*) FROM audit_event) * 100 + (SELECT COUNT(*) FROM api_token)";
    for _ in 0..600 {
        if app.number(left).await == 101_010_100 {
            return;
        }
        actix_web::rt::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("a link, a failure of a name and of an address, and its line stay, not {}", app.number(left).await);
}

#[actix_web::test]
async fn a_session_goes_with_all_the_tokens_of_its_family() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let session = browser.get("/api/me").await.json()["session"]["id"].as_str().unwrap().to_owned();
    let now = app.clock.now();
    insert(&app, "refresh_token", "token_hash, session_id, issued_at", |number| {
        vec![hash(number), text(&session), time(now)]
    })
    .await;
    browser.logout().await.is(204, "");
    let lifetime = Lifetime { absolute: Duration::from_hours(168), idle: None };
    app.advance(30 * DAY - 1);
    assert_eq!(prune::run(&app.db, &app.clock, &lifetime).await.unwrap(), Pruned::default());
    app.advance(2);
    assert_eq!(prune::run(&app.db, &app.clock, &lifetime).await.unwrap(), Pruned { expired: 0, deleted: 1 });
    assert_eq!(app.number("SELECT COUNT(*) FROM refresh_token").await, 0);
}

#[actix_web::test]
async fn sessions_that_rest_too_long_are_marked_and_the_others_are_not() {
    let app = spawn().await;
    let mut resting = app.signed_in("alice").await;
    let mut used = app.browser();
    used.login("alice", PASSWORD).await.is(200, "");
    let lifetime = Lifetime { absolute: Duration::from_hours(168), idle: Some(Duration::from_mins(10)) };
    app.advance(599);
    used.get("/api/me").await.is(200, "");
    touched(&app).await;
    assert_eq!(prune::run(&app.db, &app.clock, &lifetime).await.unwrap(), Pruned::default());
    app.advance(2);
    assert_eq!(prune::run(&app.db, &app.clock, &lifetime).await.unwrap(), Pruned { expired: 1, deleted: 0 });
    let marked = "SELECT COUNT(*) FROM session WHERE status = 'expired' AND end_reason = 'idle' \
                  AND ended_at = last_seen_at + 600000000";
    assert_eq!(app.number(marked).await, 1);
    assert_eq!(resting.get("/api/me").await.is(401, "session_ended").json()["reason"], "idle");
    used.get("/api/me").await.is(200, "");
}

#[actix_web::test]
async fn more_sessions_than_a_step_run_out_and_go() {
    let app = spawn().await;
    let alice = app.person("alice").await;
    let now = app.clock.now();
    let columns =
        "id, token_hash, user_id, kind, status, browser, ip, created_at, authenticated_at, last_seen_at, expires_at";
    insert(&app, "session", columns, |number| {
        let id = text(format!("00000000-0000-7000-8000-{number:012}"));
        let words = ["cookie", "active", "Firefox on Linux", "192.0.2.1"].map(text);
        let mut row = vec![id, hash(number), text(&alice)];
        row.extend(words);
        row.extend([time(now), time(now), time(now), time(now.plus(Duration::from_secs(DAY)))]);
        row
    })
    .await;
    let lifetime = Lifetime { absolute: Duration::from_hours(24), idle: None };
    let many = u64::try_from(MANY).unwrap();
    app.advance(DAY);
    let pruned = prune::run(&app.db, &app.clock, &lifetime).await.unwrap();
    assert_eq!(pruned, Pruned { expired: many, deleted: 0 });
    app.advance(31 * DAY);
    let pruned = prune::run(&app.db, &app.clock, &lifetime).await.unwrap();
    assert_eq!(pruned, Pruned { expired: 0, deleted: many });
}
