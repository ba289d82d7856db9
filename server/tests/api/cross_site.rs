//! State-changing requests of other sites' pages are refused before any credential is looked at.

use reqwest::Method;

use crate::app::{Body, PASSWORD, log_line, spawn, spawn_with};

const CHANGES: [(Method, &str); 4] = [
    (Method::POST, "/api/login"),
    (Method::POST, "/api/logout"),
    (Method::DELETE, "/api/sessions"),
    (Method::DELETE, "/api/sessions/0191e000-0000-7000-8000-000000000000"),
];

#[actix_web::test]
async fn other_sites_are_refused_and_nothing_changes() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    for headers in [
        vec![("origin", "https://evil.example")],
        vec![("origin", "null")],
        vec![("origin", "http://localhost:3001")],
        vec![("origin", "https://localhost:3000")],
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site"), ("origin", "http://app.localhost:3000")],
        vec![("sec-fetch-site", "cross-site"), ("origin", "http://localhost:3000")],
    ] {
        browser.headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        for (method, path) in CHANGES {
            let answer = browser.send(method, path, Body::None).await;
            answer.is(403, "cross_site_request");
            let detail = answer.json()["detail"].as_str().unwrap().to_owned();
            assert!(detail.contains("http://localhost:3000"), "{detail}");
            assert_eq!(answer.json()["expected_origin"], "http://localhost:3000");
            if let Some((_, origin)) = headers.iter().find(|(name, _)| *name == "origin") {
                assert!(detail.contains(origin), "{detail}");
            }
            assert_eq!(log_line(&answer)["queries"], 0, "no credential is looked at");
            assert!(answer.session_cookie().is_none());
        }
        assert_eq!(browser.get("/api/me").await.status, 200, "reading is no change");
    }
}

#[actix_web::test]
async fn our_own_pages_and_programs_pass() {
    let app = spawn().await;
    app.person("alice").await;
    for headers in [
        vec![],
        vec![("origin", "http://localhost:3000")],
        vec![("sec-fetch-site", "same-origin"), ("origin", "http://127.0.0.1:3000")],
        vec![("sec-fetch-site", "none")],
    ] {
        let mut browser = app.browser();
        browser.headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        assert_eq!(browser.login("alice", PASSWORD).await.status, 200, "{headers:?}");
    }
}

#[actix_web::test]
async fn allowed_origins_pass() {
    let app = spawn_with(&[("ALLOWED_ORIGINS", "https://ally.example")]).await;
    app.person("alice").await;
    let mut browser = app.browser();
    browser.headers = vec![("origin", "https://ally.example".to_owned()), ("sec-fetch-site", "cross-site".to_owned())];
    assert_eq!(browser.login("alice", PASSWORD).await.status, 200);
    browser.headers = vec![("origin", "https://ally.example.evil".to_owned())];
    browser.login("alice", PASSWORD).await.is(403, "cross_site_request");
}

/// It is work, and a line in the audit, and no page shows it: a link on another site would only do harm.
#[actix_web::test]
async fn the_export_is_for_our_own_pages_although_it_is_read() {
    let app = spawn_with(&[("ALLOWED_ORIGINS", "https://ally.example")]).await;
    let mut browser = app.signed_in("alice").await;
    for (headers, status) in [
        (vec![("sec-fetch-site", "cross-site")], 403),
        (vec![("sec-fetch-site", "same-site")], 403),
        (vec![("origin", "https://evil.example")], 403),
        (vec![("sec-fetch-site", "same-origin")], 200),
        (vec![("sec-fetch-site", "none")], 200),
        (vec![("sec-fetch-site", "cross-site"), ("origin", "https://ally.example")], 200),
        (vec![], 200),
    ] {
        browser.headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        assert_eq!(browser.get("/api/me/export").await.status, status, "{headers:?}");
    }
    assert_eq!(app.number("SELECT COUNT(*) FROM audit_event WHERE event = 'data_exported'").await, 4);
}
