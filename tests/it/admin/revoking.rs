//! Revocation by an operator (RFC 9700 §4.14): each kind ends its target on every node and nothing else, and its row is
//! kept as long as it can matter.

mod bans;
mod denylist;

use serde_json::json;
use signet_protocol::time::Span;
use signet_store::client::clients::Standing;

use crate::support::server::PASSWORD;
use crate::support::{Administrator, Receiver, RelyingParty, TestServer, UserChange, claims};

const SIGN_IN_FAILURE: &str = "Incorrect username or password.";

/// Checks that both nodes accept, or refuse, an access token.
async fn assert_alive(nodes: [&TestServer; 2], token: &str, alive: bool, why: &str) {
    for node in nodes {
        node.app.follow().await.unwrap();
        let status = node.userinfo(token).await.status().as_u16();
        assert_eq!(status, if alive { 200 } else { 401 }, "{why}, at {}", node.issuer);
    }
}

/// Signs in with the right password, and returns true if that was refused.
async fn is_refused(rp: &RelyingParty, username: &str) -> bool {
    let browser = crate::support::Browser::new(&rp.issuer);
    let login = browser.visit(&rp.authorization_url(&[])).await;
    let fields = [("username", username), ("password", PASSWORD), ("login-submit", "yes")];
    browser.submit_once(&login, &fields).await.has(SIGN_IN_FAILURE)
}

fn rfc3339(server: &TestServer, ahead: Span) -> String {
    server.clock.now().plus(ahead).to_chrono().to_rfc3339()
}

#[tokio::test]
async fn a_realm_is_signed_out_as_a_whole() {
    let server = TestServer::start_with(|settings| settings.outbound.allow_hosts = vec!["127.0.0.1".to_owned()]).await;
    let twin = server.twin().await;
    let receiver = Receiver::start().await;
    let ops = Administrator::of(&server).await;
    let rp = server.client("rp", json!({"backchannel_logout_uri": receiver.url})).await;
    let opaque = server.client("opaque", json!({"access_token_format": "opaque"})).await;
    let authorized = rp.authorize_as("alice").await;
    let alice = rp.sign_in("alice").await;
    let bob = rp.sign_in("bob").await;
    let reference = opaque.sign_in("bob").await;
    let own = ops.token().await;
    let ended = ops.revoke(json!({"target": "realm", "reason": "keys stolen"})).await;
    assert_eq!(ended, json!({"revoked": true, "sessions": 4, "grants": 3}));
    for token in [&alice, &bob, &reference] {
        assert_alive([&server, &twin], &token.access_token, false, "realm").await;
    }
    for node in [&server, &twin] {
        ops.get("/revocations", &own).await.assert_problem(401);
        rp.at(node).refresh(alice.refresh_token()).await.assert_error(400, "invalid_grant");
        opaque.at(node).refresh(reference.refresh_token()).await.assert_error(400, "invalid_grant");
    }
    rp.redeem(&authorized.code()).await.assert_error(400, "invalid_grant");
    let page = authorized.browser.get(&rp.authorization_url(&[("prompt", "none")])).await;
    assert_eq!(page.error(), "login_required");
    for _ in 0..3 {
        receiver.token().await;
    }
    let new = rp.sign_in("alice").await;
    assert_alive([&server, &twin], &new.access_token, true, "after it").await;
    rp.refresh(new.refresh_token()).await.tokens();
}

#[tokio::test]
async fn a_login_that_a_cut_off_of_the_realm_overtakes_is_void() {
    let server = TestServer::start().await;
    let ops = Administrator::of(&server).await;
    let rp = server.relying_party().await;
    let authorized = rp.authorize_as("alice").await;
    let tokens = rp.sign_in("alice").await;
    ops.revoke(json!({"target": "realm"})).await;
    // As if concurrent requests had written these rows after the cut-off.
    let database = server.database();
    database.tamper("UPDATE sessions SET ended_at = NULL").await;
    database.tamper("UPDATE token_families SET revoked_at = NULL, revoked_because = NULL").await;
    let page = authorized.browser.get(&rp.authorization_url(&[("prompt", "none")])).await;
    assert_eq!(page.error(), "login_required");
    rp.refresh(tokens.refresh_token()).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_client_is_signed_out_and_goes_on() {
    let server = TestServer::start().await;
    let twin = server.twin().await;
    let ops = Administrator::of(&server).await;
    let rp = server.relying_party().await;
    let other = server.client("other", json!({})).await;
    let code = rp.authorize_as("alice").await.code();
    let old = rp.sign_in("alice").await;
    let kept = other.sign_in("alice").await;
    assert_eq!(ops.revoke(json!({"target": "client", "id": "rp"})).await["grants"], 1);
    assert_alive([&server, &twin], &old.access_token, false, "client").await;
    assert_alive([&server, &twin], &kept.access_token, true, "another client").await;
    rp.refresh(old.refresh_token()).await.assert_error(400, "invalid_grant");
    rp.redeem(&code).await.assert_error(400, "invalid_grant");
    assert_alive([&server, &twin], &rp.sign_in("alice").await.access_token, true, "after it").await;
}

#[tokio::test]
async fn a_consent_that_is_withdrawn_ends_what_came_of_it_and_is_asked_for_again() {
    let server = TestServer::start().await;
    let twin = server.twin().await;
    let ops = Administrator::of(&server).await;
    let rp = server.relying_party().await;
    let other = server.client("other", json!({})).await;
    let authorized = rp.authorize_as("alice").await;
    let code = authorized.browser.visit(&rp.authorization_url(&[])).await.code();
    let old = rp.sign_in("alice").await;
    let of_bob = rp.sign_in("bob").await;
    let of_other = other.sign_in("alice").await;
    let ended = ops.revoke(json!({"target": "consent", "username": "alice", "client": "rp"})).await;
    assert_eq!(ended, json!({"revoked": true, "sessions": 0, "grants": 1}));
    assert_alive([&server, &twin], &old.access_token, false, "withdrawn").await;
    assert_alive([&server, &twin], &of_bob.access_token, true, "another user's").await;
    assert_alive([&server, &twin], &of_other.access_token, true, "another client's").await;
    for node in [&server, &twin] {
        rp.at(node).refresh(old.refresh_token()).await.assert_error(400, "invalid_grant");
    }
    rp.redeem(&code).await.assert_error(400, "invalid_grant");
    let page = authorized.browser.get(&rp.authorization_url(&[("prompt", "none")])).await;
    assert_eq!(page.error(), "consent_required", "still signed in, and asked again");
    let new = rp.sign_in("alice").await;
    assert_alive([&server, &twin], &new.access_token, true, "after a new consent").await;
}

#[tokio::test]
async fn a_session_is_listed_and_ended_and_its_applications_are_told() {
    let server = TestServer::start_with(|settings| settings.outbound.allow_hosts = vec!["127.0.0.1".to_owned()]).await;
    let receiver = Receiver::start().await;
    let ops = Administrator::of(&server).await;
    let first_party = json!({"backchannel_logout_uri": receiver.url, "skip_consent": true});
    let rp = server.client("rp", first_party).await;
    let one = rp.authorize_with("alice", &[("scope", "openid")]).await;
    let bound = rp.redeem(&one.code()).await.tokens();
    let offline_url = rp.authorization_url(&[("scope", "openid offline_access")]);
    let offline = rp.redeem(&one.browser.visit(&offline_url).await.code()).await.tokens();
    let elsewhere = rp.sign_in("alice").await;
    let listed = ops.read("/users/alice/sessions").await["sessions"].as_array().unwrap().clone();
    let sid = claims(&bound.access_token)["sid"].clone();
    assert_eq!(listed.iter().filter(|session| session["id"] == sid).count(), 1, "{listed:?}");
    assert_eq!(listed.len(), 2);
    assert_eq!(ops.read("/users/alice/grants").await["grants"].as_array().unwrap().len(), 3);

    let ended = ops.revoke(json!({"target": "session", "id": sid})).await;
    assert_eq!(ended, json!({"revoked": true, "sessions": 1, "grants": 1}));
    assert_eq!(claims(&receiver.token().await)["sid"], sid);
    assert_alive([&server, &server], &bound.access_token, false, "its session has ended").await;
    rp.refresh(bound.refresh_token()).await.assert_error(400, "invalid_grant");
    rp.refresh(offline.refresh_token()).await.tokens();
    assert_alive([&server, &server], &elsewhere.access_token, true, "another session").await;
    assert_eq!(ops.revoke(json!({"target": "session", "id": sid})).await["revoked"], false, "once is enough");
    assert_eq!(ops.read("/users/alice/sessions").await["sessions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_access_tokens_of_a_session_that_upkeep_has_ended_end_by_its_id() {
    let server = TestServer::start_with(|settings| settings.sessions.idle = Span::from_minutes(2)).await;
    let ops = Administrator::of(&server).await;
    let rp = server.client("rp", json!({"skip_consent": true})).await;
    let tokens = rp.redeem(&rp.authorize_with("alice", &[("scope", "openid")]).await.code()).await.tokens();
    let sid = claims(&tokens.access_token)["sid"].clone();
    server.advance(Span::from_minutes(3)).await;
    server.upkeep().await;
    assert_alive([&server, &server], &tokens.access_token, true, "it lives to its own end").await;
    for is_news in [true, false] {
        let ended = ops.revoke(json!({"target": "session", "id": sid})).await;
        assert_eq!(ended, json!({"revoked": is_news, "sessions": 0, "grants": 0}));
        assert_alive([&server, &server], &tokens.access_token, false, "its session is revoked").await;
    }
}

#[tokio::test]
async fn a_grant_is_listed_and_revoked_alone() {
    let server = TestServer::start().await;
    let twin = server.twin().await;
    let ops = Administrator::of(&server).await;
    let rp = server.relying_party().await;
    let one = rp.sign_in("alice").await;
    let other = rp.sign_in("alice").await;
    let next = rp.refresh(one.refresh_token()).await.tokens();
    let id = claims(&one.access_token)["grant_id"].clone();
    let listed = ops.read("/users/alice/grants").await["grants"].as_array().unwrap().clone();
    assert!(listed.iter().any(|grant| grant["id"] == id && grant["client"] == "rp" && grant["offline"] == true));
    assert_eq!(ops.revoke(json!({"target": "grant", "id": id})).await["grants"], 1);
    for token in [&one.access_token, &next.access_token] {
        assert_alive([&server, &twin], token, false, "its grant").await;
    }
    rp.refresh(next.refresh_token()).await.assert_error(400, "invalid_grant");
    assert_alive([&server, &twin], &other.access_token, true, "another grant").await;
    rp.refresh(other.refresh_token()).await.tokens();
    assert_eq!(ops.revoke(json!({"target": "grant", "id": id})).await["revoked"], false);
    assert_eq!(ops.read("/users/alice/grants").await["grants"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_grant_without_a_refresh_token_is_revoked_by_its_id() {
    let server = TestServer::start().await;
    let twin = server.twin().await;
    let ops = Administrator::of(&server).await;
    let rp = server.relying_party().await;
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let code = rp.authorize_with("alice", &[("scope", "openid")]).await.code();
        tokens.push(rp.redeem(&code).await.tokens().access_token);
    }
    let order = json!({"target": "grant", "id": claims(&tokens[0])["grant_id"]});
    assert_eq!(ops.revoke(order.clone()).await, json!({"revoked": true, "sessions": 0, "grants": 1}));
    assert_alive([&server, &twin], &tokens[0], false, "its grant").await;
    assert_alive([&server, &twin], &tokens[1], true, "another grant").await;
    assert_eq!(ops.revoke(order).await["revoked"], false, "once");
    ops.order(json!({"target": "grant", "id": "AAAAAAAAAAAAAAAAAAAAAA"})).await.assert_problem(404);
    ops.order(json!({"target": "grant", "id": "unheard-of"})).await.assert_problem(404);
}

#[tokio::test]
async fn a_token_is_revoked_by_itself_or_by_its_jti() {
    let server = TestServer::start().await;
    let ops = Administrator::of(&server).await;
    let rp = server.relying_party().await;
    let opaque = server.client("opaque", json!({"access_token_format": "opaque"})).await;
    let one = rp.sign_in("alice").await;
    let other = rp.sign_in("alice").await;
    let reference = opaque.sign_in("alice").await;
    let jti = claims(&one.access_token)["jti"].clone();
    let orders = [
        (json!({"target": "token", "jti": jti}), &one),
        (json!({"target": "token", "token": reference.access_token}), &reference),
    ];
    for (order, dead) in orders {
        assert_eq!(ops.revoke(order.clone()).await, json!({"revoked": true, "sessions": 0, "grants": 0}));
        assert_alive([&server, &server], &dead.access_token, false, "revoked").await;
        assert_eq!(ops.revoke(order).await["revoked"], false, "once is enough");
    }
    rp.refresh(one.refresh_token()).await.tokens();
    assert_eq!(ops.revoke(json!({"target": "token", "token": other.refresh_token()})).await["grants"], 1);
    assert_alive([&server, &server], &other.access_token, false, "its refresh token was revoked").await;
    let forged = format!("{}.{}", one.access_token.rsplit_once('.').unwrap().0, "A".repeat(86));
    assert_eq!(ops.revoke(json!({"target": "token", "token": forged})).await["revoked"], false);
    let ahead = signet_protocol::ids::TokenId::new(server.clock.now().plus(Span::from_hours(1)), [1; 16]);
    ops.order(json!({"target": "token", "jti": ahead.as_str()})).await.assert_problem(400);
}

#[tokio::test]
async fn every_end_of_a_grant_ends_its_refresh_tokens() {
    let server = TestServer::start().await;
    let ops = Administrator::of(&server).await;
    for cause in ["consent", "logout", "user disabled", "client disabled", "client removed"] {
        let rp = server.client("app", json!({"skip_consent": true})).await;
        let one = rp.authorize_with("alice", &[("scope", "openid")]).await;
        let bound = rp.redeem(&one.code()).await.tokens();
        let url = rp.authorization_url(&[("scope", "openid offline_access")]);
        let offline = rp.redeem(&one.browser.visit(&url).await.code()).await.tokens();
        match cause {
            "consent" => drop(ops.revoke(json!({"target": "consent", "username": "alice", "client": "app"})).await),
            "logout" => drop(one.browser.get(&format!("/logout?id_token_hint={}", bound.id_token())).await),
            "user disabled" => server.change_user("alice", UserChange::Disable).await,
            "client disabled" => {
                server.set_client_standing("app", Standing::Disabled).await;
                server.set_client_standing("app", Standing::Enabled).await;
            }
            _ => {
                server.remove_client("app").await;
                server.app.follow().await.unwrap();
            }
        }
        let survivors = if cause == "logout" { 1 } else { 0 };
        let mut alive = 0;
        for token in [bound.refresh_token(), offline.refresh_token()] {
            alive += i32::from(rp.refresh(token).await.status == 200);
        }
        assert_eq!(alive, survivors, "{cause}");
        assert_alive([&server, &server], &bound.access_token, false, cause).await;
        server.change_user("alice", UserChange::Enable).await;
        if cause != "client removed" {
            server.remove_client("app").await;
            server.app.follow().await.unwrap();
        }
    }
}
