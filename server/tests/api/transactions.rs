//! Transactions that stand in each other's way, and connections that several threads share.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use hallpass::config::DatabaseKind;
use hallpass::db::{Db, Tx};
use hallpass::sessions::queries as sessions;
use hallpass::users::queries as users;
use serde_json::json;
use tokio::sync::{Barrier, Notify};

use crate::app::{spawn, spawn_with};
use crate::database;

#[actix_web::test]
async fn a_deadlock_is_tried_again_and_nothing_is_lost() {
    let app = spawn().await;
    let (alice, bob) = (app.person("alice").await, app.person("bob").await);
    let both_hold_one = Barrier::new(2);
    let attempts = AtomicUsize::new(0);
    // On SQLite there is one writer at a time, so the two never meet.
    let meet = database::kind() != DatabaseKind::Sqlite;
    let swap = async |first: &str, second: &str| {
        let change = async |tx: &mut Tx| {
            let attempt = attempts.fetch_add(1, Ordering::SeqCst);
            users::set_password_hash(tx, first, second).await?;
            if meet && attempt < 2 {
                both_hold_one.wait().await;
            }
            users::set_password_hash(tx, second, first).await
        };
        app.db.write(change).await
    };
    let both = [(&alice, &bob), (&bob, &alice)].map(|(first, second)| swap(first, second));
    assert!(futures_util::future::try_join_all(both).await.unwrap() == [true, true]);
    assert_eq!(attempts.load(Ordering::SeqCst), if meet { 3 } else { 2 }, "one of them was tried again");
}

/// A server that has lost its power in the middle of a transaction leaves such rows behind.
#[actix_web::test]
async fn a_row_that_stays_locked_costs_no_connections() {
    let app = spawn_with(&[("DATABASE_CONNECTIONS", "3")]).await;
    let (mut alice, mut bob) = (app.signed_in("alice").await, app.signed_in("bob").await);
    let id = alice.get("/api/me").await.json()["id"].as_str().unwrap().to_owned();
    let (is_locked, release) = (Notify::new(), Notify::new());
    let holding = app.db.write(async |tx| {
        sessions::lock_person(tx, &id).await?;
        is_locked.notify_one();
        release.notified().await;
        Ok::<_, sqlx::Error>(())
    });
    let asking = async {
        is_locked.notified().await;
        let crowd = (0..4).map(|number| {
            let mut tab = alice.clone();
            async move { tab.patch("/api/me", json!({"full_name": format!("Alice {number}")})).await.status }
        });
        assert_eq!(join_all(crowd).await, [503; 4]);
        bob.get("/api/me").await.is(200, "");
        bob.get("/api/sessions").await.is(200, "");
        release.notify_one();
    };
    let (held, ()) = futures_util::join!(holding, asking);
    held.unwrap();
    alice.patch("/api/me", json!({"full_name": "Alice Moore"})).await.is(200, "");
}

/// How long a transaction may rest is the database's to watch over; here only that it has been told.
#[actix_web::test]
async fn what_a_lost_server_began_is_given_up() {
    let app = spawn().await;
    let (limit, seconds) = match database::kind() {
        // Its locks end with the process that holds them.
        DatabaseKind::Sqlite => ("SELECT 0", 0),
        DatabaseKind::MySql if app.number("SELECT VERSION() LIKE '%MariaDB%'").await == 0 => {
            ("SELECT CAST(@@wait_timeout AS SIGNED)", 3600)
        }
        DatabaseKind::MySql => ("SELECT CAST(@@idle_write_transaction_timeout AS SIGNED)", 60),
        DatabaseKind::Postgres => (
            "SELECT CAST(setting AS BIGINT) / 1000 FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'",
            60,
        ),
    };
    assert_eq!(app.number(limit).await, seconds);
}

#[actix_web::test]
async fn two_administrators_cannot_both_go() {
    let app = spawn().await;
    for round in 0..10 {
        app.execute("DELETE FROM user_account").await;
        let mut ids = Vec::new();
        for name in ["one", "two"] {
            ids.push(app.person_with(&format!("{name}{round}"), None, "", hallpass::identity::Role::Admin).await);
        }
        let leave = |id: &str| {
            let (db, id) = (app.db.clone(), id.to_owned());
            async move {
                let change = async |tx: &mut Tx| {
                    users::lock_enabled_admins(tx).await?;
                    users::set_disabled(tx, &id, true).await?;
                    let left = users::count_admins_who_can_sign_in(tx).await?;
                    if left == 0 { Err(anyhow::anyhow!("the last one")) } else { Ok(()) }
                };
                db.write(change).await.is_ok()
            }
        };
        let gone = futures_util::future::join_all(ids.iter().map(|id| leave(id))).await;
        assert_eq!(gone.iter().filter(|gone| **gone).count(), 1, "round {round}");
        assert_eq!(app.number("SELECT COUNT(*) FROM user_account WHERE NOT disabled").await, 1);
    }
}

/// As a worker of the server does at its end, while others have requests under way.
#[actix_web::test]
async fn connections_outlive_the_thread_that_opened_them() {
    let app = spawn().await;
    let ask = |db: Db| async move {
        let questions = (0..8).map(|_| sessions::last_seen(&db, "nobody"));
        join_all(questions).await.into_iter().collect::<Result<Vec<_>, _>>()
    };
    let db = app.db.clone();
    let worker = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(ask(db)).unwrap();
    });
    actix_web::web::block(|| worker.join().unwrap()).await.unwrap();
    assert_eq!(ask(app.db.clone()).await.unwrap(), [None; 8]);
}
