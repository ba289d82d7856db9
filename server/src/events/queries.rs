//! The one statement that finds what has happened.

use sqlx::FromRow;

use crate::audit::Event;
use crate::clock::Timestamp;
use crate::db::{Db, Sql};
use crate::identity::{EndReason, first_id};
use crate::{on_db, sql};

/// A session that has ended, which says why, or a line of the audit, which says what.
#[derive(Debug, FromRow)]
pub(super) struct Happening {
    pub id: String,
    pub user_id: Option<String>,
    pub end_reason: Option<EndReason>,
    pub event: Option<Event>,
    pub at: Timestamp,
}

/// What has happened since `since`: sessions that ended, accounts that changed or are gone, tokens that were revoked. Both
/// halves read the end of an index, however long the history is.
pub(super) async fn since(db: &Db, since: Timestamp) -> Result<Vec<Happening>, sqlx::Error> {
    const HAPPENED: Sql = sql!(
        "SELECT id, user_id, end_reason, NULL AS event, ended_at AS at FROM session WHERE ended_at >= ? \
         UNION ALL \
         SELECT id, user_id, NULL, event, at FROM audit_event WHERE id >= ? AND event IN (?, ?, ?, ?, ?, ?)"
    );
    on_db!(db, HAPPENED, |pool, text| sqlx::query_as(text)
        .bind(since)
        .bind(first_id(since))
        .bind(Event::ProfileChanged)
        .bind(Event::RoleChanged)
        .bind(Event::TokenRevoked)
        .bind(Event::AccountDisabled)
        .bind(Event::AccountDeleted)
        .bind(Event::PasswordChanged)
        .fetch_all(pool)
        .await)
}
