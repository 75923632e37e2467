//! Rate limits by class, address, client and person, across all nodes, with responses that say when to retry.

use reqwest::Method;
use serde_json::{Value, json};
use signet::config::Settings;
use signet::flows::admin::NewBlock;
use signet::flows::defense::rates;
use signet_protocol::defense::address_block::{Reach, parse_network};
use signet_protocol::endpoint::{self, CHANGE_PASSWORD, Endpoint};
use signet_protocol::time::Span;

use crate::support::TestServer;

fn limited(settings: &mut Settings) {
    settings.limits.enabled = true;
    settings.limits.login = 3;
    settings.limits.authorize = 5;
    settings.limits.token = 4;
    settings.limits.introspect = 7;
    settings.limits.api = 20;
    settings.limits.registration = 2;
    settings.registration.mode = signet::config::RegistrationMode::Open;
}

async fn start() -> TestServer {
    TestServer::stopped_with(limited).await
}

#[tokio::test]
async fn the_public_documents_are_never_refused() {
    let server = start().await;
    for _ in 0..1000 {
        assert_eq!(server.get("/jwks").await.status(), 200);
    }
    let home = server.browser().get("/").await;
    let style = home.body.split('"').find(|part| part.contains("/assets/")).unwrap().to_owned();
    for path in ["/.well-known/openid-configuration", "/.well-known/jwks.json", "/oauth/jwks", "/favicon.ico", &style] {
        for _ in 0..50 {
            assert_eq!(server.get(path).await.status(), 200, "{path}");
        }
    }
}

/// Every endpoint of the public listener by every method, each from an address of its own.
fn endpoints_by_method() -> impl Iterator<Item = (&'static Endpoint, Method, String)> {
    let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let pairs = endpoint::ALL.iter().flat_map(move |endpoint| methods.map(|method| (endpoint, method)));
    pairs.enumerate().map(|(number, (endpoint, method))| {
        let address = format!("198.18.{}.{}", number / 250, number % 250);
        (endpoint, method.parse().unwrap(), address)
    })
}

#[tokio::test]
async fn every_endpoint_has_a_limit_and_honors_blocks_by_every_method() {
    let server = TestServer::stopped_with(|settings| {
        limited(settings);
        let limits = &mut settings.limits;
        for limit in [&mut limits.login, &mut limits.authorize, &mut limits.pages, &mut limits.api] {
            *limit = 1;
        }
        limits.registration = 1;
        limits.user_codes = 1;
        settings.proxy.trusted = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let blocked = NewBlock {
        network: parse_network("192.0.2.0/24").unwrap(),
        reach: Reach::Everything,
        lasting: Span::from_hours(1),
    };
    server.operator(&server.context()).blocks().add(blocked).await.unwrap();
    server.app.follow().await.unwrap();
    for (endpoint, method, address) in endpoints_by_method() {
        let path = endpoint.path.replace("{*rest}", "v1/revocations").replace(['{', '}'], "");
        let status = async |address: &str| {
            let request = server.http.request(method.clone(), server.url(&path)).header("x-forwarded-for", address);
            request.send().await.unwrap().status().as_u16()
        };
        let first = status(&address).await;
        let second = status(&address).await;
        let answers = (first == 429, second == 429, status("192.0.2.1").await == 403);
        let is_document = path.contains("/.well-known/") && *endpoint != CHANGE_PASSWORD;
        let is_public = is_document || path.contains("jwks") || path.contains("/assets/") || path == "/favicon.ico";
        let expected = if is_public { (false, false, false) } else { (false, true, true) };
        assert_eq!(answers, expected, "{method} {path}");
    }
    let nowhere = async || server.get("/nowhere").await.status();
    assert_eq!(nowhere().await, 404);
    assert_eq!(nowhere().await, 429, "the search for an endpoint is limited too");
}

#[tokio::test]
async fn authorization_requests_are_limited_by_address_with_a_page() {
    let server = start().await;
    let rp = server.relying_party().await;
    let url = rp.authorization_url(&[]);
    for _ in 0..5 {
        assert_eq!(server.browser().get(&url).await.status, 303);
    }
    let refused = server.browser().get(&url).await;
    refused.assert_rejected("the sixth", 429, "There have been too many requests.");
    assert_eq!(refused.header("retry-after"), Some("12"));
    assert_eq!(refused.header("ratelimit-policy"), Some("\"authorize\";q=5;w=60"));
    assert_eq!(refused.header("ratelimit"), Some("\"authorize\";r=0;t=12"));
    assert_eq!(server.browser().get("/login").await.status, 400, "other pages are not concerned");
    server.clock.advance(Span::from_secs(12));
    assert_eq!(server.browser().get(&url).await.status, 303);
    assert_eq!(server.browser().get(&url).await.status, 429);
}

#[tokio::test]
async fn sign_in_forms_are_limited_by_address() {
    let server = start().await;
    for _ in 0..3 {
        assert_eq!(server.post("/login", &[]).await.status, 400);
    }
    let refused = server.browser().post("/login", &[]).await;
    refused.assert_rejected("the fourth", 429, "There have been too many requests.");
    assert_eq!(server.browser().get("/login").await.status, 400, "the page itself is not concerned");
}

#[tokio::test]
async fn a_client_has_a_share_of_its_own() {
    let server = start().await;
    let grants = json!({ "grant_types": ["client_credentials"] });
    let one = server.client("one", grants.clone()).await;
    let two = server.client("two", grants).await;
    for _ in 0..4 {
        one.client_credentials(&[]).await.tokens();
    }
    let refused = one.client_credentials(&[]).await;
    refused.assert_error(429, "temporarily_unavailable");
    assert_eq!(refused.header("retry-after"), Some("15"));
    assert_eq!(refused.header("ratelimit-policy"), Some("\"token\";q=4;w=60"));
    assert_eq!(refused.header("ratelimit"), Some("\"token\";r=0;t=15"));
    two.client_credentials(&[]).await.tokens();
    for _ in 0..5 {
        one.introspect("nonsense").await;
    }
    server.clock.advance(Span::from_secs(15));
    one.client_credentials(&[]).await.tokens();
}

#[tokio::test]
async fn nobody_uses_up_the_share_of_a_client_without_its_secret() {
    let server = start().await;
    let one = server.client("one", json!({ "grant_types": ["client_credentials"] })).await;
    let forged = [("grant_type", "client_credentials"), ("client_id", "one"), ("client_secret", "guess")];
    for _ in 0..8 {
        server.post("/token", &forged).await.assert_error(400, "invalid_client");
    }
    one.client_credentials(&[]).await.tokens();
}

#[tokio::test]
async fn an_address_is_limited_at_the_endpoints_of_clients_together() {
    let server = start().await;
    for path in ["/token", "/par", "/introspect", "/revoke"] {
        for _ in 0..5 {
            assert_ne!(server.post(path, &[]).await.status, 429, "{path}");
        }
    }
    for path in ["/token", "/par", "/introspect", "/revoke"] {
        let refused = server.post(path, &[]).await;
        refused.assert_error(429, "temporarily_unavailable");
        assert_eq!(refused.header("ratelimit-policy"), Some("\"api\";q=20;w=60"), "{path}");
    }
}

#[tokio::test]
async fn registration_is_limited_by_address() {
    let server = start().await;
    let register = async || server.http.post(server.url("/register")).json(&json!({})).send().await.unwrap();
    for _ in 0..2 {
        assert_eq!(register().await.status(), 400);
    }
    let refused = register().await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.json::<Value>().await.unwrap()["error"], "temporarily_unavailable");
}

#[tokio::test]
async fn without_a_trusted_proxy_the_peer_address_counts() {
    let server = start().await;
    let trusting = TestServer::stopped_with(|settings| {
        limited(settings);
        settings.proxy.trusted = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    for (server, expected) in [(&server, 429), (&trusting, 303)] {
        let rp = server.relying_party().await;
        let mut last = None;
        for number in 0..12 {
            let address = format!("198.51.100.{number}");
            let page = server.browser().get_with(&[("x-forwarded-for", &address)], &rp.authorization_url(&[])).await;
            last = Some(page.status.as_u16());
        }
        assert_eq!(last, Some(expected));
    }
    let rp = trusting.client("rp6", json!({})).await;
    let mut refused = 0;
    for number in 0..12 {
        let address = format!("2001:db8:1:2::{number}");
        let page = trusting.browser().get_with(&[("x-forwarded-for", &address)], &rp.authorization_url(&[])).await;
        refused += usize::from(page.status == 429);
    }
    assert_eq!(refused, 7, "an IPv6 network is one peer");
}

#[tokio::test]
async fn an_address_can_store_only_its_share_of_requests() {
    let server = TestServer::stopped_with(|settings| {
        settings.limits.enabled = true;
        settings.limits.waiting = 3;
        settings.proxy.trusted = vec!["127.0.0.0/8".parse().unwrap()];
    });
    let server = server.await;
    let rp = server.relying_party().await;
    let from = async |address: &str| {
        let browser = server.browser();
        browser.get_with(&[("x-forwarded-for", address)], &rp.authorization_url(&[])).await
    };
    for _ in 0..3 {
        assert_eq!(from("192.0.2.1").await.status, 303);
    }
    from("192.0.2.1").await.assert_rejected("the fourth", 429, "There have been too many requests.");
    assert_eq!(from("192.0.2.2").await.status, 303);
    let rows = server.database().query("SELECT id FROM authorization_requests").await;
    assert_eq!(rows.len(), 4);
    server.clock.advance(Span::from_minutes(10));
    assert_eq!(from("192.0.2.1").await.status, 303, "a third of their lifetime later there is one again");
}

#[tokio::test]
async fn many_addresses_of_one_region_share_a_limit() {
    let server = TestServer::stopped_with(|settings| {
        settings.limits.enabled = true;
        settings.limits.waiting = 2;
        settings.proxy.trusted = vec!["127.0.0.0/8".parse().unwrap()];
    });
    let server = server.await;
    let rp = server.relying_party().await;
    let from = async |address: String| {
        let browser = server.browser();
        browser.get_with(&[("x-forwarded-for", &address)], &rp.authorization_url(&[])).await.status
    };
    for (own, beside) in [("2001:db8:1:{}::1", "2001:db8:2::1"), ("192.0.2.{}", "192.0.3.1")] {
        for number in 1..=8 {
            assert_eq!(from(own.replace("{}", &number.to_string())).await, 303, "{own} {number}");
        }
        assert_eq!(from(own.replace("{}", "9")).await, 429, "four times the share of one address");
        assert_eq!(from(beside.to_owned()).await, 303, "{beside}");
    }
}

#[tokio::test]
async fn without_limits_no_request_is_refused() {
    let server = TestServer::stopped_with(|settings| {
        limited(settings);
        settings.limits.enabled = false;
    });
    let server = server.await;
    for _ in 0..40 {
        assert_ne!(server.post("/token", &[]).await.status, 429);
    }
}

/// Lets each node read the grants of the others.
async fn exchange(nodes: &[&TestServer]) {
    for node in nodes.iter().chain(nodes) {
        rates::exchange(&node.app.provider, node.app.clock.now()).await.unwrap();
    }
}

#[tokio::test]
async fn a_quota_holds_for_all_nodes_together() {
    let quota = 4;
    let one = TestServer::stopped_with(limited).await;
    let two = one.twin_with(limited).await;
    let service = one.client("service", json!({ "grant_types": ["client_credentials"] })).await;
    two.app.follow().await.unwrap();
    let mut granted = 0;
    for round in 0..6 {
        for node in [&one, &two] {
            granted += usize::from(service.at(node).client_credentials(&[]).await.status == 200);
        }
        exchange(&[&one, &two]).await;
        assert!(granted <= quota + 1, "round {round}: {granted} granted");
    }
    assert!(granted >= quota, "{granted} granted");
    for node in [&one, &two] {
        let refused = service.at(node).client_credentials(&[]).await;
        refused.assert_error(429, "temporarily_unavailable");
        assert!(refused.header("ratelimit").is_some_and(|header| header.starts_with("\"token\";r=0;t=")));
    }
    one.clock.advance(Span::from_secs(60));
    exchange(&[&one, &two]).await;
    assert_eq!(service.at(&two).client_credentials(&[]).await.status, 200, "nothing is charged twice");
}

#[tokio::test]
async fn every_kind_of_bucket_is_exchanged_between_nodes() {
    let trusting = |settings: &mut Settings| {
        limited(settings);
        settings.limits.person = 2;
        settings.proxy.trusted = vec!["127.0.0.0/8".parse().unwrap()];
    };
    let one = TestServer::stopped_with(trusting).await;
    let two = one.twin_with(trusting).await;
    let rp = one.relying_party().await;
    let token = rp.sign_in("alice").await.access_token;
    let from = async |node: &TestServer, address: &str| {
        let browser = node.browser();
        browser.post_with(&[("x-forwarded-for", address)], "/login", &[]).await.status
    };
    for number in 0..12 {
        assert_eq!(from(&one, &format!("198.51.100.{number}")).await, 400);
    }
    exchange(&[&one, &two]).await;
    assert_eq!(from(&two, "198.51.100.99").await, 429, "a region");
    assert_eq!(from(&two, "198.51.101.99").await, 400);
    // The consent of the sign-in counted as one request of alice.
    assert_eq!(one.userinfo(&token).await.status(), 200);
    exchange(&[&one, &two]).await;
    assert_eq!(two.userinfo(&token).await.status(), 429, "a person");
}

#[tokio::test]
async fn a_limit_costs_no_statement_and_an_idle_node_writes_nothing() {
    let one = TestServer::stopped_with(|settings| {
        limited(settings);
        settings.limits.token = 600;
        settings.limits.api = 6_000;
    });
    let one = one.await;
    let service = one.client("service", json!({ "grant_types": ["client_credentials"] })).await;
    service.client_credentials(&[]).await.tokens();
    let (_, statements) = one.statements(service.client_credentials(&[])).await;
    assert_eq!(statements, 0);
    let rows = async || one.database().query("SELECT node FROM rate_exchanges").await.len();
    exchange(&[&one]).await;
    assert_eq!(rows().await, 0, "less than a tenth of the quota");
    for _ in 0..60 {
        service.client_credentials(&[]).await.tokens();
    }
    exchange(&[&one]).await;
    assert!(rows().await > 0);
}

#[tokio::test]
async fn a_person_has_a_share_of_their_own() {
    let server = TestServer::stopped_with(|settings| {
        limited(settings);
        settings.limits.person = 4;
    });
    let server = server.await;
    let rp = server.relying_party().await;
    let alice = rp.sign_in("alice").await.access_token;
    let bob = rp.sign_in("bob").await.access_token;
    for _ in 0..3 {
        assert_eq!(server.userinfo(&alice).await.status(), 200);
    }
    let refused = server.userinfo(&alice).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["retry-after"], "15");
    assert_eq!(refused.headers()["ratelimit-policy"], "\"person\";q=4;w=60");
    assert_eq!(refused.headers()["ratelimit"], "\"person\";r=0;t=15");
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["error_description"], "There have been too many requests. Try again in 15 seconds.");
    assert_eq!(server.userinfo(&bob).await.status(), 200, "another person is not concerned");
    let other = server.client("other", json!({})).await;
    let elsewhere = other.sign_in("alice").await.access_token;
    assert_eq!(server.userinfo(&elsewhere).await.status(), 200, "nor is another client of this person");
    let page = server.browser().get(&rp.authorization_url(&[("prompt", "none")])).await;
    assert_eq!(page.error(), "login_required");
}
