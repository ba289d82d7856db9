//! From the files of a folder to the Rust expression that contains them.

use std::fmt::Write;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;
use std::{fs, io};

/// The page, without which a folder is not a built web app.
const PAGE: &str = "index.html";
/// Stands in the folder until the web app is built. The compiler tracks files and not folders: the first build of the web app
/// deletes this one, and Cargo compiles the program again.
const PLACEHOLDER: &str = "not-built";

/// The expression; its type is `&'static [EmbeddedFile]`.
pub(crate) fn expression(folder: &Path) -> io::Result<String> {
    if !folder.join(PAGE).is_file() {
        return Ok(empty(folder));
    }
    let mut files = Vec::new();
    list(folder, &mut files)?;
    files.sort();
    let mut text = "&[".to_owned();
    for file in files {
        let name = file.strip_prefix(folder).expect("it was found below the folder").to_string_lossy().into_owned();
        let (tag, modified) = (tag(&fs::read(&file)?), modified(&file)?);
        let path = fs::canonicalize(&file)?;
        let path = path.to_str().ok_or_else(|| io::Error::other("its path is not UTF-8"))?;
        write!(
            text,
            "::hallpass::http::embedded::EmbeddedFile {{ name: {name:?}, content: include_bytes!({path:?}), \
             tag: {tag:?}, modified: {modified} }},"
        )
        .expect("a string takes all text");
    }
    Ok(text + "]")
}

/// No files, and a note for the compiler to watch where the folder can be written.
fn empty(folder: &Path) -> String {
    let placeholder = folder.join(PLACEHOLDER);
    let made = fs::create_dir_all(folder).and_then(|()| {
        if placeholder.is_file() {
            Ok(())
        } else {
            fs::write(&placeholder, "Build the web app with `just build-client`.\n")
        }
    });
    match (made, placeholder.to_str()) {
        (Ok(()), Some(path)) => format!("{{ const _: &[u8] = include_bytes!({path:?}); &[] }}"),
        _ => "&[]".to_owned(),
    }
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().as_encoded_bytes().starts_with(b".") || entry.file_name() == PLACEHOLDER {
            continue;
        }
        if entry.file_type()?.is_dir() {
            list(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// What tells the content from every other: for the entity tag, which needs no resistance to forgery.
fn tag(content: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(content);
    format!("{:x}-{:016x}", content.len(), hasher.finish())
}

/// Seconds since 1970.
fn modified(file: &Path) -> io::Result<u64> {
    let modified = fs::metadata(file)?.modified()?;
    Ok(modified.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_but_hidden_ones_is_embedded() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["index.html", "index.html.br", "assets/app-1.js", ".vite/manifest.json", ".secret", PLACEHOLDER] {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, name).unwrap();
        }
        let text = expression(folder.path()).unwrap();
        let names: Vec<&str> =
            text.split("name: ").skip(1).map(|rest| rest.split(',').next().unwrap().trim_matches('"')).collect();
        assert_eq!(names, ["assets/app-1.js", "index.html", "index.html.br"]);
    }

    #[test]
    fn the_first_build_of_a_missing_folder_is_noticed() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("dist");
        let text = expression(&folder).unwrap();
        let watched = text.split('"').nth(1).unwrap();
        assert!(text.ends_with("&[] }") && Path::new(watched).is_file(), "{text}");
        assert_eq!(expression(&folder).unwrap(), text);

        // As Vite does it.
        fs::remove_file(watched).unwrap();
        fs::write(folder.join(PAGE), "").unwrap();
        assert!(expression(&folder).unwrap().contains("index.html"));
    }

    #[test]
    fn another_content_has_another_tag() {
        assert_eq!(tag(b"one"), tag(b"one"));
        assert_ne!(tag(b"one"), tag(b"two"));
    }
}
