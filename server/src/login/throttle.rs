//! Slows down guessing: an address may fail ten times, then once every six seconds.
//!
//! A bucket a client address, kept in the database so that several servers count together, as one number (the generic cell
//! rate algorithm, ITU-T I.371): the moment at which all failures will be forgotten. Only failures count, so an office
//! behind one address does not lock itself out by signing in.

use std::net::IpAddr;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::queries;
use crate::clock::{Clock, Timestamp};
use crate::db::{Db, sweep};

const BURST: i64 = 10;
/// How many accounts an address may ask for at once; those of them that are made count as a failure does.
const REGISTRATION_BURST: i64 = 60;
const PER_FAILURE: i64 = 6_000_000;

/// One client's bucket: its IPv4 address, or the /64 network that a household's IPv6 addresses share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    key: [u8; 32],
    burst: i64,
}

impl Bucket {
    /// Of failed sign-ins.
    pub fn of(address: IpAddr) -> Self {
        Self::named(b"address:", address, BURST)
    }

    /// Of accounts that were made.
    pub fn of_registrations(address: IpAddr) -> Self {
        Self::named(b"registrations:", address, BURST)
    }

    /// Of accounts that were asked for, made or not.
    pub fn of_registration_attempts(address: IpAddr) -> Self {
        Self::named(b"registration attempts:", address, REGISTRATION_BURST)
    }

    fn named(name: &[u8], address: IpAddr, burst: i64) -> Self {
        let mut hash = Sha256::new_with_prefix(name);
        match address.to_canonical() {
            IpAddr::V4(address) => hash.update(address.octets()),
            IpAddr::V6(address) => hash.update(&address.octets()[..8]),
        }
        Self { key: hash.finalize().into(), burst }
    }

    /// Seconds until the next attempt is allowed; zero when it is now.
    pub async fn seconds_to_wait(self, db: &Db, now: Timestamp) -> Result<u64, sqlx::Error> {
        let refilled_at = queries::refilled_at(db, &self.key).await?;
        Ok(refilled_at.map_or(0, |refilled_at| wait(refilled_at, self.burst, now)))
    }

    /// Counts a failure.
    pub async fn fail(self, db: &Db, now: Timestamp) -> Result<(), sqlx::Error> {
        queries::add_failure(db, &self.key, now, PER_FAILURE).await
    }
}

fn wait(refilled_at: Timestamp, burst: i64, now: Timestamp) -> u64 {
    let allowed_at = refilled_at.as_micros() - (burst - 1) * PER_FAILURE;
    u64::try_from(allowed_at - now.as_micros()).unwrap_or(0).div_ceil(1_000_000)
}

/// Forgets, every ten minutes, the addresses that have nothing left to wait for.
pub async fn sweep(db: Db, clock: Clock) {
    let mut interval = tokio::time::interval(Duration::from_mins(10));
    loop {
        interval.tick().await;
        if let Some(Err(error)) = sweep::round(queries::forget(&db, clock.now())).await {
            tracing::warn!(%error, "old login attempts could not be forgotten");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_failures_then_one_every_six_seconds() {
        let now = Timestamp::from_micros(1_000_000_000);
        let after = |failures: i64| Timestamp::from_micros(now.as_micros() + failures * PER_FAILURE);
        assert_eq!(wait(after(9), BURST, now), 0);
        assert_eq!(wait(after(10), BURST, now), 6);
        assert_eq!(wait(after(11), BURST, now), 12);
        assert_eq!(wait(after(10), BURST, now.plus(Duration::from_millis(5_500))), 1);
        assert_eq!(wait(after(10), BURST, now.plus(Duration::from_secs(6))), 0);
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
