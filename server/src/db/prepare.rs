//! What MariaDB forgets to say while it prepares a statement.

use sqlx::{Connection, Executor, MySqlConnection, SqlStr};

/// How many prepared statements a connection keeps: more than there are in a transaction.
pub(super) const STATEMENTS_KEPT: usize = 256;

/// Prepares a SELECT, on a connection that has not run it before, and makes sure that the transaction is still there.
///
/// A Galera node gives up a transaction whose rows another node's transaction has changed, and says so at the next statement;
/// but not when it was preparing a SELECT. Nothing would be left of what was done until then, what follows would be done
/// without a transaction, and the commit would be acknowledged.
#[doc(hidden)]
pub async fn within_transaction(connection: &mut MySqlConnection, text: &'static str) -> Result<(), sqlx::Error> {
    if !text.starts_with("SELECT") {
        return Ok(());
    }
    let before = connection.cached_statements_size();
    connection.prepare(SqlStr::from_static(text)).await?;
    if connection.cached_statements_size() > before || before >= STATEMENTS_KEPT {
        must_be_within_transaction(connection).await?;
    }
    Ok(())
}

/// Makes sure that the transaction is still there: says the error that was not said, by MariaDB (`/*M! */`) alone.
pub(super) async fn must_be_within_transaction(connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
    const SAY_IT: &str = "/*M!100108 IF @@in_transaction = 0 THEN SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213; ELSE */ \
        DO 0 /*M!100108 ; END IF */";
    sqlx::raw_sql(SAY_IT).execute(connection).await.map(drop)
}
