//! What Prometheus is told: well formed, right, and bounded whatever strangers ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::app::{Body, CHROME, PASSWORD, TestApp, spawn, spawn_with};
use crate::process::command;
use crate::two_servers::at;

const ON: (&str, &str) = ("METRICS_ADDR", "127.0.0.1:0");

/// What one scrape said: the samples by name and labels, as they were written.
struct Scrape {
    samples: BTreeMap<String, f64>,
    kinds: BTreeMap<String, String>,
}

impl Scrape {
    async fn of(app: &TestApp) -> Self {
        Self::at(app.metrics.expect("METRICS_ADDR is set")).await
    }

    async fn at(address: SocketAddr) -> Self {
        let response = reqwest::get(format!("http://{address}/metrics")).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        Self::parse(&response.text().await.unwrap())
    }

    /// Reads the text form (Prometheus, exposition formats) and refuses whatever is not exactly so.
    fn parse(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line must end");
        let (mut samples, mut kinds) = (BTreeMap::new(), BTreeMap::new());
        let (mut helped, mut family) = (String::new(), String::new());
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, help) = rest.split_once(' ').unwrap();
                assert!(is_name(name) && help.ends_with('.'), "{line}");
                name.clone_into(&mut helped);
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                assert_eq!(name, helped, "TYPE follows HELP");
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert_eq!(name.ends_with("_total"), kind == "counter", "{line}");
                assert!(kinds.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} comes twice");
                name.clone_into(&mut family);
            } else {
                let (series, value) = line.rsplit_once(' ').unwrap();
                let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
                labels_of(labels.strip_suffix('}').unwrap_or_else(|| panic!("{line}")));
                let suffix = name.strip_prefix(&family).unwrap_or_else(|| panic!("{line} stands below {family}"));
                let suffixes: &[&str] =
                    if kinds[&family] == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
                assert!(suffixes.contains(&suffix), "{line}");
                let value: f64 = value.parse().unwrap();
                assert!(kinds[&family] == "gauge" || value >= 0.0, "{line}");
                assert!(samples.insert(series.to_owned(), value).is_none(), "{series} comes twice");
            }
        }
        let scrape = Self { samples, kinds };
        scrape.histograms_add_up();
        scrape
    }

    #[track_caller]
    fn histograms_add_up(&self) {
        for (name, _) in self.kinds.iter().filter(|(_, kind)| *kind == "histogram") {
            let mut buckets = BTreeMap::<BTreeMap<String, String>, Vec<(f64, f64)>>::new();
            for (series, value) in self.of_name(&format!("{name}_bucket")) {
                let mut labels = labels_of(series);
                let bound = labels.remove("le").unwrap().replace("+Inf", "inf").parse().unwrap();
                buckets.entry(labels).or_default().push((bound, value));
            }
            let counts: Vec<_> = self.of_name(&format!("{name}_count")).map(|(_, count)| count).collect();
            assert_eq!(counts.len(), buckets.len(), "{name}");
            assert_eq!(self.of_name(&format!("{name}_sum")).count(), buckets.len(), "{name}");
            for (labels, mut buckets) in buckets {
                buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
                assert!(buckets.is_sorted_by(|one, other| one.0 < other.0 && one.1 <= other.1), "{labels:?}");
                let (last, total) = buckets.pop().unwrap();
                assert!(last.is_infinite() && counts.contains(&total), "{labels:?}");
            }
        }
    }

    /// The labels and values of a name.
    fn of_name<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (&'a str, f64)> {
        self.samples.iter().filter_map(move |(series, value)| {
            let labels = series.strip_prefix(name)?;
            let labels = if labels.is_empty() { "" } else { labels.strip_prefix('{')?.strip_suffix('}')? };
            Some((labels, *value))
        })
    }

    /// The value of a series; zero where there is none yet.
    fn get(&self, series: &str) -> f64 {
        self.samples.get(series).copied().unwrap_or_default()
    }

    fn logins(&self, outcome: &str) -> f64 {
        self.samples[&format!("hallpass_logins_total{{outcome=\"{outcome}\"}}")]
    }

    fn ended(&self, reason: &str) -> f64 {
        self.samples[&format!("hallpass_sessions_ended_total{{reason=\"{reason}\"}}")]
    }

    fn requests(&self, method: &str, route: &str, status: u16) -> f64 {
        let labels = format!("method=\"{method}\",route=\"{route}\",status=\"{status}\"");
        self.get(&format!("hallpass_http_requests_total{{{labels}}}"))
    }

    fn series(&self) -> BTreeSet<&String> {
        self.samples.keys().collect()
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .chars()
            .all(|character| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_')
}

/// `a="1",b="2"`, without escapes: nothing of ours needs any.
fn labels_of(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split("\",").filter(|pair| !pair.is_empty());
    let labels: BTreeMap<String, String> = pairs
        .map(|pair| {
            let (name, value) = pair.split_once("=\"").unwrap_or_else(|| panic!("{text}"));
            let value = value.strip_suffix('"').unwrap_or(value);
            assert!(is_name(name) && !value.contains(['"', '\\', '\n']), "{text}");
            (name.to_owned(), value.to_owned())
        })
        .collect();
    assert_eq!(labels.len(), text.matches("=\"").count(), "{text}");
    labels
}

/// Waits until a series has that value, for what happens a moment after an answer.
async fn becomes(app: &TestApp, series: &str, expected: f64) {
    let begun = Instant::now();
    loop {
        let value = Scrape::of(app).await.get(series);
        if (value - expected).abs() < f64::EPSILON {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{series} is {value} and not {expected}");
        actix_web::rt::time::sleep(Duration::from_millis(50)).await;
    }
}

#[test]
#[should_panic(expected = "comes twice")]
fn the_parser_refuses_what_comes_twice() {
    Scrape::parse("# HELP a_total A.\n# TYPE a_total counter\na_total 1\na_total 2\n");
}

#[test]
#[should_panic(expected = "stands below")]
fn the_parser_refuses_what_was_not_announced() {
    Scrape::parse("# HELP a_total A.\n# TYPE a_total counter\na_total 1\nb 2\n");
}

#[actix_web::test]
async fn requests_are_counted_by_method_route_and_status() {
    let app = spawn_with(&[ON]).await;
    let mut alice = app.signed_in("alice").await;
    for _ in 0..3 {
        alice.get("/api/me").await.is(200, "");
    }
    app.browser().get("/api/me").await.is(401, "not_authenticated");
    alice.send(Method::HEAD, "/api/me", Body::None).await;
    alice.delete("/api/sessions/0191e000-0000-7000-8000-000000000000").await.is(404, "not_found");
    // The second time it is at hand.
    for _ in 0..2 {
        alice.get("/assets/app-abc123.js").await.is(200, "");
    }
    alice.get("/.well-known/jwks.json").await.is(200, "");
    let scrape = Scrape::of(&app).await;
    assert!((scrape.requests("GET", "/api/me", 200) - 3.0).abs() < f64::EPSILON);
    for (method, route, status) in [
        ("POST", "/api/login", 200),
        ("GET", "/api/me", 401),
        ("HEAD", "/api/me", 200),
        ("DELETE", "/api/sessions/{id}", 404),
        ("GET", "/.well-known/jwks.json", 200),
    ] {
        assert!((scrape.requests(method, route, status) - 1.0).abs() < f64::EPSILON, "{method} {route} {status}");
    }
    assert!((scrape.requests("GET", "app", 200) - 2.0).abs() < f64::EPSILON);
    let count = "hallpass_http_request_duration_seconds_count{route=\"/api/me\"}";
    assert!((scrape.get(count) - 5.0).abs() < f64::EPSILON);
    assert!(scrape.get("hallpass_http_request_duration_seconds_sum{route=\"/api/login\"}") > 0.0);
    let build = format!("hallpass_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"));
    assert!((scrape.get(&build) - 1.0).abs() < f64::EPSILON);
    assert!((scrape.get("process_start_time_seconds") - 1_767_225_600.0).abs() < f64::EPSILON);
    assert!(scrape.get("process_resident_memory_bytes") > 1e6 && scrape.get("process_open_fds") > 3.0);
}

#[actix_web::test]
async fn every_route_of_the_document_has_a_label_of_its_own() {
    let app = spawn_with(&[ON]).await;
    let mut browser = app.browser();
    let document = browser.get("/api/openapi.json").await.json();
    let paths: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    for path in &paths {
        browser.send(Method::OPTIONS, &format!("/api{path}").replace(['{', '}'], ""), Body::None).await;
    }
    let scrape = Scrape::of(&app).await;
    for path in paths {
        assert!(scrape.requests("OPTIONS", &format!("/api{path}"), 405) > 0.0, "{path}");
    }
}

#[actix_web::test]
async fn a_thousand_unknown_paths_make_no_new_label() {
    let app = spawn_with(&[ON]).await;
    let mut browser = app.browser();
    let strange = |number: u32| {
        let noise = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        [format!("/{noise:x}"), format!("/api/{noise:x}"), format!("/api/sessions/{noise:x}"), format!("/a/{noise}.js")]
    };
    let methods = [Method::GET, Method::POST, "BREW".parse().unwrap(), "TRACE".parse().unwrap()];
    let round = async |browser: &mut crate::app::Browser, numbers: std::ops::Range<u32>| {
        for number in numbers {
            for (path, method) in strange(number).iter().zip(methods.iter().cycle().skip(number as usize)) {
                browser.send(method.clone(), path, Body::None).await;
            }
        }
    };
    round(&mut browser, 0..8).await;
    let before = Scrape::of(&app).await;
    round(&mut browser, 8..258).await;
    let after = Scrape::of(&app).await;
    assert_eq!(before.series(), after.series());
    let all = |scrape: &Scrape| scrape.of_name("hallpass_http_requests_total").map(|(_, count)| count).sum::<f64>();
    assert!((all(&after) - all(&before) - 1000.0).abs() < f64::EPSILON);
}

#[actix_web::test]
async fn passwords_are_counted_by_what_became_of_them() {
    let app = spawn_with(&[ON]).await;
    app.person("alice").await;
    let mut alice = app.browser();
    alice.login("alice", PASSWORD).await.is(200, "");
    alice.post("/api/reauth", json!({"password": PASSWORD})).await.is(204, "");
    for number in 0..10 {
        app.browser().login(if number < 5 { "alice" } else { "nobody" }, "wrong").await.is(401, "invalid_credentials");
    }
    app.browser().login("alice", PASSWORD).await.is(429, "too_many_attempts");
    let scrape = Scrape::of(&app).await;
    let expected = [("ok", 2.0), ("failed", 10.0), ("throttled", 1.0), ("overloaded", 0.0), ("error", 0.0)];
    for (outcome, count) in expected {
        assert!((scrape.logins(outcome) - count).abs() < f64::EPSILON, "{outcome}: {}", scrape.logins(outcome));
    }
    // Alice's own, and one for each password that was looked at.
    assert!((scrape.get("hallpass_hashes_computed_total") - 13.0).abs() < f64::EPSILON);

    app.db.close().await;
    app.browser().login("alice", PASSWORD).await.is(429, "too_many_attempts");
    app.advance(6);
    app.browser().login("alice", PASSWORD).await.is(503, "unavailable");
    app.advance(15);
    let scrape = Scrape::of(&app).await;
    assert!((scrape.logins("error") - 1.0).abs() < f64::EPSILON);
    assert!(scrape.get("hallpass_sessions").is_nan(), "nobody knows how many there are");
}

#[actix_web::test]
async fn a_flood_shows_in_the_queue_and_as_refusals() {
    let settings = [ON, ("ARGON2_MEMORY_KIB", "32768"), ("ARGON2_ITERATIONS", "2"), ("HASH_THREADS", "1")];
    let app = spawn_with(&settings).await;
    // Not all under one name, at which they would wait for each other.
    let password_hash = app.hasher.hash(PASSWORD.into()).await.unwrap();
    for number in 0..150 {
        app.person_with_hash(&format!("p{number}"), &password_hash).await;
    }
    let flood: Vec<_> = (0..150)
        .map(|number| {
            let mut browser = app.browser();
            actix_web::rt::spawn(async move { browser.login(&format!("p{number}"), PASSWORD).await.status })
        })
        .collect();
    let (mut queue, mut in_flight) = (0.0_f64, 0.0_f64);
    while !flood.iter().all(actix_web::rt::task::JoinHandle::is_finished) {
        let scrape = Scrape::of(&app).await;
        queue = queue.max(scrape.get("hallpass_hash_queue_length"));
        in_flight = in_flight.max(scrape.get("hallpass_http_requests_in_flight"));
        actix_web::rt::time::sleep(Duration::from_millis(20)).await;
    }
    let mut refused = 0.0;
    for login in flood {
        refused += f64::from(u8::from(login.await.unwrap() == 503));
    }
    let scrape = Scrape::of(&app).await;
    assert!(refused > 0.0 && queue > 50.0 && in_flight > 50.0, "{refused} {queue} {in_flight}");
    assert!(queue <= scrape.get("hallpass_hash_queue_capacity"), "{queue}");
    assert!((scrape.logins("overloaded") - refused).abs() < f64::EPSILON);
    assert!((scrape.get("hallpass_hashes_refused_total") - refused).abs() < f64::EPSILON);
    assert!((scrape.requests("POST", "/api/login", 503) - refused).abs() < f64::EPSILON);
    assert!(scrape.get("hallpass_hash_queue_length").abs() < f64::EPSILON);
    assert!(scrape.get("hallpass_http_requests_in_flight").abs() < f64::EPSILON);
}

#[actix_web::test]
async fn who_hangs_up_is_not_in_flight_for_ever() {
    let settings = [ON, ("ARGON2_MEMORY_KIB", "131072"), ("ARGON2_ITERATIONS", "10"), ("HASH_THREADS", "1")];
    let app = spawn_with(&settings).await;
    let body = json!({"username": "nobody", "password": "wrong"}).to_string();
    let mut stream = TcpStream::connect(app.address).unwrap();
    let head = "POST /api/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    stream.write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).unwrap();
    becomes(&app, "hallpass_http_requests_in_flight", 1.0).await;
    drop(stream);
    becomes(&app, "hallpass_http_requests_in_flight", 0.0).await;
    becomes(&app, "hallpass_logins_total{outcome=\"failed\"}", 1.0).await;
}

#[actix_web::test]
async fn endings_are_counted_by_reason_once_each() {
    let app = spawn_with(&[ON, ("MAX_SESSIONS_PER_USER", "3"), ("SESSION_IDLE_MINUTES", "5")]).await;
    let mut admin = app.admin("root").await;
    let id = app.person("alice").await;
    let sign_in = async || {
        app.advance(1);
        let mut browser = app.browser();
        browser.login("alice", PASSWORD).await.is(200, "");
        browser
    };
    let mut alice = sign_in().await;
    alice.logout().await.is(204, "");
    alice.logout().await.is(204, "");
    // One that takes the place of another, and one beyond the limit.
    let mut alice = sign_in().await;
    alice.login("alice", PASSWORD).await.is(200, "");
    let mut others = [sign_in().await, sign_in().await, sign_in().await];
    let own = others[0].get("/api/me").await.json()["session"]["id"].as_str().unwrap().to_owned();
    others[1].delete(&format!("/api/sessions/{own}")).await.is(204, "");
    others[1].delete(&format!("/api/sessions/{own}")).await;
    let new = json!({"current_password": PASSWORD, "new_password": "other words nobody guesses"});
    others[1].post("/api/password", new).await.is(204, "");
    others[1].user_agent = Some(CHROME.to_owned());
    others[1].get("/api/me").await.is(401, "session_ended");
    let mut browser = app.browser();
    browser.login("alice", "other words nobody guesses").await.is(200, "");
    admin.patch(&format!("/api/users/{id}"), json!({"disabled": true})).await.is(200, "");
    let scrape = Scrape::of(&app).await;
    for (reason, count) in [
        ("logged_out", 1.0),
        ("replaced", 2.0),
        ("revoked", 1.0),
        ("password_changed", 1.0),
        ("browser_mismatch", 1.0),
        ("disabled", 1.0),
        ("idle", 0.0),
        ("expired", 0.0),
    ] {
        assert!((scrape.ended(reason) - count).abs() < f64::EPSILON, "{reason}: {}", scrape.ended(reason));
    }
    // What nobody ends is ended by who tidies up, each server at its start.
    app.advance(600);
    let twin = app.twin().await;
    becomes(&twin, "hallpass_sessions_ended_total{reason=\"idle\"}", 1.0).await;
    at(&twin, &admin).get("/api/me").await.is(401, "session_ended");
    assert!(Scrape::of(&twin).await.ended("logged_out").abs() < f64::EPSILON, "each server counts what it ends");
}

#[actix_web::test]
async fn living_sessions_are_counted_now_and_then() {
    let app = spawn_with(&[ON]).await;
    let sessions = async || Scrape::of(&app).await.get("hallpass_sessions");
    assert!(sessions().await.abs() < f64::EPSILON);
    let mut alice = app.signed_in("alice").await;
    let _bob = app.signed_in("bob").await;
    assert!(sessions().await.abs() < f64::EPSILON, "the number is kept for 15 seconds");
    app.advance(15);
    assert!((sessions().await - 2.0).abs() < f64::EPSILON);
    alice.logout().await.is(204, "");
    app.advance(15);
    assert!((sessions().await - 1.0).abs() < f64::EPSILON);
    app.advance(8 * 86_400);
    assert!(sessions().await.abs() < f64::EPSILON, "what has run out does not live");
}

#[actix_web::test]
async fn open_streams_and_connections_are_shown() {
    let app = spawn_with(&[ON]).await;
    let mut alice = app.signed_in("alice").await;
    let cookie = alice.cookie.clone().unwrap();
    let request = reqwest::Client::new().get(app.url("/api/events")).header("cookie", cookie);
    let stream = request.header("user-agent", alice.user_agent.clone().unwrap()).send().await.unwrap();
    assert_eq!(stream.status(), 200);
    becomes(&app, "hallpass_event_streams", 1.0).await;
    alice.logout().await.is(204, "");
    stream.text().await.unwrap();
    becomes(&app, "hallpass_event_streams", 0.0).await;

    let scrape = Scrape::of(&app).await;
    let pools: Vec<&str> = if scrape.samples.contains_key("hallpass_database_connections_max{pool=\"write\"}") {
        vec!["read", "write"]
    } else {
        vec!["main"]
    };
    for pool in pools {
        let of = |state: &str| {
            scrape.samples[&format!("hallpass_database_connections{{pool=\"{pool}\",state=\"{state}\"}}")]
        };
        let max = scrape.samples[&format!("hallpass_database_connections_max{{pool=\"{pool}\"}}")];
        assert!(of("idle") >= 0.0 && of("used") >= 0.0 && of("idle") + of("used") >= 1.0, "{pool}");
        assert!(of("idle") + of("used") <= max && (max - if pool == "write" { 1.0 } else { 10.0 }).abs() < 0.5);
    }
}

#[actix_web::test]
async fn only_the_own_address_answers_and_nothing_else_there() {
    let app = spawn_with(&[ON]).await;
    let mut browser = app.browser();
    browser.get("/api/metrics").await.is(404, "not_found");
    assert!(browser.get("/metrics").await.text().contains("<title>Hallpass</title>"), "a page of the app, as any path");
    let address = app.metrics.unwrap();
    for (method, path, status) in [
        (Method::GET, "/", 404),
        (Method::GET, "/api/me", 404),
        (Method::GET, "/metrics/", 404),
        (Method::POST, "/metrics", 405),
    ] {
        let request = reqwest::Client::new().request(method, format!("http://{address}{path}"));
        assert_eq!(request.send().await.unwrap().status(), status, "{path}");
    }
    assert_eq!(spawn().await.metrics, None, "off unless set");
}

#[actix_web::test]
async fn the_listener_ends_with_the_server() {
    let mut app = spawn_with(&[ON]).await;
    let address = app.metrics.unwrap();
    Scrape::at(address).await;
    app.stop.cancel();
    let server = app.server.take().unwrap();
    actix_web::web::block(move || server.join()).await.unwrap().unwrap().unwrap();
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn an_address_that_others_reach_or_that_is_taken_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let run = |word: &str, address: &str| {
        let mut command = command(folder.path(), &[("METRICS_ADDR", address), ("PORT", "0")]);
        let output = command.arg(word).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) = run("check", "0.0.0.0:0");
    assert_eq!(code, Some(78), "{said}");
    assert!(said.contains("METRICS_ADDR must be an address of this machine alone"), "{said}");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let (code, said) = run("serve", &taken.local_addr().unwrap().to_string());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("set METRICS_ADDR to a free address"), "{said}");
}

/// The names that start like ours in a text, each with the labels that stand in braces behind it.
fn names_in(text: &str) -> Vec<(String, String)> {
    let mut names = Vec::new();
    for (at, _) in text.match_indices("hallpass_").chain(text.match_indices("process_")) {
        if text[..at].ends_with(|before: char| before.is_ascii_alphanumeric() || before == '_') {
            continue;
        }
        let name: String =
            text[at..].chars().take_while(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '_').collect();
        let rest = &text[at + name.len()..];
        let labels = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).map_or("", |(labels, _)| labels);
        names.push((name, labels.to_owned()));
    }
    names
}

/// Every expression of Prometheus's in a JSON document: what stands under `expr` or `query`.
fn expressions(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if name == "expr" || name == "query" => found.push(text.clone()),
                    value => expressions(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| expressions(item, found)),
        _ => {}
    }
}

#[actix_web::test]
async fn dashboard_alerts_and_page_name_only_what_there_is() {
    let app = spawn_with(&[ON]).await;
    let mut alice = app.signed_in("alice").await;
    alice.get("/api/me").await.is(200, "");
    let scrape = Scrape::of(&app).await;
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let read = |name: &str| fs::read_to_string(docs.join(name)).unwrap();
    let mut expressions_of_dashboard = Vec::new();
    let dashboard: Value = serde_json::from_str(&read("monitoring/dashboard.json")).unwrap();
    expressions(&dashboard, &mut expressions_of_dashboard);
    assert!(expressions_of_dashboard.len() > 10);
    let texts = [
        ("dashboard", expressions_of_dashboard.join("\n")),
        ("alerts", read("monitoring/alerts.yml")),
        ("page", read("MONITORING.md")),
    ];
    for (place, text) in &texts {
        let names = names_in(text);
        assert!(names.len() > 5, "{place}");
        for (name, labels) in names {
            let found: Vec<_> = scrape.of_name(&name).map(|(labels, _)| labels_of(labels)).collect();
            assert!(!found.is_empty() || scrape.kinds.contains_key(&name), "the {place} names {name}");
            for matcher in labels.split(',').filter(|matcher| !matcher.is_empty()) {
                let label = matcher.trim().split(['=', '!']).next().unwrap();
                let is_ours = ["instance", "job"].contains(&label) || found.iter().all(|one| one.contains_key(label));
                assert!(is_ours, "the {place} tells {name} apart by {label}");
            }
        }
    }
    let page = &texts[2].1;
    for name in scrape.kinds.keys() {
        assert!(page.contains(&format!("`{name}`")), "MONITORING.md does not explain {name}");
    }
    let alerts = &texts[1].1;
    for alert in alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        assert!(page.contains(&format!("`{alert}`")), "MONITORING.md does not explain the alert {alert}");
    }
}
