//! Shutting down: said aloud, finished cleanly, in time.

use std::time::{Duration, Instant};

use crate::app::{PASSWORD, spawn_with};
use crate::mail_server::until;

/// How long the logins take together: the server stops listening after two seconds, and gives up after eight.
const WORK: Duration = Duration::from_secs(3);

#[actix_web::test]
async fn says_draining_finishes_what_is_under_way_and_ends() {
    let mut app = spawn_with(&[
        ("ENVIRONMENT", "production"),
        ("ARGON2_MEMORY_KIB", "131072"),
        ("ARGON2_ITERATIONS", "3"),
        ("HASH_THREADS", "1"),
    ])
    .await;
    app.person("alice").await;
    // The first hash takes longer, as its memory is new.
    let begun = Instant::now();
    app.person("bob").await;
    let each = begun.elapsed();
    let mut browser = app.browser();
    // From now on it is at hand.
    browser.get("/assets/app-abc123.js").await.is(200, "");
    // As many as are under way when the server is told to stop, and after it has stopped listening, and done before it gives up.
    let number = WORK.as_micros().div_ceil(each.as_micros()).clamp(2, 40);
    let logins: Vec<_> = (0..number)
        .map(|_| {
            let mut browser = app.browser();
            actix_web::rt::spawn(async move { browser.login("alice", PASSWORD).await })
        })
        .collect();
    // All are under way: computed, waiting, or the one that is being computed.
    let (computed, number) = (app.hasher.computed(), u64::try_from(number).unwrap());
    let arrived = || app.hasher.computed() - computed + u64::try_from(app.hasher.load().waiting).unwrap();
    until(|| async { arrived() + 1 >= number }).await;
    app.stop.cancel();
    until(|| async { browser.clone().get("/api/health").await.status == 503 }).await;
    let health = browser.get("/api/health").await;
    assert_eq!((health.status, health.json()["status"].as_str()), (503, Some("draining")));
    assert_eq!(health.header("connection"), "close");
    assert_eq!(browser.get("/assets/app-abc123.js").await.header("connection"), "close");
    for login in logins {
        login.await.unwrap().is(200, "");
    }
    let server = app.server.take().unwrap();
    let ended = actix_web::web::block(move || server.join());
    actix_web::rt::time::timeout(Duration::from_mins(1), ended).await.expect("it ends").unwrap().unwrap().unwrap();
}
