//! Three servers on three MariaDB nodes that are one Galera cluster. `just test-cluster` runs it and prints its figures;
//! `GALERA_OPTIONS` (`name=value;...`) gives the nodes other options than Galera's own.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../api/process.rs"]
#[expect(dead_code, reason = "the other tests need more of it")]
mod process;

mod accident;
mod browser;
mod node;

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::{join, join_all};
use hallpass::config::DatabaseConfig;
use hallpass::db::{Db, Tx};
use hallpass::users::queries as users;
use node::Node;
use process::Server;
use reqwest::Client;
use serde_json::json;
use sqlx::{Connection, MySqlConnection};
use tempfile::TempDir;

/// How long all of it may take.
const ENDED_WITHIN: Duration = Duration::from_mins(10);

/// The nodes, and a server on each.
struct Cluster {
    client: Client,
    servers: Vec<Server>,
    nodes: [Node; 3],
    folder: TempDir,
}

impl Cluster {
    async fn start() -> Self {
        let mut nodes = Node::three(&std::env::var("GALERA_OPTIONS").unwrap_or_default());
        let [first, others @ ..] = &mut nodes;
        first.found().await;
        for node in others {
            node.join().await;
        }
        let mut connection = MySqlConnection::connect(&nodes[0].url("mysql")).await.unwrap();
        sqlx::query("CREATE DATABASE hallpass").execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();

        let folder = tempfile::tempdir().unwrap();
        let starting = nodes.iter().map(|node| {
            let (url, folder) = (node.url("hallpass"), folder.path().to_owned());
            tokio::task::spawn_blocking(move || Server::start(&folder, &[("DATABASE_URL", &url)]))
        });
        let servers = join_all(starting).await.into_iter().map(Result::unwrap).collect();
        println!("three servers started together, each on a node of its own");
        Self { client: browser::client(), servers, nodes, folder }
    }

    /// Where a server listens; any number is one of the three.
    fn at(&self, number: usize) -> SocketAddr {
        self.servers[number % 3].address
    }

    /// Makes a person by the arguments of `user create`.
    fn create(&self, arguments: &[&str]) {
        process::create(self.folder.path(), &self.nodes[0].url("hallpass"), arguments);
    }
}

#[tokio::test]
async fn three_servers_on_a_cluster() {
    let all = async {
        let mut cluster = Cluster::start().await;
        an_ended_session_is_refused_everywhere_at_once(&cluster).await;
        of_two_administrators_who_leave_together_one_stays(&cluster).await;
        Box::pin(what_a_node_gave_up_is_not_acknowledged(&cluster)).await;
        accident::one_of_three_nodes_dies_under_load(&mut cluster).await;
    };
    Box::pin(tokio::time::timeout(ENDED_WITHIN, all)).await.expect("it takes too long");
}

async fn an_ended_session_is_refused_everywhere_at_once(cluster: &Cluster) {
    const ROUNDS: usize = 200;

    let client = &cluster.client;
    cluster.create(&["person"]);
    for round in 0..ROUNDS {
        let (one, other) = (cluster.at(round), cluster.at(round + 1));
        let (status, cookie) = browser::login(client, one, "person").await;
        assert_eq!(status, 200);
        let (status, body) = browser::me(client, other, &cookie).await;
        assert_eq!(status, 200, "a login through one node is not known on another");
        let session = body["session"]["id"].as_str().unwrap();
        assert_eq!(browser::end(client, other, &cookie, session).await, 204);
        assert_eq!(browser::me(client, one, &cookie).await.0, 401, "a session ended through one node lives on another");
    }
    println!("{ROUNDS} logins known, and their endings obeyed, on another node at the very next request");
}

/// Row locks are each node's own, so each of two administrators may find the other still there.
async fn of_two_administrators_who_leave_together_one_stays(cluster: &Cluster) {
    const ROUNDS: usize = 200;
    const NAMES: [&str; 2] = ["one", "other"];

    let client = &cluster.client;
    for name in NAMES {
        cluster.create(&[name, "--admin"]);
    }
    let [gone, back] = [json!({"role": "member"}), json!({"role": "admin"})];
    let [disabled, enabled] = [json!({"disabled": true}), json!({"disabled": false})];
    let mut both_tried = 0;
    for round in 0..ROUNDS {
        let at = [cluster.at(round), cluster.at(round + 1)];
        let mut cookies = [String::new(), String::new()];
        let mut ids = [String::new(), String::new()];
        for index in 0..2 {
            cookies[index] = browser::login(client, at[index], NAMES[index]).await.1;
            let (_, me) = browser::me(client, at[index], &cookies[index]).await;
            me["id"].as_str().unwrap().clone_into(&mut ids[index]);
        }
        // Each takes themselves away, or each takes the other away.
        let (whom, take, give) = if round % 2 == 0 { ([0, 1], &gone, &back) } else { ([1, 0], &disabled, &enabled) };
        let leave = |index: usize| browser::change(client, at[index], &cookies[index], &ids[whom[index]], take);
        let statuses: [u16; 2] = join(leave(0), leave(1)).await.into();
        let done = statuses.map(|status| status == 200);
        assert!(done[0] != done[1], "round {round}: {statuses:?}");
        let winner = usize::from(done[1]);
        assert!([401, 403, 409].contains(&statuses[1 - winner]), "round {round}: {statuses:?}");
        both_tried += usize::from(statuses[1 - winner] == 409);
        // The one who is left brings the other back.
        let left = if whom[winner] == winner { 1 - winner } else { winner };
        assert_eq!(browser::change(client, at[left], &cookies[left], &ids[1 - left], give).await, 200, "round {round}");
    }
    println!(
        "{ROUNDS} times two administrators left at the same moment through two nodes, and one stayed ({both_tried})"
    );
}

/// The same again, on connections that are new, so that each statement is prepared while the transaction may be given up.
async fn what_a_node_gave_up_is_not_acknowledged(cluster: &Cluster) {
    const ROUNDS: usize = 500;

    let connect = async |node: &Node| {
        let mut config = DatabaseConfig::new(node.url("hallpass").into()).unwrap();
        config.connections = 1;
        Db::connect(&config).await.unwrap()
    };
    let db = connect(&cluster.nodes[0]).await;
    let [one, other] = ["one", "other"].map(|name| users::find_by_name(&db, name));
    let ids = [one.await.unwrap().unwrap().id, other.await.unwrap().unwrap().id];
    for round in 0..ROUNDS {
        for id in &ids {
            db.write(async |tx| users::set_disabled(tx, id, false).await).await.unwrap();
        }
        let (one, other) = (connect(&cluster.nodes[round % 3]).await, connect(&cluster.nodes[(round + 1) % 3]).await);
        let (one_left, other_left) = join(Box::pin(leave(&one, &ids[0])), Box::pin(leave(&other, &ids[1]))).await;
        assert!(one_left != other_left, "round {round}: {one_left} {other_left}");
        join(one.close(), other.close()).await;
    }
    db.close().await;
    println!("{ROUNDS} times the same on new connections, and what was acknowledged was done");
}

/// Whether this administrator could be disabled.
async fn leave(db: &Db, id: &str) -> bool {
    let leave = async |tx: &mut Tx| {
        users::lock_enabled_admins(tx).await?;
        users::set_disabled(tx, id, true).await?;
        if users::count_admins_who_can_sign_in(tx).await? == 0 { Err(anyhow::anyhow!("the last one")) } else { Ok(()) }
    };
    db.write(leave).await.is_ok()
}
