//! What a session is.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;
use crate::identity::EndReason;
use crate::stored_as_text;

/// How long the row of an ended session stays, so that its holder is told why it ended and the person sees it in their
/// list. Longer than any cookie lives by default.
pub const HISTORY: Duration = Duration::from_hours(720);

/// The longest life of a session whose person did not ask to stay signed in.
pub const UNREMEMBERED: Duration = Duration::from_hours(24);

/// What carries the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SessionKind)]
pub enum Kind {
    /// A cookie.
    Cookie,
    /// An access token and its refresh token.
    Token,
}

/// Whether the session lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SessionStatus)]
pub enum Status {
    /// It does.
    Active,
    /// The person signed out.
    LoggedOut,
    /// It was ended before its time.
    Revoked,
    /// Its time was over.
    Expired,
}

stored_as_text!(Kind);
stored_as_text!(Status);

impl From<EndReason> for Status {
    fn from(reason: EndReason) -> Self {
        match reason {
            EndReason::LoggedOut => Self::LoggedOut,
            EndReason::Expired | EndReason::Idle => Self::Expired,
            EndReason::Revoked
            | EndReason::PasswordChanged
            | EndReason::Disabled
            | EndReason::Replaced
            | EndReason::BrowserMismatch => Self::Revoked,
        }
    }
}

/// When sessions end by themselves.
#[derive(Clone, Copy, Debug)]
pub struct Lifetime {
    /// The longest a session lives.
    pub absolute: Duration,
    /// The longest it rests.
    pub idle: Option<Duration>,
}

impl Lifetime {
    /// Why and when a session has run out by `now`; `None` while it has not.
    #[must_use]
    pub fn run_out(
        &self,
        last_seen_at: Timestamp,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Option<(EndReason, Timestamp)> {
        let idle_at = self.idle.map(|idle| last_seen_at.plus(idle)).filter(|idle_at| *idle_at < expires_at);
        match idle_at {
            Some(at) if at <= now => Some((EndReason::Idle, at)),
            _ if expires_at <= now => Some((EndReason::Expired, expires_at)),
            _ => None,
        }
    }

    /// Sessions last seen at or before this moment have rested too long.
    #[must_use]
    pub fn idle_since(&self, now: Timestamp) -> Timestamp {
        self.idle.map_or(Timestamp::from_micros(i64::MIN), |idle| now.minus(idle))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whichever_end_comes_first_is_the_reason() {
        let second = |n: i64| Timestamp::from_micros(n * 1_000_000);
        let lifetime = Lifetime { absolute: Duration::from_secs(100), idle: Some(Duration::from_secs(10)) };
        assert_eq!(lifetime.run_out(second(0), second(100), second(9)), None);
        assert_eq!(lifetime.run_out(second(0), second(100), second(10)), Some((EndReason::Idle, second(10))));
        assert_eq!(lifetime.run_out(second(95), second(100), second(99)), None);
        assert_eq!(lifetime.run_out(second(95), second(100), second(200)), Some((EndReason::Expired, second(100))));
        let forever = Lifetime { idle: None, ..lifetime };
        assert_eq!(forever.run_out(second(0), second(100), second(99)), None);
    }
}
