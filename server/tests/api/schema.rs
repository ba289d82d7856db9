//! The schema: brought up to date by whoever comes first, refused when it is not ours, mended where it was cut off.

use std::any::Any;
use std::time::Duration;

use hallpass::config::{DatabaseConfig, DatabaseKind};
use hallpass::db::Db;
use hallpass::db::migrate::{self, SchemaError};
use sqlx::migrate::Migrate;
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

#[actix_web::test]
async fn killed_at_any_moment_the_next_start_goes_on() {
    for round in 0..12 {
        let folder = tempfile::tempdir().unwrap();
        let url = database::make(folder.path()).await;
        let mut child = process::command(folder.path(), &[("DATABASE_URL", &url)]).arg("migrate").spawn().unwrap();
        actix_web::rt::time::sleep(Duration::from_millis(5 + 6 * round)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        let db = Db::connect(&DatabaseConfig::new(url.as_str().into()).unwrap()).await.unwrap();
        migrate::run(&db).await.unwrap();
        assert_eq!(migrate::pending(&db).await.unwrap(), 0);
        let app = spawn_with(&[("DATABASE_URL", &url)]).await;
        app.signed_in("alice").await;
    }
}
