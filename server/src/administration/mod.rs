//! What administrators do to people: make, change and delete accounts, invite, and end sessions and tokens. Every change
//! needs a password entered in the last minutes, and is written to the audit in its own transaction.

pub mod access;
pub mod accounts;
mod by;
pub mod create;
pub mod routes;
