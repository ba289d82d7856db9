//! How long to wait after how many failures.

use std::time::Duration;

use super::queries::Tally;
use crate::clock::{SKEW, Timestamp};

/// The failure from which on one has to wait.
const LAST_FREE: i64 = 5;
/// The longest wait. Somebody who never stops gets 109 guesses on the first day and 96 on each that follows.
const LONGEST: Duration = Duration::from_mins(15);
/// Failures are forgotten when none has come for so long after the wait. Shorter than four hours, letting them be forgotten
/// would give more guesses than waiting does.
pub(super) const KEPT: Duration = Duration::from_hours(24);

impl Tally {
    /// One failure more.
    pub fn after(before: Option<Self>, now: Timestamp) -> Self {
        let remembered = before.filter(|before| before.allowed_at.plus(KEPT) > now);
        let failures = remembered.map_or(0, |before| before.failures) + 1;
        Self { failures, allowed_at: now.plus(delay(failures)) }
    }

    /// Whole seconds until the next attempt is allowed; zero when it is now. A moment further off than so many failures can put
    /// it was stored by a clock that ran ahead, and does not count.
    pub fn seconds_to_wait(self, now: Timestamp) -> u64 {
        let (left, delay) = (self.allowed_at.since(now), delay(self.failures));
        // Of two attempts at once, the later one's wait stays where the earlier one is taken back.
        if left > (2 * delay).min(LONGEST) + SKEW {
            return 0;
        }
        u64::try_from(left.min(delay).as_micros().div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }

    /// Whether there was something to wait for.
    pub fn is_past_free(self) -> bool {
        self.failures >= LAST_FREE
    }
}

/// The wait after so many failures.
fn delay(failures: i64) -> Duration {
    if failures < LAST_FREE {
        return Duration::ZERO;
    }
    let doublings = u32::try_from(failures - LAST_FREE).unwrap_or(u32::MAX);
    Duration::from_secs(2_u64.saturating_pow(doublings)).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_000_000_000);

    #[test]
    fn five_are_free_then_the_wait_doubles_up_to_a_quarter_of_an_hour() {
        let waits = (1..=17).map(|failures| delay(failures).as_secs()).collect::<Vec<_>>();
        assert_eq!(waits, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
        assert_eq!(delay(i64::MAX), LONGEST);
    }

    #[test]
    fn any_rest_of_a_second_is_a_whole_one() {
        let tally = Tally { failures: 6, allowed_at: NOW.plus(Duration::from_secs(2)) };
        let left = |millis| tally.seconds_to_wait(NOW.plus(Duration::from_millis(millis)));
        assert_eq!([0, 1, 1_000, 1_001, 1_999, 2_000, 9_000].map(left), [2, 2, 1, 1, 1, 0, 0]);
    }

    #[test]
    fn a_clock_that_ran_ahead_makes_nobody_wait() {
        for failures in 1..20 {
            let after = Tally { failures, allowed_at: NOW.plus(delay(failures)) };
            for ahead in [Duration::from_hours(1), Duration::from_hours(8760)] {
                let allowed_at = after.allowed_at.plus(ahead);
                assert_eq!(Tally { allowed_at, ..after }.seconds_to_wait(NOW), 0, "{failures}");
            }
            for behind in [Duration::from_millis(5), SKEW] {
                assert_eq!(after.seconds_to_wait(NOW.minus(behind)), delay(failures).as_secs(), "{failures}");
            }
        }
        assert_eq!(Tally { failures: 9, allowed_at: Timestamp::from_micros(i64::MAX) }.seconds_to_wait(NOW), 0);
    }

    #[test]
    fn a_day_after_the_wait_all_is_forgotten() {
        let tally = Tally { failures: 6, allowed_at: NOW };
        assert_eq!(Tally::after(None, NOW), Tally { failures: 1, allowed_at: NOW });
        let then = NOW.plus(KEPT).minus(Duration::from_micros(1));
        assert_eq!(Tally::after(Some(tally), then).failures, 7);
        assert_eq!(Tally::after(Some(tally), NOW.plus(KEPT)), Tally { failures: 1, allowed_at: NOW.plus(KEPT) });
    }

    /// Whoever lets failures be forgotten must not get on faster than who waits.
    #[test]
    fn forgetting_is_no_short_cut() {
        let rate = |failures: i64| {
            let waits: Duration = (1..=failures).map(delay).sum();
            f64::from(u32::try_from(failures).unwrap()) / (waits + KEPT).as_secs_f64()
        };
        let patient = 1.0 / LONGEST.as_secs_f64();
        assert!((1..100).all(|failures| rate(failures) < patient));
    }
}
