//! The outermost layer: gives each request an id, catches what falls, turns every error into a problem document,
//! completes the headers, writes the one log line, counts, and makes the one span. What needs no layers passes [`deliver`] instead.

use std::any::Any;
use std::borrow::Cow;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_http::{Request, Response};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{RequestHead, ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse};
use futures_util::FutureExt;
use uuid::Uuid;

use super::client_ip::TrustedProxies;
use super::connection::{Requests, UnderWay};
use super::drain::Drain;
use super::forwarding::ForwardingCheck;
use super::headers;
use super::pieces;
use super::problem::{Code, Problem};
use crate::metrics::{self, Metrics};
use crate::random;
use crate::telemetry::{self, RequestFacts};
use crate::traces::{Answered, Parent, Traces};

static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Container engines and load balancers ask for it every few seconds, so success is logged at the debug level.
const HEALTH: &str = "/api/health";

/// What the layer needs to know of the server.
#[derive(Debug)]
pub struct Envelope {
    /// Whether people reach the server over https.
    pub is_https: bool,
    /// Whether it is shutting down.
    pub drain: Drain,
    /// What counts requests.
    pub metrics: Metrics,
    /// Where their spans go.
    pub traces: Traces,
    /// Whose word is good about the span that a request is part of.
    pub proxies: TrustedProxies,
    /// Warns of a proxy that is not among them.
    pub forwarding: ForwardingCheck,
}

impl Envelope {
    /// The caller's span. Only trusted proxies are believed: anybody else could write into other people's traces, or have
    /// their own requests recorded that are to be left out.
    fn parent(&self, head: &RequestHead) -> Parent {
        let is_trusted = || head.peer_addr.is_some_and(|peer| self.proxies.trusts(peer.ip().to_canonical()));
        if self.traces.is_on() && is_trusted() { Traces::parent(&head.headers) } else { Parent::default() }
    }

    /// The pattern of the route; `None` where none matches. Nearly every route has no parameters, and is found without asking
    /// every pattern in turn.
    fn pattern(&self, request: &ServiceRequest) -> Option<Cow<'static, str>> {
        let plain = self.metrics.requests().pattern(request.path()).map(Cow::Borrowed);
        plain.or_else(|| request.match_pattern().map(Cow::Owned))
    }
}

/// One request, as the answer and the log line need it once it has been consumed.
struct Exchange {
    envelope: Data<Envelope>,
    ip: IpAddr,
    method: Method,
    is_api: bool,
    pattern: Option<Cow<'static, str>>,
    started: Instant,
    facts: Rc<RequestFacts>,
    parent: Parent,
    _under_way: Option<UnderWay>,
}

impl Drop for Exchange {
    /// Whether it was answered, or whoever asked has hung up before.
    fn drop(&mut self) {
        self.envelope.metrics.requests().end();
    }
}

/// The layer; stands outside of all others.
///
/// # Errors
/// None but finished answers: an error of the layers inside is completed like any other answer.
pub async fn wrap(
    envelope: Data<Envelope>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let exchange = Exchange::begin(&envelope, request.head(), envelope.pattern(&request), request.conn_data());
    let handled = AssertUnwindSafe(next.call(request)).catch_unwind();
    let outcome = telemetry::observe(Rc::clone(&exchange.facts), handled).await;
    match outcome.unwrap_or_else(|panic| Err(Problem::internal(describe(&*panic)).into())) {
        Ok(response) => {
            let (request, response) = response.into_parts();
            Ok(ServiceResponse::new(request, exchange.finish(response.map_into_boxed_body())))
        }
        Err(error) => {
            let response = exchange.finish(HttpResponse::from_error(error));
            Err(InternalError::from_response("answered", response).into())
        }
    }
}

/// The answer to a request that goes through no layers; `response` has all headers but those that no two answers share.
pub fn deliver(envelope: &Data<Envelope>, request: &Request, response: HttpResponse) -> Response<BoxBody> {
    let pattern = Some(Cow::Borrowed(metrics::Requests::APP_PATTERN));
    Exchange::begin(envelope, request.head(), pattern, request.conn_data()).seal(response, None, None).into()
}

fn describe(panic: &(dyn Any + Send)) -> anyhow::Error {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    anyhow::anyhow!("a handler panicked: {}", text.unwrap_or("without a message"))
}

impl Exchange {
    fn begin(
        envelope: &Data<Envelope>,
        head: &RequestHead,
        pattern: Option<Cow<'static, str>>,
        connection: Option<&Requests>,
    ) -> Self {
        envelope.metrics.requests().begin();
        envelope.forwarding.look(&envelope.proxies, head.peer_addr, &head.headers);
        Self {
            parent: envelope.parent(head),
            ip: envelope.proxies.client_ip(head.peer_addr, &head.headers),
            envelope: envelope.clone(),
            method: head.method.clone(),
            is_api: headers::is_api(head.uri.path()),
            pattern,
            started: Instant::now(),
            // Random, not counted: an id must not tell how busy the server is.
            facts: Rc::new(RequestFacts::of(Uuid::from_bytes(random::quick_bytes()))),
            _under_way: connection.map(Requests::begin),
        }
    }

    /// Writes the document of an error, completes the headers, logs.
    fn finish(&self, response: HttpResponse) -> HttpResponse {
        let cause = response.error().and_then(cause_of);
        let (mut response, code) = self.document(response);
        let is_error = response.status().is_client_error() || response.status().is_server_error();
        headers::complete(response.headers_mut(), self.envelope.is_https);
        if self.is_api || is_error {
            response.headers_mut().insert(header::CACHE_CONTROL, headers::NO_STORE);
        }
        self.seal(response, code, cause.as_deref())
    }

    /// Writes the headers that no two answers share, and tells of the request.
    fn seal(&self, mut response: HttpResponse, code: Option<Code>, cause: Option<&str>) -> HttpResponse {
        let id = HeaderValue::from_str(self.facts.id()).expect("hexadecimal is header text");
        response.headers_mut().insert(X_REQUEST_ID.clone(), id);
        if self.envelope.drain.has_begun() {
            response.head_mut().set_connection_type(ConnectionType::Close);
        }
        self.tell(response.status(), code, cause);
        response.map_body(|_, body| pieces::of(body))
    }

    /// The problem document of an error, with the headers that the layers inside have set, and its code.
    fn document(&self, response: HttpResponse) -> (HttpResponse, Option<Code>) {
        let status = response.status();
        let problem = response.error().and_then(Error::as_error::<Problem>);
        let (mut document, code) = match problem {
            Some(problem) => (problem.render(self.facts.id()), problem.code()),
            None if (status.is_client_error() || status.is_server_error()) && !is_json(&response) => {
                let problem = Problem::of_status(status);
                (problem.render(self.facts.id()), problem.code())
            }
            None => return (response, None),
        };
        for (name, value) in response.headers() {
            if !matches!(*name, header::CONTENT_TYPE | header::CONTENT_LENGTH | header::CONTENT_ENCODING) {
                document.headers_mut().append(name.clone(), value.clone());
            }
        }
        (document, Some(code))
    }

    /// Counts the answer, makes its span, and writes its line in the log.
    fn tell(&self, status: StatusCode, code: Option<Code>, cause: Option<&str>) {
        let (took, route) = (self.started.elapsed(), self.pattern.as_deref());
        let Envelope { metrics, traces, .. } = &**self.envelope;
        metrics.requests().count(&self.method, route, status, took);
        metrics.count_all_ended(&self.facts);
        let answered = Answered { method: &self.method, route, status, took, request_id: self.facts.id() };
        let trace_id = traces.record(&self.parent, answered);
        self.log(status, code, took, trace_id.as_deref(), cause);
    }

    fn log(&self, status: StatusCode, code: Option<Code>, took: Duration, trace_id: Option<&str>, cause: Option<&str>) {
        let method = self.method.as_str();
        // The pattern, not the path: paths may carry one-time tokens.
        let path = self.pattern.as_deref().unwrap_or("(none)");
        let duration_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let Self { ip, facts, .. } = self;
        let (request_id, user_id, queries) = (facts.id(), facts.user_id(), facts.queries());
        let cause = cause.filter(|_| status.is_server_error());
        let is_suspicious = code.is_some_and(Code::is_suspicious);
        let code = code.map(|code| code.to_string()).or_else(|| facts.refusal());
        let is_our_fault = status.is_server_error();
        let status = status.as_u16();
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    method,
                    path,
                    status,
                    code,
                    duration_us,
                    %ip,
                    request_id,
                    trace_id,
                    user_id,
                    queries,
                    cause,
                    "request"
                )
            };
        }
        if is_our_fault {
            line!(error);
        } else if is_suspicious {
            line!(warn);
        } else if path == HEALTH && status == 200 {
            line!(debug);
        } else {
            line!(info);
        }
    }
}

/// Health and OAuth errors are JSON of their own kind (RFC 6749 section 5.2).
fn is_json(response: &HttpResponse) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"))
}

fn cause_of(error: &Error) -> Option<String> {
    match error.as_error::<Problem>() {
        Some(problem) => problem.cause().map(|cause| format!("{cause:#}")),
        None => Some(error.to_string()),
    }
}
