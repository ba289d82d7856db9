//! Statements that find people by words, by role and by state, in an order.

use serde::Deserialize;
use sqlx::FromRow;
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::db::Db;
use crate::db::query::{AnyRow, Query};
use crate::db::rows::Value;
use crate::fold::fold;
use crate::identity::Role;
use crate::users::index::terms;
use crate::users::queries::Account;

/// How many people are looked at one after the other, in the order of their usernames, before the index is asked: many match what
/// few letters say, and a page of them is soon found.
const WALK: u32 = 1000;
/// Rows of the index that are counted to find the word that fewest people have.
const RARE: u32 = 2000;

/// A person in the directory.
#[derive(Debug, FromRow)]
pub struct ListedUser {
    /// The id.
    pub id: String,
    /// The name to sign in with.
    pub username: String,
    /// The name others see.
    pub full_name: String,
    /// What the list is sorted by.
    pub username_folded: String,
}

/// What administrators sort people by; `-` before it turns the order round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = UserSort)]
pub enum Sort {
    /// The username, without regard to case.
    #[default]
    Username,
    /// The same, from Z to A.
    #[serde(rename = "-username")]
    UsernameDescending,
    /// Since when they have an account, the oldest first.
    CreatedAt,
    /// The newest first.
    #[serde(rename = "-created_at")]
    CreatedAtDescending,
    /// The last sign-in, those who never did first.
    LastLoginAt,
    /// The latest first.
    #[serde(rename = "-last_login_at")]
    LastLoginAtDescending,
}

impl Sort {
    /// Where this account stands in the order, as the next page's start.
    #[must_use]
    pub fn key(self, account: &Account) -> String {
        let key = match self {
            Self::Username | Self::UsernameDescending => fold(&account.username),
            Self::CreatedAt | Self::CreatedAtDescending => account.created_at.as_micros().to_string(),
            Self::LastLoginAt | Self::LastLoginAtDescending => {
                account.last_login_at.map_or(0, Timestamp::as_micros).to_string()
            }
        };
        format!("{} {key}", account.id)
    }

    fn column(self) -> &'static str {
        match self {
            Self::Username | Self::UsernameDescending => "u.username_folded",
            Self::CreatedAt | Self::CreatedAtDescending => "u.created_at",
            Self::LastLoginAt | Self::LastLoginAtDescending => "COALESCE(u.last_login_at, 0)",
        }
    }

    fn is_by_username(self) -> bool {
        matches!(self, Self::Username | Self::UsernameDescending)
    }

    fn is_descending(self) -> bool {
        matches!(self, Self::UsernameDescending | Self::CreatedAtDescending | Self::LastLoginAtDescending)
    }

    /// How what comes later compares, and the direction of the order.
    fn direction(self) -> (&'static str, &'static str) {
        if self.is_descending() { ("<", "DESC") } else { (">", "ASC") }
    }
}

/// Which people are looked for.
#[derive(Clone, Debug)]
pub struct Search {
    /// What the rows of the index begin with, one for each word.
    prefixes: Vec<String>,
    role: Option<Role>,
    disabled: Option<bool>,
    sort: Sort,
}

impl Search {
    /// The people in whose username or name all words of `words` are.
    #[must_use]
    pub fn new(words: &str) -> Self {
        Self { prefixes: terms::prefixes(words), role: None, disabled: None, sort: Sort::Username }
    }

    /// Only those with this role.
    #[must_use]
    pub fn with_role(self, role: Option<Role>) -> Self {
        Self { role, ..self }
    }

    /// Only disabled, or only enabled people.
    #[must_use]
    pub fn with_disabled(self, disabled: Option<bool>) -> Self {
        Self { disabled, ..self }
    }

    /// In this order.
    #[must_use]
    pub fn sorted_by(self, sort: Sort) -> Self {
        Self { sort, ..self }
    }

    fn is_everybody(&self) -> bool {
        self.prefixes.is_empty()
    }
}

/// Enabled people in the order of their usernames, those after `after`.
///
/// # Errors
/// Those of the database.
pub async fn directory(db: &Db, search: &Search, after: &str, limit: u32) -> Result<Vec<ListedUser>, sqlx::Error> {
    const COLUMNS: &str = "u.id, u.username, u.full_name, u.username_folded";
    page(db, COLUMNS, search, Some((after.into(), "~")).filter(|_| !after.is_empty()), limit).await
}

/// People with all that administrators see of them, those after `after` (a [`Sort::key`]; empty at the start). `None` where
/// `after` is none of this order.
///
/// # Errors
/// Those of the database.
pub async fn accounts(db: &Db, search: &Search, after: &str, limit: u32) -> Result<Option<Vec<Account>>, sqlx::Error> {
    const COLUMNS: &str = "u.id, u.username, u.email, u.full_name, u.role, u.password_hash, u.disabled, u.created_at, \
                           u.last_login_at";
    let after = if after.is_empty() {
        None
    } else {
        let Some((id, key)) = after.split_once(' ') else { return Ok(None) };
        if search.sort.is_by_username() {
            Some((Value::from(key), id))
        } else {
            let Ok(moment) = key.parse::<i64>() else { return Ok(None) };
            Some((Value::from(moment), id))
        }
    };
    page(db, COLUMNS, search, after, limit).await.map(Some)
}

/// How many people there are of whom [`directory`] and [`accounts`] show pages.
///
/// # Errors
/// Those of the database.
pub async fn count(db: &Db, search: &Search) -> Result<i64, sqlx::Error> {
    let mut query = Query::new("SELECT COUNT(*) FROM user_account u WHERE 1 = 1");
    filter(&mut query, search);
    words(&mut query, search, rarest(db, search).await?);
    let counted: Vec<(i64,)> = query.fetch_all(db).await?;
    Ok(counted.first().map_or(0, |(count,)| *count))
}

async fn page<T: AnyRow>(
    db: &Db,
    columns: &str,
    search: &Search,
    after: Option<(Value, &str)>,
    limit: u32,
) -> Result<Vec<T>, sqlx::Error> {
    const WALKED: &str = "SELECT id, username, username_folded, email, full_name, role, password_hash, disabled, created_at, \
                          last_login_at FROM user_account u";
    let (beyond, direction) = search.sort.direction();
    if search.sort.is_by_username() && !search.is_everybody() {
        let mut query = Query::new(format!("SELECT {columns} FROM ({WALKED}"));
        if let Some((key, _)) = &after {
            query.push(format!(" WHERE u.username_folded {beyond} ")).bind(key.clone());
        }
        query.push(format!(" ORDER BY u.username_folded {direction} LIMIT {WALK}) u WHERE 1 = 1"));
        filter(&mut query, search);
        words(&mut query, search, None);
        query.push(format!(" ORDER BY u.username_folded {direction} LIMIT {limit}"));
        let found: Vec<T> = query.fetch_all(db).await?;
        if found.len() >= limit as usize {
            return Ok(found);
        }
    }
    let mut query = Query::new(format!("SELECT {columns} FROM user_account u WHERE 1 = 1"));
    filter(&mut query, search);
    words(&mut query, search, rarest(db, search).await?);
    let key = search.sort.column();
    match after {
        Some((value, _)) if search.sort.is_by_username() => {
            query.push(format!(" AND {key} {beyond} ")).bind(value);
        }
        Some((value, id)) => {
            query.push(format!(" AND {key} {beyond}= ")).bind(value.clone());
            query.push(format!(" AND ({key} {beyond} ")).bind(value);
            query.push(format!(" OR u.id {beyond} ")).bind(id).push(")");
        }
        None => {}
    }
    query.push(format!(" ORDER BY {key} {direction}"));
    if !search.sort.is_by_username() {
        query.push(format!(", u.id {direction}"));
    }
    query.push(format!(" LIMIT {limit}"));
    query.fetch_all(db).await
}

fn filter(query: &mut Query, search: &Search) {
    if let Some(role) = search.role {
        query.push(" AND u.role = ").bind(role.to_string().as_str());
    }
    if let Some(disabled) = search.disabled {
        query.push(" AND u.disabled = ").bind(disabled);
    }
}

/// Every word must be there: whoever has the rarest is looked up, and the others are looked for in what they have.
fn words(query: &mut Query, search: &Search, rarest: Option<usize>) {
    for (number, prefix) in search.prefixes.iter().enumerate() {
        query.push(if rarest == Some(number) {
            " AND u.username_folded IN (SELECT t.username_folded FROM search_term t WHERE t.term >= "
        } else {
            " AND EXISTS (SELECT 1 FROM search_term t WHERE t.username_folded = u.username_folded AND t.term >= "
        });
        query.bind(prefix.as_str()).push(" AND t.term < ").bind(terms::end_of(prefix).as_str()).push(")");
    }
}

/// The word that fewest people have; of those that many have, any.
async fn rarest(db: &Db, search: &Search) -> Result<Option<usize>, sqlx::Error> {
    if search.prefixes.len() < 2 {
        return Ok(Some(0).filter(|_| !search.is_everybody()));
    }
    let mut counts = Vec::with_capacity(search.prefixes.len());
    for prefix in &search.prefixes {
        let mut query = Query::new("SELECT COUNT(*) FROM (SELECT t.term FROM search_term t WHERE t.term >= ");
        query.bind(prefix.as_str()).push(" AND t.term < ").bind(terms::end_of(prefix).as_str());
        query.push(format!(" LIMIT {RARE}) few"));
        let counted: Vec<(i64,)> = query.fetch_all(db).await?;
        counts.push(counted.first().map_or(0, |(count,)| *count));
    }
    Ok((0..counts.len()).min_by_key(|number| counts[*number]))
}
