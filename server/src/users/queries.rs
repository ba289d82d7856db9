//! Every statement about accounts.

use serde::Deserialize;
use sqlx::FromRow;
use utoipa::ToSchema;

use crate::audit;
use crate::clock::Timestamp;
use crate::db::rows::{self, Value};
use crate::db::{self, Abort, Db, Sql, Tx};
use crate::fold::fold;
use crate::http::problem::{Code, Problem};
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
    /// Argon2id in PHC form, or what came from another system; empty where there is no password yet.
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
    /// Argon2id in PHC form, or what came from another system; empty where there is no password yet.
    pub password_hash: &'a str,
    /// Now.
    pub created_at: Timestamp,
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

/// Why an account was not made, or does not get its new address.
#[derive(Debug, thiserror::Error)]
pub enum InsertError {
    /// The username or the e-mail address belongs to somebody.
    #[error("the username or the e-mail address is taken")]
    Taken,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl InsertError {
    /// What a client is told where only the e-mail address was new.
    #[must_use]
    pub fn about_email(self) -> Problem {
        match self {
            Self::Taken => Problem::new(Code::EmailTaken),
            Self::Database(error) => error.into(),
        }
    }

    /// What a client is told who wanted a new account with this username.
    pub async fn about_account(self, db: &Db, username: &str) -> Problem {
        match self {
            Self::Taken => match find_by_name(db, username).await {
                Ok(Some(_)) => Problem::new(Code::UsernameTaken),
                Ok(None) => Problem::new(Code::EmailTaken),
                Err(error) => error.into(),
            },
            Self::Database(error) => error.into(),
        }
    }
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

/// Makes up to [`rows::BATCH`] accounts, those disabled of whom it is said.
///
/// # Errors
/// [`InsertError`]; [`InsertError::Taken`] does not say which of the names.
pub async fn insert_many(tx: &mut Tx, accounts: &[(NewAccount<'_>, bool)]) -> Result<(), InsertError> {
    const COLUMNS: &str = "id, username, username_folded, email, email_folded, full_name, full_name_folded, role, \
                           password_hash, disabled, created_at";
    let text = |text: &str| Value::Text(Some(text.to_owned()));
    let row = |(account, disabled): &(NewAccount<'_>, bool)| {
        vec![
            text(account.id),
            text(account.username),
            Value::Text(Some(fold(account.username))),
            Value::Text(account.email.map(str::to_owned)),
            Value::Text(account.email.map(fold)),
            text(account.full_name),
            Value::Text(Some(fold(account.full_name))),
            Value::Text(Some(account.role.to_string())),
            text(account.password_hash),
            Value::Boolean(Some(*disabled)),
            Value::Integer(Some(account.created_at.as_micros())),
        ]
    };
    let rows: Vec<_> = accounts.iter().map(row).collect();
    let inserted = rows::insert(tx, "user_account", COLUMNS, &rows).await;
    inserted.map_err(|error| if db::is_unique_violation(&error) { InsertError::Taken } else { error.into() })
}

/// Which of up to [`rows::BATCH`] folded usernames belong to somebody.
///
/// # Errors
/// Those of the database.
pub async fn taken_usernames(db: &Db, folded: &[String]) -> Result<Vec<String>, sqlx::Error> {
    rows::present(db, "user_account", "username_folded", folded).await
}

/// Which of up to [`rows::BATCH`] folded e-mail addresses belong to somebody.
///
/// # Errors
/// Those of the database.
pub async fn taken_emails(db: &Db, folded: &[String]) -> Result<Vec<String>, sqlx::Error> {
    rows::present(db, "user_account", "email_folded", folded).await
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
        .bind(email.map(fold))
        .bind(id)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1));
    done.map_err(|error| if db::is_unique_violation(&error) { InsertError::Taken } else { error.into() })
}

/// Changes the name that others see; says whether the account exists.
///
/// # Errors
/// Those of the database.
pub async fn set_full_name(tx: &mut Tx, id: &str, full_name: &str) -> Result<bool, sqlx::Error> {
    const SET: Sql = sql!("UPDATE user_account SET full_name = ?, full_name_folded = ? WHERE id = ?");
    on_tx!(tx, SET, |connection, text| sqlx::query(text)
        .bind(full_name)
        .bind(fold(full_name))
        .bind(id)
        .execute(connection)
        .await
        .map(|done| done.rows_affected() == 1))
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

/// How many enabled administrators exist. Whoever asks has locked them and changes who they are; nobody who asks on another
/// node of a Galera cluster at the same moment may commit as well. There only rows that are written collide, and the locked
/// ones need not be: so all write the same one, and leave nothing of it.
///
/// # Errors
/// Those of the database.
pub async fn count_enabled_admins(tx: &mut Tx) -> Result<i64, sqlx::Error> {
    const TAKE_TURN: Sql = sql!("INSERT INTO admin_turn (id) VALUES (1)");
    const END_TURN: Sql = sql!("DELETE FROM admin_turn WHERE id = 1");
    const COUNT: Sql = sql!("SELECT COUNT(*) FROM user_account WHERE role = ? AND disabled = ?");
    for turn in [TAKE_TURN, END_TURN] {
        on_tx!(tx, turn, |connection, text| sqlx::query(text).execute(connection).await.map(drop))?;
    }
    on_tx!(tx, COUNT, |connection, text| sqlx::query_scalar(text)
        .bind(Role::Admin)
        .bind(false)
        .fetch_one(connection)
        .await)
}

/// Refuses what would leave nobody to administer. Lock the administrators first.
///
/// # Errors
/// 409 `last_admin`, and those of the database.
pub async fn must_have_admin(tx: &mut Tx) -> Result<(), Problem> {
    if count_enabled_admins(tx).await? > 0 { Ok(()) } else { Err(Problem::new(Code::LastAdmin)) }
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

    fn is_descending(self) -> bool {
        matches!(self, Self::UsernameDescending | Self::CreatedAtDescending | Self::LastLoginAtDescending)
    }
}

/// Which people an administrator looks for.
#[derive(Debug)]
pub struct Filter<'a> {
    /// Part of the username or the name.
    pub part: &'a str,
    /// Only this role.
    pub role: Option<Role>,
    /// Only disabled, or only enabled people.
    pub disabled: Option<bool>,
    /// What to sort by.
    pub sort: Sort,
}

/// The statement that lists people in an order: those beyond the pair of key and id.
macro_rules! search_by {
    ($key:literal, $beyond:literal, $order:literal) => {
        sql!(concat!(
            "SELECT id, username, email, full_name, role, password_hash, disabled, created_at, last_login_at \
             FROM user_account \
             WHERE (username_folded LIKE ? ESCAPE '!' OR full_name_folded LIKE ? ESCAPE '!') \
               AND (? = '' OR role = ?) AND (disabled = ? OR disabled = ?) AND ",
            $key,
            " ",
            $beyond,
            "= ? AND (",
            $key,
            " ",
            $beyond,
            " ? OR id ",
            $beyond,
            " ?) ORDER BY ",
            $key,
            " ",
            $order,
            ", id ",
            $order,
            " LIMIT ?"
        ))
    };
}

/// The people that `filter` lets through, those after `after` (a [`Sort::key`]; empty at the start). `None` where `after`
/// is none of this order.
///
/// # Errors
/// Those of the database.
pub async fn search_all(
    db: &Db,
    filter: &Filter<'_>,
    after: &str,
    limit: u32,
) -> Result<Option<Vec<Account>>, sqlx::Error> {
    const BY_NAME: Sql = search_by!("username_folded", ">", "ASC");
    const BY_NAME_DOWN: Sql = search_by!("username_folded", "<", "DESC");
    const BY_AGE: Sql = search_by!("created_at", ">", "ASC");
    const BY_AGE_DOWN: Sql = search_by!("created_at", "<", "DESC");
    const BY_LOGIN: Sql = search_by!("COALESCE(last_login_at, 0)", ">", "ASC");
    const BY_LOGIN_DOWN: Sql = search_by!("COALESCE(last_login_at, 0)", "<", "DESC");

    let pattern = contains(&fold(filter.part));
    let role = filter.role.map(|role| role.to_string()).unwrap_or_default();
    let (one, other) = filter.disabled.map_or((false, true), |disabled| (disabled, disabled));
    // What stands before everything, or behind it: no text sorts behind the last code point, no id behind a tilde.
    let start = match (after.is_empty(), filter.sort.is_descending()) {
        (false, _) => after.to_owned(),
        (true, false) => String::new(),
        (true, true) => "~ \u{10ffff}".to_owned(),
    };
    let (id, key) = start.split_once(' ').unwrap_or_default();
    macro_rules! people {
        ($sql:expr, $key:expr) => {
            on_db!(db, $sql, |pool, text| sqlx::query_as(text)
                .bind(&pattern)
                .bind(&pattern)
                .bind(&role)
                .bind(&role)
                .bind(one)
                .bind(other)
                .bind($key)
                .bind($key)
                .bind(id)
                .bind(i64::from(limit))
                .fetch_all(pool)
                .await)
        };
    }
    let moment = match key {
        "" => Some(0),
        "\u{10ffff}" => Some(i64::MAX),
        key => key.parse::<i64>().ok(),
    };
    let people = match (filter.sort, moment) {
        (Sort::Username, _) => people!(BY_NAME, key),
        (Sort::UsernameDescending, _) => people!(BY_NAME_DOWN, key),
        (_, None) => return Ok(None),
        (Sort::CreatedAt, Some(at)) => people!(BY_AGE, at),
        (Sort::CreatedAtDescending, Some(at)) => people!(BY_AGE_DOWN, at),
        (Sort::LastLoginAt, Some(at)) => people!(BY_LOGIN, at),
        (Sort::LastLoginAtDescending, Some(at)) => people!(BY_LOGIN_DOWN, at),
    };
    people.map(Some)
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
