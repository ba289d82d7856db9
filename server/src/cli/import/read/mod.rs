//! From bytes to records. A person is a line, or a JSON object of a list: nothing that is stored of anybody may contain a line
//! break, so one that is damaged spoils no other, and no more than one is held in memory.

mod csv;
mod json;
mod lines;
#[cfg(test)]
mod properties;
mod source;

use std::fmt;
use std::io::{self, BufRead, Read};

use serde::Deserialize;

use self::csv::Csv;
use self::json::Objects;
use self::lines::Lines;
use self::source::Source;

const COLUMNS: [&str; 6] = ["username", "email", "full_name", "role", "disabled", "password_hash"];

/// A person as the file has them.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    #[serde(alias = "Username", alias = "UserName", alias = "userName")]
    pub username: String,
    #[serde(alias = "Email")]
    pub email: Option<String>,
    #[serde(alias = "FullName", alias = "fullName")]
    pub full_name: Option<String>,
    #[serde(alias = "Role")]
    pub role: Option<String>,
    #[serde(alias = "Disabled")]
    pub disabled: Option<bool>,
    #[serde(alias = "PasswordHash", alias = "passwordHash")]
    pub password_hash: Option<String>,
}

/// Where a record stands. No two of a file stand in one place: objects have a number of their own, for several may begin in one
/// line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    line: u64,
    object: Option<u64>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.object {
            Some(object) => write!(f, "object {object} (line {})", self.line),
            None => write!(f, "line {}", self.line),
        }
    }
}

/// The records of a file, one after the other.
pub(super) struct Records<'a> {
    lines: Lines<'a>,
    layout: Layout,
}

enum Layout {
    Csv(Csv),
    JsonLines,
    Json(Objects),
}

impl<'a> Records<'a> {
    /// Looks how the file is written.
    pub fn new(file: impl Read + 'a, is_csv: bool) -> anyhow::Result<Self> {
        let mut lines = Lines::new(Source::new(file)?);
        let layout = if is_csv {
            Layout::Csv(Csv::new(&mut lines)?)
        } else {
            Objects::begin(lines.source.fill_buf()?).map_or(Layout::JsonLines, Layout::Json)
        };
        Ok(Self { lines, layout })
    }

    /// The next record with the number of its line, or why it is none.
    pub fn next(&mut self) -> io::Result<Option<(u64, Result<Record, String>)>> {
        let Self { lines, layout } = self;
        let of = |text: Result<&str, &'static str>, record: &mut dyn FnMut(&str) -> Result<Record, String>| {
            text.map_err(str::to_owned).and_then(record)
        };
        Ok(match layout {
            Layout::Csv(csv) => lines.next()?.map(|(line, text)| (line, of(text, &mut |text| csv.record(text)))),
            Layout::JsonLines => lines.next()?.map(|(line, text)| (line, of(text, &mut json::record))),
            Layout::Json(objects) => {
                objects.next(&mut lines.source)?.map(|(line, text)| (line, of(text, &mut json::record)))
            }
        })
    }

    /// Bytes read so far.
    pub fn consumed(&self) -> u64 {
        self.lines.source.consumed()
    }

    /// Where the record stands that begins in this line and is the one with this number.
    pub fn place(&self, line: u64, number: u64) -> Place {
        Place { line, object: matches!(self.layout, Layout::Json(_)).then_some(number) }
    }

    /// What records are called.
    pub fn unit(&self) -> &'static str {
        if matches!(self.layout, Layout::Json(_)) { "objects" } else { "lines" }
    }
}

#[cfg(test)]
mod tests {
    use super::lines::MAX_LINE;
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
            ("username;password", "commas, semicolons or tabs"),
            ("username;email;username", "twice"),
            ("sep=;", "empty"),
            ("u\0s\0e\0r\0", "UTF-16"),
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

    #[test]
    fn spreadsheets_write_their_own_csv() {
        for text in [
            "username;email\r\na;a@example.com\r\n",
            "\u{feff}username\temail\na\ta@example.com\n",
            "User Name,E-Mail\na,a@example.com\n",
            "USER_NAME, EMAIL\na, a@example.com \n",
            "\"username\", \"email\"\n\"a\" , \"a@example.com\"\n",
            "sep=;\nemail;username\na@example.com;a\n",
            "\"sep=|\"\nemail|username\na@example.com|a\n",
        ] {
            let utf16: Vec<u8> = "\u{feff}"
                .encode_utf16()
                .chain(text.trim_start_matches('\u{feff}').encode_utf16())
                .flat_map(u16::to_le_bytes)
                .collect();
            for bytes in [text.as_bytes(), &utf16] {
                let mut records = Records::new(bytes, true).unwrap();
                let record = records.next().unwrap().unwrap().1.unwrap();
                assert_eq!((record.username.as_str(), record.email.as_deref()), ("a", Some("a@example.com")), "{text}");
                assert!(records.next().unwrap().is_none());
            }
        }
        // What stands between quotation marks is text.
        let text = b"full_name;username\n\"Moore;  \"\"Al\"\", x\";alice\n";
        let record = Records::new(&text[..], true).unwrap().next().unwrap().unwrap().1.unwrap();
        assert_eq!((record.full_name.as_deref(), record.username.as_str()), (Some("Moore;  \"Al\", x"), "alice"));
    }

    #[test]
    fn json_may_be_a_list_or_stand_over_several_lines() {
        let long = format!("{{\"username\":\"{}\"}}", "x".repeat(MAX_LINE));
        let text = format!(
            "\u{feff}\n[\n {{\n  \"username\": \"a]}}\\\"\",\n \"email\": null}},{{\"username\":\"b\"}}\n, 7,\n[{{}}],\n{long},{{\"x\":1}},\n{{\"username\":\n1}} ]\n"
        );
        let found = read(text.as_bytes(), false);
        let lines: Vec<_> = found.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 5, 6, 7, 8, 8, 9]);
        assert_eq!((&found[0].1, &found[1].1), (&Ok("a]}\"".to_owned()), &Ok("b".to_owned())));
        for (at, word) in
            [(2, "invalid type"), (3, "invalid type"), (4, "64 KiB"), (5, "unknown field"), (6, "its line 2, column 1")]
        {
            assert!(found[at].1.as_ref().is_err_and(|reason| reason.contains(word)), "{:?}", found[at]);
        }
        let objects = read(b"{\n \"username\": \"a\"\n}\n{\n \"UserName\": \"b\"\n}", false);
        assert_eq!(objects, [(1, Ok("a".to_owned())), (4, Ok("b".to_owned()))]);
        assert_eq!(read(b"[]", false), []);
        for (text, word) in [
            ("[{\"username\":\"a\"}", "] is missing"),
            ("[{\"username\":\"a\"} {}]", "comma"),
            ("[{\"username\":\"a\"}] {}", "after the end"),
            ("[{\"username\":\"a\"},]", "JSON object"),
            ("[{\"username\":\"a\"", "JSON object"),
            ("[", "] is missing"),
            ("{\n", "JSON object"),
        ] {
            let found = read(text.as_bytes(), false);
            assert!(
                found.iter().any(|(_, record)| record.as_ref().is_err_and(|reason| reason.contains(word))),
                "{text} {found:?}"
            );
        }
    }
}
