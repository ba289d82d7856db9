//! The cookies of a request. Whatever pages of the host have set comes along with ours, in any encoding: it must not spoil them.

use std::borrow::Cow;

use actix_web::http::header::{self, HeaderMap, HeaderValue};

/// The white space around names and values (RFC 6265bis section 5.7). Browsers do not see more of it, so a name that begins with
/// another kind is a name of its own to them, without the promises of `__Host-`.
const SPACE: [char; 2] = [' ', '\t'];

/// Each pair of name and value as it came, but for bytes that are no UTF-8.
pub fn pairs(headers: &HeaderMap) -> impl Iterator<Item = Cow<'_, str>> {
    let lines = headers.get_all(header::COOKIE).map(HeaderValue::as_bytes);
    let pairs =
        lines.flat_map(|line| line.split(|byte| *byte == b';')).map(|pair| match String::from_utf8_lossy(pair) {
            Cow::Borrowed(pair) => Cow::Borrowed(pair.trim_matches(SPACE)),
            Cow::Owned(pair) => Cow::Owned(pair.trim_matches(SPACE).to_owned()),
        });
    pairs.filter(|pair| !pair.is_empty())
}

/// The name of a pair.
#[must_use]
pub fn name_of(pair: &str) -> &str {
    pair.split('=').next().unwrap_or_default().trim_matches(SPACE)
}

/// The value of the one cookie of that name. Of several, somebody has planted all but one (RFC 6265 section 8.6, "weak
/// integrity"): none is believed.
#[must_use]
pub fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<Cow<'a, str>> {
    let mut values = pairs(headers).filter(|pair| name_of(pair) == name).map(|pair| {
        let start = pair.find('=').map_or(pair.len(), |at| at + 1);
        match pair {
            Cow::Borrowed(pair) => Cow::Borrowed(&pair[start..]),
            Cow::Owned(mut pair) => Cow::Owned(pair.split_off(start)),
        }
    });
    let value = values.next()?;
    values.next().is_none().then_some(value)
}
