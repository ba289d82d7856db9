//! `hallpass demo`: people to try things on, in an empty database only.

use anyhow::bail;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::password_input;
use crate::clock::Clock;
use crate::fold::fold;
use crate::identity::{Role, new_id};
use crate::random;
use crate::users::model::NO_PASSWORD;
use crate::users::queries::{self as users, InsertError, NewAccount};

const FIRST: [&str; 20] = [
    "Amara", "Björn", "Chloé", "Dmitri", "Elif", "Farid", "Grace", "Hiroshi", "Inés", "Jonas", "Kavya", "Liam", "Maja",
    "Nuno", "Olga", "Priya", "Quentin", "Rosa", "Soren", "Tomasz",
];
const LAST: [&str; 10] =
    ["Adeyemi", "Bergström", "Costa", "Dubois", "Eriksen", "Fischer", "García", "Haddad", "Ivanova", "Jansen"];
const USERNAME: &str = "demo";

pub(super) async fn run() -> anyhow::Result<()> {
    let (config, db) = super::open().await?;
    if users::count(&db).await? > 0 {
        bail!("the database has people already: set DATABASE_URL to an empty one, for example sqlite://data/demo.db");
    }
    let password = URL_SAFE_NO_PAD.encode(random::bytes::<12>());
    let password_hash = password_input::hash(&config.password, password.clone().into()).await?;
    let now = Clock::system().now();
    let demo = NewAccount {
        id: &new_id(now),
        username: USERNAME,
        email: Some("demo@example.com"),
        full_name: "Demo Person",
        role: Role::Admin,
        password_hash: &password_hash,
        created_at: now,
    };
    db.write(async |tx| {
        users::insert(tx, &demo).await?;
        for (first, last) in FIRST.iter().flat_map(|first| LAST.iter().map(move |last| (first, last))).skip(1) {
            let username = ascii(&format!("{first}.{last}"));
            let person = NewAccount {
                id: &new_id(now),
                username: &username,
                email: Some(&format!("{username}@example.com")),
                full_name: &format!("{first} {last}"),
                role: Role::Member,
                password_hash: NO_PASSWORD,
                created_at: now,
            };
            users::insert(tx, &person).await?;
        }
        Ok::<_, InsertError>(())
    })
    .await?;
    println!("200 people are there. Sign in as {USERNAME} with the password {password}");
    Ok(())
}

/// The name as people type it on any keyboard.
fn ascii(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    fold(name).replace('ø', "o").nfd().filter(char::is_ascii).collect()
}
