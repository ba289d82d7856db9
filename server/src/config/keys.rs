//! Whether a key can be guessed.

use zxcvbn::zxcvbn;

/// Fewer different characters than any random key of 32 has.
const MIN_DIFFERENT: usize = 10;
/// Powers of ten: 63 bits, a little less than the most that zxcvbn counts to.
const MIN_GUESSES_LOG10: f64 = 19.0;
/// More is not looked at: the estimate takes longer the more there is to it.
const MAX_LENGTH: usize = 64;

/// How a key may be guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    /// A few characters, or the same ones over and over.
    Sample,
    /// Words, or characters in the order of the alphabet.
    Guessable,
    /// As random ones look.
    Random,
}

/// Judges a key by its text, since there is no way to know how it was made.
pub(super) fn strength(key: &str) -> Strength {
    let characters: Vec<char> = key.chars().take(MAX_LENGTH).collect();
    let mut different = characters.clone();
    different.sort_unstable();
    different.dedup();
    let repeats = |period: &usize| characters.iter().zip(&characters[*period..]).all(|(one, other)| one == other);
    if different.len() < MIN_DIFFERENT || (1..=characters.len() / 2).any(|period| repeats(&period)) {
        return Strength::Sample;
    }
    let text: String = characters.iter().collect();
    if zxcvbn(&text, &[]).guesses_log10() < MIN_GUESSES_LOG10 { Strength::Guessable } else { Strength::Random }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_and_alphabets_are_told_from_random_keys() {
        for key in [
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "changemechangemechangemechangeme",
            "change-me-please!change-me-please!",
            "12345678901234567890123456789012",
            "abababababababababababababababab1",
            "0000000000000000000000000000000000000001",
            "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb",
        ] {
            assert_eq!(strength(key), Strength::Sample, "{key}");
        }
        for key in ["abcdefghijklmnopqrstuvwxyz012345", "0123456789abcdefghijklmnopqrstuv"] {
            assert_eq!(strength(key), Strength::Guessable, "{key}");
        }
        for key in [
            "b9bKx2v0Zq7wT5uY8eR1aS3dF6gH4jL0",
            // openssl rand -base64 48, openssl rand -hex 16, uuidgen
            "Ikh2zL1yZtq0rPVXQdQk9LrgAtb0nlLQUCVqg6Yy6xZt7Jc0b0p9sCqkqU1Zl8hD",
            "9f86d081884c7d659a2feaa0c55ad015",
            "3d813cbb-47fb-32ba-91df-831e1593ac29",
        ] {
            assert_eq!(strength(key), Strength::Random, "{key}");
        }
    }
}
