//! Following one's session.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use reqwest::header::{AUTHORIZATION, COOKIE, USER_AGENT};
use serde_json::{Value, json};

use crate::app::{Browser, FIREFOX, PASSWORD, TestApp, spawn, spawn_with};
use crate::database;
use crate::process::{Server, create_person};
use crate::two_servers::{at, pair};

/// An open stream, read line by line.
pub struct Events {
    pieces: BoxStream<'static, reqwest::Result<Vec<u8>>>,
    read: String,
}

impl Events {
    pub async fn open(browser: &Browser) -> Self {
        let mut request = reqwest::Client::new().get(format!("{}/api/events", browser.base));
        request = match (&browser.cookie, browser.headers.first()) {
            (Some(cookie), _) => request.header(COOKIE, cookie),
            (None, Some((_, bearer))) => request.header(AUTHORIZATION, bearer),
            (None, None) => request,
        };
        let response = request.header(USER_AGENT, browser.user_agent.as_deref().unwrap()).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream; charset=utf-8");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let pieces = response.bytes_stream().map(|piece| piece.map(|piece| piece.to_vec())).boxed();
        let mut events = Self { pieces, read: String::new() };
        assert_eq!(events.next().await.unwrap(), ": heartbeat");
        events
    }

    /// The next block; `None` when the stream has ended.
    pub async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.read.find("\n\n") {
                let block = self.read.drain(..end + 2).collect::<String>();
                return Some(block.trim_end().to_owned());
            }
            let piece =
                tokio::time::timeout(Duration::from_secs(20), self.pieces.next()).await.expect("a word in time");
            self.read.push_str(std::str::from_utf8(&piece?.unwrap()).unwrap());
        }
    }

    /// The next block that is more than a sign of life, which has to come within ten seconds.
    async fn word(&mut self) -> String {
        let asked = Instant::now();
        loop {
            let block = self.next().await.unwrap();
            if block != ": heartbeat" {
                assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
                return block;
            }
        }
    }

    /// The reason that the last event tells.
    async fn ended(&mut self) -> String {
        let block = self.word().await;
        let data = block.strip_prefix("event: session-ended\ndata: ").unwrap_or_else(|| panic!("{block}"));
        let data: Value = serde_json::from_str(data).unwrap();
        assert!(data["at"].as_str().unwrap().starts_with("2026-01-"), "{data}");
        assert_eq!(self.next().await, None);
        data["reason"].as_str().unwrap().to_owned()
    }
}

async fn another(app: &TestApp) -> Browser {
    let mut browser = app.browser();
    browser.login("alice", PASSWORD).await.is(200, "");
    browser
}

#[actix_web::test]
async fn every_ending_is_told_to_those_it_concerns() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let mut bob = Events::open(&app.signed_in("bob").await).await;
    let mut other = another(&app).await;
    let (mut mine, mut theirs) = (Events::open(&browser).await, Events::open(&other).await);
    other.logout().await.is(204, "");
    assert_eq!(theirs.ended().await, "logged_out");

    let mut theirs = Events::open(&another(&app).await).await;
    browser.delete("/api/sessions").await.is(200, "");
    assert_eq!(theirs.ended().await, "revoked");

    let mut theirs = Events::open(&another(&app).await).await;
    let change = json!({"current_password": PASSWORD, "new_password": "other words nobody guesses"});
    browser.post("/api/password", change).await.is(204, "");
    assert_eq!(theirs.ended().await, "password_changed");
    assert_eq!(mine.next().await, None, "somebody may have opened it with a copy of what the session was carried by");
    let mut mine = Events::open(&browser).await;

    browser.patch("/api/me", json!({"full_name": "Alice Moore"})).await.is(200, "");
    assert_eq!(mine.word().await, "event: user-changed\ndata: {}");
    browser.login("alice", "other words nobody guesses").await.is(200, "");
    assert_eq!(mine.ended().await, "replaced");

    let id = bob_id(&app).await;
    app.admin("root").await.patch(&format!("/api/users/{id}"), json!({"disabled": true})).await.is(200, "");
    assert_eq!(bob.ended().await, "disabled");
}

async fn bob_id(app: &TestApp) -> String {
    hallpass::users::queries::find_by_name(&app.db, "bob").await.unwrap().unwrap().id
}

#[actix_web::test]
async fn a_deleted_person_and_a_session_that_runs_out_are_told_too() {
    let app = spawn().await;
    let mut bob = Events::open(&app.signed_in("bob").await).await;
    let id = bob_id(&app).await;
    let mut root = app.admin("root").await;
    root.delete(&format!("/api/users/{id}")).await.is(204, "");
    assert_eq!(bob.ended().await, "revoked");

    let mut browser = app.browser();
    app.person("alice").await;
    let remember = json!({"username": "alice", "password": PASSWORD, "remember": false});
    browser.post("/api/login", remember).await.is(200, "");
    app.advance(24 * 3600 - 1);
    let mut alice = Events::open(&browser).await;
    app.advance(1);
    assert_eq!(alice.ended().await, "expired");
}

#[actix_web::test]
async fn what_ends_through_one_server_is_told_by_the_other() {
    let (one, other) = pair().await;
    let mut browser = one.signed_in("alice").await;
    let mut theirs = Events::open(&at(&other, &another(&one).await)).await;
    browser.delete("/api/sessions").await.is(200, "");
    assert_eq!(theirs.ended().await, "revoked");
}

#[actix_web::test]
async fn tokens_follow_too() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    let fields =
        [("grant_type", "password"), ("username", "alice"), ("password", PASSWORD), ("scope", "offline_access")];
    let token = app.browser().form("/api/token", &fields).await.json()["access_token"].as_str().unwrap().to_owned();
    let mut theirs = Events::open(&browser.with_bearer(&token)).await;
    browser.delete("/api/sessions").await.is(200, "");
    assert_eq!(theirs.ended().await, "revoked");

    let wish = json!({"name": "ci", "expires_in_days": 1, "scopes": ["read"]});
    let made = browser.post("/api/tokens", wish).await.json();
    let mut script = Events::open(&browser.with_bearer(made["token"].as_str().unwrap())).await;
    browser.patch("/api/me", json!({"full_name": "Alice Moore"})).await.is(200, "");
    assert_eq!(script.word().await, "event: user-changed\ndata: {}");
    browser.delete(&format!("/api/tokens/{}", made["id"].as_str().unwrap())).await.is(204, "");
    assert_eq!(script.next().await, None, "the script comes back, and is refused");
}

#[actix_web::test]
async fn following_is_no_use_of_a_session() {
    let app = spawn_with(&[("SESSION_IDLE_MINUTES", "30")]).await;
    let mut browser = app.signed_in("alice").await;
    app.advance(29 * 60);
    let mut events = Events::open(&browser).await;
    app.advance(2 * 60);
    // The heartbeat finds it.
    let block = events.next().await.unwrap();
    assert!(block.starts_with("event: session-ended") && block.contains(r#""reason":"idle""#), "{block}");
    assert_eq!(browser.get("/api/me").await.is(401, "session_ended").json()["reason"], "idle");
    browser.get("/api/events").await.is(401, "session_ended");
    browser.cookie = None;
    browser.get("/api/events").await.is(401, "not_authenticated");
}

#[actix_web::test]
async fn head_leaves_the_connection_to_the_next_request() {
    let app = spawn().await;
    let browser = app.signed_in("alice").await;
    let mut stream = TcpStream::connect(app.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let cookie = browser.cookie.unwrap();
    let common = format!("host: {}\r\nuser-agent: {FIREFOX}\r\ncookie: {cookie}\r\n\r\n", app.address);
    write!(stream, "HEAD /api/events HTTP/1.1\r\n{common}GET /api/servertime HTTP/1.1\r\n{common}").unwrap();
    let answers = BufReader::new(stream).lines().map_while(Result::ok).filter(|line| line.starts_with("HTTP/1.1 200"));
    assert_eq!(answers.take(2).count(), 2);
}

#[actix_web::test]
async fn streams_end_with_the_server() {
    let app = spawn().await;
    let browser = app.signed_in("alice").await;
    let mut events = Events::open(&browser).await;
    app.stop.cancel();
    assert_eq!(events.next().await, None);
}

/// A stream that nobody looks at once it has begun.
fn open_and_forget(address: SocketAddr, cookie: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET /api/events HTTP/1.1\r\nhost: {address}\r\nuser-agent: {FIREFOX}\r\ncookie: {cookie}\r\n\r\n")
        .unwrap();
    let mut lines = BufReader::new(&mut stream).lines();
    assert!(lines.next().unwrap().unwrap().ends_with("200 OK"));
    assert!(lines.map_while(Result::ok).any(|line| line.starts_with(": heartbeat")));
    stream
}

/// How much memory the server holds, in bytes (`VmRSS`, proc(5)).
fn memory(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[actix_web::test]
async fn an_open_stream_costs_less_than_twenty_kibibytes() {
    // Well below the 1024 files that a process may have open unless it asks for more.
    const STREAMS: u64 = 500;
    const PEOPLE: usize = 50;
    let folder = tempfile::tempdir().unwrap();
    let url = database::make(folder.path()).await;
    let server = Server::start(folder.path(), &[("DATABASE_URL", url.as_str())]);
    let mut browser = Browser {
        base: format!("http://{}", server.address),
        user_agent: Some(FIREFOX.to_owned()),
        cookie: None,
        headers: Vec::new(),
    };
    let mut cookies = Vec::new();
    for person in 0..PEOPLE {
        let name = format!("person{person}");
        create_person(folder.path(), &url, &name);
        browser.cookie = None;
        browser.login(&name, PASSWORD).await.is(200, "");
        cookies.push(browser.cookie.clone().unwrap());
    }
    let open = |count: usize| cookies.iter().cycle().take(count).map(|cookie| open_and_forget(server.address, cookie));
    let mut streams: Vec<_> = open(PEOPLE).collect();
    let before = memory(&server);
    streams.extend(open(usize::try_from(STREAMS).unwrap()));
    let each = memory(&server).saturating_sub(before) / STREAMS;
    println!("{STREAMS} open streams: {each} bytes each");
    assert!(each < 20 * 1024, "{each} bytes");
    browser.logout().await.is(204, "");
    let last = streams.pop().unwrap();
    last.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    assert!(BufReader::new(last).lines().map_while(Result::ok).any(|line| line == "event: session-ended"));
}
