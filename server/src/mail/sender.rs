//! Sending what is in the queue, one mail at a time.

use std::time::Duration;

use tokio::sync::mpsc;

use super::Smtp;
use super::queries::{self, Waiting};
use crate::audit::{self, Entry, Event};
use crate::clock::{Clock, SKEW, Timestamp};
use crate::config::MailConfig;
use crate::db::{Db, Tx};
use crate::http::drain::Drain;

/// How long a mail is kept to the server that is sending it. Should that server die, another one sends the mail after this.
const CLAIM: Duration = Duration::from_mins(5);
/// How long is waited after the first attempt; after each further one twice as long as before.
const FIRST_PAUSE: Duration = Duration::from_mins(1);
/// The longest wait.
const LONGEST_PAUSE: Duration = Duration::from_hours(6);
/// After how many attempts a mail that the mail server refuses for good is given up.
const MAX_REFUSED: i64 = 5;

/// Takes mails from the queue to the mail server. Several servers on one database share the work.
#[derive(Debug)]
pub struct Sender {
    db: Db,
    clock: Clock,
    smtp: Smtp,
    drain: Drain,
    look_every: Duration,
}

impl Sender {
    /// Sends through `smtp` what `db` holds, until `drain` begins.
    #[must_use]
    pub fn new(db: Db, clock: Clock, smtp: Smtp, drain: Drain, config: &MailConfig) -> Self {
        Self { db, clock, smtp, drain, look_every: config.look_every }
    }

    /// Sends until the last [`super::Outbox`] is gone: at once what comes in here, and within seconds what other servers
    /// have written or what is to be tried again.
    pub async fn run(self, mut news: mpsc::Receiver<()>) {
        loop {
            match self.send_all().await {
                Ok(()) => {}
                Err(error) => tracing::warn!(%error, "the queue of mails could not be worked on"),
            }
            if let Ok(None) = tokio::time::timeout(self.look_every, news.recv()).await {
                return;
            }
        }
    }

    /// Sends everything whose turn it is. A server that is shutting down begins no other mail, so that it need not leave
    /// one half-way.
    async fn send_all(&self) -> Result<(), sqlx::Error> {
        while !self.drain.has_begun() {
            let now = self.clock.now();
            let Some(mail) = self.next(now).await? else { return Ok(()) };
            if mail.expires_at <= now {
                self.give_up(&mail, "it could not be delivered in time").await?;
            } else if queries::claim(&self.db, &mail, now.plus(CLAIM)).await? {
                self.send(&mail).await?;
            }
        }
        Ok(())
    }

    /// The mail whose turn it is. After those, one that waits for a moment that its own rule could not have set.
    async fn next(&self, now: Timestamp) -> Result<Option<Waiting>, sqlx::Error> {
        if let Some(mail) = queries::next(&self.db, now).await? {
            return Ok(Some(mail));
        }
        let latest = std::array::from_fn(|attempts| {
            let wait = if attempts == 0 {
                Duration::ZERO
            } else {
                pause(i64::try_from(attempts).unwrap_or(i64::MAX)).max(CLAIM)
            };
            now.plus(wait + SKEW)
        });
        queries::next_put_off_too_long(&self.db, now, latest).await
    }

    async fn send(&self, mail: &Waiting) -> Result<(), sqlx::Error> {
        let attempts = mail.attempts + 1;
        match self.smtp.send(mail).await {
            Ok(()) => {
                self.db.write(async |tx| queries::delete(tx, &mail.id).await).await?;
                tracing::info!(mail = mail.id, attempts, "mail sent");
                Ok(())
            }
            Err(failure) => {
                let next = self.clock.now().plus(pause(attempts));
                if (failure.is_refusal && attempts >= MAX_REFUSED) || next >= mail.expires_at {
                    return self.give_up(mail, &failure.reason).await;
                }
                tracing::warn!(mail = mail.id, attempts, reason = failure.reason, until = %next, "mail put off");
                queries::put_off(&self.db, &mail.id, attempts, next, &failure.reason).await
            }
        }
    }

    async fn give_up(&self, mail: &Waiting, reason: &str) -> Result<(), sqlx::Error> {
        let detail = format!("{}: {reason}", mail.subject);
        let entry = Entry::new(Event::MailUndelivered, self.clock.now()).about(&mail.user_id).detail(&detail);
        let mine = async |tx: &mut Tx| {
            let mine = queries::delete(tx, &mail.id).await?;
            if mine {
                audit::queries::insert(tx, &entry).await?;
            }
            Ok::<_, sqlx::Error>(mine)
        };
        if self.db.write(mine).await? {
            tracing::warn!(mail = mail.id, reason, "mail given up");
        }
        Ok(())
    }
}

/// How long to wait after this many attempts.
fn pause(attempts: i64) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or_default().min(16);
    (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_step_is_the_longest_wait() {
        assert_eq!(pause(i64::try_from(queries::STEPS).unwrap() - 1), LONGEST_PAUSE);
    }

    #[test]
    fn waits_longer_each_time_and_never_longer_than_six_hours() {
        let minutes: Vec<u64> = [1, 2, 3, 9, 10, 60].map(|attempts| pause(attempts).as_secs() / 60).into();
        assert_eq!(minutes, [1, 2, 4, 256, 360, 360]);
    }
}
