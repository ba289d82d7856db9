//! What the server takes of the machine (proc(5)).

use std::fs;
use std::time::{Duration, Instant};

use crate::process::Server;
use crate::report::Kib;

/// Memory now.
pub fn memory(server: &Server) -> Kib {
    status(server, "VmRSS:")
}

/// The most memory since the start.
pub fn peak(server: &Server) -> Kib {
    status(server, "VmHWM:")
}

fn status(server: &Server, field: &str) -> Kib {
    let status = fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    Kib(line.trim().trim_end_matches(" kB").parse().unwrap())
}

/// Open files, connections among them.
pub fn open_files(server: &Server) -> usize {
    fs::read_dir(format!("/proc/{}/fd", server.child.id())).unwrap().count()
}

/// How long until no more than `base` files are open, a few of the server's own aside; half a minute when they stay.
pub async fn until_closed(server: &Server, base: usize) -> Duration {
    const OWN: usize = 10;

    let begun = Instant::now();
    while open_files(server) > base + OWN && begun.elapsed() < Duration::from_secs(30) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    begun.elapsed()
}
