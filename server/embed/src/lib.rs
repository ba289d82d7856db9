//! Embeds the built web app in the program.
//!
//! A macro and not a build script: the compiler notes which files the program contains, so a changed file makes Cargo compile
//! `main.rs` and link again, and nothing else. The library of the server does not depend on the folder at all.

mod folder;

use std::env;
use std::path::Path;

use proc_macro::TokenStream;

/// The files of a folder, named relative to the crate's own: an expression of type `&'static [EmbeddedFile]`. It is empty if the
/// folder does not hold an `index.html`. Hidden files are left out.
#[proc_macro]
pub fn folder(input: TokenStream) -> TokenStream {
    let input = input.to_string();
    let manifest = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let folder = Path::new(&manifest).join(input.trim_matches('"'));
    let expression = folder::expression(&folder)
        .unwrap_or_else(|error| format!("compile_error!({:?})", format!("cannot embed {}: {error}", folder.display())));
    expression.parse().unwrap_or_default()
}
