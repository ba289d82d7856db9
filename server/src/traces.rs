//! Spans for OpenTelemetry: one a request, sent to the collector that `OTEL_EXPORTER_OTLP_ENDPOINT` names.
//!
//! A span says what a log line says, and nothing else: method, the route's pattern, status, how long it took. Spans wait in
//! a queue of bounded length for a thread of their own; where the collector is away or slow, spans are lost and requests
//! notice nothing.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, StatusCode};
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::{Span, SpanKind, Status, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{self, SdkTracer, SdkTracerProvider, SpanData};
use url::Url;

use crate::clock::Clock;

/// How long the collector may take for a batch.
const EXPORT_WITHIN: Duration = Duration::from_secs(5);
/// How long the server waits at its end for the last batch.
const FLUSH_WITHIN: Duration = Duration::from_millis(900);
/// What OpenTelemetry's semantic conventions call a method that is none of HTTP's.
const UNKNOWN_METHOD: &str = "_OTHER";

/// Where spans go, if anywhere. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Traces(Option<Arc<Sink>>);

struct Sink {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    clock: Clock,
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink").finish_non_exhaustive()
    }
}

/// The span of a caller, of which a request's span becomes a part.
#[derive(Clone, Debug, Default)]
pub struct Parent(Context);

/// A request that has been answered.
#[derive(Clone, Copy, Debug)]
pub struct Answered<'a> {
    /// The method.
    pub method: &'a Method,
    /// The route's pattern: empty for the web app, `None` where none matched.
    pub route: Option<&'a str>,
    /// The status.
    pub status: StatusCode,
    /// How long it took until now.
    pub took: Duration,
    /// The id that the answer and the log line carry.
    pub request_id: &'a str,
}

impl Traces {
    /// Spans go to the collector at `endpoint`, nowhere without one. `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`,
    /// `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_TRACES_SAMPLER` and `OTEL_BSP_*` are read by OpenTelemetry itself.
    ///
    /// # Errors
    /// When those make no sense.
    pub fn start(endpoint: Option<&Url>, clock: &Clock) -> Result<Self, ExporterBuildError> {
        let Some(endpoint) = endpoint else { return Ok(Self(None)) };
        // As the specification wants it: the variable names the root of the collector.
        let address = format!("{}/v1/traces", endpoint.as_str().trim_end_matches('/'));
        let exporter =
            SpanExporter::builder().with_http().with_endpoint(address).with_timeout(EXPORT_WITHIN).build()?;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(Reporting { exporter, is_reachable: AtomicBool::new(true) })
            .with_resource(resource())
            .build();
        let tracer = provider.tracer("hallpass");
        Ok(Self(Some(Arc::new(Sink { provider, tracer, clock: clock.clone() }))))
    }

    /// Whether spans go anywhere.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// The span that the caller names in `traceparent` (W3C Trace Context), for callers whose word is good.
    #[must_use]
    pub fn parent(headers: &HeaderMap) -> Parent {
        Parent(TraceContextPropagator::new().extract_with_context(&Context::new(), &Headers(headers)))
    }

    /// Makes the span of a request that was answered just now; tells the trace's id.
    #[must_use]
    pub fn record(&self, parent: &Parent, request: Answered<'_>) -> Option<String> {
        let Sink { tracer, clock, .. } = self.0.as_deref()?;
        let Answered { method, route, status, took, request_id } = request;
        let is_known = matches!(method.as_str(), "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS");
        let (method, name) = if is_known { (method.as_str(), method.as_str()) } else { (UNKNOWN_METHOD, "HTTP") };
        let end = moment(clock);
        let mut attributes = vec![
            KeyValue::new("http.request.method", method.to_owned()),
            KeyValue::new("http.response.status_code", i64::from(status.as_u16())),
            KeyValue::new("hallpass.request_id", request_id.to_owned()),
        ];
        let name = match route.filter(|route| !route.is_empty()) {
            Some(route) => {
                attributes.push(KeyValue::new("http.route", route.to_owned()));
                format!("{name} {route}")
            }
            None => name.to_owned(),
        };
        let builder = tracer
            .span_builder(Cow::Owned(name))
            .with_kind(SpanKind::Server)
            .with_start_time(end.checked_sub(took).unwrap_or(end))
            .with_attributes(attributes);
        let mut span = tracer.build_with_context(builder, &parent.0);
        if status.is_server_error() {
            span.set_status(Status::error(""));
        }
        let trace_id = span.span_context().trace_id().to_string();
        span.end_with_timestamp(end);
        Some(trace_id)
    }

    /// Sends what waits, as far as that takes no time worth mentioning; blocks meanwhile. No span is taken any more.
    pub fn close(&self) {
        if let Some(sink) = &self.0
            && let Err(error) = sink.provider.shutdown_with_timeout(FLUSH_WITHIN)
        {
            tracing::warn!(%error, "the last spans were lost");
        }
    }
}

/// The time, as OpenTelemetry takes it.
fn moment(clock: &Clock) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(clock.now().as_micros()).unwrap_or_default())
}

/// Who sends the spans.
fn resource() -> Resource {
    const NAME: &str = "service.name";
    let told = Resource::builder().build();
    let is_named = told.get(&NAME.into()).is_some_and(|name| !name.as_str().starts_with("unknown_service"));
    let resource = Resource::builder().with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")));
    if is_named { resource.build() } else { resource.with_service_name("hallpass").build() }
}

/// Request headers, as OpenTelemetry reads them.
struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(actix_web::http::header::HeaderName::as_str).collect()
    }
}

/// Says once in the log that the collector is away, and once that it is back.
#[derive(Debug)]
struct Reporting {
    exporter: SpanExporter,
    is_reachable: AtomicBool,
}

impl trace::SpanExporter for Reporting {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let outcome = self.exporter.export(batch).await;
        let was_reachable = self.is_reachable.swap(outcome.is_ok(), Ordering::Relaxed);
        match &outcome {
            Err(error) if was_reachable => tracing::warn!(%error, "spans are lost until the collector takes them"),
            Ok(()) if !was_reachable => tracing::info!("the collector takes spans again"),
            _ => {}
        }
        outcome
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
