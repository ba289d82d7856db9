//! The server as its clients meet it: a real one on a real socket, with a database of its own for each test.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod app;
mod architecture;
mod cli;
mod cors;
mod cross_site;
mod directory;
mod faults;
mod hashing;
mod headers;
mod input;
mod log;
mod login;
mod logout;
mod problems;
mod queries;
mod sessions;
mod shutdown;
mod spa;
mod system;
mod throttle;
