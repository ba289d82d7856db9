//! The bytes of a file as UTF-8, whatever Unicode encoding its byte order mark names, with the number of bytes read.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

use encoding_rs::{Decoder, DecoderResult, UTF_16BE, UTF_16LE};

const CHUNK: usize = 8 * 1024;
/// No text in UTF-8 contains this byte. It stands for what is damaged, so that only the line that has it is refused.
const DAMAGED: u8 = 0xff;

/// A text in UTF-8 without its byte order mark.
pub(super) struct Source<'a> {
    text: Box<dyn BufRead + 'a>,
    read: Rc<Cell<u64>>,
    /// What is said of a line that is not valid.
    pub invalid: &'static str,
}

impl<'a> Source<'a> {
    /// Looks for a byte order mark.
    pub fn new(file: impl Read + 'a) -> io::Result<Self> {
        let read = Rc::<Cell<u64>>::default();
        let mut file = Counted { file, read: Rc::clone(&read) };
        let mut start = Vec::new();
        file.by_ref().take(CHUNK as u64).read_to_end(&mut start)?;
        let (utf16, mark) = match start[..] {
            [0xff, 0xfe, ..] => (Some(UTF_16LE), 2),
            [0xfe, 0xff, ..] => (Some(UTF_16BE), 2),
            [0xef, 0xbb, 0xbf, ..] => (None, 3),
            _ => (None, 0),
        };
        let bytes = BufReader::with_capacity(CHUNK, io::Cursor::new(start.split_off(mark)).chain(file));
        Ok(match utf16 {
            Some(encoding) => {
                let decoder = encoding.new_decoder_without_bom_handling();
                let text = Decoded { bytes, decoder, text: Vec::with_capacity(CHUNK), at: 0, is_done: false };
                Self { text: Box::new(BufReader::with_capacity(CHUNK, text)), read, invalid: "is not UTF-16" }
            }
            None => Self { text: Box::new(bytes), read, invalid: "is not UTF-8" },
        })
    }

    /// Bytes of the file that were read so far.
    pub fn consumed(&self) -> u64 {
        self.read.get()
    }
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.text.read(buffer)
    }
}

impl BufRead for Source<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.text.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.text.consume(amount);
    }
}

/// Counts what is read.
struct Counted<R> {
    file: R,
    read: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(buffer)?;
        self.read.set(self.read.get() + length as u64);
        Ok(length)
    }
}

/// UTF-16 in, UTF-8 out.
struct Decoded<R> {
    bytes: R,
    decoder: Decoder,
    text: Vec<u8>,
    at: usize,
    is_done: bool,
}

impl<R: BufRead> Decoded<R> {
    fn decode(&mut self) -> io::Result<()> {
        let chunk = self.bytes.fill_buf()?;
        let is_last = chunk.is_empty();
        (self.at, self.is_done) = (0, is_last);
        self.text.resize(CHUNK, 0);
        let (result, read, written) =
            self.decoder.decode_to_utf8_without_replacement(chunk, &mut self.text[..CHUNK - 1], is_last);
        self.text.truncate(written);
        if matches!(result, DecoderResult::Malformed(..)) {
            self.text.push(DAMAGED);
            self.is_done = false;
        }
        self.bytes.consume(read);
        Ok(())
    }
}

impl<R: BufRead> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.text.len() && !self.is_done {
            self.decode()?;
        }
        let length = self.text[self.at..].as_ref().read(buffer)?;
        self.at += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn utf16(text: &str, is_little: bool) -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(|unit| if is_little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
    }

    fn read(bytes: &[u8]) -> Vec<u8> {
        let mut source = Source::new(bytes).unwrap();
        let mut text = Vec::new();
        source.read_to_end(&mut text).unwrap();
        assert_eq!(source.consumed(), bytes.len() as u64);
        text
    }

    #[test]
    fn damage_spoils_its_own_place_only() {
        let mut bytes = utf16("a\nb\nc", true);
        bytes[6..8].copy_from_slice(&0xd800_u16.to_le_bytes());
        assert_eq!(read(&bytes), b"a\n\xff\nc");
        bytes.push(0);
        assert_eq!(read(&bytes), b"a\n\xff\nc\xff", "half a character");
        assert_eq!(read(b"\xff\xfe"), b"");
        assert_eq!(read(b""), b"");
        assert_eq!(read(b"\xef\xbb"), b"\xef\xbb");
    }

    proptest! {
        #[test]
        fn every_encoding_says_the_same(text in "(?s).{0,40}", times in 0_usize..400, is_little in any::<bool>()) {
            let text = text.replace('\u{feff}', "").repeat(times);
            prop_assert_eq!(read(&utf16(&text, is_little)), text.as_bytes());
            prop_assert_eq!(read(format!("\u{feff}{text}").as_bytes()), text.as_bytes());
        }
    }
}
