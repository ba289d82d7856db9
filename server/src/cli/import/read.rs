//! From bytes to records. A person is a line: nothing that is stored of anybody may contain a line break, so one that is
//! damaged spoils no other, and no more than a line is held in memory.

use std::io::{self, BufRead, Read};

use anyhow::bail;
use serde::Deserialize;

use crate::http::object::Object;

/// Bytes of a line at most.
const MAX_LINE: usize = 64 * 1024;
const COLUMNS: [&str; 6] = ["username", "email", "full_name", "role", "disabled", "password_hash"];

/// A person as the file has them.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    pub username: String,
    pub email: Option<String>,
    pub full_name: Option<String>,
    pub role: Option<String>,
    pub disabled: Option<bool>,
    pub password_hash: Option<String>,
}

/// The records of a file, one after the other.
pub(super) struct Records<R> {
    lines: Lines<R>,
    layout: Layout,
}

enum Layout {
    /// The columns in the order of the header.
    Csv {
        reader: Box<csv_core::Reader>,
        columns: Vec<&'static str>,
    },
    Jsonl,
}

impl<R: BufRead> Records<R> {
    /// Reads the header, where the format has one.
    pub fn new(source: R, is_csv: bool) -> anyhow::Result<Self> {
        let mut lines = Lines { source, buffer: Vec::new(), number: 0, consumed: 0 };
        let layout = if is_csv {
            let mut reader = Box::new(csv_core::Reader::new());
            let columns = match lines.next()? {
                Some((_, Ok(header))) => columns(&split(&mut reader, header).map_err(anyhow::Error::msg)?)?,
                Some((_, Err(reason))) => bail!("the first line {reason}"),
                None => bail!("the file is empty"),
            };
            Layout::Csv { reader, columns }
        } else {
            Layout::Jsonl
        };
        Ok(Self { lines, layout })
    }

    /// The next record with the number of its line, or why it is none.
    pub fn next(&mut self) -> io::Result<Option<(u64, Result<Record, String>)>> {
        let Some((number, line)) = self.lines.next()? else { return Ok(None) };
        let record = line.map_err(str::to_owned).and_then(|line| match &mut self.layout {
            Layout::Csv { reader, columns } => record(columns, split(reader, line)?),
            Layout::Jsonl => match serde_json::from_str(line) {
                Ok(Object(record)) => Ok(record),
                Err(error) => Err(in_words(&error)),
            },
        });
        Ok(Some((number, record)))
    }

    /// Bytes read so far.
    pub fn consumed(&self) -> u64 {
        self.lines.consumed
    }
}

/// serde says where in the text something is wrong; the text is one line, whose number the report has.
fn in_words(error: &serde_json::Error) -> String {
    let (message, column) = (error.to_string(), error.column());
    let message = message.split(" at line ").next().unwrap_or_default();
    format!("is not the JSON object of a person: {message} (column {column})")
}

/// The header's columns.
fn columns(header: &[String]) -> anyhow::Result<Vec<&'static str>> {
    let mut columns = Vec::new();
    for name in header {
        match COLUMNS.iter().find(|column| *column == name) {
            Some(column) if columns.contains(column) => bail!("the column {column} is there twice"),
            Some(column) => columns.push(*column),
            None => bail!("there is no column {name:?}: the columns are {}, separated by commas", COLUMNS.join(", ")),
        }
    }
    if columns.contains(&"username") { Ok(columns) } else { bail!("the column username is missing") }
}

/// The fields of a line.
fn split(reader: &mut csv_core::Reader, line: &str) -> Result<Vec<String>, String> {
    // To the reader a line ends there, and what follows would be nobody's.
    if line.contains('\r') {
        return Err("contains a carriage return: lines end with a line feed, or both".to_owned());
    }
    let (mut fields, mut ends) = (vec![0; line.len() + 1], [0; COLUMNS.len() + 1]);
    reader.reset();
    let (outcome, _, _, count) = reader.read_record(format!("{line}\n").as_bytes(), &mut fields, &mut ends);
    match outcome {
        csv_core::ReadRecordResult::Record => {}
        csv_core::ReadRecordResult::OutputEndsFull => return Err("has too many fields".to_owned()),
        _ => return Err("has a quoted field that does not end in the same line".to_owned()),
    }
    let starts = [0].into_iter().chain(ends);
    let field = |(start, end): (usize, &usize)| String::from_utf8_lossy(&fields[start..*end]).into_owned();
    Ok(starts.zip(&ends[..count]).map(field).collect())
}

fn record(columns: &[&str], fields: Vec<String>) -> Result<Record, String> {
    if fields.len() != columns.len() {
        return Err(format!("has {} fields, the header {}", fields.len(), columns.len()));
    }
    let mut record = Record::default();
    for (column, field) in columns.iter().zip(fields) {
        match *column {
            "username" => record.username = field,
            "email" => record.email = Some(field),
            "full_name" => record.full_name = Some(field),
            "role" => record.role = Some(field),
            "disabled" => record.disabled = Some(truth(&field)?),
            _ => record.password_hash = Some(field),
        }
    }
    Ok(record)
}

/// As the databases and languages around write it.
fn truth(field: &str) -> Result<bool, String> {
    match field.to_ascii_lowercase().as_str() {
        "true" | "t" | "1" | "yes" => Ok(true),
        "" | "false" | "f" | "0" | "no" => Ok(false),
        _ => Err("disabled must be true or false".to_owned()),
    }
}

/// Lines of text, none held that is longer than [`MAX_LINE`].
struct Lines<R> {
    source: R,
    buffer: Vec<u8>,
    number: u64,
    consumed: u64,
}

impl<R: BufRead> Lines<R> {
    /// The next line that is not blank, with its number, or why it cannot be read.
    fn next(&mut self) -> io::Result<Option<(u64, Result<&str, &'static str>)>> {
        loop {
            if !self.read()? {
                return Ok(None);
            }
            if !self.buffer.trim_ascii().is_empty() {
                break;
            }
        }
        Ok(Some((self.number, self.text())))
    }

    /// Reads a line, of one that is too long its beginning; says whether there was one.
    fn read(&mut self) -> io::Result<bool> {
        self.buffer.clear();
        self.consumed += self.source.by_ref().take(MAX_LINE as u64 + 2).read_until(b'\n', &mut self.buffer)? as u64;
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
            self.consumed += length as u64;
            if found {
                return Ok(());
            }
        }
    }

    fn text(&self) -> Result<&str, &'static str> {
        let line = self.buffer.strip_suffix(b"\n").unwrap_or(&self.buffer);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > MAX_LINE {
            return Err("is longer than 64 KiB");
        }
        let text = std::str::from_utf8(line).map_err(|_| "is not UTF-8")?;
        if text.contains('\0') {
            return Err("contains a NUL byte");
        }
        // Windows begins text files with a byte order mark.
        Ok(if self.number == 1 { text.trim_start_matches('\u{feff}') } else { text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Line numbers with usernames or reasons.
    fn read(text: &[u8], is_csv: bool) -> Vec<(u64, Result<String, String>)> {
        let mut records = Records::new(text, is_csv).unwrap();
        let mut found = Vec::new();
        while let Some((number, record)) = records.next().unwrap() {
            found.push((number, record.map(|record| record.username)));
        }
        assert_eq!(records.consumed(), text.len() as u64);
        found
    }

    #[test]
    fn lines_are_numbered_whatever_is_in_them() {
        let long = format!("{}\n", "x".repeat(1 << 20));
        let text = [b"\xef\xbb\xbfusername\r\n\r\nalice\r\n\xff\n", long.as_bytes(), b"b\0b\n\"c\n  \ncarol"].concat();
        let expected = [
            (3, Ok("alice")),
            (4, Err("is not UTF-8")),
            (5, Err("is longer than 64 KiB")),
            (6, Err("contains a NUL byte")),
            (7, Err("has a quoted field that does not end in the same line")),
            (9, Ok("carol")),
        ];
        let found = read(&text, true);
        let found: Vec<_> = found
            .iter()
            .map(|(number, record)| (*number, record.as_ref().map(String::as_str).map_err(String::as_str)))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_line_has_64_kib_and_not_a_byte_more() {
        for end in ["", "\n", "\r\n"] {
            for (length, fits) in [(MAX_LINE - 1, true), (MAX_LINE, true), (MAX_LINE + 1, false), (MAX_LINE + 9, false)]
            {
                let text = format!("username\n{}{end}", "x".repeat(length));
                let found = read(text.as_bytes(), true);
                assert_eq!((found.len(), found[0].1.is_ok()), (1, fits), "{length} {end:?}");
            }
        }
    }

    #[test]
    fn quotes_are_those_of_rfc_4180() {
        let text = b"email,username\n\"a,b\",\"x\"\"y\"\n,\n1,2,3\n\"\",\"\"\n1,2,3,4,5,6,7,8,9\n";
        let expected = [
            (2, Ok("x\"y".to_owned())),
            (3, Ok(String::new())),
            (4, Err("has 3 fields, the header 2".to_owned())),
            (5, Ok(String::new())),
            (6, Err("has too many fields".to_owned())),
        ];
        assert_eq!(read(text, true), expected);
    }

    #[test]
    fn headers_name_columns_once() {
        for (header, word) in [
            ("", "empty"),
            ("email", "username is missing"),
            ("username,username", "twice"),
            ("username,password", "no column \"password\""),
            ("username;email", "separated by commas"),
            ("\"username", "quoted"),
        ] {
            let error = Records::new(header.as_bytes(), true).err().expect(header).to_string();
            assert!(error.contains(word), "{header}: {error}");
        }
    }

    #[test]
    fn json_lines_are_objects_of_known_fields() {
        let text = b"{\"username\":\"a\",\"email\":null,\"disabled\":true}\n[]\n{}\n{\"username\":\"a\",\"x\":1}\n{\"username\":1}\n{\"username\":\"a\"}{}\n";
        let found = read(text, false);
        assert_eq!(found[0], (1, Ok("a".to_owned())));
        for (at, word) in [(1, "invalid"), (2, "missing field"), (3, "unknown field"), (4, "integer"), (5, "trailing")]
        {
            assert!(found[at].1.as_ref().is_err_and(|reason| reason.contains(word)), "{:?}", found[at]);
        }
    }
}

#[cfg(test)]
mod properties {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Bytes that are lines for the most part.
    fn file() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![4 => proptest::sample::select(&b",\"\n\r{}:[] \tax1\\"[..]), 1 => any::<u8>()];
        let json = "\\{\"username\": ?\"[a-z]{0,3}\"(, ?\"(email|full_name|role|disabled|x)\": ?(null|true|\"[a-z]{0,3}\"))?\\}";
        let line = prop_oneof![
            4 => vec(byte, 0..40),
            4 => "[a-z,\"]{0,20}".prop_map(String::into_bytes),
            2 => json.prop_map(String::into_bytes),
            1 => (MAX_LINE - 3..MAX_LINE + 4).prop_map(|length| vec![b'x'; length]),
        ];
        let end = proptest::sample::select(vec!["\n", "\r\n", "\n\n", "\n \n"]);
        vec((line, end), 0..8).prop_map(|lines| {
            lines.into_iter().flat_map(|(line, end)| [line, end.as_bytes().to_vec()].concat()).collect()
        })
    }

    /// The numbers of the lines that are not blank.
    fn numbers(text: &[u8], from: u64) -> Vec<u64> {
        let lines = text.split(|byte| *byte == b'\n').zip(1_u64..);
        lines
            .filter(|(line, number)| *number >= from && !line.trim_ascii().is_empty())
            .map(|(_, number)| number)
            .collect()
    }

    fn quoted(field: &str) -> String {
        format!("\"{}\"", field.replace('"', "\"\""))
    }

    proptest! {
        #[test]
        fn every_line_is_a_record_or_has_a_reason(file in file(), is_csv in any::<bool>()) {
            let header = if is_csv { &b"username,email\n"[..] } else { b"" };
            let text = [header, &file].concat();
            let mut records = Records::new(&text[..], is_csv).unwrap();
            let mut found = Vec::new();
            while let Some((number, record)) = records.next().unwrap() {
                let reason = record.err();
                prop_assert!(reason.is_none_or(|reason| !reason.is_empty()));
                found.push(number);
            }
            prop_assert_eq!(found, numbers(&text, if is_csv { 2 } else { 1 }));
            prop_assert_eq!(records.consumed(), text.len() as u64);
        }

        #[test]
        fn nothing_of_a_line_is_left_out(fields in vec("[a-c ,\"\r]{0,6}", 2), is_quoted in any::<bool>()) {
            let line = if is_quoted { fields.iter().map(|field| quoted(field)).collect() } else { fields.clone() };
            let text = format!("username,email,role\n{},\n", line.join(","));
            let mut records = Records::new(text.as_bytes(), true).unwrap();
            if let Some((_, Ok(record))) = records.next().unwrap() {
                let kept = record.username.len() + record.email.unwrap_or_default().len();
                let written = fields.iter().flat_map(|field| field.chars()).filter(|c| is_quoted || *c != '"').count();
                prop_assert!(kept >= written, "{:?} {}", text, kept);
            }
        }

        #[test]
        fn a_person_comes_back_as_they_were_written(
            username in "\\PC{1,20}", email in "\\PC{0,20}", full_name in "\\PC{0,20}", disabled in any::<bool>(), order in Just(vec![0, 1, 2, 3]).prop_shuffle(),
        ) {
            let columns = ["username", "email", "full_name", "disabled"];
            let values = [&username, &email, &full_name, &disabled.to_string()];
            let row = |write: &dyn Fn(usize) -> String| order.iter().map(|at| write(*at)).collect::<Vec<_>>().join(",");
            let csv = format!("{}\r\n{}\r\n", row(&|at| columns[at].to_owned()), row(&|at| quoted(values[at])));
            let json = serde_json::json!({"username": username, "email": email, "full_name": full_name, "disabled": disabled});
            for (text, is_csv) in [(csv, true), (json.to_string(), false)] {
                let mut records = Records::new(text.as_bytes(), is_csv).unwrap();
                let (_, record) = records.next().unwrap().unwrap();
                let record = record.map_err(TestCaseError::fail)?;
                prop_assert_eq!(
                    (record.username.as_str(), record.email.as_deref(), record.full_name.as_deref(), record.disabled),
                    (username.as_str(), Some(email.as_str()), Some(full_name.as_str()), Some(disabled))
                );
            }
        }

        #[test]
        fn no_header_makes_it_stumble(file in file(), is_csv in any::<bool>()) {
            if let Ok(mut records) = Records::new(&file[..], is_csv) {
                while records.next().unwrap().is_some() {}
            }
        }
    }
}
