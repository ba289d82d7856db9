//! Slows down guessing: an address may fail ten times, then once every six seconds.
//!
//! A bucket a client address, kept in the database so that several servers count together, as one number (the generic cell
//! rate algorithm, ITU-T I.371): the moment at which all failures will be forgotten. Only failures count, so an office
//! behind one address does not lock itself out by signing in. Browsers that the account knows and live sessions are not counted
//! by their address at all: somebody else behind it cannot lock them out. Mails are slowed down in the same way, for each person and for
//! each address that they go to.

use std::net::IpAddr;
use std::sync::Arc;

use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use super::{guard, queries};
use crate::clock::{SKEW, Timestamp};
use crate::db::{Db, Tx};
use crate::http::problem::{Code, Problem};
use crate::users::model::email_key;

/// How many at once, and one more after how many microseconds. No more than `most` are ever counted.
#[derive(Clone, Copy, Debug)]
struct Pace {
    burst: i64,
    cost: i64,
    most: i64,
}

/// How many of those that have to wait are remembered.
const WAITS: usize = 10_000;
/// What one client address may try.
const ATTEMPTS: Pace = Pace { burst: 10, cost: 6_000_000, most: 20 };
/// Failures of all browsers together that one account knows. When they are used up, its browsers are treated as strangers: people
/// who once had the password may have made any number of them known.
const KNOWN_BROWSERS: Pace = Pace { burst: 60, cost: 300_000_000, most: 120 };
/// Accounts that one client address may ask for; those of them that are made count as a failure does.
const REGISTRATIONS: Pace = Pace { burst: 60, cost: 6_000_000, most: 60 };
/// Mails to one person that anybody can cause.
const RESETS: Pace = Pace { burst: 1, cost: 300_000_000, most: 1 };
/// The same, in the long run.
const DAILY_RESETS: Pace = Pace { burst: 10, cost: 8_640_000_000, most: 10 };
/// Mails to an address that somebody says is theirs, and mails of this kind that one person may cause.
const VERIFICATIONS: Pace = Pace { burst: 3, cost: 300_000_000, most: 3 };

/// Lines in the audit about forgotten passwords that one client address causes and that come with no mail.
const NOTES: Pace = Pace { burst: 1, cost: 60_000_000, most: 1 };
/// The same of all addresses together.
const ALL_NOTES: Pace = Pace { burst: 60, cost: 10_000_000, most: 60 };
/// E-mail addresses that one person says are theirs, where the answer tells whether somebody has them.
const QUESTIONS: Pace = Pace { burst: 10, cost: 60_000_000, most: 10 };

/// What is counted together: a client's IPv4 address, or the /64 network that a household's IPv6 addresses share; a person; an
/// e-mail address.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    key: [u8; 32],
    pace: Pace,
}

impl Bucket {
    /// Of failed sign-ins.
    pub fn of(address: IpAddr) -> Self {
        Self::named(b"address:", address)
    }

    /// Failed sign-ins in browsers that the account knows.
    pub fn of_known_browsers(user_id: &str) -> Self {
        let key = Sha256::new_with_prefix(b"known browsers:").chain_update(user_id).finalize().into();
        Self { key, pace: KNOWN_BROWSERS }
    }

    /// Of accounts that were made.
    pub fn of_registrations(address: IpAddr) -> Self {
        Self::named(b"registrations:", address)
    }

    /// Of accounts that were asked for, made or not.
    pub fn of_registration_attempts(address: IpAddr) -> Self {
        Self { pace: REGISTRATIONS, ..Self::named(b"registration attempts:", address) }
    }

    /// Of forgotten passwords.
    pub fn of_reset_requests(address: IpAddr) -> Self {
        Self::named(b"reset requests:", address)
    }

    /// The same in browsers that the account knows.
    pub fn of_known_reset_requests(user_id: &str) -> Self {
        let key = Sha256::new_with_prefix(b"known reset requests:").chain_update(user_id).finalize().into();
        Self { key, pace: ATTEMPTS }
    }

    /// Of lines about forgotten passwords.
    pub fn of_reset_notes(address: IpAddr) -> Self {
        Self { pace: NOTES, ..Self::named(b"reset notes:", address) }
    }

    /// Of the same from everywhere.
    pub fn of_all_reset_notes() -> Self {
        Self { key: Sha256::digest(b"all reset notes").into(), pace: ALL_NOTES }
    }

    /// Of e-mail addresses that one person asks for without a mail.
    pub fn of_email_questions(user_id: &str) -> Self {
        let key = Sha256::new_with_prefix(b"e-mail questions:").chain_update(user_id).finalize().into();
        Self { key, pace: QUESTIONS }
    }

    /// Of mails with a new password to one person.
    pub fn of_resets(user_id: &str) -> Self {
        Self { key: Sha256::new_with_prefix(b"resets:").chain_update(user_id).finalize().into(), pace: RESETS }
    }

    /// Of the same in a day.
    pub fn of_daily_resets(user_id: &str) -> Self {
        let key = Sha256::new_with_prefix(b"daily resets:").chain_update(user_id).finalize().into();
        Self { key, pace: DAILY_RESETS }
    }

    /// Of mails to an address that is yet to be verified.
    pub fn of_verifications(email: &str) -> Self {
        let key = Sha256::new_with_prefix(b"verifications:").chain_update(email_key(email)).finalize().into();
        Self { key, pace: VERIFICATIONS }
    }

    /// Of addresses that one person says are theirs.
    pub fn of_changes(user_id: &str) -> Self {
        let key = Sha256::new_with_prefix(b"address changes:").chain_update(user_id).finalize().into();
        Self { key, pace: VERIFICATIONS }
    }

    fn named(name: &[u8], address: IpAddr) -> Self {
        let mut hash = Sha256::new_with_prefix(name);
        match address.to_canonical() {
            IpAddr::V4(address) => hash.update(address.octets()),
            IpAddr::V6(address) => hash.update(&address.octets()[..8]),
        }
        Self { key: hash.finalize().into(), pace: ATTEMPTS }
    }

    /// What stands for it in the database.
    pub const fn key(&self) -> &[u8; 32] {
        &self.key
    }

    /// Seconds until the next attempt is allowed; zero when it is now.
    pub async fn seconds_to_wait(self, db: &Db, now: Timestamp) -> Result<u64, sqlx::Error> {
        let refilled_at = queries::refilled_at(db, &self.key).await?;
        Ok(refilled_at.map_or(0, |refilled_at| self.pace.wait(refilled_at, now)))
    }

    /// Refuses who has to wait.
    ///
    /// # Errors
    /// 429 with the time to wait, and those of the database.
    pub async fn must_be_free(self, db: &Db, now: Timestamp) -> Result<(), Problem> {
        Problem::unless_over(self.seconds_to_wait(db, now).await?)
    }

    /// Counts, provided that there is room; says whether there was. However many ask at once, no more get in than may.
    pub async fn take(self, db: &Db, now: Timestamp) -> Result<bool, sqlx::Error> {
        queries::take(db, &self.key, self.pace.one_more(now)).await
    }

    /// Makes it ready for [`Self::take_within`].
    pub async fn begin(self, db: &Db, now: Timestamp) -> Result<(), sqlx::Error> {
        if queries::refilled_at(db, &self.key).await?.is_none() {
            queries::insert(db, &self.key, now, 0).await?;
        }
        Ok(())
    }

    /// Counts in the transaction of what is counted, provided that there is room; says whether there was.
    pub async fn take_within(self, tx: &mut Tx, now: Timestamp) -> Result<bool, sqlx::Error> {
        queries::take_within(tx, &self.key, self.pace.one_more(now)).await
    }

    /// Counts, or refuses who has to wait.
    ///
    /// # Errors
    /// 429 with the time to wait, and those of the database.
    pub async fn must_take(self, db: &Db, now: Timestamp) -> Result<(), Problem> {
        if self.take(db, now).await? { Ok(()) } else { Err(self.refusal(db, now).await?) }
    }

    /// What is told to who has found no room: the time to wait.
    pub async fn refusal(self, db: &Db, now: Timestamp) -> Result<Problem, sqlx::Error> {
        let wait = self.seconds_to_wait(db, now).await?.max(1);
        Ok(Problem::new(Code::TooManyAttempts).retry_after(wait))
    }

    /// Counts a failure.
    pub async fn fail(self, db: &Db, now: Timestamp) -> Result<(), sqlx::Error> {
        queries::add_failure(db, &self.key, self.pace.one_more(now)).await
    }
}

/// Who is known to have to wait, and at least until when: failures only ever put that moment off. Until then the database is not
/// asked again, so that who comes back too early costs next to nothing.
#[derive(Clone, Debug)]
pub(super) struct Waits(Arc<Cache<[u8; 32], Timestamp>>);

impl Default for Waits {
    fn default() -> Self {
        Self(Arc::new(Cache::new(WAITS)))
    }
}

impl Waits {
    /// Refuses who is known to have to wait.
    ///
    /// # Errors
    /// 429 with the time to wait.
    pub fn must_be_over(&self, bucket: Bucket, now: Timestamp) -> Result<(), Problem> {
        let Some(refilled_at) = self.0.get(&bucket.key) else { return Ok(()) };
        let wait = bucket.pace.wait(refilled_at, now);
        if wait == 0 {
            self.0.remove(&bucket.key);
        }
        Problem::unless_over(wait)
    }

    /// Asks the database, and refuses who has to wait.
    ///
    /// # Errors
    /// 429 with the time to wait, and those of the database.
    pub async fn must_be_free(&self, bucket: Bucket, db: &Db, now: Timestamp) -> Result<(), Problem> {
        Problem::unless_over(self.seconds(bucket, db, now).await?)
    }

    /// Counts a failure; says whether the next attempt has to wait.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn fail(&self, bucket: Bucket, db: &Db, now: Timestamp) -> Result<bool, sqlx::Error> {
        bucket.fail(db, now).await?;
        Ok(self.seconds(bucket, db, now).await? > 0)
    }

    /// What the database says, which is known from then on.
    async fn seconds(&self, bucket: Bucket, db: &Db, now: Timestamp) -> Result<u64, sqlx::Error> {
        let Some(refilled_at) = queries::refilled_at(db, &bucket.key).await? else { return Ok(0) };
        let wait = bucket.pace.wait(refilled_at, now);
        if wait > 0 {
            self.0.insert(bucket.key, refilled_at);
        }
        Ok(wait)
    }
}

impl Pace {
    /// One more at this moment.
    fn one_more(self, now: Timestamp) -> OneMore {
        let after = |number: i64| Timestamp::from_micros(now.as_micros().saturating_add(number * self.cost));
        let full = after(self.most);
        OneMore { now, cost: self.cost, latest: after(self.burst - 1), full, limit: full.plus(SKEW) }
    }

    fn wait(self, refilled_at: Timestamp, now: Timestamp) -> u64 {
        let OneMore { latest, full, limit, .. } = self.one_more(now);
        if refilled_at > limit {
            return 0;
        }
        let micros = refilled_at.as_micros().min(full.as_micros()) - latest.as_micros();
        u64::try_from(micros).unwrap_or(0).div_ceil(1_000_000)
    }
}

/// What is to be counted in a bucket, and what can be in there.
#[derive(Clone, Copy, Debug)]
pub(super) struct OneMore {
    /// When.
    pub now: Timestamp,
    /// How much, in microseconds.
    pub cost: i64,
    /// When all is forgotten, at most, where there is room for one more.
    pub latest: Timestamp,
    /// When as much is forgotten as is ever counted.
    pub full: Timestamp,
    /// What is beyond was stored by a clock that ran ahead: it counts for nothing.
    pub limit: Timestamp,
}

/// Forgets the addresses that have nothing left to wait for, and the names that nobody has tried for a day.
///
/// # Errors
/// Those of the database.
pub async fn forget(db: &Db, now: Timestamp) -> Result<(), sqlx::Error> {
    queries::forget(db, now).await?;
    guard::forget(db, now).await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn ten_failures_then_one_every_six_seconds() {
        let now = Timestamp::from_micros(1_000_000_000);
        let after = |failures: i64| Timestamp::from_micros(now.as_micros() + failures * ATTEMPTS.cost);
        let wait = |refilled_at, now| ATTEMPTS.wait(refilled_at, now);
        assert_eq!(wait(after(9), now), 0);
        assert_eq!(wait(after(10), now), 6);
        assert_eq!(wait(after(11), now), 12);
        assert_eq!(wait(after(10), now.plus(Duration::from_millis(5_500))), 1);
        assert_eq!(wait(after(10), now.plus(Duration::from_secs(6))), 0);
    }

    #[test]
    fn a_clock_that_ran_ahead_makes_nobody_wait() {
        let now = Timestamp::from_micros(1_000_000_000);
        for pace in [ATTEMPTS, REGISTRATIONS, RESETS, DAILY_RESETS, VERIFICATIONS, NOTES, ALL_NOTES, QUESTIONS] {
            let full = Timestamp::from_micros(now.as_micros() + pace.most * pace.cost);
            let longest = u64::try_from((pace.most - pace.burst + 1) * pace.cost / 1_000_000).unwrap();
            assert_eq!(pace.wait(full, now), longest);
            assert_eq!(pace.wait(full.plus(SKEW), now), longest);
            for ahead in [Duration::from_hours(3), Duration::from_hours(8760)] {
                assert_eq!(pace.wait(full.plus(ahead), now), 0);
            }
            assert_eq!(pace.wait(Timestamp::from_micros(i64::MAX), now), 0);
        }
    }

    #[test]
    fn a_network_is_one_client() {
        let bucket = |address: &str| Bucket::of(address.parse().unwrap()).key;
        assert_eq!(bucket("2001:db8:1:2::1"), bucket("2001:db8:1:2:ffff::9"));
        assert_ne!(bucket("2001:db8:1:2::1"), bucket("2001:db8:1:3::1"));
        assert_eq!(bucket("::ffff:192.0.2.1"), bucket("192.0.2.1"));
        assert_ne!(bucket("192.0.2.1"), bucket("192.0.2.2"));
    }
}
