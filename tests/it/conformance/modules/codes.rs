//! Codes: redeemed once, by each way of authentication, with and without PKCE.

use serde_json::json;
use signet_protocol::time::Span;

use crate::conformance::run::Run;
use crate::support::relying_party::{CHALLENGE, VERIFIER};

pub async fn oidcc_codereuse(run: &Run) {
    let client = run.register().await;
    let outcome = run.flow(&client, &run.request(&client)).await;
    let code = outcome.response.get("code").unwrap();
    run.redeem(&client, code, &[]).await.assert_error(400, "invalid_grant");
    run.unregister(client).await;
}

pub async fn oidcc_codereuse_30seconds(run: &Run) {
    let client = run.register().await;
    let outcome = run.flow(&client, &run.request(&client)).await;
    run.userinfo(outcome.access_token()).await;
    run.server.advance(Span::from_secs(30)).await;
    let code = outcome.response.get("code").unwrap();
    run.redeem(&client, code, &[]).await.assert_error(400, "invalid_grant");
    assert_eq!(run.server.userinfo(outcome.access_token()).await.status(), 401, "what the code gave is revoked");
    run.unregister(client).await;
}

pub async fn oidcc_server_client_secret_post(run: &Run) {
    let listed = run.metadata["token_endpoint_auth_methods_supported"].as_array().unwrap();
    assert!(listed.contains(&json!("client_secret_post")), "{listed:?}");
    let client = run.register_with(json!({"token_endpoint_auth_method": "client_secret_post"})).await;
    run.flow(&client, &run.request(&client)).await;
    run.unregister(client).await;
}

pub async fn oidcc_ensure_request_with_valid_pkce_succeeds(run: &Run) {
    let client = run.register().await;
    let request = run.request(&client).with("code_challenge", CHALLENGE).with("code_challenge_method", "S256");
    let response = run.authorize(&request).await;
    run.finish_with(&client, &request, response, &[("code_verifier", VERIFIER)]).await;
    run.unregister(client).await;
}
