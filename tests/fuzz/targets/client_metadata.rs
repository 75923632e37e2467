//! Registrations: what is read is written back the same, and what is accepted holds what the server relies on.
#![no_main]

use libfuzzer_sys::fuzz_target;
use signet_fuzz::SUPPORTED;
use signet_protocol::authorize::redirect_uri::RedirectUri;
use signet_protocol::client::ClientMetadata;

fuzz_target!(|data: &[u8]| {
    let Ok(metadata) = serde_json::from_slice::<ClientMetadata>(data) else { return };
    let written = serde_json::to_vec(&metadata).expect("JSON");
    let again: ClientMetadata = serde_json::from_slice(&written).expect("what was written is read");
    assert_eq!(again, metadata);
    let verdict = metadata.check(&SUPPORTED);
    assert_eq!(again.check(&SUPPORTED), verdict);
    for uri in metadata.redirect_uris.iter().chain(&metadata.post_logout_redirect_uris) {
        assert!(uri.matches(uri.as_str()));
        assert_eq!(RedirectUri::register(uri.as_str()).as_ref(), Ok(uri));
    }
    if verdict.is_ok() {
        assert!(metadata.jwks.is_none() || metadata.jwks_uri.is_none());
        let keys = metadata.jwks.is_some() || metadata.jwks_uri.is_some();
        assert!(metadata.token_endpoint_auth_method != "private_key_jwt" || keys);
        assert!(SUPPORTED.auth_methods.contains(&metadata.token_endpoint_auth_method.as_str()));
        let coded = metadata.grant_types.iter().any(|grant| grant == "authorization_code");
        assert!(!coded || !metadata.redirect_uris.is_empty());
    }
});
