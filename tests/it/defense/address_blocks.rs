//! Address blocks, added by command and by the server itself: they apply on every node until they end.

use signet::config::{ForwardingHeader, Settings};
use signet::flows::admin::NewBlock;
use signet_protocol::defense::address_block::{Block, Reach, parse_network};
use signet_protocol::time::Span;
use signet_store::defense::address_blocks::{self, Precedence};

use crate::support::server::PASSWORD;
use crate::support::{Browser, Page, RelyingParty, TestServer};

fn behind_proxy(settings: &mut Settings) {
    settings.limits.enabled = true;
    settings.limits.spray_accounts = 5;
    settings.proxy.trusted = vec!["127.0.0.0/8".parse().unwrap()];
}

async fn start() -> (TestServer, RelyingParty) {
    let server = TestServer::stopped_with(behind_proxy).await;
    let rp = server.relying_party().await;
    (server, rp)
}

async fn block(server: &TestServer, network: &str, reach: Reach, lasting: Span) {
    let network = parse_network(network).unwrap();
    let new = NewBlock { network, reach, lasting };
    server.operator(&server.context()).blocks().add(new).await.unwrap();
}

async fn get(server: &TestServer, address: &str, path: &str) -> Page {
    server.browser().get_with(&[("x-forwarded-for", address)], path).await
}

/// A sign-in of this browser from this address.
async fn sign_in(rp: &RelyingParty, browser: &Browser, address: &str, username: &str, password: &str) -> Page {
    browser.set_cookie("signet-session", "");
    let page = browser.visit(&rp.authorization_url(&[])).await;
    let form = page.form();
    let csrf = form.field("csrf").unwrap();
    let fields = [("csrf", csrf), ("username", username), ("password", password), ("login-submit", "yes")];
    browser.post_with(&[("x-forwarded-for", address)], &form.action, &fields).await
}

#[tokio::test]
async fn a_block_applies_on_every_node_until_it_ends() {
    let (server, _) = start().await;
    let twin = server.twin_with(behind_proxy).await;
    block(&server, "192.0.2.0/24", Reach::Everything, Span::from_minutes(10)).await;
    for node in [&server, &twin] {
        node.app.follow().await.unwrap();
        get(node, "192.0.2.7", "/login").await.assert_rejected("within", 403, "This address is blocked.");
        let wait: u32 = get(node, "192.0.2.7", "/login").await.header("retry-after").unwrap().parse().unwrap();
        assert!((500..=600).contains(&wait), "{wait}");
        assert_eq!(get(node, "192.0.3.7", "/login").await.status, 400, "beside it");
        for path in ["/jwks", "/.well-known/openid-configuration"] {
            assert_eq!(get(node, "192.0.2.7", path).await.status, 200, "{path}");
        }
        let refused = node.http.post(node.url("/token")).header("x-forwarded-for", "192.0.2.7").send().await.unwrap();
        assert_eq!(refused.status(), 403);
        assert_eq!(refused.json::<serde_json::Value>().await.unwrap()["error"], "access_denied");
    }
    server.clock.advance(Span::from_minutes(10));
    for node in [&server, &twin] {
        assert_eq!(get(node, "192.0.2.7", "/login").await.status, 400, "it has ended by itself");
    }
}

#[tokio::test]
async fn a_forged_forwarding_header_does_not_evade_a_block() {
    let (server, _) = start().await;
    let standard = server.twin_with(|settings| {
        behind_proxy(settings);
        settings.proxy.header = ForwardingHeader::Forwarded;
    });
    let standard = standard.await;
    block(&server, "192.0.2.7", Reach::Everything, Span::from_hours(1)).await;
    for (node, appended, forged) in [
        (&server, ("x-forwarded-for", "192.0.2.7"), ("forwarded", "for=198.51.100.1")),
        (&server, ("x-forwarded-for", "192.0.2.7"), ("x-real-ip", "198.51.100.1")),
        (&server, ("x-forwarded-for", "198.51.100.1, 192.0.2.7"), ("client-ip", "198.51.100.1")),
        (&server, ("x-forwarded-for", "\u{ff}, 192.0.2.7"), ("via", "x")),
        (&server, ("x-forwarded-for", "198.51.100.1, ::ffff:192.0.2.7"), ("via", "x")),
        (&standard, ("forwarded", "for=192.0.2.7"), ("x-forwarded-for", "198.51.100.1")),
        (&standard, ("forwarded", "for=\"198.51.100.1, for=192.0.2.7"), ("via", "x")),
    ] {
        node.app.follow().await.unwrap();
        let page = node.browser().get_with(&[appended, forged], "/login").await;
        assert_eq!(page.status, 403, "{appended:?} {forged:?}");
    }
}

#[tokio::test]
async fn a_block_can_be_removed() {
    let (server, _) = start().await;
    block(&server, "2001:db8::/32", Reach::Everything, Span::from_days(1)).await;
    server.app.follow().await.unwrap();
    assert_eq!(get(&server, "2001:db8::1", "/login").await.status, 403);
    let context = server.context();
    let operator = server.operator(&context);
    let network = parse_network("2001:db8::/32").unwrap();
    operator.blocks().remove(network).await.unwrap();
    server.app.follow().await.unwrap();
    assert_eq!(get(&server, "2001:db8::1", "/login").await.status, 400);
    assert!(operator.blocks().remove(network).await.is_err(), "there is none any more");
    let rows = server.database().query("SELECT event FROM audit_events WHERE event LIKE 'address.%'").await;
    assert_eq!(rows.len(), 2, "one that ended nothing leaves no trace");
}

#[tokio::test]
async fn spraying_over_many_accounts_blocks_the_address_from_signing_in() {
    let (server, rp) = start().await;
    let twin = server.twin_with(behind_proxy).await;
    let owner = server.browser();
    assert_eq!(sign_in(&rp, &owner, "192.0.2.66", "bob", PASSWORD).await.status, 303);
    let attacker = server.browser();
    for number in 0..4 {
        let page = sign_in(&rp, &attacker, "192.0.2.66", &format!("user{number}"), "Summer2026").await;
        assert_eq!(page.status, 200, "{number}");
    }
    assert_eq!(sign_in(&rp, &attacker, "192.0.2.66", "user0", "Winter2026").await.status, 200, "not another account");
    assert_eq!(sign_in(&rp, &server.browser(), "192.0.2.66", "alice", PASSWORD).await.status, 303, "not yet");
    assert_eq!(sign_in(&rp, &attacker, "192.0.2.66", "user5", "Summer2026").await.status, 200);

    let refused = sign_in(&rp, &server.browser(), "192.0.2.66", "alice", PASSWORD).await;
    let wait: u32 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!(refused.status == 429 && (3500..=3600).contains(&wait), "{refused:?}");
    twin.app.follow().await.unwrap();
    let there = Browser::new(&twin.issuer);
    let refused = sign_in(&rp.at(&twin), &there, "192.0.2.66", "alice", PASSWORD).await;
    assert_eq!(refused.status, 429, "on the other node too");
    assert_eq!(sign_in(&rp, &server.browser(), "192.0.2.67", "alice", PASSWORD).await.status, 303, "beside it");
    assert_eq!(sign_in(&rp, &owner, "192.0.2.66", "bob", PASSWORD).await.status, 303, "a known browser");
    assert_eq!(get(&server, "192.0.2.66", "/").await.status, 200, "all else goes on");
    let rows = server.database().query("SELECT event FROM audit_events WHERE event = 'address.blocked'").await;
    assert_eq!(rows.len(), 1);
    server.clock.advance(Span::from_hours(1));
    assert_eq!(sign_in(&rp, &server.browser(), "192.0.2.66", "alice", PASSWORD).await.status, 303, "an hour later");
}

#[tokio::test]
async fn people_who_mistype_before_they_sign_in_do_not_count_as_a_spray() {
    let (server, rp) = start().await;
    for number in 0..8 {
        let name = format!("person{number}");
        server.add_user(&name).await;
        let browser = server.browser();
        assert_eq!(sign_in(&rp, &browser, "192.0.2.1", &name, "wrong").await.status, 200, "{name}");
        assert_eq!(sign_in(&rp, &browser, "192.0.2.1", &name, PASSWORD).await.status, 303, "{name}");
    }
    assert_eq!(sign_in(&rp, &server.browser(), "192.0.2.1", "alice", PASSWORD).await.status, 303);
}

#[tokio::test]
async fn the_server_does_not_shorten_an_operators_block() {
    let (server, _) = start().await;
    block(&server, "192.0.2.66", Reach::Everything, Span::from_days(7)).await;
    let realm = server.app.realm.id.clone();
    let network = parse_network("192.0.2.66").unwrap();
    let put = async || {
        let now = server.clock.now();
        let expires_at = now.plus(Span::from_hours(1));
        let block = Block { realm: realm.clone(), network, reach: Reach::SignIn, expires_at };
        let written = server.app.provider.store.write(move |tx| {
            let block = block.clone();
            Box::pin(async move { address_blocks::put(tx, &block, "spray", Precedence::InForce, now).await })
        });
        written.await.unwrap()
    };
    assert!(!put().await, "the operator's is in force");
    server.clock.advance(Span::from_days(7));
    assert!(put().await, "it has ended");
}
