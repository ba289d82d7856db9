//! What counts as a password, and which new ones are refused.

use secrecy::{ExposeSecret, SecretString};
use unicode_normalization::UnicodeNormalization;

use super::blocklist::Blocklist;
use super::strength;

/// NIST SP 800-63B-4, 3.1.1.2 asks for at least 64; more than this helps nobody and costs time.
pub const MAX_CHARACTERS: usize = 256;
/// The same limit as the bytes that are hashed.
pub const MAX_BYTES: usize = 1024;
/// A new password that zxcvbn finds in fewer guesses is one of the commonest, or built from one.
const MIN_GUESSES_LOG10: f64 = 6.0;
const PRODUCT: &str = "hallpass";

/// Why a new password is refused, in words for the person who chose it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer characters than `PASSWORD_MIN_LENGTH`.
    #[error("must have at least {0} characters")]
    TooShort(usize),
    /// More than [`MAX_CHARACTERS`] or [`MAX_BYTES`].
    #[error("must have at most {MAX_CHARACTERS} characters and {MAX_BYTES} bytes")]
    TooLong,
    /// The username, the e-mail address or the product's name, or little more than that.
    #[error("must not be your username, your e-mail address or the name of this product")]
    Personal,
    /// One of the passwords that are tried first.
    #[error("is one of the first that would be guessed; a few unrelated words make a good one")]
    Common,
    /// On the list of `PASSWORD_BLOCKLIST`.
    #[error("is one that others have used and that is known; a few unrelated words make a good one")]
    Known,
}

/// The rule for new passwords: a minimum length, no composition, none of the commonest, none that is known, nothing about
/// the person (OWASP ASVS 5.0, 6.2.1 to 6.2.12).
#[derive(Clone, Debug)]
pub struct PasswordRule {
    /// `PASSWORD_MIN_LENGTH`, in characters.
    pub min_length: usize,
    /// `PASSWORD_BLOCKLIST`.
    pub known: Blocklist,
}

/// The form in which passwords are hashed and compared: NFC, so that `é` is one password on every keyboard. Nothing is
/// trimmed, folded or cut (OWASP ASVS 5.0, 6.2.8).
#[must_use]
pub fn normalize(password: &SecretString) -> SecretString {
    password.expose_secret().nfc().collect::<String>().into()
}

/// Whether the text can be a password at all; a longer one is refused before any work is done on it.
#[must_use]
pub fn is_acceptable_length(password: &SecretString) -> bool {
    let text = password.expose_secret();
    !text.is_empty() && text.len() <= MAX_BYTES && text.chars().count() <= MAX_CHARACTERS
}

impl PasswordRule {
    /// Holds a new password against the rule. Give it normalised.
    ///
    /// # Errors
    /// The reason, for the person to read.
    pub fn check(&self, password: &SecretString, about: &[&str]) -> Result<(), PasswordError> {
        let min_length = self.min_length;
        let text = password.expose_secret();
        if text.len() > MAX_BYTES || text.chars().count() > MAX_CHARACTERS {
            return Err(PasswordError::TooLong);
        }
        if text.chars().count() < min_length {
            return Err(PasswordError::TooShort(min_length));
        }
        let mut context: Vec<&str> = about.iter().copied().filter(|word| !word.is_empty()).chain([PRODUCT]).collect();
        // An e-mail address may contain the username: the longer goes first.
        context.sort_by_key(|word| std::cmp::Reverse(word.len()));
        let folded = text.to_lowercase();
        // What is left of the password once the known words are out must still be worth guessing.
        let rest = context.iter().fold(folded, |rest, word| rest.replace(&word.to_lowercase(), ""));
        if rest.len() < text.len() && rest.chars().count() < min_length.div_ceil(2) {
            return Err(PasswordError::Personal);
        }
        if strength::is_weaker_than(MIN_GUESSES_LOG10, text, &context) {
            return Err(PasswordError::Common);
        }
        if self.known.contains(text) {
            return Err(PasswordError::Known);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(password: &str) -> Result<(), PasswordError> {
        let rule = PasswordRule { min_length: 12, known: Blocklist::default() };
        rule.check(&password.into(), &["alice", "alice.moore@example.com", "Alice Moore"])
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(check("elevenchars"), Err(PasswordError::TooShort(12)));
        assert_eq!(check("twelve chars"), Ok(()));
        assert_eq!(check("🐢🦊🐙🌵🍋🎈🪁🧭🛶🪐🎻🧵"), Ok(()));
        assert_eq!(check(&"ab cd9 ef-".repeat(26)), Err(PasswordError::TooLong));
        assert_eq!(check(&"🐢".repeat(257)), Err(PasswordError::TooLong));
    }

    #[test]
    fn no_composition_is_asked_for() {
        assert_eq!(check("correct horse battery staple"), Ok(()));
        assert_eq!(check("grün wie der wald im mai"), Ok(()));
        assert_eq!(check("  spaces kept around  "), Ok(()));
    }

    #[test]
    fn the_commonest_are_refused() {
        for common in
            ["passwordpassword", "123456789012", "qwertyuiopasdf", "aaaaaaaaaaaa", "password1234", "abcdefghijkl"]
        {
            assert_eq!(check(common), Err(PasswordError::Common), "{common}");
        }
    }

    #[test]
    fn the_commonest_are_refused_however_often_they_are_repeated_and_however_they_are_written() {
        for common in [
            "welcome".repeat(30),
            format!("1{}", "welcome".repeat(30)),
            "p@$$w0rd".repeat(12),
            "abcdefghijklmnopqrstuvwxyz".repeat(3),
            format!("{}b", "a".repeat(200)),
            "password".repeat(32),
            "1/1/1991".repeat(20),
            "qwertyuiop".repeat(9),
        ] {
            assert_eq!(check(&common), Err(PasswordError::Common), "{common}");
        }
        for good in [
            "a somewhat longer sentence about turtles, rain and the price of umbrellas in november",
            &format!("{} turtles like the rain", "a".repeat(60)),
            "{}[]<>()!|$+%@ 4 8 3 6 9 1 7 0 5 2 are typed with turtles on the keyboard, said nobody ever",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn what_is_known_about_the_person_is_refused() {
        for personal in
            ["alicealicealice", "alice.moore@example.com", "Alice Moore 99", "hallpasshallpass", "Hallpass2026"]
        {
            assert_eq!(check(personal), Err(PasswordError::Personal), "{personal}");
        }
        assert_eq!(check("alice likes turtles and rain"), Ok(()));
    }

    #[test]
    fn one_password_on_every_keyboard() {
        let composed = normalize(&"caf\u{e9} au lait".into());
        let decomposed = normalize(&"cafe\u{301} au lait".into());
        assert_eq!(composed.expose_secret(), decomposed.expose_secret());
        assert_eq!(normalize(&" x ".into()).expose_secret(), " x ");
    }
}
