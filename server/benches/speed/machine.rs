//! The machine's cores, and what a process takes of it.

use std::fs;
use std::process::{Command, Stdio};
use std::thread::available_parallelism;

/// How many cores a server may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cores {
    /// One to itself; the load comes from another.
    One,
    /// All, shared with the load generator.
    All,
}

/// The machine.
pub struct Machine {
    cores: usize,
}

impl Machine {
    pub fn look() -> Self {
        let cores = available_parallelism().unwrap().get();
        assert!(cores > 1, "the server and the load generator need a core each");
        Self { cores }
    }

    /// What is started from now on uses these cores.
    pub fn use_cores(&self, cores: Cores) {
        let list = match cores {
            Cores::One => "0".to_owned(),
            Cores::All => self.all(),
        };
        // The main thread's alone, from which everything is started.
        let pid = std::process::id().to_string();
        let told = Command::new("taskset").args(["-pc", &list, &pid]).stdout(Stdio::null()).status().unwrap();
        assert!(told.success());
    }

    /// A program that makes the load for servers on `cores`.
    pub fn beside(&self, cores: Cores, program: &str) -> Command {
        let list = match cores {
            Cores::One => "1".to_owned(),
            Cores::All => self.all(),
        };
        let mut command = Command::new("taskset");
        command.args(["-c", &list, program]);
        command
    }

    fn all(&self) -> String {
        format!("0-{}", self.cores - 1)
    }
}

/// Seconds of CPU that the process and its children have used.
pub fn cpu_seconds(pid: u32) -> f64 {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let pids = children.split_whitespace().map(|child| child.parse().unwrap()).chain([pid]);
    pids.map(own_cpu_seconds).sum()
}

/// `utime` and `stime` of proc(5), which are hundredths of a second.
fn own_cpu_seconds(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name, in brackets, may hold anything.
    let after_name = stat.rsplit(')').next().unwrap();
    after_name.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<f64>().unwrap() / 100.0).sum()
}

/// `VmRSS` or `VmHWM` of the process, in MiB.
pub fn memory_mib(pid: u32, field: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':')).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}

/// Lets `VmHWM` begin anew.
pub fn forget_peak_memory(pid: u32) {
    fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
}
