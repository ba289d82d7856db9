//! A database server that is restarted and killed under load.

use std::cell::Cell;
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use hallpass::config::DatabaseKind;

use crate::client::{Client, get, login};
use crate::database_server::DatabaseServer;
use crate::engine::Engine;
use crate::process::{Server, create_person};
use crate::report::Report;

const RESTARTS: usize = 20;
const PEOPLE: usize = 4;
/// Acknowledged between one restart and the next.
const LOGINS: usize = 25;

#[derive(Debug, Default)]
struct Seen {
    acknowledged: Vec<String>,
    unavailable: usize,
    wrong: usize,
}

/// Stops it as its administrator would, or kills it, while everybody works on.
async fn stop(database: &mut DatabaseServer, signal: &str) {
    database.signal_the_first(signal);
    while database.child.as_mut().unwrap().try_wait().unwrap().is_none() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn restart_again_and_again(kind: DatabaseKind) {
    let Some(Engine::Server(mut database)) = Engine::start(kind) else { return };
    let folder = tempfile::tempdir().unwrap();
    let url = database.database().await;
    for person in 0..PEOPLE {
        create_person(folder.path(), &url, &format!("person{person}"));
    }
    let server = Server::start(folder.path(), &[("DATABASE_URL", &url)]);
    let (enough, logins) = (Cell::new(false), Cell::new(0));
    let people = (0..PEOPLE).map(|person| {
        let (enough, logins) = (&enough, &logins);
        let (address, request) = (server.address, login(&format!("person{person}")));
        async move {
            let (mut client, mut seen) = (Client::new(address), Seen::default());
            while !enough.get() {
                let answer = client.ask(&request).await.unwrap();
                match answer.status {
                    200 => {
                        seen.acknowledged.push(answer.cookie());
                        logins.set(logins.get() + 1);
                    }
                    _ if answer.is_unavailable() => seen.unavailable += 1,
                    _ => seen.wrong += 1,
                }
                if let Some(cookie) = seen.acknowledged.last() {
                    let answer = client.ask(&get("/api/me", cookie)).await.unwrap();
                    match answer.status {
                        200 => {}
                        // Nobody is signed out because the database is away.
                        _ if answer.is_unavailable() && answer.header("set-cookie").is_empty() => seen.unavailable += 1,
                        _ => seen.wrong += 1,
                    }
                }
            }
            seen
        }
    });
    let restarts = async {
        for number in 0..RESTARTS {
            let signal = match (number % 2, kind) {
                (0, DatabaseKind::MySql) => "TERM",
                (0, _) => "INT",
                _ => "KILL",
            };
            stop(&mut database, signal).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
            let before = logins.get();
            database.launch();
            database.execute(&["SELECT 1"]).await;
            let begun = Instant::now();
            while logins.get() < before + LOGINS {
                assert!(begun.elapsed() < Duration::from_secs(20), "hardly anybody signs in after restart {number}");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        enough.set(true);
    };
    let (people, ()) = join(join_all(people), restarts).await;

    let mut report = Report::new(&format!("The database restarted {RESTARTS} times under load, on {kind:?}"));
    let acknowledged: Vec<&String> = people.iter().flat_map(|seen| &seen.acknowledged).collect();
    report.at_least("acknowledged logins", acknowledged.len(), RESTARTS * LOGINS);
    let (mut client, mut lost) = (Client::new(server.address), 0);
    for cookie in acknowledged {
        lost += usize::from(client.me(cookie).await != 200);
    }
    report.at_most("  of these lost", lost, 0);
    report.at_least("refused as unavailable", people.iter().map(|seen| seen.unavailable).sum(), PEOPLE);
    report.at_most("answers of any other kind", people.iter().map(|seen| seen.wrong).sum(), 0);
    let health = client.ask(&get("/api/health", "")).await.unwrap();
    report.at_most("status of GET /api/health afterwards", usize::from(health.status), 200);
    report.finish();
}

#[tokio::test]
async fn of_mysql() {
    restart_again_and_again(DatabaseKind::MySql).await;
}

#[tokio::test]
async fn of_postgres() {
    restart_again_and_again(DatabaseKind::Postgres).await;
}
