//! Passwords that are known to others, from a list that the deployer brings (OWASP ASVS 5.0, 6.2.4 and 6.2.12).

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use sha1::{Digest, Sha1};

/// The list of `PASSWORD_BLOCKLIST`: eight bytes a password. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Blocklist(Arc<[u64]>);

impl Blocklist {
    /// Reads a file with one password a line: in clear, or as the SHA-1 under which Have I Been Pwned lists them, in
    /// hexadecimal and perhaps with `:` and how often it was seen. Without a file, nothing is on the list.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(path: Option<&Path>) -> io::Result<Self> {
        let Some(path) = path else { return Ok(Self::default()) };
        let mut digests = Vec::new();
        // Lists hold what people type, which is not always UTF-8.
        for line in BufReader::new(File::open(path)?).split(b'\n') {
            let line = line?;
            let line = line.strip_suffix(b"\r").unwrap_or(&line);
            if !line.is_empty() {
                digests.push(listed_digest(line).unwrap_or_else(|| digest(line)));
            }
        }
        digests.sort_unstable();
        digests.dedup();
        Ok(Self(digests.into()))
    }

    /// How many passwords are on it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the password is on it, as it is or in small letters.
    #[must_use]
    pub fn contains(&self, password: &str) -> bool {
        let has = |text: &str| self.0.binary_search(&digest(text.as_bytes())).is_ok();
        !self.is_empty() && (has(password) || has(&password.to_lowercase()))
    }
}

/// The first eight bytes of the SHA-1: that no two passwords share them is all that is wanted of it.
fn digest(password: &[u8]) -> u64 {
    let digest = Sha1::digest(password);
    u64::from_be_bytes(*digest.first_chunk().expect("there are twenty"))
}

/// The same of a line that is a SHA-1 already.
fn listed_digest(line: &[u8]) -> Option<u64> {
    let digest = std::str::from_utf8(line).ok()?.split(':').next()?;
    let is_digest = digest.len() == 40 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_digest.then(|| u64::from_str_radix(&digest[..16], 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &[u8]) -> Blocklist {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        std::fs::write(&path, text).unwrap();
        Blocklist::read(Some(&path)).unwrap()
    }

    #[test]
    fn passwords_are_listed_in_clear_or_as_their_sha_1() {
        // `printf 'winter in weimar' | sha1sum`
        let list =
            list(b"Correct Horse\r\nturtle soup tuesday\n\xff\xfe\n\n75C1D9E66EF921E85878F9CBAAFC595C091B801C:23\n");
        for password in ["Correct Horse", "turtle soup tuesday", "Turtle Soup TUESDAY", "winter in weimar"] {
            assert!(list.contains(password), "{password}");
        }
        for password in ["correct horse", "turtle soup", "", "75C1D9E66EF921E85878F9CBAAFC595C091B801C"] {
            assert!(!list.contains(password), "{password}");
        }
        assert_eq!(list.len(), 4);
    }

    #[test]
    fn without_a_list_nothing_is_on_it() {
        assert!(!Blocklist::read(None).unwrap().contains("password"));
        assert!(Blocklist::read(Some(Path::new("/nowhere/list"))).is_err());
    }
}
