//! Keeps the tables small: one chore after the other, so that all of them together need few connections.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};

use crate::clock::Clock;
use crate::db::{Db, sweep};
use crate::login::throttle;
use crate::metrics::Metrics;
use crate::sessions::model::Lifetime;
use crate::users::index::fill;
use crate::{api_tokens, audit, links, mail, sessions};

/// How often failed sign-ins are forgotten that nobody has to wait for any more, and mails deleted that nobody will send.
const ROUND: Duration = Duration::from_mins(10);
/// How often everything else is done.
const HOUR: Duration = Duration::from_hours(1);
/// How long a mail may be overdue: whoever sends mails gives it up before, and tells so. With the round, and with the longest that
/// pruning sessions may take before, the link that it carries stays in clear for an hour at the latest, also where nobody sends
/// mails any more.
const MAIL_GRACE: Duration = Duration::from_mins(40);

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
        let mut pruned_at: Option<Instant> = None;
        loop {
            let now = rounds.tick().await;
            let is_due = pruned_at.is_none_or(|at| now - at >= HOUR);
            if is_due {
                pruned_at = Some(now);
                sessions::prune::round(&self.db, &self.clock, &self.lifetime, &self.metrics).await;
            }
            self.forget_attempts().await;
            self.delete_mails().await;
            if is_due {
                self.prune_history().await;
                self.repair_index().await;
            }
        }
    }

    async fn repair_index(&self) {
        match sweep::round(fill::repair(&self.db)).await {
            None | Some(Ok(0)) => {}
            Some(Ok(repaired)) => tracing::info!(repaired, "names were indexed again"),
            Some(Err(error)) => tracing::warn!(%error, "names could not be indexed"),
        }
    }

    async fn forget_attempts(&self) {
        if let Some(Err(error)) = sweep::round(throttle::forget(&self.db, self.clock.now())).await {
            tracing::warn!(%error, "old login attempts could not be forgotten");
        }
    }

    async fn delete_mails(&self) {
        match mail::queries::delete_expired(&self.db, self.clock.now().minus(MAIL_GRACE)).await {
            Ok(0) => {}
            Ok(deleted) => tracing::warn!(deleted, "mails deleted that nobody has sent: set SMTP_URL"),
            Err(error) => tracing::warn!(%error, "expired mails could not be deleted"),
        }
    }

    async fn prune_history(&self) {
        let Self { db, clock, audit_for, .. } = self;
        let until = clock.now().minus(api_tokens::model::HISTORY);
        delete("expired tokens", api_tokens::queries::delete_expired(db, until)).await;
        delete("expired links", links::queries::delete_expired(db, clock.now())).await;
        delete("old audit lines", audit::queries::delete_old(db, *audit_for, clock.now())).await;
    }
}

/// Deletes for as long as a chore may go on, and says in the log what came of it.
async fn delete(what: &str, chore: impl Future<Output = Result<u64, sqlx::Error>>) {
    // The connection that was used last is back in the pool only a moment later: at once, another would be opened.
    sweep::pause(Duration::ZERO).await;
    match sweep::round(chore).await {
        Some(Ok(0)) => {}
        Some(Ok(deleted)) => tracing::info!(deleted, "{what} deleted"),
        Some(Err(error)) => tracing::warn!(%error, "{what} could not be deleted"),
        None => tracing::info!("some of many {what} deleted"),
    }
}
