//! Three servers on three MariaDB nodes that are one Galera cluster; one node dies under load and comes back.
//! `just test-cluster` runs it and prints its figures.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../api/process.rs"]
mod process;

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use futures_util::future::{join, join_all};
use process::{PASSWORD, Server};
use reqwest::header::{COOKIE, SET_COOKIE, USER_AGENT};
use serde_json::{Value, json};
use sqlx::{Connection, MySqlConnection};
use tempfile::TempDir;

const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:137.0) Gecko/20100101 Firefox/137.0";

struct Node {
    number: u16,
    folder: TempDir,
    child: Option<Child>,
}

impl Node {
    fn new(number: u16) -> Self {
        Self { number, folder: tempfile::tempdir().unwrap(), child: None }
    }

    fn port(&self) -> u16 {
        34_000 + self.number
    }

    fn url(&self, database: &str) -> String {
        format!("mysql://root@127.0.0.1:{}/{database}", self.port())
    }

    fn launch(&mut self, is_first: bool) {
        let (number, group, incremental, transfer) =
            (self.number, 35_000 + self.number * 10, 36_000 + self.number, 37_000 + self.number);
        let cluster = if is_first { "gcomm://" } else { "gcomm://127.0.0.1:35010,127.0.0.1:35020,127.0.0.1:35030" };
        let options = [
            "--binlog-format=ROW".to_owned(),
            "--innodb-autoinc-lock-mode=2".to_owned(),
            "--wsrep-on=ON".to_owned(),
            "--wsrep-provider=/usr/lib/galera/libgalera_smm.so".to_owned(),
            "--wsrep-cluster-name=hallpass".to_owned(),
            format!("--wsrep-cluster-address={cluster}"),
            format!("--wsrep-node-name=n{number}"),
            format!("--wsrep-node-address=127.0.0.1:{group}"),
            format!(
                "--wsrep-provider-options=base_port={group};ist.recv_addr=127.0.0.1:{incremental};\
                 gmcast.listen_addr=tcp://127.0.0.1:{group}"
            ),
            "--wsrep-sst-method=mariabackup".to_owned(),
            "--wsrep-sst-auth=root:".to_owned(),
            format!("--wsrep-sst-receive-address=127.0.0.1:{transfer}"),
        ];
        let mut command = Command::new("bash");
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("databases/mariadb.sh"));
        command.arg(self.folder.path()).arg(self.port().to_string());
        if is_first {
            command.arg("--wsrep-new-cluster");
        }
        self.child = Some(command.args(options).spawn().unwrap());
    }

    async fn is_synced(&self) -> Result<bool, sqlx::Error> {
        let mut connection = MySqlConnection::connect(&self.url("mysql")).await?;
        let state = sqlx::query_as("SHOW STATUS LIKE 'wsrep_local_state_comment'").fetch_one(&mut connection).await?;
        let (_, state): (String, String) = state;
        Ok(state == "Synced")
    }

    async fn wait_until_synced(&self) {
        for _ in 0..600 {
            if self.is_synced().await.unwrap_or(false) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("node {} does not join; its log is {}", self.number, self.folder.path().join("log").display());
    }

    fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
    }
}

/// Status and cookie of a login.
async fn login(client: &reqwest::Client, at: SocketAddr, username: &str) -> (u16, String) {
    let credentials = json!({"username": username, "password": PASSWORD});
    let request = client.post(format!("http://{at}/api/login")).header(USER_AGENT, BROWSER).json(&credentials);
    let answer = request.send().await.unwrap();
    let cookie = answer.headers().get(SET_COOKIE).map_or("", |line| line.to_str().unwrap());
    (answer.status().as_u16(), cookie.split(';').next().unwrap().to_owned())
}

async fn me(client: &reqwest::Client, at: SocketAddr, cookie: &str) -> (u16, Value) {
    let request = client.get(format!("http://{at}/api/me")).header(USER_AGENT, BROWSER).header(COOKIE, cookie);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn end(client: &reqwest::Client, at: SocketAddr, cookie: &str, session: &str) -> u16 {
    let request = client.delete(format!("http://{at}/api/sessions/{session}")).header(USER_AGENT, BROWSER);
    request.header(COOKIE, cookie).send().await.unwrap().status().as_u16()
}

/// What the clients of one server met.
#[derive(Debug, Default)]
struct Tally {
    answered: Cell<u32>,
    unavailable: Cell<u32>,
    last_good: Cell<Option<Instant>>,
    longest_gap: Cell<Duration>,
}

impl Tally {
    fn count(&self, status: u16) {
        match status {
            200 => {
                let now = Instant::now();
                if let Some(last) = self.last_good.replace(Some(now)) {
                    self.longest_gap.set(self.longest_gap.get().max(now - last));
                }
                self.answered.set(self.answered.get() + 1);
            }
            503 => self.unavailable.set(self.unavailable.get() + 1),
            other => panic!("a {other} while a node was away"),
        }
    }
}

#[tokio::test]
async fn one_of_three_nodes_dies_under_load() {
    let mut nodes = [Node::new(1), Node::new(2), Node::new(3)];
    for index in 0..3 {
        nodes[index].launch(index == 0);
        nodes[index].wait_until_synced().await;
    }
    let mut connection = MySqlConnection::connect(&nodes[0].url("mysql")).await.unwrap();
    sqlx::query("CREATE DATABASE hallpass").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();

    let folder = tempfile::tempdir().unwrap();
    let starting = nodes.iter().map(|node| {
        let (url, folder) = (node.url("hallpass"), folder.path().to_owned());
        tokio::task::spawn_blocking(move || Server::start(&folder, &[("DATABASE_URL", &url)]))
    });
    let servers: Vec<Server> = join_all(starting).await.into_iter().map(Result::unwrap).collect();
    let at: Vec<SocketAddr> = servers.iter().map(|server| server.address).collect();
    println!("three servers started together, each on a node of its own");
    for person in 0..4 {
        process::create_person(folder.path(), &nodes[person % 3].url("hallpass"), &format!("person{person}"));
    }

    let client = reqwest::Client::new();
    for round in 0..200 {
        let (one, other) = (at[round % 3], at[(round + 1) % 3]);
        let (status, cookie) = login(&client, one, "person0").await;
        assert_eq!(status, 200);
        let (status, body) = me(&client, other, &cookie).await;
        assert_eq!(status, 200, "a login through one node is not known on another");
        let session = body["session"]["id"].as_str().unwrap().to_owned();
        assert_eq!(end(&client, other, &cookie, &session).await, 204);
        assert_eq!(me(&client, one, &cookie).await.0, 401, "a session ended through one node lives on another");
    }
    println!("200 logins known, and their endings obeyed, on another node at the very next request");

    let tallies: [Tally; 3] = Default::default();
    let acknowledged = RefCell::new(Vec::new());
    let stop = Cell::new(false);
    let people = (0..6_usize).map(|person| {
        let (client, tallies, acknowledged, stop, at) = (&client, &tallies, &acknowledged, &stop, &at);
        async move {
            let server = person % 3;
            while !stop.get() {
                let (status, cookie) = login(client, at[server], &format!("person{}", person % 4)).await;
                tallies[server].count(status);
                if status == 200 {
                    let (status, _) = me(client, at[server], &cookie).await;
                    tallies[server].count(status);
                    acknowledged.borrow_mut().push(cookie);
                }
            }
        }
    });
    let accident = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        nodes[0].kill();
        tokio::time::sleep(Duration::from_secs(15)).await;
        nodes[0].launch(false);
        nodes[0].wait_until_synced().await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        stop.set(true);
    };
    join(join_all(people), accident).await;

    for (number, tally) in tallies.iter().enumerate() {
        println!(
            "server {} {}: {} answered, {} times 503, nothing else, {:.1} s without an answer at most",
            number + 1,
            if number == 0 { "(its node was killed for 15 s)" } else { "(its node stayed)" },
            tally.answered.get(),
            tally.unavailable.get(),
            tally.longest_gap.get().as_secs_f32(),
        );
        assert!(number == 0 || tally.longest_gap.get() <= Duration::from_secs(6), "the others wait too long");
    }
    let acknowledged = acknowledged.into_inner();
    for (number, cookie) in acknowledged.iter().enumerate() {
        assert_eq!(me(&client, at[number % 3], cookie).await.0, 200, "an acknowledged login was lost");
    }
    println!("{} acknowledged logins, none lost", acknowledged.len());
}
