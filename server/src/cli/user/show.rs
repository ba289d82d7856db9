//! `hallpass user show`: what there is to know about a person.

use super::super::{find, open};
use super::as_json;
use crate::api_tokens::queries as api_tokens;
use crate::clock::Clock;
use crate::sessions::model::Lifetime;
use crate::sessions::queries as sessions;
use crate::users::model::NO_PASSWORD;

pub(super) async fn run(name: &str, json: bool) -> anyhow::Result<()> {
    let (config, db) = open().await?;
    let account = find(&db, name).await?;
    let now = Clock::system().now();
    let lifetime = Lifetime { absolute: config.session.lifetime, idle: config.session.idle };
    let sessions = sessions::count_alive(&db, &account.id, &lifetime, now).await?;
    let tokens = api_tokens::count_alive(&db, &account.id, now).await?;
    let has_password = account.password_hash != NO_PASSWORD;
    if json {
        let mut person = as_json(&account);
        person["has_password"] = has_password.into();
        person["sessions"] = sessions.into();
        person["tokens"] = tokens.into();
        println!("{person}");
        return Ok(());
    }
    let last_login = account.last_login_at.map_or_else(|| "never".to_owned(), |at| at.to_string());
    for (label, value) in [
        ("Username", account.username.as_str()),
        ("Full name", &account.full_name),
        ("E-mail", account.email.as_deref().unwrap_or_default()),
        ("Role", &account.role.to_string()),
        ("State", if account.disabled { "disabled" } else { "enabled" }),
        ("Password", if has_password { "set" } else { "none yet" }),
        ("Sessions", &sessions.to_string()),
        ("Tokens", &tokens.to_string()),
        ("Last login", &last_login),
        ("Created", &account.created_at.to_string()),
        ("Id", &account.id),
    ] {
        println!("{}", format!("{label:<12}{value}").trim_end());
    }
    Ok(())
}
