//! What people are found by: words in any order, without regard to case and accents.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_script::{Script, UnicodeScript};
use unicode_security::GeneralSecurityProfile;
use unicode_security::general_security_profile::IdentifierType;

use crate::fold::fold;

/// Characters of a word that count.
const MAX_TERM: usize = 100;
/// Rows an account has at most. A name of four ordinary words has about thirty; one of two hundred characters without a space
/// has as many.
const MAX_TERMS: usize = 400;
/// A word of so many characters is found anywhere in another one, a shorter one only where a word begins.
const ANYWHERE_FROM: usize = 3;

/// The rows by which an account is found.
#[must_use]
pub fn of(username: &str, full_name: &str) -> Vec<String> {
    let (mut starts, mut suffixes) = (BTreeSet::new(), BTreeSet::new());
    for word in words(username).into_iter().chain(words(full_name)) {
        let word: Vec<char> = word.chars().collect();
        for at in 0..word.len() {
            let rest = &word[at..];
            if is_start(at.checked_sub(1).map(|before| word[before]), word[at]) {
                starts.insert(start(rest.iter().take(ANYWHERE_FROM - 1)));
            }
            if rest.len() >= ANYWHERE_FROM {
                suffixes.insert(rest.iter().take(MAX_TERM).collect::<String>());
            }
        }
    }
    let mut terms: Vec<String> = starts.into_iter().chain(suffixes).take(MAX_TERMS).collect();
    // Who is found by the beginning of a longer one needs no row for it.
    terms.sort_unstable();
    let is_needed = |(at, term): &(usize, &String)| !terms.get(at + 1).is_some_and(|next| next.starts_with(*term));
    terms.iter().enumerate().filter(is_needed).map(|(_, term)| term.clone()).collect()
}

/// What rows must begin with, one for each word of a query, where they are those of somebody who is looked for.
#[must_use]
pub fn prefixes(query: &str) -> Vec<String> {
    let mut prefixes: Vec<String> = Vec::new();
    for word in words(query) {
        let prefix = if word.chars().count() < ANYWHERE_FROM {
            start(word.chars().collect::<Vec<_>>().iter())
        } else {
            word.chars().take(MAX_TERM).collect()
        };
        if !prefixes.contains(&prefix) {
            prefixes.push(prefix);
        }
    }
    prefixes
}

/// The first text in the order of code points that is behind every text that begins with `prefix`.
#[must_use]
pub fn end_of(prefix: &str) -> String {
    let mut end = prefix.to_owned();
    while let Some(last) = end.pop() {
        let next = if last == '\u{d7ff}' { Some('\u{e000}') } else { char::from_u32(u32::from(last) + 1) };
        if let Some(next) = next {
            end.push(next);
            return end;
        }
    }
    end
}

/// The row of a word that begins so: no other begins with a space.
fn start<'a>(letters: impl Iterator<Item = &'a char>) -> String {
    [' '].iter().chain(letters).collect()
}

fn words(text: &str) -> Vec<String> {
    simplify(text).split_whitespace().map(str::to_owned).collect()
}

/// Whether a word begins at `letter`: at the first one, where letters follow signs or signs letters, and everywhere in writing
/// that puts no spaces between words.
fn is_start(before: Option<char>, letter: char) -> bool {
    let is_letter = |c: char| c.is_alphanumeric() || is_combining_mark(c);
    before.is_none_or(|before| is_letter(before) != is_letter(letter))
        || matches!(
            letter.script(),
            Script::Han
                | Script::Hiragana
                | Script::Katakana
                | Script::Thai
                | Script::Lao
                | Script::Khmer
                | Script::Myanmar
        )
}

/// The text as it is searched: folded, without accents and without what cannot be seen.
fn simplify(text: &str) -> String {
    fold(text).nfd().filter(|letter| !is_left_out(*letter)).flat_map(plain).nfc().collect()
}

/// Whether a character does not count: an accent, a vowel sign of Hebrew or Arabic, or something invisible. The marks of other
/// scripts, and those that tell ga from ka in Japanese, make other letters.
fn is_left_out(letter: char) -> bool {
    let is_accent = match letter.script() {
        Script::Inherited => !matches!(letter, '\u{3099}' | '\u{309a}'),
        Script::Hebrew | Script::Arabic => true,
        _ => false,
    };
    is_combining_mark(letter) && is_accent || letter.identifier_type() == Some(IdentifierType::Default_Ignorable)
}

/// Letters that have no accent to take away but are typed without it all the same, and signs of which keyboards know one.
fn plain(letter: char) -> impl Iterator<Item = char> {
    let (first, second) = match letter {
        'æ' => ('a', Some('e')),
        'ɓ' => ('b', None),
        'đ' | 'ð' | 'ɗ' => ('d', None),
        'ħ' => ('h', None),
        'ı' | 'ɨ' => ('i', None),
        'ƙ' => ('k', None),
        'ł' => ('l', None),
        'ø' => ('o', None),
        'œ' => ('o', Some('e')),
        'ŧ' => ('t', None),
        'þ' => ('t', Some('h')),
        'ƴ' => ('y', None),
        '\u{2018}' | '\u{2019}' | '\u{2bc}' => ('\'', None),
        '\u{2010}'..='\u{2014}' => ('-', None),
        other => (other, None),
    };
    [Some(first), second].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(query: &str, username: &str, full_name: &str) -> bool {
        let terms = of(username, full_name);
        prefixes(query).iter().all(|prefix| {
            let end = end_of(prefix);
            let found = terms.iter().any(|term| term >= prefix && *term < end);
            assert_eq!(found, terms.iter().any(|term| term.starts_with(prefix)), "{prefix}");
            found
        })
    }

    #[test]
    fn words_are_found_in_any_order_without_accents() {
        for (query, full_name) in [
            ("jose", "José García"),
            ("GARCÍA josé", "José García"),
            ("garcia  jo", "Jose\u{301} García"),
            ("nguyen van", "Nguyễn Văn An"),
            ("an ngu", "Nguyễn Văn An"),
            ("dang", "Đặng"),
            ("strasse", "Straße"),
            ("straße", "STRASSE"),
            ("soren", "Søren Ærø"),
            ("aero", "Søren Ærø"),
            ("lodz", "Łódź"),
            ("istanbul", "İstanbul"),
            ("ISIK", "ışık"),
            ("mull", "Müller"),
            ("雷", "李雷"),
            ("李雷", "李雷"),
            ("김", "김철수"),
            ("からす", "からす"),
            ("сергей", "Сергѐй"),
            ("o'neil", "Shaun O’Neil"),
            ("neil", "Shaun O’Neil"),
            ("jean-luc", "Jean‐Luc"),
            ("שלום", "שָׁלוֹם"),
            ("हिन्दी", "हिन्दी"),
            ("Ｗｉｄｅ", "wide"),
            ("heart", "he\u{ad}art"),
            ("", "Anybody"),
        ] {
            assert!(finds(query, "x", full_name), "{query} {full_name} {:?}", of("x", full_name));
        }
        for (query, full_name) in [
            ("na", "Anna"),
            ("nn", "Anna"),
            ("garcia jose maria", "José García"),
            ("がらす", "からす"),
            ("hind", "हिन्दी"),
            ("%%", "100%"),
            ("雷李", "李雷"),
        ] {
            assert!(!finds(query, "x", full_name), "{query} {full_name}");
        }
    }

    #[test]
    fn short_words_are_beginnings_and_longer_ones_are_anywhere() {
        for (query, found) in [
            ("a", true),
            ("al", true),
            ("mo", true),
            ("m", true),
            ("li", false),
            ("lic", true),
            ("ice.moo", true),
            ("_t", true),
            ("_", true),
            ("tw", true),
            ("wo", false),
            ("ore", true),
            ("ooo", false),
        ] {
            assert_eq!(finds(query, "alice.moore_two", ""), found, "{query}");
        }
    }

    #[test]
    fn however_long_a_name_it_has_few_rows() {
        let long = "\u{3300}".repeat(200);
        let terms = of(&"w".repeat(64), &long);
        assert!(terms.len() <= MAX_TERMS && terms.iter().all(|term| term.chars().count() <= MAX_TERM));
        assert!(of("alice.moore", "Alice Moore").len() < 14, "{:?}", of("alice.moore", "Alice Moore"));
        let turtles = "🐢".repeat(200);
        assert!(finds(&"🐢".repeat(100), "x", &turtles));
    }

    #[test]
    fn what_begins_with_a_prefix_is_before_its_end() {
        assert_eq!(end_of("gar"), "gas");
        assert_eq!(end_of("a\u{d7ff}"), "a\u{e000}");
        assert_eq!(end_of("a\u{10ffff}"), "b");
    }
}
