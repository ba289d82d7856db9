//! Two servers in turn, and the share that one reaches of the other.

use std::fmt;

use crate::machine::{Cores, Machine, cpu_seconds};
use crate::wrk::{Counted, Load};

/// The middle one of so many measurements counts.
pub const ROUNDS: usize = 3;
const SECONDS: u32 = 3;

/// A server and what it is asked.
#[derive(Clone, Debug)]
pub struct Side {
    pub pid: u32,
    pub load: Load,
}

impl Side {
    pub fn measure(&self, machine: &Machine, cores: Cores) -> Run {
        let before = cpu_seconds(self.pid);
        let counted = self.load.start(machine, cores, SECONDS).finish();
        Run { counted, cpu: cpu_seconds(self.pid) - before }
    }
}

/// What one server did.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    pub counted: Counted,
    /// Seconds of CPU that it took.
    pub cpu: f64,
}

impl Run {
    pub fn rate(&self) -> f64 {
        self.counted.requests / self.counted.seconds
    }

    pub fn cpu_microseconds(&self) -> f64 {
        self.cpu * 1e6 / self.counted.requests
    }

    fn had_its_core(&self) -> bool {
        self.cpu / self.counted.seconds >= 0.9
    }
}

/// A server beside its limit.
#[derive(Clone, Debug)]
pub struct Share {
    pub what: String,
    pub beside: &'static str,
    pub ours: Run,
    pub limit: Run,
    pub by: Measure,
    pub target: Option<f64>,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Requests a second.
    Rate,
    /// CPU time a request: where others had a part of our core, the rate says little.
    Cpu,
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rate => "rate",
            Self::Cpu => "CPU",
        })
    }
}

impl Share {
    pub fn of(what: &str, beside: &'static str, cores: Cores, ours: Run, limit: Run) -> Self {
        let is_rate = cores == Cores::All || ours.had_its_core();
        let by = if is_rate { Measure::Rate } else { Measure::Cpu };
        Self { what: what.to_owned(), beside, ours, limit, by, target: None }
    }

    pub fn value(&self) -> f64 {
        match self.by {
            Measure::Rate => self.ours.rate() / self.limit.rate(),
            Measure::Cpu => self.limit.cpu_microseconds() / self.ours.cpu_microseconds(),
        }
    }

    /// Where one core is used, the least that it should be.
    pub fn at_least(mut self, cores: Cores, target: f64) -> Self {
        self.target = (cores == Cores::One).then_some(target);
        self
    }
}

/// The middle share of some rounds, the two measured in turn.
pub fn compare(machine: &Machine, cores: Cores, what: &str, ours: &Side, beside: &'static str, limit: &Side) -> Share {
    // Caches fill, and connections to the database open.
    ours.measure_briefly(machine, cores);
    let round = |_| Share::of(what, beside, cores, ours.measure(machine, cores), limit.measure(machine, cores));
    middle((0..ROUNDS).map(round).collect())
}

/// The one with the middle share.
pub fn middle(mut shares: Vec<Share>) -> Share {
    shares.sort_by(|one, other| one.value().total_cmp(&other.value()));
    shares.swap_remove(shares.len() / 2)
}

impl Side {
    fn measure_briefly(&self, machine: &Machine, cores: Cores) {
        self.load.start(machine, cores, 1).finish();
    }
}
