//! The cookies of a request. Whatever pages of the host have set comes along with ours, in any encoding: it must not spoil them.

use std::borrow::Cow;

use actix_web::http::header::{self, HeaderMap, HeaderValue};

/// The white space around names and values (RFC 6265bis section 5.7). Browsers do not see more of it, so a name that begins with
/// another kind is a name of its own to them, without the promises of `__Host-`.
const SPACE: [char; 2] = [' ', '\t'];

/// Each pair of name and value as it came, but for bytes that are no UTF-8.
pub fn pairs(headers: &HeaderMap) -> impl Iterator<Item = Cow<'_, str>> {
    raw_pairs(headers).map(text).filter(|pair| !pair.is_empty())
}

fn raw_pairs(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let lines = headers.get_all(header::COOKIE).map(HeaderValue::as_bytes);
    lines.flat_map(|line| line.split(|byte| *byte == b';'))
}

fn text(bytes: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text.trim_matches(SPACE)),
        Err(_) => Cow::Owned(String::from_utf8_lossy(bytes).trim_matches(SPACE).to_owned()),
    }
}

/// The name of a pair.
#[must_use]
pub fn name_of(pair: &str) -> &str {
    pair.split('=').next().unwrap_or_default().trim_matches(SPACE)
}

/// The value of the one cookie of that name; `None` where there are several.
#[must_use]
pub fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<Cow<'a, str>> {
    let mut values = all(headers, name);
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

/// The values of all cookies of that name. Of several, somebody has planted all but one (RFC 6265 section 8.6, "weak integrity"):
/// ours is the one that proves itself.
pub fn all<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = Cow<'a, str>> {
    raw_pairs(headers).filter_map(move |pair| {
        let end = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        let (its_name, value) = pair.split_at(end);
        (text(its_name) == name).then(|| text(value.strip_prefix(b"=").unwrap_or_default()))
    })
}
