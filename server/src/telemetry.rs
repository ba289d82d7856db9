//! Logs: the subscriber, and what a request tells about itself on its way to its one log line and the counters.

use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::future::Future;
use std::io;
use std::rc::Rc;

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::{EnvFilter, Layer, Registry, layer::SubscriberExt};
use uuid::Uuid;

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
    /// Hexadecimal; none for work that is no request.
    id: Option<[u8; 32]>,
    queries: Cell<u32>,
    user_id: RefCell<Option<String>>,
    refusal: RefCell<Option<String>>,
    ended: RefCell<Vec<(String, u64)>>,
}

impl RequestFacts {
    /// About the request of this id, which answer and log lines carry.
    #[must_use]
    pub fn of(id: Uuid) -> Self {
        let mut text = [0; 32];
        id.simple().encode_lower(&mut text);
        Self { id: Some(text), ..Self::default() }
    }

    /// The request's id; empty for work that is none.
    pub fn id(&self) -> &str {
        self.id.as_ref().and_then(|id| str::from_utf8(id).ok()).unwrap_or_default()
    }

    /// How many statements the request has sent to the database.
    pub fn queries(&self) -> u32 {
        self.queries.get()
    }

    /// Who asked, once that is known.
    pub fn user_id(&self) -> Option<String> {
        self.user_id.borrow().clone()
    }

    /// The code of a refusal that is no problem document.
    pub fn refusal(&self) -> Option<String> {
        self.refusal.borrow().clone()
    }

    /// Why sessions have ended and how many, in transactions that were committed; empty from then on.
    pub fn take_ended(&self) -> Vec<(String, u64)> {
        self.ended.take()
    }
}

/// Something to be told.
type Untold = Box<dyn FnOnce() + Send>;

tokio::task_local! {
    static FACTS: Rc<RequestFacts>;
    /// What is to be told once the running transaction is committed.
    static UNTOLD: RefCell<Vec<Untold>>;
}

/// Runs `request` with `facts` in reach of [`count_query`] and [`note_user`].
pub fn observe<F: Future>(facts: Rc<RequestFacts>, request: F) -> impl Future<Output = F::Output> {
    FACTS.scope(facts, request)
}

/// Makes what is done in a task of its own part of the running request; of none where there is none.
pub fn part_of_request<F: Future>(work: F) -> impl Future<Output = F::Output> {
    let facts = FACTS.try_with(Rc::clone).unwrap_or_default();
    observe(facts, work)
}

/// Runs a transaction: what it has to tell is told if it succeeds, and never otherwise.
///
/// # Errors
/// Those of the transaction.
pub async fn transaction<T, E>(body: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let body = async {
        let done = body.await?;
        UNTOLD.with(RefCell::take).into_iter().for_each(|tell| tell());
        Ok(done)
    };
    UNTOLD.scope(RefCell::default(), body).await
}

/// Tells something once the running transaction is committed.
pub fn once_committed(tell: impl FnOnce() + Send + 'static) {
    let _ = UNTOLD.try_with(|untold| untold.borrow_mut().push(Box::new(tell)));
}

/// Counts one statement towards the running request; nothing outside of one.
pub fn count_query() {
    let _ = FACTS.try_with(|facts| facts.queries.set(facts.queries.get() + 1));
}

/// Notes that the running transaction ends sessions.
pub fn note_ended(reason: impl Display, sessions: u64) {
    if sessions > 0 {
        let reason = reason.to_string();
        once_committed(move || {
            let _ = FACTS.try_with(|facts| facts.ended.borrow_mut().push((reason, sessions)));
        });
    }
}

/// Notes who the running request comes from.
pub fn note_user(id: &str) {
    let _ = FACTS.try_with(|facts| *facts.user_id.borrow_mut() = Some(id.to_owned()));
}

/// Notes why the running request is refused, where its answer is no problem document.
pub fn note_refusal(code: impl Display) {
    let _ = FACTS.try_with(|facts| *facts.refusal.borrow_mut() = Some(code.to_string()));
}

/// The id of the running request; `None` outside of one.
#[must_use]
pub fn request_id() -> Option<String> {
    FACTS.try_with(|facts| facts.id().to_owned()).ok().filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_what_is_committed_has_ended() {
        let facts = Rc::<RequestFacts>::default();
        let ends = async |reason: &str, sessions, outcome: Result<(), ()>| {
            let body = async {
                note_ended(reason, sessions);
                outcome
            };
            assert_eq!(transaction(body).await, outcome);
        };
        observe(Rc::clone(&facts), async {
            ends("revoked", 1, Ok(())).await;
            // A transaction that lost against another one, is tried again, and then given up.
            ends("disabled", 2, Err(())).await;
            ends("disabled", 2, Err(())).await;
            ends("replaced", 3, Ok(())).await;
            ends("idle", 0, Ok(())).await;
        })
        .await;
        assert_eq!(facts.take_ended(), [("revoked".to_owned(), 1), ("replaced".to_owned(), 3)]);
        assert!(facts.take_ended().is_empty());
    }
}
