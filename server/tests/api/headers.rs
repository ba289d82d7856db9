//! What every answer carries, whatever layer it comes from. (`Browser::send` holds every answer of every test against the
//! same list.)

use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App, HttpServer, web};
use hallpass::http::client_ip::TrustedProxies;
use hallpass::http::drain::Drain;
use hallpass::http::envelope::{self, Envelope};
use hallpass::http::forwarding::ForwardingCheck;
use hallpass::http::layer::sharing;
use hallpass::metrics::Metrics;
use hallpass::traces::Traces;
use reqwest::Method;

use crate::app::{Body, Browser, spawn, spawn_with};

#[actix_web::test]
async fn are_on_answers_of_every_layer() {
    let app = spawn_with(&[("ALLOWED_ORIGINS", "https://ally.example")]).await;
    let mut browser = app.signed_in("alice").await;
    let raw = |kind, bytes: &[u8]| Body::Raw { content_type: Some(kind), bytes: bytes.to_vec() };
    for (method, path, body, status) in [
        (Method::GET, "/api/me", Body::None, 200),
        (Method::GET, "/", Body::None, 200),
        (Method::GET, "/assets/app-abc123.js", Body::None, 200),
        (Method::GET, "/api/nope", Body::None, 404),
        (Method::GET, "/nope.js", Body::None, 404),
        (Method::PUT, "/api/me", Body::None, 405),
        (Method::POST, "/", Body::None, 405),
        (Method::POST, "/api/login", raw("application/json", b"{"), 400),
        (Method::POST, "/api/login", raw("text/plain", b"{}"), 415),
        (Method::POST, "/api/login", raw("application/json", &vec![b' '; 70_000]), 413),
        (Method::POST, "/api/login", raw("application/json", b"{}"), 422),
        (Method::GET, "/api/users?limit=0", Body::None, 422),
        (Method::DELETE, "/api/sessions/x", Body::None, 404),
        (Method::POST, "/api/logout", Body::None, 204),
        (Method::GET, "/api/me", Body::None, 401),
    ] {
        let answer = browser.send(method, path, body).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
    }
    browser.headers = vec![("origin", "https://evil.example".to_owned())];
    assert_eq!(browser.send(Method::POST, "/api/logout", Body::None).await.status, 403);
    app.execute("DROP TABLE login_attempt").await;
    browser.headers.clear();
    browser.login("alice", "x").await.is(500, "internal_error");
}

#[actix_web::test]
async fn a_panic_is_a_500_like_any_other() {
    let envelope = Data::new(Envelope {
        is_https: true,
        drain: Drain::default(),
        metrics: Metrics::new(Vec::new(), []),
        traces: Traces::default(),
        proxies: TrustedProxies::default(),
        forwarding: ForwardingCheck::default(),
    });
    let server = HttpServer::new(move || {
        App::new()
            .route("/panic", web::get().to(async || -> &'static str { panic!("a secret") }))
            .route("/fine", web::get().to(async || "fine"))
            .wrap(from_fn(sharing(&envelope, envelope::wrap)))
    });
    let server = server.workers(1).bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", server.addrs()[0]);
    actix_web::rt::spawn(server.run());
    let mut browser = Browser { base, user_agent: None, cookie: None, headers: Vec::new() };
    for _ in 0..100 {
        let answer = browser.get("/panic").await;
        answer.is(500, "internal_error");
        assert!(!answer.text().contains("secret"));
        assert!(!answer.header("strict-transport-security").is_empty());
    }
    assert_eq!(browser.get("/fine").await.text(), "fine");
}

#[actix_web::test]
async fn an_api_answer_may_load_embed_and_send_nothing() {
    let app = spawn().await;
    let policy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    for path in ["/api/health", "/api/me", "/api/nope", "/nope.js"] {
        assert_eq!(app.browser().get(path).await.header("content-security-policy"), policy, "{path}");
    }
}

#[actix_web::test]
async fn transport_security_is_for_https_only() {
    let app = spawn().await;
    assert_eq!(app.browser().get("/api/health").await.header("strict-transport-security"), "");
    let app = spawn_with(&[("PUBLIC_URL", "https://login.example.com")]).await;
    for path in ["/api/health", "/api/me", "/nope.js"] {
        assert!(app.browser().get(path).await.header("strict-transport-security").contains("max-age=63072000"));
    }
}

#[actix_web::test]
async fn an_encoded_path_is_the_api_all_the_same() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let answer = browser.get("/%61pi/me").await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"));
}

#[actix_web::test]
async fn the_page_in_an_assets_place_is_not_kept() {
    let app = spawn().await;
    let mut browser = app.browser();
    browser.headers = vec![("accept", "text/html".to_owned())];
    let answer = browser.get("/assets/gone").await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-cache"));
}

#[actix_web::test]
async fn text_says_that_it_is_utf_8() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    for (path, kind) in [
        ("/favicon.svg", "image/svg+xml; charset=utf-8"),
        ("/assets/app-abc123.js", "text/javascript; charset=utf-8"),
        ("/api/docs", "text/html; charset=utf-8"),
        ("/api/me", "application/json"),
    ] {
        assert_eq!(browser.get(path).await.header("content-type"), kind, "{path}");
    }
}
