//! Which state an SQLite database is in, told without asking it anything.
//!
//! Beside a database in WAL mode lies the index of its log in shared memory, the file `-shm`. Every commit, by whichever process,
//! changes the header of that index before it returns (sqlite.org/walformat.html, section 2.2.1). SQLite begins each reading
//! transaction by comparing the header with the one that it saw last, and where they are the same it goes on with the pages
//! that it has kept. The same holds for whoever keeps anything else that was read.
//!
//! That holds as long as everybody opens the same files. When another file takes the place of the database or of its index,
//! nothing is told any more, until the process starts again.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use sqlx::sqlite::SqlitePool;

use super::Db;
use super::connect;
use super::file::{FileWatch, identify};
use crate::config::{DatabaseConfig, DatabaseKind};

/// Bytes of the header, of which the index begins with two copies: a commit writes the second and then the first.
const HEADER: usize = 48;
/// The format of the index, in its first four bytes; the same in all releases of SQLite so far.
const FORMAT: u32 = 3_007_000;

/// The state of a database: another one after each commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version([u8; HEADER]);

/// Tells the version.
#[derive(Clone, Debug)]
pub struct Versions {
    /// Never closed: closing any handle of a file gives up all locks that the process has on it, SQLite's own among them
    /// (sqlite.org/howtocorrupt.html, section 2.2).
    index: &'static File,
    /// A connection that stays open: the last one to be closed deletes the index, and the next one to be opened makes another.
    keeper: SqlitePool,
    /// The database and the index, as they were opened.
    files: FileWatch,
}

impl Versions {
    /// For a database that is open and has its tables. `None` where there is nothing to tell the version by: on database servers,
    /// on file systems without shared memory, on those whose readers do not see what is written through it.
    pub async fn of(config: &DatabaseConfig) -> Option<Self> {
        if config.kind != DatabaseKind::Sqlite {
            return None;
        }
        let file = Db::file(config).ok()??;
        let keeper = connect::keeper(config).await.ok()?;
        let path = index_of(&file)?;
        let index = File::open(&path).ok()?;
        let files = FileWatch::new([identify(&file)?, (path, index.metadata().ok()?.into())]);
        let versions = Self { index: Box::leak(Box::new(index)), keeper, files };
        versions.follow_a_commit().await.then_some(versions)
    }

    /// The version now; `None` while a commit is being written, and after the files were replaced.
    pub(super) fn now(&self) -> Option<Version> {
        if self.were_files_replaced() {
            return None;
        }
        let mut copies = [0; 2 * HEADER];
        self.index.read_exact_at(&mut copies, 0).ok()?;
        let (first, second) = copies.split_at(HEADER);
        let is_whole = first == second && first[..4] == FORMAT.to_ne_bytes();
        is_whole.then(|| Version(first.try_into().expect("half of two headers is one")))
    }

    fn were_files_replaced(&self) -> bool {
        if self.files.was_replaced() {
            return true;
        }
        let is_first = self.files.look();
        if is_first {
            tracing::warn!(
                "the file of the database or its -shm file was replaced or deleted while the server was running: from now \
                 on the database is asked at every request; stop all servers before files are replaced, and restart this one"
            );
        }
        is_first
    }

    /// Commits something that changes nothing, and looks.
    async fn follow_a_commit(&self) -> bool {
        let before = self.now();
        let commit = sqlx::query("PRAGMA user_version = 0").execute(&self.keeper).await;
        let after = self.now();
        commit.is_ok() && before.is_some() && after.is_some() && before != after
    }
}

fn index_of(database: &Path) -> Option<PathBuf> {
    // SQLite puts the index beside the file itself, not beside a link to it.
    let mut path = fs::canonicalize(database).ok()?.into_os_string();
    path.push("-shm");
    Some(path.into())
}
