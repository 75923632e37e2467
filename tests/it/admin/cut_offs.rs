//! Cut-offs (RFC 9700 §4.14, OpenID Connect Core §16.18): disabling or signing out a user, or disabling a client, voids
//! everything issued before, on every node, and nothing issued later.

use serde_json::json;
use signet_protocol::time::Span;
use signet_store::client::clients::Standing;

use crate::support::{RelyingParty, TestServer, Tokens, UserChange};

/// Two nodes and a client of each form of access tokens, with alice's and bob's tokens.
struct Scene {
    server: TestServer,
    twin: TestServer,
    clients: Vec<(RelyingParty, Tokens, Tokens)>,
}

impl Scene {
    async fn set() -> Self {
        let server = TestServer::start().await;
        let twin = server.twin().await;
        let mut clients = Vec::new();
        for format in ["jwt", "opaque"] {
            let rp = server.client(format, json!({ "access_token_format": format })).await;
            let alice = rp.sign_in("alice").await;
            let bob = rp.sign_in("bob").await;
            clients.push((rp, alice, bob));
        }
        twin.app.follow().await.unwrap();
        for (rp, alice, _) in &clients {
            assert!(rp.at(&twin).is_active(&alice.access_token).await);
        }
        Self { server, twin, clients }
    }

    /// Checks that both nodes accept, or refuse, these tokens.
    async fn assert_alive(&self, rp: &RelyingParty, tokens: &Tokens, alive: bool) {
        self.twin.app.follow().await.unwrap();
        for node in [&self.server, &self.twin] {
            let status = node.userinfo(&tokens.access_token).await.status().as_u16();
            assert_eq!(status, if alive { 200 } else { 401 }, "{} at {}", rp.id, node.issuer);
            for token in [tokens.access_token.as_str(), tokens.refresh_token()] {
                assert_eq!(rp.at(node).is_active(token).await, alive, "{} at {}", rp.id, node.issuer);
            }
        }
    }
}

#[tokio::test]
async fn a_disabled_user_is_cut_off_everywhere_and_enabling_revives_nothing() {
    let scene = Scene::set().await;
    scene.server.change_user("alice", UserChange::Disable).await;
    for (rp, alice, bob) in &scene.clients {
        scene.assert_alive(rp, alice, false).await;
        scene.assert_alive(rp, bob, true).await;
        rp.refresh(alice.refresh_token()).await.assert_error(400, "invalid_grant");
        rp.at(&scene.twin).refresh(alice.refresh_token()).await.assert_error(400, "invalid_grant");
    }
    scene.server.change_user("alice", UserChange::Enable).await;
    for (rp, alice, _) in &scene.clients {
        scene.assert_alive(rp, alice, false).await;
        rp.refresh(alice.refresh_token()).await.assert_error(400, "invalid_grant");
        let new = rp.sign_in("alice").await;
        scene.assert_alive(rp, &new, true).await;
    }
}

#[tokio::test]
async fn signing_out_everywhere_ends_what_was_and_not_what_comes_in_the_same_second() {
    let scene = Scene::set().await;
    let count = scene.server.database().query("SELECT subject FROM revocations").await.len();
    scene.server.change_user("alice", UserChange::SignOut).await;
    let (rp, old, _) = &scene.clients[0];
    let new = rp.sign_in("alice").await;
    for (rp, alice, bob) in &scene.clients {
        scene.assert_alive(rp, alice, false).await;
        scene.assert_alive(rp, bob, true).await;
    }
    scene.assert_alive(rp, &new, true).await;
    rp.refresh(old.refresh_token()).await.assert_error(400, "invalid_grant");
    rp.refresh(new.refresh_token()).await.tokens();
    let rows = scene.server.database().query("SELECT subject FROM revocations").await.len();
    assert_eq!(rows, count + 1, "one row for however many tokens");
}

#[tokio::test]
async fn an_unused_code_dies_with_its_user() {
    let scene = Scene::set().await;
    for change in [UserChange::SignOut, UserChange::Disable] {
        let (rp, ..) = &scene.clients[0];
        let code = rp.authorize_as("alice").await.code();
        scene.server.change_user("alice", change).await;
        rp.redeem(&code).await.assert_error(400, "invalid_grant");
    }
}

#[tokio::test]
async fn a_disabled_client_is_cut_off_everywhere_and_enabling_revives_nothing() {
    let scene = Scene::set().await;
    let (rp, alice, _) = &scene.clients[0];
    let (other, of_other, _) = &scene.clients[1];
    let unused = rp.authorize_as("alice").await.code();
    scene.server.set_client_standing(&rp.id, Standing::Disabled).await;
    scene.twin.app.follow().await.unwrap();
    for node in [&scene.server, &scene.twin] {
        assert_eq!(node.userinfo(&alice.access_token).await.status(), 401);
        rp.at(node).refresh(alice.refresh_token()).await.assert_error(401, "invalid_client");
        rp.at(node).redeem(&unused).await.assert_error(401, "invalid_client");
        let page = node.browser().visit(&rp.at(node).authorization_url(&[])).await;
        assert_eq!((page.status.as_u16(), page.location()), (400, None), "no page for a disabled client");
    }
    scene.assert_alive(other, of_other, true).await;

    scene.server.set_client_standing(&rp.id, Standing::Enabled).await;
    scene.twin.app.follow().await.unwrap();
    for node in [&scene.server, &scene.twin] {
        assert_eq!(node.userinfo(&alice.access_token).await.status(), 401, "it was issued before");
    }
    let new = rp.sign_in("alice").await;
    scene.assert_alive(rp, &new, true).await;
}

#[tokio::test]
async fn refresh_tokens_and_codes_of_a_disabled_client_stay_void() {
    let scene = Scene::set().await;
    let (rp, alice, _) = &scene.clients[0];
    let unused = rp.authorize_as("alice").await.code();
    scene.server.set_client_standing(&rp.id, Standing::Disabled).await;
    scene.server.set_client_standing(&rp.id, Standing::Enabled).await;
    rp.redeem(&unused).await.assert_error(400, "invalid_grant");
    rp.refresh(alice.refresh_token()).await.assert_error(400, "invalid_grant");
    assert!(!rp.is_active(alice.refresh_token()).await);
}

#[tokio::test]
async fn a_cut_off_is_kept_longer_than_any_token() {
    let server = TestServer::start().await;
    let rp = server.client("rp", json!({ "access_token_lifetime": 86_400 })).await;
    let token = rp.sign_in("alice").await.access_token;
    server.change_user("alice", UserChange::SignOut).await;
    for hours in [1, 12, 10] {
        server.advance(Span::from_hours(hours)).await;
        signet::jobs::run_upkeep(&server.app, "test").await.unwrap();
        let restarted = server.twin().await;
        assert_eq!(restarted.userinfo(&token).await.status(), 401, "after a sweep and a restart");
        assert_eq!(server.userinfo(&token).await.status(), 401);
    }
}

#[tokio::test]
async fn a_user_stays_cut_off_although_the_denylist_is_lost() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    for change in [UserChange::SignOut, UserChange::Disable] {
        let token = rp.sign_in("alice").await.access_token;
        server.change_user("alice", change).await;
        assert!(server.database().execute("DELETE FROM revocations").await > 0);
        let restarted = server.twin().await;
        assert_eq!(restarted.userinfo(&token).await.status(), 401, "{change:?}");
    }
}
