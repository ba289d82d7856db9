//! Secrets as types: passwords, tokens, and the hashes that are stored of them.

pub mod blocklist;
pub mod hasher;
mod legacy;
pub mod password;
pub mod stored;
pub mod token;
