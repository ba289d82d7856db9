//! `hallpass token ...`

use anyhow::bail;
use clap::Subcommand;

use crate::api_tokens::queries::{self as api_tokens, ListedToken};
use crate::audit::{self, Entry, Event};
use crate::clock::Clock;

#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// List a person's tokens for scripts
    #[command(after_help = "Examples:\n  hallpass token list alice\n  hallpass token list alice --json | jq -r .id")]
    List {
        /// Their username or e-mail address
        name: String,
        /// One JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Revoke a token for scripts
    #[command(after_help = "Examples:\n  hallpass token revoke 0190163d-8694-739b-aea5-966c26f8ad90")]
    Revoke {
        /// The token's id, from `token list`
        id: String,
    },
}

pub(super) async fn run(command: TokenCommand) -> anyhow::Result<()> {
    match command {
        TokenCommand::List { name, json } => list(&name, json).await,
        TokenCommand::Revoke { id } => revoke(&id).await,
    }
}

async fn list(name: &str, json: bool) -> anyhow::Result<()> {
    const PAGE: u32 = 500;
    let (_, db) = super::open().await?;
    let owner = super::find(&db, name).await?;
    if !json {
        println!("{:<36}  {:<10}  {:<27}  {:<27}  NAME", "ID", "SCOPES", "EXPIRES", "LAST USED");
    }
    let mut before = String::new();
    loop {
        let page = api_tokens::list(&db, &owner.id, &before, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        before.clone_from(&last.id);
        for token in &page {
            println!("{}", if json { as_json(token) } else { as_row(token) });
        }
    }
}

fn as_row(token: &ListedToken) -> String {
    let last_used = token.last_used_at.map_or_else(|| "never".to_owned(), |at| at.to_string());
    let (id, scopes, expires, name) = (&token.id, &token.scopes, token.expires_at.to_string(), &token.name);
    format!("{id:<36}  {scopes:<10}  {expires:<27}  {last_used:<27}  {name}")
}

fn as_json(token: &ListedToken) -> String {
    serde_json::json!({
        "id": token.id,
        "name": token.name,
        "scopes": token.scopes.split(' ').collect::<Vec<_>>(),
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
    })
    .to_string()
}

async fn revoke(id: &str) -> anyhow::Result<()> {
    let (_, db) = super::open().await?;
    let Some(owner) = api_tokens::owner_of(&db, id).await? else { bail!("there is no token with the id {id}") };
    let at = Clock::system().now();
    let entry = Entry::new(Event::TokenRevoked, at).about(&owner).detail(id);
    let revoked = db
        .write(async |tx| {
            let revoked = api_tokens::delete(tx, id, &owner).await?;
            audit::queries::insert(tx, &entry).await?;
            Ok::<_, sqlx::Error>(revoked)
        })
        .await?;
    if !revoked {
        bail!("the token was revoked meanwhile");
    }
    println!("The token is revoked.");
    Ok(())
}
