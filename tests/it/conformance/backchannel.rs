//! The back-channel logout plan: the client's server receives a signed logout token.

use serde_json::json;

use super::logout::{BYE, Signed};
use super::run::unique;
use super::{checks, config};
use crate::support::Receiver;

#[tokio::test]
async fn oidcc_backchannel_rp_initiated_logout_discovery_endpoint_verification() {
    let document = config::document().await;
    for name in ["backchannel_logout_supported", "backchannel_logout_session_supported"] {
        assert_eq!(document[name], true, "{name}");
    }
}

#[tokio::test]
async fn oidcc_backchannel_rp_initiated_logout() {
    let receiver = Receiver::start().await;
    let metadata = json!({"backchannel_logout_uri": receiver.url, "backchannel_logout_session_required": true});
    let signed = Signed::start_with(metadata).await;
    let known = &signed.outcome.claims;
    assert!(known["sid"].is_string(), "{known}");
    let state = unique();
    let page = signed.logout_and_return(&state).await;
    assert_eq!(page.location(), Some(format!("{BYE}?state={state}")));

    // A form with the token as its only field.
    let token_claims = checks::verified(&signed.run, &signed.client, &receiver.token().await).await;
    for name in ["iss", "sub", "sid"] {
        assert_eq!(token_claims[name], known[name], "{name}");
    }
    assert_eq!(token_claims["aud"], signed.client.id);
    assert_eq!(token_claims["events"], json!({"http://schemas.openid.net/event/backchannel-logout": {}}));
    let age = signed.run.server.clock.now().as_secs() - token_claims["iat"].as_i64().unwrap();
    assert!(
        (0..300).contains(&age) && token_claims["jti"].is_string() && token_claims.get("nonce").is_none(),
        "{token_claims}"
    );
    signed.is_over().await;
}
