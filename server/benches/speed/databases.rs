//! `GET /api/me` on each database, as a share of what a server that does nothing else answers in the same run, with one session
//! in the table and with a million.

use sqlx::{MySqlPool, PgPool, SqlitePool};

use crate::bare::Bare;
use crate::compare::{Share, Side, compare};
use crate::machine::{Cores, Machine};
use crate::process::{self, Server};
use crate::requests::QUIET;
use crate::visitor::{BROWSER, Visitor};
use crate::wrk::Load;

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

/// A million sessions more.
pub fn fill(url: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(insert(url));
}

async fn insert(url: &str) {
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

pub fn measure(machine: &Machine) {
    let folder = tempfile::tempdir().unwrap();
    let databases = [
        ("SQLite", Some(format!("sqlite://{}/bench.db", folder.path().display()))),
        ("MySQL/MariaDB", std::env::var("BENCH_MYSQL_URL").ok()),
        ("PostgreSQL", std::env::var("BENCH_POSTGRES_URL").ok()),
    ];
    println!("`GET /me` with a session cookie, all cores for the server, the database and the load:\n");
    println!("| database | sessions | a second | bare | share of bare | cost of a million |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: |");
    for (name, url) in databases {
        let Some(url) = url else {
            println!("| {name} | not measured: not installed | | | | |");
            continue;
        };
        process::create_person(folder.path(), &url, "alice");
        let mut server = Server::start(folder.path(), &[("DATABASE_URL", &url), ("RUST_LOG", QUIET)]);
        let (cookie, body) = Visitor::of(server.address).sign_in();
        let bare = Bare::start(&[("/api/me", &body)]);
        let headers = vec![("Cookie", cookie), ("User-Agent", BROWSER.to_owned())];
        let ask = |address| Load::get(format!("http://{address}/api/me"), headers.clone());
        let ours = Side { pid: server.child.id(), load: ask(server.address) };
        let limit = Side { pid: bare.pid(), load: ask(bare.address) };
        let measure = || compare(machine, Cores::All, name, &ours, "bare", &limit);
        let few = measure();
        print(&few, "1", "");
        fill(&url);
        let many = measure();
        print(&many, "1,000,001", &format!("{:.2} times", few.value() / many.value()));
        server.kill();
    }
}

fn print(share: &Share, sessions: &str, cost: &str) {
    let Share { what, ours, limit, .. } = share;
    println!("| {what} | {sessions} | {:.0} | {:.0} | {:.2} | {cost} |", ours.rate(), limit.rate(), share.value());
}
