//! Every statement about accounts.

use sqlx::FromRow;

use super::model::fold;
use crate::clock::Timestamp;
use crate::db::{self, Abort, Db, Sql, Tx};
use crate::identity::Role;
use crate::{on_db, on_tx, sql};

/// An account, as login and the command line need it.
#[derive(Clone, Debug, FromRow)]
pub struct Account {
    /// The id.
    pub id: String,
    /// The name to sign in with.
    pub username: String,
    /// The e-mail address.
    pub email: Option<String>,
    /// The name others see.
    pub full_name: String,
    /// What the person may do.
    pub role: Role,
    /// Argon2id in PHC form.
    pub password_hash: String,
    /// Whether it may not be used.
    pub disabled: bool,
    /// Since when it exists.
    pub created_at: Timestamp,
    /// The last sign-in.
    pub last_login_at: Option<Timestamp>,
}

/// The account that somebody calls `name`: a username, or an e-mail address, which has an `@` where a username has none.
///
/// # Errors
/// Those of the database.
pub async fn find_by_name(db: &Db, name: &str) -> Result<Option<Account>, sqlx::Error> {
    const BY_USERNAME: Sql = sql!(
        "SELECT id, username, email, full_name, role, password_hash, disabled, created_at, last_login_at \
         FROM user_account WHERE username_folded = ?"
    );
    const BY_EMAIL: Sql = sql!(
        "SELECT id, username, email, full_name, role, password_hash, disabled, created_at, last_login_at \
         FROM user_account WHERE email_folded = ?"
    );
    let find = if name.contains('@') { BY_EMAIL } else { BY_USERNAME };
    on_db!(db, find, |pool, text| sqlx::query_as(text).bind(fold(name)).fetch_optional(pool).await)
}

/// An account to be made.
#[derive(Debug)]
pub struct NewAccount<'a> {
    /// The id.
    pub id: &'a str,
    /// The name to sign in with.
    pub username: &'a str,
    /// The e-mail address.
    pub email: Option<&'a str>,
    /// The name others see.
    pub full_name: &'a str,
    /// What the person may do.
    pub role: Role,
    /// Argon2id in PHC form.
    pub password_hash: &'a str,
    /// Now.
    pub created_at: Timestamp,
}

/// Why an account was not made.
#[derive(Debug, thiserror::Error)]
pub enum InsertError {
    /// The username or the e-mail address belongs to somebody.
    #[error("the username or the e-mail address is taken")]
    Taken,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl Abort for InsertError {
    fn database_error(&self) -> Option<&sqlx::Error> {
        match self {
            Self::Taken => None,
            Self::Database(error) => Some(error),
        }
    }
}

/// Makes an account. The unique columns decide about names, so two at once cannot both win.
///
/// # Errors
/// [`InsertError`].
pub async fn insert(tx: &mut Tx, account: &NewAccount<'_>) -> Result<(), InsertError> {
    const INSERT: Sql = sql!(
        "INSERT INTO user_account (id, username, username_folded, email, email_folded, full_name, full_name_folded, \
                                   role, password_hash, disabled, created_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    );
    let inserted = on_tx!(tx, INSERT, |connection, text| sqlx::query(text)
        .bind(account.id)
        .bind(account.username)
        .bind(fold(account.username))
        .bind(account.email)
        .bind(account.email.map(fold))
        .bind(account.full_name)
        .bind(fold(account.full_name))
        .bind(account.role)
        .bind(account.password_hash)
        .bind(false)
        .bind(account.created_at)
        .execute(connection)
        .await
        .map(|_| ()));
    inserted.map_err(|error| if db::is_unique_violation(&error) { InsertError::Taken } else { error.into() })
}

/// Notes a sign-in, provided that the account is still the one whose password was verified: enabled, and with that very
/// hash. The row stays locked until the transaction ends, so sign-ins of one person happen one after the other.
///
/// # Errors
/// Those of the database.
pub async fn note_login(tx: &mut Tx, id: &str, verified_hash: &str, now: Timestamp) -> Result<bool, sqlx::Error> {
    const NOTE: Sql =
        sql!("UPDATE user_account SET last_login_at = ? WHERE id = ? AND disabled = ? AND password_hash = ?");
    on_tx!(tx, NOTE, |connection, text| sqlx::query(text)
        .bind(now)
        .bind(id)
        .bind(false)
        .bind(verified_hash)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1))
}

/// Stores a new hash of the password; says whether the account exists.
///
/// # Errors
/// Those of the database.
pub async fn set_password_hash(tx: &mut Tx, id: &str, password_hash: &str) -> Result<bool, sqlx::Error> {
    const SET: Sql = sql!("UPDATE user_account SET password_hash = ? WHERE id = ?");
    on_tx!(tx, SET, |connection, text| sqlx::query(text)
        .bind(password_hash)
        .bind(id)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1))
}

/// Stores a new hash of the password, provided that the account is still the one whose password was verified: enabled, and
/// with that very hash. Says whether it did.
///
/// # Errors
/// Those of the database.
pub async fn replace_password_hash(tx: &mut Tx, id: &str, verified: &str, new: &str) -> Result<bool, sqlx::Error> {
    const REPLACE: Sql =
        sql!("UPDATE user_account SET password_hash = ? WHERE id = ? AND disabled = ? AND password_hash = ?");
    on_tx!(tx, REPLACE, |connection, text| sqlx::query(text)
        .bind(new)
        .bind(id)
        .bind(false)
        .bind(verified)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1))
}

/// Disables or enables an account; says whether it exists.
///
/// # Errors
/// Those of the database.
pub async fn set_disabled(tx: &mut Tx, id: &str, disabled: bool) -> Result<bool, sqlx::Error> {
    const SET: Sql = sql!("UPDATE user_account SET disabled = ? WHERE id = ?");
    on_tx!(tx, SET, |connection, text| sqlx::query(text)
        .bind(disabled)
        .bind(id)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1))
}

/// How many accounts exist.
///
/// # Errors
/// Those of the database.
pub async fn count(db: &Db) -> Result<i64, sqlx::Error> {
    const COUNT: Sql = sql!("SELECT COUNT(*) FROM user_account");
    on_db!(db, COUNT, |pool, text| sqlx::query_scalar(text).fetch_one(pool).await)
}

/// Locks the enabled administrators until the transaction ends, so that no two of them can each go in the belief that the
/// other stays. An UPDATE that changes nothing locks rows in every database, where `FOR UPDATE` does not.
///
/// # Errors
/// Those of the database.
pub async fn lock_enabled_admins(tx: &mut Tx) -> Result<(), sqlx::Error> {
    const LOCK: Sql = sql!("UPDATE user_account SET disabled = disabled WHERE role = ? AND disabled = ?");
    on_tx!(tx, LOCK, |connection, text| sqlx::query(text)
        .bind(Role::Admin)
        .bind(false)
        .execute(connection)
        .await
        .map(drop))
}

/// How many enabled administrators exist.
///
/// # Errors
/// Those of the database.
pub async fn count_enabled_admins(tx: &mut Tx) -> Result<i64, sqlx::Error> {
    const COUNT: Sql = sql!("SELECT COUNT(*) FROM user_account WHERE role = ? AND disabled = ?");
    on_tx!(tx, COUNT, |connection, text| sqlx::query_scalar(text)
        .bind(Role::Admin)
        .bind(false)
        .fetch_one(connection)
        .await)
}

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

/// Enabled people whose username or name contains `part`, sorted by username, those after `after`.
///
/// # Errors
/// Those of the database.
pub async fn search(db: &Db, part: &str, after: &str, limit: u32) -> Result<Vec<ListedUser>, sqlx::Error> {
    const SEARCH: Sql = sql!(
        "SELECT id, username, full_name, username_folded FROM user_account \
         WHERE username_folded > ? AND disabled = ? \
           AND (username_folded LIKE ? ESCAPE '!' OR full_name_folded LIKE ? ESCAPE '!') \
         ORDER BY username_folded LIMIT ?"
    );
    let pattern = contains(&fold(part));
    on_db!(db, SEARCH, |pool, text| sqlx::query_as(text)
        .bind(after)
        .bind(false)
        .bind(&pattern)
        .bind(&pattern)
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await)
}

/// A LIKE pattern for any text that contains `part`, its own wildcards taken literally.
fn contains(part: &str) -> String {
    let escaped = part.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{escaped}%")
}

/// All accounts, sorted by username, those after `after`.
///
/// # Errors
/// Those of the database.
pub async fn list(db: &Db, after: &str, limit: u32) -> Result<Vec<Account>, sqlx::Error> {
    const LIST: Sql = sql!(
        "SELECT id, username, email, full_name, role, password_hash, disabled, created_at, last_login_at \
         FROM user_account WHERE username_folded > ? ORDER BY username_folded LIMIT ?"
    );
    on_db!(db, LIST, |pool, text| sqlx::query_as(text).bind(after).bind(i64::from(limit)).fetch_all(pool).await)
}
