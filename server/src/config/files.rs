//! Who may use a file: what is said of one that this program cannot use, and of one that others can read.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::random;

/// Why a file or folder cannot be used: its full path, the reason, and where rights are missing, whose it is and who asks.
pub(crate) fn blocked(path: &Path, error: &io::Error) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let place = path.display();
    match error.kind() {
        io::ErrorKind::PermissionDenied => format!("{place}: permission denied{}", ownership(&path)),
        io::ErrorKind::ReadOnlyFilesystem => format!("{place}: the file system is read-only{}", ownership(&path)),
        _ => format!("{place}: {}", reason(error)),
    }
}

/// An operating system's reason, without its number.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    // A sentence of its own there, a part of ours here.
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// `, for this program runs as uid 998, and /srv/data belongs to uid 0, mode 755)`
pub(crate) fn ownership(path: &Path) -> String {
    let Some((nearest, found)) = existing(path) else { return String::new() };
    let (owner, mode) = (found.uid(), found.mode() & 0o7777);
    let belongs = format!("{} belongs to uid {owner}, mode {mode:o}", nearest.display());
    match uid() {
        Some(uid) => format!(" (this program runs as uid {uid}, and {belongs})"),
        None => format!(" ({belongs})"),
    }
}

/// The file, or the nearest folder above it that there is.
pub(crate) fn existing(path: &Path) -> Option<(PathBuf, fs::Metadata)> {
    let path = std::path::absolute(if path.as_os_str().is_empty() { Path::new(".") } else { path }).ok()?;
    path.ancestors().find_map(|path| Some((path.to_owned(), fs::metadata(path).ok()?)))
}

/// Tries whether a file could be made with the folders that it needs, by making another one in the nearest folder for a moment.
pub(crate) fn could_be_made(path: &Path) -> io::Result<()> {
    let Some((folder, found)) = path.parent().and_then(existing) else { return Ok(()) };
    if !found.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    let probe = folder.join(format!(".hallpass-{:016x}", u64::from_be_bytes(random::bytes())));
    fs::OpenOptions::new().write(true).create_new(true).open(&probe)?;
    fs::remove_file(&probe)
}

/// The user that this program runs as.
fn uid() -> Option<u32> {
    Some(fs::metadata("/proc/self").ok()?.uid())
}

/// What to do about a file that holds secrets and that every user of this machine can read or write.
pub(crate) fn open_to_others(path: &Path) -> Option<String> {
    let path = fs::canonicalize(path).ok()?;
    let mode = fs::metadata(&path).ok()?.mode() & 0o7777;
    // A folder that they cannot enter keeps them away as well.
    let can_enter = |folder: &Path| fs::metadata(folder).is_ok_and(|found| found.mode() & 0o001 != 0);
    let is_open = mode & 0o006 != 0 && path.ancestors().skip(1).all(can_enter);
    let place = path.display();
    is_open.then(|| format!("{place} can be read by every user of this machine (mode {mode:o}): chmod o= {place}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn chmod(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn what_others_can_reach_is_said_to_be_open() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        fs::write(&file, "x").unwrap();
        chmod(folder.path(), 0o755);
        for (mode, is_open) in [(0o600, false), (0o640, false), (0o660, false), (0o644, true), (0o602, true)] {
            chmod(&file, mode);
            assert_eq!(open_to_others(&file).is_some(), is_open, "{mode:o}");
        }
        chmod(&file, 0o644);
        let said = open_to_others(&file).unwrap();
        assert!(said.contains("chmod o= ") && said.contains("mode 644") && said.contains("/key"), "{said}");
        chmod(folder.path(), 0o700);
        assert_eq!(open_to_others(&file), None, "nobody else gets into the folder");
        assert_eq!(open_to_others(&folder.path().join("nowhere")), None);
    }

    #[test]
    fn a_blocked_file_is_named_with_its_owner_and_us() {
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        let said = blocked(Path::new("/nowhere/data/session.key"), &denied);
        assert!(said.starts_with("/nowhere/data/session.key: permission denied (this program runs as uid "), "{said}");
        assert!(said.contains("and / belongs to uid 0"), "{said}");
        let said = blocked(Path::new("x"), &io::Error::from_raw_os_error(2));
        assert!(said.ends_with("/x: no such file or directory"), "{said}");
    }
}
