//! Signing in and out.

pub mod account;
mod authenticate;
pub mod logout;
pub mod new_sign_ins;
mod open;
pub mod password;
mod queries;
pub mod reauth;
pub mod register;
pub mod routes;
pub mod setup;
pub mod throttle;
pub mod token;

pub use authenticate::Authenticator;
pub use open::LoginRules;
pub use register::Registration;
