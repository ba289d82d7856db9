//! Somebody who is signed in and goes on working meanwhile.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::client::{Client, get};
use crate::report::{Report, Times, tell};

const EVERY: Duration = Duration::from_millis(20);

/// Asks `GET /api/me` fifty times a second, from a thread of its own.
#[derive(Debug)]
pub struct Probe {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    times: Times,
    failed: usize,
}

impl Probe {
    pub fn start(address: SocketAddr, cookie: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, cookie) = (Arc::clone(&stop), cookie.to_owned());
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(look(address, &cookie, &stopped))
        });
        Self { stop, thread }
    }

    /// Ends it, and says how long it had to wait and that nothing was refused.
    pub fn report(self, report: &mut Report, p99: Duration) {
        self.stop.store(true, Ordering::SeqCst);
        let Seen { times, failed } = self.thread.join().unwrap();
        tell("GET /api/me meanwhile", times.count());
        report.at_most("  of these failed", failed, 0);
        report.within("  p99", times.p99(), p99);
        tell("  worst", times.worst());
    }
}

async fn look(address: SocketAddr, cookie: &str, stop: &AtomicBool) -> Seen {
    let (mut client, request, mut seen) = (Client::new(address), get("/api/me", cookie), Seen::default());
    let mut interval = tokio::time::interval(EVERY);
    while !stop.load(Ordering::SeqCst) {
        interval.tick().await;
        let begun = Instant::now();
        let status = client.ask(&request).await.map_or(0, |answer| answer.status);
        seen.times.push(begun.elapsed());
        seen.failed += usize::from(status != 200);
    }
    seen
}
