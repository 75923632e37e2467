//! Request objects without a signature. The suite skips these modules if the metadata does not list the algorithm
//! `none`, as here; such an object must be refused all the same.

use serde_json::{Value, json};

use crate::conformance::run::{CALLBACK, Run};
use crate::support::Page;
use crate::support::keys::encode;
use crate::support::upstream::{Script, Upstream};

/// The reason why the suite skips the module.
fn unsigned_is_not_listed(run: &Run) {
    let listed = run.metadata["request_object_signing_alg_values_supported"].as_array().expect("a list");
    assert!(!listed.contains(&json!("none")), "{listed:?}");
}

fn unsigned(claims: &Value) -> String {
    format!("{}.{}.", encode(&json!({"alg": "none"})), encode(claims))
}

pub async fn oidcc_unsigned_request_object_supported_correctly_or_rejected_as_unsupported(run: &Run) {
    unsigned_is_not_listed(run);
    let client = run.register().await;
    let object = unsigned(&json!({"state": "inside", "client_id": client.id}));
    let error = run.refused(&run.request(&client).with("request", &object)).await;
    assert_eq!(error, "invalid_request_object", "they are supported, if they are signed");
    // Without keys a client cannot sign any.
    let without = run.register_with(json!({"jwks": null, "token_endpoint_auth_method": "client_secret_basic"})).await;
    let error = run.refused(&run.request(&without).with("request", &object)).await;
    assert_eq!(error, "request_not_supported");
    run.unregister(client).await;
}

pub async fn oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported(run: &Run) {
    unsigned_is_not_listed(run);
    assert_ne!(run.metadata.get("request_uri_parameter_supported"), None, "true is the default");
    let object = unsigned(&json!({"state": "inside"}));
    let host = Upstream::http(Script::ok("application/oauth-authz-req+jwt", &object)).await;
    let client = run.register_with(json!({"request_uris": [host.url("/object#x")]})).await;
    let request = run.request(&client).with("request_uri", &host.url("/object#x"));
    assert_eq!(run.refused(&request).await, "invalid_request_object");
    assert_eq!(host.connections(), 1, "it was fetched and refused");
    // A client that has registered no request URI may not use any.
    let without = run.register().await;
    let request = run.request(&without).with("request_uri", &host.url("/object"));
    assert_eq!(run.refused(&request).await, "request_uri_not_supported");
    run.unregister(client).await;
}

pub async fn oidcc_ensure_request_object_with_redirect_uri(run: &Run) {
    unsigned_is_not_listed(run);
    let inside = format!("{CALLBACK}/inside");
    let outside = format!("{CALLBACK}/outside");
    let client = run.register_with(json!({"redirect_uris": [CALLBACK, inside]})).await;
    let request = run.request(&client);
    let claims = json!({"redirect_uri": inside, "client_id": client.id, "aud": run.server.issuer, "iss": client.id});
    let asked = request.clone().with("redirect_uri", &outside);
    // The object is unsigned, so the URI is not proven and the browser is not redirected.
    let page: Page = run.browser.get(&run.url(&asked.clone().with("request", &unsigned(&claims)))).await;
    page.assert_rejected("unsigned", 400, "The request object is not signed by the client.");
    // A signed object takes precedence over the outer parameters.
    let signed = client.key.sign(&json!({}), &claims);
    let page = run.browser.get(&run.url(&asked.with("request", &signed))).await;
    run.response(&request.with("redirect_uri", &inside), &run.complete(page).await);
    run.unregister(client).await;
}
