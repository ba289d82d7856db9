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
    /// Showing that an e-mail address is one's own.
    EmailVerification,
}

stored_as_text!(Purpose);

impl Purpose {
    /// How long such a link is good: an hour where it is followed at once, longer where somebody has to hand it over.
    fn lifetime(self) -> Duration {
        match self {
            Self::Setup => Duration::from_hours(1),
            Self::Invitation => Duration::from_hours(7 * 24),
            Self::PasswordReset | Self::EmailVerification => Duration::from_hours(24),
        }
    }

    /// The purposes of the links that a new one of this purpose takes the place of: whoever is to choose a password gets one
    /// link to do so.
    fn replaces(self) -> [Self; 2] {
        match self {
            Self::Invitation | Self::PasswordReset => [Self::Invitation, Self::PasswordReset],
            other => [other, other],
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
    /// Whether it is on its way to the person by mail as well.
    pub mailed: bool,
}

/// A link on its way into the database.
#[derive(Debug)]
pub struct Draft<'a> {
    token: PlainToken,
    purpose: Purpose,
    user_id: Option<&'a str>,
    email: Option<&'a str>,
    expires_at: Timestamp,
}

impl Draft<'_> {
    /// Stores it. Other links of the same person to the same end are good no more.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn insert(&self, tx: &mut Tx) -> Result<(), sqlx::Error> {
        if let Some(user_id) = self.user_id {
            queries::delete_of_purposes(tx, user_id, self.purpose.replaces()).await?;
        }
        self.add(tx).await
    }

    /// Stores it beside others to the same end; the first that is followed takes back the rest.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn add(&self, tx: &mut Tx) -> Result<(), sqlx::Error> {
        let token = self.token.hash();
        queries::insert(tx, &token, self.purpose, self.user_id, self.expires_at).await?;
        match self.email {
            Some(email) => queries::insert_email(tx, &token, email).await,
            None => Ok(()),
        }
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
        let expires_at = now.plus(purpose.lifetime());
        Draft { token: PlainToken::generate(), purpose, user_id, email: None, expires_at }
    }

    /// A new link that makes `email` the address of the person `user_id`.
    #[must_use]
    pub fn verification<'a>(&self, user_id: &'a str, email: &'a str, now: Timestamp) -> Draft<'a> {
        Draft { email: Some(email), ..self.draft(Purpose::EmailVerification, Some(user_id), now) }
    }

    /// The link in clear, to be shown once.
    #[must_use]
    pub fn show(&self, draft: &Draft<'_>) -> Link {
        let token = draft.token.expose();
        let url = match draft.purpose {
            // What stands behind # stays in the browser, out of every log.
            Purpose::Setup => format!("{}/setup#token={token}", self.origin),
            Purpose::Invitation | Purpose::PasswordReset | Purpose::EmailVerification => {
                format!("{}/link/{token}", self.origin)
            }
        };
        Link { url, expires_at: draft.expires_at, mailed: false }
    }
}
