//! Whether a record may become a person.

use std::collections::HashMap;
use std::hash::Hash;

use super::super::in_words;
use super::read::{Place, Record};
use crate::clock::Timestamp;
use crate::db::Db;
use crate::fold::fold;
use crate::http::problem::Problem;
use crate::identity::{Role, new_id};
use crate::secret::stored;
use crate::users::index::queries as index;
use crate::users::index::skeleton::{self, SkeletonHash};
use crate::users::model::{NO_PASSWORD, email_key, parse_email, parse_full_name, parse_username};
use crate::users::queries as users;

/// Somebody to be made.
#[derive(Debug)]
pub(super) struct Person {
    pub id: String,
    pub username: String,
    pub email: Option<String>,
    pub full_name: String,
    pub role: Role,
    pub disabled: bool,
    pub password_hash: String,
}

/// Knows the names of the file so far, as they are compared, and where they stand.
pub(super) struct Checker {
    now: Timestamp,
    usernames: HashMap<String, Place>,
    skeletons: HashMap<SkeletonHash, Place>,
    emails: HashMap<String, Place>,
}

impl Checker {
    pub fn new(now: Timestamp) -> Self {
        Self { now, usernames: HashMap::new(), skeletons: HashMap::new(), emails: HashMap::new() }
    }

    /// The person of a record, or every reason why there is none.
    pub fn check(&mut self, place: Place, record: Record) -> Result<Person, String> {
        let Record { username, email, full_name, role, disabled, password_hash } = record;
        let email = email.filter(|email| !email.is_empty());
        let full_name = full_name.unwrap_or_default();
        let password_hash = password_hash.unwrap_or_else(|| NO_PASSWORD.to_owned());
        let mut reasons = Vec::new();
        let mut note = |outcome: Result<(), String>| reasons.extend(outcome.err());

        let mut parse = |parsed: Result<String, Problem>| {
            parsed.inspect_err(|problem| note(Err(in_words(problem)))).unwrap_or_default()
        };
        let username = parse(parse_username(&username));
        let email = email.map(|email| parse(parse_email(&email)));
        let full_name = parse(parse_full_name(&full_name));
        if !username.is_empty() {
            note(first(&mut self.usernames, "username is that of", fold(&username), place).and_then(|()| {
                let mut hashes = skeleton::hashes(&username).into_iter();
                hashes.try_for_each(|hash| first(&mut self.skeletons, "username looks like that of", hash, place))
            }));
        }
        if let Some(email) = email.as_deref().filter(|email| !email.is_empty()) {
            note(first(&mut self.emails, "email is that of", email_key(email), place));
        }
        let role = match role.as_deref() {
            None | Some("" | "member") => Role::Member,
            Some("admin") => Role::Admin,
            Some(_) => {
                note(Err("role must be member or admin".to_owned()));
                Role::Member
            }
        };
        if password_hash != NO_PASSWORD {
            note(stored::check(&password_hash).map_err(|reason| format!("password_hash {reason}")));
        }
        if !reasons.is_empty() {
            return Err(reasons.join("; "));
        }
        let (id, disabled) = (new_id(self.now), disabled.unwrap_or_default());
        Ok(Person { id, username, email, full_name, role, disabled, password_hash })
    }
}

/// Refuses a name that an earlier record has.
fn first<K: Eq + Hash>(seen: &mut HashMap<K, Place>, what: &str, name: K, place: Place) -> Result<(), String> {
    let earlier = *seen.entry(name).or_insert(place);
    if earlier == place { Ok(()) } else { Err(format!("{what} {earlier}")) }
}

/// Refuses those whose names belong to somebody already.
pub(super) async fn refuse_taken(db: &Db, batch: &mut [(Place, Result<Person, String>)]) -> Result<(), sqlx::Error> {
    let people = || batch.iter().filter_map(|(_, person)| person.as_ref().ok());
    let usernames: Vec<_> = people().map(|person| fold(&person.username)).collect();
    let skeletons: Vec<_> = people().flat_map(|person| skeleton::hashes(&person.username)).collect();
    let emails: Vec<_> = people().filter_map(|person| person.email.as_deref()).map(email_key).collect();
    let usernames = users::taken_usernames(db, &usernames).await?;
    let skeletons = index::taken_skeletons(db, &skeletons).await?;
    let emails = users::taken_emails(db, &emails).await?;
    if usernames.is_empty() && skeletons.is_empty() && emails.is_empty() {
        return Ok(());
    }
    for (_, outcome) in batch {
        let Ok(person) = outcome else { continue };
        let mut reasons = Vec::new();
        if usernames.contains(&fold(&person.username)) {
            reasons.push("username is taken");
        } else if skeleton::hashes(&person.username).iter().any(|hash| skeletons.contains(hash)) {
            reasons.push("username looks like one that is taken");
        }
        if person.email.as_deref().is_some_and(|email| emails.contains(&email_key(email))) {
            reasons.push("email is taken");
        }
        if !reasons.is_empty() {
            *outcome = Err(reasons.join("; "));
        }
    }
    Ok(())
}
