//! What was acknowledged survives the server's sudden death.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use hallpass::config::DatabaseKind;
use sqlx::{Connection, SqliteConnection};

use crate::client::{Client, login, request};
use crate::engine::Engine;
use crate::process::{Server, create_person};
use crate::report::{Report, Times};
use crate::sized;

const PEOPLE: usize = 8;

/// What the server has acknowledged, and nothing was asked about since.
#[derive(Debug, Default)]
struct Acknowledged {
    /// The cookie of each login.
    alive: Vec<String>,
    /// The cookie of each sign-out.
    ended: Vec<String>,
}

/// Signs in, and out again every other time, until the server is gone.
async fn use_until_gone(address: SocketAddr, username: &str, note_login: impl Fn()) -> Acknowledged {
    let mut client = Client::new(address);
    let mut acknowledged = Acknowledged::default();
    for round in 0.. {
        let Ok(answer) = client.ask(&login(username)).await else { break };
        assert_eq!(answer.status, 200, "{}", answer.body);
        let cookie = answer.cookie();
        note_login();
        if round % 2 == 0 {
            acknowledged.alive.push(cookie);
            continue;
        }
        let Ok(answer) = client.ask(&request("POST", "/api/logout", &cookie, "")).await else { break };
        assert_eq!(answer.status, 204, "{}", answer.body);
        acknowledged.ended.push(cookie);
    }
    acknowledged
}

/// How many of the cookies get another status.
async fn others_than(status: u16, cookies: &[String], address: SocketAddr) -> usize {
    let asking = cookies.chunks(cookies.len().div_ceil(PEOPLE).max(1)).map(|cookies| async move {
        let (mut client, mut others) = (Client::new(address), 0);
        for cookie in cookies {
            others += usize::from(client.me(cookie).await != status);
        }
        others
    });
    join_all(asking).await.into_iter().sum()
}

/// Whether SQLite finds nothing wrong with a file.
pub async fn is_sound(file: &Path) -> bool {
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    let verdict: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check").fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    verdict == ["ok"]
}

async fn kill_again_and_again(kind: DatabaseKind) {
    let Some(engine) = Engine::start(kind) else { return };
    let (kills, logins) = sized((5, 60), (200, 260));
    let folder = tempfile::tempdir().unwrap();
    let url = engine.database(folder.path()).await;
    for person in 0..PEOPLE {
        create_person(folder.path(), &url, &format!("person{person}"));
    }
    let settings = [("DATABASE_URL", url.as_str()), ("MAX_SESSIONS_PER_USER", "10000")];
    let mut all = Acknowledged::default();
    let mut starts = Times::default();
    for _ in 0..kills {
        let begun = Instant::now();
        let server = RefCell::new(Server::start(folder.path(), &settings));
        starts.push(begun.elapsed());
        let address = server.borrow().address;
        let seen = Cell::new(0);
        // Somebody else's requests are under way when the last login that counts is answered.
        let note_login = || {
            seen.set(seen.get() + 1);
            if seen.get() == logins {
                server.borrow_mut().kill();
            }
        };
        let people = (0..PEOPLE).map(|person| {
            let note_login = &note_login;
            async move { use_until_gone(address, &format!("person{person}"), note_login).await }
        });
        for acknowledged in join_all(people).await {
            all.alive.extend(acknowledged.alive);
            all.ended.extend(acknowledged.ended);
        }
    }

    let mut report = Report::new(&format!("{kills} times killed in the middle of logins and logouts, on {kind:?}"));
    if kind == DatabaseKind::Sqlite {
        let damaged = !is_sound(&folder.path().join("test.db")).await;
        report.at_most("damaged databases", usize::from(damaged), 0);
    }
    let server = Server::start(folder.path(), &settings);
    let acknowledged = all.alive.len() + all.ended.len();
    report.at_least("acknowledged logins", acknowledged, kills * logins * 9 / 10);
    report.at_most("  of these lost", others_than(200, &all.alive, server.address).await, 0);
    report.at_least("acknowledged logouts", all.ended.len(), kills * logins / 4);
    report.at_most("  of these undone", others_than(401, &all.ended, server.address).await, 0);
    report.within("ready again after, at worst", starts.worst(), Duration::from_secs(1));
    report.finish();
}

#[tokio::test]
async fn on_sqlite() {
    kill_again_and_again(DatabaseKind::Sqlite).await;
}

#[tokio::test]
async fn on_mysql() {
    kill_again_and_again(DatabaseKind::MySql).await;
}

#[tokio::test]
async fn on_postgres() {
    kill_again_and_again(DatabaseKind::Postgres).await;
}
