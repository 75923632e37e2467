//! Tables of permitted and refused URLs.

use super::*;

fn allowed() -> Vec<AllowedHost> {
    ["127.0.0.1", "[::1]:9000", "rp.example:8443", "RP2.Example", "secure.example:443"]
        .map(|text| AllowedHost::parse(text).unwrap())
        .to_vec()
}

#[test]
fn only_https_is_called_and_in_development_http_to_allowed_hosts() {
    let never = PlainHttp::Refused;
    let named = PlainHttp::ToAllowedHosts;
    let rows = [
        ("https://rp.example/jwks", never, None),
        ("https://rp.example:8443/jwks", never, None),
        ("HTTPS://RP.EXAMPLE/jwks", never, None),
        ("https://rp.example:443/", never, None),
        ("https://rp.example:80/", never, None),
        ("https://rp.example:1024/", never, None),
        ("https://rp.example:65535/", never, None),
        ("https://rp.example:22/", never, Some(UrlRefusal::Port)),
        ("https://rp.example:25/", never, Some(UrlRefusal::Port)),
        ("https://rp.example:1023/", never, Some(UrlRefusal::Port)),
        ("https://rp.example:0/", never, Some(UrlRefusal::Port)),
        ("https://127.0.0.1:22/", never, Some(UrlRefusal::Port)),
        ("https://user@rp.example/", never, Some(UrlRefusal::UserInfo)),
        ("https://user:secret@rp.example/", never, Some(UrlRefusal::UserInfo)),
        ("https://:secret@rp.example/", never, Some(UrlRefusal::UserInfo)),
        ("http://127.0.0.1:8000/", never, Some(UrlRefusal::Scheme)),
        ("http://127.0.0.1:8000/", named, None),
        ("http://2130706433:8000/", named, None),
        ("http://[::1]:9000/", named, None),
        ("http://[::1]:9001/", named, Some(UrlRefusal::Scheme)),
        ("http://rp2.example/", named, None),
        ("http://rp.example/", named, Some(UrlRefusal::Scheme)),
        ("http://localhost:8000/", named, Some(UrlRefusal::Scheme)),
        ("ftp://127.0.0.1/", named, Some(UrlRefusal::Scheme)),
        ("file:///etc/passwd", named, Some(UrlRefusal::Scheme)),
        ("gopher://127.0.0.1:6379/_INFO", named, Some(UrlRefusal::Scheme)),
        ("data:application/json,{}", named, Some(UrlRefusal::Scheme)),
        ("javascript:alert(1)", named, Some(UrlRefusal::Scheme)),
        ("/jwks", named, Some(UrlRefusal::Malformed)),
        ("https://", named, Some(UrlRefusal::Malformed)),
        ("https://rp.example:99999/", named, Some(UrlRefusal::Malformed)),
        ("", named, Some(UrlRefusal::Malformed)),
    ];
    for (url, plain, expected) in rows {
        assert_eq!(OutboundUrl::parse(url, &allowed(), plain).err(), expected, "{url} {plain:?}");
    }
    let long = format!("https://rp.example/{}", "a".repeat(MAX_URL));
    assert_eq!(OutboundUrl::parse(&long, &[], PlainHttp::Refused).err(), Some(UrlRefusal::Malformed));
}

/// Returns true if the URL's host, an IP address in some spelling, may be connected to.
fn may_connect(url: &str) -> bool {
    let parsed = OutboundUrl::parse(url, &allowed(), PlainHttp::Refused).unwrap();
    match *parsed.host() {
        Host::Ipv4(address) => parsed.permits(address.into()),
        Host::Ipv6(address) => parsed.permits(address.into()),
        Host::Domain(ref name) => panic!("{name} is a name"),
    }
}

#[test]
fn an_ip_address_is_checked_in_every_spelling() {
    for url in [
        "https://169.254.169.254/latest/meta-data",
        "https://0xa9fea9fe/",
        "https://2852039166/",
        "https://0251.0376.0251.0376/",
        "https://0xa9.254.43518/",
        "https://169.254.43518/",
        "https://169.254.169.254./",
        "https://%31%36%39.254.169.254/",
        "https://①⑥⑨.254.169.254/",
        "https://169。254。169。254/",
        "https://0/",
        "https://10.1/",
        "https://[::ffff:a9fe:a9fe]/",
        "https://[::169.254.169.254]/",
        "https://[0:0:0:0:0:0:0:1]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://[fd00:ec2::254]/",
    ] {
        assert!(!may_connect(url), "{url}");
    }
    for url in ["https://1.1.1.1/", "https://[2606:4700:4700::1111]/", "https://0x01010101/"] {
        assert!(may_connect(url), "{url}");
    }
    for url in ["https://127.0.0.1/", "https://127.1:4000/", "https://0x7f000001/", "https://[::1]:9000/"] {
        assert!(may_connect(url), "{url} is named by the settings");
    }
    for url in ["https://127.0.0.2/", "https://[::1]/", "https://[::1]:9001/", "https://[::ffff:127.0.0.1]/"] {
        assert!(!may_connect(url), "{url} is not named by the settings");
    }
}

#[test]
fn an_allowed_host_matches_exactly() {
    let private = "192.168.1.2".parse().unwrap();
    let rows = [
        ("https://rp.example:8443/", true),
        ("https://rp.example/", false),
        ("https://rp.example:8444/", false),
        ("https://rp2.example/", true),
        ("https://rp2.example:8444/", true),
        ("https://secure.example/", true),
        ("https://secure.example:444444/", false),
        ("https://secure.example:8443/", false),
        ("https://sub.rp2.example/", false),
        ("https://rp2.example./", false),
        ("https://evil.example/?rp2.example", false),
    ];
    for (url, expected) in rows {
        let permits = OutboundUrl::parse(url, &allowed(), PlainHttp::Refused).is_ok_and(|url| url.permits(private));
        assert_eq!(permits, expected, "{url}");
    }
}

#[test]
fn an_entry_is_a_host_or_a_host_and_a_port() {
    for text in ["a.example", "a.example:443", "127.0.0.1", "[::1]", "[::1]:9000", "localhost:1"] {
        assert!(AllowedHost::parse(text).is_some(), "{text}");
    }
    for text in [
        "",
        ":1",
        "a.example:",
        "a.example:+1",
        "a.example:65536",
        "https://a.example",
        "a.example/x",
        "::1",
        "*",
        "u@a",
        "a b",
        "*.a.example",
        "a.example?x",
        "a.example#x",
        "a.example\\x",
        "10.0.0.0/8",
        "[::1]x",
    ] {
        assert!(AllowedHost::parse(text).is_none(), "{text}");
    }
}

#[test]
fn a_request_has_host_path_and_query_but_no_fragment() {
    let url = OutboundUrl::parse("https://RP.example:8443/a/../b?c=d#secret", &[], PlainHttp::Refused).unwrap();
    assert_eq!((url.authority(), url.path_and_query()), ("rp.example:8443", "/b?c=d"));
    let url = OutboundUrl::parse("https://rp.example:443", &[], PlainHttp::Refused).unwrap();
    assert_eq!((url.authority(), url.path_and_query(), url.port()), ("rp.example", "/", 443));
    let url = OutboundUrl::parse("https://[2606:4700:4700::1111]/", &[], PlainHttp::Refused).unwrap();
    assert_eq!(url.authority(), "[2606:4700:4700::1111]");
}
