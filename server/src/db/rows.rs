//! Many rows at once: in statements as long as the rows are many, which no constant can hold.

use sqlx::{MySql, Postgres, QueryBuilder, Sqlite};

use super::statement::in_time;
use super::{Db, Remote, Tx};

/// Rows that are written or asked for at once: few enough for their values to be bound to one statement (SQLite takes 32,766).
pub const BATCH: usize = 500;

/// A value of a row.
#[derive(Clone, Debug)]
pub enum Value {
    /// A text.
    Text(Option<String>),
    /// A number, or a time.
    Integer(Option<i64>),
    /// Bytes.
    Bytes(Option<Vec<u8>>),
    /// Whether.
    Boolean(Option<bool>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(Some(number))
    }
}

impl From<bool> for Value {
    fn from(is: bool) -> Self {
        Self::Boolean(Some(is))
    }
}

impl From<[u8; 32]> for Value {
    fn from(hash: [u8; 32]) -> Self {
        Self::Bytes(Some(hash.to_vec()))
    }
}

/// The values of a row, in the order of the columns that are named with it.
pub type Row = Vec<Value>;

/// Expands one body against the driver behind a transaction.
macro_rules! on_driver {
    ($tx:expr, |$connection:ident, $driver:ident| $body:expr) => {
        match $tx {
            $crate::db::Tx::Sqlite(tx) => {
                type $driver = sqlx::Sqlite;
                let $connection = &mut **tx;
                $body
            }
            $crate::db::Tx::MySql(tx) => {
                type $driver = sqlx::MySql;
                let $connection = &mut **tx;
                $body
            }
            $crate::db::Tx::Postgres(tx) => {
                type $driver = sqlx::Postgres;
                let $connection = &mut **tx;
                $body
            }
        }
    };
}
pub(super) use on_driver;

/// Inserts up to [`BATCH`] rows into `table`, whose `columns` are named as SQL names them: `a, b, c`.
///
/// # Errors
/// Those of the database.
pub async fn insert(tx: &mut Tx, table: &str, columns: &str, rows: &[Row]) -> Result<(), sqlx::Error> {
    on_driver!(tx, |connection, Driver| {
        let mut query = QueryBuilder::<Driver>::new(format!("INSERT INTO {table} ({columns}) "));
        query.push_values(rows, |mut values, row| {
            for value in row {
                match value.clone() {
                    Value::Text(value) => values.push_bind(value),
                    Value::Integer(value) => values.push_bind(value),
                    Value::Bytes(value) => values.push_bind(value),
                    Value::Boolean(value) => values.push_bind(value),
                };
            }
        });
        in_time(query.build().execute(connection)).await.map(drop)
    })
}

/// Runs `statement`, which ends in `IN`, on the rows that have one of up to [`BATCH`] keys, and whose column is still `below`
/// a value; says how many rows that were.
///
/// # Errors
/// Those of the database.
pub async fn on_keys(
    tx: &mut Tx,
    statement: &str,
    keys: &[Value],
    below: Option<&(&str, Value)>,
) -> Result<u64, sqlx::Error> {
    macro_rules! bind {
        ($query:expr, $value:expr) => {
            match $value.clone() {
                Value::Text(value) => $query.push_bind(value),
                Value::Integer(value) => $query.push_bind(value),
                Value::Bytes(value) => $query.push_bind(value),
                Value::Boolean(value) => $query.push_bind(value),
            }
        };
    }
    if keys.is_empty() {
        return Ok(0);
    }
    on_driver!(tx, |connection, Driver| {
        let mut query = QueryBuilder::<Driver>::new(format!("{statement} ("));
        let mut list = query.separated(", ");
        for key in keys {
            bind!(list, key);
        }
        query.push(")");
        if let Some((column, value)) = below {
            query.push(format!(" AND {column} < "));
            bind!(query, value);
        }
        Ok(in_time(query.build().execute(connection)).await?.rows_affected())
    })
}

/// Which of up to [`BATCH`] texts stand in a column of `table`.
///
/// # Errors
/// Those of the database.
pub async fn present(db: &Db, table: &str, column: &str, texts: &[String]) -> Result<Vec<String>, sqlx::Error> {
    macro_rules! find {
        ($pool:expr, $driver:ty) => {{
            let mut query = QueryBuilder::<$driver>::new(format!("SELECT {column} FROM {table} WHERE {column} IN ("));
            let mut list = query.separated(", ");
            for text in texts {
                list.push_bind(text.as_str());
            }
            query.push(")");
            in_time(query.build_query_scalar().fetch_all($pool)).await
        }};
    }
    if texts.is_empty() {
        return Ok(Vec::new());
    }
    match db {
        Db::Sqlite { reader, .. } => find!(reader, Sqlite),
        Db::MySql(Remote { pool, .. }) => find!(pool, MySql),
        Db::Postgres(Remote { pool, .. }) => find!(pool, Postgres),
    }
}
