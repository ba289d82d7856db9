//! Being watched: the listener of `METRICS_ADDR`, which Prometheus asks, and what is looked up when it does.

mod listener;
mod readings;

pub use listener::Listener;
pub use readings::{Readings, Sources};
