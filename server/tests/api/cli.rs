//! The command line, as a person or a script runs it.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::process::{PASSWORD, Server, command, create_person};

fn hallpass(folder: &Path, arguments: &[&str], input: &str) -> Output {
    hallpass_with(folder, arguments, input, &[])
}

fn hallpass_with(folder: &Path, arguments: &[&str], input: &str, settings: &[(&str, &str)]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hallpass"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs([("ENVIRONMENT", "development"), ("ARGON2_MEMORY_KIB", "64"), ("RUST_LOG", "warn")])
        .envs(settings.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// What a script would read.
fn output(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[track_caller]
fn succeeds(folder: &TempDir, arguments: &[&str], input: &str) -> String {
    let output = hallpass(folder.path(), arguments, input);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output));
    self::output(&output)
}

#[track_caller]
fn fails(folder: &TempDir, arguments: &[&str], input: &str, word: &str) {
    let output = hallpass(folder.path(), arguments, input);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", text(&output));
    assert!(text(&output).contains(word), "{arguments:?} does not say {word}: {}", text(&output));
}

/// A folder with an empty database.
fn with_database() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    succeeds(&folder, &["migrate"], "");
    folder
}

#[test]
fn people_are_created_listed_and_changed() {
    let folder = with_database();
    let create = [
        "user",
        "create",
        "alice",
        "--email",
        "a@example.com",
        "--full-name",
        "Alice Moore",
        "--admin",
        "--password-stdin",
    ];
    assert!(succeeds(&folder, &create, "some words nobody guesses\n").contains("alice can sign in"));
    succeeds(&folder, &["user", "create", "bob", "--password-stdin"], "other words nobody guesses\n");
    fails(&folder, &["user", "create", "ALICE", "--password-stdin"], "some words nobody guesses\n", "taken");
    fails(&folder, &["user", "create", "c d", "--password-stdin"], "some words nobody guesses\n", "username");
    fails(&folder, &["user", "create", "carol", "--password-stdin"], "short\n", "at least 12");
    fails(&folder, &["user", "create", "carol", "--password-stdin"], "passwordpassword\n", "guessed");
    fails(&folder, &["user", "create", "carolcarolcarol", "--password-stdin"], "carolcarolcarol\n", "must not be");
    fails(&folder, &["user", "set-password", "nobody", "--password-stdin"], "x\n", "nobody called");

    let list = succeeds(&folder, &["user", "list"], "");
    assert!(list.contains("alice") && list.contains("admin") && list.contains("bob"), "{list}");
    let json = succeeds(&folder, &["user", "list", "--json"], "");
    let first: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!((&first["username"], &first["role"]), (&"alice".into(), &"admin".into()));
    assert!(!json.contains("argon2"));

    fails(&folder, &["user", "disable", "alice"], "", "last administrator who can sign in");
    succeeds(&folder, &["user", "disable", "bob"], "");
    assert!(succeeds(&folder, &["user", "list"], "").contains("disabled"));
    succeeds(&folder, &["user", "enable", "bob"], "");
    succeeds(&folder, &["user", "set-password", "a@example.com", "--password-stdin"], "more words nobody guesses\n");
    assert!(succeeds(&folder, &["session", "prune"], "").contains("0 sessions had run out"));
}

#[test]
fn files_are_made_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    succeeds(&folder, &["migrate"], "");
    succeeds(&folder, &["migrate"], "");
    for file in ["data/hallpass.db", "data/session.key", "data/jwt.key"] {
        let mode = std::fs::metadata(folder.path().join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn a_bad_configuration_is_refused_with_every_mend() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["serve"][..], &["check"], &["migrate"], &[]] {
        let settings = [
            ("PORT", "x"),
            ("ENVIRONMENT", "production"),
            ("PUBLIC_URL", "http://example.com"),
            ("SESSION_KEY", "hunter2"),
        ];
        let output = hallpass_with(folder.path(), arguments, "", &settings);
        assert_eq!(output.status.code(), Some(78), "{}", text(&output));
        for word in ["PORT", "ALLOW_INSECURE_HTTP", "SESSION_KEY", "ARGON2_MEMORY_KIB"] {
            assert!(text(&output).contains(word), "{}", text(&output));
        }
        assert!(!text(&output).contains("hunter2"));
    }
}

#[test]
fn check_says_what_it_found() {
    let folder = tempfile::tempdir().unwrap();
    let output = hallpass_with(folder.path(), &["check"], "", &[("PORT", "0")]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(
        text(&output).contains("made at the first start") && text(&output).contains("just build"),
        "{}",
        text(&output)
    );
    assert!(!folder.path().join("data/hallpass.db").exists(), "looking makes nothing");
    succeeds(&folder, &["migrate"], "");
    std::fs::create_dir_all(folder.path().join("client/dist")).unwrap();
    std::fs::write(folder.path().join("client/dist/index.html"), "").unwrap();
    let said = text(&hallpass_with(folder.path(), &["check"], "", &[("PORT", "0")]));
    assert!(said.contains("database       ok, 0 people") && said.contains("web app        ok"), "{said}");
}

/// With other settings than the server's, or in another folder, a command would work on a new database and report success.
#[test]
fn commands_never_make_a_database_or_keys() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("people.csv"), "username\nalice\n").unwrap();
    let missing = folder.path().join("data/hallpass.db").display().to_string();
    for arguments in [
        &["user", "create", "alice", "--admin", "--password-stdin"][..],
        &["user", "invite", "alice"],
        &["user", "import", "people.csv"],
        &["user", "list"],
        &["user", "show", "alice"],
        &["user", "set-password", "alice", "--password-stdin"],
        &["user", "reset-link", "alice"],
        &["user", "disable", "alice"],
        &["user", "enable", "alice"],
        &["session", "list", "alice"],
        &["session", "end", "--user", "alice"],
        &["session", "prune"],
        &["token", "list", "alice"],
        &["token", "revoke", "0190163d-8694-739b-aea5-966c26f8ad90"],
        &["backup", "backup.db"],
        &["restore", "people.csv"],
        &["copy", "--to", "sqlite://other.db"],
        &["demo"],
    ] {
        fails(&folder, arguments, PASSWORD, &format!("there is no database {missing}"));
    }
    let _ = (hallpass(folder.path(), &["check"], ""), hallpass(folder.path(), &["health"], ""));
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["people.csv"]);

    // Nor a schema in a database that is there.
    std::fs::create_dir(folder.path().join("data")).unwrap();
    std::fs::write(&missing, "").unwrap();
    fails(&folder, &["user", "list"], "", "run `hallpass migrate`");
    succeeds(&folder, &["migrate"], "");
    let listed = hallpass(folder.path(), &["user", "list"], "");
    assert!(String::from_utf8_lossy(&listed.stderr).starts_with(&format!("Database: {missing}\n")));
}

#[test]
fn check_advises_to_trust_the_proxy_that_https_implies() {
    let folder = tempfile::tempdir().unwrap();
    let advises = |settings: &[(&str, &str)]| {
        text(&hallpass_with(folder.path(), &["check"], "", settings)).contains("TRUSTED_PROXIES is not set")
    };
    let https = ("PUBLIC_URL", "https://login.example.com");
    assert!(advises(&[https]));
    assert!(!advises(&[https, ("TRUSTED_PROXIES", "127.0.0.1")]));
    assert!(!advises(&[]));
}

#[test]
fn openapi_needs_no_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let output = hallpass_with(folder.path(), &["openapi"], "", &[("PORT", "x")]);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document, hallpass::openapi::document());
    assert!(!folder.path().join("data").exists());
}

#[test]
fn the_demo_fills_an_empty_database_only() {
    let folder = with_database();
    let said = succeeds(&folder, &["demo"], "");
    assert!(said.contains("200 people") && said.contains("Sign in as demo"), "{said}");
    assert_eq!(succeeds(&folder, &["user", "list", "--json"], "").lines().count(), 200);
    fails(&folder, &["demo"], "", "empty one");
}

#[test]
fn help_names_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let help = succeeds(&folder, &["--help"], "");
    for command in [
        "serve",
        "migrate",
        "user",
        "session",
        "token",
        "copy",
        "backup",
        "restore",
        "openapi",
        "check",
        "health",
        "completions",
    ] {
        assert!(help.contains(command), "{help}");
    }
}

#[test]
fn every_command_shows_examples() {
    let folder = tempfile::tempdir().unwrap();
    for command in [
        "serve",
        "migrate",
        "user create",
        "user invite",
        "user import",
        "user show",
        "user list",
        "user set-password",
        "user reset-link",
        "user disable",
        "user enable",
        "session list",
        "session end",
        "session prune",
        "token list",
        "token revoke",
        "copy",
        "backup",
        "restore",
        "openapi",
        "check",
        "health",
        "completions",
    ] {
        let arguments: Vec<_> = command.split(' ').chain(["--help"]).collect();
        let help = succeeds(&folder, &arguments, "");
        assert!(help.contains("Examples:\n") && help.contains(&format!("hallpass {command}")), "{help}");
    }
    assert_eq!(hallpass(folder.path(), &["user", "rename", "alice"], "").status.code(), Some(2));
}

#[test]
fn shells_complete_the_commands() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let script = succeeds(&folder, &["completions", shell], "");
        assert!(script.contains("hallpass") && script.contains("reset-link"), "{shell}: {script}");
    }
    assert_eq!(hallpass(folder.path(), &["completions", "cmd"], "").status.code(), Some(2));
    assert!(!folder.path().join("data").exists());
}

#[test]
fn a_newer_schema_is_said_to_be_newer() {
    let folder = tempfile::tempdir().unwrap();
    succeeds(&folder, &["migrate"], "");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let url = format!("sqlite://{}/data/hallpass.db", folder.path().display());
        let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
        sqlx::query("INSERT INTO _sqlx_migrations VALUES (9999, 'later', 0, 1, x'00', 0)")
            .execute(&pool)
            .await
            .unwrap();
        pool.close().await;
    });
    fails(&folder, &["user", "list"], "", "newer than this version");
}

#[test]
fn copy_moves_everything_and_says_what() {
    let folder = with_database();
    fails(&folder, &["copy", "--from", "sqlite://nowhere.db", "--to", "sqlite://to.db"], "", "there is no database");
    fails(&folder, &["copy", "--to", "sqlite://to.db"], "", "there is no database");
    succeeds(&folder, &["demo"], "");
    let target = [("DATABASE_URL", "sqlite://to.db")];
    assert!(hallpass_with(folder.path(), &["migrate"], "", &target).status.success());
    fails(&folder, &["copy", "--to", "redis://x"], "", "must begin with");
    fails(&folder, &["copy", "--to", "@nowhere"], "", "cannot read nowhere");
    std::fs::write(folder.path().join("url"), "sqlite://to.db\n").unwrap();
    let said = succeeds(&folder, &["copy", "--to", "@url"], "");
    assert!(said.contains("user_account   200 rows") && said.contains("copied and compared"), "{said}");
    fails(&folder, &["copy", "--to", "sqlite://to.db"], "", "empty database");
    let there = hallpass_with(folder.path(), &["user", "list", "--json"], "", &target);
    assert_eq!(output(&there).lines().count(), 200);
}

#[test]
fn tokens_are_listed_and_revoked() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/data/hallpass.db", folder.path().display());
    succeeds(&folder, &["migrate"], "");
    create_person(folder.path(), &url, "alice");
    fails(&folder, &["token", "list", "nobody"], "", "nobody called");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let id = runtime.block_on(async {
        let app = crate::app::spawn_with(&[("DATABASE_URL", &url)]).await;
        let mut browser = app.browser();
        assert_eq!(browser.login("alice", PASSWORD).await.status, 200);
        let wanted = serde_json::json!({"name": "backup", "expires_in_days": 7, "scopes": ["read"]});
        browser.post("/api/tokens", wanted).await.json()["id"].as_str().unwrap().to_owned()
    });
    let list = succeeds(&folder, &["token", "list", "alice"], "");
    assert!(list.contains(&id) && list.contains("backup") && list.contains("never"), "{list}");
    let json = succeeds(&folder, &["token", "list", "alice", "--json"], "");
    assert_eq!(serde_json::from_str::<serde_json::Value>(json.trim()).unwrap()["id"], id);
    assert!(succeeds(&folder, &["token", "revoke", &id], "").contains("revoked"));
    fails(&folder, &["token", "revoke", &id], "", "no token");
}

#[test]
fn health_asks_the_running_server() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]);
    let settings = [("PORT", server.address.port().to_string())];
    let settings = settings.each_ref().map(|(name, value)| (*name, value.as_str()));
    let well = hallpass_with(folder.path(), &["health"], "", &settings);
    assert!(well.status.success() && text(&well).contains("\"status\":\"ok\""), "{}", text(&well));
    drop(server);
    let gone = hallpass_with(folder.path(), &["health"], "", &settings);
    assert_eq!(gone.status.code(), Some(1));
    assert!(text(&gone).contains("nothing answers"), "{}", text(&gone));
}

#[test]
fn the_first_start_prints_a_link_to_the_first_administrator() {
    let folder = tempfile::tempdir().unwrap();
    let link = |folder: &TempDir| {
        let mut child = crate::process::command(folder.path(), &[("PORT", "0"), ("CLIENT_DIST", ".")])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let printed: Vec<String> = lines.take_while(|line| !line.contains("Hallpass is ready")).collect();
        child.kill().unwrap();
        child.wait().unwrap();
        printed.into_iter().find(|line| line.contains("/setup#token="))
    };
    let printed = link(&folder).expect("an empty database prints a link");
    assert!(printed.trim().starts_with("http://localhost:3000/setup#token="), "{printed}");
    assert_eq!(printed.trim().split_once('=').unwrap().1.len(), 43);
    create_person(folder.path(), "sqlite://data/hallpass.db", "alice");
    assert!(link(&folder).is_some(), "a member is no administrator");
    succeeds(&folder, &["user", "create", "root", "--admin", "--password-stdin"], &format!("{PASSWORD}\n"));
    assert_eq!(link(&folder), None);
}

#[test]
fn a_server_takes_as_many_open_files_as_it_may() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/test.db", folder.path().display());
    let settings = [("DATABASE_URL", url.as_str()), ("PORT", "0")];
    let server = command(folder.path(), &settings);
    let mut limited = Command::new("bash");
    limited.args(["-c", "ulimit -Sn 64 && ulimit -Hn 512 && exec \"$0\""]).arg(server.get_program());
    limited.current_dir(folder.path()).env_clear();
    limited.envs(server.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut child = limited.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("Hallpass is ready")));
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let limit = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    assert_eq!(limit.split_whitespace().next(), Some("512"), "{limits}");
}
