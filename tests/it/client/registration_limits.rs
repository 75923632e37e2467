//! Limits on registration (RFC 7591 §3, §5): by initial access token or open, within bounds shared by all nodes, and
//! the removal of unused clients.

use futures_util::future::join_all;
use serde_json::json;
use signet::config::{RegistrationMode, Settings};
use signet::jobs;
use signet_protocol::time::Span;
use signet_store::client::registrations::Allowance;

use crate::client::registration::{client, count, information, open_with, plain, register, send, with};
use crate::support::upstream::{Script, Upstream};
use crate::support::{TestServer, rounds};

async fn with_tokens() -> TestServer {
    open_with(|settings| settings.registration.mode = RegistrationMode::Token).await
}

async fn token(server: &TestServer, uses: u32, lifetime: Span) -> String {
    let allowance = Allowance { uses, expires_at: server.clock.now().plus(lifetime) };
    let context = server.context();
    server.operator(&context).clients().make_initial_token(allowance).await.unwrap().expose().to_owned()
}

#[tokio::test]
async fn an_initial_access_token_is_asked_for() {
    let server = with_tokens().await;
    let reply = send(&server, None, &plain()).await;
    assert_eq!((reply.status.as_u16(), reply.body.as_str()), (401, ""));
    assert!(reply.header("www-authenticate").unwrap().starts_with("Bearer realm="));
    let good = token(&server, 2, Span::from_days(1)).await;
    let mut other = good.clone();
    other.replace_range(10..11, if &good[10..11] == "A" { "B" } else { "A" });
    for wrong in ["", "sgia_", "sgra_x", &other, &good[..good.len() - 1]] {
        let reply = send(&server, Some(wrong), &plain()).await;
        assert_eq!(reply.status, 401, "{wrong}: {reply:?}");
        assert!(reply.header("www-authenticate").unwrap().contains("error=\"invalid_token\""), "{reply:?}");
    }
    assert_eq!(send(&server, Some(&good), &json!({})).await.status, 400, "which costs nothing");
    information(&send(&server, Some(&good), &plain()).await);
    information(&send(&server, Some(&good), &plain()).await);
    assert_eq!(send(&server, Some(&good), &plain()).await.status, 401, "used up");
    assert_eq!(count(&server, "clients").await, 2);
}

#[tokio::test]
async fn an_initial_access_token_expires() {
    let server = with_tokens().await;
    let token = token(&server, 5, Span::from_days(1)).await;
    information(&send(&server, Some(&token), &plain()).await);
    server.advance(Span::from_days(1)).await;
    assert_eq!(send(&server, Some(&token), &plain()).await.status, 401);
}

#[tokio::test]
async fn of_ten_registrations_at_once_with_a_single_use_token_one_wins() {
    let server = with_tokens().await;
    let second = server.twin_with(|settings| settings.registration.mode = RegistrationMode::Token).await;
    for round in 1..=rounds(3) {
        let token = token(&server, 1, Span::from_days(1)).await;
        let body = plain();
        let at = |turn: usize| if turn.is_multiple_of(2) { &server } else { &second };
        let replies = join_all((0..10).map(|turn| send(at(turn), Some(&token), &body))).await;
        let won = replies.iter().filter(|reply| reply.status == 201).count();
        assert!(replies.iter().all(|reply| [201, 401].contains(&reply.status.as_u16())), "{replies:?}");
        assert_eq!((won, count(&server, "clients").await), (1, round), "round {round}");
    }
}

#[tokio::test]
async fn only_so_many_register_within_an_hour_on_all_nodes_together() {
    let limit = |settings: &mut Settings| {
        settings.registration.mode = RegistrationMode::Open;
        settings.registration.per_hour = 3;
    };
    let server = open_with(limit).await;
    let second = server.twin_with(limit).await;
    let body = plain();
    let at = |turn: usize| if turn.is_multiple_of(2) { &server } else { &second };
    let replies = join_all((0..12).map(|turn| send(at(turn), None, &body))).await;
    let (won, lost): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 201);
    assert_eq!((won.len(), count(&server, "clients").await), (3, 3));
    for reply in lost {
        assert_eq!(reply.status, 429, "{reply:?}");
        let wait: i64 = reply.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=3600).contains(&wait), "{wait}");
    }
    let information = won[0].json();
    let uri = information["registration_client_uri"].as_str().unwrap();
    let token = &information["registration_access_token"];
    let gone = server.http.delete(uri).bearer_auth(token.as_str().unwrap()).send().await.unwrap();
    assert_eq!(gone.status(), 204);
    assert_eq!(send(&server, None, &body).await.status, 429, "removing makes no room");
    server.advance(Span::from_hours(1)).await;
    assert_eq!(send(&server, None, &body).await.status, 201);
}

#[tokio::test]
async fn only_so_many_are_kept() {
    let server = open_with(|settings| settings.registration.max_clients = 2).await;
    server.relying_party().await;
    let first = register(&server, &plain()).await;
    register(&server, &plain()).await;
    let full = send(&server, None, &plain()).await;
    assert_eq!(full.status, 429);
    assert!(full.header("retry-after").is_some());
    let uri = first["registration_client_uri"].as_str().unwrap();
    let token = &first["registration_access_token"];
    server.http.delete(uri).bearer_auth(token.as_str().unwrap()).send().await.unwrap();
    register(&server, &plain()).await;
}

#[tokio::test]
async fn nothing_is_fetched_for_an_unauthorized_registration() {
    let server = with_tokens().await;
    let upstream = Upstream::http(Script::ok("application/json", "[]")).await;
    let body = with(json!({"sector_identifier_uri": upstream.url("/sector")}));
    assert_eq!(send(&server, Some("sgia_wrong"), &body).await.status, 401);
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn a_client_that_nobody_uses_is_removed_and_one_that_is_used_stays() {
    let server = open_with(|settings| settings.registration.scopes = vec!["api".to_owned()]).await;
    let grants = json!({"grant_types": ["authorization_code", "client_credentials"]});
    let idle = register(&server, &plain()).await;
    let used = register(&server, &with(grants)).await;
    server.relying_party().await;
    let rp = client(&server, &used);
    server.advance(Span::from_days(20)).await;
    rp.client_credentials(&[]).await.tokens();
    server.advance(Span::from_days(20)).await;
    jobs::run_upkeep(&server.app, "test").await.unwrap();
    server.app.follow().await.unwrap();
    let gone = server.browser().visit(&client(&server, &idle).authorization_url(&[])).await;
    assert_eq!(gone.status, 400, "{gone:?}");
    let code = rp.authorize_as("alice").await.code();
    server.advance(Span::from_days(20)).await;
    jobs::run_upkeep(&server.app, "test").await.unwrap();
    rp.redeem(&code).await.assert_error(400, "invalid_grant");
    rp.client_credentials(&[]).await.tokens();
    server.advance(Span::from_days(31)).await;
    jobs::run_upkeep(&server.app, "test").await.unwrap();
    server.app.follow().await.unwrap();
    rp.client_credentials(&[]).await.assert_error(401, "invalid_client");
    assert_eq!(count(&server, "clients").await, 1, "an administrator's client stays");
}

#[tokio::test]
async fn a_use_is_noted_once_a_day_and_costs_nothing_else() {
    let server = open_with(|settings| settings.registration.scopes = vec!["api".to_owned()]).await;
    let information = register(&server, &json!({"grant_types": ["client_credentials"]})).await;
    // The client is already known, so it will not be read again for that.
    server.app.follow().await.unwrap();
    let rp = client(&server, &information);
    rp.client_credentials(&[]).await.tokens();
    let noted = async || server.database().query("SELECT last_used_at FROM client_registrations").await;
    let at_first = noted().await;
    let cost = async || server.statements(rp.client_credentials(&[])).await.1;
    assert_eq!((cost().await, noted().await == at_first), (0, true));
    server.advance(Span::from_days(1)).await;
    rp.client_credentials(&[]).await.tokens();
    assert_ne!(noted().await, at_first);
    rp.client_credentials(&[]).await.tokens();
    assert_eq!(cost().await, 0);
}

#[tokio::test]
async fn a_client_may_be_kept_for_ever() {
    let server = open_with(|settings| settings.registration.unused_lifetime = Span::ZERO).await;
    register(&server, &plain()).await;
    server.advance(Span::from_days(3000)).await;
    jobs::run_upkeep(&server.app, "test").await.unwrap();
    assert_eq!(count(&server, "clients").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_at_once_no_more_are_looked_up_than_an_hour_allows() {
    let limited = |settings: &mut Settings| {
        settings.registration.mode = RegistrationMode::Open;
        settings.registration.per_hour = 3;
        settings.outbound.allow_hosts = vec!["127.0.0.1".to_owned()];
    };
    let server = open_with(limited).await;
    let second = server.twin_with(limited).await;
    // The sector document names no redirect URI, so the registration fails.
    let upstream = Upstream::http(Script::ok("application/json", "[]")).await;
    let body = with(json!({ "sector_identifier_uri": upstream.url("/sector") }));
    let replies = join_all((0..16).map(|number| send(if number % 2 == 0 { &server } else { &second }, None, &body)));
    let replies = replies.await;
    let refused = replies.iter().filter(|reply| reply.status == 429).count();
    assert_eq!((upstream.connections(), refused), (3, 13), "{replies:?}");
}
