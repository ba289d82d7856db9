//! Backups: whole at any moment, restored into any database, and nobody let in by them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use hallpass::app::{Application, StartError};
use hallpass::clock::Clock;
use hallpass::config::{Config, DatabaseConfig, DatabaseKind};
use hallpass::db::migrate::SchemaError;
use hallpass::db::rows::{self, BATCH, Value};
use hallpass::db::{Db, Tx};
use hallpass::identity::Role;
use secrecy::ExposeSecret;
use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};

use crate::app::{PASSWORD, TestApp, spawn, spawn_with};
use crate::database::{self, make, make_on};
use crate::process;

/// What was said, but for which database it is about.
fn text(output: &Output) -> String {
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    said.split_inclusive('\n').filter(|line| !line.starts_with("Database: ")).collect()
}

/// The program on the database that `url` names.
fn program(url: &str, arguments: &[&str]) -> Command {
    let mut command = process::command(&std::env::temp_dir(), &[("DATABASE_URL", url), ("RUST_LOG", "warn")]);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[track_caller]
fn succeeds(url: &str, arguments: &[&str]) -> String {
    let output = program(url, arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", text(&output));
    text(&output)
}

#[track_caller]
fn fails(url: &str, arguments: &[&str], words: &str) {
    let output = program(url, arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", text(&output));
    assert!(text(&output).contains(words), "{arguments:?} does not say {words}: {}", text(&output));
}

fn url(app: &TestApp) -> &str {
    app.config.database.url.expose_secret()
}

/// Ends a server, so that its SQLite file is nobody's.
async fn stop(app: &mut TestApp) {
    app.stop.cancel();
    app.server.take().unwrap().join().unwrap().unwrap();
    app.db.close().await;
}

/// Where to put backups: a folder that the servers do not use.
fn folder() -> (tempfile::TempDir, PathBuf, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup.db");
    let name = file.to_str().unwrap().to_owned();
    (folder, file, name)
}

fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Statements of the test's own on an SQLite file.
async fn change(file: &Path, statements: &[&'static str]) {
    let options = SqliteConnectOptions::new().filename(file);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    for statement in statements {
        sqlx::query(*statement).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();
}

async fn number(file: &Path, query: &'static str) -> i64 {
    let options = SqliteConnectOptions::new().filename(file).read_only(true);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap()
}

/// Audit lines of about a kilobyte each.
async fn fill(db: &Db, lines: usize) {
    let line = |number: usize| {
        let text = |text: String| Value::Text(Some(text));
        vec![
            text(format!("f{number:035}")),
            Value::Integer(Some(0)),
            text("login_failed".to_owned()),
            text("x".repeat(900)),
        ]
    };
    for start in (0..lines).step_by(BATCH) {
        let batch: Vec<_> = (start..lines.min(start + BATCH)).map(line).collect();
        let insert = async |tx: &mut Tx| rows::insert(tx, "audit_event", "id, at, event, detail", &batch).await;
        db.write(insert).await.unwrap();
    }
}

#[actix_web::test]
async fn a_backup_under_load_is_one_moment_and_lacks_nothing_acknowledged() {
    const BACKUPS: usize = 5;

    let app = spawn().await;
    for person in 0..4 {
        app.person(&format!("person{person}")).await;
    }
    let (folder, file, name) = folder();
    let (done, logins) = (std::cell::Cell::new(false), std::cell::Cell::new(0));
    let load = join_all((0..4).map(|person| {
        let (app, done, logins) = (&app, &done, &logins);
        async move {
            let name = format!("person{person}");
            while !done.get() {
                app.browser().login(&name, PASSWORD).await.is(200, "");
                logins.set(logins.get() + 1);
            }
        }
    }));
    let backups = async {
        let mut grown = 0;
        for _ in 0..BACKUPS {
            let (url, name) = (url(&app).to_owned(), name.clone());
            let acknowledged = logins.get();
            let backup = move || program(&url, &["backup", "--force", &name]).output().unwrap();
            let output = tokio::task::spawn_blocking(backup).await.unwrap();
            assert!(output.status.success(), "{}", text(&output));
            // A sign-in writes its session and its line of the audit at the same moment.
            let sessions = number(&file, "SELECT COUNT(*) FROM session").await;
            let both = "SELECT COUNT(*) FROM session s JOIN audit_event e ON e.session_id = s.id \
                        WHERE e.event = 'login_succeeded'";
            assert_eq!(number(&file, both).await, sessions);
            let lines = "SELECT COUNT(*) FROM audit_event WHERE event = 'login_succeeded'";
            assert_eq!(number(&file, lines).await, sessions);
            assert!(sessions >= acknowledged, "{sessions} sessions of {acknowledged} acknowledged logins");
            assert!(text(&output).contains(&format!("4 people, {sessions} sessions")), "{}", text(&output));
            grown += i32::from(logins.get() > acknowledged);
        }
        done.set(true);
        grown
    };
    let ((), grown) = futures_util::join!(async { drop(load.await) }, backups);
    assert!(grown > 0, "people signed in while a backup was made");
    assert_eq!(names(folder.path()), ["backup.db"]);
}

/// Signs in in every way, makes a backup, restores it in another database and finds everybody out but with their password.
async fn there_and_back(from: DatabaseKind, to: DatabaseKind) {
    let databases = tempfile::tempdir().unwrap();
    let place = |name: &str| {
        let place = databases.path().join(name);
        fs::create_dir(&place).unwrap();
        place
    };
    let (source, target) = (make_on(from, &place("from")).await, make_on(to, &place("to")).await);
    let mut app = spawn_with(&[("DATABASE_URL", &source)]).await;
    app.person_with("zoe", None, "", Role::Member).await;
    app.person_with("alice", Some("a@example.com"), "Zoë 🐢", Role::Admin).await;
    let mut browser = app.browser();
    browser.login("alice", PASSWORD).await.is(200, "");
    let mut ended = app.browser();
    ended.login("alice", PASSWORD).await.is(200, "");
    let ended_cookie = ended.cookie.clone();
    ended.logout().await.is(204, "");
    ended.cookie = ended_cookie;
    let wanted = json!({"name": "backup", "expires_in_days": 7, "scopes": ["read"]});
    let token = browser.post("/api/tokens", wanted).await.json()["token"].as_str().unwrap().to_owned();
    let mut family = app.browser();
    let grant = [("grant_type", "password"), ("username", "alice"), ("password", PASSWORD)];
    family.form("/api/token", &grant).await.is(200, "");
    let id = browser.get("/api/users?q=alice").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    let link = browser.post(&format!("/api/users/{id}/reset-link"), json!({})).await.json();
    let link = link["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    app.browser().login("alice", "wrong").await.is(401, "invalid_credentials");

    let (_folder, _file, name) = folder();
    let said = succeeds(&source, &["backup", &name]);
    assert!(said.contains("2 people, 3 sessions"), "{said}");
    stop(&mut app).await;
    succeeds(&target, &["migrate"]);
    let said = succeeds(&target, &["restore", &name]);
    assert!(said.contains("2 people. 2 sessions were ended"), "{said}");
    assert_eq!(succeeds(&target, &["user", "list", "--json"]), succeeds(&source, &["user", "list", "--json"]));

    // What is computed from names was computed again.
    let other = spawn_with(&[("DATABASE_URL", &target)]).await;
    assert_eq!(other.number("SELECT COUNT(*) FROM name_index").await, 2);
    assert_eq!(other.number("SELECT COUNT(*) FROM search_term WHERE term = 'zoe'").await, 2);
    for (client, reason) in [(&mut browser, "revoked"), (&mut ended, "logged_out")] {
        client.base = other.url("");
        let answer = client.get("/api/me").await;
        assert_eq!(answer.is(401, "session_ended").json()["reason"], reason, "{from:?} to {to:?}");
    }
    browser.with_bearer(&token).get("/api/me").await.is(401, "not_authenticated");
    family.base = other.url("");
    family.post("/api/refresh-token", json!({})).await.is(401, "session_ended");
    other.browser().get(&format!("/api/links/{link}")).await.is(404, "not_found");
    assert_eq!(other.number("SELECT COUNT(*) FROM login_attempt").await, 0);
    assert_eq!(other.number("SELECT COUNT(*) FROM login_guard").await, 0);
    assert_eq!(other.number("SELECT COUNT(*) FROM audit_event WHERE event = 'database_restored'").await, 1);
    assert_eq!(other.number("SELECT COUNT(*) FROM audit_event WHERE event = 'login_succeeded'").await, 3);
    other.browser().login("alice", PASSWORD).await.is(200, "");
}

#[actix_web::test]
async fn nobody_is_let_in_by_a_backup_but_passwords_are() {
    there_and_back(database::kind(), database::kind()).await;
}

#[actix_web::test]
async fn restored_in_all_six_directions_and_at_home() {
    use DatabaseKind::{MySql, Postgres, Sqlite};

    if database::kind() != Sqlite {
        return; // It concerns all three, and is run once.
    }
    for from in [Sqlite, MySql, Postgres] {
        for to in [Sqlite, MySql, Postgres] {
            there_and_back(from, to).await;
        }
    }
}

#[actix_web::test]
async fn a_file_is_overwritten_only_when_asked_and_never_the_database() {
    let app = spawn().await;
    let (folder, file, name) = folder();
    fs::write(&file, "mine").unwrap();
    fails(url(&app), &["backup", &name], "exists");
    assert_eq!(fs::read(&file).unwrap(), b"mine");
    succeeds(url(&app), &["backup", "--force", &name]);
    assert_eq!(number(&file, "SELECT COUNT(*) FROM user_account").await, 0);
    fails(url(&app), &["backup", folder.path().to_str().unwrap()], "is a folder");
    fails(url(&app), &["backup", folder.path().join("no/such.db").to_str().unwrap()], "cannot write");
    fails("sqlite:///nowhere/x.db", &["backup", "--force", &name], "there is no database /nowhere/x.db");
    if database::kind() == DatabaseKind::Sqlite {
        let database = app.folder.path().join("test.db");
        fails(url(&app), &["backup", "--force", database.to_str().unwrap()], "is the database itself");
    }
    assert_eq!(names(folder.path()), ["backup.db"]);
}

#[actix_web::test]
async fn only_its_owner_reads_it_from_the_first_byte_and_what_was_cut_off_is_none() {
    // SQLite's is a copy of pages, which is quick.
    let lines = if database::kind() == DatabaseKind::Sqlite { 60_000 } else { 20_000 };
    let app = spawn().await;
    fill(&app.db, lines).await;
    for signal in ["KILL", "INT", "TERM"] {
        let (folder, file, name) = folder();
        let shell = format!("umask 000; exec {} backup {name}", env!("CARGO_BIN_EXE_hallpass"));
        let command = process::command(folder.path(), &[("DATABASE_URL", url(&app)), ("RUST_LOG", "warn")]);
        let mut child = command_of_shell(&command, &shell).spawn().unwrap();
        let began = Instant::now();
        let is_under_way = |folder: &Path| {
            names(folder).iter().any(|name| {
                let path = folder.join(name);
                let Ok(metadata) = fs::metadata(&path) else { return false };
                let is_ours = name.contains("backup.db");
                assert!(!is_ours || metadata.permissions().mode() & 0o777 == 0o600, "{name}");
                is_ours && metadata.len() > 100_000
            })
        };
        while !is_under_way(folder.path()) {
            assert!(began.elapsed() < Duration::from_secs(20) && child.try_wait().unwrap().is_none(), "too quick");
            std::thread::sleep(Duration::from_millis(1));
        }
        let sent = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let status = child.wait().unwrap();
        assert!(!file.exists(), "{signal}");
        if signal != "KILL" {
            assert_eq!(status.code(), Some(1), "{signal}");
            let left: Vec<_> = names(folder.path()).into_iter().filter(|name| name.contains("backup.db")).collect();
            assert!(left.is_empty(), "{signal} leaves {left:?}");
        }
        succeeds(url(&app), &["backup", &name]);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let saved = number(&file, "SELECT COUNT(*) FROM audit_event").await;
        assert_eq!(usize::try_from(saved).unwrap(), lines);
    }
}

/// The same environment and folder, but a shell that goes on as something else.
fn command_of_shell(command: &Command, shell: &str) -> Command {
    let mut changed = Command::new("bash");
    changed.args(["-c", shell]).env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    changed.current_dir(command.get_current_dir().unwrap());
    changed.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    changed
}

#[actix_web::test]
async fn what_is_no_whole_backup_is_refused_and_nothing_changes() {
    let mut app = spawn().await;
    app.person("alice").await;
    fill(&app.db, 2_000).await;
    let (folder, file, name) = folder();
    succeeds(url(&app), &["backup", &name]);
    stop(&mut app).await;
    let whole = fs::read(&file).unwrap();
    let refused = |name: &str, bytes: &[u8], words: &str| {
        let other = folder.path().join(name);
        fs::write(&other, bytes).unwrap();
        fails(url(&app), &["restore", "--replace", "--yes", other.to_str().unwrap()], words);
    };
    refused("empty", b"", "is no backup");
    refused("text", "words, and no database at all. ".repeat(500).as_bytes(), "is no backup");
    refused("cut", &whole[..whole.len() / 2], "the backup is damaged");
    let mut scratched = whole.clone();
    let middle = whole.len() / 2 / 4096 * 4096;
    scratched[middle..middle + 64].fill(0xff);
    refused("scratched", &scratched, "the backup is damaged");
    fails(url(&app), &["restore", "--replace", "--yes", "/nowhere/x.db"], "cannot read /nowhere/x.db");
    // A database of somebody else's, and one of ours that was only copied and may lack what its journal holds.
    let foreign = folder.path().join("foreign.db");
    fs::File::create(&foreign).unwrap();
    change(&foreign, &["CREATE TABLE user_account (id TEXT)"]).await;
    fails(url(&app), &["restore", "--replace", "--yes", foreign.to_str().unwrap()], "is no backup");
    let copied = folder.path().join("copied.db");
    fs::write(&copied, &whole).unwrap();
    change(&copied, &["DROP TABLE _hallpass_backup"]).await;
    fails(url(&app), &["restore", "--replace", "--yes", copied.to_str().unwrap()], "is no backup");

    let later = folder.path().join("later.db");
    fs::write(&later, &whole).unwrap();
    change(&later, &["INSERT INTO _sqlx_migrations VALUES (9999, 'later', 0, 1, x'00', 0)"]).await;
    fails(url(&app), &["restore", "--replace", "--yes", later.to_str().unwrap()], "newer than this version");
    assert!(succeeds(url(&app), &["user", "list"]).contains("alice"));
}

#[actix_web::test]
async fn an_older_backup_is_brought_up_to_date_and_stays_as_it_is() {
    let mut app = spawn().await;
    app.signed_in("alice").await;
    let (_folder, file, name) = folder();
    succeeds(url(&app), &["backup", &name]);
    stop(&mut app).await;
    change(
        &file,
        &[
            "DROP INDEX user_account_by_role",
            "DROP TABLE name_index",
            "DROP TABLE search_term",
            "DROP TABLE username_skeleton",
            "DROP TABLE admin_turn",
            "DROP TABLE mail",
            "DROP TABLE link_email",
            "DROP TABLE link_token",
            "DROP TABLE audit_event",
            "DROP TABLE api_token",
            "DROP TABLE refresh_token",
            "DROP TABLE login_guard",
            "DELETE FROM _sqlx_migrations WHERE version >= 4",
        ],
    )
    .await;
    let before = fs::read(&file).unwrap();
    let place = tempfile::tempdir().unwrap();
    let target = make(place.path()).await;
    succeeds(&target, &["migrate"]);
    succeeds(&target, &["restore", &name]);
    assert!(fs::read(&file).unwrap() == before);
    let other = spawn_with(&[("DATABASE_URL", &target)]).await;
    other.browser().login("alice", PASSWORD).await.is(200, "");
    assert_eq!(other.number("SELECT COUNT(*) FROM link_token").await, 0);
}

#[actix_web::test]
async fn everything_is_replaced_only_when_asked_twice() {
    let mut app = spawn().await;
    app.person("alice").await;
    let (_folder, _file, name) = folder();
    succeeds(url(&app), &["backup", &name]);
    app.person("bob").await;
    let mut browser = app.browser();
    browser.login("bob", PASSWORD).await.is(200, "");
    if database::kind() == DatabaseKind::Sqlite {
        fails(url(&app), &["restore", "--replace", "--yes", &name], "stop the server");
        browser.get("/api/me").await.is(200, "");
    }
    stop(&mut app).await;
    fails(url(&app), &["restore", &name], "--replace");
    fails(url(&app), &["restore", "--replace", &name], "say --yes");
    assert!(succeeds(url(&app), &["user", "list"]).contains("bob"));
    succeeds(url(&app), &["restore", "--replace", "--yes", &name]);
    let list = succeeds(url(&app), &["user", "list"]);
    assert!(list.contains("alice") && !list.contains("bob"), "{list}");
}

#[actix_web::test]
async fn a_server_that_nobody_has_used_yet_counts_as_empty() {
    let mut app = spawn().await;
    app.person("alice").await;
    let (_folder, _file, name) = folder();
    succeeds(url(&app), &["backup", &name]);
    stop(&mut app).await;
    let mut fresh = spawn().await;
    fresh.setup_token().await;
    fresh.browser().login("nobody", "wrong").await.is(401, "invalid_credentials");
    stop(&mut fresh).await;
    succeeds(url(&fresh), &["restore", &name]);
    assert!(succeeds(url(&fresh), &["user", "list"]).contains("alice"));
    let served = spawn_with(&[("DATABASE_URL", url(&fresh))]).await;
    assert_eq!(served.number("SELECT COUNT(*) FROM link_token").await, 0, "the setup link is good no more");
}

/// Whether a database has nobody, or nothing at all.
fn fails_to_list(url: &str) -> bool {
    let output = program(url, &["user", "list", "--json"]).output().unwrap();
    output.stdout.is_empty()
}

/// Copied into its place, it would bring ended sessions back to life.
#[actix_web::test]
async fn a_backup_does_not_serve() {
    let app = spawn().await;
    app.signed_in("alice").await;
    let (_folder, file, name) = folder();
    succeeds(url(&app), &["backup", &name]);
    let copied = format!("sqlite://{name}");
    for arguments in [&["user", "list"][..], &["migrate"]] {
        fails(&copied, arguments, "hallpass restore");
    }
    let database = DatabaseConfig::new(copied.as_str().into()).unwrap();
    let served = Application::bind(Config { database, ..app.config.clone() }, Clock::system()).await;
    assert!(matches!(served, Err(StartError::Schema(SchemaError::Backup))), "{served:?}");
    let again = file.with_file_name("again.db");
    fails(&copied, &["backup", again.to_str().unwrap()], "hallpass restore");
    assert!(!again.exists());
    // Nor does it become a database on its way to another one.
    let target = format!("sqlite://{}", file.with_file_name("target.db").display());
    let source = url(&app).to_owned();
    succeeds(&target, &["migrate"]);
    fails(&source, &["copy", "--from", &copied, "--to", &target], "hallpass restore");
    assert!(fails_to_list(&target), "nobody has come over");
    fails(&source, &["copy", "--to", &copied], "hallpass restore");
    fails(&copied, &["check"], "hallpass restore");
    for arguments in [
        &["user", "create", "bob", "--password-stdin"][..],
        &["user", "import", "/dev/null", "--format", "csv"],
        &["user", "show", "alice"],
        &["user", "disable", "alice"],
        &["session", "list", "alice"],
        &["session", "end", "--user", "alice"],
        &["session", "prune"],
        &["token", "list", "alice"],
        &["restore", "--replace", "--yes", &name],
    ] {
        fails(&copied, arguments, "");
    }
}

/// A limit on the size of files stands for a full disk.
#[actix_web::test]
async fn a_full_disk_leaves_what_was_there() {
    let mut app = spawn().await;
    app.person("alice").await;
    let (folder, file, name) = folder();
    succeeds(url(&app), &["backup", &name]);
    fill(&app.db, 5_000).await;
    let big = folder.path().join("big.db");
    let big_name = big.to_str().unwrap();
    succeeds(url(&app), &["backup", big_name]);
    let before = fs::read(&file).unwrap();
    let database = url(&app).to_owned();
    let limited = |arguments: &str| {
        // Without the trap the limit kills; with it, writing fails.
        let shell = format!("trap '' XFSZ; ulimit -f 1000; exec {} {arguments}", env!("CARGO_BIN_EXE_hallpass"));
        let command = process::command(folder.path(), &[("DATABASE_URL", &database), ("RUST_LOG", "warn")]);
        command_of_shell(&command, &shell).output().unwrap()
    };
    let output = limited(&format!("backup --force {name}"));
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains("no backup was made"), "{}", text(&output));
    assert_eq!(text(&output).lines().count(), 1, "{}", text(&output));
    assert!(fs::read(&file).unwrap() == before);
    assert!(!names(folder.path()).iter().any(|name| name.contains("partial")), "{:?}", names(folder.path()));

    app.execute("DELETE FROM audit_event").await;
    stop(&mut app).await;
    let output = limited(&format!("restore --replace --yes {big_name}"));
    if database::kind() == DatabaseKind::Sqlite {
        assert_eq!(output.status.code(), Some(1), "{}", text(&output));
        assert!(text(&output).contains("nothing was changed"), "{}", text(&output));
        assert_eq!(text(&output).lines().count(), 1, "{}", text(&output));
        assert!(succeeds(url(&app), &["user", "list"]).contains("alice"));
        let database = app.folder.path().join("test.db");
        assert_eq!(number(&database, "SELECT COUNT(*) FROM audit_event").await, 0);
    }
}
