//! What the database's user may do, found out by statements that change nothing.

use sqlx::{AssertSqlSafe, Row};

use super::explain::{POOLER, Refusal};
use super::tables::{DERIVED, TABLES};
use super::{Db, Tx};
use crate::random;

/// Reads and writes no row of each table, and takes it back.
///
/// # Errors
/// What the database refuses.
pub(super) async fn to_use_the_tables(db: &Db) -> Result<(), sqlx::Error> {
    let mut tx = db.begin().await?;
    for table in TABLES.iter().chain(DERIVED) {
        let (name, key) = (table.name, table.columns[0].0);
        let columns: Vec<_> = table.columns.iter().map(|(column, _)| *column).collect();
        let columns = columns.join(", ");
        for statement in [
            format!("SELECT {columns} FROM {name} WHERE 1 = 0"),
            format!("UPDATE {name} SET {key} = {key} WHERE 1 = 0"),
            format!("DELETE FROM {name} WHERE 1 = 0"),
            format!("INSERT INTO {name} ({columns}) SELECT {columns} FROM {name} WHERE 1 = 0"),
        ] {
            run(&mut tx, statement).await?;
        }
    }
    undo(tx).await
}

/// Asks for what a migration needs. PostgreSQL takes changes of the schema back; MySQL looks at the rights before it looks for the
/// table, and there is none of that name.
///
/// # Errors
/// What the database refuses.
pub(super) async fn to_change_the_schema(db: &Db) -> Result<(), sqlx::Error> {
    match db {
        Db::Sqlite { .. } | Db::Postgres(_) => {
            let mut tx = db.begin().await?;
            run(&mut tx, "CREATE TABLE _hallpass_probe (id INTEGER)".to_owned()).await?;
            undo(tx).await?;
            if matches!(db, Db::Postgres(_)) { to_alter_the_tables(db).await } else { Ok(()) }
        }
        Db::MySql(remote) => {
            for statement in [
                "CREATE TABLE _hallpass_probe LIKE _hallpass_nowhere",
                "ALTER TABLE _hallpass_nowhere ADD COLUMN probe INTEGER",
                "CREATE INDEX probe ON _hallpass_nowhere (probe)",
                "DROP TABLE _hallpass_nowhere",
            ] {
                match sqlx::raw_sql(statement).execute(&remote.pool).await {
                    Err(error) if Refusal::of(&error) == Refusal::Rights => return Err(error),
                    _ => {}
                }
            }
            Ok(())
        }
    }
}

/// On PostgreSQL only its owner alters a table. Trying it would lock the table.
async fn to_alter_the_tables(db: &Db) -> Result<(), sqlx::Error> {
    let mut tx = db.begin().await?;
    for table in TABLES.iter().chain(DERIVED) {
        let name = table.name;
        let statement = format!(
            "DO $$ BEGIN IF EXISTS (SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = current_schema() AND tablename = '{name}' \
             AND NOT pg_has_role(tableowner, 'USAGE')) THEN RAISE insufficient_privilege USING MESSAGE = 'must be owner of table {name}'; \
             END IF; END $$"
        );
        run(&mut tx, statement).await?;
    }
    undo(tx).await
}

async fn run(tx: &mut Tx, statement: String) -> Result<(), sqlx::Error> {
    let statement = sqlx::raw_sql(AssertSqlSafe(statement));
    match tx {
        Tx::Sqlite(tx) => statement.execute(&mut **tx).await.map(drop),
        Tx::MySql(tx) => statement.execute(&mut **tx).await.map(drop),
        Tx::Postgres(tx) => statement.execute(&mut **tx).await.map(drop),
    }
}

async fn undo(tx: Tx) -> Result<(), sqlx::Error> {
    match tx {
        Tx::Sqlite(tx) => tx.rollback().await,
        Tx::MySql(tx) => tx.rollback().await,
        Tx::Postgres(tx) => tx.rollback().await,
    }
}

impl Db {
    /// Refuses a PostgreSQL that is reached through a pooler that gives each transaction another connection: what one of our
    /// connections has set must not be seen by another.
    ///
    /// # Errors
    /// One that [`explain()`](fn@super::explain) explains.
    pub async fn refuse_transaction_pooler(&self) -> Result<(), sqlx::Error> {
        let Self::Postgres(remote) = self else { return Ok(()) };
        if remote.pool.options().get_max_connections() < 2 {
            return Ok(());
        }
        let mark = format!("{:016x}", u64::from_be_bytes(random::bytes()));
        let mut one = remote.pool.acquire().await?;
        let set = format!("SELECT set_config('hallpass.probe', '{mark}', false)");
        // What knows no such setting is no PostgreSQL behind a pooler, but something like it.
        if sqlx::raw_sql(AssertSqlSafe(set)).execute(&mut *one).await.is_err() {
            return Ok(());
        }
        let mut other = remote.pool.acquire().await?;
        let look = sqlx::raw_sql("SELECT current_setting('hallpass.probe', true)");
        let seen: Option<String> = look.fetch_one(&mut *other).await.and_then(|row| row.try_get(0)).unwrap_or_default();
        if seen == Some(mark) { Err(sqlx::Error::Protocol(POOLER.to_owned())) } else { Ok(()) }
    }
}
