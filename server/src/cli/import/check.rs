//! Whether a record may become a person.

use std::collections::HashMap;

use super::super::in_words;
use super::read::Record;
use crate::clock::Timestamp;
use crate::db::Db;
use crate::fold::fold;
use crate::identity::{Role, new_id};
use crate::secret::stored;
use crate::users::model::{NO_PASSWORD, check_email, check_full_name, check_username};
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

/// Knows the names of the file so far, as they are compared, and the lines they stand in.
pub(super) struct Checker {
    now: Timestamp,
    usernames: HashMap<String, u64>,
    emails: HashMap<String, u64>,
}

impl Checker {
    pub fn new(now: Timestamp) -> Self {
        Self { now, usernames: HashMap::new(), emails: HashMap::new() }
    }

    /// The person of a line, or every reason why there is none.
    pub fn check(&mut self, line: u64, record: Record) -> Result<Person, String> {
        let Record { username, email, full_name, role, disabled, password_hash } = record;
        let email = email.filter(|email| !email.is_empty());
        let full_name = full_name.unwrap_or_default();
        let password_hash = password_hash.unwrap_or_else(|| NO_PASSWORD.to_owned());
        let mut reasons = Vec::new();
        let mut note = |outcome: Result<(), String>| reasons.extend(outcome.err());

        let checked = check_username(&username).map_err(|problem| in_words(&problem));
        note(checked.and_then(|()| first(&mut self.usernames, "username", &username, line)));
        if let Some(email) = &email {
            let checked = check_email(email).map_err(|problem| in_words(&problem));
            note(checked.and_then(|()| first(&mut self.emails, "email", email, line)));
        }
        note(check_full_name(&full_name).map_err(|problem| in_words(&problem)));
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

/// Refuses a name that an earlier line has.
fn first(seen: &mut HashMap<String, u64>, field: &str, name: &str, line: u64) -> Result<(), String> {
    let earlier = *seen.entry(fold(name)).or_insert(line);
    if earlier == line { Ok(()) } else { Err(format!("{field} is that of line {earlier}")) }
}

/// Refuses those whose names belong to somebody already.
pub(super) async fn refuse_taken(db: &Db, batch: &mut [(u64, Result<Person, String>)]) -> Result<(), sqlx::Error> {
    let people = || batch.iter().filter_map(|(_, person)| person.as_ref().ok());
    let usernames: Vec<_> = people().map(|person| fold(&person.username)).collect();
    let emails: Vec<_> = people().filter_map(|person| person.email.as_deref()).map(fold).collect();
    let usernames = users::taken_usernames(db, &usernames).await?;
    let emails = users::taken_emails(db, &emails).await?;
    if usernames.is_empty() && emails.is_empty() {
        return Ok(());
    }
    for (_, outcome) in batch {
        let Ok(person) = outcome else { continue };
        let mut reasons = Vec::new();
        if usernames.contains(&fold(&person.username)) {
            reasons.push("username is taken");
        }
        if person.email.as_deref().is_some_and(|email| emails.contains(&fold(email))) {
            reasons.push("email is taken");
        }
        if !reasons.is_empty() {
            *outcome = Err(reasons.join("; "));
        }
    }
    Ok(())
}
