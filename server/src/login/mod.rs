//! Signing in and out.

mod authenticate;
mod open;
mod queries;
pub mod reauth;
pub mod routes;
pub mod throttle;
pub mod token;

pub use authenticate::Authenticator;
pub use open::LoginRules;
