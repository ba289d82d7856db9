//! Whether a name and a password belong together: one way for everybody who asks.

use secrecy::SecretString;

use super::guard::{Claim, Guard, Origin, Seat, Way};
use super::open::{Login, Opening, open};
use super::queries;
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
        let (address, claim) = (Bucket::of(attempt.client.ip), attempt.way.claim());
        let seat = match self.seat(attempt, &claim, address) {
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
            let found = this.find_out(attempt, &claim, address, seat).await;
            this.count(found.as_ref().err().map(Problem::code));
            found
        };
        actix_web::rt::spawn(telemetry::part_of_request(finding)).await.map_err(Problem::internal)?
    }

    /// Refuses whom it can before any work is done for them, for a flood is to cost next to nothing; everybody else has a seat.
    fn seat(&self, attempt: &Attempt, claim: &Claim, address: Bucket) -> Result<Seat, Problem> {
        self.hasher.must_have_room()?;
        if claim.begins_with_address() {
            self.waits.must_be_over(address, self.clock.now())?;
        }
        Ok(self.guard.seat(claim, &attempt.username, address.key())?)
    }

    /// Whose budget the attempt uses, now that the account is known.
    async fn origin(&self, way: &Way, account: Option<&Account>) -> Result<Origin, sqlx::Error> {
        let device = match way {
            Way::Session(id) => return Ok(Origin::Session(id.clone())),
            Way::SignIn(device) => device,
        };
        // Looked for in any case, so that it takes as long where there is no account.
        let id = account.map_or("nobody", |account| account.id.as_str());
        let (Some(account), Some(nonce), Some(since)) = (account, device.nonce(id), device.known_since(id)) else {
            return Ok(Origin::Stranger);
        };
        let is_spent = Bucket::of_known_browsers(&account.id).seconds_to_wait(&self.db, self.clock.now()).await? > 0;
        let is_stranger = is_spent || queries::standing(&self.db, &account.id, since).await?.was_denied;
        Ok(if is_stranger { Origin::Stranger } else { Origin::Browser(nonce.to_vec()) })
    }

    async fn find_out(
        &self,
        attempt: Attempt,
        claim: &Claim,
        address: Bucket,
        seat: Seat,
    ) -> Result<(Account, Option<String>), Problem> {
        let Self { db, clock, hasher, .. } = self;
        if claim.begins_with_address() {
            self.waits.must_be_free(address, db, clock.now()).await?;
        }
        let account = users::find_by_name(db, &attempt.username).await?;
        let origin = self.origin(&attempt.way, account.as_ref()).await?;
        if matches!(origin, Origin::Stranger) && !claim.begins_with_address() {
            self.waits.must_be_over(address, clock.now())?;
            self.waits.must_be_free(address, db, clock.now()).await?;
        }
        let admission = self.guard.admit(seat, &origin, &attempt.username, account.as_ref()).await?;
        let password = password::normalize(&attempt.password);
        let may_match = account.as_ref().is_some_and(|account| !account.disabled) && !admission.is_blind();
        let stored = account.as_ref().map(|account| account.password_hash.clone());
        // What is refused in any case costs what another refusal of the same account does.
        let outcome = if may_match {
            hasher.verify(password.clone(), stored).await
        } else {
            hasher.refuse(password.clone(), stored).await
        };
        let verdict = match outcome {
            Ok(verdict) => verdict,
            Err(overloaded) => {
                admission.withdraw().await?;
                return Err(overloaded.into());
            }
        };
        match account {
            Some(account) if verdict.matches => {
                admission.succeed().await?;
                // A full queue must not spoil a login that is already right: the next one will do.
                let rehashed = if verdict.outdated { hasher.hash(password).await.ok() } else { None };
                Ok((account, rehashed))
            }
            account => {
                let must_wait = admission.fail().await?;
                let throttled = self.count_elsewhere(&origin, address, account.as_ref()).await? || must_wait;
                self.note_failure(throttled, account.as_ref(), &attempt.client).await?;
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

    /// Counts a failure where it counts besides the guard's own bucket; says whether the next attempt there has to wait.
    async fn count_elsewhere(
        &self,
        origin: &Origin,
        address: Bucket,
        account: Option<&Account>,
    ) -> Result<bool, sqlx::Error> {
        let now = self.clock.now();
        match (origin, account) {
            (Origin::Session(_), _) => Ok(false),
            (Origin::Browser(_), Some(account)) => {
                Bucket::of_known_browsers(&account.id).fail(&self.db, now).await.map(|()| false)
            }
            _ => self.waits.fail(address, &self.db, now).await,
        }
    }

    /// Notes a failure. What was typed is not kept: it may be a password in the wrong field.
    async fn note_failure(
        &self,
        throttled: bool,
        account: Option<&Account>,
        client: &Client,
    ) -> Result<(), sqlx::Error> {
        let now = self.clock.now();
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
