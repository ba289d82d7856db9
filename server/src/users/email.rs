//! E-mail addresses: what a new one may be, and in which form they are compared.

use std::borrow::Cow;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};
use unicode_normalization::UnicodeNormalization;

use super::model::{MAX_FOLDED, is_invisible, refuse_hidden};
use crate::fold::fold;
use crate::http::extract::plain_text;
use crate::http::problem::Problem;

/// Characters an e-mail address has at most (RFC 5321 section 4.5.3.1.3).
pub const MAX_EMAIL: usize = 254;

/// A new e-mail address, its domain in the form that people read: `jürgen@EXÄMPLE.de` and `jürgen@xn--exmple-cua.de` are both
/// `jürgen@exämple.de`. Whether it exists, only a mail can tell.
///
/// # Errors
/// 422 naming `email`.
pub fn parse_email(email: &str) -> Result<String, Problem> {
    plain_text("email", email, MAX_EMAIL)?;
    refuse_hidden("email", email)?;
    let parsed = email.rsplit_once('@').and_then(|(local, domain)| {
        let ascii = ascii_domain(domain)?;
        let (readable, outcome) =
            Uts46::new().to_unicode(ascii.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast);
        let is_domain = ascii.contains('.') && outcome.is_ok();
        // Where people wrote it in capitals, it stays so.
        let readable = if readable.eq_ignore_ascii_case(domain) { domain } else { readable.as_ref() };
        (!local.is_empty() && is_domain && !local.contains(is_invisible)).then(|| format!("{}@{readable}", local.nfc()))
    });
    let is_short =
        |email: &String| email.chars().count() <= MAX_EMAIL && email_key(email).chars().count() <= MAX_FOLDED;
    parsed
        .filter(|email| !email.contains(char::is_whitespace) && is_short(email))
        .ok_or_else(|| Problem::invalid("email", "must be an e-mail address"))
}

/// The form in which addresses are compared: the local part folded, the domain in ASCII (IDNA).
#[must_use]
pub fn email_key(email: &str) -> String {
    let folded = fold(email);
    let key = email
        .rsplit_once('@')
        .and_then(|(local, domain)| Some(format!("{}@{}", fold(local), ascii_domain(domain.trim())?)));
    key.filter(|key| key.chars().count() <= MAX_FOLDED).unwrap_or(folded)
}

/// The form in which what somebody typed to be found by is compared, a username or an e-mail address: everything that is counted
/// by name goes by it, so that each spelling that finds an account counts as the same one.
#[must_use]
pub fn lookup_key(name: &str) -> String {
    if name.contains('@') { email_key(name) } else { fold(name) }
}

fn ascii_domain(domain: &str) -> Option<String> {
    let ascii =
        Uts46::new().to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify);
    ascii.ok().map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_look_like_addresses() {
        for good in ["a@b.example", "o'neil+x@mail.example.com", "jürgen@exämple.de", "A@example.com"] {
            assert_eq!(parse_email(good).unwrap(), good);
        }
        for bad in [
            "",
            "a",
            "@b.c",
            "a@",
            "a@b",
            "a@.b",
            "a b@c.d",
            "a@b.c\n",
            "a\0@b.c",
            "a@b..c",
            "a@-b.c",
            "a@b_c.d",
            "a@b c.d",
            "a@b.c.",
            "a\u{202e}@b.c",
            "a\u{e0041}@b.c",
            "a@xn--a.example",
            "a@[192.0.2.1]",
            "a\u{200b}@b.c",
        ] {
            assert!(parse_email(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_domain_has_one_form() {
        for same in [
            "jürgen@EXÄMPLE.de",
            "jürgen@xn--exmple-cua.de",
            "jürgen@XN--EXMPLE-CUA.DE",
            "ju\u{308}rgen@exa\u{308}mple.de",
        ] {
            assert_eq!(parse_email(same).unwrap(), "jürgen@exämple.de", "{same}");
            assert_eq!(email_key(same), "jürgen@xn--exmple-cua.de", "{same}");
        }
        assert_eq!(parse_email("a@ex\u{200b}ample.com").unwrap(), "a@example.com");
        assert_eq!(email_key("A@Example.COM"), "a@example.com");
        assert_ne!(email_key("a@straße.de"), email_key("a@strasse.de"));
        assert_eq!(email_key("no address"), fold("no address"));
        assert_eq!(lookup_key(" A@Ex\u{ad}ample.COM"), "a@example.com");
        assert_eq!(lookup_key(" STRASSE"), lookup_key("straße"));
    }
}
