//! Scopes that a client may not have (RFC 6749 §3.3, OpenID Connect Core §3.1.2.1): removed if its settings allow it,
//! and the answer's `scope` lists what was granted.

use serde_json::json;

use crate::support::{TestServer, claims};

const GRANTS: [&str; 3] = ["authorization_code", "refresh_token", "client_credentials"];

#[tokio::test]
async fn a_scope_that_a_client_may_not_have_is_left_out_and_the_answer_says_so() {
    let server = TestServer::start().await;
    let metadata =
        json!({ "unknown_scopes": "drop", "grant_types": GRANTS, "scope": "openid email offline_access api" });
    let rp = server.client("rp", metadata).await;
    let browser = server.browser();
    let asked = [("scope", "openid email groups offline_access")];
    let login = browser.visit(&rp.authorization_url(&asked)).await;
    let consent = browser.sign_in(&login, "alice").await;
    assert!(!consent.body.contains("groups"), "the person is asked for what is granted: {}", consent.body);
    let tokens = rp.redeem(&browser.allow(&consent).await.code()).await.tokens();
    assert_eq!(tokens.json["scope"], "openid email offline_access");
    assert_eq!(claims(&tokens.access_token)["scope"], "openid email offline_access");

    rp.refresh_with(tokens.refresh_token(), &[("scope", "openid groups")]).await.assert_error(400, "invalid_scope");
    let narrowed = rp.refresh_with(tokens.refresh_token(), &[("scope", "openid")]).await.tokens();
    assert_eq!(narrowed.json["scope"], "openid", "a refresh narrows, and never widens");

    assert_eq!(rp.client_credentials(&[("scope", "api groups email")]).await.tokens().json["scope"], "api");
    rp.client_credentials(&[("scope", "openid api")]).await.assert_error(400, "invalid_scope");
    rp.client_credentials(&[("scope", "groups")]).await.assert_error(400, "invalid_scope");
}

#[tokio::test]
async fn a_pushed_request_is_narrowed_like_any_other() {
    let server = TestServer::start().await;
    let rp = server.client("rp", json!({ "unknown_scopes": "drop" })).await;
    let url = url::Url::parse(&rp.authorization_url(&[("scope", "openid groups")])).unwrap();
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let params: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let pushed = rp.post("/par", &params).await;
    assert_eq!(pushed.status, 201, "{pushed:?}");
    let uri = pushed.json()["request_uri"].as_str().unwrap().to_owned();
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("client_id", "rp"), ("request_uri", &uri)])
        .finish();
    let code = server.browser().authorize(&format!("{}/authorize?{query}", server.issuer), "alice").await.code();
    assert_eq!(rp.redeem(&code).await.tokens().json["scope"], "openid");

    let mut nothing = params.clone();
    nothing.retain(|(name, _)| *name != "scope");
    nothing.push(("scope", "groups"));
    rp.post("/par", &nothing).await.assert_error(400, "invalid_scope");
}

#[tokio::test]
async fn a_client_from_before_there_was_a_choice_is_refused_as_ever() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let page = server.browser().visit(&rp.authorization_url(&[("scope", "openid groups")])).await;
    assert_eq!(page.error(), "invalid_scope");
}
