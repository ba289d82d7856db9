//! `hallpass copy`

use std::fs;

use anyhow::{Context, anyhow, bail};

use super::bar;
use crate::config::{Config, DatabaseConfig};
use crate::db::{self, Db, copy};
use crate::users::index::fill;

pub(super) const EXAMPLES: &str = "Examples:
  hallpass copy --to 'mysql://hallpass:PASSWORD@db.example.com/hallpass'
  hallpass copy --from sqlite://data/hallpass.db --to @/run/secrets/database_url

Stop the servers first: what people do while it runs stays behind. People stay signed in when the servers go on with the
same SESSION_KEY.";

pub(super) async fn run(from: Option<&str>, to: &str) -> anyhow::Result<()> {
    let from = match from {
        Some(from) => database(from)?,
        None => Config::from_env_read_only()?.database,
    };
    let to = database(to)?;
    for config in [&from, &to] {
        if Db::is_yet_to_be_made(config)? {
            let name = config.name();
            bail!("there is no database {name}: check --from and --to, or make it with `hallpass migrate`");
        }
    }
    eprintln!("From {} to {}", from.name(), to.name());
    let source = open("source", &from).await?;
    let target = open("target", &to).await?;

    let bar = bar::tables()?;
    copy::run(&source, &target, |progress| {
        bar::show(&bar, progress);
        if progress.done == progress.total {
            bar.suspend(|| println!("{:<14} {} rows", progress.table, progress.total));
        }
    })
    .await?;
    fill::run(&target, |progress| bar::show(&bar, progress)).await?;
    bar.finish_and_clear();
    println!("Everything was copied and compared. Set DATABASE_URL to the new database, and start the servers.");
    Ok(())
}

async fn open(which: &str, config: &DatabaseConfig) -> anyhow::Result<Db> {
    Db::connect(config).await.map_err(|error| {
        let advice = db::advice(&error);
        anyhow::Error::new(error).context(format!("the {which} cannot be opened: {advice}"))
    })
}

/// A URL, or `@FILE` that holds one, so that a password need not stand on the command line.
fn database(text: &str) -> anyhow::Result<DatabaseConfig> {
    let url = match text.strip_prefix('@') {
        Some(path) => fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?.trim().to_owned(),
        None => text.to_owned(),
    };
    DatabaseConfig::new(url.into()).map_err(|problem| anyhow!("the URL {problem}"))
}
