//! A MySQL, MariaDB or PostgreSQL of the test's own, which can be stopped, hung and started again. `TEST_MYSQL_SERVER` says which
//! of the first two: `mariadb` (the default) or `mysql`.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use hallpass::config::DatabaseKind;
use hallpass::random;
use sqlx::{AssertSqlSafe, Connection, MySqlConnection, PgConnection};
use tempfile::TempDir;

use crate::database;

/// A server on a free port; killed when dropped.
#[derive(Debug)]
pub struct DatabaseServer {
    pub kind: DatabaseKind,
    pub folder: TempDir,
    port: u16,
    options: Vec<String>,
    pub child: Option<Child>,
}

impl DatabaseServer {
    /// Starts one, with options of its own program. It may take a moment to answer.
    pub fn start(kind: DatabaseKind, options: &[String]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        open_to_all(folder.path());
        let mut server = Self { kind, folder, port: free_port(), options: options.to_vec(), child: None };
        server.launch();
        server
    }

    /// Starts it again after it has ended.
    pub fn launch(&mut self) {
        // PostgreSQL's other processes notice its death in their own time, and the next start waits for them.
        let _ = std::fs::remove_file(self.folder.path().join("server/data/postmaster.pid"));
        let script = match self.kind {
            DatabaseKind::MySql if is_mysql() => "mysql.sh",
            DatabaseKind::MySql => "mariadb.sh",
            _ => "postgres.sh",
        };
        let child = Command::new("bash")
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("databases").join(script))
            .arg(self.folder.path().join("server"))
            .arg(self.port.to_string())
            .args(&self.options)
            .spawn()
            .unwrap();
        self.child = Some(child);
    }

    /// Stops all of its threads, without closing anything.
    pub async fn hang(&self) {
        let begun = Instant::now();
        loop {
            // Again: the first process may just have been making another.
            self.signal("STOP");
            if stands_still(self.pid()) {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "it does not stand still");
            actix_web::rt::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Lets it go on after a [`DatabaseServer::hang`].
    pub fn go_on(&self) {
        self.signal("CONT");
    }

    /// Signals all of its processes: PostgreSQL has one for each connection, which the first one makes.
    fn signal(&self, name: &str) {
        self.signal_the_first(name);
        let pid = self.pid().to_string();
        let children = Command::new("pkill").args(["--signal", name, "--parent", &pid]).status().unwrap();
        assert!(children.success() || self.kind == DatabaseKind::MySql);
    }

    /// As a service manager does it.
    pub fn signal_the_first(&self, name: &str) {
        assert!(Command::new("kill").args(["-s", name, &self.pid().to_string()]).status().unwrap().success());
    }

    fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// The URL for an administrator, on some host and with some query.
    pub fn url(&self, host: &str, query: &str) -> String {
        match self.kind {
            DatabaseKind::MySql => format!("mysql://root@{host}:{}/mysql{query}", self.port),
            _ => format!("postgres://hallpass@{host}:{}/postgres{query}", self.port),
        }
    }

    /// Runs statements as the administrator, once the server answers.
    pub async fn execute(&self, statements: &[&str]) {
        for _ in 0..1_800 {
            if self.try_execute(statements).await.is_ok() {
                return;
            }
            actix_web::rt::time::sleep(Duration::from_millis(100)).await;
        }
        self.try_execute(statements).await.unwrap();
    }

    async fn try_execute(&self, statements: &[&str]) -> Result<(), sqlx::Error> {
        let url = self.url("127.0.0.1", "");
        if self.kind == DatabaseKind::MySql {
            let mut connection = MySqlConnection::connect(&url).await?;
            for statement in statements {
                sqlx::raw_sql(AssertSqlSafe(*statement)).execute(&mut connection).await?;
            }
        } else {
            let mut connection = PgConnection::connect(&url).await?;
            for statement in statements {
                sqlx::raw_sql(AssertSqlSafe(*statement)).execute(&mut connection).await?;
            }
        }
        Ok(())
    }

    /// A new database on it, as an owner without special rights reaches it.
    pub async fn database(&self) -> String {
        self.execute(&["SELECT 1"]).await;
        let url = database::create(self.kind, &self.url("127.0.0.1", "")).await;
        if self.kind == DatabaseKind::MySql {
            let rights = ["CREATE USER IF NOT EXISTS app@'%'", "GRANT ALL ON `hallpass\\_test\\_%`.* TO app@'%'"];
            self.execute(&rights).await;
            return url.replace("root@", "app@");
        }
        url
    }
}

impl Drop for DatabaseServer {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Whether this run is about MySQL itself, as opposed to MariaDB.
pub fn is_mysql() -> bool {
    match std::env::var("TEST_MYSQL_SERVER").as_deref() {
        Err(_) | Ok("mariadb") => false,
        Ok("mysql") => true,
        Ok(other) => panic!("TEST_MYSQL_SERVER={other}: use mariadb or mysql"),
    }
}

/// A port that no connection of somebody else's gets in the meantime: those have higher ones.
pub fn free_port() -> u16 {
    loop {
        let port = 20_000 + u16::from_ne_bytes(random::bytes()) % 12_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// PostgreSQL runs as a user of its own where the tests run as root.
pub fn open_to_all(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Whether every thread of the process and of its children has been stopped or has ended (proc(5)), which takes a moment.
fn stands_still(pid: u32) -> bool {
    let folders = |path: String| std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    folders(format!("/proc/{pid}/task")).all(|thread| {
        let status = std::fs::read_to_string(thread.join("status")).unwrap_or_default();
        // Afterwards: what stands still has no more children.
        let children = std::fs::read_to_string(thread.join("children")).unwrap_or_default();
        status.lines().any(|line| line.starts_with("State:\tT") || line.starts_with("State:\tZ"))
            && children.split_whitespace().all(|child| stands_still(child.parse().unwrap()))
    })
}
