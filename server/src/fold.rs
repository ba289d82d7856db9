//! Names as they are compared.

use caseless::default_case_fold_str;
use unicode_normalization::UnicodeNormalization;

/// The form in which names are compared and found: compatibility-normalised, without case, without space around. Computed
/// here and stored, so that all databases agree on who is who.
#[must_use]
pub fn fold(text: &str) -> String {
    let compatible: String = text.trim().nfkc().collect();
    // Folding can undo the normal form (Unicode 15.0, section 5.18), so it is made again.
    default_case_fold_str(&compatible).nfkc().collect()
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
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
        }
        assert_ne!(fold("alice"), fold("alicé"));
    }
}
