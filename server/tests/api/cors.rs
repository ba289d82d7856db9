//! CORS: off, or exactly the origins of `ALLOWED_ORIGINS`.

use reqwest::Method;

use crate::app::{Body, spawn, spawn_with};

#[actix_web::test]
async fn is_off_by_default() {
    let app = spawn().await;
    let mut browser = app.browser();
    browser.headers = vec![("origin", "https://ally.example".to_owned())];
    let answer = browser.get("/api/health").await;
    assert!(answer.headers.keys().all(|name| !name.as_str().starts_with("access-control")));
}

#[actix_web::test]
async fn knows_exactly_the_listed_origins() {
    let app = spawn_with(&[("ALLOWED_ORIGINS", "https://ally.example")]).await;
    let mut browser = app.browser();
    for (origin, allowed) in [
        ("https://ally.example", true),
        ("https://evil.example", false),
        ("http://ally.example", false),
        ("https://ally.example:8443", false),
        ("https://x.ally.example", false),
        ("https://ally.example.evil", false),
        ("null", false),
    ] {
        browser.headers = vec![("origin", origin.to_owned())];
        let answer = browser.get("/api/me").await;
        answer.is(401, "not_authenticated");
        let expected = if allowed { origin } else { "" };
        assert_eq!(answer.header("access-control-allow-origin"), expected);
        if allowed {
            assert_eq!(answer.header("access-control-allow-credentials"), "true");
        }
        assert!(answer.header("vary").to_lowercase().contains("origin"), "{origin}");

        browser.headers.push(("access-control-request-method", "DELETE".to_owned()));
        let preflight = browser.send(Method::OPTIONS, "/api/sessions", Body::None).await;
        assert_eq!(preflight.status, if allowed { 200 } else { 400 }, "{origin}");
        assert_eq!(preflight.header("access-control-allow-origin"), expected);
    }
}
