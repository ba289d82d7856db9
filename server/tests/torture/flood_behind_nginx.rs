//! More logins than two servers can hash, behind nginx as docs/deploy/nginx.conf sets it up: nobody who is signed in notices.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::client::{Client, login};
use crate::database_server::{free_port, open_to_all};
use crate::nginx::Nginx;
use crate::probe::Probe;
use crate::process::{Server, create_person};
use crate::report::Report;
use crate::{not_run, sized};

/// More than the queues of both servers hold.
const CONNECTIONS: usize = 260;

#[derive(Debug, Default)]
struct Seen {
    failed: usize,
    overloaded: usize,
    others: BTreeMap<String, usize>,
}

/// Guesses at a name of its own, from an address of its own: nothing but the hashing queue limits it.
async fn guess(nginx: SocketAddr, number: usize, end: Instant) -> Seen {
    let address = format!("\r\nx-forwarded-for: 203.0.{}.{}\r\n", number / 256, number % 256);
    let request = login(&format!("nobody{number}")).replacen("\r\n", &address, 1);
    let (mut client, mut seen) = (Client::new(nginx), Seen::default());
    while Instant::now() < end {
        match client.ask(&request).await {
            Ok(answer) if matches!(answer.status, 401 | 429) => seen.failed += 1,
            Ok(answer) if answer.body.contains(r#""code":"overloaded""#) => seen.overloaded += 1,
            // On a slow machine a guess may also wait too long for one of the database's connections.
            Ok(answer) if answer.is_unavailable() => seen.failed += 1,
            Ok(answer) => *seen.others.entry(format!("{} {}", answer.status, answer.body)).or_default() += 1,
            Err(error) => *seen.others.entry(error.to_string()).or_default() += 1,
        }
    }
    seen
}

#[tokio::test]
async fn of_logins_behind_nginx() {
    if !Nginx::is_installed() {
        not_run("a flood of logins behind nginx: it is not installed");
        return;
    }
    let time = sized(Duration::from_secs(3), Duration::from_mins(1));
    let folder = tempfile::tempdir().unwrap();
    open_to_all(folder.path());
    let url = format!("sqlite://{}/test.db", folder.path().display());
    create_person(folder.path(), &url, "alice");
    // What a password costs in production.
    let settings = [
        ("DATABASE_URL", url.as_str()),
        ("TRUSTED_PROXIES", "127.0.0.1"),
        ("ARGON2_MEMORY_KIB", "19456"),
        ("ARGON2_ITERATIONS", "2"),
    ];
    let servers = [Server::start(folder.path(), &settings), Server::start(folder.path(), &settings)];
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let _nginx = Nginx::start(folder.path(), address, [0, 1].map(|number| servers[number].address.port())).await;
    let cookie = Client::new(address).sign_in("alice").await;

    let mut report = Report::new(&format!("{CONNECTIONS} connections guess behind nginx, for {} s", time.as_secs()));
    let probe = Probe::start(address, &cookie);
    let end = Instant::now() + time;
    // A task each: as parts of one they would share what a task may do before it has to stand back.
    let mut tasks = JoinSet::new();
    for number in 0..CONNECTIONS {
        tasks.spawn(guess(address, number, end));
    }
    let mut all = Seen::default();
    for seen in tasks.join_all().await {
        all.failed += seen.failed;
        all.overloaded += seen.overloaded;
        all.others.extend(seen.others);
    }
    report.at_least("guesses that were checked", all.failed, 1);
    // Otherwise nothing was flooded.
    report.at_least("refused for the time being", all.overloaded, 1);
    report.at_most("answers of any other kind", all.others.values().sum(), 0);
    for other in all.others.keys().take(10) {
        println!("    {other}");
    }
    probe.report(&mut report, Duration::from_millis(100));
    report.finish();
}
