//! Refresh tokens (RFC 6749 §6, OpenID Connect Core §12).

use serde_json::{Value, json};
use signet_protocol::time::Span;

use crate::conformance::checks::{self, IdTokenContext};
use crate::conformance::run::{Client, Outcome, Run};

pub const SCOPE: &str = "openid offline_access";

/// A flow whose end is a refresh token.
pub async fn offline(run: &Run, client: &Client) -> Outcome {
    let request = run.request(client).with("scope", SCOPE).with("prompt", "consent");
    let outcome = run.flow(client, &request).await;
    checks::is_unguessable(outcome.tokens.as_ref().unwrap().refresh_token());
    outcome
}

/// The registration of a client that refreshes.
pub fn registration(run: &Run) -> Value {
    let mut grants = run.registration()["grant_types"].clone();
    grants.as_array_mut().unwrap().push(json!("refresh_token"));
    json!({ "grant_types": grants })
}

/// Refreshes, and compares the ID token with the first (OpenID Connect Core §12.2).
pub async fn refreshed(run: &Run, client: &Client, first: &Outcome) {
    let token = first.tokens.as_ref().unwrap().refresh_token();
    let params = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", SCOPE)];
    let second = checks::token_response(&run.token_request(client, &params).await);
    let context = IdTokenContext { access_token: Some(&second.access_token), ..Default::default() };
    let claims = checks::id_token(run, client, second.id_token(), context).await;
    for name in ["iss", "sub", "aud", "azp", "auth_time"] {
        assert_eq!(claims.get(name), first.claims.get(name), "{name}");
    }
    assert!(claims["iat"].as_i64() > first.claims["iat"].as_i64(), "{claims}");
    checks::is_unguessable(second.refresh_token());
    assert_eq!(run.userinfo(&second.access_token).await["sub"], claims["sub"]);
}

pub async fn oidcc_refresh_token(run: &Run) {
    let client = run.register_with(registration(run)).await;
    let other = run.register_with(registration(run)).await;
    let first = offline(run, &client).await;
    let second = offline(run, &other).await;
    run.server.advance(Span::from_secs(1)).await;
    refreshed(run, &client, &first).await;
    let foreign = second.tokens.as_ref().unwrap().refresh_token();
    let params = [("grant_type", "refresh_token"), ("refresh_token", foreign)];
    run.token_request(&client, &params).await.assert_error(400, "invalid_grant");
    refreshed(run, &other, &second).await;
    run.unregister(client).await;
    run.unregister(other).await;
}
