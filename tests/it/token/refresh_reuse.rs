//! Rotation and reuse detection (RFC 9700 §4.14.2): one live leaf in each family; a lost answer is repeated; an older
//! token revokes everything.

use serde_json::json;
use signet_protocol::time::Span;

use crate::support::{RelyingParty, TestServer, Tokens};

/// A family of this many tokens, a minute apart, the oldest first.
async fn family(server: &TestServer, rp: &RelyingParty, length: usize) -> Vec<Tokens> {
    let mut tokens = vec![rp.sign_in("alice").await];
    while tokens.len() < length {
        server.advance(Span::from_secs(60)).await;
        let next = rp.refresh(tokens.last().unwrap().refresh_token()).await.tokens();
        tokens.push(next);
    }
    tokens
}

/// Asserts that no token of the family is valid.
async fn assert_dead(server: &TestServer, rp: &RelyingParty, tokens: &[Tokens], rule: &str) {
    for tokens in tokens {
        assert!(!rp.is_active(&tokens.access_token).await, "{rule}");
        assert!(!rp.is_active(tokens.refresh_token()).await, "{rule}");
        assert_eq!(server.userinfo(&tokens.access_token).await.status(), 401, "{rule}");
        let reply = rp.refresh(tokens.refresh_token()).await;
        assert_eq!(reply.json()["error"], "invalid_grant", "{rule}: {reply:?}");
    }
}

#[tokio::test]
async fn each_refresh_yields_a_new_token_and_one_is_live() {
    let server = TestServer::start().await;
    for (id, method) in [("rp", "client_secret_basic"), ("public", "none")] {
        let rp = server.client(id, json!({"token_endpoint_auth_method": method})).await;
        let all = family(&server, &rp, 5).await;
        let mut texts: Vec<&str> = all.iter().map(Tokens::refresh_token).collect();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), 5, "{method}");
    }
    let rp = server.client("third", json!({})).await;
    let all = family(&server, &rp, 5).await;
    let mut live = Vec::new();
    for tokens in &all {
        live.push(rp.is_active(tokens.refresh_token()).await);
    }
    assert_eq!(live, [false, false, false, false, true]);
}

#[tokio::test]
async fn a_retry_within_the_grace_gets_the_same_successor() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let first = rp.sign_in("alice").await;
    let second = rp.refresh(first.refresh_token()).await.tokens();
    for seconds in [0, 4, 4] {
        server.advance(Span::from_secs(seconds)).await;
        let again = rp.refresh(first.refresh_token()).await.tokens();
        assert_eq!(again.refresh_token(), second.refresh_token());
        assert_ne!(again.access_token, second.access_token);
        assert!(rp.is_active(&again.access_token).await && rp.is_active(&second.access_token).await);
    }
    let third = rp.refresh(second.refresh_token()).await.tokens();
    assert_ne!(third.refresh_token(), second.refresh_token());
    assert!(server.database().audit_events().await.iter().all(|event| event != "refresh_token.reused"));
}

#[tokio::test]
async fn a_retry_neither_widens_nor_forgets_the_scope() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let first = rp.sign_in("alice").await;
    let narrow = rp.refresh_with(first.refresh_token(), &[("scope", "openid")]).await.tokens();
    assert_eq!(narrow.json["scope"], "openid");
    rp.refresh_with(first.refresh_token(), &[("scope", "openid phone")]).await.assert_error(400, "invalid_scope");
    let again = rp.refresh(first.refresh_token()).await.tokens();
    assert_eq!((&again.json["scope"], again.refresh_token()), (&first.json["scope"], narrow.refresh_token()));
}

#[tokio::test]
async fn any_other_reuse_revokes_all_that_came_of_the_grant() {
    let rows = [
        ("the parent, after the grace", 2, 0, 11),
        ("the parent of a longer family, after the grace", 4, 2, 11),
        ("the grandparent, within the grace", 3, 0, 0),
        ("an older ancestor, within the grace", 5, 1, 0),
        ("the first of all, much later", 5, 0, 86_400),
    ];
    for (rule, length, reused, seconds) in rows {
        let server = TestServer::start().await;
        let rp = server.relying_party().await;
        let all = family(&server, &rp, length).await;
        let bystander = rp.sign_in("alice").await;
        server.advance(Span::from_secs(seconds)).await;
        assert!(rp.is_active(all.last().unwrap().refresh_token()).await, "{rule}");
        rp.refresh(all[reused].refresh_token()).await.assert_error(400, "invalid_grant");
        assert_dead(&server, &rp, &all, rule).await;
        let events = server.database().audit_events().await;
        assert_eq!(events.iter().filter(|event| *event == "refresh_token.reused").count(), 1, "{rule}: {events:?}");
        rp.refresh(bystander.refresh_token()).await.tokens();
    }
}

#[tokio::test]
async fn the_parent_of_a_used_successor_is_no_retry() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let first = rp.sign_in("alice").await;
    let second = rp.refresh(first.refresh_token()).await.tokens();
    let third = rp.refresh(second.refresh_token()).await.tokens();
    rp.refresh(first.refresh_token()).await.assert_error(400, "invalid_grant");
    assert_dead(&server, &rp, &[first, second, third], "within the grace, but the successor was used").await;
}

#[tokio::test]
async fn reuse_is_known_to_every_node_and_after_a_restart() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let all = family(&server, &rp, 3).await;
    let node = server.second_node().await;
    rp.at(&node).refresh(all[0].refresh_token()).await.assert_error(400, "invalid_grant");
    server.app.follow().await.unwrap();
    assert_dead(&server, &rp, &all, "at the first node").await;
    let restarted = server.second_node().await;
    for tokens in &all {
        rp.at(&restarted).refresh(tokens.refresh_token()).await.assert_error(400, "invalid_grant");
        assert!(!rp.at(&restarted).is_active(tokens.refresh_token()).await);
    }
}

#[tokio::test]
async fn a_retry_at_another_node_gets_the_same_successor() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let node = server.second_node().await;
    let first = rp.sign_in("alice").await;
    let here = rp.refresh(first.refresh_token()).await.tokens();
    let there = rp.at(&node).refresh(first.refresh_token()).await.tokens();
    assert_eq!(here.refresh_token(), there.refresh_token());
}

#[tokio::test]
async fn a_reuse_ends_access_tokens_that_a_faster_clock_has_dated() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let all = family(&server, &rp, 3).await;
    server.advance(Span::from_secs(-3)).await;
    rp.refresh(all[0].refresh_token()).await.assert_error(400, "invalid_grant");
    assert_dead(&server, &rp, &all, "a clock that is behind").await;
}

#[tokio::test]
async fn a_forged_token_revokes_nothing() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let all = family(&server, &rp, 3).await;
    let old = all[0].refresh_token();
    let leaf = all[2].refresh_token();
    let flip = |token: &str, at: usize| {
        let mut bytes = token.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    };
    let forged = [
        ("another secret", flip(old, 40)),
        ("another generation", flip(leaf, 30)),
        ("another tag", flip(old, old.len() - 4)),
        ("truncated", old[..old.len() - 1].to_owned()),
        ("extended", format!("{old}A")),
        ("in another case", leaf.to_lowercase()),
        ("the tag of another", format!("{}{}", &old[..60], &leaf[60..])),
    ];
    for (rule, token) in forged {
        let reply = rp.refresh(&token).await;
        assert_eq!(reply.json()["error"], "invalid_grant", "{rule}");
        assert!(rp.is_active(leaf).await, "{rule}");
    }
    rp.refresh(leaf).await.tokens();
}
