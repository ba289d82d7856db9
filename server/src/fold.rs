//! Names as they are compared.

use caseless::default_case_fold_str;
use unicode_normalization::UnicodeNormalization;

/// The form in which names are compared and found: compatibility-normalised, without case, without space around. Computed
/// here and stored, so that all databases agree on who is who.
#[must_use]
pub fn fold(text: &str) -> String {
    let canonical: String = text.nfd().collect();
    // Folding can undo the normal form, and the normal form brings letters to fold (Unicode 16.0, section 3.13, D146).
    let compatible: String = default_case_fold_str(&canonical).nfkc().collect();
    let folded: String = default_case_fold_str(&compatible).nfkc().collect();
    // The normal form of some accents begins with a space.
    folded.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_name_fold_alike() {
        for (one, other) in [
            ("Straße", "STRASSE"),
            ("Caf\u{e9}", "cafe\u{301}"),
            ("\u{fb01}n", "FIN"),
            (" alice ", "Alice"),
            ("\u{37a}alice", "\u{3b9}alice"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
        }
        assert_ne!(fold("alice"), fold("alicé"));
    }
}

#[cfg(test)]
mod properties {
    use proptest::prelude::*;

    use super::*;

    /// The dotless i, whose capital letter is that of another, and letters newer than Unicode 16.
    fn has_no_case_of_its_own(c: char) -> bool {
        matches!(c, 'ı' | '\u{a7ce}'..='\u{a7d5}' | '\u{16ea0}'..='\u{16ed3}')
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in prop_oneof!["\\PC{0,9}", any::<String>(), any::<char>().prop_map(String::from)]) {
            prop_assert_eq!(fold(&fold(&text)), fold(&text));
        }

        #[test]
        fn all_normal_forms_fold_alike(text in any::<String>()) {
            let folded = fold(&text);
            for same in [text.nfc().collect(), text.nfd().collect(), text.nfkc().collect(), text.nfkd().collect::<String>()] {
                prop_assert_eq!(fold(&same), folded.as_str());
            }
        }

        #[test]
        fn case_does_not_count(text in prop_oneof![any::<String>(), any::<char>().prop_map(String::from)]) {
            // Letters change their case where they stand: a mark that belongs behind one must not stand there yet.
            let text: String = text.replace(has_no_case_of_its_own, "").nfd().collect();
            prop_assert_eq!(fold(&text.to_lowercase()), fold(&text));
            prop_assert_eq!(fold(&text.to_uppercase()), fold(&text));
        }

        #[test]
        fn space_around_does_not_count(before in "\\s{0,3}", text in any::<String>(), after in "\\s{0,3}") {
            prop_assert_eq!(fold(&format!("{before}{text}{after}")), fold(&text));
        }
    }
}
