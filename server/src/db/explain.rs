//! Why a database cannot be used, for the people who set it up: which one it is, the reason once, and what to do.

use std::io::ErrorKind;
use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use url::Url;

use super::failure::{PlainTextConnection, sqlite_code, sqlstate};
use crate::config::{DatabaseConfig, DatabaseKind, files};

/// What a server's user may do once an administrator has said so.
pub(super) const GRANT: &str = "GRANT SELECT, INSERT, UPDATE and DELETE on every table to it (on PostgreSQL also with ALTER DEFAULT \
                                PRIVILEGES, for tables to come)";
/// Who may change the schema.
pub(super) const OWNER: &str = "GRANT it CREATE, ALTER, INDEX and DROP (PostgreSQL: CREATE on the schema, and ownership of the tables), or \
                                run `hallpass migrate` with the DATABASE_URL of a user that has them";
/// What a pooler that gives every transaction another connection breaks.
pub(super) const POOLER: &str = "DATABASE_URL leads through a pooler that gives each transaction another connection (PgBouncer: pool_mode = \
                                 transaction), which loses prepared statements and settings: name the database itself, or a pool in \
                                 session mode";

/// The reason and the mend, as one sentence without a full stop.
#[must_use]
pub fn explain(error: &sqlx::Error, config: &DatabaseConfig) -> String {
    let place = place(config);
    match error {
        sqlx::Error::Io(error) if config.kind == DatabaseKind::Sqlite => sqlite_io(error, config),
        sqlx::Error::Io(error) => match error.kind() {
            ErrorKind::ConnectionRefused => {
                format!("connection refused by {place}: start the database, or correct DATABASE_URL")
            }
            ErrorKind::TimedOut => {
                format!("no answer from {place}: see that it runs and no firewall is between, or correct DATABASE_URL")
            }
            _ => {
                let reason = files::reason(error);
                format!("{place} cannot be reached ({reason}): see that the database runs, or correct DATABASE_URL")
            }
        },
        sqlx::Error::PoolTimedOut => {
            format!("no connection to {place} within 3 seconds: see that the database runs and is not overloaded")
        }
        sqlx::Error::Tls(reason) => format!(
            "no encrypted connection to {place} ({reason}): a database on another machine must offer TLS with a certificate that can \
             be verified; give its authority with ?ssl-ca=FILE (MySQL) or ?sslrootcert=FILE (PostgreSQL), or say that you want less \
             with ?ssl-mode=disabled or ?sslmode=disable"
        ),
        sqlx::Error::Configuration(reason) if reason.is::<PlainTextConnection>() => format!("{place}: {reason}"),
        sqlx::Error::Configuration(reason) => {
            format!("DATABASE_URL cannot be read ({reason}): check how it is written")
        }
        sqlx::Error::Database(_) if config.kind == DatabaseKind::Sqlite => sqlite(error, config),
        sqlx::Error::Database(refusal) => server(error, refusal.message(), &place),
        sqlx::Error::Protocol(text) if text == POOLER => POOLER.to_owned(),
        error => format!("{place}: {error}: check DATABASE_URL"),
    }
}

fn server(error: &sqlx::Error, message: &str, place: &str) -> String {
    let mend = match Refusal::of(error) {
        Refusal::Pooler => return POOLER.to_owned(),
        Refusal::User => {
            "check the user and the password in DATABASE_URL, where # is written %23, / %2F, ? %3F, @ %40 and % %25"
        }
        Refusal::NoDatabase => "create the database, or correct DATABASE_URL",
        Refusal::Rights => GRANT,
        Refusal::Full => "set DATABASE_CONNECTIONS lower, or let the database take more",
        Refusal::Other => "check DATABASE_URL",
    };
    format!("{place} refuses: {message}: {mend}")
}

/// What a database server refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The user or the password.
    User,
    /// There is no such database.
    NoDatabase,
    /// The user may not do this.
    Rights,
    /// There are too many connections.
    Full,
    /// A prepared statement is not there, or is there already: that of another connection.
    Pooler,
    Other,
}

impl Refusal {
    /// By PostgreSQL's SQLSTATE, or the number of MySQL and MariaDB.
    pub(super) fn of(error: &sqlx::Error) -> Self {
        match sqlstate(error).as_deref() {
            Some("28P01" | "28000" | "1045" | "1698") => Self::User,
            Some("3D000" | "1049") => Self::NoDatabase,
            Some("42501" | "1044" | "1142" | "1143" | "1227" | "1370") => Self::Rights,
            Some("53300" | "1040" | "1203" | "1226") => Self::Full,
            Some("26000" | "42P05" | "08P01" | "1243") => Self::Pooler,
            _ => Self::Other,
        }
    }
}

fn sqlite(error: &sqlx::Error, config: &DatabaseConfig) -> String {
    let file = file(config);
    let ownership = files::ownership(&file);
    let folder = file.parent().unwrap_or(Path::new("/")).display().to_string();
    let file = file.display();
    match sqlite_code(error) {
        Some(8 | 14) => format!(
            "{file} cannot be written{ownership}: give the file and its folder {folder} to that user, in which SQLite makes others beside it"
        ),
        Some(5 | 6) => format!("{file} is in use by another program: stop it"),
        Some(10) => format!("{file}: the disk fails to read or write"),
        Some(11) => format!("{file} is damaged: restore a backup with `hallpass restore`"),
        Some(13) => format!("{file}: the disk is full"),
        Some(26) => format!("{file} is not an SQLite database: correct DATABASE_URL"),
        _ => format!("{file}: {error}: check DATABASE_URL"),
    }
}

fn sqlite_io(error: &std::io::Error, config: &DatabaseConfig) -> String {
    let blocked = files::blocked(&file(config), error);
    format!("the file cannot be made or opened, {blocked}: give the folder to that user, or correct DATABASE_URL")
}

/// The full path of an SQLite file.
fn file(config: &DatabaseConfig) -> std::path::PathBuf {
    let options: Result<SqliteConnectOptions, _> = config.url().parse();
    let file = options.map(|options| options.get_filename().to_owned()).unwrap_or_default();
    std::path::absolute(&file).unwrap_or(file)
}

/// The host and port of a database server, without user and password.
pub(super) fn place(config: &DatabaseConfig) -> String {
    let Ok(url) = Url::parse(config.url()) else { return "the database".to_owned() };
    let parameter = |names: &[&str]| {
        url.query_pairs().find(|(name, _)| names.contains(&&**name)).map(|(_, value)| value.into_owned())
    };
    let port = url.port().unwrap_or(if config.kind == DatabaseKind::MySql { 3306 } else { 5432 });
    let host =
        percent_encoding::percent_decode_str(url.host_str().unwrap_or_default()).decode_utf8_lossy().into_owned();
    match parameter(&["socket", "host", "hostaddr"]) {
        Some(socket) if socket.starts_with('/') => format!("the socket {socket}"),
        Some(host) => format!("{host}:{port}"),
        None if host.starts_with('/') => format!("the socket {host}"),
        None if host.is_empty() => format!("localhost:{port}"),
        None => format!("{host}:{port}"),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn config(url: &str) -> DatabaseConfig {
        DatabaseConfig::new(url.to_owned().into()).unwrap()
    }

    #[test]
    fn the_server_is_named_without_its_secrets() {
        for (url, name) in [
            ("postgres://u:hunter2@db.example.com/x", "db.example.com:5432"),
            ("mysql://u:hunter2@127.0.0.1:3307/x", "127.0.0.1:3307"),
            ("mysql://u:hunter2@localhost/x?socket=/run/mysqld.sock", "the socket /run/mysqld.sock"),
            ("postgres://u@%2Frun%2Fpostgresql/x", "the socket /run/postgresql"),
            ("postgres://u@[::1]:5433/x", "[::1]:5433"),
        ] {
            assert_eq!(place(&config(url)), name);
            let refused = sqlx::Error::Io(io::ErrorKind::ConnectionRefused.into());
            let said = explain(&refused, &config(url));
            assert_eq!(said, format!("connection refused by {name}: start the database, or correct DATABASE_URL"));
        }
    }

    #[test]
    fn whatever_happens_there_is_something_to_do() {
        let url = config("postgres://u:hunter2@db.example.com/x");
        for (error, word) in [
            (sqlx::Error::Io(io::ErrorKind::TimedOut.into()), "no answer from db.example.com:5432"),
            (sqlx::Error::Io(io::Error::other("failed to lookup address")), "failed to lookup address"),
            (sqlx::Error::PoolTimedOut, "db.example.com:5432"),
            (sqlx::Error::Tls("no certificate".into()), "sslmode=disable"),
            (sqlx::Error::Configuration("junk".into()), "DATABASE_URL"),
        ] {
            let said = explain(&error, &url);
            assert!(said.contains(word) && said.contains(": ") && !said.contains("hunter2"), "{said}");
        }
        let denied = sqlx::Error::Io(io::ErrorKind::PermissionDenied.into());
        let said = explain(&denied, &config("sqlite:///nowhere/x.db"));
        assert!(said.contains("/nowhere/x.db: permission denied (this program runs as uid "), "{said}");
    }
}
