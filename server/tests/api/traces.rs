//! Spans: what a collector gets, what it never gets, and that nothing depends on it.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::app::{Browser, FIREFOX};
use crate::process::{PASSWORD, Server, create_person};

const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN_ID: &str = "00f067aa0ba902b7";

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n";

/// Head and body.
type Request = (String, Vec<u8>);

/// A program that takes spans, and keeps the requests as they came.
struct Collector {
    address: SocketAddr,
    taken: Arc<Mutex<Vec<Request>>>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, taken) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<_>>>::default());
        let kept = Arc::clone(&taken);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let kept = Arc::clone(&kept);
                thread::spawn(move || {
                    while let Some(request) = take(&stream) {
                        kept.lock().unwrap().push(request);
                        // Not before it is kept: who has been answered may end, and then be looked for.
                        let _ = (&stream).write_all(ANSWER);
                    }
                });
            }
        });
        Self { address, taken }
    }

    fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything that came, one after the other.
    fn bytes(&self) -> Vec<u8> {
        self.taken.lock().unwrap().iter().flat_map(|(_, body)| body.clone()).collect()
    }

    fn has(&self, wanted: &[u8]) -> bool {
        self.bytes().windows(wanted.len()).any(|window| window == wanted)
    }

    fn waits_for(&self, wanted: &[u8]) {
        let begun = Instant::now();
        while !self.has(wanted) {
            assert!(begun.elapsed() < Duration::from_secs(20), "{:?} never came", String::from_utf8_lossy(wanted));
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// One request of HTTP/1.1 with its body.
fn take(mut stream: &TcpStream) -> Option<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.expect("a length")];
    stream.read_exact(&mut body).ok()?;
    Some((head, body))
}

/// A person called so, and a server whose spans go to `endpoint`.
fn server(username: &str, endpoint: &str, more: &[(&str, &str)]) -> (TempDir, Server) {
    let folder = tempfile::tempdir().unwrap();
    create_person(folder.path(), "sqlite://data/hallpass.db", username);
    let server = serve(folder.path(), endpoint, more);
    (folder, server)
}

fn serve(folder: &Path, endpoint: &str, more: &[(&str, &str)]) -> Server {
    let mut settings = vec![("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint), ("OTEL_BSP_SCHEDULE_DELAY", "50")];
    settings.extend(more);
    Server::start(folder, &settings)
}

fn browser(server: &Server) -> Browser {
    Browser {
        base: format!("http://{}", server.address),
        user_agent: Some(FIREFOX.to_owned()),
        cookie: None,
        headers: Vec::new(),
    }
}

/// Asks it to end as a service manager does, and waits for it.
fn stop(server: &mut Server) {
    assert!(Command::new("kill").arg(server.child.id().to_string()).status().unwrap().success());
    assert!(server.child.wait().unwrap().success());
}

fn from_hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[actix_web::test]
async fn a_span_a_request_with_what_a_log_line_says_and_nothing_secret() {
    let collector = Collector::start();
    let more = [("OTEL_EXPORTER_OTLP_HEADERS", "x-key=of-the-collector"), ("OTEL_SERVICE_NAME", "front-door")];
    let (_folder, server) = server("canary-alice", &format!("{}/", collector.endpoint()), &more);
    let mut alice = browser(&server);
    alice.login("canary-alice", "canary-wrong-password").await.is(401, "invalid_credentials");
    alice.login("canary-alice", PASSWORD).await.is(200, "");
    let cookie = alice.cookie.clone().unwrap();
    let answer = alice.get("/api/me?token=canary-query").await;
    let wanted = json!({"name": "canary-name", "expires_in_days": 1, "scopes": ["read"]});
    let token = alice.post("/api/tokens", wanted).await.json()["token"].as_str().unwrap().to_owned();
    alice.with_bearer(&token).get("/api/me").await.is(200, "");
    alice.get("/link/canary-path").await;
    alice.get("/api/links/canary-link").await;
    alice.get("/api/canary-unknown").await.is(404, "not_found");
    alice.send("CANARY".parse().unwrap(), "/api/me", crate::app::Body::None).await.is(405, "method_not_allowed");

    for text in ["GET /api/me", "POST /api/login", "GET /api/links/{token}", "HTTP /api/me", "_OTHER"] {
        collector.waits_for(text.as_bytes());
    }
    let request_id = answer.header("x-request-id");
    for text in ["http.request.method", "http.response.status_code", "http.route", "front-door", request_id] {
        assert!(collector.has(text.as_bytes()), "{text}");
    }
    let (head, _) = collector.taken.lock().unwrap()[0].clone();
    assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("x-key: of-the-collector") && head.contains("application/x-protobuf"), "{head}");
    let session = &cookie[cookie.len() - 43..];
    for secret in [PASSWORD, session, &token, "canary", "CANARY", "127.0.0.1", "Firefox"] {
        assert!(!collector.has(secret.as_bytes()), "{secret} is in a span");
    }
}

#[actix_web::test]
async fn the_callers_span_is_believed_from_trusted_proxies_only() {
    let collector = Collector::start();
    let traceparent = format!("00-{TRACE_ID}-{SPAN_ID}-01");
    for (proxies, is_believed) in [("203.0.113.0/24", false), ("127.0.0.0/8", true)] {
        let (_folder, server) = server("alice", &collector.endpoint(), &[("TRUSTED_PROXIES", proxies)]);
        let mut browser = browser(&server);
        browser.headers.push(("traceparent", traceparent.clone()));
        let request_id = browser.get("/api/me").await.header("x-request-id").to_owned();
        collector.waits_for(request_id.as_bytes());
        assert_eq!(collector.has(&from_hex(TRACE_ID)), is_believed);
        assert_eq!(collector.has(&from_hex(SPAN_ID)), is_believed);
        // Nonsense is no span.
        browser.headers = vec![("traceparent", "00-zz-01".to_owned())];
        let request_id = browser.get("/api/me").await.header("x-request-id").to_owned();
        collector.waits_for(request_id.as_bytes());
    }
}

#[actix_web::test]
async fn the_last_spans_are_sent_at_the_end() {
    let collector = Collector::start();
    let (_folder, mut server) = server("alice", &collector.endpoint(), &[("OTEL_BSP_SCHEDULE_DELAY", "600000")]);
    let request_id = browser(&server).get("/api/me").await.header("x-request-id").to_owned();
    assert!(!collector.has(request_id.as_bytes()));
    actix_web::web::block(move || stop(&mut server)).await.unwrap();
    assert!(collector.has(request_id.as_bytes()));
}

#[actix_web::test]
async fn a_collector_that_is_away_or_never_answers_changes_nothing() {
    let away = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    // Takes connections into its backlog and says nothing, for as long as the test runs.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    for address in [away, silent.local_addr().unwrap()] {
        // A queue of two: most spans find it full.
        let queue = [("OTEL_BSP_MAX_QUEUE_SIZE", "2"), ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "1")];
        let (_folder, mut server) = server("alice", &format!("http://{address}"), &queue);
        let mut alice = browser(&server);
        alice.login("alice", PASSWORD).await.is(200, "");
        for _ in 0..100 {
            alice.get("/api/me").await.is(200, "");
        }
        actix_web::web::block(move || stop(&mut server)).await.unwrap();
    }
    // Each attempt to send a span waits for an answer: where requests waited for theirs, there would be one a request.
    silent.set_nonblocking(true).unwrap();
    let attempts = silent.incoming().take_while(Result::is_ok).count();
    assert!((1..50).contains(&attempts), "{attempts} attempts during 100 requests");
}
