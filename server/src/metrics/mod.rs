//! What the server counts about itself, for Prometheus. Counting takes no lock and makes no text: every series is looked up
//! once, and from then on is a number that is added to.

mod requests;

use std::sync::Arc;

use prometheus::core::Collector;
use prometheus::{Gauge, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry};

pub use requests::Requests;

use crate::telemetry::RequestFacts;

/// What became of a password that was given, at sign-in or where it is asked for again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginOutcome {
    /// It was right.
    Ok,
    /// It was wrong, or nobody has that name.
    Failed,
    /// It was not looked at: too many failures came from that address.
    Throttled,
    /// It was not looked at: the hashing threads had too much to do.
    Overloaded,
    /// Nobody knows: the database was away, or something broke.
    Error,
}

impl LoginOutcome {
    const ALL: [Self; 5] = [Self::Ok, Self::Failed, Self::Throttled, Self::Overloaded, Self::Error];

    fn label(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Throttled => "throttled",
            Self::Overloaded => "overloaded",
            Self::Error => "error",
        }
    }
}

/// The counters of one server. Clones share them.
#[derive(Clone, Debug)]
pub struct Metrics(Arc<Counters>);

#[derive(Debug)]
struct Counters {
    registry: Registry,
    requests: Requests,
    logins: [IntCounter; LoginOutcome::ALL.len()],
    ended: IntCounterVec,
}

impl Metrics {
    /// Counters of requests to `routes` (patterns, as actix-web writes them), and of sessions that end for one of
    /// `end_reasons`.
    #[must_use]
    pub fn new(routes: Vec<&'static str>, end_reasons: impl IntoIterator<Item = String>) -> Self {
        let registry = Registry::new();
        let requests = Requests::new(&registry, routes);
        let help = "Passwords that were given, at sign-in or where they are asked for again.";
        let logins = IntCounterVec::new(Opts::new("hallpass_logins_total", help), &["outcome"]);
        let logins = register(&registry, logins);
        let help = "Sessions that this server ended.";
        let ended = IntCounterVec::new(Opts::new("hallpass_sessions_ended_total", help), &["reason"]);
        let ended = register(&registry, ended);
        // A series that starts at zero shows its first increase.
        for reason in end_reasons {
            ended.with_label_values(&[reason]).inc_by(0);
        }
        let logins = LoginOutcome::ALL.map(|outcome| logins.with_label_values(&[outcome.label()]));
        Self(Arc::new(Counters { registry, requests, logins, ended }))
    }

    /// The requests.
    #[must_use]
    pub fn requests(&self) -> &Requests {
        &self.0.requests
    }

    /// Counts a password.
    pub fn count_login(&self, outcome: LoginOutcome) {
        self.0.logins[outcome as usize].inc();
    }

    /// Counts the sessions that a request, or some other work, has ended.
    pub fn count_all_ended(&self, facts: &RequestFacts) {
        for (reason, sessions) in facts.take_ended() {
            self.0.ended.with_label_values(&[reason]).inc_by(sessions);
        }
    }

    /// Everything counted so far, with what else was registered, in Prometheus's text form.
    ///
    /// # Errors
    /// When two things were registered under one name in different forms.
    pub fn text(&self) -> Result<String, prometheus::Error> {
        prometheus::TextEncoder::new().encode_to_string(&self.0.registry.gather())
    }

    /// A number that goes up and down.
    #[must_use]
    pub fn gauge(&self, name: &str, help: &str) -> IntGauge {
        register(&self.0.registry, IntGauge::new(name, help))
    }

    /// A number that may be unknown.
    #[must_use]
    pub fn uncertain_gauge(&self, name: &str, help: &str) -> Gauge {
        register(&self.0.registry, Gauge::new(name, help))
    }

    /// Numbers that go up and down, told apart by `labels`.
    #[must_use]
    pub fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
        register(&self.0.registry, IntGaugeVec::new(Opts::new(name, help), labels))
    }

    /// A number that only grows.
    #[must_use]
    pub fn counter(&self, name: &str, help: &str) -> IntCounter {
        register(&self.0.registry, IntCounter::new(name, help))
    }
}

/// Makes what was defined part of every scrape.
fn register<C: Collector + Clone + 'static>(registry: &Registry, defined: Result<C, prometheus::Error>) -> C {
    let defined = defined.expect("names and labels are constants of the right form");
    registry.register(Box::new(defined.clone())).expect("each name is registered once");
    defined
}
