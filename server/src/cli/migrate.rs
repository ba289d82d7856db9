//! `hallpass migrate`

use crate::config::Config;
use crate::db::{Db, migrate};
use crate::telemetry;

pub(super) async fn run() -> anyhow::Result<()> {
    let config = Config::from_env()?;
    telemetry::init(&config.log);
    let db = Db::connect(&config.database).await?;
    migrate::run(&db).await?;
    println!("The schema of {} is up to date.", config.database.name());
    Ok(())
}
