//! A flood of logins is shed at once and does not slow anybody else down.

use crate::app::{FullQueue, PASSWORD, log_line, spawn_with};

#[actix_web::test]
async fn a_flood_is_told_to_come_back_while_others_are_served() {
    let app = spawn_with(&[("ARGON2_MEMORY_KIB", "65536"), ("ARGON2_ITERATIONS", "1"), ("HASH_THREADS", "1")]).await;
    let browser = app.signed_in("alice").await;
    // Not all under one name, at which they would wait for each other.
    let password_hash = app.hasher.hash(PASSWORD.into()).await.unwrap();
    for number in 0..150 {
        app.person_with_hash(&format!("p{number}"), &password_hash).await;
    }
    let flood = (0..150).map(|number| {
        let mut stranger = app.browser();
        async move {
            let answer = stranger.login(&format!("p{number}"), PASSWORD).await;
            (answer.status, answer.code(), answer.header("retry-after").to_owned())
        }
    });
    let others = (0..50).map(|_| {
        let mut browser = browser.clone();
        async move {
            assert_eq!(browser.get("/api/me").await.status, 200);
        }
    });
    let (answers, _) =
        futures_util::join!(futures_util::future::join_all(flood), futures_util::future::join_all(others));
    let refused: Vec<_> = answers.iter().filter(|(status, ..)| *status == 503).collect();
    assert!(!refused.is_empty(), "nobody was refused");
    assert!(refused.iter().all(|(_, code, after)| code == "overloaded" && after == "2"), "{refused:?}");
    assert!(answers.iter().all(|(status, ..)| matches!(status, 200 | 503)), "{answers:?}");
    assert!(answers.iter().any(|(status, ..)| *status == 200));
    assert_eq!(app.browser().login("alice", PASSWORD).await.status, 200, "afterwards everything is as before");
    let _full = FullQueue::of(&app).await;
    // Requests that need no hash do not wait for those that are computed, each of which takes longer than a request.
    let (mut browser, computed) = (browser, app.hasher.computed());
    for _ in 0..50 {
        browser.get("/api/me").await.is(200, "");
    }
    let meanwhile = app.hasher.computed() - computed;
    assert!(meanwhile < 25, "{meanwhile} hashes were computed during 50 requests");
    let late = app.browser().login("p0", PASSWORD).await;
    assert_eq!(
        log_line(late.is(503, "overloaded"))["queries"],
        0,
        "who finds the queue full asks the database for nothing"
    );
}
