//! Opaque tokens for scripts and services: made by a person, named, scoped, expiring, revocable, and stored as a hash only.

pub mod model;
pub mod queries;
pub mod routes;
