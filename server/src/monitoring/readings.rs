//! What is not counted as it happens but looked up when somebody asks.

use std::fs;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus::{Gauge, IntCounter, IntGauge, IntGaugeVec};

use crate::clock::{Clock, Timestamp};
use crate::db::Db;
use crate::events::Newsroom;
use crate::metrics::Metrics;
use crate::secret::hasher::Hasher;
use crate::sessions::queries as sessions;

/// How long the number of living sessions is good for: counting them reads as many entries of an index.
const COUNT_EVERY: Duration = Duration::from_secs(15);
/// How long the database may take for it; who asks has little patience.
const COUNT_WITHIN: Duration = Duration::from_secs(1);

/// Where the numbers come from.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// The hashing threads.
    pub hasher: Hasher,
    /// The open event streams.
    pub newsroom: Newsroom,
}

/// The numbers.
#[derive(Debug)]
pub struct Readings {
    metrics: Metrics,
    sources: Sources,
    hash_queue: IntGauge,
    hashes_computed: IntCounter,
    hashes_refused: IntCounter,
    connections: IntGaugeVec,
    connections_max: IntGaugeVec,
    event_streams: IntGauge,
    sessions: Gauge,
    sessions_counted_at: Mutex<Option<Timestamp>>,
    memory: IntGauge,
    open_files: IntGauge,
}

impl Readings {
    /// Adds them to `metrics`.
    #[must_use]
    pub fn new(metrics: Metrics, sources: Sources) -> Self {
        let build = metrics.gauges("hallpass_build_info", "Always 1; the label tells the version.", &["version"]);
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        let started = metrics.gauge("process_start_time_seconds", "When the server was started, in Unix seconds.");
        started.set(sources.clock.now().as_micros() / 1_000_000);
        let capacity = metrics.gauge("hallpass_hash_queue_capacity", "How many passwords may wait to be hashed.");
        capacity.set(i64::try_from(Hasher::CAPACITY).unwrap_or(i64::MAX));
        Self {
            hash_queue: metrics.gauge("hallpass_hash_queue_length", "Passwords that wait to be hashed."),
            hashes_computed: metrics.counter("hallpass_hashes_computed_total", "Hashes of passwords computed."),
            hashes_refused: metrics.counter("hallpass_hashes_refused_total", "Passwords that found the queue full."),
            connections: metrics.gauges(
                "hallpass_database_connections",
                "Open connections to the database.",
                &["pool", "state"],
            ),
            connections_max: metrics.gauges(
                "hallpass_database_connections_max",
                "How many connections may be open.",
                &["pool"],
            ),
            event_streams: metrics.gauge("hallpass_event_streams", "Open event streams."),
            sessions: metrics.uncertain_gauge("hallpass_sessions", "Living sessions, as the database knows them."),
            sessions_counted_at: Mutex::default(),
            memory: metrics.gauge("process_resident_memory_bytes", "Memory that the server occupies."),
            open_files: metrics.gauge("process_open_fds", "Files and sockets that the server has open."),
            metrics,
            sources,
        }
    }

    /// Everything, in Prometheus's text form.
    pub(super) async fn text(&self) -> Result<String, prometheus::Error> {
        let Sources { db, hasher, newsroom, .. } = &self.sources;
        let load = hasher.load();
        self.hash_queue.set(number(load.waiting));
        catch_up(&self.hashes_computed, hasher.computed());
        catch_up(&self.hashes_refused, load.refused);
        for pool in db.pools() {
            let idle = i64::from(pool.idle);
            self.connections.with_label_values(&[pool.name, "idle"]).set(idle);
            self.connections.with_label_values(&[pool.name, "used"]).set(i64::from(pool.size) - idle);
            self.connections_max.with_label_values(&[pool.name]).set(i64::from(pool.max));
        }
        self.event_streams.set(number(newsroom.streams()));
        self.memory.set(resident_memory().unwrap_or_default());
        self.open_files.set(fs::read_dir("/proc/self/fd").map_or(0, |files| number(files.count())));
        self.count_sessions().await;
        self.metrics.text()
    }

    /// Counts the living sessions, unless that was done just now.
    async fn count_sessions(&self) {
        let now = self.sources.clock.now();
        {
            let mut counted_at = self.sessions_counted_at.lock().unwrap_or_else(PoisonError::into_inner);
            if counted_at.is_some_and(|at| now.since(at) < COUNT_EVERY) {
                return;
            }
            *counted_at = Some(now);
        }
        let count = tokio::time::timeout(COUNT_WITHIN, sessions::count_living(&self.sources.db, now)).await;
        self.sessions.set(match count {
            #[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 sessions")]
            Ok(Ok(count)) => count as f64,
            _ => f64::NAN,
        });
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Brings a counter to what somebody else has counted.
fn catch_up(counter: &IntCounter, total: u64) {
    counter.inc_by(total.saturating_sub(counter.get()));
}

/// What Linux says, in bytes; `None` elsewhere.
fn resident_memory() -> Option<i64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: i64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kibibytes * 1024)
}
