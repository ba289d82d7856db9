//! CSV as databases and spreadsheets write it: fields between commas, semicolons or tabs, quoted as RFC 4180 says.

use anyhow::bail;

use super::lines::Lines;
use super::{COLUMNS, Record};

/// In the order in which they are tried.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// How the records of a file are written.
pub(super) struct Csv {
    reader: Box<csv_core::Reader>,
    delimiter: u8,
    /// In the order of the header.
    columns: Vec<&'static str>,
}

impl Csv {
    /// Reads the header, which also tells what stands between the fields.
    pub fn new(lines: &mut Lines<'_>) -> anyhow::Result<Self> {
        let mut header = next(lines)?;
        // Excel writes and reads such a line before the header.
        let named = header.trim_matches('"').strip_prefix("sep=").and_then(|rest| rest.bytes().next());
        if named.is_some() {
            header = next(lines)?;
        }
        let mut best = None;
        for delimiter in named.map_or(DELIMITERS.to_vec(), |delimiter| vec![delimiter]) {
            let mut reader = Box::new(csv_core::ReaderBuilder::new().delimiter(delimiter).build());
            let fields = split(&mut reader, delimiter, &header, usize::MAX).map_err(anyhow::Error::msg)?;
            match columns(&fields) {
                Ok(columns) => return Ok(Self { reader, delimiter, columns }),
                Err(error) => {
                    if best.as_ref().is_none_or(|(most, _)| fields.len() > *most) {
                        best = Some((fields.len(), error));
                    }
                }
            }
        }
        Err(best.map_or_else(|| anyhow::anyhow!("the file is empty"), |(_, error)| error))
    }

    /// The record of a line.
    pub fn record(&mut self, line: &str) -> Result<Record, String> {
        let fields = split(&mut self.reader, self.delimiter, line, COLUMNS.len())?;
        let columns = &self.columns;
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
}

fn next(lines: &mut Lines<'_>) -> anyhow::Result<String> {
    match lines.next()? {
        Some((_, Ok(line))) => Ok(line.to_owned()),
        Some((_, Err(reason))) if reason.contains("NUL") => {
            bail!("the first line {reason}: if the file is UTF-16, save it as UTF-8, or with a byte order mark")
        }
        Some((_, Err(reason))) => bail!("the first line {reason}"),
        None => bail!("the file is empty"),
    }
}

/// The header's columns, whose names are compared without regard to case, spaces, hyphens and underscores.
fn columns(header: &[String]) -> anyhow::Result<Vec<&'static str>> {
    let letters = |name: &str| name.to_lowercase().replace([' ', '-', '_'], "");
    let mut columns = Vec::new();
    for name in header {
        match COLUMNS.iter().find(|column| letters(column) == letters(name)) {
            Some(column) if columns.contains(column) => bail!("the column {column} is there twice"),
            Some(column) => columns.push(*column),
            None => bail!(
                "there is no column {name:?}: the columns are {}, separated by commas, semicolons or tabs",
                COLUMNS.join(", ")
            ),
        }
    }
    if columns.contains(&"username") { Ok(columns) } else { bail!("the column username is missing") }
}

/// The fields of a line, without the white space around them.
fn split(reader: &mut csv_core::Reader, delimiter: u8, line: &str, most: usize) -> Result<Vec<String>, String> {
    // To the reader a line ends there, and what follows would be nobody's.
    if line.contains('\r') {
        return Err("contains a carriage return: lines end with a line feed, or both".to_owned());
    }
    let line = without_spaces_before_quotes(line, char::from(delimiter));
    let most = most.min(line.len() + 1);
    let (mut fields, mut ends) = (vec![0; line.len() + 1], vec![0; most + 1]);
    reader.reset();
    let (outcome, _, _, count) = reader.read_record(format!("{line}\n").as_bytes(), &mut fields, &mut ends);
    match outcome {
        csv_core::ReadRecordResult::Record => {}
        csv_core::ReadRecordResult::OutputEndsFull => return Err("has too many fields".to_owned()),
        _ => return Err("has a quoted field that does not end in the same line".to_owned()),
    }
    let starts = [0].into_iter().chain(ends.iter().copied());
    let field = |(start, end): (usize, &usize)| String::from_utf8_lossy(&fields[start..*end]).trim().to_owned();
    Ok(starts.zip(&ends[..count]).map(field).collect())
}

/// Spaces between a delimiter and a quotation mark mean nothing to anybody, but to RFC 4180 they make the mark part of the field.
fn without_spaces_before_quotes(line: &str, delimiter: char) -> String {
    let mut tidy = String::with_capacity(line.len());
    let (mut is_quoted, mut is_start) = (false, true);
    for (at, character) in line.char_indices() {
        if is_start && character == ' ' && line[at..].trim_start_matches(' ').starts_with('"') {
            continue;
        }
        is_quoted ^= character == '"' && (is_start || is_quoted || tidy.ends_with('"'));
        is_start = character == delimiter && !is_quoted;
        tidy.push(character);
    }
    tidy
}

/// As the databases and languages around write it.
fn truth(field: &str) -> Result<bool, String> {
    match field.to_ascii_lowercase().as_str() {
        "true" | "t" | "1" | "yes" => Ok(true),
        "" | "false" | "f" | "0" | "no" => Ok(false),
        _ => Err("disabled must be true or false".to_owned()),
    }
}
