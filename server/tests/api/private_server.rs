//! What needs a database server of the test's own: restarts, failover, encryption. SQLite has no server, so its run of these
//! has nothing to do.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use hallpass::config::{DatabaseConfig, DatabaseKind};
use hallpass::db::{Db, Remote, migrate};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reqwest::Method;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::app::{Body, PASSWORD, spawn_configured, spawn_with};
use crate::database;
use crate::database_server::{DatabaseServer, is_mysql, open_to_all};

/// A server of the kind this run is about; none on SQLite.
fn start(options: &[String]) -> Option<DatabaseServer> {
    let kind = database::kind();
    (kind != DatabaseKind::Sqlite).then(|| DatabaseServer::start(kind, options))
}

#[actix_web::test]
async fn a_database_that_hangs_is_one_that_is_away() {
    let Some(server) = start(&[]) else { return };
    let url = server.database().await;
    let app = spawn_configured(&[("DATABASE_URL", &url)], |config| config.database.connections = 2).await;
    let mut browser = app.signed_in("alice").await;
    server.hang().await;
    browser.get("/api/me").await.is(503, "unavailable");
    assert_eq!(app.browser().get("/api/health").await.status, 503);
    server.go_on();
    for _ in 0..100 {
        if browser.get("/api/me").await.status == 200 {
            break;
        }
        actix_web::rt::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(browser.get("/api/me").await.status, 200);
}

#[actix_web::test]
async fn an_authenticated_request_is_one_round_trip() {
    const REQUESTS: usize = 20;

    let Some(server) = start(&log_everything()) else { return };
    let url = server.database().await;
    let app = spawn_configured(&[("DATABASE_URL", &url)], |config| config.database.connections = 1).await;
    let mut browser = app.signed_in("alice").await;
    assert_eq!(browser.get("/api/me").await.status, 200);
    let before = settled_statements(&server).await;
    for _ in 0..REQUESTS {
        assert_eq!(browser.get("/api/me").await.status, 200);
    }
    assert_eq!(logged_statements(&server) - before, REQUESTS);
}

/// How many statements it has been sent, as it was told to log them.
fn logged_statements(server: &DatabaseServer) -> usize {
    let (file, words) = match server.kind {
        DatabaseKind::MySql => {
            ("server/data/general.log", ["\tQuery\t", " Query\t", " Execute\t", " Prepare\t"].as_slice())
        }
        _ => ("server/log", ["LOG:  execute ", "LOG:  statement: "].as_slice()),
    };
    let log = std::fs::read(server.folder.path().join(file)).unwrap();
    let log = String::from_utf8_lossy(&log);
    log.lines().filter(|line| words.iter().any(|word| line.contains(word))).count()
}

/// The same once it grows no more.
async fn settled_statements(server: &DatabaseServer) -> usize {
    loop {
        let before = logged_statements(server);
        actix_web::rt::time::sleep(Duration::from_millis(300)).await;
        if logged_statements(server) == before {
            return before;
        }
    }
}

fn log_everything() -> Vec<String> {
    let options: &[&str] = match database::kind() {
        DatabaseKind::MySql => &["--general-log=1", "--general-log-file=general.log"],
        _ => &["-c", "log_statement=all", "-c", "log_min_messages=log"],
    };
    options.iter().map(|option| (*option).to_owned()).collect()
}

/// The connection that the pool would use next.
async fn connection_id(db: &Db) -> i64 {
    match db {
        Db::Sqlite { .. } => unreachable!(),
        Db::MySql(Remote { pool, .. }) => {
            sqlx::query_scalar("SELECT CAST(CONNECTION_ID() AS SIGNED)").fetch_one(pool).await
        }
        Db::Postgres(Remote { pool, .. }) => {
            sqlx::query_scalar("SELECT CAST(pg_backend_pid() AS BIGINT)").fetch_one(pool).await
        }
    }
    .unwrap()
}

#[actix_web::test]
async fn a_connection_to_a_standby_is_not_used_again() {
    let Some(server) = start(&[]) else { return };
    let url = server.database().await;
    let app = spawn_configured(&[("DATABASE_URL", &url)], |config| config.database.connections = 1).await;
    let mut browser = app.signed_in("alice").await;
    let (demote, promote): (&[&str], &[&str]) = match server.kind {
        DatabaseKind::MySql => (&["SET GLOBAL read_only = ON"], &["SET GLOBAL read_only = OFF"]),
        _ => (
            &["ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()"],
            &[
                "SET default_transaction_read_only = off",
                "ALTER SYSTEM RESET default_transaction_read_only",
                "SELECT pg_reload_conf()",
            ],
        ),
    };
    let before = connection_id(&app.db).await;
    assert_eq!(connection_id(&app.db).await, before, "a healthy connection is kept");
    server.execute(demote).await;
    // PostgreSQL's processes read their configuration between two statements, in their own time.
    for _ in 0..100 {
        if app.browser().login("alice", PASSWORD).await.status == 503 {
            break;
        }
    }
    app.browser().login("alice", PASSWORD).await.is(503, "unavailable");
    assert_ne!(connection_id(&app.db).await, before, "a connection that takes no writes was kept");
    assert_eq!(browser.get("/api/me").await.status, 200, "reading goes on");
    server.execute(promote).await;
    for _ in 0..100 {
        if app.browser().login("alice", PASSWORD).await.status == 200 {
            return;
        }
    }
    panic!("writing does not go on");
}

/// A certificate authority, and a server's certificate for an address, as files.
struct Certificates {
    authority: PathBuf,
    certificate: PathBuf,
    key: PathBuf,
}

fn certificates(folder: &Path, address: &str) -> Certificates {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![address.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let file = |name: &str, text: String| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    Certificates {
        authority: file("ca.pem", authority.pem()),
        certificate: file("cert.pem", certificate.pem()),
        key: file("key.pem", key.serialize_pem()),
    }
}

impl Certificates {
    fn options(&self, kind: DatabaseKind) -> Vec<String> {
        let (certificate, key) = (self.certificate.display(), self.key.display());
        if kind == DatabaseKind::MySql {
            return vec![format!("--ssl-cert={certificate}"), format!("--ssl-key={key}")];
        }
        // PostgreSQL takes no key that others may read; where the tests run as root it runs as `postgres`.
        let key_path = self.key.to_str().unwrap();
        assert!(Command::new("chmod").args(["600", key_path]).status().unwrap().success());
        let _ = Command::new("chown").args(["postgres", key_path]).stderr(std::process::Stdio::null()).status();
        let setting = |text: String| ["-c".to_owned(), text];
        [
            setting("ssl=on".to_owned()),
            setting(format!("ssl_cert_file={certificate}")),
            setting(format!("ssl_key_file={key}")),
        ]
        .concat()
    }
}

async fn connects(url: &str) -> Result<bool, sqlx::Error> {
    let db = Db::connect(&DatabaseConfig::new(url.into()).unwrap()).await?;
    let encrypted = match &db {
        Db::Sqlite { .. } => unreachable!(),
        Db::MySql(Remote { pool, .. }) => {
            let (_, cipher): (String, String) = sqlx::query_as("SHOW STATUS LIKE 'Ssl_cipher'").fetch_one(pool).await?;
            !cipher.is_empty()
        }
        Db::Postgres(Remote { pool, .. }) => {
            sqlx::query_scalar("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetch_one(pool).await?
        }
    };
    db.close().await;
    Ok(encrypted)
}

/// Leads to the loopback as well, but is no loopback address: as far as the rule goes, another machine.
const ELSEWHERE: &str = "0.0.0.0";

#[actix_web::test]
async fn another_machine_without_tls_is_refused_unless_the_url_says_so() {
    let Some(server) = start(&plain_text()) else { return };
    server.execute(&["SELECT 1"]).await;
    for query in ["", "?ssl-mode=PREFER", "?ssl-mode=REQUIRE"] {
        let query = if server.kind == DatabaseKind::MySql {
            query.replace("PREFER", "PREFERRED").replace("REQUIRE", "REQUIRED")
        } else {
            query.to_lowercase()
        };
        let outcome = connects(&server.url(ELSEWHERE, &query)).await;
        assert!(matches!(outcome, Err(sqlx::Error::Tls(_))), "{query}: {outcome:?}");
    }
    let explicit = if server.kind == DatabaseKind::MySql { "?ssl-mode=DISABLED" } else { "?sslmode=disable" };
    assert!(!connects(&server.url(ELSEWHERE, explicit)).await.unwrap());
    assert!(!connects(&server.url("127.0.0.1", "")).await.unwrap(), "this machine needs none");
}

/// MySQL makes itself a certificate, and MariaDB does from 11.4 on.
fn plain_text() -> Vec<String> {
    match database::kind() {
        DatabaseKind::MySql if is_mysql() => vec!["--tls-version=".to_owned()],
        DatabaseKind::MySql => vec!["--skip-ssl".to_owned()],
        _ => Vec::new(),
    }
}

#[actix_web::test]
async fn another_machine_with_a_certificate_that_can_be_verified_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    open_to_all(folder.path());
    let ours = certificates(folder.path(), ELSEWHERE);
    let Some(server) = start(&ours.options(database::kind())) else { return };
    server.execute(&["SELECT 1"]).await;
    let ca = |path: &Path| format!("?ssl-ca={}", path.display());
    assert!(connects(&server.url(ELSEWHERE, &ca(&ours.authority))).await.unwrap(), "it is encrypted");

    let stranger = tempfile::tempdir().unwrap();
    let theirs = certificates(stranger.path(), ELSEWHERE);
    for query in ["", &ca(&theirs.authority)] {
        let outcome = connects(&server.url(ELSEWHERE, query)).await;
        assert!(outcome.is_err(), "an authority that nobody trusts: {outcome:?}");
    }
    let verify = if server.kind == DatabaseKind::MySql { "&ssl-mode=VERIFY_IDENTITY" } else { "&sslmode=verify-full" };
    let outcome = connects(&server.url("127.0.0.1", &format!("{}{verify}", ca(&ours.authority)))).await;
    assert!(outcome.is_err(), "a certificate for another address: {outcome:?}");
}

/// docker-compose.yml: the images make one user, which owns the schema; docs/deploy/secrets.sh writes the URLs.
#[actix_web::test]
async fn the_settings_of_the_containers_work() {
    let folder = tempfile::tempdir().unwrap();
    open_to_all(folder.path());
    let options =
        if is_mysql() { Vec::new() } else { certificates(folder.path(), ELSEWHERE).options(database::kind()) };
    let Some(server) = start(&options) else { return };
    let (statements, query): (&[&str], &str) = match server.kind {
        DatabaseKind::MySql => (
            &[
                "CREATE DATABASE hallpass",
                "CREATE USER hallpass@'%' IDENTIFIED BY 'f00d'",
                "GRANT ALL ON hallpass.* TO hallpass@'%'",
            ],
            "?ssl-mode=REQUIRED",
        ),
        _ => (&["CREATE DATABASE hallpass", "ALTER ROLE hallpass PASSWORD 'f00d'"], "?sslmode=disable"),
    };
    server.execute(statements).await;
    let url = server.url(ELSEWHERE, query);
    let url = url.replace("root@", "hallpass@").replace("hallpass@", "hallpass:f00d@");
    let url = url.replace("/mysql?", "/hallpass?").replace("/postgres?", "/hallpass?");
    let app = spawn_with(&[("DATABASE_URL", &url)]).await;
    let mut browser = app.signed_in("alice").await;
    browser.get("/api/me").await.is(200, "");
}

/// docs/DEPLOY.md: one user that makes the schema, and one for the server.
#[actix_web::test]
async fn the_server_needs_to_read_and_write_rows_and_nothing_else() {
    let Some(server) = start(&[]) else { return };
    let owners = server.database().await;
    let url = if server.kind == DatabaseKind::MySql {
        let rights = "GRANT SELECT, INSERT, UPDATE, DELETE ON `hallpass\\_test\\_%`.* TO server@'%'";
        server.execute(&["CREATE USER server@'%'", rights]).await;
        owners.replace("app@", "server@")
    } else {
        let rights = "ALTER DEFAULT PRIVILEGES GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO server";
        let mut owner = PgConnection::connect(&owners).await.unwrap();
        for statement in ["CREATE ROLE server LOGIN", rights] {
            sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut owner).await.unwrap();
        }
        owners.replace("hallpass@", "server@")
    };
    let connect = async |url: &str| Db::connect(&DatabaseConfig::new(url.into()).unwrap()).await.unwrap();
    let db = connect(&url).await;
    migrate::run(&db).await.expect_err("the server's user changes no schema");
    migrate::run(&connect(&owners).await).await.unwrap();

    let app = spawn_with(&[("DATABASE_URL", &url)]).await;
    let mut browser = app.signed_in("alice").await;
    browser.get("/api/me").await.is(200, "");
    browser.send(Method::DELETE, "/api/me", Body::Json(json!({"password": PASSWORD}))).await.is(204, "");
    for statement in ["CREATE TABLE more (id INTEGER)", "DROP TABLE audit_event"] {
        let done = match &db {
            Db::MySql(Remote { pool, .. }) => sqlx::query(statement).execute(pool).await.map(drop),
            Db::Postgres(Remote { pool, .. }) => sqlx::query(statement).execute(pool).await.map(drop),
            Db::Sqlite { .. } => unreachable!(),
        };
        done.expect_err(statement);
    }
}
