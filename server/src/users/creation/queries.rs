//! Statements that make accounts, and why they do not.

use crate::clock::Timestamp;
use crate::db::rows::{self, Value};
use crate::db::{self, Abort, Db, Sql, Tx};
use crate::fold::fold;
use crate::http::problem::{Code, Problem};
use crate::identity::Role;
use crate::users::email::email_key;
use crate::users::index::{Names, queries as index};
use crate::users::queries::is_username_taken;
use crate::{on_tx, sql};

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

impl NewAccount<'_> {
    fn names(&self) -> Names {
        Names::new(self.id, self.username, self.email, self.full_name)
    }
}

/// Why an account was not made, or does not get its new address.
#[derive(Debug, thiserror::Error)]
pub enum InsertError {
    /// The username or the e-mail address belongs to somebody.
    #[error("the username or the e-mail address is taken")]
    Taken,
    /// The username looks like somebody else's.
    #[error("the username looks like one that is taken")]
    Confusable,
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
            Self::Confusable => Problem::new(Code::UsernameTaken),
            Self::Database(error) => error.into(),
        }
    }

    /// What a client is told who wanted a new account with this username.
    pub async fn about_account(self, db: &Db, username: &str) -> Problem {
        match self {
            Self::Taken => match is_username_taken(db, username).await {
                Ok(true) => Problem::new(Code::UsernameTaken),
                Ok(false) => Problem::new(Code::EmailTaken),
                Err(error) => error.into(),
            },
            Self::Confusable => Problem::new(Code::UsernameTaken),
            Self::Database(error) => error.into(),
        }
    }
}

impl Abort for InsertError {
    fn database_error(&self) -> Option<&sqlx::Error> {
        match self {
            Self::Taken | Self::Confusable => None,
            Self::Database(error) => Some(error),
        }
    }
}

/// Makes an account. The unique columns decide about names, and about usernames that look alike, so two at once cannot both win.
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
        .bind(account.email.map(email_key))
        .bind(account.full_name)
        .bind(fold(account.full_name))
        .bind(account.role)
        .bind(account.password_hash)
        .bind(false)
        .bind(account.created_at)
        .execute(connection)
        .await
        .map(|_| ()));
    inserted.map_err(|error| if db::is_unique_violation(&error) { InsertError::Taken } else { error.into() })?;
    index::insert(tx, &[account.names()]).await
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
            Value::Text(account.email.map(email_key)),
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
    inserted.map_err(|error| if db::is_unique_violation(&error) { InsertError::Taken } else { error.into() })?;
    let names: Vec<_> = accounts.iter().map(|(account, _)| account.names()).collect();
    index::insert(tx, &names).await
}

/// Which of up to [`rows::BATCH`] folded usernames belong to somebody.
///
/// # Errors
/// Those of the database.
pub async fn taken_usernames(db: &Db, folded: &[String]) -> Result<Vec<String>, sqlx::Error> {
    rows::present(db, "user_account", "username_folded", folded).await
}

/// Which of some e-mail addresses, in a form in which they are or were compared, belong to somebody.
///
/// # Errors
/// Those of the database.
pub async fn taken_emails(db: &Db, folded: &[String]) -> Result<Vec<String>, sqlx::Error> {
    rows::present(db, "user_account", "email_folded", folded).await
}
