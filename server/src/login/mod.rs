//! Signing in and out.

mod open;
mod queries;
pub mod routes;
pub mod throttle;

pub use open::LoginRules;
