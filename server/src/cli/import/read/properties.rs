//! Whatever is in a file, every line of it is a record or has a reason.

use proptest::collection::vec;
use proptest::prelude::*;

use super::Records;
use super::lines::MAX_LINE;

/// Bytes that are lines for the most part.
fn file() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![4 => proptest::sample::select(&b",\"\n\r{}:[] \tax1\\"[..]), 1 => any::<u8>()];
    let json =
        "\\{\"username\": ?\"[a-z]{0,3}\"(, ?\"(email|full_name|role|disabled|x)\": ?(null|true|\"[a-z]{0,3}\"))?\\}";
    let line = prop_oneof![
        4 => vec(byte, 0..40),
        4 => "[a-z,\"]{0,20}".prop_map(String::into_bytes),
        2 => json.prop_map(String::into_bytes),
        1 => (MAX_LINE - 3..MAX_LINE + 4).prop_map(|length| vec![b'x'; length]),
    ];
    let end = proptest::sample::select(vec!["\n", "\r\n", "\n\n", "\n \n"]);
    vec((line, end), 0..8)
        .prop_map(|lines| lines.into_iter().flat_map(|(line, end)| [line, end.as_bytes().to_vec()].concat()).collect())
}

/// The numbers of the lines that are not blank.
fn numbers(text: &[u8], from: u64) -> Vec<u64> {
    let lines = text.split(|byte| *byte == b'\n').zip(1_u64..);
    lines.filter(|(line, number)| *number >= from && !line.trim_ascii().is_empty()).map(|(_, number)| number).collect()
}

/// A list, or objects over several lines, which are read by object.
fn is_json_over_lines(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    let first = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    text.starts_with(b"[") || first.trim_ascii() == b"{"
}

fn quoted(field: &str) -> String {
    format!("\"{}\"", field.replace('"', "\"\""))
}

proptest! {
    #[test]
    fn every_line_is_a_record_or_has_a_reason(file in file(), is_csv in any::<bool>()) {
        let header = if is_csv { &b"username,email\n"[..] } else { b"" };
        let text = [header, &file].concat();
        prop_assume!(is_csv || !is_json_over_lines(&text));
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
            let written = fields.iter().flat_map(|field| field.chars()).filter(|c| *c != ' ' && (is_quoted || *c != '"')).count();
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
            // In CSV the white space around a field means nothing.
            let [username, email, full_name] =
                [&username, &email, &full_name].map(|text| if is_csv { text.trim() } else { text.as_str() });
            prop_assert_eq!(
                (record.username.as_str(), record.email.as_deref(), record.full_name.as_deref(), record.disabled),
                (username, Some(email), Some(full_name), Some(disabled))
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
