//! `hallpass check`: looks and tells, and changes nothing. What it calls ok, `serve` starts with.

use std::net::{SocketAddr, TcpListener};

use anyhow::{anyhow, bail};

use super::{check_names, health};
use crate::access_tokens::AccessTokens;
use crate::app::StartError;
use crate::clock::Clock;
use crate::config::{Config, DatabaseConfig, DirectoryReaders, HttpConfig, files as file_rights};
use crate::db::{self, Db, migrate};
use crate::http::embedded::EmbeddedFile;
use crate::http::spa::WebApp;
use crate::mail::Smtp;
use crate::secret::blocklist::Blocklist;
use crate::traces::Traces;
use crate::users::queries as users;

pub(super) async fn run(files: &[EmbeddedFile]) -> anyhow::Result<()> {
    let config = Config::from_env_to_check()?;
    println!("configuration  ok, for {}", config.http.public_url);
    for warning in warnings(&config) {
        println!("warning        {warning}");
    }
    if let Some(advice) = proxies(&config.http) {
        println!("proxies        {advice}");
    }
    if config.registration_open && config.directory == DirectoryReaders::Members {
        println!(
            "directory      REGISTRATION is open, so everybody on the internet can list your users: set DIRECTORY=admins \
             unless they are meant to"
        );
    }
    AccessTokens::new(&config.token, config.http.origin())?;
    Traces::start(config.monitoring.collector.as_ref(), &Clock::system())
        .map_err(|error| StartError::Traces(error.into()))?;
    println!("address        {}", address(&config)?);
    println!("database       {}", database(&config.database).await?);
    println!("mail           {}", mail(&config).await?);
    if let Some(path) = &config.password.blocklist {
        let known = Blocklist::read(Some(path)).map_err(StartError::Blocklist)?;
        println!("passwords      ok, {} refused by {}", known.len(), path.display());
    }
    let web_app = WebApp::new(config.http.client_dist.as_deref(), files);
    web_app.must_exist().map_err(StartError::Client)?;
    println!("web app        ok, {web_app}");
    Ok(())
}

/// What is probably missing from `TRUSTED_PROXIES`: Hallpass speaks plain HTTP, so https means that there is a proxy.
fn proxies(http: &HttpConfig) -> Option<&'static str> {
    (http.is_https() && http.trusted_proxies.is_empty()).then_some(
        "TRUSTED_PROXIES is not set, though PUBLIC_URL is https: everybody behind the proxy counts as one address and shares one \
         budget of failed sign-ins. Set it to the address of the proxy, for example TRUSTED_PROXIES=127.0.0.1",
    )
}

/// What is allowed but hardly meant.
pub(super) fn warnings(config: &Config) -> Vec<String> {
    let database = Db::file(&config.database).ok().flatten();
    config.warnings.iter().cloned().chain(database.and_then(|file| file_rights::open_to_others(&file))).collect()
}

/// Whether the addresses can be listened on. Where the server runs already, they are in use, by itself.
fn address(config: &Config) -> anyhow::Result<String> {
    let wanted = SocketAddr::new(config.http.host, config.http.port);
    let is_running = health::runs(&config.http);
    let metrics = config.monitoring.metrics;
    if is_running {
        return Ok(format!("ok, a server answers on {wanted}"));
    }
    TcpListener::bind(wanted).map_err(|error| StartError::Bind(wanted, error))?;
    if let Some(metrics) = metrics {
        TcpListener::bind(metrics).map_err(|error| StartError::BindMetrics(metrics, error))?;
    }
    Ok(format!("ok, {wanted} is free"))
}

async fn mail(config: &Config) -> anyhow::Result<String> {
    let Some(mail) = &config.mail else { return Ok("off: links are copied and sent by hand".to_owned()) };
    let (host, port) = (&mail.server.host, mail.server.port);
    let smtp = Smtp::new(mail, config.http.public_url.host_str()).map_err(StartError::Mail)?;
    if let Err(reason) = smtp.try_out().await {
        bail!("mail: {host}:{port} does not take mails from here ({reason}): check SMTP_URL");
    }
    Ok(format!("ok, from {} through {host}:{port}", mail.from.email))
}

async fn database(config: &DatabaseConfig) -> anyhow::Result<String> {
    let help = |error: sqlx::Error| anyhow!("database: {}", db::explain(&error, config));
    if Db::is_yet_to_be_made(config).map_err(help)? {
        Db::could_be_made(config).map_err(help)?;
        return Ok(format!("ok, {} is made at the first start", config.name()));
    }
    let db = Db::connect(config).await.map_err(help)?;
    db.refuse_transaction_pooler().await.map_err(help)?;
    Ok(match migrate::foresee(&db).await? {
        0 => {
            let names = db::patiently(check_names::report(&db)).await.map_err(help)?;
            let names = names.map(|names| format!("\nnames          {names}")).unwrap_or_default();
            format!("ok, {} people, in {}{names}", users::count(&db).await.map_err(help)?, config.name())
        }
        pending => format!(
            "ok, {pending} migrations to apply to {}: the next start does, or `hallpass migrate`",
            config.name()
        ),
    })
}
