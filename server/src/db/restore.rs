//! Brings a backup back into a database of any kind.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sqlx::QueryBuilder;

use super::backup::{self, BackupError, Contents};
use super::copy::{CopyError, Progress, copy_table, count};
use super::failure::is_unreadable;
use super::migrate::{self, Age, SchemaError};
use super::rows::on_driver;
use super::tables::{DERIVED, TABLES};
use super::{Abort, Db, Tx};
use crate::random;

/// Why nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The file is something else.
    #[error("the file is no backup that `hallpass backup` has made")]
    NoBackup,
    /// The file is not whole.
    #[error("the backup is damaged: {0}")]
    Damaged(String),
    /// The backup is from a newer version, or its schema cannot be brought up to date.
    #[error("the backup cannot be read")]
    Schema(#[from] SchemaError),
    /// The target has people.
    #[error("the database has people already: restore into an empty one, or replace everything with --replace")]
    InUse,
    /// Copying failed.
    #[error(transparent)]
    Copy(CopyError),
    /// The database, or the backup.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// The file.
    #[error(transparent)]
    File(#[from] io::Error),
}

impl From<CopyError> for RestoreError {
    fn from(error: CopyError) -> Self {
        match error {
            CopyError::Database(error) => Self::Database(error),
            error => Self::Copy(error),
        }
    }
}

impl Abort for RestoreError {
    fn database_error(&self) -> Option<&sqlx::Error> {
        match self {
            Self::Database(error) => Some(error),
            _ => None,
        }
    }
}

/// A file that is a whole backup, brought up to this version's schema.
#[derive(Debug)]
pub struct Backup {
    db: Db,
    contents: Contents,
    _copy: Option<Copy>,
}

impl Backup {
    /// Opens a backup and reads all of it. One with an older schema is brought up to date in a copy; the file itself is never
    /// changed.
    ///
    /// # Errors
    /// [`RestoreError`] when it is none, or not whole, or too new.
    pub async fn open(file: &Path) -> Result<Self, RestoreError> {
        fs::File::open(file)?;
        let none = |error| if is_unreadable(&error) { RestoreError::NoBackup } else { error.into() };
        let db = Db::open_file(file, true).await.map_err(none)?;
        let contents = match backup::check(&db).await {
            Ok(contents) => contents.ok_or(RestoreError::NoBackup)?,
            Err(BackupError::Damaged(reason)) if reason.contains("not a database") => {
                return Err(RestoreError::NoBackup);
            }
            Err(BackupError::Damaged(reason)) => return Err(RestoreError::Damaged(reason)),
            Err(BackupError::Database(error)) => return Err(error.into()),
            Err(error) => return Err(RestoreError::Damaged(error.to_string())),
        };
        match migrate::age(&db).await? {
            Age::Current => Ok(Self { db, contents, _copy: None }),
            Age::Newer(version) => Err(SchemaError::Newer(version).into()),
            Age::Older => {
                db.close().await;
                let copy = Copy::of(file)?;
                let db = Db::open_file(&copy.0, false).await?;
                backup::unmark(&db).await?;
                migrate::run(&db).await?;
                Ok(Self { db, contents, _copy: Some(copy) })
            }
        }
    }

    /// What it holds.
    #[must_use]
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// Puts the backup in the place of everything that `tx` sees, and compares what has arrived. What lets somebody in does
    /// not come back, but for sessions, which the caller ends. Unless `replace`, there must be no people.
    ///
    /// # Errors
    /// [`RestoreError`]; the transaction is then to be given up.
    pub async fn fill(&self, tx: &mut Tx, replace: bool, progress: &impl Fn(Progress)) -> Result<(), RestoreError> {
        // Without people there is at most what a server leaves that nobody has used yet: its setup link, failed attempts.
        if !replace && count(tx, &TABLES[0]).await? > 0 {
            return Err(RestoreError::InUse);
        }
        for table in DERIVED.iter().chain(TABLES.iter().rev()) {
            on_driver!(tx, |connection, Driver| {
                QueryBuilder::<Driver>::new(format!("DELETE FROM {}", table.name)).build().execute(connection).await?;
            });
        }
        let mut source = self.db.snapshot().await?;
        for table in TABLES.iter().filter(|table| table.is_restored) {
            copy_table(&mut source, tx, table, progress).await?;
        }
        Ok(())
    }
}

/// A copy to work on, readable by its owner alone, which is removed in the end.
#[derive(Debug)]
struct Copy(PathBuf);

impl Copy {
    fn of(file: &Path) -> io::Result<Self> {
        let number = u64::from_be_bytes(random::bytes());
        let copy = Self(std::env::temp_dir().join(format!("hallpass-{number:016x}.db")));
        let mut target = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&copy.0)?;
        io::copy(&mut fs::File::open(file)?, &mut target)?;
        Ok(copy)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
