//! Lines of text, none held that is longer than [`MAX_LINE`].

use std::io::{self, BufRead, Read};

use super::source::Source;

/// Bytes of a line at most.
pub(super) const MAX_LINE: usize = 64 * 1024;

/// The lines of a file, or what is left of it.
pub(super) struct Lines<'a> {
    pub source: Source<'a>,
    buffer: Vec<u8>,
    number: u64,
}

impl<'a> Lines<'a> {
    pub fn new(source: Source<'a>) -> Self {
        Self { source, buffer: Vec::new(), number: 0 }
    }

    /// The next line that is not blank, with its number, or why it cannot be read.
    pub fn next(&mut self) -> io::Result<Option<(u64, Result<&str, &'static str>)>> {
        loop {
            if !self.read()? {
                return Ok(None);
            }
            if !self.buffer.trim_ascii().is_empty() {
                break;
            }
        }
        let line = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
        Ok(Some((self.number, text(line.strip_suffix(b"\r").unwrap_or(line), self.source.invalid))))
    }

    /// Reads a line, of one that is too long its beginning; says whether there was one.
    fn read(&mut self) -> io::Result<bool> {
        self.buffer.clear();
        self.source.by_ref().take(MAX_LINE as u64 + 2).read_until(b'\n', &mut self.buffer)?;
        self.number += 1;
        if self.buffer.len() > MAX_LINE && !self.buffer.ends_with(b"\n") {
            self.skip()?;
        }
        Ok(!self.buffer.is_empty())
    }

    fn skip(&mut self) -> io::Result<()> {
        loop {
            let ahead = self.source.fill_buf()?;
            let (length, found) = ahead
                .iter()
                .position(|byte| *byte == b'\n')
                .map_or((ahead.len(), ahead.is_empty()), |at| (at + 1, true));
            self.source.consume(length);
            if found {
                return Ok(());
            }
        }
    }
}

/// Bytes as the text of a record.
pub(super) fn text<'a>(bytes: &'a [u8], invalid: &'static str) -> Result<&'a str, &'static str> {
    if bytes.len() > MAX_LINE {
        return Err("is longer than 64 KiB");
    }
    let text = std::str::from_utf8(bytes).map_err(|_| invalid)?;
    if text.contains('\0') { Err("contains a NUL byte") } else { Ok(text) }
}
