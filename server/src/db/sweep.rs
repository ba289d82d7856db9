//! Deletes what is old in small steps, so that nobody has to wait for it however much there is.

use std::time::Duration;

use sqlx::{MySql, Postgres, QueryBuilder, Row as _, Sqlite};
use tokio::time::Instant;

use super::rows::{self, BATCH, Value};
use super::statement::in_time;
use super::tables::{Kind, TABLES};
use super::{Db, Remote, Tx};

/// How long a chore may go on; what is left then is left for its next round.
const ROUND: Duration = Duration::from_mins(10);
/// What other writers get between two steps at least.
const PAUSE: Duration = Duration::from_millis(5);

/// Which rows are old: those whose `column`, which has an index, is below some bound.
#[derive(Clone, Copy, Debug)]
pub struct Old {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// A table whose rows go with them, and its column that says with which: a row may have thousands.
    pub children: Option<(&'static str, &'static str)>,
    /// What must hold of them as well; the others stay.
    pub only: Option<&'static str>,
}

/// Deletes every row that is old; says how many. Several servers may do so at once.
///
/// # Errors
/// Those of the database; what was deleted until then stays deleted.
pub async fn run(db: &Db, old: &Old, until: Value) -> Result<u64, sqlx::Error> {
    let mut deleted = 0;
    loop {
        let began = Instant::now();
        let keys = keys(db, old.table, old.column, Comparison::Below(&until, old.only)).await?;
        if let Some((table, column)) = old.children {
            delete_children(db, table, column, &keys).await?;
        }
        let delete = format!("DELETE FROM {} WHERE {} IN ", old.table, key_of(old.table).0);
        // Asked again, for a row may have become new meanwhile.
        let still = (old.column, until.clone());
        deleted += db.write(async |tx: &mut Tx| rows::on_keys(tx, &delete, &keys, Some(&still)).await).await?;
        if keys.len() < BATCH {
            return Ok(deleted);
        }
        pause(began.elapsed()).await;
    }
}

async fn delete_children(db: &Db, table: &str, column: &str, parents: &[Value]) -> Result<(), sqlx::Error> {
    let delete = format!("DELETE FROM {table} WHERE {} IN ", key_of(table).0);
    loop {
        let began = Instant::now();
        let keys = keys(db, table, column, Comparison::In(parents)).await?;
        db.write(async |tx: &mut Tx| rows::on_keys(tx, &delete, &keys, None).await).await?;
        if keys.len() < BATCH {
            return Ok(());
        }
        pause(began.elapsed()).await;
    }
}

/// Lets the others write for as long as a step took.
pub async fn pause(step: Duration) {
    tokio::time::sleep(step.clamp(PAUSE, Duration::from_secs(1))).await;
}

/// Ends a chore whose time is over, in the midst of a step that is then undone; `None` says so.
pub async fn round<T>(chore: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(ROUND, Box::pin(chore)).await.ok()
}

fn key_of(table: &str) -> (&'static str, Kind) {
    let table = TABLES.iter().find(|there| there.name == table).expect("every table is known");
    table.columns[0]
}

/// How a column compares.
enum Comparison<'a> {
    /// It is below a value, and this holds of the row; the lowest come first.
    Below(&'a Value, Option<&'static str>),
    /// It is one of some values.
    In(&'a [Value]),
}

/// The keys of up to [`BATCH`] rows whose column compares so to the values.
async fn keys(db: &Db, table: &str, column: &str, comparison: Comparison<'_>) -> Result<Vec<Value>, sqlx::Error> {
    let (key, kind) = key_of(table);
    let (operator, values, rest) = match comparison {
        Comparison::Below(value, only) => {
            let only = only.map(|only| format!(" AND {only}")).unwrap_or_default();
            ("<", std::slice::from_ref(value), format!("{only} ORDER BY {column}"))
        }
        // In no order, for which all of them would have to be found first.
        Comparison::In(values) => ("IN", values, String::new()),
    };
    macro_rules! find {
        ($pool:expr, $driver:ty) => {{
            let mut query =
                QueryBuilder::<$driver>::new(format!("SELECT {key} FROM {table} WHERE {column} {operator} ("));
            let mut list = query.separated(", ");
            for value in values {
                match value.clone() {
                    Value::Text(value) => list.push_bind(value),
                    Value::Integer(value) => list.push_bind(value),
                    Value::Bytes(value) => list.push_bind(value),
                    Value::Boolean(value) => list.push_bind(value),
                };
            }
            query.push(format!("){rest} LIMIT {BATCH}"));
            let found = in_time(query.build().fetch_all($pool)).await?;
            let value = |row: &<$driver as sqlx::Database>::Row| {
                Ok(match kind {
                    Kind::Bytes => Value::Bytes(row.try_get(0)?),
                    _ => Value::Text(row.try_get(0)?),
                })
            };
            found.iter().map(value).collect()
        }};
    }
    if values.is_empty() {
        return Ok(Vec::new());
    }
    match db {
        Db::Sqlite { reader, .. } => find!(reader, Sqlite),
        Db::MySql(Remote { pool, .. }) => find!(pool, MySql),
        Db::Postgres(Remote { pool, .. }) => find!(pool, Postgres),
    }
}
