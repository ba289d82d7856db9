//! What such a link is.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::queries;
use crate::clock::Timestamp;
use crate::db::Tx;
use crate::secret::token::PlainToken;
use crate::stored_as_text;

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LinkPurpose)]
pub enum Purpose {
    /// Making the first administrator.
    Setup,
    /// Choosing the first password of an account that somebody else has made.
    Invitation,
    /// Choosing a new password.
    PasswordReset,
}

stored_as_text!(Purpose);

impl Purpose {
    /// How long such a link is good: an hour where it is followed at once, longer where somebody has to hand it over.
    fn lifetime(self) -> Duration {
        match self {
            Self::Setup => Duration::from_hours(1),
            Self::Invitation => Duration::from_hours(7 * 24),
            Self::PasswordReset => Duration::from_hours(24),
        }
    }
}

/// A link, in clear: who has it, has what it gives.
#[derive(Serialize, ToSchema)]
pub struct Link {
    /// The address to open.
    pub url: String,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// A link on its way into the database.
#[derive(Debug)]
pub struct Draft<'a> {
    token: PlainToken,
    purpose: Purpose,
    user_id: Option<&'a str>,
    expires_at: Timestamp,
}

impl Draft<'_> {
    /// Stores it. Other links of the same person and purpose are good no more.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn insert(&self, tx: &mut Tx) -> Result<(), sqlx::Error> {
        if let Some(user_id) = self.user_id {
            queries::delete_of(tx, user_id).await?;
        }
        queries::insert(tx, &self.token.hash(), self.purpose, self.user_id, self.expires_at).await
    }
}

/// Makes links to this server.
#[derive(Clone, Debug)]
pub struct Links {
    origin: String,
}

impl Links {
    /// To the origin of `PUBLIC_URL`.
    #[must_use]
    pub fn new(origin: String) -> Self {
        Self { origin }
    }

    /// A new link; it is good once it is stored.
    #[must_use]
    pub fn draft<'a>(&self, purpose: Purpose, user_id: Option<&'a str>, now: Timestamp) -> Draft<'a> {
        Draft { token: PlainToken::generate(), purpose, user_id, expires_at: now.plus(purpose.lifetime()) }
    }

    /// The link in clear, to be shown once.
    #[must_use]
    pub fn show(&self, draft: &Draft<'_>) -> Link {
        let token = draft.token.expose();
        let url = match draft.purpose {
            // What stands behind # stays in the browser, out of every log.
            Purpose::Setup => format!("{}/setup#token={token}", self.origin),
            Purpose::Invitation | Purpose::PasswordReset => format!("{}/link/{token}", self.origin),
        };
        Link { url, expires_at: draft.expires_at }
    }
}
