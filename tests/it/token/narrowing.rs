//! Live grants lose what their client loses (RFC 7592 §2.2, RFC 9700 §2.3): at code redemption, refresh, userinfo,
//! introspection and on open pages. A change never reveals the subjects of another sector.

use serde_json::{Value, json};
use signet_protocol::time::Span;

use crate::client::registration::{client, open, register, with};
use crate::client::registration_management::{At, put_of};
use crate::support::{RelyingParty, TestServer, claims};

const WIDE: &str = "openid profile email offline_access";
const NARROW: &str = "openid offline_access";

/// A registration with all grants, scopes and resources.
fn wide() -> Value {
    with(json!({"grant_types": ["authorization_code", "refresh_token"], "scope": WIDE}))
}

/// Replaces the registration with these changes.
async fn change(server: &TestServer, kept: &Value, changes: Value) {
    let mut all = json!({"grant_types": ["authorization_code", "refresh_token"], "scope": WIDE});
    changes.as_object().unwrap().iter().for_each(|(name, value)| all[name] = value.clone());
    let reply = At::own(server, kept).put(&put_of(kept, all)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
}

async fn registered(server: &TestServer) -> (Value, RelyingParty) {
    let kept = register(server, &wide()).await;
    let rp = client(server, &kept);
    (kept, rp)
}

#[tokio::test]
async fn a_scope_that_a_client_loses_is_lost_to_its_grants() {
    let server = open().await;
    let twin = server.twin().await;
    let (kept, rp) = registered(&server).await;
    let before = rp.sign_in("alice").await;
    let code = rp.authorize_with("alice", &[("scope", WIDE)]).await.code();
    assert_eq!(twin.userinfo(&before.access_token).await.status(), 200);
    change(&server, &kept, json!({"scope": NARROW})).await;
    twin.app.follow().await.unwrap();

    for node in [&server, &twin] {
        assert_eq!(node.userinfo(&before.access_token).await.status(), 401, "it allows more than the client may have");
        assert!(!rp.at(node).is_active(&before.access_token).await);
    }
    assert_eq!(rp.introspect(before.refresh_token()).await["scope"], NARROW);
    rp.refresh_with(before.refresh_token(), &[("scope", "openid email")]).await.assert_error(400, "invalid_scope");
    for tokens in [rp.refresh(before.refresh_token()).await.tokens(), rp.redeem(&code).await.tokens()] {
        assert_eq!(tokens.json["scope"], NARROW);
        assert_eq!(claims(&tokens.access_token)["scope"], NARROW);
        let info: Value = server.userinfo(&tokens.access_token).await.json().await.unwrap();
        assert_eq!(info, json!({"sub": info["sub"]}));
    }
}

#[tokio::test]
async fn a_client_ends_its_grants_by_changes_only_so_often_within_an_hour() {
    let server = open().await;
    let kept = register(&server, &wide()).await;
    let other = register(&server, &wide()).await;
    let all = json!({"grant_types": ["authorization_code", "refresh_token"], "scope": WIDE});
    let fewer = json!({"grant_types": ["authorization_code"], "scope": WIDE});
    let put = async |kept: &Value, members: &Value| At::own(&server, kept).put(&put_of(kept, members.clone())).await;
    for turn in 0..10 {
        for members in [&fewer, &all] {
            let reply = put(&kept, members).await;
            assert_eq!(reply.status, 200, "{turn}: {reply:?}");
        }
    }
    let refused = put(&kept, &fewer).await;
    assert_eq!(refused.status, 429, "{refused:?}");
    let wait: i64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=3600).contains(&wait), "{wait}");
    assert_eq!(put(&kept, &all).await.status, 200, "what ends nothing is not counted");
    assert_eq!(put(&other, &fewer).await.status, 200, "nor is another client held up");
    server.advance(Span::from_hours(1)).await;
    assert_eq!(put(&kept, &fewer).await.status, 200);
}

#[tokio::test]
async fn a_scope_that_comes_back_brings_no_old_access_token_back() {
    let server = open().await;
    let (kept, rp) = registered(&server).await;
    let before = rp.sign_in("alice").await;
    change(&server, &kept, json!({"scope": NARROW})).await;
    change(&server, &kept, json!({})).await;
    assert_eq!(server.userinfo(&before.access_token).await.status(), 401);
    let next = rp.refresh(before.refresh_token()).await.tokens();
    assert_eq!(next.json["scope"].as_str().unwrap().split(' ').count(), 4, "the grant itself was not cut");
}

#[tokio::test]
async fn a_change_that_takes_nothing_away_ends_nothing() {
    let server = open().await;
    let (kept, rp) = registered(&server).await;
    let before = rp.sign_in("alice").await;
    change(&server, &kept, json!({"client_name": "Another", "contacts": ["a@rp.example"]})).await;
    assert_eq!(server.userinfo(&before.access_token).await.status(), 200);
    assert!(server.database().query("SELECT subject FROM revocations").await.is_empty());
}

#[tokio::test]
async fn a_redirect_uri_that_is_gone_gets_no_response_and_redeems_no_code() {
    let server = open().await;
    let (kept, rp) = registered(&server).await;
    let code = rp.authorize_with("alice", &[("scope", WIDE)]).await.code();
    let login = server.browser();
    let consent = server.browser();
    let login_page = login.visit(&rp.authorization_url(&[])).await;
    let consent_page = consent.visit(&rp.authorization_url(&[])).await;
    let consent_page = consent.sign_in(&consent_page, "bob").await;
    assert!(consent_page.has("id=\"consent-allow\""));
    change(&server, &kept, json!({"redirect_uris": ["https://rp.example/new"]})).await;
    rp.redeem(&code).await.assert_error(400, "invalid_grant");
    let sentence = "redirect_uri is not registered";
    login.sign_in(&login_page, "alice").await.assert_rejected("the sign-in page", 400, sentence);
    consent.allow(&consent_page).await.assert_rejected("the consent page", 400, sentence);
}

#[tokio::test]
async fn an_open_consent_page_grants_only_what_the_client_may_still_have() {
    let server = open().await;
    let (kept, rp) = registered(&server).await;
    let browser = server.browser();
    let page = browser.visit(&rp.authorization_url(&[("scope", WIDE)])).await;
    let page = browser.sign_in(&page, "alice").await;
    change(&server, &kept, json!({"scope": NARROW})).await;
    let tokens = rp.redeem(&browser.allow(&page).await.code()).await.tokens();
    assert_eq!(tokens.json["scope"], NARROW);
}

#[tokio::test]
async fn consent_that_was_given_for_one_host_is_not_inherited_by_another() {
    let server = open().await;
    let (kept, mut rp) = registered(&server).await;
    let browser = server.browser();
    browser.authorize(&rp.authorization_url(&[]), "alice").await.code();
    change(&server, &kept, json!({"redirect_uris": ["https://rp.example/cb", "https://rp.example/other"]})).await;
    browser.get(&rp.authorization_url(&[])).await.code();
    change(&server, &kept, json!({"redirect_uris": ["https://rp.example/cb", "https://evil.example/cb"]})).await;
    rp.redirect_uri = "https://evil.example/cb".to_owned();
    assert_eq!(browser.get(&rp.authorization_url(&[("prompt", "none")])).await.error(), "consent_required");
    assert!(browser.visit(&rp.authorization_url(&[])).await.has("id=\"consent-allow\""));
}

#[tokio::test]
async fn a_client_that_turns_public_loses_its_grants() {
    let server = open().await;
    let (kept, mut rp) = registered(&server).await;
    let before = rp.sign_in("alice").await;
    change(&server, &kept, json!({"token_endpoint_auth_method": "none"})).await;
    rp.secret = None;
    rp.auth_method = "none".to_owned();
    rp.refresh(before.refresh_token()).await.assert_error(400, "invalid_grant");
    assert_eq!(server.userinfo(&before.access_token).await.status(), 401);
}

#[tokio::test]
async fn the_sector_of_a_client_is_fixed_when_it_registers() {
    let server = open().await;
    let mut body = wide();
    body["subject_type"] = json!("pairwise");
    let kept = register(&server, &body).await;
    let rp = client(&server, &kept);
    let before = rp.sign_in("alice").await;
    let base = json!({"grant_types": ["authorization_code", "refresh_token"], "scope": WIDE});
    let rows = [
        ("another host", json!({"subject_type": "pairwise", "redirect_uris": ["https://bank.example/cb"]})),
        ("public subjects", json!({"subject_type": "public"})),
        ("public by default", json!({})),
    ];
    for (rule, changes) in rows {
        let mut all = base.clone();
        changes.as_object().unwrap().iter().for_each(|(name, value)| all[name] = value.clone());
        let reply = At::own(&server, &kept).put(&put_of(&kept, all)).await;
        assert_eq!(reply.json()["error"], "invalid_client_metadata", "{rule}: {reply:?}");
    }
    change(&server, &kept, json!({"subject_type": "pairwise", "redirect_uris": ["https://rp.example/new"]})).await;
    let after = rp.refresh(before.refresh_token()).await.tokens();
    assert_eq!(claims(after.id_token())["sub"], claims(before.id_token())["sub"]);
    let public = register(&server, &wide()).await;
    let turned = put_of(&public, json!({"subject_type": "pairwise", "scope": WIDE}));
    assert_eq!(At::own(&server, &public).put(&turned).await.json()["error"], "invalid_client_metadata");
}
