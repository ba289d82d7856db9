//! Logs: the subscriber, and what a request tells about itself on its way to its one log line and the counters.

use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::future::Future;
use std::io;

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::{EnvFilter, Layer, Registry, layer::SubscriberExt};

use crate::config::{LogConfig, LogFormat};

/// A subscriber that writes to `sink`: one JSON object a line, or coloured text for people.
pub fn subscriber<W>(config: &LogConfig, sink: W) -> impl tracing::Subscriber + Send + Sync + use<W>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // actix-session warns at every cookie that is not ours, which is what strangers send all day; actix-server counts its
    // workers aloud.
    let filter = EnvFilter::builder().parse_lossy(format!("actix_session=error,actix_server=warn,{}", config.filter));
    let layer = tracing_subscriber::fmt::layer().with_writer(sink);
    let layer = match config.format {
        LogFormat::Json => layer.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed(),
        LogFormat::Pretty => layer.with_target(false).compact().boxed(),
    };
    Registry::default().with(filter).with(layer)
}

/// Makes the subscriber the process's own. A second call changes nothing.
pub fn init(config: &LogConfig) {
    let _ = tracing::subscriber::set_global_default(subscriber(config, io::stdout));
}

/// What one request's log line says beyond method, path and status, and what it has ended.
#[derive(Debug, Default)]
pub struct RequestFacts {
    queries: Cell<u32>,
    user_id: RefCell<Option<String>>,
    ended: RefCell<Vec<(String, u64)>>,
    /// How many of those are committed.
    committed: Cell<usize>,
}

impl RequestFacts {
    /// How many statements the request has sent to the database.
    pub fn queries(&self) -> u32 {
        self.queries.get()
    }

    /// Who asked, once that is known.
    pub fn user_id(&self) -> Option<String> {
        self.user_id.borrow().clone()
    }

    /// Why sessions have ended and how many, in transactions that were committed; empty from then on.
    pub fn take_ended(&self) -> Vec<(String, u64)> {
        let mut ended = self.ended.take();
        ended.truncate(self.committed.take());
        ended
    }
}

tokio::task_local! {
    static FACTS: std::rc::Rc<RequestFacts>;
}

/// Runs `request` with `facts` in reach of [`count_query`] and [`note_user`].
pub async fn observe<F: Future>(facts: std::rc::Rc<RequestFacts>, request: F) -> F::Output {
    FACTS.scope(facts, request).await
}

/// Counts one statement towards the running request; nothing outside of one.
pub fn count_query() {
    let _ = FACTS.try_with(|facts| facts.queries.set(facts.queries.get() + 1));
}

/// Notes that the running transaction ends sessions.
pub fn note_ended(reason: impl Display, sessions: u64) {
    if sessions > 0 {
        let _ = FACTS.try_with(|facts| facts.ended.borrow_mut().push((reason.to_string(), sessions)));
    }
}

/// Notes that what was noted has happened.
pub fn note_commit() {
    let _ = FACTS.try_with(|facts| facts.committed.set(facts.ended.borrow().len()));
}

/// Forgets what a transaction had noted that was not committed.
pub fn forget_undone() {
    let _ = FACTS.try_with(|facts| facts.ended.borrow_mut().truncate(facts.committed.get()));
}

/// Notes who the running request comes from.
pub fn note_user(id: &str) {
    let _ = FACTS.try_with(|facts| *facts.user_id.borrow_mut() = Some(id.to_owned()));
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[tokio::test]
    async fn only_what_is_committed_has_ended() {
        let facts = Rc::<RequestFacts>::default();
        observe(Rc::clone(&facts), async {
            forget_undone();
            note_ended("revoked", 1);
            note_commit();
            // A transaction that lost against another one, is tried again, and then given up.
            for _ in 0..2 {
                forget_undone();
                note_ended("disabled", 2);
            }
            forget_undone();
            note_ended("replaced", 3);
            note_ended("idle", 0);
            note_commit();
            note_ended("expired", 4);
        })
        .await;
        assert_eq!(facts.take_ended(), [("revoked".to_owned(), 1), ("replaced".to_owned(), 3)]);
        assert!(facts.take_ended().is_empty());
    }
}
