//! The command `hallpass`.

use std::process::ExitCode;

use clap::Parser;
use hallpass::cli::{self, Cli};
use hallpass::http::embedded::EmbeddedFile;

/// The web app, in release builds. While it is being developed, a folder is served.
#[cfg(not(debug_assertions))]
const CLIENT: &[EmbeddedFile] = hallpass_embed::folder!("../client/dist");
#[cfg(debug_assertions)]
const CLIENT: &[EmbeddedFile] = &[];

#[actix_web::main]
async fn main() -> ExitCode {
    cli::run(Cli::parse(), CLIENT).await
}
