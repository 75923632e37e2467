//! The session state, by which a client's page in the browser detects that the person has signed out or changed (OpenID
//! Connect Session Management §2, §3.2).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use url::Url;

use crate::ids::ClientId;
use crate::secret::Digest;

/// The browser state at this server (OpenID Connect Session Management §3.2): constant while the same person is signed
/// in, and readable by the script of the session iframe. It gives no access, and cannot be computed from a `sid`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserState(String);

impl BrowserState {
    /// Encodes the keyed hash of a browser's session.
    pub fn from_tag(tag: &[u8]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(tag))
    }

    /// Returns the value of the cookie.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Computes the `session_state` of an authorization response (OpenID Connect Session Management §2): a salted digest of
/// the client, the origin of its redirect URI and the browser state. Returns `None` for a redirect URI without a web
/// origin, since no page of such a client could ask.
pub fn session_state(client: &ClientId, redirect_uri: &str, browser: &BrowserState, salt: [u8; 16]) -> Option<String> {
    let origin = Url::parse(redirect_uri).ok()?.origin();
    let salt = URL_SAFE_NO_PAD.encode(salt);
    let text = format!("{client} {} {} {salt}", origin.ascii_serialization(), browser.as_str());
    let digest = URL_SAFE_NO_PAD.encode(Digest::of(text.as_bytes()).as_bytes());
    origin.is_tuple().then(|| format!("{digest}.{salt}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(id: &str) -> ClientId {
        ClientId::parse(id).unwrap()
    }

    fn browser(tag: &str) -> BrowserState {
        BrowserState::from_tag(tag.as_bytes())
    }

    #[test]
    fn the_session_state_is_the_digest_that_the_specification_gives() {
        let state = session_state(&client("rp"), "https://rp.example/cb?a=b", &browser("s1"), [7; 16]).unwrap();
        let (digest, salt) = state.split_once('.').unwrap();
        assert_eq!(salt, URL_SAFE_NO_PAD.encode([7; 16]));
        let text = format!("rp https://rp.example {} {salt}", browser("s1").as_str());
        assert_eq!(digest, URL_SAFE_NO_PAD.encode(Digest::of(text.as_bytes()).as_bytes()));
        assert!(!state.contains(' '), "it must not contain a space");
    }

    #[test]
    fn the_session_state_depends_on_every_input() {
        let uri = "https://rp.example/cb";
        let state = session_state(&client("rp"), uri, &browser("s1"), [7; 16]);
        let rows = [
            ("client", session_state(&client("rq"), uri, &browser("s1"), [7; 16])),
            ("origin", session_state(&client("rp"), "https://rp.example:8443/cb", &browser("s1"), [7; 16])),
            ("browser", session_state(&client("rp"), uri, &browser("s2"), [7; 16])),
            ("salt", session_state(&client("rp"), uri, &browser("s1"), [8; 16])),
        ];
        for (rule, other) in rows {
            assert!(other.is_some() && other != state, "{rule}");
        }
        let same_origin = session_state(&client("rp"), "https://RP.example:443/other", &browser("s1"), [7; 16]);
        assert_eq!(same_origin, state, "an origin is written as a browser writes it");
    }

    #[test]
    fn a_redirect_uri_without_an_origin_has_no_session_state() {
        for uri in ["com.example.app:/cb", "not a uri"] {
            assert_eq!(session_state(&client("rp"), uri, &browser("s1"), [7; 16]), None, "{uri}");
        }
    }
}
