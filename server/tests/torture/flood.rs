//! More logins than the machine can hash: what is too much is refused at once, in little memory, and others work on.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::client::{Client, login};
use crate::probe::Probe;
use crate::process::{Server, create_person};
use crate::report::{Kib, Report, Times, tell};
use crate::{sized, usage};

#[derive(Debug, Default)]
struct Seen {
    signed_in: usize,
    refused: Times,
    others: BTreeMap<String, usize>,
    broken: usize,
}

async fn sign_in_again_and_again(server: SocketAddr, end: Instant) -> Seen {
    let (mut client, request, mut seen) = (Client::new(server), login("alice"), Seen::default());
    while Instant::now() < end {
        let asked = Instant::now();
        match client.ask(&request).await {
            Ok(answer) if answer.status == 200 => seen.signed_in += 1,
            Ok(answer) if answer.body.contains(r#""code":"overloaded""#) && answer.header("retry-after") == "2" => {
                seen.refused.push(asked.elapsed());
            }
            Ok(answer) => *seen.others.entry(answer.body).or_default() += 1,
            Err(_) => seen.broken += 1,
        }
    }
    seen
}

#[tokio::test]
async fn of_logins() {
    let (clients, time) = sized((150, Duration::from_secs(3)), (500, Duration::from_mins(1)));
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/test.db", folder.path().display());
    create_person(folder.path(), &url, "alice");
    // What a password costs in production.
    let settings = [("DATABASE_URL", url.as_str()), ("ARGON2_MEMORY_KIB", "19456"), ("ARGON2_ITERATIONS", "2")];
    let server = Server::start(folder.path(), &settings);
    let cookie = Client::new(server.address).sign_in("alice").await;

    let mut report = Report::new(&format!("{clients} clients sign in at once, for {} s", time.as_secs()));
    let before = usage::memory(&server);
    let probe = Probe::start(server.address, &cookie);
    let end = Instant::now() + time;
    // A task each: as parts of one they would share what a task may do before it has to stand back.
    let mut tasks = JoinSet::new();
    for _ in 0..clients {
        tasks.spawn(sign_in_again_and_again(server.address, end));
    }
    let mut all = Seen::default();
    for seen in tasks.join_all().await {
        all.signed_in += seen.signed_in;
        all.refused.extend(seen.refused);
        all.others.extend(seen.others);
        all.broken += seen.broken;
    }
    report.at_least("signed in", all.signed_in, 1);
    tell("refused for the time being", all.refused.count());
    report.within("  p99", all.refused.p99(), Duration::from_millis(100));
    report.within("  worst", all.refused.worst(), Duration::from_millis(100));
    report.at_most("answers of any other kind", all.others.values().sum(), 0);
    for other in all.others.keys().take(10) {
        println!("    {other}");
    }
    report.at_most("connections that broke", all.broken, 0);
    probe.report(&mut report, Duration::from_millis(50));
    tell("memory before", before);
    report.at_most("memory at most", usage::peak(&server), Kib(150.0 * 1024.0));
    report.finish();
}
