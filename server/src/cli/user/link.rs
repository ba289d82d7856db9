//! Links that the command line prints: an invitation, a new password.

use anyhow::bail;

use super::super::{find, open};
use super::{CONFUSABLE, TAKEN, must_exist, parse_names};
use crate::audit::{self, Entry, Event};
use crate::clock::Clock;
use crate::db::Tx;
use crate::identity::{Role, new_id};
use crate::links::{Draft, Links, Purpose};
use crate::sessions::queries as sessions;
use crate::users::model::NO_PASSWORD;
use crate::users::queries::{self as users, InsertError, NewAccount};

pub(super) const INVITE_EXAMPLES: &str = "Examples:
  hallpass user invite alice --email alice@example.com --full-name 'Alice Moore'
  hallpass user invite root --admin";

/// Makes an account without a password, and the link through which its person chooses one.
pub(super) async fn invite(name: &str, email: Option<&str>, full_name: &str, role: Role) -> anyhow::Result<()> {
    let (name, email, full_name) = &parse_names(name, email, full_name)?;
    let (config, db) = open().await?;
    let email = email.as_deref();
    let (links, now) = (Links::new(config.http.origin()), Clock::system().now());
    let id = &new_id(now);
    let account =
        NewAccount { id, username: name, email, full_name, role, password_hash: NO_PASSWORD, created_at: now };
    let link = links.draft(Purpose::Invitation, Some(id), now);
    let invite = async |tx: &mut Tx| {
        users::insert(tx, &account).await?;
        audit::queries::insert(tx, &Entry::new(Event::AccountCreated, now).about(id)).await?;
        link.insert(tx).await?;
        Ok(audit::queries::insert(tx, &Entry::new(Event::InvitationCreated, now).about(id)).await?)
    };
    match db.write(invite).await {
        Err(InsertError::Taken) => bail!(TAKEN),
        Err(InsertError::Confusable) => bail!(CONFUSABLE),
        done => done?,
    }
    print(&links, &link, name);
    Ok(())
}

/// Makes a link through which the person chooses a new password. Links made earlier are good no more.
pub(super) async fn reset(name: &str) -> anyhow::Result<()> {
    let (config, db) = open().await?;
    let account = find(&db, name).await?;
    let (links, now) = (Links::new(config.http.origin()), Clock::system().now());
    let link = links.draft(Purpose::PasswordReset, Some(&account.id), now);
    let entry = Entry::new(Event::ResetLinkCreated, now).about(&account.id);
    db.write(async |tx| {
        must_exist(sessions::lock_person(tx, &account.id).await?)?;
        if users::find_within(tx, &account.id).await?.is_some_and(|today| today.disabled) {
            bail!("{} is disabled and cannot choose a new password: enable them first", account.username);
        }
        link.insert(tx).await?;
        Ok(audit::queries::insert(tx, &entry).await?)
    })
    .await?;
    print(&links, &link, &account.username);
    Ok(())
}

/// The link alone on standard output, for a script to take; what a person should know on standard error.
fn print(links: &Links, draft: &Draft<'_>, username: &str) {
    let link = links.show(draft);
    println!("{}", link.url);
    eprintln!("Give this link to {username}; it is good once, until {}.", link.expires_at);
}
