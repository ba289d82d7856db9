//! `hallpass session ...`

use anyhow::bail;
use clap::Subcommand;

use crate::audit::{self, Entry, Event};
use crate::clock::{Clock, Timestamp};
use crate::identity::{EndReason, is_id};
use crate::sessions::model::Lifetime;
use crate::sessions::prune;
use crate::sessions::queries::{self as sessions, ListedSession};

const END_EXAMPLES: &str = "Examples:
  hallpass session end 0190163d-8694-739b-aea5-966c26f8ad90
  hallpass session end --user alice";

#[derive(Debug, Subcommand)]
pub(super) enum SessionCommand {
    /// List a person's sessions, newest first; ended ones stay listed for 30 days
    #[command(
        after_help = "Examples:\n  hallpass session list alice\n  hallpass session list alice --json | jq -r .id"
    )]
    List {
        /// Their username or e-mail address
        name: String,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// End a session, or all of a person; they are refused from the very next request on
    #[command(after_help = END_EXAMPLES)]
    End {
        /// The session's id, from `session list`
        #[arg(required_unless_present = "user")]
        id: Option<String>,
        /// End all sessions of this person: a username or e-mail address
        #[arg(long, value_name = "NAME", conflicts_with = "id")]
        user: Option<String>,
    },
    /// Mark sessions that have run out, and delete those that ended more than 30 days ago
    #[command(after_help = "Examples:\n  hallpass session prune")]
    Prune,
}

pub(super) async fn run(command: SessionCommand) -> anyhow::Result<()> {
    match command {
        SessionCommand::List { name, json } => list(&name, json).await,
        SessionCommand::End { user: Some(name), .. } => end_all(&name).await,
        SessionCommand::End { id, user: None } => end(&id.unwrap_or_default()).await,
        SessionCommand::Prune => prune().await,
    }
}

async fn list(name: &str, json: bool) -> anyhow::Result<()> {
    const PAGE: u32 = 500;
    let (config, db) = super::open().await?;
    let owner = super::find(&db, name).await?;
    let lifetime = Lifetime { absolute: config.session.lifetime, idle: config.session.idle };
    let now = Clock::system().now();
    if !json {
        println!(
            "{:<36}  {:<10}  {:<6}  {:<27}  {:<27}  {:<15}  DEVICE",
            "ID", "STATUS", "KIND", "SIGNED IN", "LAST SEEN", "ADDRESS"
        );
    }
    let mut before = String::new();
    loop {
        let page = sessions::list(&db, &owner.id, &before, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        before.clone_from(&last.id);
        for session in &page {
            println!("{}", if json { as_json(session, &lifetime, now) } else { as_row(session, &lifetime, now) });
        }
    }
}

fn as_row(session: &ListedSession, lifetime: &Lifetime, now: Timestamp) -> String {
    let ListedSession { id, kind, browser, ip, created_at, last_seen_at, .. } = session;
    let (kind, status) = (kind.to_string(), session.status_at(lifetime, now).to_string());
    let (created_at, last_seen_at) = (created_at.to_string(), last_seen_at.to_string());
    format!("{id:<36}  {status:<10}  {kind:<6}  {created_at:<27}  {last_seen_at:<27}  {ip:<15}  {browser}")
}

fn as_json(session: &ListedSession, lifetime: &Lifetime, now: Timestamp) -> String {
    serde_json::json!({
        "id": session.id,
        "kind": session.kind,
        "status": session.status_at(lifetime, now),
        "device": session.browser,
        "ip": session.ip,
        "created_at": session.created_at,
        "last_seen_at": session.last_seen_at,
        "expires_at": session.expires_at,
    })
    .to_string()
}

async fn end(id: &str) -> anyhow::Result<()> {
    let (_, db) = super::open().await?;
    let owner = if is_id(id) { sessions::owner_of(&db, id).await? } else { None };
    let Some(owner) = owner else { bail!("there is no session with the id {id}") };
    let now = Clock::system().now();
    let entry = Entry::new(Event::SessionEnded, now).about(&owner).in_session(id).detail("revoked");
    let ended = db
        .write(async |tx| {
            let ended = sessions::end(tx, id, &owner, EndReason::Revoked, now).await?;
            if ended {
                audit::queries::insert(tx, &entry).await?;
            }
            Ok::<_, sqlx::Error>(ended)
        })
        .await?;
    if !ended {
        bail!("the session has ended already");
    }
    println!("The session is ended.");
    Ok(())
}

async fn end_all(name: &str) -> anyhow::Result<()> {
    let (_, db) = super::open().await?;
    let owner = super::find(&db, name).await?;
    let now = Clock::system().now();
    let entry = Entry::new(Event::SessionsEnded, now).about(&owner.id);
    let ended = db
        .write(async |tx| {
            let ended = sessions::end_all(tx, &owner.id, None, EndReason::Revoked, now).await?;
            audit::queries::insert(tx, &entry.clone().detail(&ended.to_string())).await?;
            Ok::<_, sqlx::Error>(ended)
        })
        .await?;
    println!("{ended} sessions of {} are ended.", owner.username);
    Ok(())
}

async fn prune() -> anyhow::Result<()> {
    let (config, db) = super::open().await?;
    let lifetime = Lifetime { absolute: config.session.lifetime, idle: config.session.idle };
    let pruned = prune::run(&db, &Clock::system(), &lifetime).await?;
    println!("{} sessions had run out, {} were deleted.", pruned.expired, pruned.deleted);
    Ok(())
}
