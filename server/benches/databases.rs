//! Requests per second of `GET /api/me` on each database, as a share of what a server that does nothing else answers in the
//! same run, with one session in the table and with a million. `just bench` runs it.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]

#[path = "../tests/api/process.rs"]
mod process;

use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::thread;

use actix_web::{App, HttpResponse, HttpServer, web};
use process::{PASSWORD, Server};
use reqwest::blocking::Client;
use reqwest::header::{SET_COOKIE, USER_AGENT};
use sqlx::{MySqlPool, PgPool, SqlitePool};

const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:137.0) Gecko/20100101 Firefox/137.0";
const ROWS: u32 = 1_000_000;
/// The middle one of so many measurements counts.
const ROUNDS: usize = 3;

/// A million rows as the product of six times ten, which every database can make.
const DIGITS: &str = "FROM (SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 \
     UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)";

/// One session for each number; `id` and `hash` are made of `{number}` in the database's own dialect.
fn fill_statement(id: &str, hash: &str) -> String {
    let digits = DIGITS.trim_start_matches("FROM ");
    let tables: Vec<String> = (0..6).map(|index| format!("{digits} AS d{index}")).collect();
    let number = "(d0.n + d1.n * 10 + d2.n * 100 + d3.n * 1000 + d4.n * 10000 + d5.n * 100000)";
    format!(
        "INSERT INTO session (id, token_hash, user_id, kind, status, browser, ip, created_at, authenticated_at, \
                              last_seen_at, expires_at) \
         SELECT {}, {}, u.id, 'cookie', 'active', 'Firefox on Linux', '192.0.2.1', s.created_at, s.created_at, \
                s.created_at, s.expires_at \
         FROM user_account u, (SELECT created_at, expires_at FROM session LIMIT 1) AS s, {}",
        id.replace("{number}", number),
        hash.replace("{number}", number),
        tables.join(", ")
    )
}

async fn fill(url: &str) {
    let statement = |id, hash| sqlx::AssertSqlSafe(fill_statement(id, hash));
    match url.split(':').next().unwrap() {
        "sqlite" => {
            let pool = SqlitePool::connect(url).await.unwrap();
            let fill = statement("printf('%036d', {number})", "randomblob(32)");
            sqlx::query(fill).execute(&pool).await.unwrap();
            sqlx::query("ANALYZE").execute(&pool).await.unwrap();
        }
        "mysql" => {
            let pool = MySqlPool::connect(url).await.unwrap();
            let fill = statement("LPAD({number}, 36, '0')", "UNHEX(SHA2({number}, 256))");
            sqlx::query(fill).execute(&pool).await.unwrap();
            sqlx::raw_sql("ANALYZE TABLE session").execute(&pool).await.unwrap();
        }
        _ => {
            let pool = PgPool::connect(url).await.unwrap();
            let fill = statement("LPAD({number}::text, 36, '0')", "sha256({number}::text::bytea)");
            sqlx::query(fill).execute(&pool).await.unwrap();
            sqlx::query("VACUUM ANALYZE session").execute(&pool).await.unwrap();
        }
    }
}

/// A server with one handler, which answers as many bytes as `GET /api/me`.
fn bare(body: &str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, body) = (listener.local_addr().unwrap(), body.to_owned());
    thread::spawn(move || {
        let app = move || {
            let body = body.clone();
            let answer = move || {
                let body = body.clone();
                async move { HttpResponse::Ok().content_type("application/json").body(body) }
            };
            App::new().route("/api/me", web::get().to(answer))
        };
        let server = HttpServer::new(app).workers(2).listen(listener).unwrap().run();
        actix_web::rt::System::new().block_on(server).unwrap();
    });
    address
}

/// Requests per second, as wrk counts them; nothing but 200 is accepted.
fn rate(address: SocketAddr, cookie: &str, seconds: u32) -> f64 {
    let wrk = Command::new("wrk")
        .args(["-t1", "-c32", &format!("-d{seconds}s"), "-H", &format!("Cookie: {cookie}")])
        .args(["-H", &format!("User-Agent: {BROWSER}"), &format!("http://{address}/api/me")])
        .output()
        .expect("wrk is installed");
    let said = String::from_utf8(wrk.stdout).unwrap();
    assert!(!said.contains("Non-2xx"), "{said}");
    let line = said.lines().find_map(|line| line.strip_prefix("Requests/sec:")).unwrap_or_else(|| panic!("{said}"));
    line.trim().parse().unwrap()
}

fn sign_in(address: SocketAddr) -> (String, String) {
    let body = serde_json::json!({"username": "alice", "password": PASSWORD}).to_string();
    let request = Client::new().post(format!("http://{address}/api/login")).header(USER_AGENT, BROWSER);
    let answer = request.header("content-type", "application/json").body(body).send().unwrap();
    let cookie = answer.headers()[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    (cookie, answer.text().unwrap())
}

/// Middle requests per second of the server and of the bare one, measured in turn.
fn measure(server: SocketAddr, bare: SocketAddr, cookie: &str) -> (f64, f64) {
    rate(server, cookie, 1);
    let mut pairs: Vec<(f64, f64)> = (0..ROUNDS).map(|_| (rate(server, cookie, 4), rate(bare, cookie, 2))).collect();
    pairs.sort_by(|one, other| (one.0 / one.1).total_cmp(&(other.0 / other.1)));
    pairs[ROUNDS / 2]
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let databases = [
        ("SQLite", Some(format!("sqlite://{}/bench.db", folder.path().display()))),
        ("MySQL/MariaDB", std::env::var("BENCH_MYSQL_URL").ok()),
        ("PostgreSQL", std::env::var("BENCH_POSTGRES_URL").ok()),
    ];
    println!(
        "GET /api/me with a session cookie, 32 connections; `bare` is one actix-web handler with the same body.\n"
    );
    println!("| database | sessions | requests/s | bare | share of bare | cost of a million rows |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for (name, url) in databases {
        let Some(url) = url else {
            println!("| {name} | not measured: not installed | | | | |");
            continue;
        };
        process::create_person(folder.path(), &url, "alice");
        let mut server =
            Server::start(folder.path(), &[("DATABASE_URL", &url), ("RUST_LOG", "hallpass::cli=info,warn")]);
        let (cookie, body) = sign_in(server.address);
        let bare = bare(&body);
        let few = measure(server.address, bare, &cookie);
        println!("| {name} | 1 | {:.0} | {:.0} | {:.2} | |", few.0, few.1, few.0 / few.1);
        runtime.block_on(fill(&url));
        let many = measure(server.address, bare, &cookie);
        let cost = (few.0 / few.1) / (many.0 / many.1);
        println!("| {name} | {ROWS} | {:.0} | {:.0} | {:.2} | {cost:.2} times |", many.0, many.1, many.0 / many.1);
        server.kill();
    }
}
