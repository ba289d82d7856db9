//! What an account is, and what its names may be.

use crate::fold::fold;
use crate::http::extract::plain_text;
use crate::http::problem::Problem;

/// What stands in place of a password's hash where there is no password yet: no password matches it.
pub const NO_PASSWORD: &str = "";
/// Characters a username has at most.
pub const MAX_USERNAME: usize = 64;
/// Characters an e-mail address has at most (RFC 5321 section 4.5.3.1.3).
pub const MAX_EMAIL: usize = 254;
/// Characters the folded form of a username or address has at most: some letters fold into several, one into eighteen.
const MAX_FOLDED: usize = 255;
/// Characters a full name has at most.
pub const MAX_FULL_NAME: usize = 200;

fn folds_short(text: &str) -> bool {
    fold(text).chars().count() <= MAX_FOLDED
}

/// Checks a new username: 1 to 64 letters, digits, `.`, `_`, `-`.
///
/// # Errors
/// 422 naming `username`.
pub fn check_username(username: &str) -> Result<(), Problem> {
    let length = username.chars().count();
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    if (1..=MAX_USERNAME).contains(&length) && username.chars().all(allowed) && folds_short(username) {
        Ok(())
    } else {
        Err(Problem::invalid("username", "must have 1 to 64 letters, digits, dots, underscores or hyphens"))
    }
}

/// Checks a new e-mail address. Whether it exists, only a mail can tell.
///
/// # Errors
/// 422 naming `email`.
pub fn check_email(email: &str) -> Result<(), Problem> {
    plain_text("email", email, MAX_EMAIL)?;
    let is_address = email.rsplit_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.')
    });
    if is_address && !email.contains(char::is_whitespace) && folds_short(email) {
        Ok(())
    } else {
        Err(Problem::invalid("email", "must be an e-mail address"))
    }
}

/// Checks a full name; it may be empty.
///
/// # Errors
/// 422 naming `full_name`.
pub fn check_full_name(full_name: &str) -> Result<(), Problem> {
    plain_text("full_name", full_name, MAX_FULL_NAME).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_are_letters_digits_and_three_marks() {
        for good in ["a", "alice.moore", "jürgen_7", "x-y", "李雷", &"a".repeat(64), &"ß".repeat(64)] {
            assert!(check_username(good).is_ok(), "{good}");
        }
        for bad in ["", " a", "a b", "a@b", "a/b", "a\0b", "🐢", "a\u{202e}b", &"a".repeat(65), &"\u{fdfa}".repeat(64)]
        {
            assert!(check_username(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_look_like_addresses() {
        for good in ["a@b.example", "o'neil+x@mail.example.com", "jürgen@exämple.de"] {
            assert!(check_email(good).is_ok(), "{good}");
        }
        for bad in ["", "a", "@b.c", "a@", "a@b", "a@.b", "a b@c.d", "a@b.c\n", "a\0@b.c"] {
            assert!(check_email(bad).is_err(), "{bad}");
        }
    }
}
