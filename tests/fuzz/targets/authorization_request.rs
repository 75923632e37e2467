//! Authorization requests: whatever they say, the answer goes to the client or to a page.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use signet_protocol::authorize::redirect_uri::Destination;
use signet_protocol::authorize::request::{AuthorizationRequest, Refusal};
use signet_protocol::client::Client;
use signet_protocol::params::Params;

static CLIENTS: LazyLock<Vec<Client>> = LazyLock::new(signet_fuzz::clients);

fuzz_target!(|data: &[u8]| {
    let mut params = Params::default();
    if params.extend(data).is_err() {
        return;
    }
    for client in CLIENTS.iter() {
        match AuthorizationRequest::check(&params, client, "https://op.example") {
            Ok(request) => {
                check_destination(&request.destination(), client);
                assert_eq!(request.state.as_deref(), params.get("state"));
                assert!(request.scope.is_within(&client.metadata.scope));
                assert!(!params.repeats("redirect_uri") && !params.repeats("client_id") && !params.repeats("scope"));
                let stored = serde_json::to_string(&request).expect("JSON");
                let restored: AuthorizationRequest = serde_json::from_str(&stored).expect("what was written is read");
                assert_eq!(serde_json::to_string(&restored).expect("JSON"), stored);
            }
            Err(Refusal::Redirect { destination, state, .. }) => {
                check_destination(&destination, client);
                assert!(state.is_none() || state.as_deref() == params.get("state"));
            }
            Err(Refusal::Page(_)) => {}
        }
    }
});

/// The destination is one of the client's, and an answer stays there whatever it says.
fn check_destination(destination: &Destination, client: &Client) {
    let uri = destination.as_str();
    assert!(client.metadata.redirect_uris.iter().any(|registered| registered.matches(uri)), "{uri}");
    let before = url::Url::parse(uri).expect("a URL");
    for answer in [
        destination.with_parameters(&[("code", "a&b"), ("state", "#?\r\n/@")]),
        destination.with_fragment(&[("code", "a&b"), ("state", "#?\r\n/@")]),
    ] {
        assert!(answer.starts_with(uri) && !answer.contains(['\r', '\n', ' ']), "{answer}");
        let after = url::Url::parse(&answer).expect("a URL");
        assert_eq!((before.scheme(), before.host(), before.port()), (after.scheme(), after.host(), after.port()));
        assert_eq!(before.path(), after.path(), "{answer}");
    }
}
