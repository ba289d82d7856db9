//! The real program as a process of its own, which can be killed.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

pub const PASSWORD: &str = "correct horse battery staple";
/// Longer than servers that start together wait for each other's migrations.
const READY_WITHIN: Duration = Duration::from_secs(150);
/// As much as a pipe holds.
const LOG_BUFFER: usize = 64 * 1024;

/// A running `hallpass serve`; killed when dropped.
pub struct Server {
    pub child: Child,
    pub address: SocketAddr,
}

/// The program, to be run in `folder` with the settings of the tests and those given.
pub fn command(folder: &Path, settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hallpass"));
    command.current_dir(folder).env_clear().envs([
        ("ENVIRONMENT", "development"),
        ("PUBLIC_URL", "http://localhost:3000"),
        ("SESSION_KEY", "the first key of the tests is long enough"),
        ("ARGON2_MEMORY_KIB", "64"),
        ("ARGON2_ITERATIONS", "1"),
        ("MAX_SESSIONS_PER_USER", "10000"),
        ("LOG_FORMAT", "json"),
    ]);
    command.envs(settings.iter().copied());
    command
}

/// Creates a person with [`PASSWORD`].
pub fn create_person(folder: &Path, database: &str, username: &str) {
    create(folder, database, &[username]);
}

/// The same, for any arguments of `user create`.
pub fn create(folder: &Path, database: &str, arguments: &[&str]) {
    let settings = [("DATABASE_URL", database)];
    let made = self::command(folder, &settings).arg("migrate").stdout(Stdio::null()).status().unwrap();
    assert!(made.success());
    let mut command = command(folder, &settings);
    command.args(["user", "create", "--password-stdin"]).args(arguments).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

impl Server {
    /// Starts it on a free port, and waits until it serves.
    pub fn start(folder: &Path, settings: &[(&str, &str)]) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self::start_on(port, folder, settings)
    }

    /// The same on a certain port.
    pub fn start_on(port: u16, folder: &Path, settings: &[(&str, &str)]) -> Self {
        let mut command = command(folder, settings);
        let mut child = command.env("PORT", port.to_string()).stdout(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::with_capacity(LOG_BUFFER, child.stdout.take().unwrap());
        let mut server = Self { child, address: SocketAddr::from(([127, 0, 0, 1], port)) };
        let (ready, is_ready) = mpsc::channel();
        std::thread::spawn(move || {
            let mut lines = (&mut log).lines().map_while(Result::ok);
            if lines.any(|line| line.contains("Hallpass is ready")) {
                let _ = ready.send(());
            }
            // At next to no cost: what is measured is the server, which waits for whoever reads its log.
            let _ = io::copy(&mut log, &mut io::sink());
        });
        match is_ready.recv_timeout(READY_WITHIN) {
            Ok(()) => server,
            Err(RecvTimeoutError::Timeout) => panic!("the server is not ready after {} s", READY_WITHIN.as_secs()),
            Err(RecvTimeoutError::Disconnected) => panic!("the server ended: {:?}", server.child.wait()),
        }
    }

    /// SIGKILL: nothing is finished, nothing is said.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
