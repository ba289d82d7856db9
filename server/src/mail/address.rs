//! Which addresses mail can be sent to.

use lettre::Address;
use url::Host;

/// The address as mail servers know it, its domain in ASCII (RFC 5891); `None` for what no server would take.
pub(super) fn deliverable(email: &str) -> Option<Address> {
    let (local, domain) = email.rsplit_once('@')?;
    let Ok(Host::Domain(domain)) = Host::parse(domain) else { return None };
    Address::new(local, domain).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_addresses_and_what_could_be_no_address() {
        let shown = |email| deliverable(email).map(|address| address.to_string());
        assert_eq!(shown("Alice+x@Example.COM").as_deref(), Some("Alice+x@example.com"));
        assert_eq!(shown("jürgen@exämple.de").as_deref(), Some("jürgen@xn--exmple-cua.de"));
        for bad in [
            "",
            "alice",
            "a@192.0.2.1",
            "a@b.c\r\nRCPT TO:<x@y.z>",
            "a\r\nb@c.d",
            "a b@c.d",
            "<a@b.c>",
            "a@b@c.d",
            "a,b@c.d",
            "a>@c.d",
        ] {
            assert_eq!(shown(bad), None, "{bad:?}");
        }
    }
}
