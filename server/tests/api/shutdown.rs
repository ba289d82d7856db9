//! Shutting down: said aloud, finished cleanly, in time.

use std::time::{Duration, Instant};

use crate::app::{PASSWORD, spawn_with};

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
    actix_web::rt::time::sleep(Duration::from_millis(100)).await;
    let stopping = Instant::now();
    app.stop.cancel();
    actix_web::rt::time::sleep(Duration::from_millis(100)).await;
    let health = browser.get("/api/health").await;
    assert_eq!((health.status, health.json()["status"].as_str()), (503, Some("draining")));
    assert_eq!(health.header("connection"), "close");
    assert_eq!(browser.get("/assets/app-abc123.js").await.header("connection"), "close");
    for login in logins {
        login.await.unwrap().is(200, "");
    }
    let server = app.server.take().unwrap();
    actix_web::web::block(move || server.join()).await.unwrap().unwrap().unwrap();
    assert!(stopping.elapsed() < Duration::from_secs(20), "{:?}", stopping.elapsed());
}
