//! `hallpass copy`

use std::fs;

use anyhow::{Context, anyhow, bail};
use url::Url;

use super::bar;
use crate::config::{Config, DatabaseConfig};
use crate::db::{self, Db, copy};
use crate::users::index::fill;

pub(super) const EXAMPLES: &str = "Examples:
  hallpass copy --to @/run/secrets/new_database_url
  hallpass copy --from sqlite://data/hallpass.db --to @/run/secrets/new_database_url

@FILE reads the URL from a file. Do not write a password on the command line: every user of this machine can read it there.

Stop the servers first: what people do while it runs stays behind. People stay signed in when the servers go on with the
same SESSION_KEY.";

pub(super) async fn run(from: Option<&str>, to: &str) -> anyhow::Result<()> {
    for (option, url) in [("--from", from), ("--to", Some(to))] {
        if url.is_some_and(has_password) {
            eprintln!(
                "warning: the password in {option} can be read by every user of this machine while this runs: write the URL into a file \
                 that only you can read, and say {option} @FILE"
            );
        }
    }
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
    fill::run(&target, |progress| bar::show(&bar, progress)).await.context(
        "everything was copied and compared, but the names could not be indexed: the next start on the new database does that",
    )?;
    bar.finish_and_clear();
    println!("Everything was copied and compared. Set DATABASE_URL to the new database, and start the servers.");
    Ok(())
}

async fn open(which: &str, config: &DatabaseConfig) -> anyhow::Result<Db> {
    Db::connect(config).await.map_err(|error| {
        anyhow!("the {which} cannot be opened: {}", db::explain(&error, config).replace("DATABASE_URL", "its URL"))
    })
}

fn has_password(url: &str) -> bool {
    !url.starts_with('@') && Url::parse(url).is_ok_and(|url| url.password().is_some())
}

/// A URL, or `@FILE` that holds one, so that a password need not stand on the command line.
fn database(text: &str) -> anyhow::Result<DatabaseConfig> {
    let url = match text.strip_prefix('@') {
        Some(path) => fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?.trim().to_owned(),
        None => text.to_owned(),
    };
    DatabaseConfig::new(url.into()).map_err(|problem| anyhow!("the URL {problem}"))
}
