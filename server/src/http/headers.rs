//! The headers that every answer carries, whatever layer it comes from.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;

/// `default-src` stands in for neither `base-uri` nor `form-action` (CSP level 3, section 6.1).
const API_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
);
/// Cache-Control of what is the API's, and of errors.
pub const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// Two years, as browsers' preload lists ask for (hstspreload.org).
const TWO_YEARS: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");

const EVERYWHERE: [(HeaderName, HeaderValue); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("strict-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// Completes the headers of an answer. What a handler has set of Content-Security-Policy stays.
pub fn complete(headers: &mut HeaderMap, is_https: bool) {
    headers.reserve(EVERYWHERE.len() + 3);
    for (name, value) in EVERYWHERE {
        headers.insert(name, value);
    }
    if is_https {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, TWO_YEARS);
    }
    name_charset(headers);
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        let is_page = headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        headers.insert(header::CONTENT_SECURITY_POLICY, if is_page { PAGE_POLICY } else { API_POLICY });
    }
}

/// Says that text is UTF-8, where its type alone leaves that open (OWASP ASVS 5.0, 4.1.1).
fn name_charset(headers: &mut HeaderMap) {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_text = |kind: &str| {
        let essence = kind.split(';').next().unwrap_or_default().trim_end();
        essence.starts_with("text/") || essence.ends_with("/xml") || essence.ends_with("+xml")
    };
    if let Some(kind) = kind.filter(|kind| is_text(kind) && !kind.contains("charset="))
        && let Ok(kind) = HeaderValue::from_str(&format!("{kind}; charset=utf-8"))
    {
        headers.insert(header::CONTENT_TYPE, kind);
    }
}

/// Whether the path belongs to the API.
#[must_use]
pub fn is_api(path: &str) -> bool {
    let is_below = |path: &str| path.strip_prefix("/api").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    // As routing sees it: decoded.
    is_below(path) || path.contains('%') && is_below(&percent_decode_str(path).decode_utf8_lossy())
}
