//! Pages of a list: how many, and from where.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::Problem;

/// How many items a page has when nobody says.
const DEFAULT_LIMIT: u32 = 20;
/// How many items a page has at most.
const MAX_LIMIT: u32 = 100;
/// The longest cursor that is read, in bytes: twice what the longest names make.
const MAX_CURSOR: usize = 4096;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Where the next page begins; `null` on the last.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A page of `limit` items from one more than that: the surplus one says that there is another page, which begins
    /// after `key` of the last item shown.
    #[must_use]
    pub fn cut(mut items: Vec<T>, limit: u32, key: impl Fn(&T) -> String) -> Self {
        let limit = limit as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = items.last().filter(|_| more).map(|last| URL_SAFE_NO_PAD.encode(key(last)));
        Self { items, next_cursor }
    }

    /// The same page of other items.
    #[must_use]
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), next_cursor: self.next_cursor }
    }
}

/// How many items were asked for.
///
/// # Errors
/// 422 outside 1 to 100.
pub fn limit(asked: Option<u32>) -> Result<u32, Problem> {
    match asked.unwrap_or(DEFAULT_LIMIT) {
        limit @ 1..=MAX_LIMIT => Ok(limit),
        _ => Err(Problem::invalid("limit", format!("must be a whole number from 1 to {MAX_LIMIT}"))),
    }
}

/// The key after which the page begins; empty at the start of the list.
///
/// # Errors
/// 422 for a cursor that this server did not make.
pub fn after(cursor: Option<&str>) -> Result<String, Problem> {
    let cursor = Some(cursor.unwrap_or_default()).filter(|cursor| cursor.len() <= MAX_CURSOR);
    cursor
        .and_then(|cursor| URL_SAFE_NO_PAD.decode(cursor).ok())
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .filter(|key| !key.contains('\0'))
        .ok_or_else(|| Problem::invalid("cursor", "must be a next_cursor of this list"))
}
