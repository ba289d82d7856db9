//! The client's address: the socket's, unless a proxy we trust says otherwise.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::{self, HeaderMap, HeaderName};
use ipnet::IpNet;

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Proxies of proxies: nobody has more hops than this.
const MAX_HOPS: usize = 32;

/// The networks of `TRUSTED_PROXIES`.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Trusts those networks and nobody else.
    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// The address of whoever made the request.
    ///
    /// Starting at the socket, each trusted hop is asked who it got the request from, right to left; the first address
    /// that is not a trusted proxy is the client. What stands further left is the client's own claim, and ignored.
    #[must_use]
    pub fn client_ip(&self, peer: Option<SocketAddr>, headers: &HeaderMap) -> IpAddr {
        let peer = peer.map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.ip().to_canonical());
        if !self.trusts(peer) {
            return peer;
        }
        let x_forwarded_for = self.walk(peer, header_items(headers, &X_FORWARDED_FOR), parse_address);
        let forwarded = self.walk(peer, header_items(headers, &header::FORWARDED), parse_forwarded);
        match (x_forwarded_for, forwarded) {
            (Some(address), None) | (None, Some(address)) => address,
            (Some(one), Some(other)) if one == other => one,
            // Two stories: a proxy writes one of the headers and passes the client's own invention of the other.
            (Some(_), Some(_)) | (None, None) => peer,
        }
    }

    /// Whether the word of that address is good.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    fn walk(&self, peer: IpAddr, items: Vec<&str>, parse: fn(&str) -> Option<IpAddr>) -> Option<IpAddr> {
        let mut nearest = None;
        for item in items.into_iter().rev().take(MAX_HOPS) {
            let Some(address) = parse(item) else { return nearest.or(Some(peer)) };
            nearest = Some(address);
            if !self.trusts(address) {
                break;
            }
        }
        nearest
    }
}

/// The comma-separated items of a header that may come in several lines, in order.
fn header_items<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    let lines = headers.get_all(name).filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|item| !item.is_empty()).collect()
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`.
fn parse_address(text: &str) -> Option<IpAddr> {
    let text = text.trim_matches('"');
    let address = text.parse::<IpAddr>().ok();
    let address = address.or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    address.or_else(bracketed).map(|address| address.to_canonical())
}

/// The `for=` of one element of `Forwarded` (RFC 7239 section 4).
fn parse_forwarded(element: &str) -> Option<IpAddr> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        name.eq_ignore_ascii_case("for").then(|| parse_address(value.trim()))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        proxies.client_ip(Some(peer.parse().unwrap()), &map).to_string()
    }

    #[test]
    fn strangers_are_not_believed() {
        for name in ["x-forwarded-for", "forwarded", "x-real-ip"] {
            assert_eq!(ip("203.0.113.9:1", &[(name, "for=9.9.9.9")]), "203.0.113.9");
            assert_eq!(ip("203.0.113.9:1", &[(name, "9.9.9.9")]), "203.0.113.9");
        }
        assert_eq!(ip("[::ffff:203.0.113.9]:1", &[]), "203.0.113.9");
    }

    #[test]
    fn the_first_untrusted_hop_from_the_right_is_the_client() {
        assert_eq!(ip("10.0.0.1:1", &[("x-forwarded-for", "9.9.9.9, 203.0.113.9")]), "203.0.113.9");
        assert_eq!(ip("10.0.0.1:1", &[("x-forwarded-for", "9.9.9.9, 203.0.113.9, 10.0.0.2")]), "203.0.113.9");
        assert_eq!(
            ip("10.0.0.1:1", &[("x-forwarded-for", "9.9.9.9"), ("x-forwarded-for", "203.0.113.9")]),
            "203.0.113.9"
        );
        assert_eq!(ip("10.0.0.1:1", &[("x-forwarded-for", "10.9.9.9, 10.0.0.2")]), "10.9.9.9");
    }

    #[test]
    fn every_spelling_of_an_address() {
        for spelling in ["203.0.113.9:4711", "\"203.0.113.9\"", "::ffff:203.0.113.9"] {
            assert_eq!(ip("10.0.0.1:1", &[("x-forwarded-for", spelling)]), "203.0.113.9", "{spelling}");
        }
        for spelling in ["2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:4711"] {
            assert_eq!(ip("10.0.0.1:1", &[("x-forwarded-for", spelling)]), "2001:db8::1", "{spelling}");
        }
        assert_eq!(ip("[fd00::1]:1", &[("forwarded", "for=\"[2001:db8::1]:80\";proto=https")]), "2001:db8::1");
    }

    #[test]
    fn junk_and_contradiction_fall_back_to_what_is_known() {
        assert_eq!(ip("10.0.0.1:1", &[("x-forwarded-for", "unknown")]), "10.0.0.1");
        assert_eq!(ip("10.0.0.1:1", &[("x-forwarded-for", "junk, 10.0.0.2")]), "10.0.0.2");
        assert_eq!(ip("10.0.0.1:1", &[("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=9.9.9.9")]), "10.0.0.1");
        assert_eq!(ip("10.0.0.1:1", &[("forwarded", "for=_hidden")]), "10.0.0.1");
        assert_eq!(ip("10.0.0.1:1", &[]), "10.0.0.1");
    }
}
