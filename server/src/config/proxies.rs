//! Whom `TRUSTED_PROXIES` trusts, taken together: a network may also be written in parts.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Public IPv4 addresses that the proxies of a site, or of a content delivery network, can have at most.
const MAX_PUBLIC_V4: u64 = 1 << 26;
/// The same for IPv6, counted in networks of 32 bits, of which a provider has a few.
const MAX_PUBLIC_V6: u64 = 1 << 16;

/// What the addresses of everybody are not in: networks that no packet from the internet comes from (RFC 6890).
const PRIVATE_V4: [&str; 7] =
    ["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"];

/// Whether these networks, together, hold so much of the internet that anybody may write the header.
pub(super) fn trust_everybody(networks: &[IpNet]) -> bool {
    let (v4, v6): (Vec<_>, Vec<_>) = networks.iter().copied().map(unmapped).partition(|net| net.addr().is_ipv4());
    let public_v4: u64 =
        IpNet::aggregate(&v4).iter().map(|net| if let IpNet::V4(net) = net { public(*net) } else { 0 }).sum();
    let public_v6: u64 =
        IpNet::aggregate(&v6).iter().map(|net| if let IpNet::V6(net) = net { networks_of(net) } else { 0 }).sum();
    public_v4 > MAX_PUBLIC_V4 || public_v6 > MAX_PUBLIC_V6
}

/// `::ffff:10.0.0.0/104` is `10.0.0.0/8`.
fn unmapped(net: IpNet) -> IpNet {
    let v4 = match net {
        IpNet::V6(net) if net.prefix_len() >= 96 => {
            net.addr().to_ipv4_mapped().map(|address| (address, net.prefix_len() - 96))
        }
        _ => None,
    };
    v4.and_then(|(address, length)| IpNet::new(IpAddr::V4(address), length).ok()).unwrap_or(net)
}

/// How many public addresses a network has.
fn public(net: Ipv4Net) -> u64 {
    let size = |net: Ipv4Net| 1_u64 << (32 - net.prefix_len());
    let private = PRIVATE_V4.iter().filter_map(|text| text.parse::<Ipv4Net>().ok());
    let inside = private.filter_map(|private| {
        if net.contains(&private) { Some(size(private)) } else { private.contains(&net).then(|| size(net)) }
    });
    size(net).saturating_sub(inside.sum())
}

/// How many networks of 32 bits a network of IPv6 addresses has in `2000::/3`, where the internet is.
fn networks_of(net: &Ipv6Net) -> u64 {
    let Ok(internet) = "2000::/3".parse::<Ipv6Net>() else { return 0 };
    if net.contains(&internet) {
        1 << 29
    } else if internet.contains(net) {
        1_u64 << 32_u8.saturating_sub(net.prefix_len())
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusts_everybody(text: &str) -> bool {
        let networks: Vec<IpNet> = text.split(',').map(|text| text.parse().unwrap()).collect();
        trust_everybody(&networks)
    }

    #[test]
    fn everybody_in_parts_is_everybody() {
        for text in [
            "0.0.0.0/0",
            "::/0",
            "0.0.0.0/1,128.0.0.0/1",
            "128.0.0.0/1",
            "::/1,8000::/1",
            "2000::/3",
            "2000::/4,3000::/4",
            "2400::/12",
            "::ffff:0.0.0.0/96",
            "::ffff:0.0.0.0/97,::ffff:128.0.0.0/97",
            "0.0.0.0/2,64.0.0.0/2,128.0.0.0/2,192.0.0.0/2",
            // All that is not private.
            "1.0.0.0/8,2.0.0.0/7,4.0.0.0/6,8.0.0.0/7,11.0.0.0/8,12.0.0.0/6,16.0.0.0/4,32.0.0.0/3,64.0.0.0/2,128.0.0.0/2",
        ] {
            assert!(trusts_everybody(text), "{text}");
        }
    }

    #[test]
    fn private_networks_and_those_of_a_provider_may_be_trusted() {
        for text in [
            "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,127.0.0.0/8,100.64.0.0/10,169.254.0.0/16",
            "fc00::/7,fe80::/10,::1/128",
            "::ffff:10.0.0.0/104",
            // Cloudflare's.
            "173.245.48.0/20,103.21.244.0/22,103.22.200.0/22,103.31.4.0/22,141.101.64.0/18,108.162.192.0/18,190.93.240.0/20,\
             188.114.96.0/20,197.234.240.0/22,198.41.128.0/17,162.158.0.0/15,104.16.0.0/13,104.24.0.0/14,172.64.0.0/13,\
             131.0.72.0/22,2400:cb00::/32,2606:4700::/32,2803:f800::/32,2405:b500::/32,2405:8100::/32,2a06:98c0::/29,2c0f:f248::/32",
        ] {
            assert!(!trusts_everybody(text), "{text}");
        }
    }
}
