//! Whether a name and a password belong together: one way for everybody who asks.

use std::net::IpAddr;

use secrecy::SecretString;

use super::throttle::Bucket;
use crate::clock::Clock;
use crate::db::Db;
use crate::http::extract::plain_text;
use crate::http::problem::{Code, Problem};
use crate::secret::hasher::{Hasher, Overloaded};
use crate::secret::password;
use crate::users::model::MAX_EMAIL;
use crate::users::queries::{self as users, Account};

impl From<Overloaded> for Problem {
    fn from(_: Overloaded) -> Self {
        Self::new(Code::Overloaded).retry_after(2)
    }
}

/// A name and a password that somebody gives.
pub(super) struct Attempt {
    pub username: String,
    pub password: SecretString,
    pub ip: IpAddr,
}

impl Attempt {
    /// Refuses what cannot be anybody's name or password, before any work is done on it.
    pub fn check(&self) -> Result<(), Problem> {
        plain_text("username", &self.username, MAX_EMAIL)?;
        if self.username.trim().is_empty() {
            return Err(Problem::invalid("username", "must not be empty"));
        }
        self.check_password("password")
    }

    /// Refuses what cannot be anybody's password, which stands in the request under `field`.
    pub fn check_password(&self, field: &str) -> Result<(), Problem> {
        if password::is_acceptable_length(&self.password) {
            Ok(())
        } else {
            Err(Problem::invalid(field, "must have 1 to 256 characters"))
        }
    }
}

/// Finds out.
#[derive(Clone, Debug)]
pub struct Authenticator {
    db: Db,
    clock: Clock,
    hasher: Hasher,
}

impl Authenticator {
    /// By the accounts of `db`.
    #[must_use]
    pub fn new(db: Db, clock: Clock, hasher: Hasher) -> Self {
        Self { db, clock, hasher }
    }

    /// The database it asks.
    pub(super) fn db(&self) -> &Db {
        &self.db
    }

    /// The hash of a new password.
    pub(super) async fn hash(&self, password: SecretString) -> Result<String, Problem> {
        Ok(self.hasher.hash(password).await?)
    }

    /// The account that name and password belong to, and a new hash of the password where the stored one is outdated.
    ///
    /// Unknown name, wrong password and disabled account take the same way: one look-up, one hash, one refusal.
    pub(super) async fn authenticate(&self, attempt: Attempt) -> Result<(Account, Option<String>), Problem> {
        let Self { db, clock, hasher } = self;
        let bucket = Bucket::of(attempt.ip);
        let wait = bucket.seconds_to_wait(db, clock.now()).await?;
        if wait > 0 {
            return Err(Problem::new(Code::TooManyAttempts).retry_after(wait));
        }
        let account = users::find_by_name(db, &attempt.username).await?;
        let password = password::normalize(&attempt.password);
        let stored = account.as_ref().map(|account| account.password_hash.clone());
        let verdict = hasher.verify(password.clone(), stored).await?;
        match account {
            Some(account) if verdict.matches && !account.disabled => {
                // A full queue must not spoil a login that is already right: the next one will do.
                let rehashed = if verdict.outdated { hasher.hash(password).await.ok() } else { None };
                Ok((account, rehashed))
            }
            _ => {
                bucket.fail(db, clock.now()).await?;
                Err(Problem::new(Code::InvalidCredentials))
            }
        }
    }
}
