//! The directory as everybody sees it, page by page.

use actix_web::web::Bytes;
use serde::Serialize;
use utoipa::ToSchema;

use super::queries::{self, ListedUser};
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

/// Reads pages of it.
#[derive(Clone, Debug)]
pub struct Directory {
    db: Db,
    pages: View<Place, Bytes>,
}

/// Where a page stands.
#[derive(PartialEq, Eq, Hash)]
struct Place {
    part: String,
    after: String,
    limit: u32,
}

impl Directory {
    /// The directory of `db`. With `versions`, a page is read again only where something has changed.
    #[must_use]
    pub fn new(db: Db, versions: Option<Versions>) -> Self {
        Self { db, pages: View::new(versions, PAGES) }
    }

    /// A [`Page`] of `limit` enabled people whose username or name contains `part`, sorted by username, those after `after`, in
    /// JSON.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn page(&self, part: &str, after: String, limit: u32) -> Result<Bytes, Problem> {
        let place = Place { part: part.to_owned(), after: after.clone(), limit };
        let read = async || {
            let rows = queries::search(&self.db, part, &after, limit + 1).await?;
            let page = Page::cut(rows, limit, |row| row.username_folded.clone()).map(Person::from);
            serde_json::to_vec(&page).map(|json| Some(json.into())).map_err(Problem::internal)
        };
        Ok(self.pages.find(place, read).await?.map(|page| Bytes::clone(&page)).unwrap_or_default())
    }
}
