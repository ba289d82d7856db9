//! `hallpass user ...`

mod link;
mod show;

use anyhow::bail;
use clap::Subcommand;

use super::{find, import, in_words, password_input};
use crate::api_tokens::queries as api_tokens;
use crate::audit::{self, Entry, Event};
use crate::clock::Clock;
use crate::db::Tx;
use crate::http::problem::Problem;
use crate::identity::{EndReason, Role, new_id};
use crate::links::queries as links;
use crate::sessions;
use crate::users::model::{parse_email, parse_full_name, parse_username};
use crate::users::queries::{self as users, Account, InsertError, NewAccount};

const EXAMPLES: &str = "Examples:
  hallpass user create alice --full-name 'Alice Moore' --admin
  printf '%s\\n' \"$PASSWORD\" | hallpass user create bob --email bob@example.com --password-stdin";

const SET_PASSWORD_EXAMPLES: &str = "Examples:
  hallpass user set-password alice
  printf '%s\\n' \"$PASSWORD\" | hallpass user set-password alice --password-stdin";

const TAKEN: &str = "the username or the e-mail address is taken: choose another";
const CONFUSABLE: &str = "the username looks like one that is taken: choose another";

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Create a person; asks for the password, or reads one line of standard input
    #[command(after_help = EXAMPLES)]
    Create {
        /// The name to sign in with: 1 to 64 letters, digits, dots, underscores or hyphens, not to be confused with another's
        name: String,
        /// Their e-mail address
        #[arg(long)]
        email: Option<String>,
        /// The name others see
        #[arg(long)]
        full_name: Option<String>,
        /// Make them an administrator
        #[arg(long)]
        admin: bool,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Create a person without a password; prints a link through which they choose one
    #[command(after_help = link::INVITE_EXAMPLES)]
    Invite {
        /// The name to sign in with: 1 to 64 letters, digits, dots, underscores or hyphens, not to be confused with another's
        name: String,
        /// Their e-mail address
        #[arg(long)]
        email: Option<String>,
        /// The name others see
        #[arg(long)]
        full_name: Option<String>,
        /// Make them an administrator
        #[arg(long)]
        admin: bool,
    },
    /// Move people in from another system, with the hashes of their passwords: all of them, or nobody
    #[command(after_help = import::EXAMPLES)]
    Import(import::Arguments),
    /// Show a person
    #[command(after_help = "Examples:\n  hallpass user show alice\n  hallpass user show alice@example.com --json")]
    Show {
        /// Their username or e-mail address
        name: String,
        /// As a JSON object
        #[arg(long)]
        json: bool,
    },
    /// List everybody
    #[command(after_help = "Examples:\n  hallpass user list\n  hallpass user list --json | jq -r .username")]
    List {
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Set a person's password, and end all their sessions, tokens and links
    #[command(after_help = SET_PASSWORD_EXAMPLES)]
    SetPassword {
        /// Their username or e-mail address
        name: String,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Print a link, good for a day and one use, through which a person chooses a new password
    #[command(after_help = "Examples:\n  hallpass user reset-link alice")]
    ResetLink {
        /// Their username or e-mail address
        name: String,
    },
    /// Disable a person, and end all their sessions, tokens and links
    #[command(after_help = "Examples:\n  hallpass user disable alice")]
    Disable {
        /// Their username or e-mail address
        name: String,
    },
    /// Enable a person again
    #[command(after_help = "Examples:\n  hallpass user enable alice")]
    Enable {
        /// Their username or e-mail address
        name: String,
    },
}

pub(super) async fn run(command: UserCommand) -> anyhow::Result<()> {
    match command {
        UserCommand::Create { name, email, full_name, admin, password_stdin } => {
            let role = if admin { Role::Admin } else { Role::Member };
            create(&name, email.as_deref(), &full_name.unwrap_or_default(), role, password_stdin).await
        }
        UserCommand::Invite { name, email, full_name, admin } => {
            let role = if admin { Role::Admin } else { Role::Member };
            link::invite(&name, email.as_deref(), &full_name.unwrap_or_default(), role).await
        }
        UserCommand::Import(arguments) => import::run(arguments).await,
        UserCommand::Show { name, json } => show::run(&name, json).await,
        UserCommand::List { json } => list(json).await,
        UserCommand::SetPassword { name, password_stdin } => set_password(&name, password_stdin).await,
        UserCommand::ResetLink { name } => link::reset(&name).await,
        UserCommand::Disable { name } => disable(&name).await,
        UserCommand::Enable { name } => enable(&name).await,
    }
}

async fn create(
    name: &str,
    email: Option<&str>,
    full_name: &str,
    role: Role,
    password_stdin: bool,
) -> anyhow::Result<()> {
    let (name, email, full_name) = &parse_names(name, email, full_name)?;
    let (config, db) = super::open().await?;
    let email = email.as_deref();
    let about = [name.as_str(), email.unwrap_or_default(), full_name];
    let password_hash = &password_input::new_hash(password_stdin, &config.password, &about).await?;
    let created_at = Clock::system().now();
    let id = &new_id(created_at);
    let account = NewAccount { id, username: name, email, full_name, role, password_hash, created_at };
    let entry = Entry::new(Event::AccountCreated, created_at).about(id);
    let create = async |tx: &mut Tx| {
        users::insert(tx, &account).await?;
        Ok(audit::queries::insert(tx, &entry).await?)
    };
    match db.write(create).await {
        Err(InsertError::Taken) => bail!(TAKEN),
        Err(InsertError::Confusable) => bail!(CONFUSABLE),
        done => done?,
    }
    println!("{name} can sign in.");
    Ok(())
}

/// The names in the form in which they are stored.
fn parse_names(
    username: &str,
    email: Option<&str>,
    full_name: &str,
) -> anyhow::Result<(String, Option<String>, String)> {
    let parse = || Ok((parse_username(username)?, email.map(parse_email).transpose()?, parse_full_name(full_name)?));
    parse().map_err(|problem: Problem| anyhow::anyhow!(in_words(&problem)))
}

async fn list(json: bool) -> anyhow::Result<()> {
    const PAGE: u32 = 500;
    let (_, db) = super::open().await?;
    let mut after = String::new();
    if !json {
        println!("{:<24} {:<7} {:<9} {:<28} E-MAIL", "USERNAME", "ROLE", "STATE", "LAST LOGIN");
    }
    loop {
        let page = users::list(&db, &after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = crate::fold::fold(&last.username);
        for account in &page {
            println!("{}", if json { as_json(account).to_string() } else { as_row(account) });
        }
    }
}

fn as_row(account: &Account) -> String {
    let state = if account.disabled { "disabled" } else { "enabled" };
    let last_login = account.last_login_at.map_or_else(|| "never".to_owned(), |at| at.to_string());
    let role = if account.role == Role::Admin { "admin" } else { "member" };
    let email = account.email.as_deref().unwrap_or_default();
    format!("{:<24} {role:<7} {state:<9} {last_login:<28} {email}", account.username)
}

fn as_json(account: &Account) -> serde_json::Value {
    serde_json::json!({
        "id": account.id,
        "username": account.username,
        "email": account.email,
        "full_name": account.full_name,
        "role": account.role,
        "disabled": account.disabled,
        "created_at": account.created_at,
        "last_login_at": account.last_login_at,
    })
}

async fn set_password(name: &str, password_stdin: bool) -> anyhow::Result<()> {
    let (config, db) = super::open().await?;
    let account = find(&db, name).await?;
    let about = [account.username.as_str(), account.email.as_deref().unwrap_or_default(), &account.full_name];
    let password_hash = password_input::new_hash(password_stdin, &config.password, &about).await?;
    let ended = db
        .write(async |tx| {
            must_exist(users::set_password_hash(tx, &account.id, &password_hash).await?)?;
            users::forget_failures(tx, &account.id).await?;
            end_access(tx, &account, EndReason::PasswordChanged, Event::PasswordReset).await
        })
        .await?;
    println!("{} has a new password; {ended} sessions ended, and all tokens.", account.username);
    Ok(())
}

async fn disable(name: &str) -> anyhow::Result<()> {
    let (_, db) = super::open().await?;
    let account = find(&db, name).await?;
    let ended = db
        .write(async |tx| {
            users::lock_enabled_admins(tx).await?;
            let today = users::find_within(tx, &account.id).await?;
            must_exist(users::set_disabled(tx, &account.id, true).await?)?;
            if today.is_some_and(|today| today.role == Role::Admin)
                && users::count_admins_who_can_sign_in(tx).await? == 0
            {
                bail!("{} is the last administrator who can sign in: make another first", account.username);
            }
            end_access(tx, &account, EndReason::Disabled, Event::AccountDisabled).await
        })
        .await?;
    println!("{} is disabled; {ended} sessions ended, and all tokens.", account.username);
    Ok(())
}

async fn enable(name: &str) -> anyhow::Result<()> {
    let (_, db) = super::open().await?;
    let account = find(&db, name).await?;
    let entry = Entry::new(Event::AccountEnabled, Clock::system().now()).about(&account.id);
    db.write(async |tx| {
        must_exist(users::set_disabled(tx, &account.id, false).await?)?;
        Ok::<_, anyhow::Error>(audit::queries::insert(tx, &entry).await?)
    })
    .await?;
    println!("{} is enabled.", account.username);
    Ok(())
}

fn must_exist(found: bool) -> anyhow::Result<()> {
    if found { Ok(()) } else { bail!("the account was deleted meanwhile") }
}

/// Ends what the person signs in with, or could: the sessions, counted, the tokens, the links. Notes why.
async fn end_access(tx: &mut Tx, account: &Account, reason: EndReason, event: Event) -> anyhow::Result<u64> {
    let (id, now) = (&account.id, Clock::system().now());
    api_tokens::delete_all(tx, id).await?;
    links::delete_of(tx, id).await?;
    audit::queries::insert(tx, &Entry::new(event, now).about(id)).await?;
    Ok(sessions::queries::end_all(tx, id, None, reason, now).await?)
}
