//! Input from a request. Whatever is wrong with it becomes a [`Problem`] that says which field and why, never a library's
//! own text.

use std::future::{Ready, ready};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use actix_web::web::{self, Bytes};
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::object::Object;
use super::problem::{Code, Problem};

/// The largest body that is read.
pub const MAX_BODY: usize = 64 * 1024;
/// How long a body may take to arrive.
const BODY_WITHIN: Duration = Duration::from_secs(8);

/// A JSON body of type `T`.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = request.headers().get(CONTENT_TYPE).is_some_and(|value| {
            value.to_str().is_ok_and(|value| value.parse::<mime::Mime>().is_ok_and(|mime| is_json(&mime)))
        });
        if !is_json {
            return Box::pin(ready(Err(Problem::new(Code::UnsupportedMediaType))));
        }
        let body = Bytes::from_request(request, payload);
        Box::pin(async move { parse(&complete(body).await?).map(Self) })
    }
}

fn is_json(mime: &mime::Mime) -> bool {
    mime.essence_str() == "application/json" && mime.get_param("charset").is_none_or(|charset| charset == "utf-8")
}

/// The whole body. However little it is, it may not drip in: who is asking was found out when it began.
async fn complete(body: impl Future<Output = Result<Bytes, actix_web::Error>>) -> Result<Bytes, Problem> {
    match tokio::time::timeout(BODY_WITHIN, body).await {
        Ok(body) => body.map_err(|error| unreadable(&error)),
        Err(_) => Err(Problem::new(Code::MalformedRequest)
            .detail("The body did not arrive in time.")
            .header(CONNECTION, HeaderValue::from_static("close"))),
    }
}

fn unreadable(error: &actix_web::Error) -> Problem {
    match error.as_error::<PayloadError>() {
        Some(PayloadError::Overflow) => Problem::new(Code::PayloadTooLarge),
        _ if error.as_response_error().status_code() == 413 => Problem::new(Code::PayloadTooLarge),
        _ => Problem::new(Code::MalformedRequest).detail("The body ended before it was complete."),
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let Object(value) = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        match error.inner().classify() {
            Category::Data => invalid(&path, &error.inner().to_string()),
            Category::Syntax | Category::Eof | Category::Io => not_json(),
        }
    })?;
    deserializer.end().map_err(|_| not_json())?;
    Ok(value)
}

fn not_json() -> Problem {
    Problem::new(Code::MalformedRequest).detail("The body is not valid JSON.")
}

/// Names the field that serde stumbled over. Its own message may repeat what was sent, so only its kind is used.
fn invalid(path: &str, message: &str) -> Problem {
    let quoted = || message.split('`').nth(1).unwrap_or("body").to_owned();
    if message.starts_with("missing field") {
        Problem::invalid(quoted(), "is missing")
    } else if message.starts_with("duplicate field") {
        Problem::invalid(quoted(), "is given twice")
    } else if message.starts_with("unknown field") {
        let known = path.rsplit('.').next().filter(|field| *field != "?").map_or_else(quoted, str::to_owned);
        Problem::invalid(known.chars().take(64).collect::<String>(), "is not a field of this request")
    } else {
        let field = if path == "." { "body" } else { path };
        Problem::invalid(field, "has the wrong type")
    }
}

/// A body as HTML forms send it, as type `T`.
#[derive(Debug)]
pub struct Form<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_form = kind
            .and_then(|kind| kind.parse::<mime::Mime>().ok())
            .is_some_and(|mime| mime.essence_str() == "application/x-www-form-urlencoded");
        if !is_form {
            return Box::pin(ready(Err(Problem::new(Code::UnsupportedMediaType))));
        }
        let body = Bytes::from_request(request, payload);
        Box::pin(async move { urlencoded(&complete(body).await?).map(Self) })
    }
}

fn urlencoded<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    let deserializer = serde_urlencoded::Deserializer::new(url::form_urlencoded::parse(text));
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let path = error.path().to_string();
        invalid(&path, &error.inner().to_string())
    })
}

/// The query string as type `T`.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(urlencoded(request.query_string().as_bytes()).map(Self))
    }
}

/// The one parameter of the path. What cannot be one is at no address of ours: 404.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Path<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(
            web::Path::<T>::extract(request)
                .into_inner()
                .map(|path| Self(path.into_inner()))
                .map_err(|_| Problem::new(Code::NotFound)),
        )
    }
}

/// Refuses text that no field of ours may hold: control characters, which databases and logs disagree about (a NUL ends a
/// PostgreSQL statement), and characters that reorder what a reader sees (Unicode TR 36, section 2.10).
///
/// # Errors
/// 422 naming `field`.
pub fn plain_text<'a>(field: &str, text: &'a str, max: usize) -> Result<&'a str, Problem> {
    let hidden = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if text.chars().any(hidden) {
        return Err(Problem::invalid(field, "must not contain control characters"));
    }
    if text.chars().count() > max {
        return Err(Problem::invalid(field, format!("must have at most {max} characters")));
    }
    Ok(text)
}
