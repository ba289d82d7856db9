//! The part of `hallpass check` about names that would be refused today.

use std::collections::HashMap;

use crate::db::Db;
use crate::http::problem::Problem;
use crate::users::index::{queries as index, skeleton};
use crate::users::model::{is_invisible, parse_email, parse_full_name, parse_username};
use crate::users::queries::{self as users, Account};

use super::in_words;

/// Accounts that are read at once.
const PAGE: u32 = 500;
/// How many are listed.
const LISTED: usize = 20;

/// What `check` says of names; nothing where all are as they would be made today.
pub(super) async fn report(db: &Db) -> Result<Option<String>, sqlx::Error> {
    let (mut listed, mut refused, mut after) = (Vec::new(), 0_usize, String::new());
    loop {
        let accounts = users::list(db, &after, PAGE).await?;
        let Some(last) = accounts.last() else { break };
        after = crate::fold::fold(&last.username);
        let owners = owners(db, &accounts).await?;
        for account in &accounts {
            let reasons = reasons(account, &owners);
            if !reasons.is_empty() {
                refused += 1;
                if listed.len() < LISTED {
                    listed.push(format!("\n  {} {}", quoted(&account.username), reasons.join("; ")));
                }
            }
        }
    }
    if refused == 0 {
        return Ok(None);
    }
    let more = refused - listed.len();
    if more > 0 {
        listed.push(format!("\n  and {more} more"));
    }
    Ok(Some(format!(
        "{refused} accounts have names that would be refused today; they keep working:{}",
        listed.concat()
    )))
}

/// Who has the looks of these accounts' usernames: the id and the username, by the skeleton.
async fn owners(db: &Db, accounts: &[Account]) -> Result<HashMap<Vec<u8>, Account>, sqlx::Error> {
    let hashes: Vec<_> = accounts.iter().flat_map(|account| skeleton::hashes(&account.username)).collect();
    let mut owners = HashMap::new();
    for (hash, id) in index::skeletons_of(db, &hashes).await? {
        let known = accounts.iter().find(|account| account.id == id).cloned();
        let owner = match known {
            Some(known) => Some(known),
            None => users::find(db, &id).await?,
        };
        owners.extend(owner.map(|owner| (hash, owner)));
    }
    Ok(owners)
}

fn reasons(account: &Account, owners: &HashMap<Vec<u8>, Account>) -> Vec<String> {
    let mut reasons = Vec::new();
    let mut note = |checked: Result<(), Problem>| reasons.extend(checked.err().map(|problem| in_words(&problem)));
    note(parse_username(&account.username).map(drop));
    note(parse_full_name(&account.full_name).map(drop));
    if let Some(email) = &account.email {
        note(parse_email(email).map(drop));
    }
    let hashes = skeleton::hashes(&account.username);
    let other = hashes.iter().filter_map(|hash| owners.get(hash.as_slice())).find(|owner| owner.id != account.id);
    reasons.extend(other.map(|other| format!("looks like {}", quoted(&other.username))));
    reasons
}

/// A name whose invisible characters are seen.
fn quoted(name: &str) -> String {
    let escape = |c: char| if is_invisible(c) { c.escape_unicode().to_string() } else { c.escape_debug().to_string() };
    format!("\"{}\"", name.chars().map(escape).collect::<String>())
}
