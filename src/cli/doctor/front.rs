//! Checks of the settings for the path between browsers and this server: issuer, cookies and proxies.

use ipnet::IpNet;

use super::finding::Finding;
use crate::config::{Mode, Settings};

/// Prefix lengths (IPv4, IPv6) below which a network is too wide to contain only one's own proxies.
const WIDE: (u8, u8) = (8, 32);

pub(super) fn examine(settings: &Settings) -> Vec<Finding> {
    vec![issuer(settings), cookies(settings), proxy(settings)]
}

fn is_https(settings: &Settings) -> bool {
    settings.issuer.starts_with("https:")
}

fn issuer(settings: &Settings) -> Finding {
    let issuer = &settings.issuer;
    match (settings.mode, is_https(settings)) {
        // Production requires https, which the settings enforce.
        (Mode::Production, _) => Finding::ok("issuer", issuer),
        (Mode::Development, true) => {
            let fix = "set mode = \"production\" before users have accounts";
            Finding::warn("issuer", format!("{issuer}, in development mode; {fix}"))
        }
        (Mode::Development, false) => {
            let fix = "before going live, set mode = \"production\" and an https issuer";
            Finding::warn("issuer", format!("{issuer} is reachable from this machine only; {fix}"))
        }
    }
}

fn cookies(settings: &Settings) -> Finding {
    if is_https(settings) {
        return Finding::ok("cookies", "Secure, with the prefix __Host-");
    }
    Finding::warn("cookies", "without Secure and the prefix __Host-, since the issuer is http; use an https issuer")
}

fn proxy(settings: &Settings) -> Finding {
    let trusted = &settings.proxy.trusted;
    let behind_proxy = is_https(settings) && settings.tls.is_none();
    if let Some(network) = trusted.iter().find(|network| network.prefix_len() == 0) {
        let fix = "list only the addresses of the proxies";
        return Finding::fail(
            "proxy",
            format!("{network} in proxy.trusted lets every client choose its address; {fix}"),
        );
    }
    if behind_proxy && trusted.is_empty() {
        let what = "the issuer is https and this server speaks http, but no proxy is trusted: \
                    all clients count as one address and share its rate limits";
        let fix = "set proxy.trusted to the proxy's address, or tls.cert and tls.key";
        return match settings.mode {
            Mode::Production => Finding::fail("proxy", format!("{what}; {fix}")),
            Mode::Development => Finding::warn("proxy", format!("{what}; {fix}")),
        };
    }
    if let Some(network) = trusted.iter().find(|network| is_wide(network)) {
        let fix = "list only the addresses of the proxies";
        return Finding::warn(
            "proxy",
            format!("{network} in proxy.trusted is wide: every host in it can forge client addresses; {fix}"),
        );
    }
    match trusted.len() {
        0 => Finding::ok("proxy", "none is trusted"),
        _ => Finding::ok("proxy", ""),
    }
}

fn is_wide(network: &IpNet) -> bool {
    let (v4, v6) = WIDE;
    match network {
        IpNet::V4(network) => network.prefix_len() < v4,
        IpNet::V6(network) => !is_local(network) && network.prefix_len() < v6,
    }
}

/// Returns true for unique local and link-local networks, which are not on the Internet.
fn is_local(network: &ipnet::Ipv6Net) -> bool {
    let address = network.addr();
    network.prefix_len() >= 7 && (address.is_unique_local() || address.is_unicast_link_local())
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level::{self, Fail, Ok, Warn};
    use super::*;
    use crate::config::Tls;

    fn settings(mode: Mode, issuer: &str, trusted: &[&str]) -> Settings {
        let mut settings = Settings::defaults(mode);
        settings.issuer = issuer.to_owned();
        settings.proxy.trusted = trusted.iter().map(|network| network.parse().unwrap()).collect();
        settings
    }

    #[test]
    fn issuer_cookies_and_proxies_are_checked_by_the_settings() {
        use Mode::{Development, Production};
        let near = "http://localhost:8000";
        let far = "https://op.example";
        let rows: [(&str, Mode, &str, &[&str], [Level; 3]); 9] = [
            ("on a laptop", Development, near, &[], [Warn, Warn, Ok]),
            ("https on a laptop", Development, far, &["127.0.0.1/32"], [Warn, Ok, Ok]),
            ("https on a laptop, no trusted proxy", Development, far, &[], [Warn, Ok, Warn]),
            ("behind a proxy", Production, far, &["10.1.0.0/16", "fd00::/8"], [Ok, Ok, Ok]),
            ("a whole private network", Production, far, &["10.0.0.0/8"], [Ok, Ok, Ok]),
            ("no trusted proxy", Production, far, &[], [Ok, Ok, Fail]),
            ("all trusted", Production, far, &["10.1.0.0/16", "0.0.0.0/0"], [Ok, Ok, Fail]),
            ("all trusted, IPv6", Production, far, &["::/0"], [Ok, Ok, Fail]),
            ("too many trusted", Production, far, &["2000::/3"], [Ok, Ok, Warn]),
        ];
        for (case, mode, issuer, trusted, expected) in rows {
            let found = examine(&settings(mode, issuer, trusted));
            let levels: Vec<Level> = found.iter().map(|finding| finding.level).collect();
            assert_eq!(levels, expected, "{case}: {found:?}");
            let fixed = |finding: &Finding| finding.level == Ok || finding.detail.contains("; ");
            assert!(found.iter().all(fixed), "{case}: what to do is said");
        }
        let mut by_itself = settings(Production, far, &[]);
        by_itself.tls = Some(Tls { cert: "cert.pem".into(), key: "key.pem".into() });
        assert_eq!(proxy(&by_itself).level, Ok, "a server that terminates TLS needs no proxy");
    }
}
