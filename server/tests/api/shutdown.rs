//! Shutting down: said aloud, finished cleanly, in time.

use std::time::{Duration, Instant};

use crate::app::{PASSWORD, spawn_with};

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
    let mut browser = app.browser();
    // Each hash takes a good while, so these are under way when the server is told to stop, and after it has stopped listening.
    let logins: Vec<_> = (0..6)
        .map(|_| {
            let mut browser = app.browser();
            actix_web::rt::spawn(async move { browser.login("alice", PASSWORD).await.status })
        })
        .collect();
    actix_web::rt::time::sleep(Duration::from_millis(100)).await;
    let stopping = Instant::now();
    app.stop.cancel();
    actix_web::rt::time::sleep(Duration::from_millis(100)).await;
    let health = browser.get("/api/health").await;
    assert_eq!((health.status, health.json()["status"].as_str()), (503, Some("draining")));
    assert_eq!(health.header("connection"), "close");
    for login in logins {
        assert_eq!(login.await.unwrap(), 200);
    }
    let server = app.server.take().unwrap();
    actix_web::web::block(move || server.join()).await.unwrap().unwrap().unwrap();
    assert!(stopping.elapsed() < Duration::from_secs(10), "{:?}", stopping.elapsed());
}
