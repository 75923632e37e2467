//! A token that this server would refuse to read is never issued.

use serde_json::json;

use signet_protocol::time::Span;

use crate::support::{TestServer, claims};
use crate::token::claim_mappers::{map, unmap};

#[tokio::test]
async fn a_token_that_this_server_would_refuse_is_not_issued() {
    for target in ["access_token", "id_token"] {
        let server = TestServer::start().await;
        let rp = server.relying_party().await;
        let browser = server.browser();
        let code = browser.authorize(&rp.authorization_url(&[]), "alice").await.code();
        let tokens = rp.redeem(&code).await.tokens();
        for number in 0..12 {
            let claim = format!("x_large_{number}");
            map(&server, &claim, json!({"static": "v".repeat(1000)}), json!({"targets": [target]})).await;
            if number == 4 {
                let code = browser.get(&rp.authorization_url(&[])).await.code();
                let tokens = rp.redeem(&code).await.tokens();
                assert_eq!(server.userinfo(&tokens.access_token).await.status(), 200, "{target}: five are a warning");
                assert!(
                    browser
                        .get(&rp.authorization_url(&[("prompt", "none"), ("id_token_hint", tokens.id_token())]))
                        .await
                        .parameter("code")
                        .is_some()
                );
            }
        }
        let code = browser.get(&rp.authorization_url(&[])).await.code();
        rp.redeem(&code).await.assert_error(400, "invalid_request");
        rp.redeem(&code).await.assert_error(400, "invalid_grant");
        assert!(claims(&tokens.access_token).get("x_large_0").is_none());
    }
}

#[tokio::test]
async fn a_refresh_whose_token_would_be_too_large_leaves_the_grant_as_it_is() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let mut tokens = rp.sign_in("alice").await;
    for generation in 0..2 {
        for number in 0..12 {
            map(&server, &format!("x_large_{number}"), json!({"static": "v".repeat(1000)}), json!({})).await;
        }
        rp.refresh(tokens.refresh_token()).await.assert_error(400, "invalid_request");
        server.advance(Span::from_minutes(1)).await;
        rp.refresh(tokens.refresh_token()).await.assert_error(400, "invalid_request");
        for number in 0..12 {
            unmap(&server, &format!("x_large_{number}")).await;
        }
        let before = tokens;
        tokens = rp.refresh(before.refresh_token()).await.tokens();
        assert_ne!(tokens.refresh_token(), before.refresh_token(), "generation {generation}");
    }
}
