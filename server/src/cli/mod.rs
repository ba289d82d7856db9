//! The command line: one file a subcommand. Exit codes: 0 done, 1 failed, 2 wrong usage, 78 unusable configuration.

mod check;
mod copy;
mod demo;
mod health;
mod migrate;
mod openapi;
mod password_input;
mod serve;
mod session;
mod token;
mod user;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, ConfigError};
use crate::db::{self, Db};
use crate::telemetry;

/// `EX_CONFIG` of sysexits.h.
const BAD_CONFIGURATION: u8 = 78;

/// Hallpass: a full-stack authentication server. Without a command it serves.
#[derive(Debug, Parser)]
#[command(
    name = "hallpass",
    version,
    about,
    after_help = "Settings come from environment variables; the README lists them."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API and the web app (the default)
    Serve,
    /// Bring the database's schema up to date
    Migrate,
    /// Create, list and change people
    #[command(subcommand)]
    User(user::UserCommand),
    /// Tend sessions
    #[command(subcommand)]
    Session(session::SessionCommand),
    /// List and revoke tokens for scripts
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Copy everything from one database to another, of any kind
    #[command(after_help = copy::EXAMPLES)]
    Copy {
        /// The database to copy from; without it, that of `DATABASE_URL`
        #[arg(long, value_name = "URL")]
        from: Option<String>,
        /// The empty database to copy to; @FILE reads the URL from a file
        #[arg(long, value_name = "URL")]
        to: String,
    },
    /// Print the OpenAPI document
    Openapi,
    /// Check the configuration and the database, and say what was found
    Check,
    /// Ask the server that runs on this machine how it is; fails when it is not well
    Health,
    /// Fill an empty database with people to try things on
    #[command(hide = true)]
    Demo,
}

/// Runs the command and says how it went, on standard error where it went wrong.
pub async fn run(cli: Cli) -> ExitCode {
    let outcome = match cli.command.unwrap_or(Command::Serve) {
        Command::Openapi => openapi::run(),
        Command::Serve => serve::run().await,
        Command::Migrate => migrate::run().await,
        Command::User(command) => user::run(command).await,
        Command::Session(command) => session::run(command).await,
        Command::Token(command) => token::run(command).await,
        Command::Copy { from, to } => copy::run(from.as_deref(), &to).await,
        Command::Check => check::run().await,
        Command::Health => health::run(),
        Command::Demo => demo::run().await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hallpass: {error:#}");
            ExitCode::from(if error.is::<ConfigError>() { BAD_CONFIGURATION } else { 1 })
        }
    }
}

/// The configuration, and the database with its schema up to date: what every command on data begins with.
async fn open() -> anyhow::Result<(Config, Db)> {
    let config = Config::from_env()?;
    telemetry::init(&config.log);
    let db = Db::connect(&config.database).await?;
    db::migrate::run(&db).await?;
    Ok((config, db))
}
