//! Accidents and attacks, done to the real program, each bounded by a figure. `just test` runs each in a short form, in which
//! nothing may be lost or broken; `just torture` runs them at full length, and then they must be quick as well. docs/TORTURE.md
//! says what is promised.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[expect(dead_code, reason = "the tests of the API need more of it")]
#[path = "../api/database.rs"]
mod database;
#[path = "../api/database_server.rs"]
mod database_server;
#[path = "../api/process.rs"]
mod process;

use std::fs::OpenOptions;
use std::io::Write;

mod client;
mod disk;
mod engine;
mod flood;
mod flood_behind_nginx;
mod idle;
mod kills;
mod nginx;
mod pool;
mod probe;
mod report;
mod restarts;
mod rolling;
mod slow;
mod usage;
mod writers;

/// Whether the experiments run at full length.
fn is_long() -> bool {
    std::env::var("TORTURE").is_ok_and(|length| length == "long")
}

/// What fits the length of this run.
fn sized<T>(short: T, long: T) -> T {
    if is_long() { long } else { short }
}

/// Says aloud that an experiment is not done, and why; also where the runner keeps what a test prints to itself.
fn not_run(why: &str) {
    println!("  NOT RUN: {why}");
    if let Ok(path) = std::env::var("NOT_RUN") {
        let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
        writeln!(file, "{why}").unwrap();
    }
}
