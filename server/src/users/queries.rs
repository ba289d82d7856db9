//! Statements about an account that exists.

use sqlx::FromRow;

pub use super::creation::queries::{InsertError, NewAccount, insert, insert_many, taken_emails, taken_usernames};
use super::email::{email_key, lookup_key};
use super::index::{queries as index, skeleton};
use crate::audit;
use crate::clock::Timestamp;
use crate::db::{self, Db, Sql, Tx};
use crate::fold::fold;
use crate::http::problem::{Code, Problem};
use crate::identity::Role;
use crate::users::model::NO_PASSWORD;
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
    /// Argon2id in PHC form, or what came from another system; empty where there is no password yet.
    pub password_hash: String,
    /// Whether it may not be used.
    pub disabled: bool,
    /// Since when it exists.
    pub created_at: Timestamp,
    /// The last sign-in.
    pub last_login_at: Option<Timestamp>,
}

/// The account that somebody calls `name`: a username, or an e-mail address, which has an `@` where a username has none. An
/// address that is spelled as the account has it is found first: of two accounts that had one address in two spellings before
/// domains were compared in one form, each keeps its own. Two names that find one account have the same [`lookup_key`].
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
         FROM user_account WHERE email_folded IN (?, ?)"
    );
    let key = lookup_key(name);
    if !name.contains('@') {
        return on_db!(db, BY_USERNAME, |pool, text| sqlx::query_as(text).bind(&key).fetch_optional(pool).await);
    }
    let folded = fold(name);
    let mut found: Vec<Account> =
        on_db!(db, BY_EMAIL, |pool, text| sqlx::query_as(text).bind(&key).bind(&folded).fetch_all(pool).await)?;
    // What only folds alike is another address: `straße.de` is not `strasse.de`.
    found.retain(|account| account.email.as_deref().is_some_and(|email| email_key(email) == key));
    found.sort_by_key(|account| account.email.as_deref().is_none_or(|email| fold(email) != folded));
    Ok(found.into_iter().next())
}

/// Whether somebody has this username, or one that looks like it.
///
/// # Errors
/// Those of the database.
pub async fn is_username_taken(db: &Db, username: &str) -> Result<bool, sqlx::Error> {
    Ok(find_by_name(db, username).await?.is_some()
        || !index::taken_skeletons(db, &skeleton::hashes(username)).await?.is_empty())
}

const BY_ID: Sql = sql!(
    "SELECT id, username, email, full_name, role, password_hash, disabled, created_at, last_login_at \
     FROM user_account WHERE id = ?"
);

/// The account of this id.
///
/// # Errors
/// Those of the database.
pub async fn find(db: &Db, id: &str) -> Result<Option<Account>, sqlx::Error> {
    on_db!(db, BY_ID, |pool, text| sqlx::query_as(text).bind(id).fetch_optional(pool).await)
}

/// The account of this id, as it is within the transaction.
///
/// # Errors
/// Those of the database.
pub async fn find_within(tx: &mut Tx, id: &str) -> Result<Option<Account>, sqlx::Error> {
    on_tx!(tx, BY_ID, |connection, text| sqlx::query_as(text).bind(id).fetch_optional(connection).await)
}

/// Addresses that the person says are theirs, and has not verified.
///
/// # Errors
/// Those of the database.
pub async fn unverified_emails(db: &Db, id: &str, now: Timestamp) -> Result<Vec<String>, sqlx::Error> {
    const LIST: Sql = sql!(
        "SELECT e.email FROM link_token l JOIN link_email e ON e.token_hash = l.token_hash \
         WHERE l.user_id = ? AND l.expires_at > ?"
    );
    on_db!(db, LIST, |pool, text| sqlx::query_scalar(text).bind(id).bind(now).fetch_all(pool).await)
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

/// Forgets how often a wrong password was given for this person: of a new one nobody has tried any.
///
/// # Errors
/// Those of the database.
pub async fn forget_failures(tx: &mut Tx, id: &str) -> Result<(), sqlx::Error> {
    const FORGET: Sql = sql!("DELETE FROM login_guard WHERE user_id = ?");
    on_tx!(tx, FORGET, |connection, text| sqlx::query(text).bind(id).execute(connection).await.map(drop))
}

/// Changes the e-mail address; says whether the account exists.
///
/// # Errors
/// [`InsertError`].
pub async fn set_email(tx: &mut Tx, id: &str, email: Option<&str>) -> Result<bool, InsertError> {
    const SET: Sql = sql!("UPDATE user_account SET email = ?, email_folded = ? WHERE id = ?");
    let done = on_tx!(tx, SET, |connection, text| sqlx::query(text)
        .bind(email)
        .bind(email.map(email_key))
        .bind(id)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1));
    let exists =
        done.map_err(|error| if db::is_unique_violation(&error) { InsertError::Taken } else { error.into() })?;
    index::refresh(tx, id).await?;
    Ok(exists)
}

/// Changes the name that others see; says whether the account exists.
///
/// # Errors
/// Those of the database.
pub async fn set_full_name(tx: &mut Tx, id: &str, full_name: &str) -> Result<bool, sqlx::Error> {
    const SET: Sql = sql!("UPDATE user_account SET full_name = ?, full_name_folded = ? WHERE id = ?");
    let exists = on_tx!(tx, SET, |connection, text| sqlx::query(text)
        .bind(full_name)
        .bind(fold(full_name))
        .bind(id)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1))?;
    index::refresh(tx, id).await?;
    Ok(exists)
}

/// Changes the role; says whether the account exists.
///
/// # Errors
/// Those of the database.
pub async fn set_role(tx: &mut Tx, id: &str, role: Role) -> Result<bool, sqlx::Error> {
    const SET: Sql = sql!("UPDATE user_account SET role = ? WHERE id = ?");
    on_tx!(tx, SET, |connection, text| sqlx::query(text)
        .bind(role)
        .bind(id)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1))
}

/// Deletes an account with its sessions, tokens and links; says whether it existed.
///
/// # Errors
/// Those of the database.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<bool, sqlx::Error> {
    const DELETE: Sql = sql!("DELETE FROM user_account WHERE id = ?");
    on_tx!(tx, DELETE, |connection, text| sqlx::query(text)
        .bind(id)
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

/// Whether there is an administrator, enabled or not.
///
/// # Errors
/// Those of the database.
pub async fn has_admin(db: &Db) -> Result<bool, sqlx::Error> {
    const FIND: Sql = sql!("SELECT id FROM user_account WHERE role = ? LIMIT 1");
    let found: Option<String> =
        on_db!(db, FIND, |pool, text| sqlx::query_scalar(text).bind(Role::Admin).fetch_optional(pool).await)?;
    Ok(found.is_some())
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

/// How many administrators can sign in: enabled, and with a password. Whoever asks has locked them and changes who they are; nobody who asks on another
/// node of a Galera cluster at the same moment may commit as well. There only rows that are written collide, and the locked
/// ones need not be: so all write the same one, and leave nothing of it.
///
/// # Errors
/// Those of the database.
pub async fn count_admins_who_can_sign_in(tx: &mut Tx) -> Result<i64, sqlx::Error> {
    const TAKE_TURN: Sql = sql!("INSERT INTO admin_turn (id) VALUES (1)");
    const END_TURN: Sql = sql!("DELETE FROM admin_turn WHERE id = 1");
    const COUNT: Sql = sql!("SELECT COUNT(*) FROM user_account WHERE role = ? AND disabled = ? AND password_hash <> ?");
    for turn in [TAKE_TURN, END_TURN] {
        on_tx!(tx, turn, |connection, text| sqlx::query(text).execute(connection).await.map(drop))?;
    }
    on_tx!(tx, COUNT, |connection, text| sqlx::query_scalar(text)
        .bind(Role::Admin)
        .bind(false)
        .bind(NO_PASSWORD)
        .fetch_one(connection)
        .await)
}

/// Refuses what would leave nobody who can administer. Lock the administrators first.
///
/// # Errors
/// 409 `last_admin`, and those of the database.
pub async fn must_have_admin(tx: &mut Tx) -> Result<(), Problem> {
    if count_admins_who_can_sign_in(tx).await? > 0 { Ok(()) } else { Err(Problem::new(Code::LastAdmin)) }
}

/// Deletes an account with everything that is the person's, and makes its lines in the audit anonymous; says whether
/// it existed. Lock the administrators first.
///
/// # Errors
/// 409 `last_admin`, and those of the database.
pub async fn delete_whole(tx: &mut Tx, id: &str) -> Result<bool, Problem> {
    let Some(account) = find_within(tx, id).await? else { return Ok(false) };
    let existed = delete(tx, id).await?;
    if account.role == Role::Admin {
        must_have_admin(tx).await?;
    }
    forget_failures(tx, id).await?;
    audit::queries::anonymize(tx, id).await?;
    Ok(existed)
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
