//! The figures as tables for docs/SPEED.md.

use std::fmt::Write;

use crate::compare::{Run, Share};
use crate::machine::Cores;

/// One number that has no limit to be compared with.
pub struct Figure {
    what: &'static str,
    value: f64,
    unit: &'static str,
    target: f64,
}

impl Figure {
    pub fn new(what: &'static str, value: f64, unit: &'static str) -> Self {
        Self { what, value, unit, target: f64::INFINITY }
    }

    /// The most that it should be.
    pub fn below(mut self, target: f64) -> Self {
        self.target = target;
        self
    }
}

pub fn verdict(is_met: bool) -> &'static str {
    if is_met { "met" } else { "not met" }
}

/// Shares and latencies of servers that use these cores.
pub fn shares(cores: Cores, shares: &[Share]) -> String {
    let mut table = match cores {
        Cores::One => "One core for the server, another one for the load:\n\n".to_owned(),
        Cores::All => "All cores, for the server and the load together:\n\n".to_owned(),
    };
    table.push_str(
        "| | a second | beside it | share | target | | p50 ms | p99 ms | p99.9 ms | CPU us |\n\
         | --- | ---: | --- | ---: | ---: | --- | ---: | ---: | ---: | ---: |\n",
    );
    for share in shares {
        let Share { what, beside, ours, limit, by, target } = share;
        let Run { counted, .. } = ours;
        let value = share.value();
        let (target, verdict) =
            target.map_or_else(Default::default, |target| (format!("{target}"), verdict(value >= target)));
        writeln!(
            table,
            "| {what} | {:.0} | {beside}: {:.0} | {value:.2} by {by} | {target} | {verdict} | {:.2} | {:.1} | {:.1} | {:.1} / {:.1} |",
            ours.rate(),
            limit.rate(),
            counted.p50,
            counted.p99,
            counted.p999,
            ours.cpu_microseconds(),
            limit.cpu_microseconds(),
        )
        .unwrap();
    }
    table
}

pub fn figures(figures: &[Figure]) -> String {
    let mut table = "| | measured | target | |\n| --- | ---: | ---: | --- |\n".to_owned();
    for Figure { what, value, unit, target } in figures {
        writeln!(table, "| {what} | {value:.1} {unit} | {target:.1} {unit} | {} |", verdict(value <= target)).unwrap();
    }
    table
}
