//! `hallpass check`

use std::path::Path;

use anyhow::bail;

use crate::config::Config;
use crate::db::{Db, migrate};
use crate::users::queries as users;

pub(super) async fn run() -> anyhow::Result<()> {
    let config = Config::from_env()?;
    println!("configuration  ok, for {}", config.http.public_url);
    let db = Db::connect(&config.database).await.map_err(|error| anyhow::anyhow!("database: {error}"))?;
    migrate::run(&db).await?;
    println!("database       ok, schema up to date, {} people", users::count(&db).await?);
    let page = config.http.client_dist.join("index.html");
    if !Path::new(&page).exists() {
        bail!("web app: {} is missing: run `just build`, or set CLIENT_DIST", page.display());
    }
    println!("web app        ok, {}", config.http.client_dist.display());
    Ok(())
}
