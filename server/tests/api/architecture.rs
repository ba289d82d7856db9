//! The house rules that only reading the source can hold.

use std::fs;
use std::path::{Path, PathBuf};

/// From the roof to the ground: a module uses only what stands after it, or beside it in the same row.
const ORDER: [&[&str]; 24] = [
    &["cli"],
    &["app"],
    &["housekeeping"],
    &["openapi"],
    &["monitoring"],
    &["features"],
    &["login"],
    &["administration"],
    &["links"],
    &["users"],
    &["bearer"],
    &["api_tokens"],
    &["access_tokens"],
    &["events"],
    &["sessions"],
    &["mail"],
    &["audit"],
    &["identity"],
    &["system"],
    &["http"],
    &["secret"],
    &["db"],
    &["metrics", "traces"],
    &["telemetry", "clock", "random", "fold", "config"],
];

pub fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

fn row(module: &str) -> Option<usize> {
    ORDER.iter().position(|row| row.contains(&module))
}

/// The modules of ours that a source file names, in any form of `crate::`.
fn used(source: &str) -> Vec<String> {
    let mut modules = Vec::new();
    for (_, rest) in source.match_indices("crate::").map(|(at, text)| source.split_at(at + text.len())) {
        if let Some(group) = rest.strip_prefix('{') {
            let group = group.split('}').next().unwrap_or_default();
            modules.extend(group.split(',').map(|item| item.trim().split("::").next().unwrap_or_default().to_owned()));
        } else {
            modules.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    modules
}

#[test]
fn imports_run_one_way() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for path in sources(&root).into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs")) {
        let relative = path.strip_prefix(&root).unwrap();
        let module = relative.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        let Some(own) = row(&module) else { continue };
        let source = fs::read_to_string(&path).unwrap();
        for used in used(&source) {
            let Some(other) = row(&used) else { continue };
            assert!(other > own || used == module || other == own, "{} uses {used}", relative.display());
        }
    }
}

#[test]
fn statements_stand_in_queries_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for path in sources(&root) {
        let relative = path.strip_prefix(&root).unwrap().to_owned();
        let may = relative.starts_with("db") || relative.file_name().is_some_and(|name| name == "queries.rs");
        let source = fs::read_to_string(&path).unwrap();
        assert!(may || !source.contains("sql!("), "{} holds a statement", relative.display());
        for clock in ["CURRENT_TIMESTAMP", "NOW()", "datetime("] {
            assert!(!source.contains(clock), "{} asks the database for the time", relative.display());
        }
    }
}
