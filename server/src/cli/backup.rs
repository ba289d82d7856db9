//! `hallpass backup`

use std::fs;
use std::path::Path;

use anyhow::{anyhow, bail};
use indicatif::{HumanBytes, HumanCount};

use super::whole_file::WholeFile;
use super::{bar, serve};
use crate::clock::Clock;
use crate::config::{Config, DatabaseConfig};
use crate::db::backup::{self, BackupError};
use crate::db::{self, Db};

pub(super) const EXAMPLES: &str = "Examples:
  hallpass backup /var/backups/hallpass.db
  hallpass backup --force /var/backups/hallpass-monday.db
  sqlite3 /var/backups/hallpass.db 'SELECT username FROM user_account'

The servers may go on meanwhile. The file is an SQLite database whichever the source is, and `hallpass restore` brings it
back into any. It holds the hashes of everybody's passwords: keep it as you keep the database.";

pub(super) async fn run(file: &Path, force: bool) -> anyhow::Result<()> {
    let config = Config::from_env_read_only()?.database;
    super::require_database(&config)?;
    refuse_the_database(file, &config)?;
    let stopped = serve::asked_to_stop()?;
    let whole = WholeFile::create(file, force)?;
    let db = super::connect(&config).await?;
    let bar = bar::tables()?;
    let work = backup::write(&db, whole.path(), Clock::system().now(), |progress| bar::show(&bar, progress));
    let contents = tokio::select! {
        outcome = work => outcome.map_err(explain)?,
        () = stopped => bail!("stopped: no backup was made"),
    };
    bar.finish_and_clear();
    let size = fs::metadata(whole.path())?.len();
    whole.publish()?;
    println!(
        "{}: {} people, {} sessions, {}. It was checked and is whole.",
        file.display(),
        HumanCount(contents.people),
        HumanCount(contents.sessions),
        HumanBytes(size),
    );
    Ok(())
}

/// With --force as well, the database itself is not overwritten.
fn refuse_the_database(file: &Path, config: &DatabaseConfig) -> anyhow::Result<()> {
    let same =
        |database: &Path| fs::canonicalize(file).ok().is_some_and(|file| fs::canonicalize(database).ok() == Some(file));
    if Db::file(config)?.is_some_and(|database| same(&database)) {
        bail!("{} is the database itself: write the backup to another file", file.display());
    }
    Ok(())
}

fn explain(error: BackupError) -> anyhow::Error {
    match error {
        BackupError::Database(error) if db::is_full(&error) => anyhow!("there is no room left: no backup was made"),
        error => anyhow::Error::new(error).context("no backup was made"),
    }
}
