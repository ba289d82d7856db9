//! Which file an SQLite database is: noticing when another one takes its place.
//!
//! A process goes on with the file that it has opened, even after that was renamed or deleted, while everybody who opens the
//! path meets another file, with a log and an index of its own. What one of them ends lives on for the other.

use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often the path is looked at, at most.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Device and inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity(u64, u64);

impl From<Metadata> for Identity {
    fn from(metadata: Metadata) -> Self {
        Self(metadata.dev(), metadata.ino())
    }
}

/// Compares the files at some paths with those that were opened, twice a second at most.
#[derive(Clone, Debug)]
pub(super) struct FileWatch(Arc<Watched>);

#[derive(Debug)]
struct Watched {
    paths: Vec<PathBuf>,
    /// The files that were there last; `None` where there is none.
    current: Mutex<Vec<Option<Identity>>>,
    started: Instant,
    /// Milliseconds from `started` to the last look.
    looked: AtomicU64,
    was_replaced: AtomicBool,
}

impl FileWatch {
    /// Watches paths, each with the file that was opened there.
    pub fn new(opened: impl IntoIterator<Item = (PathBuf, Identity)>) -> Self {
        let (paths, current) = opened.into_iter().map(|(path, file)| (path, Some(file))).unzip();
        Self(Arc::new(Watched {
            paths,
            current: Mutex::new(current),
            started: Instant::now(),
            looked: AtomicU64::new(0),
            was_replaced: AtomicBool::new(false),
        }))
    }

    /// Whether another file was ever seen at a path, or none.
    pub fn was_replaced(&self) -> bool {
        self.0.was_replaced.load(Ordering::Acquire)
    }

    /// Looks, where the last look is too long ago. Says whether this look met other files than the one before.
    pub fn look(&self) -> bool {
        let watched = &*self.0;
        let now = watched.started.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
        let last = watched.looked.load(Ordering::Relaxed);
        let is_due = Duration::from_millis(now.saturating_sub(last)) >= LOOK_EVERY;
        let is_ours =
            is_due && watched.looked.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        is_ours && self.look_now()
    }

    /// The same, however long ago the last look is.
    pub fn look_now(&self) -> bool {
        let watched = &*self.0;
        let mut current = watched.current.lock().unwrap_or_else(PoisonError::into_inner);
        let mut is_another = false;
        for (path, known) in watched.paths.iter().zip(current.iter_mut()) {
            let found = match fs::metadata(path) {
                Ok(metadata) => Some(metadata.into()),
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                // Not knowing is not a change.
                Err(_) => continue,
            };
            is_another |= *known != found;
            *known = found;
        }
        if is_another {
            watched.was_replaced.store(true, Ordering::Release);
        }
        is_another
    }
}

/// The path of the file itself, not of a link to it, and which file it is; `None` where that cannot be told.
pub(super) fn identify(path: &Path) -> Option<(PathBuf, Identity)> {
    let path = fs::canonicalize(path).ok()?;
    let identity = fs::metadata(&path).ok()?.into();
    Some((path, identity))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_file_none_and_one_again_are_each_seen_once() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("x.db"), folder.path().join("y.db"));
        fs::write(&path, "1").unwrap();
        let watch = FileWatch::new(identify(&path));
        fs::write(&path, "changed in place").unwrap();
        assert!(!watch.look_now() && !watch.was_replaced());

        fs::write(&other, "2").unwrap();
        fs::rename(&other, &path).unwrap();
        assert!(watch.look_now() && !watch.look_now() && watch.was_replaced());
        fs::remove_file(&path).unwrap();
        assert!(watch.look_now() && !watch.look_now());
        fs::write(&path, "3").unwrap();
        assert!(watch.look_now() && !watch.look_now() && watch.was_replaced());
    }
}
