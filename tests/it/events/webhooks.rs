//! Webhooks: committed events are delivered, signed, once, until they are accepted or abandoned; no request waits for a
//! delivery.

mod commands;

use serde_json::{Value, json};
use signet::config::Settings;
use signet::flows::admin::{NewWebhook, WebhookChange};
use signet::jobs;
use signet_protocol::ids::WebhookId;
use signet_protocol::time::Span;
use signet_store::events::webhooks::{self, Backlog, DeadLetter};
use signet_store::events::{audit_log, outbox};

use crate::support::receiver::SILENCE;
use crate::support::{Receiver, TestServer, UserChange, claims, header, verified};

const OWN: &str = "urn:signet:event:";

fn outbound(settings: &mut Settings) {
    settings.outbound.allow_hosts = vec!["127.0.0.1".to_owned()];
}

/// A server whose messages are delivered only when the test calls [`deliver`].
async fn start() -> TestServer {
    let mut server = TestServer::start_with(outbound).await;
    server.stop_jobs().await;
    server
}

async fn add(server: &TestServer, id: &str, receiver: &Receiver, events: &[&str]) {
    let events = events.iter().map(|event| (*event).to_owned()).collect();
    let new = NewWebhook { id: id.to_owned(), url: receiver.url.clone(), audience: None, events };
    server.operator(&server.context()).webhooks().add(new).await.unwrap();
}

async fn change(server: &TestServer, id: &str, change: WebhookChange) {
    let id = WebhookId::parse(id).unwrap();
    server.operator(&server.context()).webhooks().change(&id, change).await.unwrap();
}

async fn deliver(server: &TestServer) -> usize {
    jobs::deliver_due(&server.app).await.unwrap()
}

async fn backlog(server: &TestServer) -> Backlog {
    let mut tx = server.app.provider.store.read().await.unwrap();
    webhooks::list(&mut tx, &server.app.realm.id).await.unwrap()[0].1
}

async fn dead_letters(server: &TestServer, id: &str) -> Vec<DeadLetter> {
    let mut tx = server.app.provider.store.read().await.unwrap();
    webhooks::dead_letters(&mut tx, &server.app.realm.id, &WebhookId::parse(id).unwrap()).await.unwrap()
}

/// The name of this server's own event in a token.
fn event(token: &str) -> String {
    let claims = claims(token);
    let events = claims["events"].as_object().expect("events");
    let own = events.keys().find_map(|uri| uri.strip_prefix(OWN));
    own.expect("an event of ours").to_owned()
}

/// The names of the next events, in the order of their names.
async fn events(receiver: &Receiver, count: usize) -> Vec<String> {
    let mut events = Vec::new();
    for _ in 0..count {
        events.push(event(&receiver.next().await.body));
    }
    events.sort();
    events
}

#[tokio::test]
async fn a_webhook_gets_a_signed_security_event_token() {
    let server = start().await;
    let receiver = Receiver::start().await;
    add(&server, "siem", &receiver, &["user.*"]).await;
    let alice = server.database().query("SELECT id FROM users WHERE username = 'alice'").await[0][0].clone();
    let alice = String::from_utf8(alice).unwrap();
    server.change_user("alice", UserChange::Disable).await;
    assert_eq!(receiver.count(), 0, "the command did not wait for the webhook");
    assert_eq!(deliver(&server).await, 1);
    let arrival = receiver.next().await;
    assert_eq!(arrival.headers["content-type"], "application/secevent+jwt");
    assert_eq!(arrival.headers["accept"], "application/json");
    let token = &arrival.body;
    assert_eq!(header(token)["typ"], "secevent+jwt");
    let token_claims = verified(&server, token, "RS256", &receiver.url).await;
    let mut names: Vec<&String> = token_claims.as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["aud", "events", "iat", "iss", "jti", "sub_id", "toe", "txn"], "no exp, no sub");
    assert_eq!(token_claims["sub_id"], json!({ "format": "iss_sub", "iss": server.issuer, "sub": alice }));
    assert!(
        token_claims["events"].get("https://schemas.openid.net/secevent/risc/event-type/account-disabled").is_some()
    );
    assert_eq!(
        token_claims["events"][format!("{OWN}user.disabled")],
        json!({ "outcome": "success", "actor": "command" })
    );
    let text = Value::Object(token_claims.as_object().unwrap().clone()).to_string();
    assert!(!text.contains("alice"), "nothing personal but the subject: {text}");
    let mut tx = server.app.provider.store.read().await.unwrap();
    let row = audit_log::find(&mut tx, &server.app.realm.id, token_claims["txn"].as_str().unwrap()).await.unwrap();
    assert_eq!(row.unwrap().event, "user.disabled", "the row of the audit log is named");
    drop(tx);
    assert_eq!((deliver(&server).await, receiver.count()), (0, 1), "once");
}

#[tokio::test]
async fn webhooks_get_the_events_of_their_patterns_from_their_addition_on() {
    let server = start().await;
    let all = Receiver::start().await;
    let logins = Receiver::start().await;
    let users = Receiver::start().await;
    add(&server, "logins", &logins, &["login", "consent"]).await;
    let rp = server.relying_party().await;
    rp.sign_in("alice").await;
    add(&server, "all", &all, &[]).await;
    add(&server, "users", &users, &["user.disabled", "user.enabled"]).await;
    server.change_user("bob", UserChange::Disable).await;
    server.change_user("bob", UserChange::Enable).await;
    server.change_user("bob", UserChange::SignOut).await;
    deliver(&server).await;
    assert_eq!(events(&logins, 2).await, ["consent", "login"]);
    assert_eq!(events(&users, 2).await, ["user.disabled", "user.enabled"]);
    let received = events(&all, 5).await;
    let expected = ["user.disabled", "user.enabled", "user.signed_out", "webhook.added", "webhook.added"];
    assert_eq!(received, expected, "its own addition is the first thing");
    assert_eq!((logins.count(), users.count(), all.count()), (2, 2, 5));
}

#[tokio::test]
async fn two_nodes_deliver_each_event_once() {
    let server = start().await;
    let receiver = Receiver::start().await;
    let mut twin = server.twin_with(outbound).await;
    twin.stop_jobs().await;
    add(&server, "siem", &receiver, &["user.*"]).await;
    for round in 1..=5 {
        for change in [UserChange::Disable, UserChange::Enable] {
            server.change_user("alice", change).await;
        }
        let (one, two) = tokio::join!(deliver(&server), deliver(&twin));
        assert_eq!((one + two, receiver.count()), (2, 2 * round), "round {round}");
    }
}

#[tokio::test]
async fn committed_events_are_delivered_by_a_surviving_node() {
    let server = start().await;
    let receiver = Receiver::start().await;
    add(&server, "siem", &receiver, &["user.disabled"]).await;
    server.change_user("alice", UserChange::Disable).await;
    let _heir = server.twin_with(outbound).await;
    assert_eq!(event(&receiver.next().await.body), "user.disabled", "by the jobs of a node that started later");
}

#[tokio::test]
async fn a_webhook_that_was_down_gets_the_event_with_the_same_jti() {
    let server = start().await;
    let receiver = Receiver::start().await;
    add(&server, "siem", &receiver, &["user.*"]).await;
    receiver.answer_with(503);
    server.change_user("alice", UserChange::Disable).await;
    assert_eq!((deliver(&server).await, deliver(&server).await), (1, 0), "not at once again");
    let first = receiver.next().await.body;
    for status in [404, 302, 429] {
        receiver.answer_with(status);
        server.clock.advance(Span::from_minutes(31));
        assert_eq!(deliver(&server).await, 1, "{status}");
        receiver.next().await;
    }
    receiver.answer_with(202);
    server.clock.advance(Span::from_minutes(31));
    assert_eq!(deliver(&server).await, 1);
    let last = receiver.next().await.body;
    for name in ["jti", "txn", "iat", "toe", "events", "sub_id"] {
        assert_eq!(claims(&first)[name], claims(&last)[name], "{name}");
    }
    server.clock.advance(Span::from_days(1));
    assert_eq!((deliver(&server).await, backlog(&server).await), (0, Backlog { waiting: 0, dead: 0 }));
}

#[tokio::test]
async fn abandoned_events_are_kept_and_can_be_retried() {
    let server = start().await;
    let receiver = Receiver::start().await;
    add(&server, "siem", &receiver, &["user.disabled"]).await;
    receiver.refuse_with(r#"{"err":"invalid_key","description":"<script>alert(1)</script>"}"#);
    server.change_user("alice", UserChange::Disable).await;
    for attempt in 1..=3 {
        assert_eq!(deliver(&server).await, 1, "attempt {attempt}");
        server.clock.advance(Span::from_minutes(31));
    }
    let letters = dead_letters(&server, "siem").await;
    let [letter] = letters.as_slice() else { panic!("one dead letter: {letters:?}") };
    assert_eq!(
        (letter.event.as_deref(), letter.attempts, letter.reason.as_str()),
        (Some("user.disabled"), 3, "invalid_key")
    );
    assert_eq!((deliver(&server).await, backlog(&server).await), (0, Backlog { waiting: 0, dead: 1 }));

    receiver.answer_with(503);
    server.change_user("bob", UserChange::Disable).await;
    for _ in 0..60 {
        deliver(&server).await;
        server.clock.advance(Span::from_minutes(30));
    }
    let reasons: Vec<String> = dead_letters(&server, "siem").await.into_iter().map(|letter| letter.reason).collect();
    assert_eq!(reasons, ["invalid_key", "the webhook could not be reached"], "given up after a day");

    let before = receiver.count();
    change(&server, "siem", WebhookChange::Retry).await;
    assert_eq!(backlog(&server).await, Backlog { waiting: 2, dead: 0 });
    receiver.answer_with(200);
    assert_eq!((deliver(&server).await, receiver.count() - before), (2, 2));
    assert_eq!(backlog(&server).await, Backlog { waiting: 0, dead: 0 });

    receiver.refuse_with("{}");
    server.change_user("alice", UserChange::Enable).await;
    server.change_user("alice", UserChange::Disable).await;
    for _ in 0..3 {
        deliver(&server).await;
        server.clock.advance(Span::from_minutes(31));
    }
    assert_eq!(dead_letters(&server, "siem").await[0].reason, "no reason given");
    server.clock.advance(Span::from_days(30));
    jobs::run_upkeep(&server.app, "test").await.unwrap();
    assert_eq!(backlog(&server).await.dead, 0, "dead letters are not kept for ever");
}

#[tokio::test]
async fn a_disabled_or_removed_webhook_gets_no_events() {
    let server = start().await;
    let receiver = Receiver::start().await;
    add(&server, "siem", &receiver, &["user.*"]).await;
    change(&server, "siem", WebhookChange::Disable).await;
    server.change_user("alice", UserChange::Disable).await;
    assert_eq!(deliver(&server).await, 0);
    change(&server, "siem", WebhookChange::Enable).await;
    assert_eq!(deliver(&server).await, 0, "nor what happened meanwhile");
    server.change_user("alice", UserChange::Enable).await;
    assert_eq!(deliver(&server).await, 1);
    assert_eq!(event(&receiver.next().await.body), "user.enabled");

    receiver.answer_with(500);
    server.change_user("alice", UserChange::Disable).await;
    deliver(&server).await;
    change(&server, "siem", WebhookChange::Remove).await;
    server.clock.advance(Span::from_hours(1));
    assert_eq!(deliver(&server).await, 0);
    assert_eq!(server.database().query("SELECT id FROM outbox").await.len(), 0, "what waited is gone with it");
    let made = server.database().query("SELECT event FROM audit_events WHERE event LIKE 'webhook.%'").await;
    assert_eq!(made.len(), 4, "added, disabled, enabled, removed");
}

#[tokio::test]
async fn an_unresponsive_webhook_does_not_delay_others() {
    let mut server = TestServer::start_with(outbound).await;
    let silent = Receiver::start().await;
    let other = Receiver::start().await;
    silent.answer_with(SILENCE);
    add(&server, "silent", &silent, &["user.*"]).await;
    add(&server, "other", &other, &["user.*"]).await;
    for _ in 0..5 {
        server.change_user("alice", UserChange::Disable).await;
        server.change_user("alice", UserChange::Enable).await;
    }
    assert_eq!(events(&other, 10).await.len(), 10);
    assert!(silent.count() <= 2, "two attempts at a time");
    server.stop_jobs().await;
}

#[tokio::test]
async fn the_queue_of_a_webhook_is_bounded_and_the_rest_stays_in_the_audit_log() {
    let server = start().await;
    let receiver = Receiver::start().await;
    add(&server, "siem", &receiver, &["user.disabled"]).await;
    let realm = server.app.realm.id.clone();
    let id = WebhookId::parse("siem").unwrap();
    let now = server.clock.now();
    let filled = server.app.provider.store.write(move |tx| {
        let realm = realm.clone();
        let id = id.clone();
        Box::pin(async move {
            for row in 0..1000 {
                // Due later, so that no delivery is attempted.
                outbox::queue_event(tx, &realm, &id, &format!("row{row}"), now.plus(Span::from_hours(1))).await?;
            }
            Ok::<_, signet_store::StoreError>(())
        })
    });
    filled.await.unwrap();
    server.change_user("alice", UserChange::Disable).await;
    assert_eq!((deliver(&server).await, backlog(&server).await.waiting), (0, 1000));
    server.database().execute("DELETE FROM outbox WHERE event_id = 'row0'").await;
    assert_eq!(deliver(&server).await, 1);
    assert_eq!(event(&receiver.next().await.body), "user.disabled", "nothing was lost");
}

#[tokio::test]
async fn a_webhook_costs_a_request_no_statement() {
    let server = start().await;
    let receiver = Receiver::start().await;
    let change = async || server.change_user("alice", UserChange::Disable).await;
    // The minimum of several runs, since work that the node had begun before may be counted too.
    let cost = async || {
        let mut least = u64::MAX;
        for _ in 0..4 {
            least = least.min(server.statements(change()).await.1);
        }
        least
    };
    change().await;
    let without = cost().await;
    add(&server, "siem", &receiver, &[]).await;
    assert_eq!(cost().await, without);
}

#[tokio::test]
async fn a_webhook_that_breaks_a_rule_is_refused() {
    let server = start().await;
    let receiver = Receiver::start().await;
    add(&server, "siem", &receiver, &[]).await;
    let good = NewWebhook { id: "new".to_owned(), url: receiver.url.clone(), audience: None, events: Vec::new() };
    let rows = [
        (NewWebhook { id: "a b".to_owned(), ..good.clone() }, "is named by"),
        (NewWebhook { id: "siem".to_owned(), ..good.clone() }, "exists already"),
        (NewWebhook { audience: Some(String::new()), ..good.clone() }, "audience"),
        (NewWebhook { events: vec!["user.gone".to_owned()], ..good.clone() }, "\"user.gone\" names no event"),
        (NewWebhook { events: vec!["*".to_owned(); 51], ..good.clone() }, "at most 50"),
    ];
    for (new, expected) in rows {
        let refused = server.operator(&server.context()).webhooks().add(new).await;
        let error = refused.expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
    }
    for gone in [WebhookChange::Enable, WebhookChange::Disable, WebhookChange::Remove, WebhookChange::Retry] {
        let id = WebhookId::parse("gone").unwrap();
        let refused = server.operator(&server.context()).webhooks().change(&id, gone).await;
        assert_eq!(refused.unwrap_err().to_string(), "there is no webhook with this name", "{gone:?}");
    }
}
