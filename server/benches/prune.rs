//! What pruning a great many rows costs those who use the server meanwhile, on SQLite: how long `GET /api/me` and
//! `POST /api/login` take while nothing is pruned and while everything old is, and how large the write-ahead log gets.
//! `just bench-prune` runs it; `BENCH_ROWS` says how many rows are old (half of them sessions, half lines of the audit), and
//! `BENCH_SECONDS` how long is measured.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hallpass::app::Application;
use hallpass::clock::{Clock, Timestamp};
use hallpass::config::Config;
use hallpass::db::Db;
use hallpass::identity::{Role, new_id};
use hallpass::secret::hasher::Hasher;
use hallpass::sessions::model::Lifetime;
use hallpass::users::queries::{self as users, NewAccount};
use hallpass::{audit, sessions};
use reqwest::header::{COOKIE, SET_COOKIE, USER_AGENT};
use serde_json::json;
use sqlx::AssertSqlSafe;

const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:137.0) Gecko/20100101 Firefox/137.0";
const PASSWORD: &str = "correct horse battery staple";
const START: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);
const DAY: Duration = Duration::from_hours(24);
/// So many clients ask, each at this pace: enough for a hundredth to be counted, and far from all the machine can do.
const READERS: u32 = 4;
const EVERY: Duration = Duration::from_millis(20);
const LOGIN_EVERY: Duration = Duration::from_millis(100);

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

/// A server whose clock stands still, so that what is old is decided here.
fn serve(url: &str, clock: &Clock) -> (String, Db, Hasher) {
    let settings = [
        ("ENVIRONMENT", "development"),
        ("PUBLIC_URL", "http://localhost:3000"),
        ("PORT", "0"),
        ("DATABASE_URL", url),
        ("SESSION_KEY", "the key of a benchmark is long enough"),
        ("SESSION_EXPIRE_DAYS", "90"),
        ("MAX_SESSIONS_PER_USER", "10000"),
        ("ARGON2_MEMORY_KIB", "64"),
        ("ARGON2_ITERATIONS", "1"),
        ("CLIENT_DIST", "."),
    ];
    let config = Config::from_environment(settings.into_iter().collect()).unwrap();
    let (ready, started) = std::sync::mpsc::channel();
    let clock = clock.clone();
    thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let application = Application::bind(config, clock).await.unwrap();
            let base = format!("http://{}", application.address());
            ready.send((base, application.db().clone(), application.hasher().clone())).unwrap();
            application.run(std::future::pending()).await.unwrap();
        });
    });
    started.recv().unwrap()
}

/// Sessions that ended, and lines that were written, ten days ago.
async fn fill(file: &Path, rows: u64) {
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    let mut connection = pool.acquire().await.unwrap();
    let at = START.minus(10 * DAY).as_micros();
    let id = new_id(START.minus(10 * DAY));
    let prefix = &id[..13];
    for pragma in ["PRAGMA synchronous = OFF", "PRAGMA cache_size = -2000000"] {
        sqlx::query(pragma).execute(&mut *connection).await.unwrap();
    }
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)";
    for part in 0..rows / 2 / 100_000 {
        let id = format!("'{prefix}' || printf('-%022d', {part} * 100000 + i)");
        let session = format!(
            "{numbers} INSERT INTO session (id, token_hash, user_id, kind, status, end_reason, browser, ip, created_at, \
                                            authenticated_at, last_seen_at, expires_at, ended_at) \
             SELECT {id}, randomblob(32), u.id, 'cookie', 'logged_out', 'logged_out', 'Firefox on Linux', '192.0.2.1', \
                    {at}, {at}, {at}, {at}, {at} + {part} * 100000 + i FROM n, user_account u"
        );
        let line = format!(
            "{numbers} INSERT INTO audit_event (id, at, event, user_id, actor_id, session_id, device, ip) \
             SELECT {id}, {at}, 'login_succeeded', u.id, u.id, {id}, 'Firefox on Linux', '192.0.2.1' \
             FROM n, user_account u"
        );
        for statement in [session, line] {
            sqlx::query(AssertSqlSafe(statement)).execute(&mut *connection).await.unwrap();
        }
    }
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut *connection).await.unwrap();
    drop(connection);
    pool.close().await;
}

/// The middle, the hundredth-worst and the worst of some times.
struct Times(Vec<Duration>);

impl Times {
    fn row(&mut self) -> String {
        self.0.sort();
        let at = |part: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a place in a list"
            )]
            let index = ((self.0.len() - 1) as f64 * part) as usize;
            format!("{:.1} ms", self.0[index].as_secs_f64() * 1_000.0)
        };
        format!("{} | {} | {} | {}", self.0.len(), at(0.5), at(0.99), at(1.0))
    }
}

async fn sign_in(client: &reqwest::Client, base: &str) -> String {
    let credentials = json!({"username": "alice", "password": PASSWORD});
    let request = client.post(format!("{base}/api/login")).header(USER_AGENT, BROWSER).json(&credentials);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.headers()[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned()
}

/// Asks until it is over; gives the times of `GET /me` and of logins.
async fn measure(base: &str, until: Instant) -> (Times, Times) {
    let client = reqwest::Client::new();
    let cookie = sign_in(&client, base).await;
    let readers = (0..READERS).map(|_| async {
        let (mut times, mut pace) = (Vec::new(), tokio::time::interval(EVERY));
        while Instant::now() < until {
            pace.tick().await;
            let began = Instant::now();
            let request = client.get(format!("{base}/api/me")).header(USER_AGENT, BROWSER).header(COOKIE, &cookie);
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 200);
            answer.bytes().await.unwrap();
            times.push(began.elapsed());
        }
        times
    });
    let logins = async {
        let (mut times, mut pace) = (Vec::new(), tokio::time::interval(LOGIN_EVERY));
        while Instant::now() < until {
            pace.tick().await;
            let began = Instant::now();
            sign_in(&client, base).await;
            times.push(began.elapsed());
        }
        times
    };
    let (reads, logins) = futures_util::join!(futures_util::future::join_all(readers), logins);
    (Times(reads.concat()), Times(logins))
}

/// Notes the largest size of a file until it is told to stop.
fn watch(file: PathBuf, stop: Arc<AtomicBool>) -> thread::JoinHandle<u64> {
    thread::spawn(move || {
        let mut largest = 0;
        while !stop.load(Ordering::Relaxed) {
            largest = largest.max(std::fs::metadata(&file).map_or(0, |metadata| metadata.len()));
            thread::sleep(Duration::from_millis(5));
        }
        largest
    })
}

async fn count(db: &Db) -> u64 {
    let Db::Sqlite { reader, .. } = db else { unreachable!() };
    let query = "SELECT (SELECT COUNT(*) FROM session) + (SELECT COUNT(*) FROM audit_event)";
    let count: i64 = sqlx::query_scalar(query).fetch_one(reader).await.unwrap();
    count.unsigned_abs()
}

/// What the server's hourly chores do, at once, for as long as is measured.
fn prune(db: Db, clock: Clock, seconds: u64, took: Arc<AtomicU64>) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let lifetime = Lifetime { absolute: 90 * DAY, idle: None };
            let began = Instant::now();
            let both = async {
                futures_util::try_join!(
                    sessions::prune::run(&db, &clock, &lifetime),
                    audit::queries::delete_old(&db, 30 * DAY, clock.now())
                )
            };
            if let Ok(done) = tokio::time::timeout(Duration::from_secs(seconds), Box::pin(both)).await {
                done.unwrap();
            }
            took.store(u64::try_from(began.elapsed().as_millis()).unwrap(), Ordering::Relaxed);
        });
    })
}

fn main() {
    let (rows, seconds) = (setting("BENCH_ROWS", 10_000_000), setting("BENCH_SECONDS", 60));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bench.db");
    let clock = Clock::fixed(START);
    let (base, db, hasher) = serve(&format!("sqlite://{}", file.display()), &clock);
    runtime.block_on(async {
        let password_hash = hasher.hash(PASSWORD.into()).await.unwrap();
        let alice = NewAccount {
            id: &new_id(START),
            username: "alice",
            email: None,
            full_name: "",
            role: Role::Member,
            password_hash: &password_hash,
            created_at: START,
        };
        db.write(async |tx| users::insert(tx, &alice).await).await.unwrap();
        let began = Instant::now();
        fill(&file, rows).await;
        let size = std::fs::metadata(&file).unwrap().len() / 1_000_000;
        println!(
            "{rows} old rows, {size} MB, made in {:.0} s. Each is measured for {seconds} s.\n",
            began.elapsed().as_secs_f64()
        );
        println!("| | requests | middle | p99 | worst |");
        println!("| --- | ---: | ---: | ---: | ---: |");
        measure(&base, Instant::now() + Duration::from_secs(2)).await;
        let mut idle = measure(&base, Instant::now() + Duration::from_secs(seconds)).await;
        println!("| `GET /me`, nothing pruned | {} |", idle.0.row());
        println!("| `POST /login`, nothing pruned | {} |", idle.1.row());

        let before = count(&db).await;
        let stop = Arc::new(AtomicBool::new(false));
        let wal = watch(folder.path().join("bench.db-wal"), stop.clone());
        let took = Arc::new(AtomicU64::new(0));
        clock.advance(25 * DAY);
        let pruning = prune(db.clone(), clock.clone(), seconds, took.clone());
        let mut busy = measure(&base, Instant::now() + Duration::from_secs(seconds)).await;
        pruning.join().unwrap();
        println!("| `GET /me`, while pruning | {} |", busy.0.row());
        println!("| `POST /login`, while pruning | {} |", busy.1.row());
        stop.store(true, Ordering::Relaxed);
        let largest = wal.join().unwrap();
        let deleted = before.saturating_sub(count(&db).await);
        let took = took.load(Ordering::Relaxed).max(1);
        println!(
            "\n{deleted} rows fewer after {:.1} s ({} a second); the write-ahead log was {:.1} MB at most.",
            f64::from(u32::try_from(took).unwrap()) / 1_000.0,
            deleted * 1_000 / took,
            f64::from(u32::try_from(largest / 1_000).unwrap()) / 1_000.0,
        );
    });
}
