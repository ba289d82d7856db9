//! Finding people: the directory that everybody sees, and the list for administrators.

pub mod directory;
pub mod queries;
