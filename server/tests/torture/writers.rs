//! Many who write at once to SQLite, which takes one writer at a time.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::client::{Client, login, request};
use crate::process::{Server, create_person};
use crate::report::{Report, Times, tell};
use crate::sized;

#[tokio::test]
async fn on_sqlite() {
    const PEOPLE: usize = 8;

    let (number, time) = sized((16, Duration::from_secs(3)), (64, Duration::from_mins(1)));
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/test.db", folder.path().display());
    for person in 0..PEOPLE {
        create_person(folder.path(), &url, &format!("person{person}"));
    }
    let server = Server::start(folder.path(), &[("DATABASE_URL", &url), ("MAX_SESSIONS_PER_USER", "50")]);

    let mut report = Report::new(&format!("{number} write to SQLite at once, for {} s", time.as_secs()));
    let begun = Instant::now();
    let writers = (0..number).map(|writer| {
        let (address, username) = (server.address, format!("person{}", writer % PEOPLE));
        async move {
            let (mut client, mut times, mut failed) = (Client::new(address), Times::default(), 0);
            let mut cookie = client.sign_in(&username).await;
            for round in 0.. {
                if begun.elapsed() >= time {
                    break;
                }
                let asked = Instant::now();
                let answer = if round % 2 == 0 {
                    client.ask(&login(&username)).await.unwrap()
                } else {
                    let name = format!(r#"{{"full_name":"Writer {writer} {round}"}}"#);
                    client.ask(&request("PATCH", "/api/me", &cookie, &name)).await.unwrap()
                };
                times.push(asked.elapsed());
                match answer.status {
                    200 if round % 2 == 0 => cookie = answer.cookie(),
                    200 => {}
                    _ => failed += 1,
                }
            }
            (times, failed)
        }
    });
    let (mut times, mut failed) = (Times::default(), 0_usize);
    for (some, refused) in join_all(writers).await {
        times.extend(some);
        failed += refused;
    }
    tell("writes", times.count());
    report.at_most("  of these failed", failed, 0);
    report.within("  p99", times.p99(), Duration::from_millis(200));
    tell("  worst", times.worst());
    report.finish();
}
