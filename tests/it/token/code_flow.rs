//! The authorization code flow from end to end (RFC 6749 §4.1, OpenID Connect Core §3.1).

use serde_json::json;

use crate::support::{TestServer, claims, header};

#[tokio::test]
async fn a_browser_signs_in_and_the_relying_party_gets_its_tokens() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let authorized = rp.authorize_as("alice").await;
    assert_eq!(authorized.page.status, 303);
    assert_eq!(authorized.page.parameter("state").as_deref(), Some("the-state"));
    assert_eq!(authorized.page.parameter("iss").as_deref(), Some(server.issuer.as_str()));

    let tokens = rp.redeem(&authorized.code()).await.tokens();
    assert_eq!(tokens.json["token_type"], "Bearer");
    assert_eq!(tokens.json["expires_in"], 600);
    assert_eq!(tokens.refresh_token, None, "offline_access was not asked for");
    let id_token = claims(tokens.id_token());
    assert_eq!(header(tokens.id_token())["alg"], "RS256");
    assert_eq!(id_token["iss"], server.issuer);
    assert_eq!(id_token["aud"], json!(["rp"]));
    assert_eq!(id_token["nonce"], "the-nonce");
    assert_eq!(id_token["amr"], json!(["pwd"]));
    let access_token = claims(&tokens.access_token);
    assert_eq!(header(&tokens.access_token)["typ"], "at+jwt");
    assert_eq!(access_token["iss"], id_token["iss"]);
    assert_eq!(access_token["exp"].as_i64().unwrap() - access_token["iat"].as_i64().unwrap(), 600);
    assert!(access_token.get("email").is_none() && access_token.get("name").is_none());

    let userinfo = server.userinfo(&tokens.access_token).await;
    assert_eq!(userinfo.status(), 200);
    let userinfo: serde_json::Value = userinfo.json().await.unwrap();
    assert_eq!(userinfo["sub"], id_token["sub"]);
    assert_eq!(userinfo["email"], "alice@example.org");
}

#[tokio::test]
async fn a_replayed_code_revokes_its_family() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let authorized = rp.authorize_with("alice", &[("scope", "openid offline_access")]).await;
    let tokens = rp.redeem(&authorized.code()).await.tokens();
    assert!(rp.is_active(&tokens.access_token).await);
    rp.redeem(&authorized.code()).await.assert_error(400, "invalid_grant");
    assert!(!rp.is_active(&tokens.access_token).await);
    assert_eq!(server.userinfo(&tokens.access_token).await.status(), 401);
    rp.refresh(tokens.refresh_token()).await.assert_error(400, "invalid_grant");
}
