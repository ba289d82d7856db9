//! Writing mails into the queue.

use std::fmt;
use std::time::Duration;

use tokio::sync::mpsc;

use super::address::deliverable;
use super::{Message, queries};
use crate::clock::Timestamp;
use crate::db::Tx;
use crate::http::problem::Problem;
use crate::identity::new_id;

/// How long is tried to send a mail; one with a link, no longer than the link is good.
const WORTH_SENDING: Duration = Duration::from_hours(48);

/// Where mails are put. Without `SMTP_URL` it takes none.
#[derive(Clone, Debug)]
pub struct Outbox {
    news: Option<mpsc::Sender<()>>,
    origin: String,
}

impl Outbox {
    /// An outbox of the server that people know as `origin`, and what tells its [`super::Sender`] that there is something
    /// to send.
    #[must_use]
    pub fn new(origin: String) -> (Self, mpsc::Receiver<()>) {
        let (news, receiver) = mpsc::channel(1);
        (Self { news: Some(news), origin }, receiver)
    }

    /// The outbox of a server that sends no mails.
    #[must_use]
    pub fn closed() -> Self {
        Self { news: None, origin: String::new() }
    }

    /// Whether mails are sent at all.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.news.is_some()
    }

    /// Refuses an address that is to be mailed to and cannot be.
    ///
    /// # Errors
    /// 422 naming `email`.
    pub fn check(&self, email: &str) -> Result<(), Problem> {
        if self.is_open() && deliverable(email).is_none() {
            return Err(Problem::invalid("email", "must be an address that mail can be sent to"));
        }
        Ok(())
    }

    /// A mail to the address `to` of the person `user_id`; it is on its way once it is stored. `None` where mails are not sent,
    /// or not to such an address.
    #[must_use]
    pub fn letter(&self, user_id: &str, to: &str, message: Message<'_>, now: Timestamp) -> Option<Letter> {
        self.news.as_ref()?;
        let latest = now.plus(WORTH_SENDING);
        Some(Letter {
            id: new_id(now),
            user_id: user_id.to_owned(),
            recipient: deliverable(to)?.to_string(),
            subject: message.subject(),
            body: message.body(&self.origin),
            created_at: now,
            expires_at: message
                .expires_at()
                .map_or(latest, |expires_at| if expires_at < latest { expires_at } else { latest }),
        })
    }

    /// Has the queue looked at, after the transaction that wrote into it.
    pub fn wake(&self) {
        if let Some(news) = &self.news {
            // A full channel says that already.
            let _ = news.try_send(());
        }
    }
}

/// A mail on its way into the queue.
pub struct Letter {
    pub(super) id: String,
    pub(super) user_id: String,
    pub(super) recipient: String,
    pub(super) subject: &'static str,
    pub(super) body: String,
    pub(super) created_at: Timestamp,
    pub(super) expires_at: Timestamp,
}

impl Letter {
    /// The person it is to.
    #[must_use]
    pub fn user_id(&self) -> &str {
        &self.user_id
    }

    /// Stores it. An older one to the same person about the same that still waits is taken out: its link is good no more.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn insert(&self, tx: &mut Tx) -> Result<(), sqlx::Error> {
        queries::delete_older(tx, self).await?;
        queries::insert(tx, self).await
    }
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter").field("id", &self.id).field("subject", &self.subject).finish_non_exhaustive()
    }
}
