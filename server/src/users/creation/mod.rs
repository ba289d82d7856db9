//! Making accounts: one, or many at once.

pub mod queries;
