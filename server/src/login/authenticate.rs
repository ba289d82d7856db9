//! Whether a name and a password belong together: one way for everybody who asks.

use secrecy::SecretString;

use super::guard::{Guard, Seat, Way};
use super::open::{Login, Opening, open};
use super::throttle::{Bucket, Waits};
use crate::audit::{self, Entry, Event};
use crate::clock::Clock;
use crate::db::Db;
use crate::http::client::Client;
use crate::http::extract::plain_text;
use crate::http::problem::{Code, Problem};
use crate::identity::{CurrentUser, SignedIn};
use crate::metrics::{LoginOutcome, Metrics};
use crate::secret::hasher::Hasher;
use crate::secret::password;
use crate::secret::token::PlainToken;
use crate::telemetry;
use crate::users::model::MAX_EMAIL;
use crate::users::queries::{self as users, Account};

/// A name and a password that somebody gives.
#[derive(Clone)]
pub(super) struct Attempt {
    pub username: String,
    pub password: SecretString,
    pub client: Client,
    pub way: Way,
}

impl Attempt {
    /// Of a person who is signed in and gives the password once more.
    pub fn again(caller: &SignedIn, password: SecretString, client: &Client) -> Self {
        let (username, way) = (caller.user.username.clone(), Way::Session(caller.session.id.clone()));
        Self { username, password, client: client.clone(), way }
    }

    /// Refuses what cannot be anybody's name or password, before any work is done on it.
    pub fn check(&self) -> Result<(), Problem> {
        check_name(&self.username)?;
        self.check_password("password")
    }

    /// Refuses what cannot be anybody's password, which stands in the request under `field`.
    pub fn check_password(&self, field: &str) -> Result<(), Problem> {
        if password::is_acceptable_length(&password::normalize(&self.password)) {
            Ok(())
        } else {
            Err(Problem::invalid(field, "must have 1 to 256 characters"))
        }
    }
}

/// Refuses what can be neither a username nor an e-mail address.
pub(super) fn check_name(username: &str) -> Result<(), Problem> {
    plain_text("username", username, MAX_EMAIL)?;
    if username.trim().is_empty() {
        return Err(Problem::invalid("username", "must not be empty"));
    }
    Ok(())
}

/// Finds out.
#[derive(Clone, Debug)]
pub struct Authenticator {
    db: Db,
    clock: Clock,
    hasher: Hasher,
    metrics: Metrics,
    guard: Guard,
    waits: Waits,
}

impl Authenticator {
    /// By the accounts of `db`. The key is the one that signs session cookies; under it failures are counted.
    #[must_use]
    pub fn new(db: Db, clock: Clock, hasher: Hasher, metrics: Metrics, key: SecretString) -> Self {
        let guard = Guard::new(db.clone(), clock.clone(), key);
        Self { db, clock, hasher, metrics, guard, waits: Waits::default() }
    }

    /// The database it asks.
    pub(super) fn db(&self) -> &Db {
        &self.db
    }

    /// The account that name and password belong to, and a new hash of the password where the stored one is outdated.
    ///
    /// Unknown name, wrong password and disabled account take the same way: one look-up, one hash, one refusal.
    pub(super) async fn authenticate(&self, attempt: &Attempt) -> Result<(Account, Option<String>), Problem> {
        let address = Bucket::of(attempt.client.ip);
        let seat = match self.seat(attempt, address) {
            Ok(seat) => seat,
            Err(refusal) => {
                self.count(Some(refusal.code()));
                // Behind everybody who waits for this thread: a flood is not to slow them down.
                tokio::task::yield_now().await;
                return Err(refusal);
            }
        };
        let (this, attempt) = (self.clone(), attempt.clone());
        // A task of its own, which goes on when the client hangs up: else nobody would count the failure of who never waits
        // for the answer.
        let finding = async move {
            let found = this.find_out(attempt, address, seat).await;
            this.count(found.as_ref().err().map(Problem::code));
            found
        };
        actix_web::rt::spawn(telemetry::part_of_request(finding)).await.map_err(Problem::internal)?
    }

    /// Refuses whom it can before any work is done for them, for a flood is to cost next to nothing; everybody else has a seat.
    fn seat(&self, attempt: &Attempt, address: Bucket) -> Result<Seat, Problem> {
        self.hasher.must_have_room()?;
        self.waits.must_be_over(address, self.clock.now())?;
        Ok(self.guard.seat(&attempt.way, &attempt.username, address.key())?)
    }

    async fn find_out(
        &self,
        attempt: Attempt,
        address: Bucket,
        seat: Seat,
    ) -> Result<(Account, Option<String>), Problem> {
        let Self { db, clock, hasher, .. } = self;
        self.waits.must_be_free(address, db, clock.now()).await?;
        let account = users::find_by_name(db, &attempt.username).await?;
        let admission = self.guard.admit(seat, &attempt.way, &attempt.username, account.as_ref()).await?;
        let password = password::normalize(&attempt.password);
        let readable = account.as_ref().filter(|_| !admission.is_blind());
        let stored = readable.map(|account| account.password_hash.clone());
        let verdict = match hasher.verify(password.clone(), stored).await {
            Ok(verdict) => verdict,
            Err(overloaded) => {
                admission.withdraw().await?;
                return Err(overloaded.into());
            }
        };
        match account {
            Some(account) if verdict.matches && !account.disabled => {
                admission.succeed().await?;
                // A full queue must not spoil a login that is already right: the next one will do.
                let rehashed = if verdict.outdated { hasher.hash(password).await.ok() } else { None };
                Ok((account, rehashed))
            }
            account => {
                let must_wait = admission.fail().await?;
                self.fail(address, must_wait, account.as_ref(), &attempt.client).await?;
                Err(Problem::new(Code::InvalidCredentials))
            }
        }
    }

    /// Signs in. Between the password's verification and the session's opening the account may have been given another hash
    /// of the same password, by a sign-in elsewhere: then it is verified once more.
    pub(super) async fn sign_in(
        &self,
        attempt: &Attempt,
        opening: &Opening<'_>,
    ) -> Result<(PlainToken, CurrentUser), Problem> {
        for _ in 0..2 {
            let (account, rehashed) = self.authenticate(attempt).await?;
            if let Some(opened) = open(&self.db, Login { account, rehashed }, opening).await? {
                return Ok(opened);
            }
        }
        Err(Problem::new(Code::InvalidCredentials))
    }

    /// Counts a failure of the address, and notes it. What was typed is not kept: it may be a password in the wrong field.
    async fn fail(
        &self,
        address: Bucket,
        must_wait: bool,
        account: Option<&Account>,
        client: &Client,
    ) -> Result<(), sqlx::Error> {
        let now = self.clock.now();
        let throttled = self.waits.fail(address, &self.db, now).await? || must_wait;
        let event = if throttled { Event::LoginThrottled } else { Event::LoginFailed };
        let mut entry = Entry::new(event, now).from(Some(client));
        if let Some(account) = account {
            entry = entry.about(&account.id);
            if account.disabled {
                entry = entry.detail("disabled");
            }
        }
        self.db.write(async |tx| audit::queries::insert(tx, &entry).await).await
    }

    /// Counts an attempt that was refused with this code, or went well.
    fn count(&self, refused: Option<Code>) {
        self.metrics.count_login(match refused {
            None => LoginOutcome::Ok,
            Some(Code::InvalidCredentials) => LoginOutcome::Failed,
            Some(Code::TooManyAttempts) => LoginOutcome::Throttled,
            Some(Code::Overloaded) => LoginOutcome::Overloaded,
            Some(_) => LoginOutcome::Error,
        });
    }
}
