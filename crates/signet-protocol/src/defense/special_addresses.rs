//! Addresses that a URL from outside must not lead to: those of this host, private networks, link-local, multicast and
//! documentation (RFC 6890 and the IANA special-purpose address registries as of 2025), and those that embed another
//! address (RFC 3056, RFC 4380, RFC 6052). Resolution is left to `fetch`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Networks of RFC 6890 §2.2.2 and later registrations, each with its prefix length.
const IPV4: [([u8; 4], u32); 15] = [
    ([0, 0, 0, 0], 8),       // this network (RFC 791 §3.2)
    ([10, 0, 0, 0], 8),      // private use (RFC 1918)
    ([100, 64, 0, 0], 10),   // shared address space (RFC 6598)
    ([127, 0, 0, 0], 8),     // loopback (RFC 1122 §3.2.1.3)
    ([169, 254, 0, 0], 16),  // link-local, with the metadata services of clouds (RFC 3927)
    ([172, 16, 0, 0], 12),   // private use (RFC 1918)
    ([192, 0, 0, 0], 24),    // protocol assignments (RFC 6890 §2.1)
    ([192, 0, 2, 0], 24),    // documentation (RFC 5737)
    ([192, 88, 99, 0], 24),  // 6to4 relay anycast (RFC 7526)
    ([192, 168, 0, 0], 16),  // private use (RFC 1918)
    ([198, 18, 0, 0], 15),   // benchmarks (RFC 2544)
    ([198, 51, 100, 0], 24), // documentation (RFC 5737)
    ([203, 0, 113, 0], 24),  // documentation (RFC 5737)
    ([224, 0, 0, 0], 4),     // multicast (RFC 5771)
    ([240, 0, 0, 0], 4),     // reserved, with limited broadcast (RFC 1112 §4, RFC 8190)
];

/// Special-purpose networks within global unicast, 2000::/3. Everything outside that is refused as a whole.
const IPV6: [([u16; 8], u32); 4] = [
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), // protocol assignments, with Teredo (RFC 2928, RFC 4380)
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), // documentation (RFC 3849)
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), // 6to4 (RFC 3056)
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), // documentation (RFC 9637)
];

/// Returns true unless the address is that of a single host on the Internet.
pub fn is_special_use(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_special_v4(address),
        IpAddr::V6(address) => is_special_v6(address),
    }
}

fn is_special_v4(address: Ipv4Addr) -> bool {
    let within = |(network, length): &([u8; 4], u32)| {
        let network = Ipv4Addr::from(*network);
        (address.to_bits() ^ network.to_bits()).leading_zeros() >= *length
    };
    IPV4.iter().any(within)
}

fn is_special_v6(address: Ipv6Addr) -> bool {
    // RFC 4291 §2.5.5: an IPv4-mapped or IPv4-compatible address counts as its IPv4 address.
    if let Some(embedded) = address.to_ipv4() {
        return is_special_v4(embedded);
    }
    // RFC 4291 §2.4: everything outside 2000::/3 is link-local, unique local, multicast, a translation or unassigned.
    if address.to_bits().leading_zeros() != 2 {
        return true;
    }
    let within = |(network, length): &([u16; 8], u32)| {
        let network = Ipv6Addr::from(*network);
        (address.to_bits() ^ network.to_bits()).leading_zeros() >= *length
    };
    IPV6.iter().any(within)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The registry's name, the first and the last address, and the neighbors before and behind.
    const EDGES: [(&str, &str, &str, &str, &str); 19] = [
        ("this network", "0.0.0.0", "0.255.255.255", "1.0.0.0", "1.0.0.0"),
        ("private use, 10/8", "10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"),
        ("shared address space", "100.64.0.0", "100.127.255.255", "100.63.255.255", "100.128.0.0"),
        ("loopback", "127.0.0.0", "127.255.255.255", "126.255.255.255", "128.0.0.0"),
        ("link-local", "169.254.0.0", "169.254.255.255", "169.253.255.255", "169.255.0.0"),
        ("private use, 172.16/12", "172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0"),
        ("protocol assignments", "192.0.0.0", "192.0.0.255", "191.255.255.255", "192.0.1.0"),
        ("documentation, TEST-NET-1", "192.0.2.0", "192.0.2.255", "192.0.1.255", "192.0.3.0"),
        ("6to4 relays", "192.88.99.0", "192.88.99.255", "192.88.98.255", "192.88.100.0"),
        ("private use, 192.168/16", "192.168.0.0", "192.168.255.255", "192.167.255.255", "192.169.0.0"),
        ("benchmarks", "198.18.0.0", "198.19.255.255", "198.17.255.255", "198.20.0.0"),
        ("documentation, TEST-NET-2", "198.51.100.0", "198.51.100.255", "198.51.99.255", "198.51.101.0"),
        ("documentation, TEST-NET-3", "203.0.113.0", "203.0.113.255", "203.0.112.255", "203.0.114.0"),
        ("multicast and reserved", "224.0.0.0", "255.255.255.255", "223.255.255.255", "223.255.255.255"),
        ("IPv6 protocol assignments", "2001::", "2001:1ff:ffff::", "2000:ffff::", "2001:200::"),
        ("IPv6 documentation", "2001:db8::", "2001:db8:ffff::1", "2001:db7:ffff::", "2001:db9::"),
        ("6to4", "2002::", "2002:ffff:ffff::1", "2001:ffff::1", "2003::1"),
        ("IPv6 documentation, RFC 9637", "3fff::", "3fff:fff:ffff::1", "3ffe:ffff::", "3fff:1000::"),
        ("all but global unicast", "4000::", "ffff:ffff::", "3fff:ffff::1", "2000::1"),
    ];

    fn special(address: &str) -> bool {
        is_special_use(address.parse().unwrap())
    }

    #[test]
    fn each_special_network_is_refused_but_not_its_neighbors() {
        for (name, first, last, before, behind) in EDGES {
            assert!(special(first), "{name}: {first}");
            assert!(special(last), "{name}: {last}");
            assert!(!special(before), "before {name}: {before}");
            assert!(!special(behind), "behind {name}: {behind}");
        }
    }

    #[test]
    fn an_embedded_address_is_checked() {
        let rows = [
            ("::", true, "unspecified"),
            ("::1", true, "loopback"),
            ("::ffff:127.0.0.1", true, "mapped loopback"),
            ("::ffff:10.1.2.3", true, "mapped private"),
            ("::ffff:169.254.169.254", true, "mapped metadata service"),
            ("::ffff:8.8.8.8", false, "mapped host of the Internet"),
            ("::127.0.0.1", true, "compatible loopback"),
            ("::8.8.8.8", false, "compatible host of the Internet"),
            ("::ffff:0:127.0.0.1", true, "translated, RFC 2765"),
            ("64:ff9b::7f00:1", true, "NAT64"),
            ("64:ff9b::808:808", true, "NAT64 of a host of the Internet"),
            ("64:ff9b:1::1", true, "local NAT64"),
            ("100::1", true, "discard-only"),
            ("100:0:0:1::1", true, "dummy prefix"),
            ("2001::1", true, "Teredo"),
            ("2001:10::1", true, "ORCHID"),
            ("2001:20::1", true, "ORCHIDv2"),
            ("5f00::1", true, "segment routing"),
            ("fc00::1", true, "unique local"),
            ("fd12:3456::1", true, "unique local"),
            ("fe80::1", true, "link-local"),
            ("fec0::1", true, "site-local"),
            ("ff02::1", true, "multicast"),
            ("255.255.255.255", true, "broadcast"),
            ("169.254.169.254", true, "metadata service"),
            ("2606:4700:4700::1111", false, "a host of the Internet"),
            ("1.1.1.1", false, "a host of the Internet"),
        ];
        for (address, expected, name) in rows {
            assert_eq!(special(address), expected, "{name}: {address}");
        }
    }
}
