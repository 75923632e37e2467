//! The refresh token grant (RFC 6749 §6, OpenID Connect Core §12): its conditions, the contents of a refresh, and the
//! end of a family.

use base64::Engine as _;
use serde_json::json;
use sha2::Digest as _;
use signet_protocol::time::Span;
use signet_store::client::clients::Standing;

use crate::support::{TestServer, Tokens, UserChange, claims};

#[tokio::test]
async fn a_refresh_token_needs_the_grant_type_and_a_consented_offline_access() {
    let server = TestServer::start().await;
    let both = ["authorization_code", "refresh_token"].as_slice();
    let code_only = ["authorization_code"].as_slice();
    let rows = [
        ("grant and scope", both, false, "openid offline_access", true),
        ("OpenID Connect Core §11: grant without scope", both, false, "openid", false),
        ("scope without grant", code_only, false, "openid offline_access", false),
        ("first-party: the grant alone", both, true, "openid", true),
        ("first-party without the grant", code_only, true, "openid offline_access", false),
        ("without openid", both, false, "profile offline_access", true),
    ];
    for (index, (rule, grants, skip_consent, scope, expected)) in rows.into_iter().enumerate() {
        let rp =
            server.client(&format!("rp{index}"), json!({"grant_types": grants, "skip_consent": skip_consent})).await;
        let code = rp.authorize_with("alice", &[("scope", scope)]).await.code();
        let tokens = rp.redeem(&code).await.tokens();
        assert_eq!(tokens.refresh_token.is_some(), expected, "{rule}: {:?}", tokens.json);
        assert_eq!(tokens.id_token.is_some(), scope.contains("openid"), "{rule}");
    }
}

/// The left half of the SHA-256 of an access token (OpenID Connect Core §3.1.3.6).
fn half_hash(access_token: &str) -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&sha2::Sha256::digest(access_token)[..16])
}

#[tokio::test]
async fn a_refresh_repeats_the_claims_of_the_login() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let first = rp.sign_in("alice").await;
    let first_id = claims(first.id_token());
    let first_at = claims(&first.access_token);
    assert_eq!(first_id["at_hash"], half_hash(&first.access_token));
    let mut held = first.clone();
    for day in 1..=3 {
        server.advance(Span::from_days(1)).await;
        held = rp.refresh(held.refresh_token()).await.tokens();
        let id_token = claims(held.id_token());
        let access_token = claims(&held.access_token);
        for name in ["iss", "sub", "aud", "azp", "auth_time", "amr", "acr", "sid"] {
            assert_eq!(id_token[name], first_id[name], "OpenID Connect Core §12.2: {name} on day {day}");
        }
        for name in ["iss", "sub", "aud", "client_id", "scope", "auth_time", "grant_id"] {
            assert_eq!(access_token[name], first_at[name], "{name} on day {day}");
        }
        assert!(access_token.get("sid").is_none(), "the session has expired, and offline access outlives it");
        assert!(id_token.get("nonce").is_none(), "OpenID Connect Core §12.2: no nonce");
        assert_eq!(id_token["at_hash"], half_hash(&held.access_token));
        assert_ne!(access_token["jti"], first_at["jti"]);
        let later = id_token["iat"].as_i64().unwrap() - first_id["iat"].as_i64().unwrap();
        assert!((86_400 * day..86_400 * day + 60).contains(&later), "iat is the time of the refresh: {later}");
        assert_eq!(held.json["token_type"], "Bearer");
        assert_eq!(server.userinfo(&held.access_token).await.status(), 200);
    }
}

#[tokio::test]
async fn a_refresh_before_the_end_leaves_the_old_access_token_alive() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let first = rp.sign_in("alice").await;
    server.advance(Span::from_secs(300)).await;
    let second = rp.refresh(first.refresh_token()).await.tokens();
    assert!(rp.is_active(&first.access_token).await && rp.is_active(&second.access_token).await);
    server.advance(Span::from_secs(300)).await;
    assert!(!rp.is_active(&first.access_token).await && rp.is_active(&second.access_token).await);
}

#[tokio::test]
async fn scope_narrows_and_never_widens_and_the_successor_keeps_it_whole() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let granted = "openid profile offline_access";
    let code = rp.authorize_with("alice", &[("scope", granted)]).await.code();
    let mut token = rp.redeem(&code).await.tokens().refresh_token().to_owned();
    let rows = [
        ("as granted", granted, Ok(granted)),
        ("RFC 6749 §6: narrower", "openid", Ok("openid")),
        ("without openid there is no ID token", "profile", Ok("profile")),
        ("wider", "openid profile email", Err("invalid_scope")),
        ("another", "email", Err("invalid_scope")),
        ("unknown", "api", Err("invalid_scope")),
        ("malformed", "openid  profile", Err("invalid_scope")),
        ("none asked: all of it again", "", Ok(granted)),
    ];
    for (rule, asked, expected) in rows {
        let more: Vec<(&str, &str)> = [("scope", asked)].into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let reply = rp.refresh_with(&token, &more).await;
        match expected {
            Ok(scope) => {
                let tokens = reply.tokens();
                assert_eq!(tokens.json["scope"], scope, "{rule}");
                assert_eq!(claims(&tokens.access_token)["scope"], scope, "{rule}");
                assert_eq!(tokens.id_token.is_some(), scope.contains("openid"), "{rule}");
                token = tokens.refresh_token().to_owned();
            }
            Err(error) => {
                assert_eq!((reply.status.as_u16(), &reply.json()["error"]), (400, &json!(error)), "{rule}: {reply:?}");
            }
        }
    }
    assert_eq!(rp.introspect(&token).await["scope"], granted);
}

#[tokio::test]
async fn a_refresh_token_is_its_clients() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let other = server.client("other", json!({})).await;
    let public = server.client("public", json!({"token_endpoint_auth_method": "none"})).await;
    let token = rp.sign_in("alice").await.refresh_token().to_owned();
    for thief in [&other, &public] {
        thief.refresh(&token).await.assert_error(400, "invalid_grant");
    }
    let next = rp.refresh(&token).await.tokens();
    server.advance(Span::from_secs(11)).await;
    other.refresh(&token).await.assert_error(400, "invalid_grant");
    rp.refresh(next.refresh_token()).await.tokens();
}

/// Refreshes every `days` days and returns the day on which it first fails, up to day 40.
async fn refreshed_until(server: &TestServer, rp: &crate::support::RelyingParty, days: i64) -> Option<i64> {
    let mut token = rp.sign_in("alice").await.refresh_token().to_owned();
    for day in (days..=40).step_by(usize::try_from(days).unwrap()) {
        server.advance(Span::from_days(days)).await;
        let reply = rp.refresh(&token).await;
        if reply.status != 200 {
            reply.assert_error(400, "invalid_grant");
            return Some(day);
        }
        token = reply.tokens().refresh_token().to_owned();
    }
    None
}

#[tokio::test]
async fn a_family_ends_when_idle_and_at_its_absolute_end() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    for (rule, every, ends) in [
        ("used daily: the absolute end, counted from the login", 1, 30),
        ("used every six days: the absolute end", 6, 30),
        ("unused for seven days", 7, 7),
    ] {
        assert_eq!(refreshed_until(&server, &rp, every).await, Some(ends), "{rule}");
    }
    let token = rp.sign_in("alice").await.refresh_token().to_owned();
    server.advance(Span::from_days(7).plus(Span::from_secs(-60))).await;
    rp.refresh(&token).await.tokens();
}

#[tokio::test]
async fn the_absolute_end_counts_from_the_login_and_not_from_the_grant() {
    let server = TestServer::start_with(|settings| {
        settings.tokens.refresh_token_lifetime = Span::from_minutes(60);
    })
    .await;
    let rp = server.relying_party().await;
    let browser = server.browser();
    let url = rp.authorization_url(&[("scope", "openid offline_access")]);
    browser.authorize(&url, "alice").await;
    server.advance(Span::from_minutes(50)).await;
    let page = browser.authorize(&url, "no second sign-in").await;
    let tokens = rp.redeem(&page.code()).await.tokens();
    server.advance(Span::from_minutes(9)).await;
    let tokens = rp.refresh(tokens.refresh_token()).await.tokens();
    server.advance(Span::from_minutes(1)).await;
    rp.refresh(tokens.refresh_token()).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_family_ends_permanently_with_its_user_or_client() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let dead = |tokens: Tokens, rule: &'static str| {
        let rp = &rp;
        async move {
            let reply = rp.refresh(tokens.refresh_token()).await;
            assert_eq!((reply.status.as_u16(), &reply.json()["error"]), (400, &json!("invalid_grant")), "{rule}");
            assert!(!rp.is_active(&tokens.access_token).await, "{rule}");
            assert!(!rp.is_active(tokens.refresh_token()).await, "{rule}");
        }
    };
    let tokens = rp.sign_in("alice").await;
    server.change_user("alice", UserChange::Disable).await;
    dead(tokens.clone(), "disabled").await;
    server.change_user("alice", UserChange::Enable).await;
    dead(tokens, "disabled and enabled").await;
    let tokens = rp.sign_in("alice").await;
    server.change_user("alice", UserChange::SignOut).await;
    dead(tokens, "signed out everywhere").await;
    let tokens = rp.sign_in("alice").await;
    let bobs = rp.sign_in("bob").await;
    server.change_user("alice", UserChange::SignOut).await;
    dead(tokens, "signed out everywhere").await;
    rp.refresh(bobs.refresh_token()).await.tokens();
    let tokens = rp.sign_in("alice").await;
    server.set_client_standing("rp", Standing::Disabled).await;
    rp.refresh(tokens.refresh_token()).await.assert_error(401, "invalid_client");
    server.set_client_standing("rp", Standing::Enabled).await;
    dead(tokens, "client disabled and enabled").await;
    rp.sign_in("alice").await;
}

#[tokio::test]
async fn a_logout_ends_the_families_of_its_session_but_not_offline_access() {
    let server = TestServer::start().await;
    let rp = server.client("rp", json!({"skip_consent": true})).await;
    let browser = server.browser();
    let bound = browser.authorize(&rp.authorization_url(&[("scope", "openid")]), "alice").await.code();
    let bound = rp.redeem(&bound).await.tokens();
    let offline = browser.authorize(&rp.authorization_url(&[("scope", "openid offline_access")]), "alice").await.code();
    let offline = rp.redeem(&offline).await.tokens();
    let elsewhere = rp.redeem(&rp.authorize_with("alice", &[("scope", "openid")]).await.code()).await.tokens();
    let page = browser.visit("/logout").await;
    browser.submit(&page, &[("logout-confirm", "yes")]).await;
    rp.refresh(bound.refresh_token()).await.assert_error(400, "invalid_grant");
    assert!(!rp.is_active(&bound.access_token).await && !rp.is_active(&offline.access_token).await);
    let next = rp.refresh(offline.refresh_token()).await.tokens();
    assert!(rp.is_active(&next.access_token).await, "OpenID Connect Core §11: offline access outlives the session");
    rp.refresh(elsewhere.refresh_token()).await.tokens();
}

#[tokio::test]
async fn offline_access_outlives_all_that_is_kept_of_its_session() {
    let server = TestServer::start().await;
    let rp = server.client("rp", json!({"skip_consent": true})).await;
    let browser = server.browser();
    let url = rp.authorization_url(&[("scope", "openid offline_access")]);
    let offline = rp.redeem(&browser.authorize(&url, "alice").await.code()).await.tokens();
    let page = browser.visit("/logout").await;
    browser.submit(&page, &[("logout-confirm", "yes")]).await;
    server.advance(Span::from_days(3)).await;
    signet::jobs::run_upkeep(&server.app, "test").await.unwrap();
    assert!(server.database().query("SELECT id FROM sessions").await.is_empty(), "it has been swept");
    let next = rp.refresh(offline.refresh_token()).await.tokens();
    assert!(claims(&next.access_token).get("sid").is_none(), "a session that is over ends nothing any more");
    assert!(rp.is_active(&next.access_token).await);
}
