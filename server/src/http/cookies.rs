//! The cookies of a request. Whatever pages of the host have set comes along with ours, in any encoding: it must not spoil them.

use std::borrow::Cow;

use actix_web::http::header::{self, HeaderMap, HeaderValue};

/// Each pair of name and value as it came, but for bytes that are no UTF-8.
pub fn pairs(headers: &HeaderMap) -> impl Iterator<Item = Cow<'_, str>> {
    let lines = headers.get_all(header::COOKIE).map(HeaderValue::as_bytes);
    let pairs =
        lines.flat_map(|line| line.split(|byte| *byte == b';')).map(|pair| match String::from_utf8_lossy(pair) {
            Cow::Borrowed(pair) => Cow::Borrowed(pair.trim()),
            Cow::Owned(pair) => Cow::Owned(pair.trim().to_owned()),
        });
    pairs.filter(|pair| !pair.is_empty())
}

/// The value of the one cookie of that name. Of several, somebody has planted all but one (RFC 6265 section 8.6, "weak
/// integrity"): none is believed.
#[must_use]
pub fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<Cow<'a, str>> {
    let mut values = pairs(headers).filter_map(|pair| {
        let start = pair.strip_prefix(name)?.strip_prefix('=').map(|value| pair.len() - value.len())?;
        Some(match pair {
            Cow::Borrowed(pair) => Cow::Borrowed(&pair[start..]),
            Cow::Owned(mut pair) => Cow::Owned(pair.split_off(start)),
        })
    });
    let value = values.next()?;
    values.next().is_none().then_some(value)
}
