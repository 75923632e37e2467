//! Cases for redirect URIs: registration, comparison, and appended parameters.

use super::RedirectUriError::*;
use super::*;

fn registered(uri: &str) -> RedirectUri {
    RedirectUri::register(uri).unwrap_or_else(|error| panic!("{uri}: {error}"))
}

#[test]
fn a_valid_redirect_uri_is_registered_as_written() {
    for uri in [
        "https://rp.example/cb",
        "https://rp.example",
        "https://rp.example/",
        "https://rp.example:8443/cb",
        "https://RP.example/cb",
        "https://rp.example/a/../b/./c//d",
        "https://rp.example/cb?tenant=1&codec=x&state2=y",
        "https://rp.example/cb?",
        "https://rp.example/%7Ecb",
        "https://rp.example/@a:b/*",
        "https://rp.example/cb?x=@*",
        "https://xn--mnchen-3ya.example/cb",
        "https://192.0.2.1/cb",
        "https://[2001:db8::1]:8443/cb",
        "http://127.0.0.1/cb",
        "http://127.0.0.1:8080",
        "http://[::1]/cb",
        "http://localhost:3000/cb",
        "com.example.app:/cb",
        "com.example.app://cb/x",
        "com.example-x.app2:/?a=b",
    ] {
        assert_eq!(registered(uri).as_str(), uri);
    }
}

#[test]
fn an_invalid_redirect_uri_is_refused() {
    let long = format!("https://rp.example/{}", "x".repeat(MAX_REDIRECT_URI));
    let cases = [
        ("too long", long.as_str(), TooLong),
        ("RFC 6749 §3.1.2: absolute", "/cb", NotAbsolute),
        ("empty", "", NotAbsolute),
        ("no scheme", "rp.example/cb", NotAbsolute),
        ("a scheme begins with a letter", "1a.b:/cb", NotAbsolute),
        ("relative to a scheme", "//rp.example/cb", NotAbsolute),
        ("https without slashes", "https:rp.example/cb", NotAbsolute),
        ("https with one slash", "https:/rp.example/cb", NotAbsolute),
        ("RFC 6749 §3.1.2: fragment", "https://rp.example/cb#x", Fragment),
        ("an empty fragment", "https://rp.example/cb#", Fragment),
        ("a fragment after a private-use scheme", "com.example.app:/cb#", Fragment),
        ("user", "https://user@rp.example/cb", UserInfo),
        ("user and password", "https://a:b@rp.example/cb", UserInfo),
        ("empty user", "https://@rp.example/cb", UserInfo),
        ("user of a private-use scheme", "com.example.app://a@b/cb", UserInfo),
        ("wildcard", "https://*.rp.example/cb", Wildcard),
        ("wildcard alone", "https://*/cb", Wildcard),
        ("wildcard port", "https://rp.example:*/cb", Wildcard),
        ("space", "https://rp.example/c b", IllegalCharacter),
        ("space before", " https://rp.example/cb", IllegalCharacter),
        ("line break after", "https://rp.example/cb\n", IllegalCharacter),
        ("tab within", "java\tscript:alert(1)", IllegalCharacter),
        ("NUL", "https://rp.example/\0", IllegalCharacter),
        ("DEL", "https://rp.example/\x7f", IllegalCharacter),
        ("backslash", "https://rp.example\\@evil.example/cb", IllegalCharacter),
        ("quote", "https://rp.example/\"", IllegalCharacter),
        ("angle bracket", "https://rp.example/<", IllegalCharacter),
        ("raw Unicode host", "https://m\u{fc}nchen.example/cb", IllegalCharacter),
        ("raw Unicode path", "https://rp.example/\u{e9}", IllegalCharacter),
        ("a broken escape", "https://rp.example/%zz", IllegalCharacter),
        ("an escape cut short", "https://rp.example/%4", IllegalCharacter),
        ("no host", "https:///cb", InvalidHost),
        ("no host but a port", "https://:443/cb", InvalidHost),
        ("an escape in the host", "https://rp%2eexample/cb", InvalidHost),
        ("IPv4 in hexadecimal", "https://0x7f000001/cb", InvalidHost),
        ("IPv4 in short form", "http://127.1/cb", InvalidHost),
        ("IPv6 in long form", "http://[0:0:0:0:0:0:0:1]/cb", InvalidHost),
        ("IPv6 without end", "https://[::1/cb", InvalidPort),
        ("something after IPv6", "https://[::1]x/cb", InvalidHost),
        ("an empty port", "https://rp.example:/cb", InvalidPort),
        ("too high a port", "https://rp.example:65536/cb", InvalidPort),
        ("a port of letters", "https://rp.example:x/cb", InvalidPort),
        ("a signed port", "https://rp.example:+80/cb", InvalidPort),
        ("port zero", "http://127.0.0.1:0/cb", InvalidPort),
        ("http elsewhere", "http://rp.example/cb", InsecureScheme),
        ("http to another loopback address", "http://127.0.0.2/cb", InsecureScheme),
        ("http to a name that begins so", "http://127.0.0.1.evil.example/cb", InsecureScheme),
        ("http to a name under localhost", "http://a.localhost/cb", InsecureScheme),
        ("javascript", "javascript:alert(1)", ForbiddenScheme),
        ("javascript in other case", "JavaScript://rp.example/%0Aalert(1)", ForbiddenScheme),
        ("data", "data:text/html,x", ForbiddenScheme),
        ("file", "file:///etc/passwd", ForbiddenScheme),
        ("blob", "blob:https://rp.example/x", ForbiddenScheme),
        ("about", "about:blank", ForbiddenScheme),
        ("vbscript", "vbscript:x", ForbiddenScheme),
        ("RFC 8252 §7.1: no dot", "myapp:/cb", PrivateUseScheme),
        ("no dot and an authority", "ftp://rp.example/cb", PrivateUseScheme),
        ("an empty label", "com..app:/cb", PrivateUseScheme),
        ("a dot at the end", "app.:/cb", PrivateUseScheme),
        ("no path", "com.example.app:cb", PrivateUseScheme),
        ("nothing after the scheme", "com.example.app:", PrivateUseScheme),
        ("a private-use scheme with a port alone", "com.example.app://:rp:/cb", InvalidHost),
        ("a private-use scheme with a port and no host", "com.example.app://:80/cb", InvalidHost),
        ("a URN", "urn:ietf:wg:oauth:2.0:oob", PrivateUseScheme),
        ("code", "https://rp.example/cb?code=x", ReservedParameter),
        ("code by another spelling", "https://rp.example/cb?a=b&c%6Fde", ReservedParameter),
        ("state", "https://rp.example/cb?state=x", ReservedParameter),
        ("iss", "https://rp.example/cb?iss=x", ReservedParameter),
        ("error", "https://rp.example/cb?error=x", ReservedParameter),
        ("error_description", "https://rp.example/cb?error_description=x", ReservedParameter),
        ("error_uri", "https://rp.example/cb?error_uri=x", ReservedParameter),
        ("id_token", "https://rp.example/cb?id_token=x", ReservedParameter),
        ("access_token", "https://rp.example/cb?access_token=x", ReservedParameter),
        ("response", "https://rp.example/cb?response=x", ReservedParameter),
        ("session_state", "com.example.app:/cb?session_state=x", ReservedParameter),
    ];
    for (rule, uri, expected) in cases {
        assert_eq!(RedirectUri::register(uri), Err(expected), "{rule}: {uri}");
    }
}

#[test]
fn a_redirect_uri_matches_byte_by_byte() {
    let uri = "https://rp.example/a/b?x=1&y=2";
    assert!(registered(uri).matches(uri));
    for near_miss in [
        "",
        "https://rp.example/a/b",
        "https://rp.example/a/b?x=1",
        "https://rp.example/a/b?y=2&x=1",
        "https://rp.example/a/b?x=1&y=2&",
        "https://rp.example/a/b?x=1&y=2&z=3",
        "https://rp.example/a/b?x=1&y=2#",
        "https://rp.example/a/b/?x=1&y=2",
        "https://rp.example/a/B?x=1&y=2",
        "https://rp.example/a/./b?x=1&y=2",
        "https://rp.example/a/../a/b?x=1&y=2",
        "https://rp.example/a/%62?x=1&y=2",
        "https://rp.example//a/b?x=1&y=2",
        "https://RP.example/a/b?x=1&y=2",
        "HTTPS://rp.example/a/b?x=1&y=2",
        "http://rp.example/a/b?x=1&y=2",
        "https://rp.example:443/a/b?x=1&y=2",
        "https://rp.example./a/b?x=1&y=2",
        "https://www.rp.example/a/b?x=1&y=2",
        "https://rp.example.evil.example/a/b?x=1&y=2",
        "https://rp.example@evil.example/a/b?x=1&y=2",
        "https://a@rp.example/a/b?x=1&y=2",
        "https://rp.example\\/a/b?x=1&y=2",
        " https://rp.example/a/b?x=1&y=2",
        "https://rp.example/a/b?x=1&y=2\n",
    ] {
        assert!(!registered(uri).matches(near_miss), "{near_miss}");
    }
}

#[test]
fn only_the_port_of_a_loopback_literal_may_vary() {
    let cases = [
        ("RFC 8252 §7.3: any port", "http://127.0.0.1/cb", "http://127.0.0.1:53123/cb", true),
        ("another port", "http://127.0.0.1:1/cb", "http://127.0.0.1:65535/cb", true),
        ("no port", "http://127.0.0.1:8080/cb", "http://127.0.0.1/cb", true),
        ("IPv6", "http://[::1]/cb", "http://[::1]:53123/cb", true),
        ("no path", "http://127.0.0.1", "http://127.0.0.1:53123", true),
        ("a query", "http://127.0.0.1?a=b", "http://127.0.0.1:53123?a=b", true),
        ("port zero", "http://127.0.0.1/cb", "http://127.0.0.1:0/cb", false),
        ("too high a port", "http://127.0.0.1/cb", "http://127.0.0.1:65536/cb", false),
        ("an empty port", "http://127.0.0.1/cb", "http://127.0.0.1:/cb", false),
        ("a leading zero", "http://127.0.0.1/cb", "http://127.0.0.1:080/cb", false),
        ("a sign", "http://127.0.0.1/cb", "http://127.0.0.1:+80/cb", false),
        ("a space", "http://127.0.0.1/cb", "http://127.0.0.1: 80/cb", false),
        ("letters", "http://127.0.0.1/cb", "http://127.0.0.1:a/cb", false),
        ("userinfo", "http://127.0.0.1/cb", "http://127.0.0.1:80@evil.example/cb", false),
        ("userinfo before", "http://127.0.0.1/cb", "http://a@127.0.0.1:80/cb", false),
        ("userinfo and a path", "http://127.0.0.1", "http://127.0.0.1:80@evil.example", false),
        ("a longer host", "http://127.0.0.1/cb", "http://127.0.0.1.evil.example/cb", false),
        ("a longer number", "http://127.0.0.1/cb", "http://127.0.0.10/cb", false),
        ("another query", "http://127.0.0.1/cb", "http://127.0.0.1:53123/cb?x", false),
        ("another path", "http://127.0.0.1/cb", "http://127.0.0.1:53123/cb/", false),
        ("a path before", "http://127.0.0.1/cb", "http://127.0.0.1:53123/x/cb", false),
        ("another scheme", "http://127.0.0.1/cb", "https://127.0.0.1:53123/cb", false),
        ("another literal", "http://127.0.0.1/cb", "http://[::1]:53123/cb", false),
        ("the name", "http://127.0.0.1/cb", "http://localhost:53123/cb", false),
        ("IPv6 in long form", "http://[::1]/cb", "http://[0:0:0:0:0:0:0:1]/cb", false),
        ("RFC 8252 §8.3: not the name", "http://localhost/cb", "http://localhost:53123/cb", false),
        ("not https", "https://127.0.0.1/cb", "https://127.0.0.1:53123/cb", false),
        ("not elsewhere", "https://rp.example/cb", "https://rp.example:53123/cb", false),
    ];
    for (rule, uri, requested, expected) in cases {
        assert_eq!(registered(uri).matches(requested), expected, "{rule}: {uri} {requested}");
    }
}

#[test]
fn a_destination_is_a_registered_uri() {
    let one = [registered("https://rp.example/cb")];
    let two = [registered("https://rp.example/cb"), registered("http://127.0.0.1/cb")];
    let cases: [(&str, &[RedirectUri], Option<&str>, Omission, Result<(&str, bool), DestinationError>); 9] = [
        ("named", &one, Some("https://rp.example/cb"), Omission::Refused, Ok(("https://rp.example/cb", true))),
        (
            "the port as named",
            &two,
            Some("http://127.0.0.1:9/cb"),
            Omission::Refused,
            Ok(("http://127.0.0.1:9/cb", true)),
        ),
        ("RFC 6749 §3.1.2.3: the only one", &one, None, Omission::Allowed, Ok(("https://rp.example/cb", false))),
        ("RFC 6749 §3.1.2.3: one of several", &two, None, Omission::Allowed, Err(DestinationError::Missing)),
        ("OpenID Connect Core §3.1.2.1", &one, None, Omission::Refused, Err(DestinationError::Missing)),
        ("none registered", &[], None, Omission::Allowed, Err(DestinationError::Missing)),
        (
            "none registered, one named",
            &[],
            Some("https://x.example"),
            Omission::Allowed,
            Err(DestinationError::NotRegistered),
        ),
        ("another", &two, Some("https://rp.example/cb2"), Omission::Allowed, Err(DestinationError::NotRegistered)),
        ("empty", &one, Some(""), Omission::Allowed, Err(DestinationError::NotRegistered)),
    ];
    for (rule, uris, requested, omission, expected) in cases {
        let found = destination(uris, requested, omission);
        assert_eq!(found.as_ref().map(|to| (to.as_str(), to.explicit())).map_err(|error| *error), expected, "{rule}");
    }
}

#[test]
fn parameters_are_appended_and_the_query_kept() {
    let cases: [(&str, &[(&str, &str)], &str); 8] = [
        (
            "https://rp.example/cb",
            &[("code", "a b"), ("state", "x&y=z#\u{e9}")],
            "https://rp.example/cb?code=a+b&state=x%26y%3Dz%23%C3%A9",
        ),
        ("https://rp.example/cb?a=%7e+%20b", &[("code", "c")], "https://rp.example/cb?a=%7e+%20b&code=c"),
        ("https://rp.example/cb?", &[("code", "c")], "https://rp.example/cb?code=c"),
        ("https://rp.example/cb?a&", &[("code", "c")], "https://rp.example/cb?a&code=c"),
        ("https://rp.example", &[("code", "c")], "https://rp.example?code=c"),
        ("com.example.app:/cb", &[("code", "c")], "com.example.app:/cb?code=c"),
        (
            "https://rp.example/cb",
            &[("state", "\r\nSet-Cookie: a")],
            "https://rp.example/cb?state=%0D%0ASet-Cookie%3A+a",
        ),
        ("https://rp.example/cb?a=b", &[], "https://rp.example/cb?a=b"),
    ];
    for (uri, params, expected) in cases {
        assert_eq!(Destination::restore(uri.into(), true).with_parameters(params), expected, "{uri}");
    }
    let to = Destination::restore("https://rp.example/cb?a=b".into(), false);
    assert_eq!(
        to.with_fragment(&[("id_token", "x.y"), ("state", "#")]),
        "https://rp.example/cb?a=b#id_token=x.y&state=%23"
    );
}

#[test]
fn a_page_names_the_origin_and_shows_the_host() {
    let cases = [
        ("https://RP.example/cb?x", Some("https://rp.example"), "rp.example"),
        ("https://rp.example:8443", Some("https://rp.example:8443"), "rp.example"),
        ("http://127.0.0.1:53123/cb", Some("http://127.0.0.1:53123"), "127.0.0.1"),
        ("http://[::1]:53123/cb", Some("http:"), "[::1]"),
        ("com.example.App:/cb", Some("com.example.app:"), "com.example.app"),
        ("https://rp.example;script-src/", None, "rp.example;script-src"),
        ("https://rp.example *", None, "rp.example *"),
        ("javascript:alert(1)", None, "javascript"),
        ("/cb", None, ""),
    ];
    for (uri, origin, host) in cases {
        assert_eq!(RedirectUri::origin_for_csp(uri).as_deref(), origin, "{uri}");
        assert_eq!(RedirectUri::host_for_display(uri), host, "{uri}");
    }
}

#[test]
fn a_stored_list_is_checked_when_it_is_read() {
    let stored = r#"["https://rp.example/cb"]"#;
    let uris: Vec<RedirectUri> = serde_json::from_str(stored).unwrap();
    assert_eq!(serde_json::to_string(&uris).unwrap(), stored);
    assert!(serde_json::from_str::<Vec<RedirectUri>>(r#"["https://rp.example/cb#"]"#).is_err());
}
