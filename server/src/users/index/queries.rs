//! The rows that an account is found by, and those that keep its look for itself.

use std::collections::HashSet;

use sqlx::FromRow;

use super::skeleton::{self, SkeletonHash};
use super::{FORM, Names, terms};
use crate::db::query::Query;
use crate::db::rows::{self, BATCH, Row, Value};
use crate::db::{self, Db, Sql, Tx};
use crate::users::queries::InsertError;
use crate::{on_db, on_tx, sql};

/// Indexes new accounts, up to [`BATCH`]. The unique column decides about usernames that look alike, so two at once cannot both
/// win.
///
/// # Errors
/// [`InsertError::Confusable`], and those of the database.
pub async fn insert(tx: &mut Tx, accounts: &[Names]) -> Result<(), InsertError> {
    let skeletons: Vec<Row> = accounts.iter().flat_map(|names| skeleton_rows(names, |_| true)).collect();
    let inserted = insert_rows(tx, "username_skeleton", "skeleton_hash, user_id", &skeletons).await;
    inserted.map_err(|error| if db::is_unique_violation(&error) { InsertError::Confusable } else { error.into() })?;
    Ok(insert_terms(tx, accounts).await?)
}

/// Indexes an account again, whose row this transaction has changed.
///
/// # Errors
/// Those of the database.
pub async fn refresh(tx: &mut Tx, id: &str) -> Result<(), sqlx::Error> {
    const NAMES: Sql = sql!("SELECT id, username, username_folded, email, full_name FROM user_account WHERE id = ?");
    let names: Option<Names> =
        on_tx!(tx, NAMES, |connection, text| sqlx::query_as(text).bind(id).fetch_optional(connection).await)?;
    let Some(names) = names else { return Ok(()) };
    let names = std::slice::from_ref(&names);
    delete_terms(tx, names).await?;
    insert_terms(tx, names).await
}

/// Which of up to [`BATCH`] skeletons are somebody's.
///
/// # Errors
/// Those of the database.
pub async fn taken_skeletons(db: &Db, hashes: &[SkeletonHash]) -> Result<Vec<SkeletonHash>, sqlx::Error> {
    if hashes.is_empty() {
        return Ok(Vec::new());
    }
    let found: Vec<(Vec<u8>,)> = taken(hashes).fetch_all(db).await?;
    Ok(found.into_iter().filter_map(|(hash,)| hash.try_into().ok()).collect())
}

/// The accounts that have one of these skeletons, and those skeletons.
///
/// # Errors
/// Those of the database.
pub async fn skeletons_of(db: &Db, hashes: &[SkeletonHash]) -> Result<Vec<(Vec<u8>, String)>, sqlx::Error> {
    if hashes.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = Query::new("SELECT skeleton_hash, user_id FROM username_skeleton WHERE skeleton_hash IN ");
    query.list(hashes.iter().map(|hash| Value::from(*hash))).fetch_all(db).await
}

fn taken(hashes: &[SkeletonHash]) -> Query {
    let mut query = Query::new("SELECT skeleton_hash FROM username_skeleton WHERE skeleton_hash IN ");
    query.list(hashes.iter().map(|hash| Value::from(*hash)));
    query
}

/// An account as the index has it.
#[derive(Debug, FromRow)]
pub(super) struct Indexed {
    #[sqlx(flatten)]
    pub names: Names,
    pub email_folded: Option<String>,
    form: Option<i64>,
    names_hash: Option<Vec<u8>>,
    /// Whether its username looks in some way like nobody's: whoever had that look is gone.
    #[sqlx(skip)]
    has_free_look: bool,
}

impl Indexed {
    /// Whether the index is what it would be if it were made now. What a newer server has made is left to it.
    pub fn is_current(&self) -> bool {
        match self.form {
            Some(form) if form > FORM => true,
            Some(FORM) => self.names_hash.as_deref() == Some(&self.names.hash()) && !self.has_free_look,
            _ => false,
        }
    }
}

/// The looks of each account's username.
fn looks(accounts: &[Indexed]) -> Vec<Vec<SkeletonHash>> {
    accounts.iter().map(|account| skeleton::hashes(&account.names.username)).collect()
}

fn note_free_looks(accounts: &mut [Indexed], looks: &[Vec<SkeletonHash>], taken: Vec<(Vec<u8>,)>) {
    let taken: HashSet<Vec<u8>> = taken.into_iter().map(|(hash,)| hash).collect();
    for (account, looks) in accounts.iter_mut().zip(looks) {
        account.has_free_look = looks.iter().any(|look| !taken.contains(look.as_slice()));
    }
}

/// How many accounts there are, and how many of them were indexed by the rules of today or newer ones.
pub(super) async fn counts(db: &Db) -> Result<(u64, u64), sqlx::Error> {
    const ACCOUNTS: Sql = sql!("SELECT COUNT(*) FROM user_account");
    const INDEXED: Sql = sql!("SELECT COUNT(*) FROM name_index WHERE form >= ?");
    let accounts: i64 = on_db!(db, ACCOUNTS, |pool, text| sqlx::query_scalar(text).fetch_one(pool).await)?;
    let indexed: i64 = on_db!(db, INDEXED, |pool, text| sqlx::query_scalar(text).bind(FORM).fetch_one(pool).await)?;
    Ok((accounts.unsigned_abs(), indexed.unsigned_abs()))
}

const INDEXED: &str = "SELECT u.id, u.username, u.username_folded, u.email, u.full_name, u.email_folded, i.form, i.names_hash \
                       FROM user_account u LEFT JOIN name_index i ON i.user_id = u.id WHERE u.id ";

/// Up to [`BATCH`] accounts in the order of their ids, those after `after`.
pub(super) async fn page(db: &Db, after: &str) -> Result<Vec<Indexed>, sqlx::Error> {
    let mut query = Query::new(INDEXED);
    query.push("> ").bind(after).push(format!(" ORDER BY u.id LIMIT {BATCH}"));
    let mut accounts: Vec<Indexed> = query.fetch_all(db).await?;
    if !accounts.is_empty() {
        let looks = looks(&accounts);
        let taken = taken(&looks.concat()).fetch_all(db).await?;
        note_free_looks(&mut accounts, &looks, taken);
    }
    Ok(accounts)
}

/// Indexes those of a few thousand accounts again that need it, as they are under their lock; says how many. A username that
/// looks like an earlier account's stays without what belongs to that one, and an address that is another's in the form of
/// today keeps the form it had.
pub(super) async fn replace(tx: &mut Tx, ids: &[String]) -> Result<u64, sqlx::Error> {
    db::query::lock(tx, "user_account", ids).await?;
    let mut query = Query::new(INDEXED);
    query.push("IN ").list(ids.iter().map(|id| id.as_str().into())).push(" ORDER BY u.id");
    let mut accounts: Vec<Indexed> = query.fetch_all_within(tx).await?;
    if accounts.is_empty() {
        return Ok(0);
    }
    let looks = looks(&accounts);
    let taken = taken(&looks.concat()).fetch_all_within(tx).await?;
    note_free_looks(&mut accounts, &looks, taken);
    accounts.retain(|account| !account.is_current());
    if accounts.is_empty() {
        return Ok(0);
    }
    update_emails(tx, &accounts).await?;
    let names: Vec<Names> = accounts.into_iter().map(|account| account.names).collect();
    delete_terms(tx, &names).await?;
    replace_skeletons(tx, &names).await?;
    insert_terms(tx, &names).await?;
    Ok(names.len() as u64)
}

async fn update_emails(tx: &mut Tx, accounts: &[Indexed]) -> Result<(), sqlx::Error> {
    const IS_TAKEN: Sql = sql!("SELECT COUNT(*) FROM user_account WHERE email_folded = ?");
    const UPDATE: Sql = sql!("UPDATE user_account SET email_folded = ? WHERE id = ?");
    for account in accounts {
        let Some(key) = account.names.email_key().filter(|key| account.email_folded.as_ref() != Some(key)) else {
            continue;
        };
        let taken: i64 =
            on_tx!(tx, IS_TAKEN, |connection, text| sqlx::query_scalar(text).bind(&key).fetch_one(connection).await)?;
        if taken == 0 {
            on_tx!(tx, UPDATE, |connection, text| sqlx::query(text)
                .bind(&key)
                .bind(&account.names.id)
                .execute(connection)
                .await
                .map(drop))?;
        }
    }
    Ok(())
}

async fn replace_skeletons(tx: &mut Tx, accounts: &[Names]) -> Result<(), sqlx::Error> {
    let mut delete = Query::new("DELETE FROM username_skeleton WHERE user_id IN ");
    delete.list(ids(accounts)).execute(tx).await?;
    let wanted: Vec<SkeletonHash> = accounts.iter().flat_map(|names| skeleton::hashes(&names.username)).collect();
    let found: Vec<(Vec<u8>,)> = taken(&wanted).fetch_all_within(tx).await?;
    let mut taken: HashSet<SkeletonHash> = found.into_iter().filter_map(|(hash,)| hash.try_into().ok()).collect();
    let rows: Vec<Row> = accounts.iter().flat_map(|names| skeleton_rows(names, |hash| taken.insert(hash))).collect();
    insert_rows(tx, "username_skeleton", "skeleton_hash, user_id", &rows).await
}

fn skeleton_rows(names: &Names, mut is_free: impl FnMut(SkeletonHash) -> bool) -> Vec<Row> {
    let mut hashes = skeleton::hashes(&names.username);
    hashes.retain(|hash| is_free(*hash));
    hashes.into_iter().map(|hash| vec![hash.into(), names.id.as_str().into()]).collect()
}

async fn delete_terms(tx: &mut Tx, accounts: &[Names]) -> Result<(), sqlx::Error> {
    let mut delete = Query::new("DELETE FROM name_index WHERE user_id IN ");
    delete.list(ids(accounts)).execute(tx).await?;
    let mut delete = Query::new("DELETE FROM search_term WHERE username_folded IN ");
    delete.list(accounts.iter().map(|names| names.username_folded.as_str().into())).execute(tx).await.map(drop)
}

async fn insert_terms(tx: &mut Tx, accounts: &[Names]) -> Result<(), sqlx::Error> {
    let marks: Vec<Row> =
        accounts.iter().map(|names| vec![names.id.as_str().into(), FORM.into(), names.hash().into()]).collect();
    insert_rows(tx, "name_index", "user_id, form, names_hash", &marks).await?;
    // In the order of the index, which then grows in few places at once.
    let mut rows: Vec<(String, &str)> = Vec::new();
    for names in accounts {
        let terms = terms::of(&names.username, &names.full_name);
        rows.extend(terms.into_iter().map(|term| (term, names.username_folded.as_str())));
    }
    rows.sort_unstable();
    let rows: Vec<Row> = rows.iter().map(|(term, username)| vec![term.as_str().into(), (*username).into()]).collect();
    insert_rows(tx, "search_term", "term, username_folded", &rows).await
}

fn ids(accounts: &[Names]) -> impl Iterator<Item = Value> {
    accounts.iter().map(|names| names.id.as_str().into())
}

async fn insert_rows(tx: &mut Tx, table: &str, columns: &str, rows: &[Row]) -> Result<(), sqlx::Error> {
    for batch in rows.chunks(BATCH) {
        rows::insert(tx, table, columns, batch).await?;
    }
    Ok(())
}
