//! What the errors of three databases mean.

use std::io::ErrorKind;

use sqlx::error::DatabaseError;
use sqlx::mysql::MySqlDatabaseError;
use sqlx::sqlite::SqliteError;

/// What MySQL says of a row that did not become free in time.
const LOCK_TIMEOUT: u16 = 1205;

/// Whether an INSERT or UPDATE met a value that a unique column already holds.
#[must_use]
pub fn is_unique_violation(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(DatabaseError::is_unique_violation)
}

/// Whether an SQLite file cannot be had alone, because somebody else has it open.
#[must_use]
pub fn is_in_use(error: &sqlx::Error) -> bool {
    sqlite_code(error) == Some(5)
}

/// Whether there was no room left to write to.
#[must_use]
pub fn is_full(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded),
        _ => sqlite_code(error) == Some(13),
    }
}

/// Whether an SQLite file is none, or is damaged.
pub(super) fn is_unreadable(error: &sqlx::Error) -> bool {
    matches!(sqlite_code(error), Some(11 | 26))
}

/// SQLite's primary result code (sqlite.org/rescode.html).
pub(super) fn sqlite_code(error: &sqlx::Error) -> Option<u32> {
    let error = error.as_database_error()?;
    error.try_downcast_ref::<SqliteError>()?;
    error.code()?.parse::<u32>().ok().map(|code| code & 0xff)
}

/// MySQL has to see the password, which is sent over an encrypted connection only.
#[derive(Debug, thiserror::Error)]
#[error(
    "MySQL accepts this user's password (caching_sha2_password) over TLS or a socket only: add ?ssl-mode=VERIFY_IDENTITY to the \
     URL (&ssl-ca=FILE names an authority of your own; ?ssl-mode=REQUIRED encrypts without verifying), or on the same machine \
     ?socket=/run/mysqld/mysqld.sock"
)]
pub(super) struct PlainTextConnection;

/// Says in plain words what sqlx says in terms of how it was compiled: it would encrypt the password with the server's RSA key by
/// the crate `rsa` alone, which has a known weakness (RUSTSEC-2023-0071).
pub(super) fn in_plain_words(error: sqlx::Error) -> sqlx::Error {
    match error {
        sqlx::Error::Configuration(error) if error.to_string().starts_with("RSA auth backend disabled") => {
            sqlx::Error::Configuration(PlainTextConnection.into())
        }
        other => other,
    }
}

/// PostgreSQL's SQLSTATE, or the error number of MySQL and MariaDB.
pub(super) fn sqlstate(error: &sqlx::Error) -> Option<String> {
    let error = error.as_database_error()?;
    match error.try_downcast_ref::<MySqlDatabaseError>() {
        Some(error) => Some(error.number().to_string()),
        None => error.code().map(std::borrow::Cow::into_owned),
    }
}

/// Whether a statement named a table that is not there.
pub(super) fn is_missing_table(error: &sqlx::Error) -> bool {
    match sqlstate(error).as_deref() {
        Some("42P01" | "1146") => true,
        // SQLite has one code for every statement that it cannot compile.
        Some("1") => error.as_database_error().is_some_and(|error| error.message().starts_with("no such table")),
        _ => false,
    }
}

/// Whether the database is away or too busy (try again later), as opposed to refusing what it was asked.
#[must_use]
pub fn is_unavailable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        // A new connection was refused before it was open.
        | sqlx::Error::Configuration(_)
        | sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => Verdict::of(error.as_ref()) != Verdict::Refusal,
        _ => false,
    }
}

/// Whether the database gave up a transaction in favour of another one, so that the same again may well succeed.
pub(super) fn is_conflict(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| Verdict::of(error) == Verdict::Conflict)
}

/// Whether MySQL did not get a row in time.
pub(super) fn is_lock_timeout(error: &sqlx::Error) -> bool {
    let error = error.as_database_error().and_then(|error| error.try_downcast_ref::<MySqlDatabaseError>());
    error.is_some_and(|error| error.number() == LOCK_TIMEOUT)
}

/// Whether the database takes no writes: it is a standby now, and a newly opened connection may lead to its successor; or a file
/// that could not be written when it was opened.
pub(super) fn is_read_only(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| Verdict::of(error) == Verdict::ReadOnly)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Refusal,
    Outage,
    Conflict,
    ReadOnly,
}

impl Verdict {
    fn of(error: &dyn DatabaseError) -> Self {
        if let Some(error) = error.try_downcast_ref::<MySqlDatabaseError>() {
            return Self::of_mysql(error.number(), error.code().unwrap_or_default());
        }
        match error.code().as_deref() {
            Some(code) if code.len() == 5 => Self::of_postgres(code),
            Some(code) => Self::of_sqlite(code),
            None => Self::Refusal,
        }
    }

    /// By SQLite's primary result code (sqlite.org/rescode.html): read-only; busy, locked, I/O, corrupt, full, cannot open.
    fn of_sqlite(code: &str) -> Self {
        match code.parse::<u32>().map(|code| code & 0xff) {
            Ok(8) => Self::ReadOnly,
            Ok(5 | 6 | 10 | 11 | 13 | 14) => Self::Outage,
            _ => Self::Refusal,
        }
    }

    /// By PostgreSQL's SQLSTATE (its documentation, appendix A).
    fn of_postgres(code: &str) -> Self {
        match code {
            "40001" | "40P01" => Self::Conflict,
            "25006" => Self::ReadOnly,
            // 40003: nobody knows whether it was done; 55P03: a lock was not available; 25P03: we rested for too long within a
            // transaction.
            "40003" | "55P03" | "25P03" => Self::Outage,
            // Connections, resources, intervention of an operator, the system.
            _ if matches!(&code[..2], "08" | "53" | "57" | "58") => Self::Outage,
            _ => Self::Refusal,
        }
    }

    /// By the error numbers of MySQL and MariaDB (their error references), and of TiDB from 8000 on.
    fn of_mysql(number: u16, sqlstate: &str) -> Self {
        match number {
            // Deadlock, and TiDB's write conflicts.
            1213 | 8002 | 8022 | 9007 => Self::Conflict,
            // --read-only, a read-only transaction, InnoDB's read-only mode.
            1290 | 1792 | 1836 => Self::ReadOnly,
            // Out of file handles, disk, memory, connections; shut down; killed; storage engine in trouble; host blocked.
            1023..=1026
            | 1030
            | 1037
            | 1040
            | 1041
            | 1053
            | 1078
            | 1114
            | 1129
            | 1135
            | 1180
            | 1181
            | 1203
            // Whoever holds the row is stuck, or gone.
            | LOCK_TIMEOUT
            | 1226
            | 1317
            | 1836..=1838
            | 1927
            | 3024
            | 3100
            | 3101
            | 3168
            | 3169
            | 4031
            | 8027..=8030
            | 9001..=9012 => Self::Outage,
            // Communication, and what a Galera node says while it is cut off from the others.
            _ if sqlstate.starts_with("08") => Self::Outage,
            _ => Self::Refusal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_trouble_from_refusal() {
        for outage in ["5", "13", "10", "778"] {
            assert_eq!(Verdict::of_sqlite(outage), Verdict::Outage, "{outage}");
        }
        for refusal in ["1", "19", "2067"] {
            assert_eq!(Verdict::of_sqlite(refusal), Verdict::Refusal, "{refusal}");
        }
        for outage in ["57P01", "08006", "53300", "55P03", "25P03"] {
            assert_eq!(Verdict::of_postgres(outage), Verdict::Outage, "{outage}");
        }
        for refusal in ["23505", "42P01", "22021"] {
            assert_eq!(Verdict::of_postgres(refusal), Verdict::Refusal, "{refusal}");
        }
        for (number, sqlstate) in
            [(1040, "08004"), (1053, "08S01"), (1047, "08S01"), (1114, "HY000"), (LOCK_TIMEOUT, "HY000")]
        {
            assert_eq!(Verdict::of_mysql(number, sqlstate), Verdict::Outage, "{number}");
        }
        for (number, sqlstate) in [(1062, "23000"), (1146, "42S02"), (1366, "HY000"), (1364, "HY000")] {
            assert_eq!(Verdict::of_mysql(number, sqlstate), Verdict::Refusal, "{number}");
        }
    }

    #[test]
    fn tells_conflicts_and_standbys() {
        assert_eq!(Verdict::of_mysql(1213, "40001"), Verdict::Conflict);
        assert_eq!(Verdict::of_mysql(1290, "HY000"), Verdict::ReadOnly);
        assert_eq!(Verdict::of_postgres("40P01"), Verdict::Conflict);
        assert_eq!(Verdict::of_postgres("40001"), Verdict::Conflict);
        assert_eq!(Verdict::of_postgres("25006"), Verdict::ReadOnly);
        assert_eq!(Verdict::of_sqlite("1032"), Verdict::ReadOnly);
    }
}
