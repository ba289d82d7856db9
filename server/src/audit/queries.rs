//! Every statement about the audit.

use super::Entry;
use crate::db::{Sql, Tx};
use crate::{on_tx, sql};

/// Writes a line.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, entry: &Entry<'_>) -> Result<(), sqlx::Error> {
    const INSERT: Sql = sql!(
        "INSERT INTO audit_event (id, at, event, user_id, actor_id, session_id, detail) VALUES (?, ?, ?, ?, ?, ?, ?)"
    );
    on_tx!(tx, INSERT, |connection, text| sqlx::query(text)
        .bind(entry.id())
        .bind(entry.at)
        .bind(entry.event)
        .bind(entry.user_id)
        .bind(entry.actor_id)
        .bind(entry.session_id)
        .bind(entry.detail)
        .execute(connection)
        .await
        .map(drop))
}
