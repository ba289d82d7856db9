//! A server of its own for each test, and the people and programs that talk to it.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use actix_web::rt::task::JoinHandle;
use hallpass::app::Application;
use hallpass::clock::{Clock, Timestamp};
use hallpass::config::{Config, LogConfig, LogFormat};
use hallpass::db::{Db, Remote, Tx};
use hallpass::http::embedded::EmbeddedFile;
use hallpass::identity::{EndReason, Role, new_id};
use hallpass::links::Links;
use hallpass::openapi;
use hallpass::secret::hasher::Hasher;
use hallpass::users::queries::{self as users, NewAccount};
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, COOKIE, HeaderMap, SET_COOKIE, USER_AGENT};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::fmt::MakeWriter;

use crate::database;
use crate::mail_server::Mail;

pub use crate::process::PASSWORD;
pub const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:137.0) Gecko/20100101 Firefox/137.0";
pub const CHROME: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36";
/// 2026-01-01T00:00:00Z
const START: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

pub struct TestApp {
    pub address: SocketAddr,
    /// Where Prometheus may ask, with `METRICS_ADDR`.
    pub metrics: Option<SocketAddr>,
    pub clock: Clock,
    pub db: Db,
    pub hasher: Hasher,
    pub stop: CancellationToken,
    pub folder: TempDir,
    pub config: Config,
    pub server: Option<thread::JoinHandle<std::io::Result<()>>>,
}

/// A server with the settings of production but for a cheap Argon2id.
pub async fn spawn() -> TestApp {
    spawn_with(&[]).await
}

/// The same with other settings.
pub async fn spawn_with(settings: &[(&str, &str)]) -> TestApp {
    spawn_configured(settings, |_| ()).await
}

/// The same with changes that no variable makes.
pub async fn spawn_configured(settings: &[(&str, &str)], change: impl FnOnce(&mut Config)) -> TestApp {
    capture_log();
    let folder = tempfile::tempdir().unwrap();
    let dist = folder.path().join("dist");
    make_dist(&dist);
    let database = database::make(folder.path()).await;
    let settings: BTreeMap<&str, &str> = [
        ("ENVIRONMENT", "development"),
        ("PUBLIC_URL", "http://localhost:3000"),
        ("PORT", "0"),
        ("DATABASE_URL", database.as_str()),
        ("SESSION_KEY", "the first key of the tests is long enough"),
        ("ARGON2_MEMORY_KIB", "64"),
        ("ARGON2_ITERATIONS", "1"),
        ("CLIENT_DIST", dist.to_str().unwrap()),
    ]
    .into_iter()
    .chain(settings.iter().copied())
    .collect();
    let mut config = Config::from_environment(settings.into_iter().collect()).unwrap();
    change(&mut config);
    start(config, Clock::fixed(START), folder).await
}

/// Starts a server on what `folder` holds.
pub async fn start(config: Config, clock: Clock, folder: TempDir) -> TestApp {
    start_embedding(&[], config, clock, folder).await
}

/// The same for a program that contains these files of the web app.
pub async fn start_embedding(files: &'static [EmbeddedFile], config: Config, clock: Clock, folder: TempDir) -> TestApp {
    let stop = CancellationToken::new();
    let (ready, started) = oneshot::channel();
    let server = thread::spawn({
        let (clock, stop, config) = (clock.clone(), stop.clone(), config.clone());
        move || {
            actix_web::rt::System::new().block_on(async move {
                let application = Application::bind(config, clock).await.unwrap().embedding(files);
                let addresses = (application.address(), application.metrics_address());
                let parts = (application.db().clone(), application.hasher().clone());
                ready.send((addresses, parts)).unwrap();
                application.run(stop.cancelled_owned()).await
            })
        }
    });
    let ((address, metrics), (db, hasher)) = started.await.unwrap();
    TestApp { address, metrics, clock, db, hasher, stop, folder, config, server: Some(server) }
}

pub fn make_dist(dist: &std::path::Path) {
    let assets = dist.join("assets");
    std::fs::create_dir_all(&assets).unwrap();
    let files = [
        ("index.html", "<!doctype html><title>Hallpass</title>"),
        ("index.html.br", "the page, brotli"),
        ("favicon.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("theme.js", "document.documentElement.dataset.theme='dark'"),
        ("assets/app-abc123.js", "console.log('plain')"),
        ("assets/app-abc123.js.br", "the script, brotli"),
        ("assets/app-abc123.js.gz", "the script, gzip"),
        (".secret", "hidden"),
    ];
    for (name, content) in files {
        std::fs::write(dist.join(name), content).unwrap();
    }
}

impl TestApp {
    /// Another server on the same database, which looks at the same clock.
    pub async fn twin(&self) -> Self {
        start(self.config.clone(), self.clock.clone(), tempfile::tempdir().unwrap()).await
    }

    /// The address of `path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A browser that has never been here.
    pub fn browser(&self) -> Browser {
        Browser { base: self.url(""), user_agent: Some(FIREFOX.to_owned()), cookie: None, headers: Vec::new() }
    }

    /// Creates a person with [`PASSWORD`]; gives the id.
    pub async fn person(&self, username: &str) -> String {
        self.person_with(username, None, "", Role::Member).await
    }

    pub async fn person_with(&self, username: &str, email: Option<&str>, full_name: &str, role: Role) -> String {
        let password_hash = self.hasher.hash(PASSWORD.into()).await.unwrap();
        self.insert_person(username, email, full_name, role, &password_hash).await
    }

    /// Creates a person whose password has been hashed before.
    pub async fn person_with_hash(&self, username: &str, password_hash: &str) -> String {
        self.insert_person(username, None, "", Role::Member, password_hash).await
    }

    async fn insert_person(
        &self,
        username: &str,
        email: Option<&str>,
        full_name: &str,
        role: Role,
        password_hash: &str,
    ) -> String {
        let (id, created_at) = (new_id(self.clock.now()), self.clock.now());
        let account = NewAccount { id: &id, username, email, full_name, role, password_hash, created_at };
        self.db.write(async |tx| users::insert(tx, &account).await).await.unwrap();
        id
    }

    /// A browser in which the person of that name, who is created, has signed in.
    pub async fn signed_in(&self, username: &str) -> Browser {
        self.person(username).await;
        let mut browser = self.browser();
        let answer = browser.login(username, PASSWORD).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        browser
    }

    /// A browser in which a new administrator has signed in.
    pub async fn admin(&self, username: &str) -> Browser {
        self.person_with(username, None, "", Role::Admin).await;
        let mut browser = self.browser();
        browser.login(username, PASSWORD).await.is(200, "");
        browser
    }

    /// The token of a link through which the first administrator can be made.
    pub async fn setup_token(&self) -> String {
        let links = Links::new("http://localhost:3000".to_owned());
        let link =
            hallpass::login::setup::link(&self.db, &self.clock, &links).await.unwrap().expect("there is no admin");
        link.url.split_once("#token=").unwrap().1.to_owned()
    }

    /// Disables a person and ends their sessions, as the command line does.
    pub async fn disable(&self, id: &str) {
        let now = self.clock.now();
        let disable = async |tx: &mut Tx| {
            assert!(users::set_disabled(tx, id, true).await?);
            hallpass::sessions::queries::end_all(tx, id, None, EndReason::Disabled, now).await
        };
        self.db.write(disable).await.unwrap();
    }

    /// Makes `hash` that of the person's password.
    pub async fn store_hash(&self, username: &str, hash: &str) {
        let id = users::find_by_name(&self.db, username).await.unwrap().unwrap().id;
        assert!(self.db.write(async |tx| users::set_password_hash(tx, &id, hash).await).await.unwrap());
    }

    /// Runs the program on this server's database.
    pub fn hallpass(&self, arguments: &[&str], input: &[u8]) -> Output {
        let database = [("DATABASE_URL", self.config.database.url.expose_secret()), ("RUST_LOG", "warn")];
        let mut child = crate::process::command(self.folder.path(), &database)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_vec());
        // The program may report while it still reads: both ends must flow.
        let writer = thread::spawn(move || stdin.write_all(&input));
        let output = child.wait_with_output().unwrap();
        let _ = writer.join().unwrap();
        output
    }

    /// Runs a statement of the test's own.
    pub async fn execute(&self, statement: &'static str) {
        match &self.db {
            Db::Sqlite { writer, .. } => sqlx::query(statement).execute(writer).await.map(drop),
            Db::MySql(Remote { pool, .. }) => sqlx::query(statement).execute(pool).await.map(drop),
            Db::Postgres(Remote { pool, .. }) => sqlx::query(statement).execute(pool).await.map(drop),
        }
        .unwrap();
    }

    /// Asks the database for one number.
    pub async fn number(&self, query: &'static str) -> i64 {
        match &self.db {
            Db::Sqlite { reader, .. } => sqlx::query_scalar(query).fetch_one(reader).await,
            Db::MySql(Remote { pool, .. }) => sqlx::query_scalar(query).fetch_one(pool).await,
            Db::Postgres(Remote { pool, .. }) => sqlx::query_scalar(query).fetch_one(pool).await,
        }
        .unwrap()
    }

    /// The mails that wait, the oldest first.
    pub async fn mails(&self) -> Vec<Mail> {
        const QUERY: &str = "SELECT recipient, subject, body FROM mail ORDER BY id";
        let rows: Vec<(String, String, String)> = match &self.db {
            Db::Sqlite { reader, .. } => sqlx::query_as(QUERY).fetch_all(reader).await,
            Db::MySql(Remote { pool, .. }) => sqlx::query_as(QUERY).fetch_all(pool).await,
            Db::Postgres(Remote { pool, .. }) => sqlx::query_as(QUERY).fetch_all(pool).await,
        }
        .unwrap();
        rows.into_iter().map(|(to, subject, body)| Mail { to, subject, body, raw: String::new() }).collect()
    }

    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

/// Hashes that take long, on every thread and in every place of the queue, until this is dropped.
pub struct FullQueue(Vec<JoinHandle<()>>);

impl FullQueue {
    pub async fn of(app: &TestApp) -> Self {
        // As slow as a stored hash may be.
        const SLOW: &str = "$argon2id$v=19$m=131072,t=10,p=1$c29tZXNhbHRzb21lc2FsdA$\
            AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        // A thread that was asleep takes its first job after the queue was found full: full is what stays full.
        const REFUSED_AGAIN_AND_AGAIN: u64 = 500;
        let fillers = (0..Hasher::CAPACITY + 16).map(|_| {
            let hasher = app.hasher.clone();
            actix_web::rt::spawn(async move {
                loop {
                    if hasher.verify(PASSWORD.into(), Some(SLOW.to_owned())).await.is_err() {
                        tokio::time::sleep(Duration::from_micros(200)).await;
                    }
                }
            })
        });
        let full = Self(fillers.collect());
        while app.hasher.load().refused < REFUSED_AGAIN_AND_AGAIN {
            actix_web::rt::task::yield_now().await;
        }
        // A place is free for a moment after each hash: begin when the next one is as far off as can be.
        let computed = app.hasher.computed();
        while app.hasher.computed() == computed || app.hasher.load().waiting < Hasher::CAPACITY {
            actix_web::rt::task::yield_now().await;
        }
        full
    }
}

impl Drop for FullQueue {
    fn drop(&mut self) {
        self.0.iter().for_each(JoinHandle::abort);
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A client with at most one cookie of its own making.
#[derive(Clone)]
pub struct Browser {
    pub base: String,
    pub user_agent: Option<String>,
    /// What goes into the `Cookie` header.
    pub cookie: Option<String>,
    /// Sent with every request.
    pub headers: Vec<(&'static str, String)>,
}

pub enum Body {
    None,
    Json(Value),
    Raw { content_type: Option<&'static str>, bytes: Vec<u8> },
}

impl Browser {
    pub async fn login(&mut self, username: &str, password: &str) -> Answer {
        self.post("/api/login", json!({"username": username, "password": password})).await
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, Body::None).await
    }

    pub async fn post(&mut self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Body::Json(body)).await
    }

    pub async fn patch(&mut self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Body::Json(body)).await
    }

    pub async fn logout(&mut self) -> Answer {
        self.send(Method::POST, "/api/logout", Body::None).await
    }

    pub async fn delete(&mut self, path: &str) -> Answer {
        self.send(Method::DELETE, path, Body::None).await
    }

    /// A form, as OAuth clients send it.
    pub async fn form(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let raw = Body::Raw { content_type: Some("application/x-www-form-urlencoded"), bytes: body.into_bytes() };
        self.send(Method::POST, path, raw).await
    }

    /// The same client with a bearer token and no cookie.
    pub fn with_bearer(&self, token: &str) -> Self {
        Self { cookie: None, headers: vec![("authorization", format!("Bearer {token}"))], ..self.clone() }
    }

    /// Sends a request, keeps the cookie that the answer sets, and holds the answer against what every answer promises.
    pub async fn send(&mut self, method: Method, path: &str, body: Body) -> Answer {
        let mut request = client().request(method.clone(), format!("{}{path}", self.base));
        if let Some(user_agent) = &self.user_agent {
            request = request.header(USER_AGENT, user_agent);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie.as_bytes());
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        request = match body {
            Body::None => request,
            Body::Json(value) => request.json(&value),
            Body::Raw { content_type: Some(kind), bytes } => request.header(CONTENT_TYPE, kind).body(bytes),
            Body::Raw { content_type: None, bytes } => request.body(bytes),
        };
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let answer = Answer { status, headers, body: response.bytes().await.unwrap().to_vec() };
        answer.keeps_the_promises_of_every_answer(path);
        answer.is_documented(&method, path);
        if let Some((name, value)) = answer.session_cookie().or_else(|| answer.cookie("refresh_token")) {
            self.cookie = (!value.is_empty()).then(|| format!("{name}={value}"));
        }
        answer
    }
}

fn client() -> &'static reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        builder.pool_max_idle_per_host(0).timeout(Duration::from_mins(1)).build().unwrap()
    })
}

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
    }

    /// The problem's code; empty for what is no problem.
    pub fn code(&self) -> String {
        if self.header("content-type") == "application/problem+json" && !self.body.is_empty() {
            self.json()["code"].as_str().unwrap().to_owned()
        } else {
            String::new()
        }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Name and value of the session cookie that is set; the value is empty when it is removed.
    pub fn session_cookie(&self) -> Option<(String, String)> {
        self.cookie("session_id")
    }

    /// Name and value of a cookie that is set, whose name ends so; the value is empty when it is removed.
    pub fn cookie(&self, ending: &str) -> Option<(String, String)> {
        self.headers.get_all(SET_COOKIE).iter().find_map(|line| {
            let (pair, _) = line.to_str().ok()?.split_once(';')?;
            let (name, value) = pair.split_once('=')?;
            name.ends_with(ending).then(|| (name.to_owned(), value.to_owned()))
        })
    }

    #[track_caller]
    pub fn is(&self, status: u16, code: &str) -> &Self {
        assert_eq!((self.status, self.code().as_str()), (status, code), "{}", self.text());
        self
    }

    #[track_caller]
    fn keeps_the_promises_of_every_answer(&self, path: &str) {
        for (name, expected) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "strict-origin"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(self.header(name), expected, "{path}: {name}");
        }
        for name in ["permissions-policy", "content-security-policy", "x-request-id"] {
            assert!(!self.header(name).is_empty(), "{path}: {name} is missing");
        }
        let policy = self.header("content-security-policy");
        assert!(policy.contains("base-uri 'none'") && policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
        let kind = self.header("content-type");
        if kind.starts_with("text/") || kind.contains("xml") {
            assert!(kind.contains("charset=utf-8"), "{path}: {kind}");
        }
        if path.starts_with("/api") {
            assert_eq!(self.header("cache-control"), "no-store", "{path}");
        }
        let has_own_errors = path.starts_with("/api/health") || (path == "/api/token" && self.status == 400);
        if self.status >= 400 && !self.body.is_empty() && !has_own_errors {
            assert_eq!(self.header("content-type"), "application/problem+json", "{path}: {}", self.text());
            let problem = self.json();
            for member in ["type", "title", "status", "code", "request_id"] {
                assert!(!problem[member].is_null(), "{path}: {member} is missing in {problem}");
            }
            assert_eq!(problem["status"], self.status, "{path}");
            assert_eq!(problem["request_id"], self.header("x-request-id"), "{path}");
            for leak in
                ["sqlx", "sqlite", "mysql", "postgres", "SELECT", "UPDATE", "panicked", "src/", "line 1", "argon2"]
            {
                assert!(!self.text().contains(leak), "{path} leaks {leak}: {problem}");
            }
        }
    }

    /// The document lists every code that its operations answer with.
    #[track_caller]
    fn is_documented(&self, method: &Method, path: &str) {
        static DOCUMENT: OnceLock<Value> = OnceLock::new();
        let document = DOCUMENT.get_or_init(openapi::document);
        let Some(operation) = operation(document, method, path) else { return };
        let response = &operation["responses"][self.status.to_string()];
        assert!(!response.is_null(), "{method} {path} answers {} without saying so: {}", self.status, self.text());
        if self.header("www-authenticate").is_empty() {
            assert!(!self.code().contains("scope"), "{path} does not say how to authenticate");
        }
        if !self.code().is_empty() {
            let codes = codes(response);
            assert!(codes.contains(&self.code()), "{method} {path} answers {} beside {codes:?}", self.code());
        }
    }
}

/// The operation that the document describes for a request; none for unknown paths and methods.
fn operation<'a>(document: &'a Value, method: &Method, path: &str) -> Option<&'a Value> {
    let path = path.strip_prefix("/api")?.split('?').next()?;
    let matches = |pattern: &str| {
        let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
        pattern.len() == path.len()
            && pattern.iter().zip(path).all(|(one, other)| one.starts_with('{') || *one == other)
    };
    let item = document["paths"].as_object()?.iter().find(|(pattern, _)| matches(pattern))?.1;
    item.get(method.as_str().to_lowercase())
}

/// The codes of a documented response.
pub fn codes(response: &Value) -> Vec<String> {
    let codes = &response["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]["code"]["enum"];
    codes.as_array().into_iter().flatten().map(|code| code.as_str().unwrap().to_owned()).collect()
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// Keeps everything the process logs, down to the last detail.
fn capture_log() -> &'static Log {
    static LOG: OnceLock<Log> = OnceLock::new();
    LOG.get_or_init(|| {
        let log = Log::default();
        let config = LogConfig { format: LogFormat::Json, filter: "trace".to_owned() };
        let _ = tracing::subscriber::set_global_default(hallpass::telemetry::subscriber(&config, log.clone()));
        log
    })
}

/// Everything logged so far.
pub fn whole_log() -> String {
    String::from_utf8_lossy(&capture_log().0.lock().unwrap()).into_owned()
}

/// The one line that tells of this answer's request.
pub fn log_line(answer: &Answer) -> Value {
    let id = answer.header("x-request-id").to_owned();
    let lines: Vec<Value> = whole_log()
        .lines()
        .filter(|line| line.contains(&id) && line.contains("\"message\":\"request\""))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 1, "one line a request, not {lines:?}");
    lines[0].clone()
}
