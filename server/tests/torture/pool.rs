//! Far more clients than connections to a database that hangs.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use hallpass::config::DatabaseKind;

use crate::client::{Client, get};
use crate::engine::Engine;
use crate::process::{Server, create_person};
use crate::report::{Report, Times, tell};
use crate::sized;

const CONNECTIONS: usize = 2;

/// How long everybody's next request took, by whether it was answered with 200 or refused as unavailable; and the others.
async fn ask_all(clients: &mut [Client], request: &str) -> (Times, Times, usize) {
    let asking = clients.iter_mut().map(|client| async {
        let begun = Instant::now();
        let answer = client.ask(request).await.ok();
        (answer.map_or((false, false), |answer| (answer.status == 200, answer.is_unavailable())), begun.elapsed())
    });
    let (mut good, mut refused, mut wrong) = (Times::default(), Times::default(), 0);
    for (answer, took) in join_all(asking).await {
        match answer {
            (true, _) => good.push(took),
            (_, true) => refused.push(took),
            _ => wrong += 1,
        }
    }
    (good, refused, wrong)
}

async fn run_dry(kind: DatabaseKind) {
    let Some(Engine::Server(database)) = Engine::start(kind) else { return };
    let number = sized(100, 500);
    let folder = tempfile::tempdir().unwrap();
    let url = database.database().await;
    create_person(folder.path(), &url, "alice");
    let settings = [("DATABASE_URL", url.as_str()), ("DATABASE_CONNECTIONS", &CONNECTIONS.to_string())];
    let server = Server::start(folder.path(), &settings);
    let cookie = Client::new(server.address).sign_in("alice").await;
    let request = get("/api/me", &cookie);
    let clients = || (0..number).map(|_| Client::new(server.address)).collect::<Vec<_>>();

    let mut report =
        Report::new(&format!("{number} clients, {CONNECTIONS} connections to a database that hangs, on {kind:?}"));
    let (good, _, wrong) = ask_all(&mut clients(), &request).await;
    report.at_least("answered before", good.count(), number);
    tell("  at worst after", good.worst());
    database.hang().await;
    let (good, refused, refused_wrongly) = ask_all(&mut clients(), &request).await;
    report.at_least("refused as unavailable meanwhile", refused.count(), number);
    // Whoever has one of the connections waits for its statement, ten seconds at most; everybody else for a connection.
    let mut sorted: Vec<Duration> = refused.into_iter().collect();
    sorted.sort();
    let (waiting, holding) = sorted.split_at(sorted.len().saturating_sub(CONNECTIONS));
    report.within("  at worst after", waiting.last().copied().unwrap_or_default(), Duration::from_millis(3_200));
    report.within(
        "  those with a connection after",
        holding.last().copied().unwrap_or_default(),
        Duration::from_secs(14),
    );
    database.go_on();
    let begun = Instant::now();
    let mut rounds = 0;
    while rounds == 0 || begun.elapsed() < Duration::from_secs(30) {
        rounds += 1;
        if ask_all(&mut clients(), &request).await.0.count() == number {
            break;
        }
    }
    report.at_most("everybody answered again after", begun.elapsed(), Duration::from_secs(30));
    report.at_most("answers of any other kind", wrong + refused_wrongly + good.count(), 0);
    report.finish();
}

#[tokio::test]
async fn of_mysql_runs_dry() {
    run_dry(DatabaseKind::MySql).await;
}

#[tokio::test]
async fn of_postgres_runs_dry() {
    run_dry(DatabaseKind::Postgres).await;
}
