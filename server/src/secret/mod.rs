//! Secrets as types: passwords, tokens, and the hashes that are stored of them.

pub mod hasher;
pub mod password;
pub mod token;
