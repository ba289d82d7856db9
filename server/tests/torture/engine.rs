//! A new database on one of the three engines.

use std::path::Path;
use std::process::Command;

use hallpass::config::DatabaseKind;

use crate::database_server::DatabaseServer;
use crate::not_run;

#[derive(Debug)]
pub enum Engine {
    File,
    Server(DatabaseServer),
}

impl Engine {
    /// A private server where the engine needs one; `None`, said aloud, where it is not installed.
    pub fn start(kind: DatabaseKind) -> Option<Self> {
        let name = match kind {
            DatabaseKind::Sqlite => return Some(Self::File),
            DatabaseKind::MySql => "mariadb",
            DatabaseKind::Postgres => "postgres",
        };
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("databases");
        let look = format!(". {}/start.sh; has_{name}", folder.display());
        if Command::new("bash").args(["-c", &look]).status().unwrap().success() {
            return Some(Self::Server(DatabaseServer::start(kind, &[])));
        }
        not_run(&format!("kills, restarts and a dry pool on {name}: it is not installed"));
        None
    }

    /// The URL of a new database; SQLite's file lies in `folder`.
    pub async fn database(&self, folder: &Path) -> String {
        match self {
            Self::File => format!("sqlite://{}/test.db", folder.display()),
            Self::Server(server) => server.database().await,
        }
    }
}
