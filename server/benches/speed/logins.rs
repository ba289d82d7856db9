//! Logins without pause with the real parameters of Argon2, beside what the hashing threads alone can do; how long others
//! wait meanwhile, and what memory it takes.

use std::thread::{self, available_parallelism};
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};

use crate::compare::{ROUNDS, Run, Share, middle};
use crate::machine::{self, Cores, Machine, cpu_seconds};
use crate::process::{self, Server};
use crate::requests::QUIET;
use crate::table::Figure;
use crate::visitor::{BROWSER, Visitor, credentials};
use crate::wrk::{Counted, Load};

const SECONDS: u32 = 6;
const CONNECTIONS: u32 = 32;
/// `GET /me` on 8 connections, each 25 times a second.
const ASK: &str = "function delay() return 40 end";

pub fn measure(machine: &Machine, cores: Cores) -> (Vec<Share>, Vec<Figure>) {
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}/bench.db", folder.path().display());
    process::create_person(folder.path(), &database, "alice");
    let settings = [
        ("DATABASE_URL", database.as_str()),
        ("RUST_LOG", QUIET),
        ("ARGON2_MEMORY_KIB", "19456"),
        ("ARGON2_ITERATIONS", "2"),
    ];
    let server = Server::start(folder.path(), &settings);
    let pid = server.child.id();
    let idle = machine::memory_mib(pid, "VmRSS");
    // The first sign-in stores the password's hash anew, with the real parameters.
    let (cookie, _) = Visitor::of(server.address).sign_in();
    let headers = vec![("User-Agent", BROWSER.to_owned()), ("Content-Type", "application/json".to_owned())];
    let login = Load {
        connections: CONNECTIONS,
        script: format!("wrk.method = 'POST'\nwrk.body = '{}'\n", credentials()),
        ..Load::get(format!("http://{}/api/login", server.address), headers)
    };
    let ask = Load {
        connections: 8,
        script: ASK.to_owned(),
        ..Load::get(
            format!("http://{}/api/me", server.address),
            vec![("User-Agent", BROWSER.to_owned()), ("Cookie", cookie)],
        )
    };
    machine::forget_peak_memory(pid);
    let mut waits = Vec::new();
    let rounds = (0..ROUNDS).map(|_| {
        let before = cpu_seconds(pid);
        let (logins, asking) = (login.start(machine, cores, SECONDS), ask.start(machine, cores, SECONDS - 1));
        waits.push(asking.finish().p99);
        let ours = Run { counted: logins.finish(), cpu: cpu_seconds(pid) - before };
        Share::of("login, Argon2id 19 MiB t=2", "Argon2 threads alone", cores, ours, hash())
    });
    let share = middle(rounds.collect()).at_least(cores, 0.93);
    waits.sort_by(f64::total_cmp);
    let threads = available_parallelism().unwrap().get();
    let most = idle + 19.0 * f64::from(u32::try_from(threads).unwrap()) + 10.0;
    let figures = vec![
        Figure::new("p99 of `GET /me` while 32 sign in", waits[ROUNDS / 2], "ms").below(10.0),
        Figure::new("most memory meanwhile", machine::memory_mib(pid, "VmHWM"), "MiB").below(most),
    ];
    (vec![share], figures)
}

/// As many threads as there are cores do nothing but hash, each in memory that it keeps.
fn hash() -> Run {
    let (threads, before) = (available_parallelism().unwrap().get(), cpu_seconds(std::process::id()));
    let begun = Instant::now();
    let count = || {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(19_456, 2, 1, Some(32)).unwrap());
        let mut memory = vec![Block::default(); argon2.params().block_count()];
        let mut hashes = 0_u32;
        while begun.elapsed() < Duration::from_secs(3) {
            let (password, salt) = (b"correct horse battery staple", hashes.to_le_bytes().repeat(4));
            argon2.hash_password_into_with_memory(password, &salt, &mut [0; 32], &mut memory).unwrap();
            hashes += 1;
        }
        hashes
    };
    let hashes: u32 = thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(count)).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    let seconds = begun.elapsed().as_secs_f64();
    let counted = Counted { requests: f64::from(hashes), seconds, p50: 0.0, p99: 0.0, p999: 0.0 };
    Run { counted, cpu: cpu_seconds(std::process::id()) - before }
}
