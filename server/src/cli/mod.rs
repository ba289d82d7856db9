//! The command line: one file a subcommand. Exit codes: 0 done, 1 failed, 2 wrong usage, 78 unusable configuration.

mod backup;
mod bar;
mod check;
mod check_names;
mod completions;
mod copy;
mod demo;
mod health;
mod import;
mod migrate;
mod openapi;
mod password_input;
mod restore;
mod serve;
mod session;
mod token;
mod user;
mod whole_file;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use clap::{Parser, Subcommand};

use crate::audit;
use crate::config::{Config, ConfigError, DatabaseConfig};
use crate::db::migrate::{self as schema, Age};
use crate::db::{self, Db};
use crate::http::embedded::EmbeddedFile;
use crate::http::problem::Problem;
use crate::telemetry;
use crate::users::index::fill;
use crate::users::queries::{self as users, Account};

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
    #[command(after_help = "Examples:\n  hallpass\n  PORT=8080 PUBLIC_URL=https://login.example.com hallpass serve")]
    Serve,
    /// Bring the database's schema up to date
    #[command(after_help = "Examples:\n  hallpass migrate\n  DATABASE_URL=sqlite://copy.db hallpass migrate")]
    Migrate,
    /// Create, list and change people
    #[command(subcommand)]
    User(user::UserCommand),
    /// List and end sessions
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
    /// Write everything into one file, while the servers go on
    #[command(after_help = backup::EXAMPLES)]
    Backup {
        /// The file to write, an SQLite database; nothing may have that name yet
        file: PathBuf,
        /// Overwrite the file if there is one
        #[arg(long)]
        force: bool,
    },
    /// Bring a backup back into an empty database, or in the place of everything; ends all sessions and tokens
    #[command(after_help = restore::EXAMPLES)]
    Restore(restore::Arguments),
    /// Print the OpenAPI document
    #[command(after_help = "Examples:\n  hallpass openapi > openapi.json")]
    Openapi,
    /// Check the configuration and the database, and say what was found
    #[command(after_help = "Examples:\n  hallpass check\n  PUBLIC_URL=https://login.example.com hallpass check")]
    Check,
    /// Ask the server that runs on this machine how it is; fails when it is not well
    #[command(after_help = "Examples:\n  hallpass health\n  PORT=8080 hallpass health")]
    Health,
    /// Print what makes a shell complete these commands
    #[command(after_help = completions::EXAMPLES)]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Fill an empty database with people to try things on
    #[command(hide = true)]
    Demo,
}

/// Runs the command and says how it went, on standard error where it went wrong. `client` are the files of the web app that the
/// program contains.
pub async fn run(cli: Cli, client: &[EmbeddedFile]) -> ExitCode {
    let outcome = match cli.command.unwrap_or(Command::Serve) {
        Command::Openapi => openapi::run(),
        Command::Serve => serve::run(client).await,
        Command::Migrate => migrate::run().await,
        Command::User(command) => user::run(command).await,
        Command::Session(command) => session::run(command).await,
        Command::Token(command) => token::run(command).await,
        Command::Copy { from, to } => copy::run(from.as_deref(), &to).await,
        Command::Backup { file, force } => backup::run(&file, force).await,
        Command::Restore(arguments) => restore::run(arguments).await,
        Command::Check => check::run(client).await,
        Command::Health => health::run(),
        Command::Completions { shell } => completions::run(shell),
        Command::Demo => demo::run().await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hallpass: {}", in_one(&error));
            ExitCode::from(if error.is::<ConfigError>() { BAD_CONFIGURATION } else { 1 })
        }
    }
}

/// An error with its causes, each said once: many repeat the one that they come from.
fn in_one(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if said.is_empty() {
            said = cause;
        } else if !said.contains(&cause) {
            said = format!("{said}: {cause}");
        }
    }
    said
}

/// Opens the database, or says why it cannot be opened.
async fn connect(config: &DatabaseConfig) -> anyhow::Result<Db> {
    let explain = |error| anyhow!("the database cannot be opened: {}", db::explain(&error, config));
    Db::connect(config).await.map_err(explain)
}

/// The configuration and the database, for every command on data. Nothing is made: with other settings than the server's, a command
/// would work on a new database of its own and report success.
async fn open() -> anyhow::Result<(Config, Db)> {
    let mut config = Config::from_env_read_only()?;
    // A command says itself what it has done.
    config.log.filter = format!("{},{}=off", config.log.filter, audit::LOG_TARGET);
    telemetry::init(&config.log);
    require_database(&config.database)?;
    let db = connect(&config.database).await?;
    if schema::age(&db).await? == Age::Older {
        bail!(
            "the schema of {} is older than this program, or missing: start the server, or run `hallpass migrate`",
            config.database.name()
        );
    }
    // Changes nothing, and refuses a newer schema and a backup.
    schema::run(&db).await?;
    fill::run(&db, |_| ()).await?;
    Ok((config, db))
}

/// Refuses a database that a command would have to make first, and says on standard error which one it works on.
fn require_database(config: &DatabaseConfig) -> anyhow::Result<()> {
    let name = config.name();
    if Db::is_yet_to_be_made(config)? {
        bail!(
            "there is no database {name}: set DATABASE_URL and the working directory as for the server, or make it with \
             `hallpass migrate`"
        );
    }
    eprintln!("Database: {name}");
    Ok(())
}

/// The account that somebody calls `name`: a username, or an e-mail address.
async fn find(db: &Db, name: &str) -> anyhow::Result<Account> {
    users::find_by_name(db, name).await?.with_context(|| format!("there is nobody called {name}"))
}

/// The reasons of a problem, as a sentence.
fn in_words(problem: &Problem) -> String {
    let reasons: Vec<_> = problem.errors().iter().map(|error| format!("{} {}", error.field, error.message)).collect();
    reasons.join("; ")
}

#[cfg(test)]
mod tests {
    use anyhow::anyhow;

    #[test]
    fn a_reason_is_given_once() {
        let error = anyhow!("no rights").context("refused: no rights").context("it failed").context("it failed");
        assert_eq!(super::in_one(&error), "it failed: refused: no rights");
    }
}
