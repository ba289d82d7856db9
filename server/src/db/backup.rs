//! Writes all there is into one SQLite file, whichever database it comes from, as it is at one moment.

use std::convert::Infallible;
use std::io;
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnection, SqlitePool};

use super::copy::{self, CopyError, Progress, count};
use super::failure::is_unreadable;
use super::migrate::{self, Age, SchemaError};
use super::tables::TABLES;
use super::{Db, Tx};
use crate::clock::Timestamp;

/// How often it is looked how far SQLite's own copying is.
const LOOK: Duration = Duration::from_millis(200);

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database has migrations that this version does not know, or is a backup itself.
    #[error(transparent)]
    Schema(SchemaError),
    /// The database lacks migrations, and only SQLite copies tables it does not know.
    #[error("the database's schema is older than this version: make the backup with the version that serves it")]
    Older,
    /// What was written is not whole.
    #[error("what was written is damaged: {0}")]
    Damaged(String),
    /// Copying failed.
    #[error(transparent)]
    Copy(CopyError),
    /// The database, or the file.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The file.
    #[error(transparent)]
    File(#[from] io::Error),
}

impl From<CopyError> for BackupError {
    fn from(error: CopyError) -> Self {
        match error {
            CopyError::Database(error) => Self::Database(error),
            CopyError::OldSource => Self::Older,
            CopyError::Schema(error @ SchemaError::Newer(_)) => Self::Schema(error),
            error => Self::Copy(error),
        }
    }
}

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// When it was made.
    pub made_at: Timestamp,
    /// How many people are in it.
    pub people: u64,
    /// How many sessions, alive or ended.
    pub sessions: u64,
}

/// Writes `db` into `file`, which exists and is empty, checks what was written, and leaves it safe on the disk. Nobody who
/// uses the database has to wait.
///
/// # Errors
/// [`BackupError`]; what the file then holds is worth nothing.
pub async fn write(db: &Db, file: &Path, now: Timestamp, progress: impl Fn(Progress)) -> Result<Contents, BackupError> {
    match db {
        Db::Sqlite { writer, .. } => {
            if let Age::Newer(version) = migrate::age(db).await? {
                return Err(BackupError::Schema(SchemaError::Newer(version)));
            }
            if made_at(&mut *writer.acquire().await?).await?.is_some() {
                return Err(BackupError::Schema(SchemaError::Backup));
            }
            vacuum_into(writer, file, &progress).await?;
        }
        Db::MySql(_) | Db::Postgres(_) => {
            let target = Db::open_file(file, false).await?;
            copy::run(db, &target, progress).await?;
            target.close().await;
        }
    }
    let contents = seal(file, now).await?;
    std::fs::File::open(file)?.sync_all()?;
    Ok(contents)
}

/// SQLite's own copying sees one moment and lets others write; what was deleted is not in the copy.
async fn vacuum_into(pool: &SqlitePool, file: &Path, progress: &impl Fn(Progress)) -> Result<(), BackupError> {
    const SIZE: &str = "SELECT (page_count - freelist_count) * page_size \
                        FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()";
    let name = std::path::absolute(file)?;
    let name = name.to_str().ok_or_else(|| io::Error::other("the file's name is not UTF-8"))?;
    let mut connection = pool.acquire().await?;
    let total: i64 = sqlx::query_scalar(SIZE).fetch_one(&mut *connection).await?;
    let total = total.unsigned_abs();
    let watch = async || -> Infallible {
        loop {
            let done = std::fs::metadata(file).map_or(0, |metadata| metadata.len()).min(total);
            progress(Progress { table: "bytes", done, total });
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::select! {
        done = sqlx::query("VACUUM INTO ?").bind(name).execute(&mut *connection) => done.map(drop)?,
        never = watch() => match never {},
    }
    Ok(())
}

/// Marks the file as a backup and checks it.
async fn seal(file: &Path, now: Timestamp) -> Result<Contents, BackupError> {
    const MARK: &str =
        "CREATE TABLE _hallpass_backup (made_at INTEGER NOT NULL, hallpass_version TEXT NOT NULL) STRICT";
    let db = Db::open_file(file, false).await?;
    let mut tx = db.begin().await?;
    if let Tx::Sqlite(tx) = &mut tx {
        sqlx::query(MARK).execute(&mut **tx).await?;
        sqlx::query("INSERT INTO _hallpass_backup VALUES (?, ?)")
            .bind(now)
            .bind(env!("CARGO_PKG_VERSION"))
            .execute(&mut **tx)
            .await?;
    }
    tx.commit().await?;
    let contents = check(&db).await?;
    db.close().await;
    contents.ok_or_else(|| BackupError::Damaged("it has no mark".to_owned()))
}

/// Reads a whole backup; `None` where it is none.
pub(super) async fn check(db: &Db) -> Result<Option<Contents>, BackupError> {
    let contents = async {
        let mut tx = db.snapshot().await?;
        let Tx::Sqlite(sqlite) = &mut tx else { return Ok(None) };
        let Some(made_at) = made_at(sqlite).await? else { return Ok(None) };
        let problem: String = sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(&mut **sqlite).await?;
        if problem != "ok" {
            return Err(BackupError::Damaged(problem));
        }
        let dangling = sqlx::query("PRAGMA foreign_key_check").fetch_optional(&mut **sqlite).await?;
        if dangling.is_some() {
            return Err(BackupError::Damaged("a row refers to one that is not there".to_owned()));
        }
        let (people, sessions) = (count(&mut tx, &TABLES[0]).await?, count(&mut tx, &TABLES[1]).await?);
        Ok(Some(Contents { made_at, people, sessions }))
    };
    match contents.await {
        Err(BackupError::Database(error)) if is_unreadable(&error) => Err(BackupError::Damaged(error.to_string())),
        outcome => outcome,
    }
}

/// When a backup was made; `None` for a file that is none.
pub(super) async fn made_at(connection: &mut SqliteConnection) -> Result<Option<Timestamp>, sqlx::Error> {
    const MARK: &str = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = '_hallpass_backup'";
    let marks: i64 = sqlx::query_scalar(MARK).fetch_one(&mut *connection).await?;
    if marks == 0 {
        return Ok(None);
    }
    sqlx::query_scalar("SELECT made_at FROM _hallpass_backup").fetch_optional(connection).await
}

/// Makes a database of a copy of a backup.
pub(super) async fn unmark(db: &Db) -> Result<(), sqlx::Error> {
    let mut tx = db.begin().await?;
    if let Tx::Sqlite(tx) = &mut tx {
        sqlx::query("DROP TABLE _hallpass_backup").execute(&mut **tx).await?;
    }
    tx.commit().await
}
