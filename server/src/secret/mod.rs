//! Secrets as types: passwords, tokens, and the hashes that are stored of them.

pub mod blocklist;
mod cost;
mod engine;
pub mod hasher;
mod legacy;
pub mod password;
pub mod stored;
mod strength;
pub mod token;
