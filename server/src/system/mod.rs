//! The server about itself: health, time, and the API's description.

pub mod docs;
pub mod routes;
