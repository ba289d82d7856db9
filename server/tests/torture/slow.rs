//! Clients that take their time, so that the server spends its own on them.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::task::JoinSet;

use crate::client::{BROWSER, Client, get};
use crate::probe::Probe;
use crate::process::{Server, create_person};
use crate::report::{Kib, Report, tell};
use crate::{is_long, sized, usage};

/// What a client does at once, and what it does a byte a second from then on.
#[derive(Clone, Debug)]
struct Kind {
    name: &'static str,
    opening: String,
    drip: Option<&'static str>,
    /// The memory that one may cost.
    cost: Kib,
}

/// Of whoever sends: 2,000 cost no more than 64 MiB.
const SENDER: Kib = Kib(32.0);
/// Of whoever reads: the piece of a file that is on its way.
const READER: Kib = Kib(128.0);

fn kinds() -> Vec<Kind> {
    let head =
        format!("POST /api/login HTTP/1.1\r\nhost: x\r\nuser-agent: {BROWSER}\r\ncontent-type: application/json\r\n");
    let (first, unread) = (get("/api/servertime", ""), get("/large.js", "").repeat(2));
    vec![
        Kind { name: "heads", opening: format!("{head}x-slow: "), drip: Some("a"), cost: SENDER },
        Kind {
            name: "heads after a first request",
            opening: format!("{first}{head}x-slow: "),
            drip: Some("a"),
            cost: SENDER,
        },
        Kind { name: "bodies", opening: format!("{head}content-length: 60000\r\n\r\n"), drip: Some(" "), cost: SENDER },
        Kind {
            name: "bodies that nobody wants",
            opening: "POST /nowhere HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n".to_owned(),
            drip: Some("1\r\na\r\n"),
            cost: SENDER,
        },
        Kind { name: "readers", opening: unread, drip: None, cost: READER },
        Kind {
            name: "readers of one document",
            opening: get("/api/openapi.json", "").repeat(2),
            drip: None,
            cost: READER,
        },
    ]
}

/// Goes on until the server has had enough.
async fn dawdle(address: SocketAddr, kind: Kind) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let Ok(mut connection) = socket.connect(address).await else { return };
    if connection.write_all(kind.opening.as_bytes()).await.is_err() {
        return;
    }
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let done = match kind.drip {
            Some(drip) => connection.write_all(drip.as_bytes()).await,
            None => connection.read_u8().await.map(|_| ()),
        };
        if done.is_err() {
            return;
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "not that many")]
async fn attack(kinds: &[Kind], clients: usize) -> Report {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("dist")).unwrap();
    std::fs::write(folder.path().join("dist/large.js"), vec![b' '; 300_000]).unwrap();
    let url = format!("sqlite://{}/test.db", folder.path().display());
    create_person(folder.path(), &url, "alice");
    let settings = [("DATABASE_URL", url.as_str()), ("CLIENT_DIST", "dist")];
    let server = Server::start(folder.path(), &settings);
    let cookie = Client::new(server.address).sign_in("alice").await;
    let probe = Probe::start(server.address, &cookie);
    tokio::time::sleep(Duration::from_secs(1)).await;

    let (files, memory) = (usage::open_files(&server), usage::memory(&server));
    let names: Vec<&str> = kinds.iter().map(|kind| kind.name).collect();
    let mut report = Report::new(&format!("{clients} slow clients of each of these kinds: {}", names.join(", ")));
    let mut dawdlers = JoinSet::new();
    for kind in kinds {
        for _ in 0..clients {
            dawdlers.spawn(dawdle(server.address, kind.clone()));
        }
    }
    let (begun, mut most, mut open) = (Instant::now(), memory, 0);
    while open < clients * kinds.len() && begun.elapsed() < Duration::from_secs(3) {
        open = open.max(usage::open_files(&server) - files);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // The last of them has only just begun.
    let begun = Instant::now();
    let closing = usage::until_closed(&server, files);
    let watching = async {
        loop {
            most.0 = most.0.max(usage::memory(&server).0);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::select! {
        _ = closing => {}
        () = watching => {}
    }
    tell("open at once", open);
    report.at_most("all cut after", begun.elapsed(), sized(Duration::from_secs(20), Duration::from_secs(10)));
    let bound = kinds.iter().map(|kind| kind.cost.0).sum::<f64>() * clients as f64;
    report.at_most("memory grew by", Kib(most.0 - memory.0), Kib(bound));
    probe.report(&mut report, Duration::from_millis(50));
    dawdlers.shutdown().await;
    report
}

#[tokio::test]
async fn clients() {
    if is_long() {
        let mut reports = Vec::new();
        for kind in kinds() {
            reports.push(attack(&[kind], 2_000).await);
        }
        reports.into_iter().for_each(Report::finish);
    } else {
        attack(&kinds(), 100).await.finish();
    }
}
