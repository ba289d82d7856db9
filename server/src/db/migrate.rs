//! The schema of each database, embedded in the binary.

use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{Connection, Executor, MySqlConnection, SqliteConnection};

use super::explain::{GRANT, OWNER, POOLER, Refusal};
use super::failure::{is_conflict, is_lock_timeout, is_missing_table, is_unique_violation};
use super::{Db, Sql, backup, rights};
use crate::{on_db, random, sql};

static SQLITE: Migrator = sqlx::migrate!("../migrations/sqlite");
static MYSQL: Migrator = sqlx::migrate!("../migrations/mysql");
static POSTGRES: Migrator = sqlx::migrate!("../migrations/postgres");

/// How often a MySQL server is asked to bring its schema up to date, about once a second.
const ATTEMPTS: u32 = 60;
/// How many of these another server gets for finishing a migration that it has begun.
const OTHERS_FINISH_WITHIN: u32 = 5;

/// Why the schema could not be brought up to date, with what to do.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// The database has migrations that this version does not know.
    #[error(
        "the database schema (migration {0}) is newer than this version of hallpass: install the newer version again"
    )]
    Newer(i64),
    /// A migration was cut off half-way.
    #[error(
        "migration {0} was interrupted, and making its change again failed: look in migrations/mysql what it changes; \
         if that is there, run UPDATE _sqlx_migrations SET success = TRUE WHERE version = {0}, else delete that row; \
         then start again"
    )]
    Dirty(i64),
    /// A migration that was applied has since been edited.
    #[error("migration {0} differs from the one that was applied to this database: use an unmodified release")]
    Edited(i64),
    /// The file is no database to work on, but a copy of one.
    #[error(
        "the database is a backup, whose sessions may have been ended since: bring it back with `hallpass restore`"
    )]
    Backup,
    /// Another server holds the lock for too long.
    #[error("another server has been changing the schema for a minute: wait until it is done, then start again")]
    Locked,
    /// The database's user may not.
    #[error("the user of DATABASE_URL may not change the schema ({0}): {owner}", owner = OWNER)]
    NotAllowed(String),
    /// The database's user may not even read it.
    #[error("the user of DATABASE_URL may not use the tables ({0}): {grant}", grant = GRANT)]
    NoAccess(String),
    /// Something between gives every transaction another connection.
    #[error("{pooler}", pooler = POOLER)]
    Pooler,
    /// The database refused or went away.
    #[error("the schema could not be brought up to date")]
    Failed(#[source] MigrateError),
}

impl From<MigrateError> for SchemaError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(version) => Self::Newer(version),
            MigrateError::Dirty(version) => Self::Dirty(version),
            MigrateError::VersionMismatch(version) => Self::Edited(version),
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
                Self::of(error, Self::NotAllowed)
            }
            other => Self::Failed(other),
        }
    }
}

impl From<sqlx::Error> for SchemaError {
    fn from(error: sqlx::Error) -> Self {
        Self::of(error, Self::NoAccess)
    }
}

impl SchemaError {
    fn of(error: sqlx::Error, not_allowed: fn(String) -> Self) -> Self {
        let message = error.as_database_error().map(|error| error.message().to_owned());
        match (Refusal::of(&error), message) {
            (Refusal::Rights, Some(message)) => not_allowed(message),
            (Refusal::Pooler, _) => Self::Pooler,
            _ => Self::Failed(error.into()),
        }
    }
}

/// Brings the schema up to date. Running it twice does nothing the second time; several servers that start together take
/// turns.
///
/// # Errors
/// A [`SchemaError`] when the schema cannot be made the one this version needs.
pub async fn run(db: &Db) -> Result<(), SchemaError> {
    match db {
        Db::Sqlite { writer, .. } => {
            // All migrations in one transaction: it is both the lock and the promise of all or nothing.
            let mut tx = writer.begin_with("BEGIN IMMEDIATE").await?;
            if backup::made_at(&mut tx).await?.is_some() {
                return Err(SchemaError::Backup);
            }
            SQLITE.run(&mut *tx).await?;
            tx.commit().await?;
        }
        // Most starts find nothing to do; a user that may only read and write rows could do nothing either.
        Db::MySql(_) | Db::Postgres(_) if is_done(db).await? => {}
        // A connection of their own, for the lock is the connection's and must end with it.
        Db::MySql(remote) => {
            let mut connection = remote.pool.acquire().await?.detach();
            let outcome = on_mysql(&mut connection).await;
            let _ = connection.close().await;
            outcome?;
        }
        Db::Postgres(remote) => {
            let mut connection = remote.pool.acquire().await?.detach();
            // Another server's migration may take its time, and is waited for.
            connection.execute("SET lock_timeout = 0").await?;
            let outcome = POSTGRES.run(&mut connection).await;
            let _ = connection.close().await;
            outcome?;
        }
    }
    Ok(())
}

/// Refuses an SQLite file that a running server cannot go on with: a backup, or one with another schema.
pub(super) async fn ensure_served(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    const APPLIED: &str = "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version";
    if backup::made_at(connection).await?.is_some() {
        return Err(sqlx::Error::Configuration(SchemaError::Backup.into()));
    }
    let applied: Vec<i64> = sqlx::query_scalar(APPLIED).fetch_all(connection).await.unwrap_or_default();
    if SQLITE.iter().map(|migration| migration.version).eq(applied) {
        return Ok(());
    }
    Err(sqlx::Error::Configuration("the database has another schema: restart the server".into()))
}

/// How many migrations there are in all.
#[must_use]
pub fn count() -> usize {
    SQLITE.iter().count()
}

/// Whether every migration of this version is applied, as it is, and no other.
async fn is_done(db: &Db) -> Result<bool, sqlx::Error> {
    let known = migrator(db).iter().map(|migration| (migration.version, &*migration.checksum, true));
    let applied = applied(db).await?;
    Ok(known.eq(applied.iter().map(|(version, checksum, success)| (*version, checksum.as_slice(), *success))))
}

/// Version, checksum and success of each migration that the database has seen.
async fn applied(db: &Db) -> Result<Vec<(i64, Vec<u8>, bool)>, sqlx::Error> {
    const APPLIED: Sql = sql!("SELECT version, checksum, success FROM _sqlx_migrations ORDER BY version");
    match on_db!(db, APPLIED, |pool, text| sqlx::query_as(text).fetch_all(pool).await) {
        // A database that no migration has touched has not even the table that lists them.
        Err(error) if is_missing_table(&error) => Ok(Vec::new()),
        applied => applied,
    }
}

/// Refuses a file that `hallpass backup` has made, whose sessions may have been ended since.
///
/// # Errors
/// [`SchemaError`].
pub async fn refuse_backup(db: &Db) -> Result<(), SchemaError> {
    let Db::Sqlite { reader, .. } = db else { return Ok(()) };
    match backup::made_at(&mut *reader.acquire().await?).await? {
        Some(_) => Err(SchemaError::Backup),
        None => Ok(()),
    }
}

/// Whether [`run`] would succeed, as far as can be told without changing anything; and how many migrations it would apply.
///
/// # Errors
/// A [`SchemaError`] that it would fail with.
pub async fn foresee(db: &Db) -> Result<usize, SchemaError> {
    refuse_backup(db).await?;
    let applied = applied(db).await?;
    let mut pending = 0;
    for migration in migrator(db).iter() {
        match applied.iter().find(|(version, ..)| *version == migration.version) {
            Some((version, checksum, true)) if **checksum != *migration.checksum => {
                return Err(SchemaError::Edited(*version));
            }
            Some((.., true)) => {}
            // On MySQL one that was interrupted is made again.
            Some((.., false)) | None => pending += 1,
        }
    }
    if let Some((version, ..)) = applied.iter().find(|(version, ..)| !migrator(db).version_exists(*version)) {
        return Err(SchemaError::Newer(*version));
    }
    if pending > 0 {
        rights::to_change_the_schema(db).await.map_err(|error| SchemaError::of(error, SchemaError::NotAllowed))?;
    } else {
        rights::to_use_the_tables(db).await?;
    }
    Ok(pending)
}

/// MySQL commits after every change of the schema, so a server that dies in between leaves a migration of which nobody
/// knows whether its one statement was done. Those statements can be run again, so they are.
async fn on_mysql(connection: &mut MySqlConnection) -> Result<(), SchemaError> {
    // sqlx waits for its lock with a negative limit, which MariaDB takes for no wait at all; so the wait is made here.
    // A lock's name may be 64 characters long, as a database's. SHA2() is the only digest that MySQL 9 and MariaDB share.
    const LOCK: &str = "SELECT GET_LOCK(CONCAT('hallpass:', LEFT(SHA2(DATABASE(), 256), 40)), 60)";
    let locked: Option<i64> = sqlx::query_scalar(LOCK).fetch_one(&mut *connection).await?;
    if locked != Some(1) {
        return Err(SchemaError::Locked);
    }
    // On a cluster the lock is each node's own, so another server may be at the same migration through another node: its
    // half-done work is waited for, and conflicts with it are slept over.
    let (mut waited, mut redone) = (0, None);
    for _ in 0..ATTEMPTS {
        match MYSQL.run(&mut *connection).await {
            Err(MigrateError::Dirty(_)) if waited < OTHERS_FINISH_WITHIN => waited += 1,
            Err(MigrateError::Dirty(version)) if !MYSQL.version_exists(version) => {
                return Err(SchemaError::Newer(version));
            }
            Err(MigrateError::Dirty(version)) => {
                tracing::warn!(version, "a migration was interrupted; it is made again");
                forget(connection, version).await?;
                (waited, redone) = (0, Some(version));
                continue;
            }
            Err(MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) if is_race(&error) => {}
            Err(MigrateError::ExecuteMigration(_, version)) if redone == Some(version) => {
                return Err(SchemaError::Dirty(version));
            }
            outcome => return Ok(outcome?),
        }
        let [fraction] = random::bytes::<1>();
        tokio::time::sleep(Duration::from_millis(500 + 4 * u64::from(fraction))).await;
    }
    Err(SchemaError::Locked)
}

/// Forgets that a migration was begun.
async fn forget(connection: &mut MySqlConnection, version: i64) -> Result<(), sqlx::Error> {
    const FORGET: &str = "DELETE FROM _sqlx_migrations WHERE version = ? AND success = FALSE";
    match sqlx::query(FORGET).bind(version).execute(connection).await {
        Err(error) if !is_race(&error) => Err(error),
        _ => Ok(()),
    }
}

/// Whether somebody else was at the same.
fn is_race(error: &sqlx::Error) -> bool {
    is_conflict(error) || is_lock_timeout(error) || is_unique_violation(error)
}

/// How many migrations the database still lacks; changes nothing.
///
/// # Errors
/// When the database is away.
pub async fn pending(db: &Db) -> Result<usize, sqlx::Error> {
    Ok(migrator(db).iter().count().saturating_sub(applied(db).await?.len()))
}

/// How the schema of a database compares to the one that this version needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// It lacks migrations.
    Older,
    /// It is the same.
    Current,
    /// It has this migration, which this version does not know.
    Newer(i64),
}

/// How old the schema is; changes nothing.
///
/// # Errors
/// When the database is away.
pub async fn age(db: &Db) -> Result<Age, sqlx::Error> {
    const LATEST: Sql = sql!("SELECT MAX(version) FROM _sqlx_migrations");
    if pending(db).await? > 0 {
        return Ok(Age::Older);
    }
    let latest: Option<i64> = on_db!(db, LATEST, |pool, text| sqlx::query_scalar(text).fetch_one(pool).await)?;
    Ok(match latest {
        Some(version) if !migrator(db).version_exists(version) => Age::Newer(version),
        _ => Age::Current,
    })
}

fn migrator(db: &Db) -> &'static Migrator {
    match db {
        Db::Sqlite { .. } => &SQLITE,
        Db::MySql(_) => &MYSQL,
        Db::Postgres(_) => &POSTGRES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_databases_have_the_same_migrations() {
        let list = |migrator: &Migrator| -> Vec<(i64, String)> {
            migrator.iter().map(|migration| (migration.version, migration.description.to_string())).collect()
        };
        assert!(!list(&SQLITE).is_empty());
        assert_eq!(list(&SQLITE), list(&MYSQL));
        assert_eq!(list(&SQLITE), list(&POSTGRES));
    }

    #[test]
    fn a_mysql_migration_changes_the_schema_once() {
        const CHANGES: [&str; 5] = ["CREATE", "ALTER", "DROP", "RENAME", "EXECUTE"];
        for migration in MYSQL.iter() {
            let lines = migration.sql.as_str().lines().filter(|line| !line.trim_start().starts_with("--"));
            let text = lines.collect::<Vec<_>>().join("\n");
            let verbs = text.split(';').filter_map(|statement| statement.split_whitespace().next());
            assert_eq!(verbs.filter(|verb| CHANGES.contains(verb)).count(), 1, "{}", migration.version);
        }
    }
}
