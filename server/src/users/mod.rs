//! People: their accounts, the directory, the profile.

pub mod model;
pub mod queries;
pub mod routes;
