//! `hallpass restore`

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use clap::Args;
use indicatif::HumanCount;

use super::bar;
use crate::audit::{self, Entry, Event};
use crate::clock::Clock;
use crate::config::{Config, DatabaseConfig};
use crate::db::migrate::{self, SchemaError};
use crate::db::restore::{Backup, RestoreError};
use crate::db::{self, Db};
use crate::identity::EndReason;
use crate::sessions::queries as sessions;
use crate::users::index::fill;

pub(super) const EXAMPLES: &str = "Examples:
  hallpass restore /var/backups/hallpass.db
  hallpass restore --replace /var/backups/hallpass.db
  DATABASE_URL=postgres://... hallpass restore --replace --yes /var/backups/hallpass.db

Stop the servers first. Everybody has to sign in again, with the password of then; tokens for scripts and links are gone.
Everything is restored, or nothing is changed.";

/// What has to be typed before everything is replaced.
const WORD: &str = "replace";

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The file that `hallpass backup` has made
    file: PathBuf,
    /// Delete everything that the database holds
    #[arg(long)]
    replace: bool,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { file, replace, yes } = arguments;
    let config = Config::from_env_read_only()?.database;
    super::require_database(&config)?;
    let backup = db::patiently(Backup::open(&file)).await.map_err(|error| explain(error, &file))?;
    let target = Db::connect_alone(&config).await.map_err(|error| cannot_open(&error, &config))?;
    migrate::run(&target).await.map_err(|error| match error {
        SchemaError::Failed(source) => anyhow::Error::new(source).context("the schema could not be made"),
        error => error.into(),
    })?;
    let contents = backup.contents();
    if replace && !yes {
        confirm(&format!("a backup of {} with {} people", contents.made_at, HumanCount(contents.people)))?;
    }
    let now = Clock::system().now();
    let made_at = contents.made_at.to_string();
    let entry = Entry::new(Event::DatabaseRestored, now).detail(&made_at);
    let bar = bar::tables()?;
    let restore = target.write(async |tx| {
        backup.fill(tx, replace, &|progress| bar::show(&bar, progress)).await?;
        let ended = sessions::end_everybodys(tx, EndReason::Revoked, now).await?;
        audit::queries::insert(tx, &entry).await?;
        Ok::<_, RestoreError>(ended)
    });
    let ended = db::patiently(restore).await.map_err(|error| explain(error, &file))?;
    // What is left of this when it fails, the next start does.
    fill::run(&target, |progress| bar::show(&bar, progress)).await?;
    bar.finish_and_clear();
    target.close().await;
    println!(
        "The backup of {made_at} is restored: {} people. {} sessions were ended: everybody signs in again. Start the servers.",
        HumanCount(contents.people),
        HumanCount(ended),
    );
    Ok(())
}

fn confirm(what: &str) -> anyhow::Result<()> {
    if !io::stdin().is_terminal() {
        bail!("nobody can be asked here: say --yes if {what} is to take the place of everything");
    }
    print!("Everything in the database is deleted, and {what} takes its place. Type {WORD} to go on: ");
    io::stdout().flush()?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    if line.trim() != WORD {
        bail!("nothing was changed");
    }
    Ok(())
}

fn cannot_open(error: &sqlx::Error, config: &DatabaseConfig) -> anyhow::Error {
    if db::is_in_use(error) {
        return anyhow!("the database is in use: stop the server, and every other command, first");
    }
    anyhow!("the database cannot be opened: {}", db::explain(error, config))
}

fn explain(error: RestoreError, file: &Path) -> anyhow::Error {
    match error {
        RestoreError::Database(error) if db::is_full(&error) => anyhow!("there is no room left: nothing was changed"),
        RestoreError::Database(error) => anyhow::Error::new(error).context("nothing was changed"),
        RestoreError::File(error) => anyhow::Error::new(error).context(format!("cannot read {}", file.display())),
        error => error.into(),
    }
}
