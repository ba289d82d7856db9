//! Statements that are put together while the program runs, because their length depends on what is asked.

use sqlx::mysql::MySqlRow;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, MySql, Postgres, QueryBuilder, Sqlite};

use super::rows::Value;
use super::statement::in_time;
use super::{Db, Tx, prepare};
use crate::telemetry;

/// A statement and the values that are bound to it, in their order.
#[derive(Clone, Debug, Default)]
pub struct Query(Vec<Part>);

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Value(Value),
}

/// A row that every driver can read.
pub trait AnyRow:
    for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, MySqlRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

impl<T> AnyRow for T where
    T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, MySqlRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin
{
}

/// Writes the statement for a driver.
macro_rules! build {
    ($query:expr, $driver:ty) => {{
        let mut builder = QueryBuilder::<$driver>::new("");
        for part in &$query.0 {
            match part {
                Part::Text(text) => builder.push(text),
                Part::Value(Value::Text(value)) => builder.push_bind(value.clone()),
                Part::Value(Value::Integer(value)) => builder.push_bind(*value),
                Part::Value(Value::Bytes(value)) => builder.push_bind(value.clone()),
                Part::Value(Value::Boolean(value)) => builder.push_bind(*value),
            };
        }
        builder
    }};
}

impl Query {
    /// A statement that begins with `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(vec![Part::Text(text.into())])
    }

    /// Adds text.
    pub fn push(&mut self, text: impl Into<String>) -> &mut Self {
        self.0.push(Part::Text(text.into()));
        self
    }

    /// Adds a value.
    pub fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.0.push(Part::Value(value.into()));
        self
    }

    /// Adds `(value, value, ...)`, for `IN`.
    pub fn list(&mut self, values: impl IntoIterator<Item = Value>) -> &mut Self {
        for (number, value) in values.into_iter().enumerate() {
            self.push(if number == 0 { "(" } else { ", " }).bind(value);
        }
        self.push(")")
    }

    /// The rows that the database answers with.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn fetch_all<T: AnyRow>(&self, db: &Db) -> Result<Vec<T>, sqlx::Error> {
        telemetry::count_query();
        match db {
            Db::Sqlite { reader, .. } => {
                in_time(Box::pin(async { build!(self, Sqlite).build_query_as().fetch_all(reader).await })).await
            }
            Db::MySql(remote) => {
                let ask = async { build!(self, MySql).build_query_as().fetch_all(&remote.pool).await };
                in_time(remote.open(Box::pin(ask))).await
            }
            Db::Postgres(remote) => {
                let ask = async { build!(self, Postgres).build_query_as().fetch_all(&remote.pool).await };
                in_time(remote.open(Box::pin(ask))).await
            }
        }
    }

    /// The same within a transaction.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn fetch_all_within<T: AnyRow>(&self, tx: &mut Tx) -> Result<Vec<T>, sqlx::Error> {
        telemetry::count_query();
        match tx {
            Tx::Sqlite(tx) => {
                in_time(Box::pin(async { build!(self, Sqlite).build_query_as().fetch_all(&mut **tx).await })).await
            }
            Tx::MySql(tx) => {
                let ask = async {
                    let rows = build!(self, MySql).build_query_as().fetch_all(&mut **tx).await?;
                    prepare::must_be_within_transaction(tx).await?;
                    Ok(rows)
                };
                in_time(Box::pin(ask)).await
            }
            Tx::Postgres(tx) => {
                in_time(Box::pin(async { build!(self, Postgres).build_query_as().fetch_all(&mut **tx).await })).await
            }
        }
    }

    /// Changes rows; says how many.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn execute(&self, tx: &mut Tx) -> Result<u64, sqlx::Error> {
        telemetry::count_query();
        match tx {
            Tx::Sqlite(tx) => {
                let done = Box::pin(async { build!(self, Sqlite).build().execute(&mut **tx).await });
                Ok(in_time(done).await?.rows_affected())
            }
            Tx::MySql(tx) => {
                let done = Box::pin(async { build!(self, MySql).build().execute(&mut **tx).await });
                Ok(in_time(done).await?.rows_affected())
            }
            Tx::Postgres(tx) => {
                let done = Box::pin(async { build!(self, Postgres).build().execute(&mut **tx).await });
                Ok(in_time(done).await?.rows_affected())
            }
        }
    }
}

/// Locks the rows of `table` that have these ids until the transaction ends. SQLite has one writer, who has locked everything.
///
/// # Errors
/// Those of the database.
pub async fn lock(tx: &mut Tx, table: &str, ids: &[String]) -> Result<(), sqlx::Error> {
    if ids.is_empty() || matches!(tx, Tx::Sqlite(_)) {
        return Ok(());
    }
    let mut query = Query::new(format!("SELECT id FROM {table} WHERE id IN "));
    query.list(ids.iter().map(|id| id.as_str().into())).push(" ORDER BY id FOR UPDATE");
    query.fetch_all_within::<(String,)>(tx).await.map(drop)
}
