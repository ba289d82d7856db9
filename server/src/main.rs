//! The command `hallpass`.

use std::process::ExitCode;

use clap::Parser;
use hallpass::cli::{self, Cli};

#[actix_web::main]
async fn main() -> ExitCode {
    cli::run(Cli::parse()).await
}
