//! Redirect URIs: what is registered matches itself, and a browser understands it as this server does.
#![no_main]

use libfuzzer_sys::fuzz_target;
use signet_protocol::authorize::redirect_uri::{Omission, RedirectUri, destination};
use url::Url;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (registered, requested) = text.split_once('\n').unwrap_or((text, text));
    let Ok(uri) = RedirectUri::register(registered) else { return };
    assert_eq!(uri.as_str(), registered);
    assert!(uri.matches(registered));
    assert!(!registered.contains(['\r', '\n', '#', '\\', ' ']) && registered.is_ascii());
    let parsed = Url::parse(registered).expect("a URL");
    assert!(parsed.username().is_empty() && parsed.password().is_none());
    assert!(!matches!(parsed.scheme(), "javascript" | "data" | "vbscript" | "file" | "blob"));
    if matches!(parsed.scheme(), "https" | "http") {
        assert_eq!(parsed.host_str(), Some(RedirectUri::host_for_display(registered).as_str()));
        assert!(parsed.scheme() == "https" || matches!(parsed.host_str(), Some("127.0.0.1" | "[::1]" | "localhost")));
    }
    if uri.matches(requested) && registered != requested {
        // RFC 8252 §7.3: nothing but the port differs.
        let other = Url::parse(requested).expect("a URL");
        assert_eq!(parsed.scheme(), "http");
        assert_eq!(parsed.host_str(), other.host_str());
        assert_eq!((parsed.path(), parsed.query()), (other.path(), other.query()));
    }
    let matching = destination(std::slice::from_ref(&uri), Some(requested), Omission::Refused).is_ok();
    assert_eq!(matching, uri.matches(requested));
});
