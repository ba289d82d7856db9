//! No room on the disk, or no right to write: nobody is signed out, nothing is said that is not so, nothing breaks.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::client::{Client, get, login, request};
use crate::kills::is_sound;
use crate::not_run;
use crate::probe::Probe;
use crate::process::{Server, create_person};
use crate::report::{Report, tell};

/// A small file system in memory, which only root can mount.
#[derive(Debug)]
struct Disk(TempDir);

impl Disk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let options = ["-t", "tmpfs", "-o", "size=16m", "tmpfs"];
        succeeds(Command::new("mount").args(options).arg(folder.path())).then_some(Self(folder))
    }

    fn filler(&self) -> PathBuf {
        self.0.path().join("filler")
    }

    fn fill(&self) {
        let mut filler = File::create(self.filler()).unwrap();
        for size in [64 * 1024, 1] {
            while filler.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn make_room(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        succeeds(Command::new("umount").arg(self.0.path()));
    }
}

/// Files that nobody may write to, as long as it lives; the ext family of file systems knows that, and root may say it.
#[derive(Debug)]
struct Immutable(Vec<PathBuf>);

impl Immutable {
    fn make(files: Vec<PathBuf>) -> Option<Self> {
        let files = Self(files);
        succeeds(Command::new("chattr").arg("+i").args(&files.0)).then_some(files)
    }
}

impl Drop for Immutable {
    fn drop(&mut self) {
        succeeds(Command::new("chattr").arg("-i").args(&self.0));
    }
}

fn succeeds(command: &mut Command) -> bool {
    command.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// What happens to those who sign in while nothing can be written.
async fn sign_in_until_refused(report: &mut Report, server: &Server) -> Vec<String> {
    let mut client = Client::new(server.address);
    let (mut acknowledged, mut refused, mut wrong) = (Vec::new(), 0, 0);
    // SQLite has some room of its own in its journal: logins may go on for a while.
    while refused < 50 && acknowledged.len() < 50_000 {
        let answer = client.ask(&login("alice")).await.unwrap();
        match answer.status {
            200 => acknowledged.push(answer.cookie()),
            _ if answer.is_unavailable() => refused += 1,
            _ => wrong += 1,
        }
    }
    let guess = request("POST", "/api/login", "", r#"{"username":"alice","password":"not this one"}"#);
    wrong += usize::from(!client.ask(&guess).await.unwrap().is_unavailable());
    tell("signed in nevertheless", acknowledged.len());
    report.at_least("logins refused as unavailable", refused, 50);
    report.at_most("logins answered otherwise", wrong, 0);
    let health = client.ask(&get("/api/health", "")).await.unwrap();
    tell("status of GET /api/health", usize::from(health.status));
    acknowledged
}

/// How long until a login succeeds again; ten seconds when none does.
async fn until_writable(server: &Server) -> Duration {
    let begun = Instant::now();
    let mut client = Client::new(server.address);
    while begun.elapsed() < Duration::from_secs(10) && client.ask(&login("alice")).await.unwrap().status != 200 {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    begun.elapsed()
}

/// Does something to the database that keeps it from being written, and undoes it.
async fn no_writes<T>(report: &mut Report, folder: &Path, hinder: impl FnOnce() -> Option<T>, undo: impl FnOnce(T)) {
    let url = format!("sqlite://{}/test.db", folder.display());
    create_person(folder, &url, "alice");
    let mut server = Server::start(folder, &[("DATABASE_URL", &url)]);
    let cookie = Client::new(server.address).sign_in("alice").await;
    let probe = Probe::start(server.address, &cookie);
    let mut acknowledged = vec![cookie];
    let Some(hindrance) = hinder() else {
        not_run("a database file that nobody may write to: only root can make one, and not on every file system");
        return;
    };
    acknowledged.extend(sign_in_until_refused(report, &server).await);
    undo(hindrance);
    report.at_most("signing in works again after", until_writable(&server).await, Duration::from_secs(5));
    probe.report(report, Duration::from_millis(50));
    let (mut client, mut lost) = (Client::new(server.address), 0);
    for cookie in &acknowledged {
        lost += usize::from(client.me(cookie).await != 200);
    }
    report.at_most("sessions lost", lost, 0);
    server.kill();
    let damaged = !is_sound(&folder.join("test.db")).await;
    report.at_most("damaged databases", usize::from(damaged), 0);
}

#[tokio::test]
async fn that_is_full() {
    let mut report = Report::new("A full disk, on SQLite");
    let Some(disk) = Disk::mount() else {
        not_run("a full disk: only root can mount a small one, and not in every container");
        return;
    };
    let fill = || {
        disk.fill();
        Some(())
    };
    no_writes(&mut report, disk.0.path(), fill, |()| disk.make_room()).await;
    report.finish();
}

#[tokio::test]
async fn that_takes_no_writes() {
    let mut report = Report::new("A database file that nobody may write to any more, on SQLite");
    let folder = tempfile::tempdir().unwrap();
    // Not `-shm`: SQLite maps it into memory, and the kernel ends whoever writes to a mapping that it can no longer keep.
    let files = ["test.db", "test.db-wal", "."].map(|name| folder.path().join(name));
    no_writes(&mut report, folder.path(), || Immutable::make(files.to_vec()), drop).await;
    report.finish();
}
