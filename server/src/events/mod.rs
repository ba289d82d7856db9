//! Telling open pages at once what they would learn at their next request: that their session has ended, or that the person
//! has changed.

mod newsroom;
mod queries;
pub mod routes;
mod stream;

pub use newsroom::Newsroom;
