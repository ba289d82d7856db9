//! The server as its clients meet it: a real one on a real socket, with a database of its own for each test.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod access_tokens;
mod api_tokens;
mod app;
mod architecture;
mod cli;
mod copy;
mod cors;
mod crash;
mod cross_site;
mod database;
mod directory;
mod faults;
mod hashing;
mod headers;
mod input;
mod log;
mod login;
mod logout;
mod names;
mod password;
mod private_server;
mod problems;
mod process;
mod queries;
mod schema;
mod sessions;
mod shutdown;
mod snippets;
mod spa;
mod system;
mod throttle;
mod transactions;
mod two_servers;
