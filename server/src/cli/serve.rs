//! `hallpass serve`

use tokio::signal::unix::{SignalKind, signal};

use super::check;
use crate::app::{Application, StartError};
use crate::clock::Clock;
use crate::config::{Config, EnvironmentKind};
use crate::http::embedded::EmbeddedFile;
use crate::http::spa::WebApp;
use crate::telemetry;

pub(super) async fn run(files: &[EmbeddedFile]) -> anyhow::Result<()> {
    let config = Config::from_env()?;
    telemetry::init(&config.log);
    tracing::debug!(?config, "configuration");
    for warning in check::warnings(&config) {
        tracing::warn!("{warning}");
    }
    allow_files();
    let address = match config.environment {
        EnvironmentKind::Production => config.http.public_url.to_string(),
        EnvironmentKind::Development => format!("http://{}:{}/", config.http.host, config.http.port),
    };
    // A developer's pages come from Vite.
    if config.environment == EnvironmentKind::Production {
        let web_app = WebApp::new(config.http.client_dist.as_deref(), files);
        web_app.must_exist().map_err(StartError::Client)?;
    }
    let application = Application::bind(config, Clock::system()).await?.embedding(files);
    let setup = application.setup_link().await?;
    if let Some(link) = setup {
        // On standard output and not in the log, which is kept: the link is a secret.
        println!("Nobody administers this server yet. Open this link within an hour to make the first administrator:");
        println!("\n    {}\n", link.url);
    }
    tracing::info!(listening = %application.address(), "Hallpass is ready at {address}");
    application.run(asked_to_stop()?).await?;
    Ok(())
}

/// Takes as many open files as the process may have: each connection is one, and what it is given at first is often 1024.
fn allow_files() {
    if let Err(error) = rlimit::increase_nofile_limit(rlimit::INFINITY) {
        tracing::warn!(%error, "the number of connections cannot be raised to what is allowed (ulimit -n, LimitNOFILE)");
    }
}

/// Done at SIGTERM (a service manager) or SIGINT (Ctrl-C).
pub(super) fn asked_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
