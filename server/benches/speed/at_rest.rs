//! What the server takes before anybody asks anything.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use crate::machine::memory_mib;
use crate::process;
use crate::table::Figure;

const STARTS: usize = 9;

pub fn measure() -> Vec<Figure> {
    let size = fs::metadata(env!("CARGO_BIN_EXE_hallpass")).unwrap().len();
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}/bench.db", folder.path().display());
    process::create_person(folder.path(), &database, "alice");
    let (mut milliseconds, mut mib): (Vec<f64>, Vec<f64>) =
        (0..STARTS).map(|_| start(folder.path(), &database)).unzip();
    milliseconds.sort_by(f64::total_cmp);
    mib.sort_by(f64::total_cmp);
    vec![
        Figure::new("binary", f64::from(u32::try_from(size).unwrap()) / 1024.0 / 1024.0, "MiB").below(20.0),
        Figure::new("start to first answer", milliseconds[STARTS / 2], "ms").below(50.0),
        Figure::new("memory at rest, on SQLite", mib[STARTS / 2], "MiB").below(15.0),
    ]
}

/// Milliseconds to the first answer, and MiB half a second later.
fn start(folder: &Path, database: &str) -> (f64, f64) {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    // The parameters of Argon2 are the real ones.
    let mut command = process::command(folder, &[("DATABASE_URL", database)]);
    command.env_remove("ARGON2_MEMORY_KIB").env_remove("ARGON2_ITERATIONS").env("PORT", address.port().to_string());
    let begun = Instant::now();
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let mut answer = [0; 15];
    loop {
        if let Ok(mut socket) = TcpStream::connect(address) {
            socket.write_all(b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
            socket.read_exact(&mut answer).unwrap();
            break;
        }
        thread::sleep(Duration::from_micros(200));
    }
    let took = begun.elapsed().as_secs_f64() * 1e3;
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    thread::sleep(Duration::from_millis(500));
    let memory = memory_mib(child.id(), "VmRSS");
    child.kill().unwrap();
    child.wait().unwrap();
    (took, memory)
}
