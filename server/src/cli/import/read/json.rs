//! JSON objects that do not stand in a line each: in a list, or one after the other over several lines.

use std::io::{self, BufRead};

use super::Record;
use super::lines::{self, MAX_LINE};
use super::source::Source;
use crate::http::object::Object;

/// The objects of a file, none held that is longer than [`MAX_LINE`].
pub(super) struct Objects {
    /// Whether they stand in a list.
    is_list: bool,
    state: State,
    buffer: Vec<u8>,
    line: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    /// Before an object, after the beginning of the list or a comma.
    Before,
    /// After an object.
    After,
    End,
    /// Nothing of what follows has a place.
    Damaged,
}

impl Objects {
    /// Whether a file that begins like this has objects that do not stand in a line each.
    pub fn begin(text: &[u8]) -> Option<Self> {
        let text = text.trim_ascii_start();
        let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
        // A list of something else is a line like any other, and refused as one.
        let inside = text.strip_prefix(b"[").map(<[u8]>::trim_ascii_start);
        let is_list = inside.is_some_and(|inside| matches!(inside.first(), None | Some(b'{' | b']')));
        let objects = Self { is_list, state: State::Start, buffer: Vec::new(), line: 1 };
        (is_list || first.trim_ascii() == b"{").then_some(objects)
    }

    /// The text of the next object with the number of the line that it begins in, or why it cannot be read.
    pub fn next(&mut self, source: &mut Source<'_>) -> io::Result<Option<(u64, Result<&str, &'static str>)>> {
        if self.state == State::Damaged {
            return Ok(None);
        }
        if let Some(reason) = self.seek(source)? {
            self.state = State::Damaged;
            return Ok(Some((self.line, Err(reason))));
        }
        if self.state == State::End {
            return Ok(None);
        }
        let line = self.line;
        self.read(source)?;
        self.state = if self.is_list { State::After } else { State::Before };
        Ok(Some((line, lines::text(&self.buffer, source.invalid))))
    }

    /// Goes to the next object, or to the end; says what is wrong on the way.
    fn seek(&mut self, source: &mut Source<'_>) -> io::Result<Option<&'static str>> {
        if !self.is_list && self.state == State::Start {
            self.state = State::Before;
        }
        loop {
            let Some(byte) = peek(source)? else {
                let is_whole = !self.is_list || self.state == State::End;
                self.state = State::End;
                return Ok((!is_whole).then_some("does not follow, and neither does the end of the list: ] is missing"));
            };
            match (self.state, byte) {
                (_, b' ' | b'\t' | b'\r' | b'\n') => {}
                (State::Before, b']') if self.is_list && self.buffer.is_empty() => self.state = State::End,
                (State::Before, _) => return Ok(None),
                (State::Start, _) | (State::After, b',') => self.state = State::Before,
                (State::After, b']') => self.state = State::End,
                (State::After, _) => return Ok(Some("is not separated by a comma from what stands before it")),
                (State::End | State::Damaged, _) => return Ok(Some("stands after the end of the list")),
            }
            self.take(source, byte);
        }
    }

    /// Reads to the end of an object, or of whatever stands there instead.
    fn read(&mut self, source: &mut Source<'_>) -> io::Result<()> {
        self.buffer.clear();
        let (mut depth, mut is_text, mut is_escaped) = (0_u64, false, false);
        while let Some(byte) = peek(source)? {
            let was_text = is_text;
            if is_text {
                is_text = byte != b'"' || is_escaped;
                is_escaped = byte == b'\\' && !is_escaped;
            } else {
                match byte {
                    b'"' => is_text = true,
                    b'{' | b'[' => depth += 1,
                    b',' | b']' if depth == 0 && self.is_list => break,
                    b'\n' if depth == 0 => break,
                    b'}' | b']' => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
            self.take(source, byte);
            if self.buffer.len() <= MAX_LINE {
                self.buffer.push(byte);
            }
            if !was_text && depth == 0 && matches!(byte, b'}' | b']') {
                break;
            }
        }
        Ok(())
    }

    fn take(&mut self, source: &mut Source<'_>, byte: u8) {
        self.line += u64::from(byte == b'\n');
        source.consume(1);
    }
}

fn peek(source: &mut Source<'_>) -> io::Result<Option<u8>> {
    Ok(source.fill_buf()?.first().copied())
}

/// The record of a JSON object.
pub(super) fn record(text: &str) -> Result<Record, String> {
    match serde_json::from_str(text) {
        Ok(Object(record)) => Ok(record),
        Err(error) => Err(in_words(&error, text.contains('\n'))),
    }
}

const FIELDS: &str = "`username`, `email`, `full_name`, `role`, `disabled`, `password_hash`";

/// serde says where in the text something is wrong; the report has the number of the line that it begins in.
fn in_words(error: &serde_json::Error, has_lines: bool) -> String {
    let (message, line, column) = (error.to_string(), error.line(), error.column());
    let message = message.split(" at line ").next().unwrap_or_default();
    // serde lists every accepted spelling; one of each is enough.
    let message = match message.rsplit_once(", expected one of ") {
        Some((unknown, _)) => format!("{unknown}, expected one of {FIELDS}"),
        None => message.to_owned(),
    };
    let place = if has_lines { format!("its line {line}, column {column}") } else { format!("column {column}") };
    format!("is not the JSON object of a person: {message} ({place})")
}
