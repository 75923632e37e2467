//! URLs that this server calls: https, without credentials, to public addresses, with a request line of one line.
#![no_main]

use std::net::IpAddr;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use signet_protocol::defense::outbound::{AllowedHost, OutboundUrl, PlainHttp};
use signet_protocol::defense::special_addresses::is_special_use;
use url::Host;

static NAMED: LazyLock<Vec<AllowedHost>> =
    LazyLock::new(|| ["10.0.0.1", "rp.example:8443"].map(|text| AllowedHost::parse(text).expect("a host")).to_vec());

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let _ = AllowedHost::parse(text);
    if let Ok(url) = OutboundUrl::parse(text, &[], PlainHttp::ToAllowedHosts) {
        assert!(url.is_https(), "nothing is named");
        check(&url);
        match url.host() {
            Host::Ipv4(address) => check_address(&url, IpAddr::from(*address)),
            Host::Ipv6(address) => check_address(&url, IpAddr::from(*address)),
            Host::Domain(name) => {
                assert!(name.parse::<IpAddr>().is_err(), "{name} is an address");
                assert!(!url.permits(IpAddr::from([127, 0, 0, 1])));
            }
        }
    }
    if let Ok(url) = OutboundUrl::parse(text, &NAMED, PlainHttp::ToAllowedHosts) {
        check(&url);
        let named = match url.host() {
            Host::Ipv4(address) => address.octets() == [10, 0, 0, 1],
            Host::Domain(name) => name == "rp.example" && url.port() == 8443,
            Host::Ipv6(_) => false,
        };
        assert!(url.is_https() || named);
        assert_eq!(url.permits(IpAddr::from([192, 168, 0, 1])), named);
    }
});

fn check(url: &OutboundUrl) {
    assert!(matches!(url.port(), 80 | 443 | 1024..));
    assert!(url.path_and_query().starts_with('/') && !url.authority().contains('@'));
    for part in [url.path_and_query(), url.authority()] {
        assert!(part.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'), "{part:?}");
    }
}

fn check_address(url: &OutboundUrl, address: IpAddr) {
    assert_eq!(url.permits(address), !is_special_use(address));
    let private = match address {
        IpAddr::V4(v4) => {
            assert_eq!(is_special_use(v4.to_ipv6_mapped().into()), is_special_use(address));
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified() || v4.is_multicast()
        }
        IpAddr::V6(v6) => {
            v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
                || v6.is_multicast()
        }
    };
    assert!(!(private && url.permits(address)), "{address}");
}
