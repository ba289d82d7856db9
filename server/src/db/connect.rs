//! How each database is connected to: what a session is told, how connections are encrypted, pooled and let go.

use std::future::{poll_fn, ready};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions, MySqlSslMode};
use sqlx::pool::{PoolConnectionMetadata, PoolOptions};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Database, Executor, MySqlConnection, PgConnection, Pool, SqliteConnection};
use tokio::runtime::Handle;

use super::Db;
use super::failure::{in_plain_words, is_in_use};
use super::file::{FileWatch, identify};
use super::migrate;
use super::prepare::STATEMENTS_KEPT;
use crate::config::{DatabaseConfig, DatabaseKind, files};
use crate::random;

/// How long a request waits for a connection before it is told that the database is unavailable.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a statement waits for another process that writes to the SQLite file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection that rested longer is asked whether it is still alive before it is used; firewalls forget such ones.
const TRUSTED_REST: Duration = Duration::from_secs(5);

/// The pool of a database server.
#[derive(Debug)]
pub struct Remote<D: Database> {
    /// Its connections.
    pub pool: Pool<D>,
    /// When it last turned out to be a standby.
    pub(crate) demotion: Demotion,
    /// Where it was connected from.
    home: Handle,
}

impl<D: Database> Clone for Remote<D> {
    fn clone(&self) -> Self {
        Self { pool: self.pool.clone(), demotion: self.demotion.clone(), home: self.home.clone() }
    }
}

impl<D: Database> Remote<D> {
    fn new(pool: Pool<D>, demotion: Demotion) -> Self {
        Self { pool, demotion, home: Handle::current() }
    }

    /// Runs what may open a connection. It then belongs to the runtime that the database was connected from. Otherwise it would
    /// belong to the server's worker that opened it, and break in the hands of the others when that worker ends before them.
    pub(crate) fn open<T>(&self, mut work: Pin<Box<impl Future<Output = T>>>) -> impl Future<Output = T> {
        poll_fn(move |context| {
            let _home = self.home.enter();
            work.as_mut().poll(context)
        })
    }
}

/// The last time a connection took no writes. After a failover every older connection may lead to the same server; SQLite opens a
/// file that may not be written for reading, and never looks again. So none of them is used again.
#[derive(Clone, Debug, Default)]
pub struct Demotion(Arc<Mutex<Option<Instant>>>);

impl Demotion {
    /// Remembers that writing was refused.
    pub(super) fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    fn is_later_than(&self, age: Duration) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|at| age >= at.elapsed())
    }
}

/// The file of an SQLite database, which connections must have open while it is at its path.
#[derive(Clone)]
struct Files {
    watch: FileWatch,
    demotion: Demotion,
}

impl Files {
    /// Whether a connection of that age has the file open that is at the path, as far as was seen.
    fn is_current(&self, age: Duration) -> bool {
        self.note(self.watch.look());
        !self.demotion.is_later_than(age)
    }

    /// Refuses a file that has come while the server was running and cannot be served.
    async fn check(self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        self.note(self.watch.look_now());
        if self.watch.was_replaced() { migrate::ensure_served(connection).await } else { Ok(()) }
    }

    fn note(&self, is_another: bool) {
        if is_another {
            self.demotion.note();
            tracing::warn!(
                "another file is at the path of the database, or none: connections are opened again; stop all servers \
                 before the file is replaced, and restart this one"
            );
        }
    }
}

impl Db {
    /// Opens the pools; an SQLite file that does not exist is made, readable by its owner alone.
    ///
    /// # Errors
    /// When the URL is malformed or the database cannot be reached.
    pub async fn connect(config: &DatabaseConfig) -> Result<Self, sqlx::Error> {
        let url = config.url();
        match config.kind {
            DatabaseKind::Sqlite => {
                let options = sqlite_options(url)?;
                prepare_file(options.get_filename()).map_err(sqlx::Error::Io)?;
                // A file that is taken away later is not made again, for it would be empty.
                let options = options.create_if_missing(false);
                let demotion = Demotion::default();
                let files =
                    Files { watch: FileWatch::new(identify(options.get_filename())), demotion: demotion.clone() };
                let checking = files.clone();
                let pool = SqlitePoolOptions::new()
                    .acquire_timeout(ACQUIRE_TIMEOUT)
                    .test_before_acquire(false)
                    .after_connect(move |connection, _| Box::pin(checking.clone().check(connection)));
                // On a full or failing disk SQLite rolls back by itself (sqlite.org/lang_transaction.html, section 3). The
                // driver's own ROLLBACK fails then, and it takes the transaction for open for ever.
                let of_writer = files.clone();
                let is_usable =
                    move |writer: &SqliteConnection, age| !writer.is_in_transaction() && of_writer.is_current(age);
                let writing = pool
                    .clone()
                    .max_connections(1)
                    .before_acquire(move |writer, meta| Box::pin(ready(Ok(is_usable(writer, meta.age)))));
                let writer = open_first(writing, &options).await?;
                let reading = pool
                    .max_connections(config.connections)
                    .before_acquire(move |_, meta| Box::pin(ready(Ok(files.is_current(meta.age)))));
                let reader = reading.connect_with(options.pragma("query_only", "ON")).await?;
                Ok(Self::Sqlite { reader, writer, demotion })
            }
            DatabaseKind::MySql => {
                let demotion = Demotion::default();
                let options = mysql_options(url)?;
                let pool = remote_pool(MySqlPoolOptions::new(), config, &demotion)
                    .after_connect(|connection, _| Box::pin(prepare_mysql(connection)))
                    .connect_with(options.clone());
                let pool = match pool.await {
                    Err(sqlx::Error::PoolTimedOut) => return Err(in_plain_words(reason(&options).await)),
                    pool => pool.map_err(in_plain_words)?,
                };
                Ok(Self::MySql(Remote::new(pool, demotion)))
            }
            DatabaseKind::Postgres => {
                let demotion = Demotion::default();
                let options = postgres_options(url)?;
                let pool = remote_pool(PgPoolOptions::new(), config, &demotion)
                    .after_connect(|connection, _| Box::pin(prepare_postgres(connection)))
                    .connect_with(options.clone());
                let pool = match pool.await {
                    Err(sqlx::Error::PoolTimedOut) => return Err(reason(&options).await),
                    pool => pool?,
                };
                Ok(Self::Postgres(Remote::new(pool, demotion)))
            }
        }
    }

    /// Opens the database for a command that needs it to itself. SQLite refuses that (busy, [`super::is_in_use`]) while a server
    /// or another command has the file open, and keeps everybody else out until it is closed; the others cannot tell.
    ///
    /// # Errors
    /// When the URL is malformed, or the database cannot be reached or is in use.
    pub async fn connect_alone(config: &DatabaseConfig) -> Result<Self, sqlx::Error> {
        if config.kind != DatabaseKind::Sqlite {
            return Self::connect(config).await;
        }
        let options = sqlite_options(config.url())?.locking_mode(SqliteLockingMode::Exclusive);
        prepare_file(options.get_filename()).map_err(sqlx::Error::Io)?;
        one_connection(options.busy_timeout(Duration::from_secs(1))).await
    }

    /// Opens an SQLite file that is not in use as a database: one that is being written and nobody has seen yet, which is lost
    /// when that fails; or one that is only read.
    pub(super) async fn open_file(file: &Path, read_only: bool) -> Result<Self, sqlx::Error> {
        let options = SqliteConnectOptions::new().filename(file).foreign_keys(true).disable_statement_logging();
        one_connection(if read_only {
            options.read_only(true)
        } else {
            options.journal_mode(SqliteJournalMode::Memory).synchronous(SqliteSynchronous::Off)
        })
        .await
    }

    /// The file that an SQLite database lies in.
    ///
    /// # Errors
    /// When the URL is malformed.
    pub fn file(config: &DatabaseConfig) -> Result<Option<PathBuf>, sqlx::Error> {
        match config.kind {
            DatabaseKind::Sqlite => Ok(Some(SqliteConnectOptions::from_str(config.url())?.get_filename().to_owned())),
            DatabaseKind::MySql | DatabaseKind::Postgres => Ok(None),
        }
    }

    /// Whether connecting would have to make the database first, which only SQLite does.
    ///
    /// # Errors
    /// When the URL is malformed.
    pub fn is_yet_to_be_made(config: &DatabaseConfig) -> Result<bool, sqlx::Error> {
        Ok(Self::file(config)?.is_some_and(|file| !file.exists()))
    }
}

impl Db {
    /// Tries whether the SQLite file could be made, by making another one beside it for a moment.
    ///
    /// # Errors
    /// When it could not.
    pub fn could_be_made(config: &DatabaseConfig) -> Result<(), sqlx::Error> {
        let Some(file) = Self::file(config)? else { return Ok(()) };
        files::could_be_made(&file).map_err(sqlx::Error::Io)
    }
}

/// Why a pool got no connection: it tries again where one is refused, and in the end says only that it took too long.
async fn reason<O: ConnectOptions<Connection: Sized>>(options: &O) -> sqlx::Error {
    match tokio::time::timeout(ACQUIRE_TIMEOUT, options.connect()).await {
        Ok(Ok(connection)) => {
            let _ = connection.close().await;
            sqlx::Error::PoolTimedOut
        }
        Ok(Err(error)) => error,
        Err(_) => sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()),
    }
}

/// Opens an SQLite file that may be new. Of several that turn it to WAL at once all but one are told that it is busy, without the
/// wait that [`BUSY_TIMEOUT`] is for (two readers that both want to write would wait for each other); a moment later it is done.
async fn open_first(pool: SqlitePoolOptions, options: &SqliteConnectOptions) -> Result<SqlitePool, sqlx::Error> {
    let begun = Instant::now();
    loop {
        match pool.clone().connect_with(options.clone()).await {
            Err(error) if is_in_use(&error) && begun.elapsed() < BUSY_TIMEOUT => {
                let [byte] = random::bytes::<1>();
                tokio::time::sleep(Duration::from_millis(10 + u64::from(byte) / 8)).await;
            }
            opened => return opened,
        }
    }
}

fn sqlite_options(url: &str) -> Result<SqliteConnectOptions, sqlx::Error> {
    Ok(SqliteConnectOptions::from_str(url)?
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        // FULL: an acknowledged login survives a power cut (sqlite.org/pragma.html#pragma_synchronous).
        .synchronous(SqliteSynchronous::Full)
        // A long backup keeps the log from being emptied; what it has grown to by then is given back afterwards (64 MiB stay).
        .pragma("journal_size_limit", "67108864")
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging())
}

/// One more connection to an SQLite database, which stays open.
pub(super) async fn keeper(config: &DatabaseConfig) -> Result<SqlitePool, sqlx::Error> {
    lasting(sqlite_options(config.url())?).await
}

/// A pool of one connection, which stays open.
async fn one_connection(options: SqliteConnectOptions) -> Result<Db, sqlx::Error> {
    let pool = lasting(options).await?;
    Ok(Db::Sqlite { reader: pool.clone(), writer: pool, demotion: Demotion::default() })
}

async fn lasting(options: SqliteConnectOptions) -> Result<SqlitePool, sqlx::Error> {
    let pool = SqlitePoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
    pool.acquire_timeout(ACQUIRE_TIMEOUT).connect_with(options).await
}

async fn prepare_mysql(connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
    // A transaction sees what others have committed, as on PostgreSQL, and locks no gaps. Too long a text is an error and
    // never cut off.
    connection.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED").await?;
    connection.execute("SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')").await?;
    // See prepare_postgres.
    connection.execute("SET SESSION innodb_lock_wait_timeout = 4").await?;
    let known: Vec<(String, String)> =
        sqlx::query_as("SHOW VARIABLES WHERE Variable_name IN ('wsrep_on', 'idle_write_transaction_timeout')")
            .fetch_all(&mut *connection)
            .await?;
    if known.iter().any(|(name, _)| name == "idle_write_transaction_timeout") {
        connection.execute("SET SESSION idle_write_transaction_timeout = 60").await?;
    } else {
        // MySQL knows of connections only, and a copy's rests while what arrived of a large table is read.
        connection.execute("SET SESSION wait_timeout = 3600").await?;
    }
    if known.iter().any(|(name, value)| name == "wsrep_on" && value == "ON") {
        // A statement waits for what the cluster's other nodes have acknowledged: a session that was ended through one node is
        // refused through every other at the very next request.
        connection.execute("SET SESSION wsrep_sync_wait = 3").await?;
    }
    Ok(())
}

async fn prepare_postgres(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    // A server that loses its power within a transaction leaves rows locked, for hours. Who waits for one gives up before its
    // statement is let go: a connection whose statement still waits would be lost to the pool for as long. A statement may wait
    // twice, for its turn and for the row, so it is less than half of what a statement may take.
    connection.execute("SET lock_timeout = '4s'").await?;
    // And in the end the database itself gives such a transaction up.
    connection.execute("SET idle_in_transaction_session_timeout = '60s'").await.map(drop)
}

fn mysql_options(url: &str) -> Result<MySqlConnectOptions, sqlx::Error> {
    let options = MySqlConnectOptions::from_str(url)?.collation("utf8mb4_bin").disable_statement_logging();
    let falls_back = matches!(options.get_ssl_mode(), MySqlSslMode::Preferred);
    let is_local = options.get_socket().is_some() || is_loopback(options.get_host());
    let options = options.statement_cache_capacity(STATEMENTS_KEPT);
    Ok(if falls_back && !is_local { options.ssl_mode(MySqlSslMode::VerifyIdentity) } else { options })
}

fn postgres_options(url: &str) -> Result<PgConnectOptions, sqlx::Error> {
    let options = PgConnectOptions::from_str(url)?.application_name("hallpass").disable_statement_logging();
    // Numbers with a fraction are not stored, and a pooler refuses the setting.
    let options = options.extra_float_digits(None);
    let falls_back = matches!(options.get_ssl_mode(), PgSslMode::Allow | PgSslMode::Prefer);
    let is_local = options.get_socket().is_some() || is_loopback(options.get_host());
    Ok(if falls_back && !is_local { options.ssl_mode(PgSslMode::VerifyFull) } else { options })
}

/// Whether the name leads to this very machine. Passwords and hashes cross every other way encrypted, to a server whose
/// certificate was verified, unless the URL says otherwise in so many words (OWASP ASVS 5.0, 12.3.2).
fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.starts_with('/') || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

fn remote_pool<D: Database>(options: PoolOptions<D>, config: &DatabaseConfig, demotion: &Demotion) -> PoolOptions<D> {
    let demotion = demotion.clone();
    options
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .max_connections(config.connections)
        // A ping before each use would double the round trips of a request.
        .test_before_acquire(false)
        .before_acquire(move |connection, PoolConnectionMetadata { age, idle_for, .. }| {
            let demoted = demotion.is_later_than(age);
            Box::pin(async move {
                if idle_for > TRUSTED_REST && !demoted {
                    connection.ping().await?;
                }
                Ok(!demoted)
            })
        })
}

/// Makes the folder and an empty file that only their owner may read, before SQLite makes one with the umask's rights.
fn prepare_file(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

    if path.exists() {
        return Ok(());
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path).map(|_| ())
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    #[test]
    fn another_machine_is_reached_over_verified_tls_only() {
        let mysql = |url: &str| format!("{:?}", mysql_options(url).unwrap().get_ssl_mode());
        for (url, mode) in [
            ("mysql://u@db.example.com/x", "VerifyIdentity"),
            ("mysql://u@10.0.0.5/x?ssl-mode=preferred", "VerifyIdentity"),
            ("mysql://u@db/x?ssl-mode=disabled", "Disabled"),
            ("mysql://u@db/x?ssl-mode=REQUIRED", "Required"),
            ("mysql://u@127.0.0.1/x", "Preferred"),
            ("mysql://u@localhost/x?socket=/run/mysqld.sock", "Preferred"),
        ] {
            assert_eq!(mysql(url), mode, "{url}");
        }
        let postgres = |url: &str| format!("{:?}", postgres_options(url).unwrap().get_ssl_mode());
        for (url, mode) in [
            ("postgres://u@db.example.com/x", "VerifyFull"),
            ("postgres://u@[2001:db8::1]/x?sslmode=prefer", "VerifyFull"),
            ("postgres://u@localhost/x?host=db.example.com", "VerifyFull"),
            ("postgres://u@db/x?sslmode=disable", "Disable"),
            ("postgres://u@[::1]/x", "Prefer"),
            ("postgres://u@%2Frun%2Fpostgresql/x", "Prefer"),
        ] {
            assert_eq!(postgres(url), mode, "{url}");
        }
    }

    #[tokio::test]
    async fn a_new_file_may_be_opened_by_many_at_once() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let url = format!("sqlite://{}/x.db", folder.path().display());
            let config = DatabaseConfig::new(url.into()).unwrap();
            for opened in join_all((0..16).map(|_| Db::connect(&config))).await {
                opened.unwrap();
            }
        }
    }

    #[test]
    fn connections_older_than_a_demotion_are_let_go() {
        let demotion = Demotion::default();
        assert!(!demotion.is_later_than(Duration::from_hours(1)));
        demotion.note();
        assert!(demotion.is_later_than(Duration::from_secs(1)));
        assert!(!demotion.is_later_than(Duration::ZERO));
    }
}
