//! Signing in and out.

pub mod account;
mod authenticate;
pub mod forgot;
mod guard;
pub mod logout;
pub mod new_sign_ins;
mod open;
pub mod password;
pub mod profile;
mod queries;
pub mod reauth;
pub mod register;
pub mod routes;
pub mod setup;
pub mod throttle;
pub mod token;
mod verification;

pub use authenticate::Authenticator;
pub use forgot::ForgottenPasswords;
pub use open::LoginRules;
pub use register::Registration;
pub use verification::Verifier;
