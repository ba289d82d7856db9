//! People: their accounts, the directory, the profile.

pub mod creation;
pub mod email;
pub mod export;
pub mod index;
pub mod model;
pub mod new_passwords;
pub mod profile;
pub mod queries;
pub mod routes;
pub mod search;
