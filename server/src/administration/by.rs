//! Who changes somebody, from where, and when.

use crate::audit::{self, Entry, Event};
use crate::clock::{Clock, Timestamp};
use crate::db::{Db, Tx};
use crate::http::client::Client;
use crate::http::problem::{Code, Problem};
use crate::identity::{FreshAdmin, Role, SignedIn};
use crate::sessions::queries as sessions;
use crate::users::queries as users;

/// An administrator at work.
#[derive(Debug)]
pub(super) struct By {
    admin: SignedIn,
    client: Client,
    pub now: Timestamp,
}

impl By {
    pub fn new(FreshAdmin(admin): FreshAdmin, client: Client, clock: &Clock) -> Self {
        Self { admin, client, now: clock.now() }
    }

    /// Runs `body` in a transaction, provided that whoever asks is still an administrator and signed in: it may have been
    /// taken from them while this request was on its way.
    pub async fn write<T>(&self, db: &Db, body: impl AsyncFn(&mut Tx) -> Result<T, Problem>) -> Result<T, Problem> {
        db.write(async |tx| {
            users::lock_enabled_admins(tx).await?;
            match sessions::role_of_living(tx, &self.admin.session.id, self.now).await? {
                Some(Role::Admin) => body(tx).await,
                Some(Role::Member) => Err(Problem::new(Code::Forbidden)),
                None => Err(Problem::new(Code::NotAuthenticated)),
            }
        })
        .await
    }

    /// Writes to the audit what is done to `user_id`.
    pub async fn note(&self, tx: &mut Tx, event: Event, user_id: &str, detail: Option<&str>) -> Result<(), Problem> {
        let entry = Entry::new(event, self.now).own(&self.admin.user).about(user_id).from(Some(&self.client));
        let entry = detail.into_iter().fold(entry, Entry::detail);
        Ok(audit::queries::insert(tx, &entry).await?)
    }

    /// Writes to the audit what is done to a session of `user_id`.
    pub async fn note_in(
        &self,
        tx: &mut Tx,
        event: Event,
        user_id: &str,
        session_id: &str,
        detail: &str,
    ) -> Result<(), Problem> {
        let entry = Entry::new(event, self.now).own(&self.admin.user).about(user_id).in_session(session_id);
        Ok(audit::queries::insert(tx, &entry.from(Some(&self.client)).detail(detail)).await?)
    }
}
