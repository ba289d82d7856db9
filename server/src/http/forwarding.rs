//! Notices a proxy that is missing from `TRUSTED_PROXIES`: its address stands for everybody behind it, who then share one budget of
//! failed sign-ins.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::http::header::{self, HeaderMap, HeaderName};

use super::client_ip::TrustedProxies;

/// Headers that proxies write and browsers do not.
static FORWARDING: [HeaderName; 5] = [
    HeaderName::from_static("x-forwarded-for"),
    header::FORWARDED,
    HeaderName::from_static("x-real-ip"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-forwarded-host"),
];

/// Warns once in the life of the server.
#[derive(Debug, Default)]
pub struct ForwardingCheck {
    has_warned: AtomicBool,
}

impl ForwardingCheck {
    /// Writes a warning if the request came through what looks like a proxy of the deployer's own that is not trusted. Peers with
    /// public addresses are strangers, who may send whatever they like.
    pub fn look(&self, proxies: &TrustedProxies, peer: Option<SocketAddr>, headers: &HeaderMap) {
        if self.has_warned.load(Ordering::Relaxed) {
            return;
        }
        let Some((peer, header)) = untrusted(proxies, peer, headers) else { return };
        if !self.has_warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                %peer,
                %header,
                "{peer} sends {header} but is not in TRUSTED_PROXIES, so the header is ignored and everybody behind {peer} counts as \
                 one address. If it is your proxy, set TRUSTED_PROXIES={peer} and let it send X-Forwarded-For or Forwarded"
            );
        }
    }
}

/// The peer and the header that give an untrusted proxy away.
fn untrusted<'a>(
    proxies: &TrustedProxies,
    peer: Option<SocketAddr>,
    headers: &HeaderMap,
) -> Option<(IpAddr, &'a HeaderName)> {
    let peer = peer?.ip().to_canonical();
    if !is_private(peer) || proxies.trusts(peer) {
        return None;
    }
    FORWARDING.iter().find(|name| headers.contains_key(*name)).map(|header| (peer, header))
}

/// Whether the address is of this machine or of a private network.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            // 100.64.0.0/10 is shared between a provider and its customers (RFC 6598), and what overlay networks use.
            let is_shared = matches!(address.octets(), [100, 64..=127, ..]);
            address.is_loopback() || address.is_private() || address.is_link_local() || is_shared
        }
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(peer: &str, name: &'static str) -> Option<String> {
        let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static(name), "192.0.2.1".parse().unwrap());
        untrusted(&proxies, Some(peer.parse().unwrap()), &headers).map(|(peer, header)| format!("{peer} {header}"))
    }

    #[test]
    fn a_private_peer_that_is_not_trusted_is_named_with_its_header() {
        for name in ["x-forwarded-for", "forwarded", "x-real-ip", "x-forwarded-proto", "x-forwarded-host"] {
            assert_eq!(found("127.0.0.1:1", name), Some(format!("127.0.0.1 {name}")));
        }
        for (peer, shown) in [
            ("172.18.0.2:1", "172.18.0.2"),
            ("192.168.1.5:1", "192.168.1.5"),
            ("169.254.3.4:1", "169.254.3.4"),
            ("100.64.0.1:1", "100.64.0.1"),
            ("[::1]:1", "::1"),
            ("[fd00::2]:1", "fd00::2"),
            ("[fe80::2]:1", "fe80::2"),
            ("[::ffff:192.168.1.5]:1", "192.168.1.5"),
        ] {
            assert_eq!(found(peer, "forwarded"), Some(format!("{shown} forwarded")), "{peer}");
        }
    }

    #[test]
    fn trusted_peers_strangers_and_direct_clients_are_not() {
        for peer in ["10.1.2.3:1", "[::ffff:10.1.2.3]:1", "203.0.113.9:1", "100.128.0.1:1", "[2001:db8::1]:1"] {
            assert_eq!(found(peer, "x-forwarded-for"), None, "{peer}");
        }
        assert_eq!(found("127.0.0.1:1", "user-agent"), None);
        assert_eq!(untrusted(&TrustedProxies::default(), None, &HeaderMap::new()), None);
    }
}
