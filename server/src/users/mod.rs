//! People: their accounts, the directory, the profile.

pub mod directory;
pub mod export;
pub mod model;
pub mod new_passwords;
pub mod profile;
pub mod queries;
pub mod routes;
