//! The web app as a part of the program: its files, their compressed variants, and the answers to requests for them.

use std::collections::HashMap;
use std::fmt::{self, Debug, Formatter};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use actix_files::{HttpRange, file_extension_to_mime};
use actix_web::body::{self, BoxBody};
use actix_web::http::header::{
    self, ContentEncoding, ETag, EntityTag, HttpDate, IfMatch, IfModifiedSince, IfNoneMatch, IfRange,
    IfUnmodifiedSince, LastModified,
};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpRequest, HttpResponse};

use super::coding::{self, Codings};

/// A file of the web app, as `hallpass_embed::folder!` embeds it.
#[derive(Clone, Copy)]
pub struct EmbeddedFile {
    /// Its path below the folder.
    pub name: &'static str,
    /// What it holds.
    pub content: &'static [u8],
    /// Different for every content.
    pub tag: &'static str,
    /// When it was last changed, in seconds since 1970.
    pub modified: u64,
}

impl Debug for EmbeddedFile {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({} bytes)", self.name, self.content.len())
    }
}

/// The embedded files by their names. Clones share them.
#[derive(Clone, Debug)]
pub struct Embedded(Arc<HashMap<&'static str, EmbeddedFile>>);

/// A file in one of its content codings.
struct Representation {
    file: EmbeddedFile,
    coding: ContentEncoding,
}

impl Embedded {
    /// The files, to be looked up; `None` if there are none.
    #[must_use]
    pub fn new(files: &[EmbeddedFile]) -> Option<Self> {
        let files: HashMap<_, _> = files.iter().map(|file| (file.name, *file)).collect();
        (!files.is_empty()).then(|| Self(Arc::new(files)))
    }

    /// The answer to a request for the file of this name; `None` if there is no such file.
    #[must_use]
    pub fn respond(&self, request: &HttpRequest, name: &str) -> Option<HttpResponse> {
        let representation = self.select(name, coding::accepted(request.headers()))?;
        let kind = Path::new(name).extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        Some(representation.respond(request, &file_extension_to_mime(kind)))
    }

    /// The file in the first of these codings in which it exists.
    fn select(&self, name: &str, codings: Codings) -> Option<Representation> {
        let plain = self.0.get(name)?;
        let compressed = codings.iter().find_map(|coding| {
            let suffix = if *coding == ContentEncoding::Brotli { "br" } else { "gz" };
            let file = self.0.get(format!("{name}.{suffix}").as_str())?;
            Some(Representation { file: *file, coding: *coding })
        });
        Some(compressed.unwrap_or(Representation { file: *plain, coding: ContentEncoding::Identity }))
    }
}

impl Representation {
    /// Evaluates conditions and ranges in the order of RFC 9110 section 13.2.2, as actix-files does.
    fn respond(&self, request: &HttpRequest, kind: &mime::Mime) -> HttpResponse {
        let content = Bytes::from_static(self.file.content);
        let mut response = HttpResponse::Ok();
        response
            .content_type(kind.essence_str())
            .insert_header(ETag(self.tag()))
            .insert_header(LastModified(self.modified()))
            .insert_header((header::ACCEPT_RANGES, "bytes"));
        if self.coding != ContentEncoding::Identity {
            response.insert_header(self.coding);
        }
        if !self.precondition_holds(request) {
            return response.status(StatusCode::PRECONDITION_FAILED).finish();
        }
        if self.is_unchanged(request) {
            return response.status(StatusCode::NOT_MODIFIED).body(body::None::new()).map_into_boxed_body();
        }
        let Some(range) = self.range(request) else { return response.body(content) };
        let size = content.len() as u64;
        let first = HttpRange::parse(range, size).ok().and_then(|ranges| ranges.first().copied());
        let part = first.and_then(|HttpRange { start, length }| {
            Some(usize::try_from(start).ok()?..usize::try_from(start.checked_add(length)?).ok()?)
        });
        let Some(part) = part.filter(|part| part.start < part.end && part.end <= content.len()) else {
            response.insert_header((header::CONTENT_RANGE, format!("bytes */{size}")));
            return response.status(StatusCode::RANGE_NOT_SATISFIABLE).finish();
        };
        response.insert_header((header::CONTENT_RANGE, format!("bytes {}-{}/{size}", part.start, part.end - 1)));
        response.status(StatusCode::PARTIAL_CONTENT).body(BoxBody::new(content.slice(part)))
    }

    fn tag(&self) -> EntityTag {
        EntityTag::new_strong(self.file.tag.to_owned())
    }

    fn modified(&self) -> HttpDate {
        (UNIX_EPOCH + Duration::from_secs(self.file.modified)).into()
    }

    fn precondition_holds(&self, request: &HttpRequest) -> bool {
        if request.headers().contains_key(header::IF_MATCH) {
            return match request.get_header::<IfMatch>() {
                None | Some(IfMatch::Any) => true,
                Some(IfMatch::Items(tags)) => tags.iter().any(|tag| tag.strong_eq(&self.tag())),
            };
        }
        let since = request.get_header::<IfUnmodifiedSince>();
        since.is_none_or(|IfUnmodifiedSince(since)| self.modified_at() <= SystemTime::from(since))
    }

    fn is_unchanged(&self, request: &HttpRequest) -> bool {
        if request.headers().contains_key(header::IF_NONE_MATCH) {
            return match request.get_header::<IfNoneMatch>() {
                None => false,
                Some(IfNoneMatch::Any) => true,
                Some(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&self.tag())),
            };
        }
        let since = request.get_header::<IfModifiedSince>();
        since.is_some_and(|IfModifiedSince(since)| self.modified_at() <= SystemTime::from(since))
    }

    /// The Range header, if it applies: to GET, in bytes, and to this content where If-Range says so.
    fn range<'request>(&self, request: &'request HttpRequest) -> Option<&'request str> {
        let range = request.headers().get(header::RANGE).filter(|_| request.method() == Method::GET)?;
        let applies = !request.headers().contains_key(header::IF_RANGE)
            || request.get_header::<IfRange>().is_some_and(|condition| match condition {
                IfRange::EntityTag(tag) => tag.strong_eq(&self.tag()),
                IfRange::Date(date) => self.modified_at() == SystemTime::from(date),
            });
        // What is no text is no range either, and not satisfiable.
        let range = range.to_str().unwrap_or_default();
        let is_bytes = range.split_once('=').is_none_or(|(unit, _)| unit.eq_ignore_ascii_case("bytes"));
        (applies && is_bytes).then_some(range)
    }

    fn modified_at(&self) -> SystemTime {
        self.modified().into()
    }
}
