//! One SQL text for three databases, and one body for three drivers.

use std::io;
use std::time::Duration;

/// A statement: the text with `?` that SQLite and MySQL take, and its twin with `$1..$n` for PostgreSQL.
#[derive(Clone, Copy, Debug)]
pub struct Sql {
    /// Placeholders written `?`.
    pub question: &'static str,
    /// Placeholders written `$1`, `$2`, ...
    pub dollar: &'static str,
}

/// Writes a statement once, with `?` placeholders; the `$n` twin is made while compiling.
///
/// Question marks inside single quotes are text and stay.
#[macro_export]
macro_rules! sql {
    ($text:expr) => {{
        const TEXT: &str = $text;
        const LEN: usize = $crate::db::statement::dollar_len(TEXT);
        const BYTES: [u8; LEN] = $crate::db::statement::dollar_bytes::<LEN>(TEXT);
        const DOLLAR: &str = match ::core::str::from_utf8(&BYTES) {
            Ok(text) => text,
            Err(_) => panic!("a statement is valid UTF-8"),
        };
        $crate::db::statement::Sql { question: TEXT, dollar: DOLLAR }
    }};
}

/// How long a statement may take; a database that hangs is one that is away.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);

tokio::task_local! {
    static PATIENCE: Duration;
}

/// Waits for the database, but not for ever. What it waits for is boxed by whoever asks: a future as large as a driver's would
/// be copied with every future that it is part of, at each request, also where nothing is asked.
pub(crate) async fn in_time<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    let late = |_| Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into()));
    let limit = PATIENCE.try_with(|limit| *limit).unwrap_or(STATEMENT_TIMEOUT);
    tokio::time::timeout(limit, work).await.unwrap_or_else(late)
}

/// Gives each statement of `work` a day: for commands about everything there is, which nobody's request waits for.
pub fn patiently<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    PATIENCE.scope(Duration::from_hours(24), Box::pin(work))
}

/// Expands one body against the driver in use, for statements that only read.
///
/// `on_db!(db, FIND, |pool, text| sqlx::query_as(text).bind(id).fetch_optional(pool).await)`
#[macro_export]
macro_rules! on_db {
    ($db:expr, $sql:expr, |$pool:ident, $text:ident| $body:expr) => {{
        $crate::telemetry::count_query();
        match $db {
            $crate::db::Db::Sqlite { reader: $pool, .. } => {
                let $text = $sql.question;
                $crate::db::statement::in_time(Box::pin(async { $body })).await
            }
            $crate::db::Db::MySql(remote) => {
                let ($pool, $text) = (&remote.pool, $sql.question);
                $crate::db::statement::in_time(remote.open(Box::pin(async { $body }))).await
            }
            $crate::db::Db::Postgres(remote) => {
                let ($pool, $text) = (&remote.pool, $sql.dollar);
                $crate::db::statement::in_time(remote.open(Box::pin(async { $body }))).await
            }
        }
    }};
}

/// [`on_db!`] inside a transaction, for everything that writes.
#[macro_export]
macro_rules! on_tx {
    ($tx:expr, $sql:expr, |$connection:ident, $text:ident| $body:expr) => {{
        $crate::telemetry::count_query();
        match $tx {
            $crate::db::Tx::Sqlite(tx) => {
                let ($connection, $text) = (&mut **tx, $sql.question);
                $crate::db::statement::in_time(Box::pin(async { $body })).await
            }
            $crate::db::Tx::MySql(tx) => {
                let ($connection, $text) = (&mut **tx, $sql.question);
                $crate::db::statement::in_time(Box::pin(async {
                    $crate::db::prepare::within_transaction(&mut *$connection, $text).await?;
                    $body
                }))
                .await
            }
            $crate::db::Tx::Postgres(tx) => {
                let ($connection, $text) = (&mut **tx, $sql.dollar);
                $crate::db::statement::in_time(Box::pin(async { $body })).await
            }
        }
    }};
}

/// Bytes of the `$n` twin of `text`.
#[doc(hidden)]
#[must_use]
pub const fn dollar_len(text: &str) -> usize {
    rewrite(text.as_bytes(), &mut [])
}

/// The `$n` twin of `text`.
#[doc(hidden)]
#[must_use]
pub const fn dollar_bytes<const LEN: usize>(text: &str) -> [u8; LEN] {
    let mut out = [0; LEN];
    rewrite(text.as_bytes(), &mut out);
    out
}

/// Writes the twin into `out` as far as it has room, and says how long the twin is.
const fn rewrite(text: &[u8], out: &mut [u8]) -> usize {
    let (mut read, mut written, mut number, mut quoted) = (0, 0, 0, false);
    while read < text.len() {
        let byte = text[read];
        if byte == b'\'' {
            quoted = !quoted;
        }
        if byte == b'?' && !quoted {
            number += 1;
            assert!(number < 100, "at most 99 placeholders in a statement");
            put(out, written, b'$');
            written += 1;
            if number >= 10 {
                put(out, written, b'0' + number / 10);
                written += 1;
            }
            put(out, written, b'0' + number % 10);
        } else {
            put(out, written, byte);
        }
        written += 1;
        read += 1;
    }
    assert!(!quoted, "a quote in the statement is not closed");
    written
}

const fn put(out: &mut [u8], at: usize, byte: u8) {
    if at < out.len() {
        out[at] = byte;
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_placeholders_and_leaves_quoted_text() {
        let statement = sql!("a = ? AND b LIKE ? ESCAPE '?' AND c IN (?,?,?,?,?,?,?,?,?)");
        assert_eq!(statement.dollar, "a = $1 AND b LIKE $2 ESCAPE '?' AND c IN ($3,$4,$5,$6,$7,$8,$9,$10,$11)");
        assert_eq!(statement.question, "a = ? AND b LIKE ? ESCAPE '?' AND c IN (?,?,?,?,?,?,?,?,?)");
    }
}
