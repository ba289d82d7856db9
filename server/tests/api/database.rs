//! A database of its own for each test, on the engine that `TEST_DATABASE` names: `sqlite` (the default), `mysql` or `postgres`.
//! `TEST_MYSQL_URL` and `TEST_POSTGRES_URL` lead to servers on which databases may be created; `server/test.sh` starts them.

use std::path::Path;

use hallpass::config::DatabaseKind;
use hallpass::random;
use sqlx::{AssertSqlSafe, Connection, MySqlConnection, PgConnection};

/// The engine this run of the tests is about.
pub fn kind() -> DatabaseKind {
    match std::env::var("TEST_DATABASE").as_deref() {
        Err(_) | Ok("sqlite") => DatabaseKind::Sqlite,
        Ok("mysql") => DatabaseKind::MySql,
        Ok("postgres") => DatabaseKind::Postgres,
        Ok(other) => panic!("TEST_DATABASE={other}: use sqlite, mysql or postgres"),
    }
}

/// The URL of a new, empty database. SQLite's file lies in `folder`.
pub async fn make(folder: &Path) -> String {
    make_on(kind(), folder).await
}

/// The same on a certain engine.
pub async fn make_on(kind: DatabaseKind, folder: &Path) -> String {
    match kind {
        DatabaseKind::Sqlite => format!("sqlite://{}/test.db", folder.display()),
        DatabaseKind::MySql => create(kind, &server("TEST_MYSQL_URL")).await,
        DatabaseKind::Postgres => create(kind, &server("TEST_POSTGRES_URL")).await,
    }
}

fn server(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: run the tests with `just test-server`"))
}

/// A new database on the server that `url` leads to.
pub async fn create(kind: DatabaseKind, url: &str) -> String {
    let name = format!("hallpass_test_{:032x}", u128::from_be_bytes(random::bytes()));
    let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
    if kind == DatabaseKind::MySql {
        let mut connection = MySqlConnection::connect(url).await.unwrap();
        sqlx::query(create).execute(&mut connection).await.unwrap();
    } else {
        let mut connection = PgConnection::connect(url).await.unwrap();
        sqlx::query(create).execute(&mut connection).await.unwrap();
    }
    let mut url = url::Url::parse(url).unwrap();
    url.set_path(&name);
    url.into()
}
