//! Two nodes on one database: each continues flows that the other has started, and sees its changes.

use std::time::Duration;

use serde_json::{Value, json};
use signet_store::client::clients::Standing;
use signet_store::node::nodes;

use crate::support::{TestServer, claims};

#[tokio::test]
async fn every_step_of_a_flow_may_reach_another_node() {
    let one = TestServer::start().await;
    let two = one.twin().await;
    let rp = one.relying_party().await;
    let browser = one.browser();
    let scope = ("scope", "openid offline_access");
    let login = browser.get(&rp.authorization_url(&[scope])).await.location().unwrap();

    let browser = browser.at(&two);
    let page = browser.get(&login).await;
    let browser = browser.at(&one);
    let fields = [("username", "alice"), ("password", crate::support::server::PASSWORD), ("login-submit", "yes")];
    let consent = browser.submit_once(&page, &fields).await.location().unwrap();
    let browser = browser.at(&two);
    let page = browser.get(&consent).await;
    let browser = browser.at(&one);
    let page = browser.submit_once(&page, &[("consent-allow", "yes")]).await;
    assert_eq!(page.parameter("iss"), Some(one.app.settings.issuer.clone()));

    let tokens = rp.at(&two).redeem(&page.code()).await.tokens();
    assert_eq!(claims(tokens.id_token())["iss"], one.app.settings.issuer);
    assert_eq!(one.userinfo(&tokens.access_token).await.status(), 200);
    let next = rp.refresh(tokens.refresh_token()).await.tokens();
    let next = rp.at(&two).refresh(next.refresh_token()).await.tokens();
    assert!(rp.is_active(next.refresh_token()).await);

    let again = browser.at(&two).get(&rp.at(&two).authorization_url(&[("prompt", "none"), scope])).await;
    assert!(!again.code().is_empty(), "the session and the consent hold on both nodes");
}

#[tokio::test]
async fn a_code_that_was_redeemed_on_one_node_is_a_replay_on_the_other() {
    let one = TestServer::start().await;
    let two = one.twin().await;
    let rp = one.relying_party().await;
    let code = rp.authorize_as("alice").await.code();
    let here = rp.at(&one);
    let there = rp.at(&two);
    let (first, second) = tokio::join!(here.redeem(&code), there.redeem(&code));
    let (won, lost) = if first.status == 200 { (first, second) } else { (second, first) };
    lost.assert_error(400, "invalid_grant");
    let token = won.tokens().access_token;
    for node in [&one, &two] {
        node.app.follow().await.unwrap();
        assert!(!rp.at(node).is_active(&token).await, "a replay ends what the code has yielded");
    }
}

#[tokio::test]
async fn a_client_that_is_added_or_disabled_on_one_node_is_so_on_the_other() {
    let one = TestServer::start().await;
    let two = one.twin().await;
    let metadata = json!({ "grant_types": ["client_credentials"], "redirect_uris": [], "scope": "api" });
    let service = one.client("service", metadata).await;
    service.at(&two).client_credentials(&[]).await.tokens();
    one.set_client_standing("service", Standing::Disabled).await;
    two.app.follow().await.unwrap();
    service.at(&two).client_credentials(&[]).await.assert_error(401, "invalid_client");
    one.set_client_standing("service", Standing::Enabled).await;
    two.app.follow().await.unwrap();
    service.at(&two).client_credentials(&[]).await.tokens();
}

#[tokio::test]
async fn both_nodes_publish_the_same() {
    let one = TestServer::start().await;
    let two = one.twin().await;
    for path in ["/.well-known/openid-configuration", "/.well-known/jwks.json"] {
        let here = one.get(path).await;
        let there = two.get(path).await;
        assert_eq!(here.headers()["etag"], there.headers()["etag"], "{path}: both nodes have the same entity tag");
        assert_eq!(here.json::<Value>().await.unwrap(), there.json::<Value>().await.unwrap(), "{path}");
    }
}

#[tokio::test]
async fn a_node_of_another_issuer_does_not_take_the_tokens() {
    let one = TestServer::start().await;
    let other = one.second_node().await;
    let rp = one.relying_party().await;
    let tokens = rp.sign_in("alice").await;
    assert_eq!(other.userinfo(&tokens.access_token).await.status(), 401, "the issuer is compared, not the key alone");
    assert!(!rp.at(&other).is_active(&tokens.access_token).await);
}

#[tokio::test]
async fn a_node_is_dropped_only_while_its_lease_is_no_longer_than_the_one_that_was_waited_for() {
    let server = TestServer::stopped_with(|_| {}).await;
    let store = &server.app.provider.store;
    let now = server.clock.now();
    let lease = move |millis| nodes::NodeRow {
        id: "other".to_owned(),
        heard_seq: 1,
        heard_at: now,
        lease: Duration::from_millis(millis),
        channel: nodes::Channel::Listen,
    };
    let say = async |lease: nodes::NodeRow| {
        let said = store.write(move |tx| {
            let lease = lease.clone();
            Box::pin(async move {
                nodes::join(tx, &lease, "").await?;
                nodes::acknowledge(tx, &lease).await
            })
        });
        assert!(said.await.unwrap());
    };
    let seen = async || {
        let all = nodes::all(&mut store.read().await.unwrap()).await.unwrap();
        all.into_iter().find(|node| node.id == "other").unwrap()
    };
    let drops = async |node: nodes::Node| {
        let dropped = store.write(move |tx| {
            let node = node.clone();
            Box::pin(async move { nodes::drop_late(tx, &node, 2, now).await })
        });
        dropped.await.unwrap()
    };
    say(lease(250)).await;
    let before = seen().await;
    say(lease(3_000)).await;
    assert!(!drops(before).await, "it may answer from memory for longer");
    assert!(drops(seen().await).await);
}
