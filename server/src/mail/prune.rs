//! Keeps no link in clear for longer than it is good, also where nobody sends mails any more.

use std::time::Duration;

use super::queries;
use crate::clock::Clock;
use crate::db::Db;

/// How long a mail may be overdue: whoever sends mails gives it up before, and tells so.
const GRACE: Duration = Duration::from_hours(1);

/// Deletes, once an hour, the mails that nobody has sent in time.
pub async fn hourly(db: Db, clock: Clock) {
    let mut hour = tokio::time::interval(Duration::from_hours(1));
    loop {
        hour.tick().await;
        match queries::delete_expired(&db, clock.now().minus(GRACE)).await {
            Ok(0) => {}
            Ok(deleted) => tracing::warn!(deleted, "mails deleted that nobody has sent: set SMTP_URL"),
            Err(error) => tracing::warn!(%error, "expired mails could not be deleted"),
        }
    }
}
