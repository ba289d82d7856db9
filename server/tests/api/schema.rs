//! The schema: brought up to date by whoever comes first, refused when it is not ours, mended where it was cut off.

use std::any::Any;
use std::str::FromStr;
use std::time::Duration;

use hallpass::config::{DatabaseConfig, DatabaseKind};
use hallpass::db::Db;
use hallpass::db::migrate::{self, SchemaError};
use sqlx::migrate::Migrate;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, MySqlConnection, PgConnection, SqliteConnection};

use crate::app::{spawn, spawn_with};
use crate::database;
use crate::process;

#[actix_web::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let app = spawn().await;
    app.execute(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'later', TRUE, '00', 0)",
    )
    .await;
    let outcome = migrate::run(&app.db).await;
    assert!(matches!(outcome, Err(SchemaError::Newer(9999))), "{outcome:?}");
    assert_eq!(app.number("SELECT COUNT(*) FROM _sqlx_migrations WHERE version = 9999").await, 1);
}

#[actix_web::test]
async fn an_edited_migration_is_refused() {
    let app = spawn().await;
    app.execute("UPDATE _sqlx_migrations SET checksum = '00' WHERE version = 1").await;
    let outcome = migrate::run(&app.db).await;
    assert!(matches!(outcome, Err(SchemaError::Edited(1))), "{outcome:?}");
}

/// Only MySQL can leave a migration half done; the others roll it back.
#[actix_web::test]
async fn a_migration_that_was_cut_off_is_made_again() {
    let app = spawn().await;
    if database::kind() != DatabaseKind::MySql {
        assert_eq!(app.number("SELECT COUNT(*) FROM _sqlx_migrations WHERE NOT success").await, 0);
        return;
    }
    app.execute("UPDATE _sqlx_migrations SET success = FALSE WHERE version = 3").await;
    app.execute("DROP TABLE login_attempt").await;
    migrate::run(&app.db).await.unwrap();
    assert_eq!(app.number("SELECT COUNT(*) FROM login_attempt").await, 0);
    // And one that a newer version has begun is none of ours.
    app.execute(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'later', FALSE, '00', 0)",
    )
    .await;
    let outcome = migrate::run(&app.db).await;
    assert!(matches!(outcome, Err(SchemaError::Newer(9999))), "{outcome:?}");
}

/// A migration may take its time: on PostgreSQL, longer than anybody waits for a row.
#[actix_web::test]
async fn who_comes_second_waits_for_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let url = database::make(folder.path()).await;
    let db = Db::connect(&DatabaseConfig::new(url.as_str().into()).unwrap()).await.unwrap();
    let (first, wait): (Box<dyn Any>, u64) = match database::kind() {
        DatabaseKind::Sqlite => {
            let mut connection = SqliteConnection::connect(&url).await.unwrap();
            sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
            (Box::new(connection), 1)
        }
        DatabaseKind::MySql => {
            const LOCK: &str = "SELECT GET_LOCK(CONCAT('hallpass:', LEFT(SHA2(DATABASE(), 256), 40)), 1)";
            let mut connection = MySqlConnection::connect(&url).await.unwrap();
            sqlx::query(LOCK).execute(&mut connection).await.unwrap();
            (Box::new(connection), 1)
        }
        DatabaseKind::Postgres => {
            let mut connection = PgConnection::connect(&url).await.unwrap();
            connection.lock().await.unwrap();
            (Box::new(connection), 5)
        }
    };
    let migrating = actix_web::rt::spawn({
        let db = db.clone();
        async move { migrate::run(&db).await }
    });
    actix_web::rt::time::sleep(Duration::from_secs(wait)).await;
    assert!(!migrating.is_finished());
    // Whoever is killed lets go.
    drop(first);
    migrating.await.unwrap().unwrap();
    assert_eq!(migrate::pending(&db).await.unwrap(), 0);
}

/// Whether somebody is changing the schema: on SQLite all of it is one transaction, elsewhere each migration is one.
async fn has_begun(db: &Db, url: &str) -> bool {
    let Db::Sqlite { .. } = db else {
        let pending = migrate::pending(db).await;
        return matches!(pending, Ok(pending) if pending > 0 && pending < migrate::count());
    };
    let options = SqliteConnectOptions::from_str(url).unwrap().busy_timeout(Duration::ZERO);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let begun = sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await.is_err();
    connection.close().await.unwrap();
    begun
}

#[actix_web::test]
async fn killed_in_the_middle_the_next_start_goes_on() {
    let mut interrupted = 0;
    for _ in 0..60 {
        let folder = tempfile::tempdir().unwrap();
        let url = database::make(folder.path()).await;
        let db = Db::connect(&DatabaseConfig::new(url.as_str().into()).unwrap()).await.unwrap();
        let mut child = process::command(folder.path(), &[("DATABASE_URL", &url)]).arg("migrate").spawn().unwrap();
        while child.try_wait().unwrap().is_none() && !has_begun(&db, &url).await {}
        child.kill().unwrap();
        child.wait().unwrap();
        // Some are done before they are killed: these show nothing.
        let pending = migrate::pending(&db).await.unwrap();
        interrupted += usize::from(pending > 0);
        migrate::run(&db).await.unwrap();
        assert_eq!(migrate::pending(&db).await.unwrap(), 0);
        let app = spawn_with(&[("DATABASE_URL", &url)]).await;
        app.signed_in("alice").await;
        if interrupted == 5 {
            return;
        }
    }
    panic!("only {interrupted} migrations were interrupted");
}
