//! Transactions that stand in each other's way.

use std::sync::atomic::{AtomicUsize, Ordering};

use hallpass::config::DatabaseKind;
use hallpass::db::Tx;
use hallpass::users::queries as users;
use tokio::sync::Barrier;

use crate::app::spawn;
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
                    let left = users::count_enabled_admins(tx).await?;
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
