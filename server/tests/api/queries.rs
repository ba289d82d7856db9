//! How many statements a request costs, as its log line counts them.

use hallpass::config::DatabaseKind;
use hallpass::db::Db;

use crate::app::{PASSWORD, log_line, spawn, spawn_configured};
use crate::database;

#[actix_web::test]
async fn nobody_costs_nothing_and_a_session_one_query() {
    let app = spawn().await;
    let mut browser = app.browser();
    for path in ["/api/me", "/api/users", "/api/sessions", "/api/nope", "/", "/assets/app-abc123.js", "/theme.js"] {
        assert_eq!(log_line(&browser.get(path).await)["queries"], 0, "{path}");
    }
    browser.cookie = Some("session_id=junk".to_owned());
    assert_eq!(log_line(&browser.get("/api/me").await)["queries"], 0);

    let mut browser = app.signed_in("alice").await;
    assert_eq!(log_line(&browser.get("/api/me").await)["queries"], 1);
    app.advance(120);
    let mut costs = Vec::new();
    for _ in 0..10 {
        costs.push(log_line(&browser.get("/api/me").await)["queries"].as_u64().unwrap());
        costs.push(log_line(&browser.get("/api/users").await)["queries"].as_u64().unwrap());
    }
    assert!(
        costs.chunks(2).all(|pair| pair[0] <= 1 && pair[1] <= 2),
        "the touch is not on the request's path: {costs:?}"
    );
    // SQLite tells whether anything has changed since; the others have to be asked.
    assert_eq!(costs.contains(&0), database::kind() == DatabaseKind::Sqlite, "{costs:?}");
    for path in ["/", "/assets/app-abc123.js", "/theme.js", "/search"] {
        assert_eq!(log_line(&browser.get(path).await)["queries"], 0, "{path}");
    }
    let cookie = browser.cookie.clone();
    let cost = log_line(&browser.logout().await)["queries"].as_u64().unwrap();
    assert!((3..=4).contains(&cost), "who it is, whose it is, its end, and the audit: {cost}");
    browser.cookie = cookie;
    assert_eq!(log_line(&browser.get("/api/me").await)["queries"], 1, "an ended session is still one query");
}

#[actix_web::test]
async fn one_connection_gives_the_same_verdicts() {
    let app = spawn_configured(&[], |config| config.database.connections = 1).await;
    let mut alice = app.signed_in("alice").await;
    let requests = (0..30).map(|number| {
        let mut browser = alice.clone();
        async move {
            match number % 3 {
                0 => browser.get("/api/me").await.status,
                1 => browser.get("/api/users").await.status,
                _ => browser.get("/api/sessions").await.status,
            }
        }
    });
    let statuses = futures_util::future::join_all(requests).await;
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    app.browser().login("alice", "wrong").await.is(401, "invalid_credentials");
    assert_eq!(app.browser().login("alice", PASSWORD).await.status, 200);
    assert_eq!(alice.delete("/api/sessions").await.json()["ended"], 1);
    assert_eq!(alice.logout().await.status, 204);
}

/// Whoever opens the page asks whether there is one.
#[actix_web::test]
async fn an_administrator_is_found_without_reading_all_accounts() {
    let app = spawn().await;
    let Db::Sqlite { reader, .. } = &app.db else { return };
    let plan = "EXPLAIN QUERY PLAN SELECT id FROM user_account WHERE role = 'admin' LIMIT 1";
    let steps: Vec<(i64, i64, i64, String)> = sqlx::query_as(plan).fetch_all(reader).await.unwrap();
    assert!(
        steps.iter().all(|(.., step)| step.starts_with("SEARCH") && step.contains("user_account_by_role")),
        "{steps:?}"
    );
}
