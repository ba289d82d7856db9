//! Connections that are open and ask next to nothing.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::client::{Client, get};
use crate::probe::Probe;
use crate::process::{Server, create_person};
use crate::report::{Kib, Report};
use crate::{sized, usage};

/// The server closes what has been silent for five seconds.
const EVERY: Duration = Duration::from_secs(3);

#[tokio::test]
async fn connections() {
    let (connections, time) = sized((500, Duration::from_secs(5)), (10_000, Duration::from_mins(1)));
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/test.db", folder.path().display());
    create_person(folder.path(), &url, "alice");
    let server = Server::start(folder.path(), &[("DATABASE_URL", &url), ("RUST_LOG", "hallpass::cli=info,warn")]);
    let cookie = Client::new(server.address).sign_in("alice").await;
    let probe = Probe::start(server.address, &cookie);
    tokio::time::sleep(Duration::from_secs(1)).await;

    let mut report = Report::new(&format!("{connections} connections that are kept open, for {} s", time.as_secs()));
    let (files, memory) = (usage::open_files(&server), usage::memory(&server));
    let begun = Instant::now();
    let people = (0..connections).map(|number| {
        let address = server.address;
        async move {
            tokio::time::sleep(EVERY.mul_f64(f64::from(number) / f64::from(connections))).await;
            let (mut client, mut broken) = (Client::new(address), 0_usize);
            while begun.elapsed() < time {
                let answer = client.ask(&get("/api/servertime", "")).await;
                broken += usize::from(!answer.is_ok_and(|answer| answer.status == 200));
                tokio::time::sleep(EVERY).await;
            }
            // Still open: it is the server that ends it.
            (client, broken)
        }
    });
    let look = async {
        tokio::time::sleep(time.mul_f32(0.95)).await;
        (usage::open_files(&server) - files, usage::memory(&server))
    };
    let (people, (open, full)) = futures_util::future::join(join_all(people), look).await;
    let connections = usize::try_from(connections).unwrap();
    report.at_least("open at once", open, connections);
    report.at_most("broken", people.iter().map(|(_, broken)| broken).sum(), 0);
    #[expect(clippy::cast_precision_loss, reason = "not that many")]
    let each = Kib((full.0 - memory.0) / connections as f64);
    report.at_most("memory for each", each, Kib(16.0));
    let closed = usage::until_closed(&server, files).await;
    report.at_most("all closed by the server after", closed, Duration::from_secs(10));
    drop(people);
    probe.report(&mut report, Duration::from_millis(20));
    report.finish();
}
