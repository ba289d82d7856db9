//! Signing in and out.

mod authenticate;
mod open;
pub mod password;
mod queries;
pub mod reauth;
pub mod routes;
pub mod throttle;
pub mod token;

pub use authenticate::Authenticator;
pub use open::LoginRules;
pub use password::MinLength;
