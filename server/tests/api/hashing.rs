//! A flood of logins is shed at once and does not slow anybody else down.

use std::time::Instant;

use crate::app::{PASSWORD, log_line, spawn_with};

#[actix_web::test]
async fn a_flood_is_told_to_come_back_while_others_are_served() {
    let app = spawn_with(&[("ARGON2_MEMORY_KIB", "19456"), ("ARGON2_ITERATIONS", "2"), ("HASH_THREADS", "1")]).await;
    let browser = app.signed_in("alice").await;
    let flood = (0..150).map(|_| {
        let mut stranger = app.browser();
        async move {
            let answer = stranger.login("alice", PASSWORD).await;
            let queries = log_line(&answer)["queries"].as_u64().unwrap();
            (answer.status, answer.code(), answer.header("retry-after").to_owned(), queries)
        }
    });
    let others = (0..50).map(|_| {
        let mut browser = browser.clone();
        async move {
            let started = Instant::now();
            assert_eq!(browser.get("/api/me").await.status, 200);
            started.elapsed()
        }
    });
    let (answers, _) =
        futures_util::future::join(futures_util::future::join_all(flood), futures_util::future::join_all(others)).await;
    let refused: Vec<_> = answers.iter().filter(|(status, ..)| *status == 503).collect();
    assert!(!refused.is_empty(), "nobody was refused");
    assert!(refused.iter().all(|(_, code, after, _)| code == "overloaded" && after == "2"), "{refused:?}");
    assert!(
        refused.iter().any(|(.., queries)| *queries == 0),
        "who finds the queue full asks the database for nothing"
    );
    assert!(answers.iter().all(|(status, ..)| matches!(status, 200 | 503)), "{answers:?}");
    assert!(answers.iter().any(|(status, ..)| *status == 200));
    assert_eq!(app.browser().login("alice", PASSWORD).await.status, 200, "afterwards everything is as before");
}
