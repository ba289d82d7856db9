//! Links that are good for one use: to make the first administrator, to accept an invitation, to choose a new
//! password, to show that an e-mail address is one's own.

mod link;
pub mod queries;
pub mod routes;

pub use link::{Draft, Link, Links, Purpose};
