//! The directory as everybody sees it, page by page.

use actix_web::web::Bytes;
use serde::Serialize;
use utoipa::ToSchema;

use super::queries::{self, ListedUser, Search};
use crate::db::{Db, Versions, View};
use crate::http::cursor::Page;
use crate::http::problem::Problem;

/// How many pages are kept, of some ten kilobytes each, and a hundred where every name is as long as it may be.
const PAGES: usize = 256;

/// A person as everybody sees them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The person's id.
    id: String,
    /// The name they sign in with.
    username: String,
    /// The name others see; may be empty.
    full_name: String,
}

impl From<ListedUser> for Person {
    fn from(ListedUser { id, username, full_name, .. }: ListedUser) -> Self {
        Self { id, username, full_name }
    }
}

/// A page of people.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserPage<T> {
    /// The people, in the list's order.
    items: Vec<T>,
    /// Where the next page begins; `null` on the last.
    next_cursor: Option<String>,
    /// How many people there are on all pages; with `count=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    total: Option<i64>,
}

impl<T> UserPage<T> {
    /// A page, and how many people there are on all of them.
    #[must_use]
    pub fn new(page: Page<T>, total: Option<i64>) -> Self {
        Self { items: page.items, next_cursor: page.next_cursor, total }
    }
}

/// Reads pages of it.
#[derive(Clone, Debug)]
pub struct Directory {
    db: Db,
    pages: View<Place, Bytes>,
}

/// Where a page stands.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Place {
    words: String,
    after: String,
    limit: u32,
    is_counted: bool,
}

impl Directory {
    /// The directory of `db`. With `versions`, a page is read again only where something has changed.
    #[must_use]
    pub fn new(db: Db, versions: Option<Versions>) -> Self {
        Self { db, pages: View::new(versions, PAGES) }
    }

    /// A [`UserPage`] of `limit` enabled people whose username or name has all `words`, sorted by username, those after `after`,
    /// in JSON; with how many there are, where `is_counted`.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn page(&self, words: &str, after: String, limit: u32, is_counted: bool) -> Result<Bytes, Problem> {
        let place = Place { words: words.to_owned(), after, limit, is_counted };
        let read = async || {
            let search = Search::new(words).with_disabled(Some(false));
            let rows = queries::directory(&self.db, &search, &place.after, limit + 1).await?;
            let page = Page::cut(rows, limit, |row| row.username_folded.clone()).map(Person::from);
            let total = if is_counted { Some(queries::count(&self.db, &search).await?) } else { None };
            let page = UserPage::new(page, total);
            serde_json::to_vec(&page).map(|json| Some(json.into())).map_err(Problem::internal)
        };
        Ok(self.pages.find(place.clone(), read).await?.map(|page| Bytes::clone(&page)).unwrap_or_default())
    }
}
