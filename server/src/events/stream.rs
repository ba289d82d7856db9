//! One open stream, in the form of server-sent events (WHATWG HTML, section 9.2).

use std::time::Duration;

use actix_web::web::Bytes;
use futures_util::{Stream, stream};
use tokio::time::Instant;

use super::newsroom::{Edition, Subscription};
use crate::clock::{Clock, Timestamp};
use crate::db::Db;
use crate::identity::{CurrentSession, EndReason};
use crate::sessions::model::Lifetime;
use crate::sessions::queries as sessions;

/// How often a silent stream says that it is alive; proxies close what is silent for longer.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How long the stream of a token for scripts lasts: it may run out meanwhile, and whoever comes back is asked for it again.
const WITHOUT_SESSION: Duration = Duration::from_mins(5);

/// What the stream of one page knows.
pub(super) struct Follower {
    user_id: String,
    session_id: Option<String>,
    ends_at: Timestamp,
    /// When the session will have rested too long, unless it is used meanwhile.
    rests_until: Option<Timestamp>,
    idle: Idle,
    subscription: Subscription,
    clock: Clock,
    beats_at: Instant,
}

/// What finds out whether a session has rested too long: no statement says so when it happens.
pub(super) struct Idle {
    pub db: Db,
    pub lifetime: Lifetime,
}

/// What became of a session that may have rested too long.
enum Found {
    RunOut(EndReason, Timestamp),
    RestsUntil(Timestamp),
    Gone,
}

impl Idle {
    async fn look(&self, session_id: &str, now: Timestamp) -> Result<Found, sqlx::Error> {
        let Some((last_seen_at, expires_at)) = sessions::last_seen(&self.db, session_id).await? else {
            return Ok(Found::Gone);
        };
        Ok(match self.lifetime.run_out(last_seen_at, expires_at, now) {
            Some((reason, at)) => Found::RunOut(reason, at),
            None => Found::RestsUntil(last_seen_at.plus(self.lifetime.idle.unwrap_or_default())),
        })
    }
}

/// What a page is told.
#[derive(Debug, PartialEq, Eq)]
enum Word {
    Heartbeat,
    UserChanged,
    SessionEnded(EndReason, Timestamp),
    /// Nothing more; who is still there comes back.
    Goodbye,
}

impl Follower {
    pub fn new(
        user_id: String,
        session: Option<CurrentSession>,
        subscription: Subscription,
        clock: Clock,
        idle: Idle,
    ) -> Self {
        let (session_id, ends_at) = match session {
            Some(session) => (Some(session.id), session.expires_at),
            None => (None, clock.now().plus(WITHOUT_SESSION)),
        };
        // Asked for with the first heartbeat: a session may be half asleep when it is followed.
        let rests_until = session_id.is_some().then(|| idle.lifetime.idle.map(|_| clock.now())).flatten();
        // The first heartbeat comes at once, so that the page knows that it is followed.
        Self { user_id, session_id, ends_at, rests_until, idle, subscription, clock, beats_at: Instant::now() }
    }

    /// The stream, until the session or the server ends.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, actix_web::Error>> {
        stream::unfold(Some(self), |follower| async move {
            let mut follower = follower?;
            let word = follower.next().await;
            let text = word.text()?;
            let next = matches!(word, Word::Heartbeat | Word::UserChanged).then_some(follower);
            Some((Ok(text), next))
        })
    }

    async fn next(&mut self) -> Word {
        loop {
            let edition = tokio::select! {
                edition = self.subscription.editions.recv() => edition,
                () = tokio::time::sleep_until(self.beats_at) => return self.beat().await,
            };
            // Who lags behind may have missed its end.
            let Ok(edition) = edition else { return Word::Goodbye };
            if let Some(word) = self.find_in(&edition) {
                return word;
            }
        }
    }

    async fn beat(&mut self) -> Word {
        let now = self.clock.now();
        if let (Some(until), Some(id)) = (self.rests_until, &self.session_id)
            && until <= now
        {
            // A database that is away says nothing: the next heartbeat asks again.
            match self.idle.look(id, now).await {
                Ok(Found::RunOut(reason, at)) => return Word::SessionEnded(reason, at),
                Ok(Found::RestsUntil(until)) => self.rests_until = Some(until),
                Ok(Found::Gone) => return Word::Goodbye,
                Err(error) => {
                    tracing::debug!(%error, "whether a session rests is not known");
                    self.rests_until = Some(now.plus(HEARTBEAT));
                }
            }
        }
        let left = self.ends_at.min(self.rests_until.unwrap_or(self.ends_at)).since(now);
        self.beats_at = Instant::now() + left.min(HEARTBEAT);
        match (self.ends_at <= now, &self.session_id) {
            (false, _) => Word::Heartbeat,
            (true, Some(_)) => Word::SessionEnded(EndReason::Expired, self.ends_at),
            (true, None) => Word::Goodbye,
        }
    }

    fn find_in(&self, edition: &Edition) -> Option<Word> {
        let ended = self.session_id.as_ref().and_then(|id| edition.ended.get(id));
        let user_id = &self.user_id;
        let gone = edition.gone.get(user_id);
        match (ended, gone, &self.session_id) {
            (Some((reason, at)), ..) => Some(Word::SessionEnded(*reason, *at)),
            (None, Some(at), Some(_)) => Some(Word::SessionEnded(EndReason::Revoked, *at)),
            (None, Some(_), None) => Some(Word::Goodbye),
            (None, None, None) if edition.revoked.contains(user_id) => Some(Word::Goodbye),
            _ if edition.is_last || edition.renewed.contains(user_id) => Some(Word::Goodbye),
            _ => edition.changed.contains(user_id).then_some(Word::UserChanged),
        }
    }
}

impl Word {
    fn text(&self) -> Option<Bytes> {
        Some(match self {
            Self::Heartbeat => Bytes::from_static(b": heartbeat\n\n"),
            Self::UserChanged => Bytes::from_static(b"event: user-changed\ndata: {}\n\n"),
            Self::SessionEnded(reason, at) => {
                let data = serde_json::json!({"reason": reason, "at": at});
                Bytes::from(format!("event: session-ended\ndata: {data}\n\n"))
            }
            Self::Goodbye => return None,
        })
    }
}
