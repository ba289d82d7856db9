//! The load generator.

use std::io::Write;
use std::process::Child;
use std::process::Stdio;

use tempfile::NamedTempFile;

use crate::machine::{Cores, Machine};

/// Says in one line what wrk has counted: its own report knows no thousandth.
const REPORT: &str = "
done = function(summary, latency)
    local e = summary.errors
    io.write(string.format('counted %d %d %d %d %d %d\\n', summary.requests, summary.duration,
        e.status + e.connect + e.read + e.write + e.timeout,
        latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
";

/// What is asked, again and again.
#[derive(Clone, Debug)]
pub struct Load {
    pub url: String,
    pub headers: Vec<(&'static str, String)>,
    pub connections: u32,
    /// In Lua, what more wrk is told.
    pub script: String,
}

impl Load {
    /// `GET` of that address on 64 connections.
    pub fn get(url: String, headers: Vec<(&'static str, String)>) -> Self {
        Self { url, headers, connections: 64, script: String::new() }
    }

    /// Starts to ask.
    pub fn start(&self, machine: &Machine, cores: Cores, seconds: u32) -> Asking {
        let mut script = NamedTempFile::new().unwrap();
        write!(script, "{}{REPORT}", self.script).unwrap();
        let mut wrk = machine.beside(cores, "wrk");
        wrk.args(["-t1", "--timeout", "30s", &format!("-c{}", self.connections), &format!("-d{seconds}s"), "-s"])
            .arg(script.path());
        for (name, value) in &self.headers {
            wrk.args(["-H", &format!("{name}: {value}")]);
        }
        Asking { wrk: wrk.arg(&self.url).stdout(Stdio::piped()).spawn().unwrap(), _script: script }
    }
}

/// A wrk that runs.
pub struct Asking {
    wrk: Child,
    _script: NamedTempFile,
}

/// What wrk has counted; nothing was refused.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    pub requests: f64,
    pub seconds: f64,
    /// Milliseconds that half of the requests, 99 of 100 and 999 of 1000 did not exceed.
    pub p50: f64,
    pub p99: f64,
    pub p999: f64,
}

impl Asking {
    pub fn finish(self) -> Counted {
        let output = self.wrk.wait_with_output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let line = said.lines().find_map(|line| line.strip_prefix("counted ")).unwrap_or_else(|| panic!("{said}"));
        let numbers: Vec<f64> = line.split(' ').map(|number| number.parse().unwrap()).collect();
        let [requests, microseconds, refused, p50, p99, p999] = numbers[..] else { panic!("{line}") };
        assert!(refused == 0.0 && requests > 0.0, "{said}");
        Counted { requests, seconds: microseconds / 1e6, p50: p50 / 1e3, p99: p99 / 1e3, p999: p999 / 1e3 }
    }
}
