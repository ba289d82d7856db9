//! Answers to requests for the app's hashed files, kept in memory from the first one on: a name with a hash of the content
//! never gets another content, and reading a file takes several times as long as the rest of the answer.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use actix_web::body::{self, BodySize, BoxBody, MessageBody};
use actix_web::dev::RequestHead;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use tokio::sync::Mutex;

use super::coding::{self, Codings};
use super::headers;
use super::problem::Problem;

/// Vite puts a hash of the content into these files' names.
const FOLDER: &str = "/assets/";
/// The largest file that is kept, about what its headers take, and what all may take together.
const MAX_FILE: usize = 512 * 1024;
const HEADERS: usize = 2 * 1024;
const MAX_TOTAL: usize = 8 * 1024 * 1024;
/// What asks for a part, or has conditions other than the one that every browser sends.
const SPECIAL: [HeaderName; 4] =
    [header::RANGE, header::IF_MATCH, header::IF_MODIFIED_SINCE, header::IF_UNMODIFIED_SINCE];

/// What describes the content: who asks whether that has changed has it, and its description (RFC 9110 section 15.4.5).
const ABOUT_CONTENT: [HeaderName; 4] =
    [header::CONTENT_TYPE, header::CONTENT_ENCODING, header::LAST_MODIFIED, header::ACCEPT_RANGES];

/// The answers. Clones share them.
#[derive(Clone, Debug)]
pub struct Assets {
    kept: Arc<RwLock<Kept>>,
    reading: Arc<Mutex<()>>,
    is_https: bool,
}

#[derive(Debug, Default)]
struct Kept {
    answers: HashMap<String, Vec<(Codings, Arc<Answer>)>>,
    bytes: usize,
}

/// Complete but for what no two answers share.
#[derive(Debug)]
struct Answer {
    headers: Headers,
    headers_unchanged: Headers,
    etag: Option<HeaderValue>,
    body: Bytes,
}

/// A map would take several kilobytes.
type Headers = Box<[(HeaderName, HeaderValue)]>;

/// Whether the path is one of a hashed file.
#[must_use]
pub fn is_hashed(path: &str) -> bool {
    path.starts_with(FOLDER)
}

/// Whether the path has one spelling only: others would be kept as further files.
fn is_kept(path: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    path.strip_prefix(FOLDER).is_some_and(|name| name.bytes().all(is_plain))
}

impl Assets {
    /// None yet.
    #[must_use]
    pub fn new(is_https: bool) -> Self {
        Self { kept: Arc::default(), reading: Arc::default(), is_https }
    }

    /// The answer, if there is one that holds for such a request; whole but for its envelope.
    pub fn answer(&self, request: &RequestHead) -> Option<HttpResponse> {
        let path = request.uri.path();
        if !is_hashed(path)
            || request.method != Method::GET
            || SPECIAL.iter().any(|name| request.headers.contains_key(name))
        {
            return None;
        }
        let answer = self.find(path, coding::accepted(&request.headers))?;
        match request.headers.get(header::IF_NONE_MATCH) {
            None => Some(answer.whole()),
            Some(known) if Some(known) == answer.etag.as_ref() => Some(answer.unchanged()),
            // A list, perhaps.
            Some(_) => None,
        }
    }

    fn find(&self, path: &str, codings: Codings) -> Option<Arc<Answer>> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        let (_, answer) = kept.answers.get(path)?.iter().find(|(of, _)| *of == codings)?;
        Some(Arc::clone(answer))
    }

    /// Keeps an answer that was made for such a request, if it is a whole file and there is room.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn keep(
        &self,
        request: &HttpRequest,
        codings: Codings,
        response: HttpResponse<BoxBody>,
    ) -> Result<HttpResponse, Problem> {
        let is_whole = *request.method() == Method::GET && response.status() == StatusCode::OK;
        if !is_whole || !is_kept(request.path()) || !self.has_room_for(response.body().size()) {
            return Ok(response);
        }
        // One after the other: of all who ask for a file at once, one reads it into memory and the others find it there.
        let _turn = self.reading.lock().await;
        if let Some(answer) = self.find(request.path(), codings) {
            return Ok(answer.whole());
        }
        let (response, body) = response.into_parts();
        let body = match body.try_into_bytes() {
            // Embedded in the program: it takes no more memory.
            Ok(body) => body,
            Err(body) => body::to_bytes(body).await.map_err(|error| Problem::internal(anyhow::anyhow!("{error}")))?,
        };
        let mut headers = response.headers().clone();
        headers::complete(&mut headers, self.is_https);
        self.insert(request.path(), codings, Answer::new(headers, body.clone()));
        Ok(response.set_body(body).map_into_boxed_body())
    }

    fn has_room_for(&self, size: BodySize) -> bool {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        let bytes = MAX_FILE.min(MAX_TOTAL - kept.bytes);
        matches!(size, BodySize::Sized(size) if size <= bytes as u64)
    }

    fn insert(&self, path: &str, codings: Codings, answer: Answer) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        let bytes = kept.bytes + answer.body.len() + HEADERS;
        if bytes <= MAX_TOTAL {
            kept.answers.entry(path.to_owned()).or_default().push((codings, Arc::new(answer)));
            kept.bytes = bytes;
        }
    }
}

impl Answer {
    fn new(mut headers: HeaderMap, body: Bytes) -> Self {
        let listed = |headers: &HeaderMap| headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        let (all, etag) = (listed(&headers), headers.get(header::ETAG).cloned());
        forget_content(&mut headers);
        Self { headers: all, headers_unchanged: listed(&headers), etag, body }
    }

    fn whole(&self) -> HttpResponse {
        respond(StatusCode::OK, &self.headers, self.body.clone())
    }

    fn unchanged(&self) -> HttpResponse {
        respond(StatusCode::NOT_MODIFIED, &self.headers_unchanged, body::None::new())
    }
}

/// Takes out of the headers of a 304 what the client has.
pub fn forget_content(headers: &mut HeaderMap) {
    for name in ABOUT_CONTENT {
        headers.remove(name);
    }
}

fn respond(status: StatusCode, headers: &Headers, body: impl MessageBody + 'static) -> HttpResponse {
    let mut response = HttpResponse::with_body(status, body).map_into_boxed_body();
    let known = response.headers_mut();
    known.reserve(headers.len() + 1);
    for (name, value) in headers {
        known.append(name.clone(), value.clone());
    }
    response
}
