//! The bindings of an authorization code (RFC 6749 §4.1.3, RFC 7636 §4.6, RFC 9700 §2.1), and its early end.

use serde_json::json;
use signet_protocol::time::Span;
use signet_store::client::clients::Standing;

use crate::support::relying_party::CHALLENGE;
use crate::support::{RelyingParty, Reply, TestServer, UserChange, claims};

/// One thing that is wrong with a redemption.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    OtherClient,
    OtherRedirectUri,
    NoRedirectUri,
    OtherVerifier,
    NoVerifier,
    Expired,
    SessionEnded,
    UserDisabled,
}

const FAULTS: [Fault; 8] = [
    Fault::OtherClient,
    Fault::OtherRedirectUri,
    Fault::NoRedirectUri,
    Fault::OtherVerifier,
    Fault::NoVerifier,
    Fault::Expired,
    Fault::SessionEnded,
    Fault::UserDisabled,
];

/// Redeems a new code with these faults.
async fn redeem_with(server: &TestServer, rp: &RelyingParty, other: &RelyingParty, faults: &[Fault]) -> Reply {
    let authorized = rp.authorize_as("alice").await;
    let mut changes = Vec::new();
    let mut client = rp;
    for fault in faults {
        match fault {
            Fault::OtherClient => client = other,
            Fault::OtherRedirectUri => changes.push(("redirect_uri", "https://rp.example/cb?x=1")),
            Fault::NoRedirectUri => changes.push(("redirect_uri", "")),
            Fault::OtherVerifier => changes.push(("code_verifier", CHALLENGE)),
            Fault::NoVerifier => changes.push(("code_verifier", "")),
            Fault::Expired => server.advance(Span::from_secs(60)).await,
            Fault::SessionEnded => sign_out(&authorized.browser).await,
            Fault::UserDisabled => server.change_user("alice", UserChange::Disable).await,
        }
    }
    let reply = client.redeem_with(&authorized.code(), &changes).await;
    if faults.contains(&Fault::UserDisabled) {
        server.change_user("alice", UserChange::Enable).await;
    }
    reply
}

/// Signs out by the page.
async fn sign_out(browser: &crate::support::Browser) {
    let page = browser.visit("/logout").await;
    let page = browser.submit(&page, &[("logout-confirm", "yes")]).await;
    assert!(page.has("You are signed out"), "{page:?}");
}

#[tokio::test]
async fn each_binding_of_a_code_is_checked_alone_and_combined() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let other = server.client("other", json!({})).await;
    redeem_with(&server, &rp, &other, &[]).await.tokens();
    for (index, first) in FAULTS.into_iter().enumerate() {
        for second in FAULTS.into_iter().skip(index) {
            let reply = redeem_with(&server, &rp, &other, &[first, second]).await;
            assert_eq!(reply.status, 400, "{first:?} and {second:?}: {reply:?}");
            let error = reply.json()["error"].as_str().unwrap().to_owned();
            let expected = match (first, second) {
                (Fault::NoRedirectUri, _) | (_, Fault::NoRedirectUri) => {
                    ["invalid_grant", "invalid_request"].as_slice()
                }
                _ => &["invalid_grant"],
            };
            assert!(expected.contains(&error.as_str()), "{first:?} and {second:?}: {reply:?}");
        }
    }
    redeem_with(&server, &rp, &other, &[]).await.tokens();
}

#[tokio::test]
async fn a_redirect_uri_is_repeated_exactly_where_it_was_named() {
    let server = TestServer::start().await;
    let rp = server.client("rp", json!({"scope": "openid api", "redirect_uris": ["https://rp.example/cb"]})).await;
    let named = "https://rp.example/cb";
    let rows = [
        ("named and repeated", "openid", named, named, "ok"),
        ("RFC 6749 §4.1.3: named and omitted", "openid", named, "", "invalid_request"),
        ("another", "openid", named, "https://rp.example/other", "invalid_grant"),
        ("compared as written", "openid", named, "https://RP.example/cb", "invalid_grant"),
        ("a slash more", "openid", named, "https://rp.example/cb/", "invalid_grant"),
        ("an encoding of the same", "openid", named, "https://rp.example/%63b", "invalid_grant"),
        ("neither named nor repeated, without openid", "api", "", "", "ok"),
        ("not named, yet repeated", "api", "", named, "ok"),
        ("not named, and another", "api", "", "https://rp.example/other", "invalid_grant"),
    ];
    for (rule, scope, asked, presented, expected) in rows {
        let code = rp.authorize_with("alice", &[("scope", scope), ("redirect_uri", asked)]).await.code();
        let reply = rp.redeem_with(&code, &[("redirect_uri", presented)]).await;
        assert_eq!(reply.json()["error"].as_str().unwrap_or("ok"), expected, "{rule}: {reply:?}");
    }
}

#[tokio::test]
async fn challenge_and_verifier_are_required_together() {
    let server = TestServer::start().await;
    let rp = server.client("rp", json!({"profile": "oidc_classic"})).await;
    let verifier = crate::support::relying_party::VERIFIER;
    let long = "a".repeat(129);
    let rows = [
        ("both", true, verifier, "ok"),
        ("neither", false, "", "ok"),
        ("RFC 9700 §4.8: a verifier without a challenge", false, verifier, "invalid_grant"),
        ("RFC 7636 §4.6: a challenge without a verifier", true, "", "invalid_grant"),
        ("the challenge itself", true, CHALLENGE, "invalid_grant"),
        ("another case", true, &verifier.to_uppercase(), "invalid_grant"),
        ("shorter", true, &verifier[..42], "invalid_grant"),
        ("too long", true, &long, "invalid_grant"),
    ];
    for (rule, challenged, verifier, expected) in rows {
        let bare = [("code_challenge", ""), ("code_challenge_method", "")];
        let changes: &[(&str, &str)] = if challenged { &[] } else { &bare };
        let code = rp.authorize_with("alice", changes).await.code();
        let reply = rp.redeem_with(&code, &[("code_verifier", verifier)]).await;
        assert_eq!(reply.json()["error"].as_str().unwrap_or("ok"), expected, "{rule}: {reply:?}");
    }
}

#[tokio::test]
async fn a_code_lives_for_sixty_seconds() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let early = rp.authorize_as("alice").await.code();
    let late = rp.authorize_as("alice").await.code();
    server.advance(Span::from_secs(50)).await;
    rp.redeem(&early).await.tokens();
    server.advance(Span::from_secs(10)).await;
    rp.redeem(&late).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_code_is_void_after_its_user_session_or_client_ends() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    for change in [UserChange::Disable, UserChange::SignOut] {
        let code = rp.authorize_as("alice").await.code();
        server.change_user("alice", change).await;
        server.change_user("alice", UserChange::Enable).await;
        let reply = rp.redeem(&code).await;
        assert_eq!(reply.json()["error"], "invalid_grant", "{change:?} and enabled again: {reply:?}");
    }
    let authorized = rp.authorize_as("alice").await;
    sign_out(&authorized.browser).await;
    rp.redeem(&authorized.code()).await.assert_error(400, "invalid_grant");

    let code = rp.authorize_as("alice").await.code();
    server.set_client_standing("rp", Standing::Disabled).await;
    rp.redeem(&code).await.assert_error(401, "invalid_client");
    server.set_client_standing("rp", Standing::Enabled).await;
    rp.redeem(&code).await.assert_error(400, "invalid_grant");
    rp.redeem(&rp.authorize_as("alice").await.code()).await.tokens();
}

#[tokio::test]
async fn a_stolen_code_is_useless_and_causes_no_harm() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let thief = server.client("thief", json!({})).await;
    let public = server.client("public", json!({"token_endpoint_auth_method": "none"})).await;
    let code = rp.authorize_with("alice", &[("scope", "openid offline_access")]).await.code();
    thief.redeem(&code).await.assert_error(400, "invalid_grant");
    public.redeem(&code).await.assert_error(400, "invalid_grant");
    let nobody = [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", &rp.redirect_uri)];
    let reply = Reply::of(server.http.post(server.url("/token")).form(&nobody).send().await.unwrap()).await;
    reply.assert_error(400, "invalid_client");

    let tokens = rp.redeem(&code).await.tokens();
    thief.redeem(&code).await.assert_error(400, "invalid_grant");
    assert!(rp.is_active(&tokens.access_token).await, "another client's replay revokes nothing");

    let code = public.authorize_as("alice").await.code();
    public.redeem_with(&code, &[("code_verifier", "")]).await.assert_error(400, "invalid_grant");
    public.redeem(&code).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_replay_revokes_what_was_issued_even_where_a_clock_is_behind() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let code = rp.authorize_with("alice", &[("scope", "openid offline_access")]).await.code();
    let first = rp.redeem(&code).await.tokens();
    let second = rp.refresh(first.refresh_token()).await.tokens();
    server.advance(Span::from_secs(-5)).await;
    rp.redeem(&code).await.assert_error(400, "invalid_grant");
    for token in [&first.access_token, &second.access_token, second.refresh_token()] {
        assert!(!rp.is_active(token).await);
    }
    let replays =
        server.database().audit_events().await.into_iter().filter(|event| event == "authorization_code.replayed");
    assert_eq!(replays.count(), 1);
}

#[tokio::test]
async fn the_tokens_contain_what_was_requested() {
    let server = TestServer::start().await;
    let rp = server.client("rp", json!({"scope": "openid email api", "audiences": ["https://api.example/"]})).await;
    let asked = [("scope", "openid api"), ("nonce", "n-0S6_WzA2Mj"), ("resource", "https://api.example/")];
    let tokens = rp.redeem(&rp.authorize_with("alice", &asked).await.code()).await.tokens();
    let access_token = claims(&tokens.access_token);
    let id_token = claims(tokens.id_token());
    assert_eq!(tokens.json["scope"], "openid api");
    assert_eq!(access_token["scope"], "openid api");
    assert_eq!(access_token["client_id"], "rp");
    assert_eq!(access_token["aud"], "https://api.example/");
    assert_eq!(access_token["sub"], id_token["sub"]);
    assert_eq!(access_token["sid"], id_token["sid"]);
    assert_eq!(id_token["nonce"], "n-0S6_WzA2Mj");
    assert_eq!(tokens.json["expires_in"], 600);
}

#[tokio::test]
async fn the_database_holds_no_code_no_token_and_no_secret() {
    let server = TestServer::start().await;
    let rp = server.client("rp", json!({"access_token_format": "opaque"})).await;
    let unused = rp.authorize_as("alice").await.code();
    let used = rp.authorize_with("alice", &[("scope", "openid offline_access")]).await.code();
    let tokens = rp.redeem(&used).await.tokens();
    let next = rp.refresh(tokens.refresh_token()).await.tokens();
    let secret = rp.secret.clone().unwrap();
    let kept = [
        (&*unused, "sgac_"),
        (&used, "sgac_"),
        (&tokens.access_token, "sgat_"),
        (tokens.refresh_token(), "sgrt_"),
        (next.refresh_token(), "sgrt_"),
        (&secret, "sgcs_"),
    ];
    assert!(server.database().holds("alice@example.org").await, "the search finds what is there");
    for (value, prefix) in kept {
        assert!(value.starts_with(prefix) && value.len() >= prefix.len() + 43, "256 bits: {prefix}");
        assert!(!server.database().holds(&value[prefix.len()..]).await, "{prefix}");
    }
}
