//! Two servers behind nginx, as docs/deploy/nginx.conf sets it up, restarted one after the other while everybody works on.

use std::cell::Cell;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use hallpass::config::DatabaseKind;

use crate::client::{Client, get, login, request};
use crate::database_server::{free_port, open_to_all};
use crate::engine::Engine;
use crate::nginx::Nginx;
use crate::process::{Server, create_person};
use crate::report::{Report, Times, tell};
use crate::{not_run, sized};

const PEOPLE: usize = 16;

/// As a service manager does it; says how long it took to end.
async fn restart(server: &mut Server, folder: &Path, settings: &[(String, String)]) -> Duration {
    let begun = Instant::now();
    let sent = Command::new("kill").args(["-s", "TERM", &server.child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    while server.child.try_wait().unwrap().is_none() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let took = begun.elapsed();
    let (port, folder, settings) = (server.address.port(), folder.to_owned(), settings.to_owned());
    let start = move || {
        let settings: Vec<(&str, &str)> =
            settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Server::start_on(port, &folder, &settings)
    };
    *server = tokio::task::spawn_blocking(start).await.unwrap();
    took
}

/// Signs in, works a little, changes something, signs out, until it is `enough`; says how many requests that took, and what went
/// wrong.
async fn work(nginx: SocketAddr, username: String, enough: &Cell<bool>, asked: &Cell<usize>) -> Vec<String> {
    let (mut client, mut failures) = (Client::new(nginx), Vec::new());
    while !enough.get() {
        let mut cookie = String::new();
        for step in 0..20 {
            let (request, expected) = match step {
                0 => (login(&username), 200),
                5 | 10 | 15 => (request("PATCH", "/api/me", &cookie, r#"{"full_name":"Somebody"}"#), 200),
                19 => (request("POST", "/api/logout", &cookie, ""), 204),
                _ => (get("/api/me", &cookie), 200),
            };
            asked.set(asked.get() + 1);
            match client.ask(&request).await {
                Ok(answer) if answer.status == expected => {
                    if step == 0 {
                        cookie = answer.cookie();
                    }
                }
                Ok(answer) => failures.push(format!("{}: {} {}", step, answer.status, answer.body)),
                Err(error) => failures.push(format!("{step}: {error}")),
            }
        }
    }
    failures
}

#[tokio::test]
async fn restarts_behind_nginx() {
    let (restarts, requests) = sized((2, 2_000), (20, 100_000));
    let mut report = Report::new(&format!("{restarts} restarts of one of two servers behind nginx"));
    if !Nginx::is_installed() {
        not_run("restarts behind nginx: it is not installed");
        return;
    }
    let Some(engine) = Engine::start(DatabaseKind::Postgres).or_else(|| Engine::start(DatabaseKind::MySql)) else {
        not_run("restarts behind nginx: they need PostgreSQL or MariaDB");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    open_to_all(folder.path());
    let url = engine.database(folder.path()).await;
    for person in 0..PEOPLE {
        create_person(folder.path(), &url, &format!("person{person}"));
    }
    fs::create_dir(folder.path().join("dist")).unwrap();
    fs::write(folder.path().join("dist/index.html"), "the page").unwrap();
    let settings = [
        ("DATABASE_URL", url.as_str()),
        ("TRUSTED_PROXIES", "127.0.0.1"),
        // In development a server goes without warning; in production a cheap hash is refused.
        ("ENVIRONMENT", "production"),
        ("CLIENT_DIST", "dist"),
        ("ARGON2_MEMORY_KIB", "19456"),
        ("ARGON2_ITERATIONS", "2"),
    ];
    let mut servers = [Server::start(folder.path(), &settings), Server::start(folder.path(), &settings)];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let ports = [0, 1].map(|number| servers[number].address.port());
    let nginx = Nginx::start(folder.path(), address, ports).await;

    let (enough, asked) = (Cell::new(false), Cell::new(0));
    let people = (0..PEOPLE).map(|person| work(address, format!("person{person}"), &enough, &asked));
    let mut stops = Times::default();
    let rolling = async {
        for number in 0..restarts {
            // As docs/DEPLOY.md asks: nginx is to have found out that the other one is back.
            tokio::time::sleep(Duration::from_secs(1)).await;
            stops.push(restart(&mut servers[number % 2], folder.path(), &settings).await);
        }
        while asked.get() < requests {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        enough.set(true);
    };
    let (failures, ()) = join(join_all(people), rolling).await;
    drop(nginx);
    let failures: Vec<String> = failures.into_iter().flatten().collect();
    for failure in failures.iter().take(10) {
        println!("  {failure}");
    }
    let log = fs::read_to_string(folder.path().join("access.log")).unwrap();
    report.at_least("requests", asked.get(), requests);
    report.at_most("  of these failed, as the clients saw it", failures.len(), 0);
    report.at_least("requests, as nginx counted them", log.lines().count(), asked.get());
    report.at_most("  of these failed", log.lines().filter(|line| line.starts_with(['4', '5'])).count(), 0);
    tell("  asked of the other server as well", log.lines().filter(|line| line.contains(", ")).count());
    report.at_most("a server ended after, at worst", stops.worst(), Duration::from_secs(10));
    report.finish();
}
