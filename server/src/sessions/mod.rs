//! Sessions: made at login, asked for at every request, ended at any moment.
//!
//! A request passes, from outside in: [`layer::exchange`] (what the store needs to know of the request, the cookie's
//! upkeep), actix-session's middleware over `store::SqlSessionStore` (at most one query), and [`layer::attach`] (who is asking,
//! for the extractors). Where nothing can begin or end a session and the cookie's signature was verified before, the first of
//! them asks the store itself, and the request goes past actix-session (`passing`).

mod binding;
mod cookie;
pub mod device;
mod exchange;
pub mod layer;
pub mod model;
mod passing;
pub mod prune;
pub mod queries;
pub mod routes;
pub mod state;
mod store;
pub mod touch;
mod verified;
