//! `hallpass serve`

use tokio::signal::unix::{SignalKind, signal};

use crate::app::Application;
use crate::clock::Clock;
use crate::config::{Config, EnvironmentKind};
use crate::telemetry;
use crate::users::queries as users;

pub(super) async fn run() -> anyhow::Result<()> {
    let config = Config::from_env()?;
    telemetry::init(&config.log);
    tracing::debug!(?config, "configuration");
    let address = match config.environment {
        EnvironmentKind::Production => config.http.public_url.to_string(),
        EnvironmentKind::Development => format!("http://{}:{}/", config.http.host, config.http.port),
    };
    let application = Application::bind(config, Clock::system()).await?;
    let nobody = users::count(application.db()).await? == 0;
    tracing::info!(listening = %application.address(), "Hallpass is ready at {address}");
    if nobody {
        tracing::warn!(
            "nobody can sign in yet: run `hallpass user create NAME --admin`, or `just demo` for people to try it with"
        );
    }
    application.run(asked_to_stop()?).await?;
    Ok(())
}

/// Done at SIGTERM (a service manager) or SIGINT (Ctrl-C).
fn asked_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
