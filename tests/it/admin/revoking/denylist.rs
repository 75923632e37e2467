//! The denylist: its rows, the instant of a cut-off, and the sweep.

use futures_util::future::join_all;
use serde_json::{Value, json};
use signet::jobs;
use signet_protocol::time::Span;

use super::{assert_alive, is_refused, rfc3339};
use crate::support::{Administrator, TestServer, Tokens, claims};

async fn denied(server: &TestServer, target: &str) -> usize {
    let sql = format!("SELECT subject FROM revocations WHERE target = '{target}'");
    server.database().query(&sql).await.len()
}

#[tokio::test]
async fn the_denylist_holds_what_is_alive_and_nothing_else() {
    let server = TestServer::stopped_with(|_| {}).await;
    let ops = Administrator::of(&server).await;
    let rp = server.relying_party().await;
    let many = async |families: usize, each: usize| {
        let grown = (0..families).map(async |_| {
            let mut tokens = vec![rp.sign_in("alice").await];
            while tokens.len() < each {
                let last = tokens.last().unwrap().refresh_token().to_owned();
                tokens.push(rp.refresh(&last).await.tokens());
            }
            tokens
        });
        join_all(grown).await.concat()
    };
    let old = many(20, 50).await;
    assert_eq!(old.len(), 1000);
    server.advance(Span::from_secs(2)).await;
    let until = rfc3339(&server, Span::from_secs(3));
    ops.revoke(json!({"target": "user", "username": "alice", "until": until})).await;
    assert!(is_refused(&rp, "alice").await);
    server.advance(Span::from_secs(6)).await;
    let new = many(10, 50).await;
    assert_eq!(new.len(), 500);
    for tokens in &new[..10] {
        ops.revoke(json!({"target": "token", "token": tokens.access_token})).await;
    }
    // What is covered already needs no row.
    for tokens in &old[..5] {
        assert_eq!(ops.revoke(json!({"target": "token", "token": tokens.access_token})).await["revoked"], false);
    }
    assert_eq!((denied(&server, "token").await, denied(&server, "user").await), (10, 1));
    let restarted = server.twin().await;
    for node in [&server, &restarted] {
        let alive = async |tokens: &Tokens| rp.at(node).is_active(&tokens.access_token).await;
        for tokens in old.iter().step_by(50).chain(&new[..10]) {
            assert!(!alive(tokens).await);
        }
        for tokens in new[10..].iter().step_by(50) {
            assert!(alive(tokens).await);
        }
    }
}

#[tokio::test]
async fn a_cut_off_takes_what_was_issued_in_its_millisecond_and_leaves_the_next() {
    let server = TestServer::stopped_with(|_| {}).await;
    let ops = Administrator::of(&server).await;
    let rp = server.relying_party().await;
    let old = rp.sign_in("alice").await;
    ops.revoke(json!({"target": "user", "username": "alice"})).await;
    assert!(
        is_refused(&rp, "alice").await,
        "nothing is issued in the millisecond of a cut-off that could be taken for old"
    );
    server.advance(Span::from_millis(1)).await;
    let new = rp.sign_in("alice").await;
    assert_alive([&server, &server], &old.access_token, false, "the same millisecond").await;
    assert_alive([&server, &server], &new.access_token, true, "the next").await;
    rp.refresh(new.refresh_token()).await.tokens();
}

#[tokio::test]
async fn statistics_follow_and_a_sweep_removes_what_is_over() {
    let server = TestServer::start().await;
    let ops = Administrator::of(&server).await;
    let rp = server.relying_party().await;
    let token = rp.sign_in("alice").await.access_token;
    let before = ops.read("/revocations").await;
    assert_eq!((&before["in_force"]["token"], &before["oldest"]), (&json!(0), &Value::Null));
    ops.revoke(json!({"target": "token", "token": token})).await;
    ops.revoke(json!({"target": "user", "username": "bob", "until": "2100-01-01"})).await;
    let after = ops.read("/revocations").await;
    assert_eq!((&after["in_force"]["token"], &after["in_force"]["user"]), (&json!(1), &json!(1)));
    assert_eq!((&after["banned_users"], &after["expired"]), (&json!(1), &json!(0)));
    let end = claims(&token)["exp"].as_i64().unwrap() + 60;
    assert_eq!(after["next_expiry"], end, "no longer than the token could be accepted");
    server.advance(Span::from_secs(600 + 60 + 1)).await;
    assert_eq!(ops.read("/revocations").await["expired"], 1);
    for minutes in [0, 8] {
        server.advance(Span::from_minutes(minutes)).await;
        jobs::run_upkeep(&server.app, "test").await.unwrap();
    }
    server.advance(Span::from_minutes(8)).await;
    let swept = ops.post("/revocations/sweep", &ops.token().await, &json!({})).await.json();
    assert_eq!(swept, json!({"removed": 1}));
    let last = ops.read("/revocations").await;
    assert_eq!((&last["in_force"]["token"], &last["expired"]), (&json!(0), &json!(0)));
    jobs::run_upkeep(&server.app, "test").await.unwrap();
    assert_eq!(denied(&server, "user").await, 1, "what can still concern something stays");
}
