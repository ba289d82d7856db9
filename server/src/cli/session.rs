//! `hallpass session ...`

use clap::Subcommand;

use crate::clock::Clock;
use crate::sessions::model::Lifetime;
use crate::sessions::prune;

#[derive(Debug, Subcommand)]
pub(super) enum SessionCommand {
    /// Mark sessions that have run out, and delete those that ended more than 30 days ago
    Prune,
}

pub(super) async fn run(command: SessionCommand) -> anyhow::Result<()> {
    let SessionCommand::Prune = command;
    let (config, db) = super::open().await?;
    let lifetime = Lifetime { absolute: config.session.lifetime, idle: config.session.idle };
    let pruned = prune::run(&db, &Clock::system(), &lifetime).await?;
    println!("{} sessions had run out, {} were deleted.", pruned.expired, pruned.deleted);
    Ok(())
}
