//! Whatever comes over the wire: an answer that is no failure of ours, a connection that goes on, one line in the log.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Child;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use tempfile::TempDir;

use crate::app::make_dist;
use crate::process::{self, PASSWORD};

/// What a header may hold (RFC 9110 section 5.5).
type Bytes = Vec<u8>;

/// A server, and one connection to it that is kept for as long as it lasts.
struct Fuzz {
    server: Child,
    address: SocketAddr,
    connection: RefCell<Option<BufReader<TcpStream>>>,
    /// The ids of the requests that reached the application.
    ids: RefCell<Vec<String>>,
    cookie: Bytes,
    access_token: String,
    folder: TempDir,
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.split_once(&format!("\r\n{name}: "))?.1.split("\r\n").next()
    }
}

impl Fuzz {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dist = folder.path().join("dist");
        make_dist(&dist);
        let database = format!("sqlite://{}", folder.path().join("hallpass.db").display());
        process::create_person(folder.path(), &database, "alice");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let settings = [
            ("DATABASE_URL", database.as_str()),
            ("PORT", &port.to_string()),
            ("TRUSTED_PROXIES", "127.0.0.0/8"),
            ("CLIENT_DIST", "dist"),
        ];
        let log = File::create(folder.path().join("log")).unwrap();
        let server = process::command(folder.path(), &settings).stdout(log).spawn().unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        while TcpStream::connect(address).is_err() {
            std::thread::sleep(Duration::from_millis(10));
        }
        let mut fuzz = Self {
            server,
            address,
            connection: RefCell::default(),
            ids: RefCell::default(),
            cookie: Vec::new(),
            access_token: String::new(),
            folder,
        };
        let json = [("content-type", b"application/json".to_vec())];
        let body = format!(r#"{{"username":"alice","password":"{PASSWORD}"}}"#);
        let answer = fuzz.send(b"POST", b"/api/login", &json, &body);
        fuzz.cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().into();
        let form = [("content-type", b"application/x-www-form-urlencoded".to_vec())];
        let body = format!("grant_type=password&username=alice&password={}", PASSWORD.replace(' ', "+"));
        let answer: Value = serde_json::from_str(&fuzz.send(b"POST", b"/api/token", &form, &body).body).unwrap();
        answer["access_token"].as_str().unwrap().clone_into(&mut fuzz.access_token);
        fuzz
    }

    /// Sends a request, on the connection of those before unless it was closed, as it may be after one that cannot be parsed.
    fn send(&self, method: &[u8], path: &[u8], headers: &[(&str, Bytes)], body: &str) -> Answer {
        let mut connection = self.connection.borrow_mut();
        let socket = connection.get_or_insert_with(|| {
            let socket = TcpStream::connect(self.address).unwrap();
            socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
            socket.set_nodelay(true).unwrap();
            BufReader::new(socket)
        });
        let mut request = [method, b" ", path, b" HTTP/1.1\r\nhost: x\r\n"].concat();
        for (name, value) in headers {
            request.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        request.extend(format!("content-length: {}\r\n\r\n{body}", body.len()).bytes());
        socket.get_mut().write_all(&request).unwrap();
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(socket.read_line(&mut head).unwrap(), 0, "the connection was closed after {head:?}");
        }
        let mut answer = Answer { status: head[9..12].parse().unwrap(), head, body: String::new() };
        let length = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
        let mut bytes = vec![0; length];
        socket.read_exact(&mut bytes).unwrap();
        answer.body = String::from_utf8_lossy(&bytes).into_owned();
        match answer.header("x-request-id") {
            Some(id) => self.ids.borrow_mut().push(id.to_owned()),
            None => *connection = None,
        }
        answer
    }

    /// Whether the request reached the application.
    fn was_parsed(answer: &Answer) -> bool {
        answer.header("x-request-id").is_some()
    }

    /// Kills the server and reads its log: each request has its line, and nothing that came in has made another.
    fn holds_one_line_a_request(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
        let mut lines: BTreeMap<String, u32> = BTreeMap::new();
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap();
        // Before that, people are told how to make the first administrator.
        for line in log.lines().skip_while(|line| !line.contains("Hallpass is ready")) {
            let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
            if line["target"] == "actix_http::h1::dispatcher" {
                // What could not be parsed; the message repeats nothing of it.
                assert!(line["message"].as_str().unwrap().starts_with("stream error: request parse error: "), "{line}");
            }
            if line["message"] != "request" {
                continue;
            }
            assert!(line["level"] != "ERROR", "{line}");
            *lines.entry(line["request_id"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        let ids = self.ids.take();
        assert_eq!(lines.len(), ids.len());
        assert!(ids.iter().all(|id| lines[id] == 1));
    }
}

impl Drop for Fuzz {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Runs it as often as `PROPTEST_CASES` says; a request takes long enough that a hundredth of a million is many.
fn check<S: Strategy>(strategy: &S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let cases = Config::default().cases.min(100_000);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 500, ..Config::default() };
    TestRunner::new(config).run(strategy, test).unwrap();
}

/// Whatever a header may hold.
fn value() -> impl Strategy<Value = Bytes> {
    let byte = prop_oneof![4 => 32_u8..127, 2 => 128_u8.., 1 => Just(b'\t'), 2 => select(&b";=,\"%\\:"[..])];
    vec(byte, 0..80)
}

#[test]
fn any_cookie_header() {
    // One byte can make `%3d` of `%3D`, which is the same cookie.
    let decoded = percent_encoding::percent_decode;
    let mut fuzz = Fuzz::start();
    let changed = (any::<prop::sample::Index>(), 32_u8..127).prop_map({
        let cookie = fuzz.cookie.clone();
        move |(at, byte)| {
            let mut cookie = cookie.clone();
            let at = at.index(cookie.len());
            cookie[at] = byte;
            cookie
        }
    });
    let name = select(vec!["session_id=", "session_id", "refresh_token=", "device=", "%73ession_id=", "", "="]);
    let ours = (name, value()).prop_map(|(name, value)| [name.as_bytes(), &value].concat());
    check(&vec(prop_oneof![value(), ours, changed], 0..4), |lines| {
        let headers: Vec<_> = lines.into_iter().map(|line| ("cookie", line)).collect();
        for (method, path) in [(&b"GET"[..], &b"/api/me"[..]), (b"POST", b"/api/refresh-token")] {
            let answer = fuzz.send(method, path, &headers, "");
            prop_assert!(
                answer.status == 401 || headers.iter().any(|(_, line)| decoded(line).eq(decoded(&fuzz.cookie))),
                "{}",
                answer.head
            );
            prop_assert!(Fuzz::was_parsed(&answer));
        }
        Ok(())
    });
    fuzz.holds_one_line_a_request();
}

#[test]
fn other_cookies_sign_nobody_out() {
    let mut fuzz = Fuzz::start();
    let other = || value().prop_map(|value| value.split(|byte| *byte == b';').next().unwrap_or_default().to_vec());
    check(&(vec(other(), 0..4), vec(other(), 0..4)), |(before, after)| {
        let line = [before, vec![fuzz.cookie.clone()], after].concat().join(&b"; "[..]);
        let answer = fuzz.send(b"GET", b"/api/me", &[("cookie", line)], "");
        prop_assert_eq!(answer.status, 200, "{}", answer.body);
        Ok(())
    });
    fuzz.holds_one_line_a_request();
}

#[test]
fn any_authorization_header() {
    let mut fuzz = Fuzz::start();
    let token = fuzz.access_token.clone();
    let changed = (any::<prop::sample::Index>(), 33_u8..127).prop_map(move |(at, byte)| {
        let mut token = token.clone().into_bytes();
        let at = at.index(token.len());
        token[at] = byte;
        [b"Bearer ", &token[..]].concat()
    });
    let scheme = select(vec!["Bearer ", "bearer", "Bearer hp_", "BEARER eyJ", "Basic ", "Digest ", ""]);
    let made_up = (scheme, value()).prop_map(|(scheme, value)| [scheme.as_bytes(), &value].concat());
    let good = format!("Bearer {}", fuzz.access_token).into_bytes();
    check(&(prop_oneof![made_up, changed], any::<bool>()), |(value, brings_cookie)| {
        // HTTP trims (RFC 9110 section 5.5).
        let trimmed = value.trim_ascii();
        let is_good = trimmed == good;
        let is_bearer = trimmed.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer"))
            && trimmed.get(6).is_none_or(|byte| *byte == b' ');
        let mut headers = vec![("authorization", value)];
        if brings_cookie {
            headers.push(("cookie", fuzz.cookie.clone()));
        }
        let answer = fuzz.send(b"GET", b"/api/me", &headers, "");
        let expected = if is_good || (brings_cookie && !is_bearer) { 200 } else { 401 };
        prop_assert_eq!(answer.status, expected, "{}", answer.body);
        prop_assert_eq!(answer.header("www-authenticate").is_some(), is_bearer && !is_good, "{}", answer.head);
        Ok(())
    });
    fuzz.holds_one_line_a_request();
}

#[test]
fn any_forwarded_header() {
    let mut fuzz = Fuzz::start();
    let address = prop_oneof![
        any::<std::net::IpAddr>().prop_map(|ip| ip.to_string().into_bytes()),
        any::<std::net::SocketAddr>().prop_map(|socket| format!("for=\"{socket}\";proto=https").into_bytes()),
        Just(b"127.0.0.1".to_vec()),
        value(),
    ];
    let name = select(vec!["x-forwarded-for", "forwarded", "x-real-ip", "x-forwarded-host", "x-forwarded-proto"]);
    let line = (name, vec(address, 0..40)).prop_map(|(name, items)| (name, items.join(&b", "[..])));
    check(&vec(line, 0..4), |mut headers| {
        headers.push(("content-type", b"application/json".to_vec()));
        let answer = fuzz.send(b"POST", b"/api/login", &headers, r#"{"username":"nobody","password":"x"}"#);
        prop_assert!(matches!(answer.status, 401 | 429), "{} {}", answer.head, answer.body);
        Ok(())
    });
    fuzz.holds_one_line_a_request();
}

#[test]
fn any_path() {
    const CONTENTS: [&str; 4] = [
        "<!doctype html><title>Hallpass</title>",
        "document.documentElement.dataset.theme='dark'",
        "console.log('plain')",
        "",
    ];
    let mut fuzz = Fuzz::start();
    let step = select(vec![
        &b".."[..],
        b".",
        b"%2e%2e",
        b"%2E.",
        b"%252e",
        b"assets",
        b"app-abc123.js",
        b"theme.js",
        b".secret",
        b"%2esecret",
        b"hallpass.db",
        b"dist",
        b"%00",
        b"%5c",
        b"\\",
        b"%2f",
        b"..;",
        b"%",
        b"%zz",
        b"api",
        b"me",
        b"*",
        b"\xff",
        b"\xc3\xa9",
        b"?",
        b"#",
        b"&=",
        b"a\tb",
    ]);
    let separator = select(vec![&b"/"[..], b"//", b"%2f", b"\\", b""]);
    let steps = vec((separator, step), 0..7)
        .prop_map(|steps| steps.into_iter().flat_map(|(one, other)| [one, other].concat()).collect());
    let any = vec(prop_oneof![0_u8..b'\n', 11_u8..b'\r', 14_u8..b' ', 33_u8..], 0..60);
    let path = prop_oneof![3 => steps, 1 => any].prop_map(|path: Bytes| [b"/", &path[..]].concat());
    let method = select(vec![&b"GET"[..], b"GET", b"GET", b"POST", b"OPTIONS", b"BREW"]);
    check(&(method, path, value()), |(method, path, accept)| {
        let headers =
            [("accept", [b"text/html, ", &accept[..]].concat()), ("range", accept.clone()), ("if-none-match", accept)];
        let answer = fuzz.send(method, &path, &headers, "");
        let is_api = path.starts_with(b"/api");
        match answer.status {
            200 | 206 if !is_api => prop_assert!(CONTENTS.contains(&&*answer.body), "{}", answer.body),
            304 | 404 | 405 | 416 => {}
            400 => prop_assert!(!Fuzz::was_parsed(&answer), "{}", answer.body),
            status => prop_assert!(is_api && status < 500, "{} {}", answer.head, answer.body),
        }
        Ok(())
    });
    fuzz.holds_one_line_a_request();
}
