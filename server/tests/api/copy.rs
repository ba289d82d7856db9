//! Moving from one database to another.

use std::path::Path;

use hallpass::clock::Timestamp;
use hallpass::config::{DatabaseConfig, DatabaseKind};
use hallpass::db::copy::{self, CopyError};
use hallpass::db::{Db, migrate};
use hallpass::identity::{Role, new_id};
use hallpass::secret::token::PlainToken;
use hallpass::sessions::model::Kind;
use hallpass::sessions::queries::{self as sessions, NewSession};
use hallpass::users::queries::{self as users, InsertError, NewAccount};
use sqlx::{Connection, SqliteConnection};

use crate::app::{PASSWORD, spawn, spawn_with};
use crate::database::{self, make_on};

async fn open(url: &str) -> Db {
    Db::connect(&DatabaseConfig::new(url.into()).unwrap()).await.unwrap()
}

#[actix_web::test]
async fn people_stay_signed_in() {
    let app = spawn().await;
    let mut browser = app.signed_in("alice").await;
    app.browser().login("alice", "wrong").await.is(401, "invalid_credentials");
    let folder = tempfile::tempdir().unwrap();
    let url = database::make(folder.path()).await;
    copy::run(&app.db, &open(&url).await, |_| ()).await.unwrap();
    let other = spawn_with(&[("DATABASE_URL", &url)]).await;
    let before = browser.get("/api/me").await.json();
    browser.base = other.url("");
    assert_eq!(browser.get("/api/me").await.json(), before);
    assert_eq!(other.browser().login("alice", PASSWORD).await.status, 200);

    let again = copy::run(&app.db, &other.db, |_| ()).await;
    assert!(matches!(again, Err(CopyError::TargetInUse("user_account"))), "{again:?}");
}

#[actix_web::test]
async fn names_that_cannot_be_indexed_do_not_undo_a_copy() {
    let app = spawn().await;
    app.person("alice").await;
    let folder = tempfile::tempdir().unwrap();
    let url = make_on(DatabaseKind::Sqlite, folder.path()).await;
    let target = open(&url).await;
    migrate::run(&target).await.unwrap();
    let fail = "CREATE TRIGGER fail BEFORE INSERT ON name_index BEGIN SELECT RAISE(ABORT, 'no room'); END";
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(fail).execute(&mut connection).await.unwrap();
    let output = app.hallpass(&["copy", "--to", &url], b"");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("everything was copied") && said.contains("the next start"), "{said}");
    sqlx::raw_sql("DROP TRIGGER fail").execute(&mut connection).await.unwrap();
    let other = spawn_with(&[("DATABASE_URL", &url)]).await;
    assert_eq!(other.number("SELECT COUNT(*) FROM name_index").await, 1);
}

#[actix_web::test]
async fn a_source_of_another_version_is_refused() {
    let app = spawn().await;
    app.execute("DELETE FROM _sqlx_migrations WHERE version = 3").await;
    let folder = tempfile::tempdir().unwrap();
    let target = open(&database::make(folder.path()).await).await;
    let outcome = copy::run(&app.db, &target, |_| ()).await;
    assert!(matches!(outcome, Err(CopyError::OldSource)), "{outcome:?}");
}

const PEOPLE: usize = 10_000;
const SESSIONS: usize = 100_000;

async fn fill(db: &Db) {
    let now = Timestamp::from_micros(1_767_225_600_000_000);
    let ids: Vec<String> = (0..PEOPLE).map(|_| new_id(now)).collect();
    let insert = async |tx: &mut hallpass::db::Tx| {
        for (number, id) in ids.iter().enumerate() {
            let email = (number % 3 > 0).then(|| format!("{number}@example.com"));
            let account = NewAccount {
                id,
                username: &format!("pérson{number}"),
                email: email.as_deref(),
                full_name: if number % 2 == 0 { "Zoë 🐢" } else { "" },
                role: if number % 100 == 0 { Role::Admin } else { Role::Member },
                password_hash: "!",
                created_at: now,
            };
            users::insert(tx, &account).await?;
        }
        for number in 0..SESSIONS {
            let session = NewSession {
                id: &new_id(now),
                token: PlainToken::generate().hash(),
                user_id: &ids[number % PEOPLE],
                kind: Kind::Cookie,
                browser: "Firefox on Linux",
                ip: "2001:db8::1",
                created_at: now,
                expires_at: now,
            };
            sessions::insert(tx, &session).await?;
        }
        Ok::<_, InsertError>(())
    };
    db.write(insert).await.unwrap();
}

async fn counts(db: &Db) -> (i64, i64) {
    let query = "SELECT (SELECT COUNT(*) FROM user_account), (SELECT COUNT(*) FROM session)";
    match db {
        Db::Sqlite { reader, .. } => sqlx::query_as(query).fetch_one(reader).await,
        Db::MySql(remote) => sqlx::query_as(query).fetch_one(&remote.pool).await,
        Db::Postgres(remote) => sqlx::query_as(query).fetch_one(&remote.pool).await,
    }
    .unwrap()
}

async fn new_database(kind: DatabaseKind, folder: &Path, number: usize) -> Db {
    let folder = folder.join(number.to_string());
    std::fs::create_dir(&folder).unwrap();
    open(&make_on(kind, &folder).await).await
}

/// Each copy is compared with its source by the copy itself, so the last of a chain holds what the first does.
#[actix_web::test]
async fn all_six_directions_with_ten_thousand_people_and_a_hundred_thousand_sessions() {
    use DatabaseKind::{MySql, Postgres, Sqlite};

    if database::kind() != Sqlite {
        return; // It concerns all three, and is run once.
    }
    let folder = tempfile::tempdir().unwrap();
    let mut source = new_database(Sqlite, folder.path(), 0).await;
    migrate::run(&source).await.unwrap();
    fill(&source).await;
    for (number, kind) in [MySql, Postgres, Sqlite, Postgres, MySql, Sqlite].into_iter().enumerate() {
        let target = new_database(kind, folder.path(), number + 1).await;
        copy::run(&source, &target, |_| ()).await.unwrap();
        assert_eq!(counts(&target).await, (10_000, 100_000), "{kind:?}");
        source.close().await;
        source = target;
    }
}
