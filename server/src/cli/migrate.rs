//! `hallpass migrate`

pub(super) async fn run() -> anyhow::Result<()> {
    super::open().await?;
    println!("The database's schema is up to date.");
    Ok(())
}
