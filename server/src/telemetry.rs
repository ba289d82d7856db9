//! Logs: the subscriber, and what a request tells about itself on its way to its one log line.

use std::cell::{Cell, RefCell};
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

/// What one request's log line says beyond method, path and status.
#[derive(Debug, Default)]
pub struct RequestFacts {
    queries: Cell<u32>,
    user_id: RefCell<Option<String>>,
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

/// Notes who the running request comes from.
pub fn note_user(id: &str) {
    let _ = FACTS.try_with(|facts| *facts.user_id.borrow_mut() = Some(id.to_owned()));
}
