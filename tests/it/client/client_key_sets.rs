//! Keys that clients publish at their `jwks_uri` (RFC 7591 §2): rotation is followed, fetches are rare, and a failing
//! URI affects no other client.

use std::time::{Duration, Instant};

use futures_util::future::{join_all, select_all};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};
use signet_protocol::time::Span;

use crate::client::client_assertions::{Key, claims, outcome};
use crate::client::registration::{open_with, register};
use crate::support::TestServer;
use crate::support::upstream::{Script, Upstream};

/// A server that may call loopback addresses.
async fn server() -> TestServer {
    TestServer::start_with(|settings| settings.outbound.allow_hosts = vec!["127.0.0.1".to_owned()]).await
}

fn set(keys: &[&Key]) -> Script {
    let keys: Vec<&Value> = keys.iter().map(|key| &key.public).collect();
    Script::ok("application/jwk-set+json", &json!({"keys": keys}).to_string())
}

/// Registers a service whose keys are at this URI.
async fn service(server: &TestServer, id: &str, jwks_uri: &str) {
    let metadata = json!({
        "grant_types": ["client_credentials"], "scope": "api", "jwks_uri": jwks_uri,
        "token_endpoint_auth_method": "private_key_jwt",
    });
    server.client(id, metadata).await;
}

async fn with(server: &TestServer, id: &str, key: &Key) -> String {
    outcome(server, &key.sign(&key.header(), &claims(server, id))).await
}

#[tokio::test]
async fn a_published_key_authenticates_its_client_and_is_fetched_once() {
    let server = server().await;
    let ec = Key::es256("e");
    let rsa = Key::rsa("r", Algorithm::PS256);
    let publisher = Upstream::http(set(&[&ec, &rsa])).await;
    service(&server, "svc", &publisher.url("/jwks")).await;
    for key in [&ec, &rsa, &ec] {
        assert_eq!(with(&server, "svc", key).await, "ok");
    }
    let unnamed = ec.sign(&json!({"alg": "ES256"}), &claims(&server, "svc"));
    assert_eq!(outcome(&server, &unnamed).await, "ok", "without a kid");
    assert_eq!(publisher.connections(), 1);
    assert_eq!(with(&server, "svc", &Key::es256("e")).await, "invalid_client", "another key of that name");
    let bound = json!({"grant_types": ["client_credentials"], "token_endpoint_auth_method": "private_key_jwt",
        "jwks_uri": publisher.url("/"), "token_endpoint_auth_signing_alg": "PS256"});
    server.client("bound", bound).await;
    assert_eq!(with(&server, "bound", &ec).await, "invalid_client", "bound to another algorithm");
    assert_eq!(with(&server, "bound", &rsa).await, "ok");
}

#[tokio::test]
async fn a_replaced_key_set_is_fetched_for_an_unknown_kid_and_after_an_hour() {
    let old = Key::es256("old");
    let new = Key::es256("new");
    let rows: [(&str, Span, &[(&Key, &str)], usize); 3] = [
        ("cached for an hour", Span::from_minutes(59), &[(&old, "ok")], 1),
        ("a withdrawn key", Span::from_hours(1), &[(&old, "invalid_client"), (&new, "ok")], 2),
        ("an unknown kid", Span::from_secs(61), &[(&old, "ok"), (&new, "ok"), (&old, "invalid_client")], 2),
    ];
    for (rule, after, presented, fetches) in rows {
        let server = server().await;
        let publisher = Upstream::http(set(&[&old])).await;
        service(&server, "svc", &publisher.url("/jwks")).await;
        assert_eq!(with(&server, "svc", &old).await, "ok", "{rule}");
        publisher.play(set(&[&new]));
        server.advance(after).await;
        for (key, expected) in presented {
            assert_eq!(with(&server, "svc", key).await, *expected, "{rule}");
        }
        assert_eq!(publisher.connections(), fetches, "{rule}");
    }
}

#[tokio::test]
async fn a_storm_of_unknown_kids_causes_one_fetch_a_minute() {
    let server = server().await;
    let key = Key::es256("k");
    let publisher = Upstream::http(set(&[&key])).await;
    service(&server, "svc", &publisher.url("/jwks")).await;
    let storm = async || {
        let strangers: Vec<Key> = (0..8).map(|number| Key::es256(&format!("unknown-{number}"))).collect();
        let outcomes = join_all(strangers.iter().map(|stranger| with(&server, "svc", stranger))).await;
        assert!(outcomes.iter().all(|outcome| outcome == "invalid_client"), "{outcomes:?}");
        publisher.connections()
    };
    assert_eq!(storm().await, 1);
    server.advance(Span::from_secs(58)).await;
    assert_eq!(storm().await, 1, "within the minute");
    assert_eq!(with(&server, "svc", &key).await, "ok");
    server.advance(Span::from_secs(3)).await;
    assert_eq!(storm().await, 2);
    assert_eq!(storm().await, 2);
    let header = json!({"alg": "HS256", "kid": "unknown"});
    server.advance(Span::from_secs(61)).await;
    assert_eq!(outcome(&server, &key.sign(&header, &claims(&server, "svc"))).await, "invalid_client");
    assert_eq!(publisher.connections(), 2, "an algorithm that no key has is not looked for");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn requests_at_once_wait_for_one_fetch() {
    let server = server().await;
    let key = Key::es256("k");
    let publisher = Upstream::held_back(set(&[&key])).await;
    service(&server, "svc", &publisher.url("/jwks")).await;
    let requests = join_all((0..8).map(|_| with(&server, "svc", &key)));
    let release = async {
        until(|| publisher.connections() > 0).await;
        pass_turns().await;
        publisher.release(8);
    };
    let (outcomes, ()) = tokio::join!(requests, release);
    assert!(outcomes.iter().all(|outcome| outcome == "ok"), "{outcomes:?}");
    assert_eq!(publisher.connections(), 1);
}

#[tokio::test]
async fn a_fetch_for_an_unknown_key_does_not_delay_known_keys() {
    let server = server().await;
    let key = Key::es256("k");
    let publisher = Upstream::held_back(set(&[&key])).await;
    service(&server, "svc", &publisher.url("/jwks")).await;
    publisher.release(1);
    assert_eq!(with(&server, "svc", &key).await, "ok");
    server.advance(Span::from_secs(61)).await;
    let stranger = Key::es256("unknown");
    let stranger = async { with(&server, "svc", &stranger).await };
    let known = async {
        until(|| publisher.connections() == 2).await;
        let outcome = with(&server, "svc", &key).await;
        publisher.release(1);
        outcome
    };
    let (stranger, known) = tokio::join!(stranger, known);
    assert_eq!((stranger.as_str(), known.as_str()), ("invalid_client", "ok"));
}

#[tokio::test]
async fn a_cancelled_request_does_not_cancel_the_fetch() {
    let server = server().await;
    let key = Key::es256("k");
    let publisher = Upstream::held_back(set(&[&key])).await;
    service(&server, "svc", &publisher.url("/jwks")).await;
    let impatient = async { with(&server, "svc", &key).await };
    let seen = until(|| publisher.connections() == 1);
    tokio::select! {
        outcome = impatient => panic!("answered: {outcome}"),
        () = seen => {}
    }
    // The request is dropped and its connection closed; the server gets time to notice.
    pass_turns().await;
    publisher.release(1);
    assert_eq!(with(&server, "svc", &key).await, "ok");
    assert_eq!(publisher.connections(), 1);
}

/// Registers a client with keys at this URI at the open registration endpoint.
async fn stranger(server: &TestServer, jwks_uri: &str) -> Value {
    let body = json!({
        "redirect_uris": ["https://rp.example/cb"], "jwks_uri": jwks_uri,
        "grant_types": ["authorization_code", "client_credentials"], "token_endpoint_auth_method": "private_key_jwt",
    });
    register(server, &body).await
}

/// A server that may call loopback addresses, with open registration.
async fn open_server() -> TestServer {
    open_with(|settings| settings.outbound.allow_hosts = vec!["127.0.0.1".to_owned()]).await
}

fn id(information: &Value) -> &str {
    information["client_id"].as_str().unwrap()
}

#[tokio::test]
async fn slow_servers_of_clients_that_registered_themselves_delay_no_client_of_an_operator() {
    let server = open_server().await;
    let key = Key::es256("k");
    let publisher = Upstream::http(set(&[&key])).await;
    service(&server, "svc", &publisher.url("/jwks")).await;
    let mut slow = Vec::new();
    let mut strangers = Vec::new();
    for _ in 0..4 {
        let upstream = Upstream::held_back(set(&[&key])).await;
        for _ in 0..8 {
            strangers.push(stranger(&server, &upstream.url("/jwks")).await);
        }
        slow.push(upstream);
    }
    let first_of_strangers =
        select_all(strangers.iter().map(|information| Box::pin(with(&server, id(information), &key))));
    let operators = async {
        until(|| slow.iter().map(Upstream::connections).sum::<usize>() == 32).await;
        with(&server, "svc", &key).await
    };
    tokio::select! {
        biased;
        (outcome, ..) = first_of_strangers => panic!("one of the others came first: {outcome}"),
        outcome = operators => assert_eq!(outcome, "ok"),
    }
}

#[tokio::test]
async fn a_changed_jwks_uri_does_not_bypass_the_pause() {
    let server = open_server().await;
    let old = Key::es256("old");
    let new = Key::es256("new");
    let first = Upstream::http(set(&[&old])).await;
    let second = Upstream::http(set(&[&new])).await;
    let information = stranger(&server, &first.url("/jwks")).await;
    assert_eq!(with(&server, id(&information), &old).await, "ok");
    let mut body = json!({"client_id": information["client_id"], "redirect_uris": information["redirect_uris"]});
    for name in ["grant_types", "token_endpoint_auth_method"] {
        body[name] = information[name].clone();
    }
    body["jwks_uri"] = second.url("/jwks").into();
    let registration = server.url(&format!("/register/{}", id(&information)));
    let token = information["registration_access_token"].as_str().unwrap();
    let put = server.http.put(registration).bearer_auth(token).json(&body).send().await.unwrap();
    assert_eq!(put.status(), 200);
    assert_eq!(
        with(&server, id(&information), &old).await,
        "invalid_client",
        "the former keys are not the client's any more"
    );
    assert_eq!(with(&server, id(&information), &new).await, "invalid_client", "within the minute");
    assert_eq!(second.connections(), 0);
    server.advance(Span::from_secs(61)).await;
    assert_eq!(with(&server, id(&information), &new).await, "ok");
}

#[tokio::test]
async fn a_refused_key_set_authenticates_no_one_and_reveals_nothing() {
    let server = server().await;
    let key = Key::es256("k");
    let mut private = key.public.clone();
    private["d"] = private["x"].clone();
    let symmetric = json!({"kty": "oct", "k": "AAAA", "kid": "s"});
    let ok = |body: &str| Script::ok("application/json", body);
    let twice = format!(r#"{{"keys":[],"keys":[{}]}}"#, key.public);
    let scripts = [
        ("a private key", ok(&json!({"keys": [private]}).to_string())),
        ("a private key beside", ok(&json!({"keys": [key.public, private]}).to_string())),
        ("a symmetric key beside", ok(&json!({"keys": [key.public, symmetric]}).to_string())),
        ("two keys of one name", ok(&json!({"keys": [key.public, key.public]}).to_string())),
        ("no keys", ok(r#"{"keys":[]}"#)),
        ("too many keys", ok(&json!({"keys": vec![&key.public; 21]}).to_string())),
        ("a member twice", ok(&twice)),
        ("garbage", ok("garbage")),
        ("half of it", ok(&json!({"keys": [key.public]}).to_string()[..80])),
        ("a list", ok(&json!([key.public]).to_string())),
        ("another type", Script::ok("text/html", &json!({"keys": [key.public]}).to_string())),
        ("another status", Script::raw("HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n\r\n")),
        ("a redirect", Script::raw("HTTP/1.1 302 Found\r\nLocation: /other\r\n\r\n")),
    ];
    for (number, (rule, script)) in scripts.into_iter().enumerate() {
        let publisher = Upstream::http(script).await;
        let id = format!("svc-{number}");
        service(&server, &id, &publisher.url("/jwks")).await;
        assert_eq!(with(&server, &id, &key).await, "invalid_client", "{rule}");
        assert_eq!(publisher.connections(), 1, "{rule}");
        publisher.play(set(&[&key]));
        assert_eq!(with(&server, &id, &key).await, "invalid_client", "{rule}: not asked again at once");
        assert_eq!(publisher.connections(), 1, "{rule}");
    }
}

#[tokio::test]
async fn a_failed_fetch_keeps_what_is_known_for_a_day_and_is_repeated_after_a_minute() {
    let server = server().await;
    let key = Key::es256("k");
    let publisher = Upstream::http(set(&[&key])).await;
    service(&server, "svc", &publisher.url("/jwks")).await;
    assert_eq!(with(&server, "svc", &key).await, "ok");
    publisher.play(Script::raw("HTTP/1.1 500 Oops\r\n\r\n"));
    server.advance(Span::from_hours(2)).await;
    for _ in 0..3 {
        assert_eq!(with(&server, "svc", &key).await, "ok", "the old set");
    }
    assert_eq!(publisher.connections(), 2, "one attempt");
    server.advance(Span::from_hours(22)).await;
    assert_eq!(with(&server, "svc", &key).await, "invalid_client", "a day old");
    assert_eq!(publisher.connections(), 3);
    publisher.play(set(&[&key]));
    assert_eq!(with(&server, "svc", &key).await, "invalid_client", "within the minute");
    server.advance(Span::from_secs(61)).await;
    assert_eq!(with(&server, "svc", &key).await, "ok");
}

#[tokio::test]
async fn a_dead_jwks_uri_does_not_delay_other_clients() {
    let server = TestServer::start_with(|settings| {
        settings.outbound.allow_hosts = vec!["127.0.0.1".to_owned()];
        settings.outbound.timeout = Span::from_secs(2);
    })
    .await;
    let key = Key::es256("k");
    let dead = Upstream::http(Script::Hang(Vec::new())).await;
    let publisher = Upstream::http(set(&[&key])).await;
    service(&server, "dead", &dead.url("/jwks")).await;
    service(&server, "svc", &publisher.url("/jwks")).await;
    let begun = Instant::now();
    let others = async {
        until(|| dead.connections() == 1).await;
        let begun = Instant::now();
        assert_eq!(with(&server, "svc", &key).await, "ok");
        begun.elapsed()
    };
    let (outcome, others) = tokio::join!(with(&server, "dead", &key), others);
    assert_eq!(outcome, "invalid_client");
    assert!(begun.elapsed() >= Duration::from_secs(2), "it was waited for");
    assert!(others < Duration::from_secs(2), "{others:?}");
    let begun = Instant::now();
    assert_eq!(with(&server, "dead", &key).await, "invalid_client");
    assert!(begun.elapsed() < Duration::from_secs(2), "not waited for again");
    assert_eq!(dead.connections(), 1);
}

#[tokio::test]
async fn clients_share_no_keys_even_at_one_uri() {
    let server = server().await;
    let mine = Key::es256("k");
    let yours = Key::es256("k");
    let publisher = Upstream::http(set(&[&mine])).await;
    service(&server, "mine", &publisher.url("/jwks")).await;
    assert_eq!(with(&server, "mine", &mine).await, "ok");
    publisher.play(set(&[&yours]));
    service(&server, "yours", &publisher.url("/jwks")).await;
    assert_eq!(with(&server, "yours", &yours).await, "ok");
    assert_eq!(with(&server, "yours", &mine).await, "invalid_client");
    assert_eq!(publisher.connections(), 2);
}

/// Waits until a condition holds.
async fn until(holds: impl Fn() -> bool) {
    while !holds() {
        tokio::task::yield_now().await;
    }
}

/// Yields until every runnable task has run.
async fn pass_turns() {
    for _ in 0..2000 {
        tokio::task::yield_now().await;
    }
}
