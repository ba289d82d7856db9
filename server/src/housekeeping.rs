//! Keeps the tables small: one chore after the other, so that all of them together need one connection.

use std::time::Duration;

use tokio::time::MissedTickBehavior;

use crate::clock::Clock;
use crate::db::{Db, sweep};
use crate::login::throttle;
use crate::metrics::Metrics;
use crate::sessions::model::Lifetime;
use crate::{api_tokens, audit, links, mail, sessions};

/// How often failed sign-ins are forgotten that nobody has to wait for any more.
const ROUND: Duration = Duration::from_mins(10);
/// Every how many rounds, once an hour, everything else is done.
const HOUR: u32 = 6;
/// How long a mail may be overdue: whoever sends mails gives it up before, and tells so. The link that it carries stays in clear
/// no longer, also where nobody sends mails any more.
const MAIL_GRACE: Duration = Duration::from_hours(1);

/// What is kept small, and how.
#[derive(Debug)]
pub struct Housekeeping {
    /// Where everything is.
    pub db: Db,
    /// Says what is old.
    pub clock: Clock,
    /// How long sessions live.
    pub lifetime: Lifetime,
    /// How long the audit reaches back.
    pub audit_for: Duration,
    /// Counts the sessions that have run out.
    pub metrics: Metrics,
}

impl Housekeeping {
    /// Goes on for as long as the server runs.
    pub async fn run(self) {
        let mut rounds = tokio::time::interval(ROUND);
        rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for round in (0..HOUR).cycle() {
            rounds.tick().await;
            if round == 0 {
                self.prune().await;
            }
            self.forget_attempts().await;
        }
    }

    async fn forget_attempts(&self) {
        if let Some(Err(error)) = sweep::round(throttle::forget(&self.db, self.clock.now())).await {
            tracing::warn!(%error, "old login attempts could not be forgotten");
        }
    }

    async fn prune(&self) {
        let Self { db, clock, lifetime, audit_for, metrics } = self;
        sessions::prune::round(db, clock, lifetime, metrics).await;
        let until = clock.now().minus(api_tokens::model::HISTORY);
        delete("expired tokens", api_tokens::queries::delete_expired(db, until)).await;
        delete("expired links", links::queries::delete_expired(db, clock.now())).await;
        let until = clock.now().minus(*audit_for);
        delete("old audit lines", audit::queries::delete_old(db, until)).await;
        let until = clock.now().minus(MAIL_GRACE);
        if delete("mails that nobody has sent", mail::queries::delete_expired(db, until)).await > 0 {
            tracing::warn!("mails were lost that no server sent in time: set SMTP_URL");
        }
    }
}

/// Deletes for as long as a chore may go on; says how many, where that is known, and says so in the log.
async fn delete(what: &str, chore: impl Future<Output = Result<u64, sqlx::Error>>) -> u64 {
    match sweep::round(chore).await {
        Some(Ok(0)) => {}
        Some(Ok(deleted)) => {
            tracing::info!(deleted, "{what} deleted");
            return deleted;
        }
        Some(Err(error)) => tracing::warn!(%error, "{what} could not be deleted"),
        None => tracing::info!("some of many {what} deleted"),
    }
    0
}
