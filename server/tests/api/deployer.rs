//! What the people are told who set a server up: `check` finds what `serve` would fail with, names it once, and says what to do.

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use hallpass::config::{DatabaseConfig, DatabaseKind};
use hallpass::db::{Db, migrate};
use sqlx::{AssertSqlSafe, Connection, MySqlConnection, PgConnection};

use crate::app::make_dist;
use crate::database;

const KEY: &str = "b9bKx2v0Zq7wT5uY8eR1aS3dF6gH4jL0";

/// Exit code and everything that was said, of a program in production that would otherwise start.
fn run(folder: &Path, arguments: &[&str], settings: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hallpass"));
    command.args(arguments).current_dir(folder).env_clear();
    command.envs([("PORT", "0"), ("SESSION_KEY", KEY), ("CLIENT_DIST", "dist"), ("RUST_LOG", "warn")]);
    command.envs(settings.iter().copied()).stdin(Stdio::null());
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

/// A folder with a web app.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    make_dist(&folder.path().join("dist"));
    folder
}

/// Both `check` and `serve` refuse, and say each of these words once.
#[track_caller]
fn both_refuse(folder: &Path, settings: &[(&str, &str)], words: &[&str]) {
    for command in ["check", "serve"] {
        let (code, said) = run(folder, &[command], settings);
        assert!(matches!(code, Some(1 | 78)), "{command} {settings:?}: {code:?} {said}");
        for word in words {
            assert_eq!(said.matches(word).count(), 1, "{command} {settings:?}: {word} in {said}");
        }
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn check_is_ok_where_nothing_is_wrong() {
    let folder = folder();
    let (code, said) = run(folder.path(), &["check"], &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("made at the first start") && said.contains("is free") && !said.contains("warning"),
        "{said}"
    );
    assert!(!folder.path().join("data/hallpass.db").exists());
}

#[test]
fn a_database_that_does_not_answer_is_named() {
    let folder = folder();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for scheme in ["postgres", "mysql"] {
        let url = format!("{scheme}://hallpass:hunter2@127.0.0.1:{port}/hallpass");
        let refused = format!("connection refused by 127.0.0.1:{port}");
        let settings = [("DATABASE_URL", url.as_str())];
        both_refuse(folder.path(), &settings, &[&refused, "start the database"]);
        let (code, said) = run(folder.path(), &["user", "list"], &settings);
        assert!(code == Some(1) && said.contains(&refused) && !said.contains("timed out"), "{said}");
    }
}

#[test]
fn passwords_with_signs_and_values_in_quotation_marks_are_explained() {
    let folder = folder();
    for url in [
        "postgres://u:hunter2#ss@127.0.0.1:1/db",
        "postgres://u:hunter2/ss@127.0.0.1:1/db",
        "postgres://u:12#34@127.0.0.1:1/db",
        "mysql://u:hunter2?ss@127.0.0.1:1/db",
    ] {
        both_refuse(folder.path(), &[("DATABASE_URL", url)], &["DATABASE_URL", "# as %23, / as %2F, ? as %3F"]);
    }
    let quoted = [("PUBLIC_URL", "\"https://login.example.com\""), ("SESSION_EXPIRE_DAYS", "'7'")];
    both_refuse(
        folder.path(),
        &quoted,
        &["PUBLIC_URL is in quotation marks", "SESSION_EXPIRE_DAYS is in quotation marks", "2 problem(s)"],
    );
    both_refuse(folder.path(), &[("PORT", "http")], &["PORT must be a whole number from 0 to 65535, not \"http\""]);
    both_refuse(folder.path(), &[("REGISTRATION", "yes")], &["open, closed; not \"yes\""]);
}

#[test]
fn an_address_that_cannot_be_listened_on_is_explained() {
    let folder = folder();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    both_refuse(folder.path(), &[("PORT", &port)], &["another program does already", &format!("127.0.0.1:{port}")]);
    both_refuse(folder.path(), &[("HOST", "192.0.2.1")], &["HOST=192.0.2.1 is not an address of this machine"]);
}

#[test]
fn a_missing_web_app_is_found_at_the_start() {
    let folder = folder();
    both_refuse(folder.path(), &[("CLIENT_DIST", "nowhere")], &["nowhere/index.html", "CLIENT_DIST"]);
}

#[test]
fn data_that_cannot_be_written_is_named_with_its_owner() {
    let folder = folder();
    fs::write(folder.path().join("file"), "").unwrap();
    let place = format!("{}/file/hallpass.db", folder.path().display());
    let (code, said) = run(folder.path(), &["check"], &[("DATABASE_URL", &format!("sqlite://{place}"))]);
    assert!(code == Some(1) && said.contains(&place), "{said}");
    // A folder of somebody else's; nobody is refused where the tests run as root.
    fs::create_dir(folder.path().join("theirs")).unwrap();
    fs::set_permissions(folder.path().join("theirs"), Permissions::from_mode(0o555)).unwrap();
    if fs::write(folder.path().join("theirs/probe"), "").is_err() {
        let url = [("DATABASE_URL", "sqlite://theirs/hallpass.db")];
        both_refuse(folder.path(), &url, &["permission denied (this program runs as uid ", "belongs to uid "]);
    }
}

#[test]
fn keys_that_cannot_be_made_are_found_before_the_start() {
    let folder = folder();
    let url = [("DATABASE_URL", "postgres://hallpass@127.0.0.1:1/hallpass")];
    let words = ["a key can be neither read nor made in ", "/data/jwt.key: ", "set JWT_KEY or JWT_KEY_FILE"];
    // Nobody makes anything there, not even root.
    if Path::new("/proc/self").exists() {
        both_refuse(Path::new("/proc"), &url, &words);
    }
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, Permissions::from_mode(0o555)).unwrap();
    if fs::write(data.join("probe"), "").is_err() {
        both_refuse(folder.path(), &url, &words);
        both_refuse(folder.path(), &url, &["permission denied (this program runs as uid ", "belongs to uid "]);
    }
    fs::remove_dir_all(&data).unwrap();
    let (_, said) = run(folder.path(), &["check"], &url);
    assert!(said.contains("connection refused") && !data.exists(), "{said}");
}

#[test]
fn what_is_hardly_meant_is_warned_of() {
    let folder = folder();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let open = |name: &str, mode| {
        let path = folder.path().join(name);
        fs::write(&path, "Zq7wT5uY8eR1aS3dF6gH4jL0b9bKx2v0").unwrap();
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    };
    let key_file = [("SESSION_KEY", ""), ("SESSION_KEY_FILE", "key")];
    open("key", 0o640);
    let (code, said) = run(folder.path(), &["check"], &key_file);
    assert!(code == Some(0) && !said.contains("warning"), "{said}");
    open("key", 0o644);
    let (code, said) = run(folder.path(), &["check"], &key_file);
    assert!(code == Some(0) && said.contains("/key can be read by every user of this machine (mode 644)"), "{said}");

    for (settings, word) in [
        ([("HOST", "0.0.0.0")], "HOST=0.0.0.0 lets other machines in, but PUBLIC_URL is not set"),
        ([("SESSION_KEY", "abcdefghijklmnopqrstuvwxyz012345")], "SESSION_KEY looks as if it could be guessed"),
    ] {
        let (code, said) = run(folder.path(), &["check"], &settings);
        assert!(code == Some(0) && said.contains("warning") && said.contains(word), "{said}");
    }

    assert_eq!(run(folder.path(), &["migrate"], &[]).0, Some(0));
    fs::set_permissions(folder.path().join("data"), Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(folder.path().join("data/hallpass.db"), Permissions::from_mode(0o644)).unwrap();
    let (_, said) = run(folder.path(), &["check"], &[]);
    assert!(said.contains("data/hallpass.db can be read by every user"), "{said}");
    // The same is said at the start, which then fails for another reason.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let (_, said) = run(folder.path(), &["serve"], &[("PORT", &port), ("HOST", "127.0.0.1")]);
    assert!(said.contains("data/hallpass.db can be read by every user"), "{said}");
}

#[test]
fn only_the_settings_file_of_the_working_directory_is_read() {
    let folder = folder();
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    fs::write(folder.path().join(".env"), "WORKERS=from-above\n").unwrap();
    let development = [("ENVIRONMENT", "development")];
    let (code, said) = run(&inner, &["health"], &development);
    assert!(code == Some(1) && said.contains("nothing answers"), "{said}");
    fs::write(inner.join(".env"), "WORKERS=from-here\n").unwrap();
    let (code, said) = run(&inner, &["health"], &development);
    assert!(code == Some(78) && said.contains("from-here"), "{said}");
    let (code, said) = run(&inner, &["health"], &[("PORT", "1")]);
    assert!(code == Some(1) && said.contains("nothing answers"), "production reads none: {said}");
}

#[test]
fn passwords_do_not_belong_on_the_command_line() {
    let folder = folder();
    let (_, help) = run(folder.path(), &["copy", "--help"], &[]);
    assert!(!help.contains("PASSWORD@") && !help.contains("://hallpass:") && help.contains("@FILE"), "{help}");
    assert_eq!(run(folder.path(), &["migrate"], &[]).0, Some(0));
    let (code, said) = run(folder.path(), &["copy", "--to", "mysql://u:hunter2@127.0.0.1:1/x"], &[]);
    assert!(code == Some(1) && said.contains("--to @FILE") && !said.contains("hunter2"), "{said}");
    fs::write(folder.path().join("url"), "mysql://u:hunter2@127.0.0.1:1/x").unwrap();
    let (code, said) = run(folder.path(), &["copy", "--to", "@url"], &[]);
    assert!(
        code == Some(1) && !said.contains("warning") && said.contains("connection refused by 127.0.0.1:1"),
        "{said}"
    );
}

/// The administrator of the database made it, and a user of the server that may not make tables; or may not use those that another
/// user has made.
#[actix_web::test]
async fn rights_that_are_missing_are_found_before_the_start() {
    let kind = database::kind();
    if kind == DatabaseKind::Sqlite {
        return; // It has no users.
    }
    let folder = folder();
    let admin = database::make(folder.path()).await;
    let name = format!("app_{:08x}", u32::from_be_bytes(hallpass::random::bytes()));
    let database = admin.rsplit_once('/').unwrap().1.to_owned();
    let make: Vec<String> = match kind {
        DatabaseKind::MySql => vec![
            format!("CREATE USER {name}@'%'"),
            format!("GRANT SELECT, INSERT, UPDATE, DELETE ON `{database}`.* TO {name}@'%'"),
        ],
        _ => vec![format!("CREATE ROLE {name} LOGIN"), "REVOKE CREATE ON SCHEMA public FROM PUBLIC".to_owned()],
    };
    execute(kind, &admin, &make).await;
    let mut theirs = url::Url::parse(&admin).unwrap();
    theirs.set_username(&name).unwrap();
    let settings = [("DATABASE_URL", theirs.as_str())];
    both_refuse(folder.path(), &settings, &["may not change the schema", "hallpass migrate"]);

    let db = Db::connect(&DatabaseConfig::new(admin.as_str().into()).unwrap()).await.unwrap();
    migrate::run(&db).await.unwrap();
    let (take, give) = match kind {
        DatabaseKind::MySql => (
            format!("REVOKE DELETE ON `{database}`.* FROM {name}@'%'"),
            format!("GRANT SELECT, INSERT, UPDATE, DELETE ON `{database}`.* TO {name}@'%'"),
        ),
        _ => (
            "SELECT 1".to_owned(),
            format!("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}"),
        ),
    };
    execute(kind, &admin, &[take]).await;
    let (code, said) = run(folder.path(), &["check"], &settings);
    assert!(
        code == Some(1) && said.contains("may not use the tables") && said.contains("GRANT SELECT, INSERT"),
        "{said}"
    );
    // Those that the server fills from others are asked for as well.
    let all_but_one: Vec<String> = match kind {
        DatabaseKind::MySql => {
            let tables =
                "SELECT CAST(table_name AS CHAR) FROM information_schema.tables WHERE table_schema = DATABASE()";
            let mut connection = MySqlConnection::connect(&admin).await.unwrap();
            let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut connection).await.unwrap();
            assert!(tables.iter().any(|table| table == "name_index"), "{tables:?}");
            let take = format!("REVOKE SELECT, INSERT, UPDATE ON `{database}`.* FROM {name}@'%'");
            let give = |table: String| {
                let rights = if table == "name_index" { "SELECT" } else { "SELECT, INSERT, UPDATE, DELETE" };
                format!("GRANT {rights} ON `{database}`.`{table}` TO {name}@'%'")
            };
            [take].into_iter().chain(tables.into_iter().map(give)).collect()
        }
        _ => vec![give.clone(), format!("REVOKE INSERT ON name_index FROM {name}")],
    };
    execute(kind, &admin, &all_but_one).await;
    let (code, said) = run(folder.path(), &["check"], &settings);
    assert!(code == Some(1) && said.contains("may not use the tables"), "{said}");
    execute(kind, &admin, &[give]).await;
    let (code, said) = run(folder.path(), &["check"], &settings);
    assert!(code == Some(0) && said.contains("ok, 0 people"), "{said}");
}

async fn execute(kind: DatabaseKind, url: &str, statements: &[String]) {
    for statement in statements {
        let statement = sqlx::raw_sql(AssertSqlSafe(statement.clone()));
        if kind == DatabaseKind::MySql {
            let mut connection = MySqlConnection::connect(url).await.unwrap();
            statement.execute(&mut connection).await.unwrap();
        } else {
            let mut connection = PgConnection::connect(url).await.unwrap();
            statement.execute(&mut connection).await.unwrap();
        }
    }
}
