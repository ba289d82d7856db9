//! Who did what to whom: written in the same transaction as the change itself.

pub mod queries;

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::identity::new_id;
use crate::stored_as_text;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A person chose another password.
    PasswordChanged,
    /// A refresh token came back after its use: a copy of it is in somebody's hands. Its session was ended.
    RefreshTokenReused,
    /// A token for scripts was made.
    TokenCreated,
    /// A token for scripts was revoked.
    TokenRevoked,
}

stored_as_text!(Event);

/// One line of the audit.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: Event,
    /// Whom it concerns.
    pub user_id: &'a str,
    /// Who did it; `None` for the server itself and for strangers.
    pub actor_id: Option<&'a str>,
    /// The session it happened in, or to.
    pub session_id: Option<&'a str>,
    /// What else there is to know, without any secret.
    pub detail: Option<&'a str>,
}

impl Entry<'_> {
    fn id(&self) -> String {
        new_id(self.at)
    }
}
