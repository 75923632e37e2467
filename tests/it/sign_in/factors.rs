//! Sign-in factors, as tokens and the audit log report them.

use serde_json::json;
use signet::flows::sign_in::factors;
use signet_protocol::params::Params;
use signet_protocol::token::authentication::ACR_PASSWORD;

use crate::support::{TestServer, claims};

#[tokio::test]
async fn the_id_token_reports_the_methods_of_the_factor_that_was_verified() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let factor = factors::presented(&Params::parse(b"password=x").unwrap());
    let tokens = rp.sign_in("alice").await;
    let refreshed = rp.refresh(tokens.refresh_token()).await.tokens();
    for tokens in [&tokens, &refreshed] {
        let id_token = claims(tokens.id_token());
        assert_eq!(id_token["amr"], json!(factor.methods()));
        assert_eq!(id_token["acr"], ACR_PASSWORD);
    }
    let reasons = server.database().query("SELECT reason FROM audit_events WHERE event = 'login'").await;
    assert_eq!(reasons.concat(), [factor.name().as_bytes().to_vec()]);
}
