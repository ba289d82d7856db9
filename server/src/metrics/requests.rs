//! Requests: how many, with what answer, how long they took, how many are being worked on.
//!
//! There are as many series as there are routes, methods and statuses of ours, whatever strangers ask for: an unknown path
//! is counted under [`OTHER`], and so are a method and a status that nobody expects; the files of the web app, found or
//! not, are counted together under [`APP`].

use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, Opts, Registry};

use super::register;

/// The label of everything that has none of its own.
const OTHER: &str = "other";
/// The label of everything outside of the API, which one service answers.
const APP: &str = "app";
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", OTHER];
const STATUSES: [u16; 20] =
    [200, 201, 202, 204, 206, 301, 302, 304, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 503];
/// From what a look-up takes to what nobody waits for, in seconds.
const BUCKETS: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The counters of requests.
#[derive(Debug)]
pub struct Requests {
    total: IntCounterVec,
    seconds: HistogramVec,
    in_flight: IntGauge,
    routes: HashMap<&'static str, Route>,
    app: Route,
    other: Route,
}

/// What one route has met, each series found at its first use.
#[derive(Debug, Default)]
struct Route {
    seconds: OnceLock<Histogram>,
    /// By method and status; the last status is any other.
    counts: [[OnceLock<IntCounter>; STATUSES.len() + 1]; METHODS.len()],
}

impl Requests {
    pub(super) fn new(registry: &Registry, routes: Vec<&'static str>) -> Self {
        let help = "Requests that were answered.";
        let total = IntCounterVec::new(Opts::new("hallpass_http_requests_total", help), &["method", "route", "status"]);
        let help = "How long answering took, without the sending of the body.";
        let seconds = HistogramOpts::new("hallpass_http_request_duration_seconds", help).buckets(BUCKETS.to_vec());
        let in_flight = IntGauge::new("hallpass_http_requests_in_flight", "Requests that are being worked on.");
        Self {
            total: register(registry, total),
            seconds: register(registry, HistogramVec::new(seconds, &["route"])),
            in_flight: register(registry, in_flight),
            routes: routes.into_iter().map(|pattern| (pattern, Route::default())).collect(),
            app: Route::default(),
            other: Route::default(),
        }
    }

    /// The pattern of everything outside of the API.
    pub const APP_PATTERN: &str = "";

    /// A request is being worked on, until [`Requests::end`].
    pub fn begin(&self) {
        self.in_flight.inc();
    }

    /// A request that had begun is no more, answered or not.
    pub fn end(&self) {
        self.in_flight.dec();
    }

    /// The pattern that `path` is as it stands, without parameters.
    #[must_use]
    pub fn pattern(&self, path: &str) -> Option<&'static str> {
        self.routes.get_key_value(path).map(|(pattern, _)| *pattern)
    }

    fn find(&self, pattern: Option<&str>) -> (&str, &Route) {
        match pattern {
            Some(Self::APP_PATTERN) => (APP, &self.app),
            Some(pattern) => {
                let known = self.routes.get_key_value(pattern);
                known.map_or((OTHER, &self.other), |(label, route)| (label, route))
            }
            None => (OTHER, &self.other),
        }
    }

    /// Counts an answer. `pattern` is that of the route; `None` where none matched.
    pub fn count(&self, method: &Method, pattern: Option<&str>, status: StatusCode, took: Duration) {
        let (label, route) = self.find(pattern);
        let row = METHODS.iter().position(|name| *name == method.as_str()).unwrap_or(METHODS.len() - 1);
        let column = STATUSES.iter().position(|known| *known == status.as_u16());
        let count = route.counts[row][column.unwrap_or(STATUSES.len())].get_or_init(|| {
            let status = column.map_or_else(|| OTHER.to_owned(), |_| status.as_u16().to_string());
            self.total.with_label_values(&[METHODS[row], label, &status])
        });
        count.inc();
        route.seconds.get_or_init(|| self.seconds.with_label_values(&[label])).observe(took.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_expects_is_counted_under_other() {
        let registry = Registry::new();
        let requests = Requests::new(&registry, vec!["/api/me"]);
        let brew = Method::from_bytes(b"BREW").unwrap();
        let count = |method: &Method, pattern, status| {
            requests.count(method, pattern, StatusCode::from_u16(status).unwrap(), Duration::from_millis(3));
        };
        count(&Method::GET, Some("/api/me"), 200);
        count(&Method::GET, Some("/api/me"), 200);
        count(&brew, Some("/tea"), 418);
        count(&brew, None, 999);
        count(&Method::GET, Some(""), 304);
        let text = prometheus::TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
        for line in [
            r#"hallpass_http_requests_total{method="GET",route="/api/me",status="200"} 2"#,
            r#"hallpass_http_requests_total{method="other",route="other",status="other"} 2"#,
            r#"hallpass_http_requests_total{method="GET",route="app",status="304"} 1"#,
            r#"hallpass_http_request_duration_seconds_bucket{route="/api/me",le="0.0025"} 0"#,
            r#"hallpass_http_request_duration_seconds_bucket{route="/api/me",le="0.005"} 2"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in {text}");
        }
    }
}
