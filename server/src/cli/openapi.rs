//! `hallpass openapi`

use crate::openapi;

pub(super) fn run() -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(&openapi::document())?);
    Ok(())
}
