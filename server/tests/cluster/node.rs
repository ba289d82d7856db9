//! A MariaDB node of a Galera cluster, as a process that can be killed and comes back as systemd would bring it back.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use sqlx::{Connection, MySqlConnection};
use tempfile::TempDir;
use tokio::process::Child;
use tokio::time::{Instant, sleep, timeout};

/// How long a node may take to join: making its files, and the whole state from another, which takes mariadb-backup at least
/// ten seconds (the donor sleeps that long).
const JOINED_WITHIN: Duration = Duration::from_mins(2);
/// How long a node may take to answer one question about itself.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);
/// How long `--wsrep-recover` may take.
const RECOVERED_WITHIN: Duration = Duration::from_mins(1);
/// How much of a node's log is shown when it fails.
const LINES_SHOWN: usize = 60;

/// Where a node listens.
#[derive(Clone, Copy, Debug)]
struct Ports {
    clients: u16,
    group: u16,
    /// For what it missed while it was away (IST).
    increments: u16,
    /// For everything there is (SST).
    state: u16,
}

pub struct Node {
    name: String,
    ports: Ports,
    /// All members' group addresses, its own among them.
    members: String,
    provider_options: String,
    child: Option<Child>,
    folder: TempDir,
}

impl Node {
    /// Three that know of each other, none of them running; `provider_options` are Galera's own, as `name=value;...`.
    pub fn three(provider_options: &str) -> [Self; 3] {
        let ports = free_ports::<12>();
        let ports = [0, 4, 8].map(|first| Ports {
            clients: ports[first],
            group: ports[first + 1],
            increments: ports[first + 2],
            state: ports[first + 3],
        });
        let members = ports.map(|ports| format!("127.0.0.1:{}", ports.group)).join(",");
        [0, 1, 2].map(|index| {
            let folder = tempfile::tempdir().unwrap();
            // The scripts that carry the state read it as well, and write their troubles to files beside the data.
            std::fs::write(folder.path().join("my.cnf"), "[sst]\nsst-syslog=-1\nsst-log-archive=0\n").unwrap();
            Self {
                name: format!("n{}", index + 1),
                ports: ports[index],
                members: members.clone(),
                provider_options: provider_options.to_owned(),
                child: None,
                folder,
            }
        })
    }

    pub fn url(&self, database: &str) -> String {
        format!("mysql://root@127.0.0.1:{}/{database}", self.ports.clients)
    }

    /// Makes a cluster of which it is the only member.
    pub async fn found(&mut self) {
        self.launch(&["--wsrep-new-cluster".to_owned()]).await;
    }

    /// Joins the running members with nothing of its own.
    pub async fn join(&mut self) {
        self.launch(&[]).await;
    }

    /// Joins the running members with what it has. A node that was killed does not know how far it had come, and would be
    /// sent everything; so it is asked first, as systemd's unit does before every start (`galera_recovery`).
    pub async fn rejoin(&mut self) {
        let mut recovery = self.command(&["--wsrep-recover".to_owned()]).spawn().unwrap();
        let ended = timeout(RECOVERED_WITHIN, recovery.wait()).await;
        let log = self.log();
        let position = log.rsplit_once("WSREP: Recovered position: ").and_then(|(_, rest)| rest.lines().next());
        match (ended, position) {
            (Ok(Ok(status)), Some(position)) if status.success() => {
                self.launch(&[format!("--wsrep-start-position={}", position.trim())]).await;
            }
            (ended, _) => self.fail(&format!("does not know where it stopped ({ended:?})")),
        }
    }

    /// SIGKILL: nothing is finished, nobody is told.
    pub async fn kill(&mut self) {
        self.child.take().unwrap().kill().await.unwrap();
    }

    /// A value of one of Galera's own options, as the running node has it.
    pub async fn provider_option(&self, name: &str) -> String {
        let options = self.ask("SHOW VARIABLES LIKE 'wsrep_provider_options'").await.unwrap();
        let mut options = options.split(';').filter_map(|option| option.split_once('='));
        let found = options.find(|(key, _)| key.trim() == name);
        found.unwrap_or_else(|| panic!("Galera has no {name}")).1.trim().to_owned()
    }

    /// The value that a SHOW statement gives.
    async fn ask(&self, statement: &'static str) -> Result<String, sqlx::Error> {
        let asking = async {
            let mut connection = MySqlConnection::connect(&self.url("mysql")).await?;
            let (_, value): (String, String) = sqlx::query_as(statement).fetch_one(&mut connection).await?;
            Ok(value)
        };
        timeout(ANSWERED_WITHIN, asking).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    /// Starts it, and waits until it has everything the others have.
    async fn launch(&mut self, options: &[String]) {
        self.child = Some(self.command(options).spawn().unwrap());
        let end = Instant::now() + JOINED_WITHIN;
        while Instant::now() < end {
            if let Some(status) = self.child.as_mut().unwrap().try_wait().unwrap() {
                self.fail(&format!("ended: {status}"));
            }
            let state = self.ask("SHOW STATUS LIKE 'wsrep_local_state_comment'").await;
            if state.is_ok_and(|state| state == "Synced") {
                return;
            }
            sleep(Duration::from_millis(100)).await;
        }
        self.fail(&format!("has not joined within {} s", JOINED_WITHIN.as_secs()));
    }

    fn command(&self, options: &[String]) -> tokio::process::Command {
        let Ports { clients, group, increments, state } = self.ports;
        // It ends with this process, however that ends.
        let mut command = tokio::process::Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "bash"]);
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("databases/mariadb.sh"));
        command.arg(self.folder.path()).arg(clients.to_string()).args([
            "--binlog-format=ROW".to_owned(),
            "--innodb-autoinc-lock-mode=2".to_owned(),
            "--wsrep-on=ON".to_owned(),
            "--wsrep-provider=/usr/lib/galera/libgalera_smm.so".to_owned(),
            "--wsrep-cluster-name=hallpass".to_owned(),
            format!("--wsrep-cluster-address=gcomm://{}", self.members),
            format!("--wsrep-node-name={}", self.name),
            format!("--wsrep-node-address=127.0.0.1:{group}"),
            format!(
                "--wsrep-provider-options=base_port={group};gmcast.listen_addr=tcp://127.0.0.1:{group};\
                 ist.recv_addr=127.0.0.1:{increments};{}",
                self.provider_options
            ),
            "--wsrep-sst-method=mariabackup".to_owned(),
            "--wsrep-sst-auth=root:".to_owned(),
            format!("--wsrep-sst-receive-address=127.0.0.1:{state}"),
        ]);
        command.args(options).kill_on_drop(true);
        command
    }

    fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.folder.path().join("log")).unwrap_or_default()).into_owned()
    }

    fn fail(&self, why: &str) -> ! {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        panic!(
            "node {} {why}; its log ends with\n{}",
            self.name,
            lines[lines.len().saturating_sub(LINES_SHOWN)..].join("\n")
        );
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // What carries the state to or from it would outlive it.
        let processes = self.child.as_ref().and_then(Child::id).map(with_descendants).unwrap_or_default();
        if !processes.is_empty() {
            let _ = Command::new("kill").arg("-KILL").args(processes).stderr(Stdio::null()).status();
        }
    }
}

/// The process, its children and theirs (proc(5)).
fn with_descendants(pid: u32) -> Vec<String> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let children = threads.map(|thread: std::fs::DirEntry| -> PathBuf { thread.path().join("children") });
    let children: String = children.filter_map(|path| std::fs::read_to_string(path).ok()).collect();
    let descendants = children.split_whitespace().filter_map(|child| child.parse().ok()).flat_map(with_descendants);
    std::iter::once(pid.to_string()).chain(descendants).collect()
}

/// Different ports of this machine that nobody listens on, from below the range out of which connections get theirs: in that
/// range, who tries to reach a node that is away may be given the very port that it will come back to.
fn free_ports<const N: usize>() -> [u16; N] {
    let mut listeners = Vec::with_capacity(N);
    while listeners.len() < N {
        let port = 20_000 + u16::from_ne_bytes(hallpass::random::bytes()) % 12_000;
        listeners.extend(TcpListener::bind(("127.0.0.1", port)));
    }
    std::array::from_fn(|index| listeners[index].local_addr().unwrap().port())
}
