//! `hallpass migrate`

use super::bar;
use crate::config::Config;
use crate::db::{Db, migrate};
use crate::telemetry;
use crate::users::index::fill;

pub(super) async fn run() -> anyhow::Result<()> {
    let config = Config::from_env()?;
    telemetry::init(&config.log);
    let db = Db::connect(&config.database).await?;
    migrate::run(&db).await?;
    let bar = bar::tables()?;
    fill::run(&db, |progress| bar::show(&bar, progress)).await?;
    bar.finish_and_clear();
    println!("The schema of {} is up to date.", config.database.name());
    Ok(())
}
