//! What an account is, and what its names may be.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_security::general_security_profile::IdentifierType;
use unicode_security::{GeneralSecurityProfile, RestrictionLevel, RestrictionLevelDetection};

pub use super::email::{MAX_EMAIL, email_key, lookup_key, parse_email};
use crate::fold::fold;
use crate::http::extract::plain_text;
use crate::http::problem::Problem;

/// What stands in place of a password's hash where there is no password yet: no password matches it.
pub const NO_PASSWORD: &str = "";
/// Characters a username has at most.
pub const MAX_USERNAME: usize = 64;
/// Characters the folded form of a username or address has at most: some letters fold into several, one into eighteen.
pub(super) const MAX_FOLDED: usize = 255;
/// Characters a full name has at most.
pub const MAX_FULL_NAME: usize = 200;

/// A new username, without the space around it and in normal form C: 1 to 64 letters, combining marks, digits, `.`, `_`, `-`, at
/// least one of them a letter or digit; nothing invisible, and no letters of scripts that are mixed to deceive ("moderately
/// restrictive", UTS 39, section 5.2). Whether it looks like somebody else's, the database tells.
///
/// # Errors
/// 422 naming `username`.
pub fn parse_username(username: &str) -> Result<String, Problem> {
    let username: String = username.trim().nfc().collect();
    let allowed = |c: char| c.is_alphanumeric() || is_combining_mark(c) || matches!(c, '.' | '_' | '-');
    if !(1..=MAX_USERNAME).contains(&username.chars().count())
        || !username.chars().all(allowed)
        || !username.contains(char::is_alphanumeric)
        || fold(&username).chars().count() > MAX_FOLDED
    {
        return Err(Problem::invalid("username", "must have 1 to 64 letters, digits, dots, underscores or hyphens"));
    }
    if !username.chars().all(GeneralSecurityProfile::identifier_allowed) {
        return Err(Problem::invalid("username", "has a character that is invisible, or not in use in names today"));
    }
    if !username.check_restriction_level(RestrictionLevel::ModeratelyRestrictive) {
        return Err(Problem::invalid("username", "must not mix alphabets whose letters look alike"));
    }
    Ok(username)
}

/// A new full name, without the space around it; it may be empty.
///
/// # Errors
/// 422 naming `full_name`.
pub fn parse_full_name(full_name: &str) -> Result<String, Problem> {
    refuse_hidden("full_name", full_name)?;
    plain_text("full_name", full_name.trim(), MAX_FULL_NAME).map(str::to_owned)
}

/// Refuses characters that change how what stands around them is read: controls, line separators, those that turn the direction
/// of writing, tags.
pub(super) fn refuse_hidden(field: &str, text: &str) -> Result<(), Problem> {
    let is_hidden = |c: char| {
        c.is_control()
            || matches!(
                c,
                '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
                    | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
            )
    };
    if text.contains(is_hidden) {
        return Err(Problem::invalid(field, "must not contain control characters"));
    }
    Ok(())
}

/// Whether a character shows nothing.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    c.identifier_type() == Some(IdentifierType::Default_Ignorable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_are_letters_marks_digits_and_three_signs() {
        for good in [
            "a",
            "alice.moore",
            "jürgen_7",
            "x-y",
            "李雷",
            "ひらがな",
            "김철수",
            "हिन्दी",
            "อลิซ",
            "Сергей",
            "Νίκος",
            "shlomo-שלמה",
            "ışık",
            "wei_李",
            "q\u{323}",
            &"a".repeat(64),
            &"ß".repeat(64),
        ] {
            assert_eq!(parse_username(good).unwrap(), good);
        }
        for bad in [
            "",
            "   ",
            "...",
            "-",
            "a b",
            "a@b",
            "a/b",
            "a\0b",
            "🐢",
            "a\u{202e}b",
            "a\u{200b}b",
            "a\u{200d}b",
            "a\u{ad}b",
            "a\u{fe0f}",
            "a\u{34f}b",
            "\u{3164}",
            "a\u{115f}",
            "a\u{e0041}",
            "аlice",
            "αlice",
            "Сергейx",
            "x²",
            "ｗｉｄｅ",
            &"a".repeat(65),
            &"\u{fdfa}".repeat(64),
        ] {
            assert!(parse_username(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn usernames_are_trimmed_and_composed() {
        for (given, kept) in [(" alice ", "alice"), ("\u{3000}bob\t", "bob"), ("ju\u{308}rgen", "jürgen")] {
            assert_eq!(parse_username(given).unwrap(), kept);
        }
    }

    #[test]
    fn full_names_show_what_they_are() {
        for (given, kept) in
            [("", ""), (" Zoë 🐢 ", "Zoë 🐢"), ("علی\u{200c}رضا", "علی\u{200c}رضا"), ("O’Neil, Jr.", "O’Neil, Jr.")]
        {
            assert_eq!(parse_full_name(given).unwrap(), kept);
        }
        for hidden in
            ['\0', '\n', '\u{7f}', '\u{85}', '\u{61c}', '\u{200e}', '\u{202e}', '\u{2028}', '\u{2069}', '\u{e0041}']
        {
            assert!(parse_full_name(&format!("Alice{hidden}Moore")).is_err(), "{hidden:?}");
        }
        assert!(parse_full_name(&"a".repeat(201)).is_err());
    }
}
