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

    fn walk(&self, peer: IpAddr, items: Vec<&[u8]>, parse: fn(&str) -> Option<IpAddr>) -> Option<IpAddr> {
        let mut nearest = None;
        for item in items.into_iter().rev().take(MAX_HOPS) {
            let address = std::str::from_utf8(item).ok().and_then(parse);
            let Some(address) = address else { return nearest.or(Some(peer)) };
            nearest = Some(address);
            if !self.trusts(address) {
                break;
            }
        }
        nearest
    }
}

/// The comma-separated items of a header that may come in several lines, in order. They are bytes: an item that is no text
/// must not take those beside it along, which may be a proxy's.
fn header_items<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a [u8]> {
    let items = headers.get_all(name).flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
    items.map(<[u8]>::trim_ascii).filter(|item| !item.is_empty()).collect()
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
    use actix_web::http::header::HeaderValue;

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
    fn what_is_no_text_hides_nothing_that_a_proxy_wrote() {
        let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let mut headers = HeaderMap::new();
        for line in [&b"9.9.9.9"[..], b"\xff, 203.0.113.9"] {
            headers.append(X_FORWARDED_FOR.clone(), HeaderValue::from_bytes(line).unwrap());
        }
        let found = proxies.client_ip(Some("10.0.0.1:1".parse().unwrap()), &headers);
        assert_eq!(found.to_string(), "203.0.113.9");
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

#[cfg(test)]
mod properties {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use actix_web::http::header::HeaderValue;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// One hop of a chain, and how it is written; `None` for what is no address.
    type Hop = (Option<IpAddr>, Vec<u8>);

    fn address() -> impl Strategy<Value = IpAddr> {
        prop_oneof![
            any::<[u8; 3]>().prop_map(|[a, b, c]| IpAddr::from([10, a, b, c])),
            any::<u128>().prop_map(|bits| IpAddr::from(Ipv6Addr::from(bits & (u128::MAX >> 8) | 0xfd << 120))),
            any::<u32>().prop_map(|bits| IpAddr::from(Ipv4Addr::from(bits))),
            any::<u128>().prop_map(|bits| IpAddr::from(Ipv6Addr::from(bits)).to_canonical()),
        ]
    }

    fn spelling() -> impl Strategy<Value = fn(IpAddr) -> String> {
        fn bracketed(ip: IpAddr) -> String {
            if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() }
        }
        fn mapped(ip: IpAddr) -> String {
            match ip {
                IpAddr::V4(ip) => ip.to_ipv6_mapped().to_string(),
                IpAddr::V6(ip) => ip.to_string(),
            }
        }
        proptest::sample::select(vec![
            bracketed as fn(IpAddr) -> String,
            mapped,
            |ip| ip.to_string(),
            |ip| SocketAddr::new(ip, 4711).to_string(),
            |ip| format!("\"{}\"", SocketAddr::new(ip, 1)),
        ])
    }

    fn hop() -> impl Strategy<Value = Hop> {
        let junk = prop_oneof![
            Just(b"unknown".to_vec()),
            Just(b"_hidden".to_vec()),
            Just(vec![0xff]),
            Just("\u{e9}".as_bytes().to_vec()),
            vec(prop_oneof![b'g'..=b'z', 128_u8..], 1..9),
        ];
        prop_oneof![
            6 => (address(), spelling()).prop_map(|(ip, write)| (Some(ip), write(ip).into_bytes())),
            1 => junk.prop_map(|bytes| (std::str::from_utf8(&bytes).ok().and_then(parse_address), bytes)),
        ]
    }

    fn proxies() -> TrustedProxies {
        TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()])
    }

    /// The chain as a header, in as many lines as `breaks` says.
    fn headers(name: &HeaderName, hops: &[Hop], breaks: &[bool], prefix: &[u8]) -> HeaderMap {
        let mut lines: Vec<Vec<u8>> = Vec::new();
        for ((_, text), new_line) in hops.iter().zip(breaks.iter().chain(std::iter::repeat(&false))) {
            match lines.last_mut().filter(|_| !new_line) {
                Some(line) => line.extend([b", ", prefix, text].concat()),
                None => lines.push([prefix, text].concat()),
            }
        }
        let mut map = HeaderMap::new();
        for line in lines {
            map.append(name.clone(), HeaderValue::from_bytes(&line).unwrap());
        }
        map
    }

    /// The rule in so many words: from the right, past the proxies, to the first that is none, or that cannot be read.
    fn client(proxies: &TrustedProxies, peer: IpAddr, hops: &[Hop]) -> IpAddr {
        let mut nearest = peer;
        for (address, _) in hops.iter().rev().take(MAX_HOPS) {
            match address {
                Some(address) if proxies.trusts(nearest) => nearest = *address,
                _ => break,
            }
        }
        nearest
    }

    proptest! {
        #[test]
        fn the_chain_is_walked_from_the_right(
            peer in address(), hops in vec(hop(), 0..40), breaks in vec(any::<bool>(), 0..40), is_forwarded in any::<bool>(),
        ) {
            let (name, prefix) = if is_forwarded { (header::FORWARDED, &b"for="[..]) } else { (X_FORWARDED_FOR.clone(), &b""[..]) };
            let headers = headers(&name, &hops, &breaks, prefix);
            let found = proxies().client_ip(Some(SocketAddr::new(peer, 1)), &headers);
            prop_assert_eq!(found, client(&proxies(), peer, &hops), "{:?}", headers);
        }

        #[test]
        fn whatever_stands_left_of_the_client_counts_for_nothing(
            left in vec(hop(), 0..8), more in vec(prop_oneof![32_u8..127, 128_u8..], 0..40),
            client in any::<u32>(), proxies_behind in vec(any::<[u8; 3]>(), 0..4),
        ) {
            let client = IpAddr::from(Ipv4Addr::from(client | 0x8000_0000));
            let behind: Vec<_> = proxies_behind.iter().map(|[a, b, c]| format!(", 10.{a}.{b}.{c}")).collect();
            let mut headers = headers(&X_FORWARDED_FOR, &left, &[], b"");
            // As proxies append: to the last line that is there, or as a line of their own.
            let own = format!("{client}{}", behind.concat());
            let appended = [&more[..], b", ", own.as_bytes()].concat();
            headers.append(X_FORWARDED_FOR.clone(), HeaderValue::from_bytes(&appended).unwrap());
            prop_assert_eq!(proxies().client_ip(Some("10.0.0.1:1".parse().unwrap()), &headers), client);
        }

        #[test]
        fn nobody_is_believed_who_is_not_trusted(peer in address(), lines in vec(vec(32_u8..127, 0..60), 0..4)) {
            let mut headers = HeaderMap::new();
            for line in &lines {
                for name in [&X_FORWARDED_FOR, &header::FORWARDED] {
                    headers.append(name.clone(), HeaderValue::from_bytes(line).unwrap());
                }
            }
            let socket = Some(SocketAddr::new(peer, 1));
            prop_assert_eq!(TrustedProxies::default().client_ip(socket, &headers), peer.to_canonical());
            let found = proxies().client_ip(socket, &headers);
            prop_assert!(proxies().trusts(peer.to_canonical()) || found == peer.to_canonical());
        }
    }
}
