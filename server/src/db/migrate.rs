//! The schema of each database, embedded in the binary.

use sqlx::migrate::{MigrateError, Migrator};

use super::{Db, Sql};
use crate::{on_db, sql};

static SQLITE: Migrator = sqlx::migrate!("../migrations/sqlite");

/// Why the schema could not be brought up to date, with what to do.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// The database has migrations that this version does not know.
    #[error(
        "the database schema (migration {0}) is newer than this version of hallpass: install the newer version again"
    )]
    Newer(i64),
    /// A migration was cut off half-way.
    #[error("migration {0} was interrupted and left the schema half changed: restore a backup, then start again")]
    Dirty(i64),
    /// A migration that was applied has since been edited.
    #[error("migration {0} differs from the one that was applied to this database: use an unmodified release")]
    Edited(i64),
    /// This version brings no schema for that database.
    #[error("this version of hallpass has no schema for {0} yet: use a sqlite: DATABASE_URL")]
    Unsupported(&'static str),
    /// The database refused or went away.
    #[error("the schema could not be brought up to date")]
    Failed(#[source] MigrateError),
}

/// Brings the schema up to date. Running it twice does nothing the second time.
///
/// # Errors
/// A [`SchemaError`] when the schema cannot be made the one this version needs.
pub async fn run(db: &Db) -> Result<(), SchemaError> {
    let outcome = match db {
        Db::Sqlite { writer, .. } => SQLITE.run(writer).await,
        Db::MySql(_) => return Err(SchemaError::Unsupported("MySQL")),
        Db::Postgres(_) => return Err(SchemaError::Unsupported("PostgreSQL")),
    };
    outcome.map_err(|error| match error {
        MigrateError::VersionMissing(version) => SchemaError::Newer(version),
        MigrateError::Dirty(version) => SchemaError::Dirty(version),
        MigrateError::VersionMismatch(version) => SchemaError::Edited(version),
        other => SchemaError::Failed(other),
    })
}

/// How many migrations the database still lacks; changes nothing.
///
/// # Errors
/// When the database is away.
pub async fn pending(db: &Db) -> Result<usize, sqlx::Error> {
    const APPLIED: Sql = sql!("SELECT COUNT(*) FROM _sqlx_migrations");
    let applied: Result<i64, _> = on_db!(db, APPLIED, |pool, text| sqlx::query_scalar(text).fetch_one(pool).await);
    let applied = match applied {
        Ok(applied) => usize::try_from(applied).unwrap_or_default(),
        // A database that no migration has touched has not even the table that counts them.
        Err(error) if !super::is_unavailable(&error) => 0,
        Err(error) => return Err(error),
    };
    Ok(SQLITE.iter().count().saturating_sub(applied))
}
