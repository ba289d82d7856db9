//! Indexes accounts that are older than the index, or than its rules, or that an older server has changed, or whose look has become
//! free: batch by batch, so that memory stays small and nobody waits long. Several servers may do so at once: each looks again, under the lock of the
//! accounts, what is left to do.

use tokio::time::Instant;

use super::queries;
use crate::db::copy::Progress;
use crate::db::{self, Db, Tx, sweep};

/// How often a batch is tried again where a new account has taken meanwhile what one of the batch was to get.
const ATTEMPTS: u32 = 5;
/// Accounts that are indexed at once, where nobody is served yet: the more, the closer together their rows are written.
const AT_ONCE: usize = 2000;

/// Makes the index complete: what every start and every command begins with, after the schema. Where nothing is missing, it
/// counts, and does no more. Each statement may take as long as the database is large.
///
/// # Errors
/// Those of the database; what has been indexed until then stays.
pub async fn run(db: &Db, progress: impl Fn(Progress)) -> Result<(), sqlx::Error> {
    db::patiently(complete(db, progress)).await
}

async fn complete(db: &Db, progress: impl Fn(Progress)) -> Result<(), sqlx::Error> {
    let (accounts, indexed) = queries::counts(db).await?;
    if accounts == indexed {
        return Ok(());
    }
    tracing::info!(accounts = accounts.saturating_sub(indexed), "names are being indexed");
    let done = scan(db, |done| progress(Progress { table: "names", done: done.min(accounts), total: accounts }), false)
        .await?;
    tracing::info!(accounts = done, "names are indexed");
    Ok(())
}

/// Looks at every account, for what an older server has written since this one started, and for looks whose owner is gone since;
/// lets others write between two batches.
///
/// # Errors
/// Those of the database.
pub async fn repair(db: &Db) -> Result<u64, sqlx::Error> {
    scan(db, |_| (), true).await
}

async fn scan(db: &Db, progress: impl Fn(u64), is_patient: bool) -> Result<u64, sqlx::Error> {
    let (mut after, mut seen, mut done, mut stale) = (String::new(), 0, 0, Vec::new());
    loop {
        let began = Instant::now();
        let accounts = queries::page(db, &after).await?;
        let is_end = accounts.is_empty();
        if let Some(last) = accounts.last() {
            last.names.id.clone_into(&mut after);
        }
        seen += accounts.len() as u64;
        let found = accounts.into_iter().filter(|account| !account.is_current());
        stale.extend(found.map(|account| account.names.id));
        let at_once = if is_end || is_patient { 1 } else { AT_ONCE };
        if stale.len() >= at_once {
            done += index(db, &stale).await?;
            stale.clear();
        }
        if is_end {
            return Ok(done);
        }
        progress(seen);
        if is_patient {
            sweep::pause(began.elapsed()).await;
        }
    }
}

async fn index(db: &Db, ids: &[String]) -> Result<u64, sqlx::Error> {
    let mut attempt = 1;
    loop {
        match db.write(async |tx: &mut Tx| queries::replace(tx, ids).await).await {
            Err(error) if db::is_unique_violation(&error) && attempt < ATTEMPTS => attempt += 1,
            outcome => return outcome,
        }
    }
}
