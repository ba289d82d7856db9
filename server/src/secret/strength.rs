//! How soon a password would be guessed, by zxcvbn with bounded input.
//!
//! zxcvbn reads a password in every combination of the letters that its symbols may stand for, and looks up every substring of each
//! reading: a hundred such symbols take it more than a second. Here long passwords are shortened first, without making weak ones
//! look strong, and symbols that allow too many readings are replaced by the letters that they usually stand for.

use zxcvbn::zxcvbn;

/// How many characters zxcvbn is given.
const LONGEST: usize = 40;
/// How many readings zxcvbn may look through.
const MAX_READINGS: usize = 24;

/// The letters and the symbols that may stand for them, as zxcvbn has them.
const LOOKALIKES: [(char, &str); 12] = [
    ('a', "4@"),
    ('b', "8"),
    ('c', "({[<"),
    ('e', "3"),
    ('g', "69"),
    ('i', "1!|"),
    ('l', "1|7"),
    ('o', "0"),
    ('s', "$5"),
    ('t', "+7"),
    ('x', "%"),
    ('z', "2"),
];

/// Whether the password would be found in fewer than ten to the power of `guesses_log10` guesses. A long one is weak only if its
/// beginning and its end both are.
pub(super) fn is_weaker_than(guesses_log10: f64, password: &str, context: &[&str]) -> bool {
    excerpts(password).iter().all(|text| zxcvbn(text, context).guesses_log10() < guesses_log10)
}

/// What zxcvbn is given of a password.
fn excerpts(password: &str) -> Vec<String> {
    let mut text: Vec<char> = password.chars().collect();
    if text.len() > LONGEST {
        text = without_repeats(&text);
    }
    if text.len() > LONGEST {
        return vec![plain(&text[..LONGEST]), plain(&text[text.len() - LONGEST..])];
    }
    vec![plain(&text)]
}

/// The text with few enough readings. Digits keep their own meaning: they occur in dates and sequences, and allow few readings.
fn plain(text: &[char]) -> String {
    if readings(text) <= MAX_READINGS {
        return text.iter().collect();
    }
    let usual = |symbol: char| {
        let is_lookalike = |(_, symbols): &&(char, &str)| symbols.contains(symbol) && !symbol.is_ascii_digit();
        LOOKALIKES.iter().find(is_lookalike).map_or(symbol, |(letter, _)| *letter)
    };
    text.iter().copied().map(usual).collect()
}

/// How many combinations of letters zxcvbn looks through, at most.
fn readings(text: &[char]) -> usize {
    let mut seen = String::new();
    let mut readings = 1;
    for (_, symbols) in LOOKALIKES {
        let present: Vec<char> = symbols.chars().filter(|symbol| text.contains(symbol)).collect();
        // A symbol that stands for two letters is read as either.
        readings *= present.iter().map(|symbol| if seen.contains(*symbol) { 2 } else { 1 }).sum::<usize>().max(1);
        seen.extend(present);
    }
    readings
}

/// The text with two copies of whatever is repeated more often, one after the other: repeating hardly makes a password stronger.
fn without_repeats(text: &[char]) -> Vec<char> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        // The period of the longest repetition that begins here, and how long that is.
        let longest = (1..=rest.len() / 3)
            .map(|period| {
                (period, period + rest.iter().zip(&rest[period..]).take_while(|(one, next)| one == next).count())
            })
            .filter(|(period, length)| *length >= 3 * period)
            .max_by_key(|(period, length)| (length - length % period, usize::MAX - period));
        if let Some((period, length)) = longest {
            kept.extend_from_slice(&rest[..2 * period]);
            at += length - length % period;
        } else {
            kept.push(rest[0]);
            at += 1;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn short_passwords_with_few_readings_are_taken_as_they_are() {
        for password in
            ["P@$$w0rd!!1", "correct horse battery staple", "", "12345678901234567890", "grün (wie der wald)"]
        {
            assert_eq!(excerpts(password), [password]);
        }
    }

    #[test]
    fn symbols_with_many_readings_are_replaced_and_digits_are_kept() {
        assert_eq!(excerpts("P@$$w0rd!|+%({[<12345678907"), ["Passw0rdiitxcccc12345678907"]);
    }

    #[test]
    fn repetitions_are_cut_in_long_passwords_only() {
        let cut = |password: &str| excerpts(password).concat();
        assert_eq!(cut(&"ab".repeat(20)), "ab".repeat(20));
        assert_eq!(cut(&"ab".repeat(21)), "abab");
        assert_eq!(cut(&format!("1{}2", "welcome".repeat(30))), "1welcomewelcome2");
        assert_eq!(cut(&format!("{}{}", "a".repeat(50), "bc".repeat(50))), "aabcbc");
    }

    #[test]
    fn a_password_of_lookalikes_allows_many_readings() {
        assert_eq!(readings(&['p', 'a']), 1);
        assert_eq!(readings(&['4', '@', '(']), 2);
        assert!(readings(&"4@8({[<3691!|70$5+%2".chars().collect::<Vec<_>>()) > 1000);
    }

    proptest! {
        #[test]
        fn what_zxcvbn_is_given_is_bounded(
            password in prop_oneof!["[-4@8({\\[<3691!|70$5+%2]{0,256}", "(a|1|@|pass){0,200}", any::<String>()],
        ) {
            let excerpts = excerpts(&password);
            prop_assert!((1..=2).contains(&excerpts.len()));
            for excerpt in excerpts {
                let text: Vec<char> = excerpt.chars().collect();
                prop_assert!(text.len() <= LONGEST && readings(&text) <= MAX_READINGS, "{}", excerpt);
            }
        }
    }
}
