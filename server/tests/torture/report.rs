//! The figures of an experiment and the bounds they must keep.

use std::time::Duration;

use crate::is_long;

/// Something that is measured.
pub trait Figure: PartialOrd + Copy {
    fn text(self) -> String;
}

impl Figure for usize {
    fn text(self) -> String {
        self.to_string()
    }
}

impl Figure for Duration {
    fn text(self) -> String {
        format!("{:.1} ms", self.as_secs_f64() * 1_000.0)
    }
}

/// An amount of memory, in KiB as proc(5) gives it.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Kib(pub f64);

impl Figure for Kib {
    fn text(self) -> String {
        if self.0 < 1024.0 { format!("{:.1} KiB", self.0) } else { format!("{:.1} MiB", self.0 / 1024.0) }
    }
}

/// A figure without a bound.
pub fn tell(name: &str, value: impl Figure) {
    println!("  {name:<60} {:>12}", value.text());
}

/// What came out of one experiment. Every figure is printed before any of them fails the test.
#[derive(Debug)]
pub struct Report {
    failures: Vec<String>,
}

impl Report {
    pub fn new(title: &str) -> Self {
        println!("\n{title}");
        Self { failures: Vec::new() }
    }

    /// A figure that keeps its bound on any machine.
    pub fn at_most<F: Figure>(&mut self, name: &str, value: F, bound: F) {
        self.judge(name, value, "at most", bound, value <= bound);
    }

    /// The same for a lower bound.
    pub fn at_least<F: Figure>(&mut self, name: &str, value: F, bound: F) {
        self.judge(name, value, "at least", bound, value >= bound);
    }

    /// A time that keeps its bound where nothing else uses the machine: in the long form.
    pub fn within(&mut self, name: &str, value: Duration, bound: Duration) {
        if is_long() {
            self.at_most(name, value, bound);
        } else {
            tell(name, value);
        }
    }

    fn judge<F: Figure>(&mut self, name: &str, value: F, kind: &str, bound: F, holds: bool) {
        let (value, bound) = (value.text(), bound.text());
        let verdict = if holds { "ok" } else { "FAILED" };
        println!("  {name:<60} {value:>12}   {kind} {bound}: {verdict}");
        if !holds {
            self.failures.push(format!("{name}: {value}, not {kind} {bound}"));
        }
    }

    pub fn finish(self) {
        assert!(self.failures.is_empty(), "{}", self.failures.join("; "));
    }
}

/// Some times that something took.
#[derive(Clone, Debug, Default)]
pub struct Times(Vec<Duration>);

impl Times {
    pub fn push(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    pub fn worst(&self) -> Duration {
        self.0.iter().max().copied().unwrap_or_default()
    }

    /// What all but a hundredth were as quick as.
    pub fn p99(&self) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort();
        sorted.get((sorted.len() * 99).div_ceil(100).saturating_sub(1)).copied().unwrap_or_default()
    }
}

impl Extend<Duration> for Times {
    fn extend<I: IntoIterator<Item = Duration>>(&mut self, times: I) {
        self.0.extend(times);
    }
}

impl IntoIterator for Times {
    type Item = Duration;
    type IntoIter = std::vec::IntoIter<Duration>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
