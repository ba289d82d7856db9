//! A server that was told to stop: until it stops listening, only its health says so.

use hallpass::config::EnvironmentKind;

use crate::app::{PASSWORD, spawn_configured};
use crate::events::Events;

#[actix_web::test]
async fn a_draining_server_answers_everything_but_health() {
    // In production it goes on listening for two seconds.
    let app = spawn_configured(&[], |config| config.environment = EnvironmentKind::Production).await;
    let mut browser = app.signed_in("alice").await;
    app.stop.cancel();
    loop {
        let health = browser.get("/api/health").await;
        if health.status == 503 {
            assert_eq!(health.json()["status"], "draining");
            break;
        }
    }
    browser.get("/api/me").await.is(200, "");
    Events::open(&browser).await;
    let mut other = app.browser();
    other.login("alice", PASSWORD).await.is(200, "");
    assert_eq!(browser.get("/api/health").await.status, 503);
}
