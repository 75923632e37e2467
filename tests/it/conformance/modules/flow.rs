//! The flow itself: required parameters and the response.

use crate::conformance::Channel;
use crate::conformance::run::Run;
use crate::support::header;

pub async fn oidcc_server(run: &Run) {
    let client = run.register().await;
    let outcome = run.flow(&client, &run.request(&client)).await;
    if run.variant.response_type != "id_token" {
        let about = run.userinfo(outcome.access_token()).await;
        assert_eq!(about["sub"], outcome.claims["sub"]);
        assert_eq!(about.get("name"), None, "the scope profile was not asked for: {about}");
    }
    run.unregister(client).await;
}

pub async fn oidcc_response_type_missing(run: &Run) {
    let client = run.register().await;
    let request = run.request(&client).without("response_type");
    let page = run.browser.get(&run.url(&request)).await;
    // Without a response type there is no default mode but the query.
    let channel = if run.variant.form_post { Channel::FormPost } else { Channel::Query };
    let error = run.error(&request, channel, &page);
    assert!(["unsupported_response_type", "invalid_request"].contains(&error.as_str()), "{error}");
    run.unregister(client).await;
}

pub async fn oidcc_idtoken_signature(run: &Run) {
    let client = run.register().await;
    let outcome = run.flow(&client, &run.request(&client)).await;
    let header = header(outcome.id_token());
    assert!(header["kid"].is_string() && header["alg"] == "RS256", "{header}");
    run.unregister(client).await;
}

/// The suite skips it where `none` is not listed, and it must never be.
pub async fn oidcc_idtoken_unsigned(run: &Run) {
    let listed = run.metadata["id_token_signing_alg_values_supported"].as_array().unwrap();
    assert!(!listed.iter().any(|alg| alg == "none"), "{listed:?}");
    let reply = run.try_register(serde_json::json!({"id_token_signed_response_alg": "none"})).await;
    reply.assert_error(400, "invalid_client_metadata");
}

pub async fn oidcc_ensure_request_without_nonce_succeeds_for_code_flow(run: &Run) {
    let client = run.register().await;
    let outcome = run.flow(&client, &run.request(&client).without("nonce")).await;
    assert_eq!(outcome.claims.get("nonce"), None);
    run.unregister(client).await;
}

pub async fn oidcc_ensure_request_without_nonce_fails(run: &Run) {
    let client = run.register().await;
    assert_eq!(run.refused(&run.request(&client).without("nonce")).await, "invalid_request");
    run.unregister(client).await;
}

pub async fn oidcc_ensure_registered_redirect_uri(run: &Run) {
    let client = run.register().await;
    let request = run.request(&client).with("redirect_uri", &format!("{}/Pq7xR2", client.redirect_uri));
    let page = run.browser.get(&run.url(&request)).await;
    page.assert_rejected("unregistered", 400, "redirect_uri is not registered");
    run.unregister(client).await;
}

/// The request comes from another site, with no cookie of ours.
pub async fn oidcc_ensure_post_request_succeeds(run: &Run) {
    let client = run.register().await;
    let request = run.request(&client);
    let endpoint = run.metadata["authorization_endpoint"].as_str().unwrap();
    let page = run.browser.post_from("https://suite.example", endpoint, &request.pairs()).await;
    let page = run.complete(page).await;
    let response = run.response(&request, &page);
    run.finish(&client, &request, response).await;
    run.unregister(client).await;
}
