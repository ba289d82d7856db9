//! A file that has its name only once it is whole.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use crate::random;

/// A file under a hidden name in the folder of its final one. It is removed unless it is published.
#[derive(Debug)]
pub(super) struct WholeFile {
    hidden: PathBuf,
    file: PathBuf,
    force: bool,
}

impl WholeFile {
    /// Makes it, empty and for its owner alone. Unless `force`, nothing may have the final name.
    pub fn create(file: &Path, force: bool) -> anyhow::Result<Self> {
        let Some(name) = file.file_name() else { bail!("{} is no name of a file", file.display()) };
        if file.is_dir() {
            bail!("{} is a folder: give the name of a file", file.display());
        }
        if !force && file.symlink_metadata().is_ok() {
            return Err(exists(file));
        }
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{:08x}.partial", u32::from_be_bytes(random::bytes())));
        let whole = Self { hidden: file.with_file_name(hidden), file: file.to_owned(), force };
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&whole.hidden);
        made.with_context(|| format!("cannot write to the folder of {}", file.display()))?;
        Ok(whole)
    }

    /// Where it is written meanwhile.
    pub fn path(&self) -> &Path {
        &self.hidden
    }

    /// Gives it its name, for good.
    pub fn publish(self) -> anyhow::Result<()> {
        let named = if self.force {
            fs::rename(&self.hidden, &self.file)
        } else {
            // A link is refused where the name was taken meanwhile, which a rename would overwrite.
            match fs::hard_link(&self.hidden, &self.file) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(exists(&self.file)),
                // Some file systems know no links.
                Err(_) => fs::rename(&self.hidden, &self.file),
                Ok(()) => Ok(()),
            }
        };
        named.with_context(|| format!("cannot write {}", self.file.display()))?;
        let folder = self.file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(File::open(folder)?.sync_all()?)
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.hidden);
        // SQLite's, where it was stopped while it wrote.
        let mut journal = self.hidden.clone().into_os_string();
        journal.push("-journal");
        let _ = fs::remove_file(journal);
    }
}

fn exists(file: &Path) -> anyhow::Error {
    anyhow::anyhow!("{} exists: give another name, or overwrite it with --force", file.display())
}
