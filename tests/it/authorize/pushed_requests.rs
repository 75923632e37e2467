//! Pushed authorization requests (RFC 9126): pushed by the client, opened by a browser, granted once.

mod capacity;

use std::collections::BTreeSet;

use futures_util::future::join_all;
use serde_json::json;
use signet_protocol::time::Span;
use signet_store::client::clients::Standing;

use crate::support::log::{listen, logged};
use crate::support::relying_party::CHALLENGE;
use crate::support::{Browser, Page, RelyingParty, Reply, TestServer, claims, rounds};

const OVER: &str = "request_uri is expired or already used.";

/// Pushes an authorization request, with these parameters over sensible defaults; an empty one is omitted.
async fn push(rp: &RelyingParty, changes: &[(&str, &str)]) -> Reply {
    let mut params = vec![
        ("response_type", "code"),
        ("redirect_uri", rp.redirect_uri.as_str()),
        ("scope", "openid"),
        ("state", "pushed-state"),
        ("nonce", "pushed-nonce"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in changes {
        params.retain(|(held, _)| held != name);
        if !value.is_empty() {
            params.push((name, value));
        }
    }
    rp.post("/par", &params).await
}

fn request_uri(reply: &Reply) -> String {
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.json()["request_uri"].as_str().unwrap().to_owned()
}

async fn pushed(rp: &RelyingParty) -> String {
    request_uri(&push(rp, &[]).await)
}

/// The URL at which a browser opens a pushed request.
fn open(rp: &RelyingParty, uri: &str, more: &[(&str, &str)]) -> String {
    let params = [("client_id", rp.id.as_str()), ("request_uri", uri)];
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(params).extend_pairs(more).finish();
    format!("{}/authorize?{query}", rp.issuer)
}

/// A browser in which alice has signed in and granted everything before.
async fn known_browser(rp: &RelyingParty) -> Browser {
    rp.authorize_with("alice", &[("scope", "openid")]).await.browser
}

#[tokio::test]
async fn a_request_is_pushed_opened_and_granted() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let reply = push(&rp, &[]).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["expires_in"]), (201, &json!(60)), "{reply:?}");
    assert_eq!((reply.header("cache-control"), reply.json().as_object().unwrap().len()), (Some("no-store"), 2));
    let uri = request_uri(&reply);
    let random = uri.strip_prefix("urn:ietf:params:oauth:request_uri:").unwrap();
    assert!(random.len() >= 43, "RFC 9126 §2.2: 256 random bits");
    let mut uris = BTreeSet::new();
    for _ in 0..20 {
        uris.insert(pushed(&rp).await);
    }
    assert_eq!(uris.len(), 20);
    let page = server.browser().authorize(&open(&rp, &uri, &[]), "alice").await;
    assert_eq!(page.parameter("state").as_deref(), Some("pushed-state"));
    let tokens = rp.redeem(&page.code()).await.tokens();
    assert_eq!(claims(tokens.id_token())["nonce"], "pushed-nonce");
    assert_eq!(tokens.json["scope"], "openid");
}

#[tokio::test]
async fn only_the_client_itself_pushes() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let other = server.client("other", json!({})).await;
    let guessing = RelyingParty { secret: other.secret.clone(), ..rp.at(&server) };
    push(&guessing, &[]).await.assert_error(401, "invalid_client");
    push(&rp, &[("client_id", "other")]).await.assert_error(401, "invalid_client");
    let nameless = RelyingParty { auth_method: "none".to_owned(), ..rp.at(&server) };
    push(&nameless, &[]).await.assert_error(400, "invalid_client");
    let unknown = RelyingParty { id: "unknown".to_owned(), ..rp.at(&server) };
    push(&unknown, &[]).await.assert_error(401, "invalid_client");
    assert_eq!(server.database().query("SELECT digest FROM pushed_requests").await.len(), 0, "nothing was kept");

    let uri = pushed(&rp).await;
    known_browser(&other).await.get(&open(&other, &uri, &[])).await.assert_rejected("another client's", 400, OVER);
    known_browser(&rp).await.get(&open(&rp, &uri, &[])).await.code();
    let uri = pushed(&rp).await;
    server.set_client_standing("rp", Standing::Disabled).await;
    let page = server.browser().get(&open(&rp, &uri, &[])).await;
    page.assert_rejected("disabled in between", 400, "client_id is not registered");
    push(&rp, &[]).await.assert_error(401, "invalid_client");
}

#[tokio::test]
async fn a_request_uri_lives_a_minute_and_is_granted_by_once() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let browser = known_browser(&rp).await;
    let late = pushed(&rp).await;
    let in_time = pushed(&rp).await;
    server.advance(Span::from_secs(59)).await;
    browser.get(&open(&rp, &in_time, &[])).await.code();
    browser.get(&open(&rp, &in_time, &[])).await.assert_rejected("used", 400, OVER);
    server.browser().get(&open(&rp, &in_time, &[])).await.assert_rejected("used, elsewhere", 400, OVER);
    server.advance(Span::from_secs(1)).await;
    browser.get(&open(&rp, &late, &[])).await.assert_rejected("expired", 400, OVER);
    let made_up = "urn:ietf:params:oauth:request_uri:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    browser.get(&open(&rp, made_up, &[])).await.assert_rejected("made up", 400, OVER);
    let back = [("redirect_uri", rp.redirect_uri.as_str()), ("state", "s")];
    let page = browser.get(&open(&rp, &late, &back)).await;
    assert_eq!(page.error(), "invalid_request_uri", "the redirect URI is next to it");
    let evil = [("redirect_uri", "https://evil.example/cb")];
    browser.get(&open(&rp, &late, &evil)).await.assert_rejected("nowhere else", 400, OVER);
}

#[tokio::test]
async fn a_denied_request_ends_and_may_be_opened_again() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let uri = pushed(&rp).await;
    let browser = server.browser();
    let page = browser.visit(&open(&rp, &uri, &[])).await;
    let page = browser.submit(&page, &[("login-cancel", "yes")]).await;
    assert_eq!((page.error(), page.parameter("state").as_deref()), ("access_denied".to_owned(), Some("pushed-state")));
    browser.authorize(&open(&rp, &uri, &[]), "alice").await.code();
}

#[tokio::test]
async fn a_request_that_is_opened_twice_is_granted_once() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    for same in [true, false] {
        let uri = pushed(&rp).await;
        let one = server.browser();
        let other = server.browser();
        let second = if same { &one } else { &other };
        let first_login = one.visit(&open(&rp, &uri, &[])).await;
        let second_login = second.visit(&open(&rp, &uri, &[])).await;
        assert!(first_login.has("id=\"login-submit\"") && second_login.has("id=\"login-submit\""), "{same}");
        let consent = one.sign_in(&first_login, "alice").await;
        let page = if consent.has("id=\"consent-allow\"") { one.allow(&consent).await } else { consent };
        page.code();
        let late = if same {
            second.visit(&second_login.form().action).await
        } else {
            second.sign_in(&second_login, "alice").await
        };
        late.assert_rejected(if same { "in the same browser" } else { "in another" }, 400, OVER);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_ten_browsers_at_once_one_is_granted() {
    let server = TestServer::start().await;
    let twin = server.twin().await;
    let rp = server.relying_party().await;
    let browser = known_browser(&rp).await;
    let session = browser.cookie("signet-session").unwrap();
    for round in 0..rounds(3) {
        let uri = pushed(&rp).await;
        let browsers: Vec<Browser> =
            (0..10).map(|at| if at % 2 == 0 { server.browser() } else { twin.browser() }).collect();
        browsers.iter().for_each(|browser| browser.set_cookie("signet-session", &session));
        let path = open(&rp, &uri, &[]).split_off(rp.issuer.len());
        let pages: Vec<Page> = join_all(browsers.iter().map(|browser| browser.get(&path))).await;
        let (won, lost): (Vec<_>, Vec<_>) = pages.into_iter().partition(|page| page.parameter("code").is_some());
        assert_eq!(won.len(), 1, "round {round}");
        lost.iter().for_each(|page| page.assert_rejected("overtaken", 400, OVER));
        rp.redeem(&won[0].code()).await.tokens();
    }
}

#[tokio::test]
async fn parameters_next_to_a_request_uri_are_ignored() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let browser = known_browser(&rp).await;
    let outside = [
        ("state", "outside"),
        ("nonce", "outside"),
        ("scope", "openid email profile"),
        ("prompt", "login"),
        ("redirect_uri", "https://evil.example/cb"),
        ("response_type", "code id_token"),
        ("response_mode", "form_post"),
        ("code_challenge", "outside"),
        ("max_age", "0"),
        ("claims", "nonsense"),
    ];
    let page = browser.get(&open(&rp, &pushed(&rp).await, &outside)).await;
    assert!(page.location().unwrap().starts_with("https://rp.example/cb?"), "{page:?}");
    assert_eq!(page.parameter("state").as_deref(), Some("pushed-state"));
    let tokens = rp.redeem(&page.code()).await.tokens();
    assert_eq!(
        (tokens.json["scope"].as_str(), &claims(tokens.id_token())["nonce"]),
        (Some("openid"), &json!("pushed-nonce"))
    );

    let uri = pushed(&rp).await;
    let both = browser.get(&open(&rp, &uri, &[("request", "a.b.c")])).await;
    both.assert_rejected("an object beside it", 400, "request and request_uri exclude each other.");
    let twice = browser.get(&open(&rp, &uri, &[("request_uri", &uri)])).await;
    twice.assert_rejected("two", 400, "A parameter is repeated.");
    let named_twice = browser.get(&open(&rp, &uri, &[("client_id", "rp")])).await;
    named_twice.assert_rejected("two clients", 400, "client_id is not registered");
}

#[tokio::test]
async fn an_invalid_request_is_refused_when_it_is_pushed() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let rows: [(&str, (&str, &str), &str); 15] = [
        ("RFC 9126 §2.1", ("request_uri", "urn:ietf:params:oauth:request_uri:AAAA"), "invalid_request"),
        ("another redirect URI", ("redirect_uri", "https://evil.example/cb"), "invalid_request"),
        ("no redirect URI", ("redirect_uri", ""), "invalid_request"),
        ("another scope", ("scope", "openid admin"), "invalid_scope"),
        ("no PKCE", ("code_challenge", ""), "invalid_request"),
        ("plain PKCE", ("code_challenge_method", "plain"), "invalid_request"),
        ("a response type", ("response_type", "code id_token"), "unsupported_response_type"),
        ("no response type", ("response_type", ""), "invalid_request"),
        ("a response mode", ("response_mode", "fragment"), "invalid_request"),
        ("a prompt", ("prompt", "none login"), "invalid_request"),
        ("max_age", ("max_age", "soon"), "invalid_request"),
        ("claims", ("claims", "nonsense"), "invalid_request"),
        ("a hint", ("id_token_hint", "a.b.c"), "invalid_request"),
        ("a resource", ("resource", "https://else.example/"), "invalid_target"),
        ("an object of a client without keys", ("request", "a.b.c"), "request_not_supported"),
    ];
    for (rule, change, error) in rows {
        let reply = push(&rp, &[change]).await;
        assert_eq!((reply.status.as_u16(), reply.json()["error"].as_str()), (400, Some(error)), "{rule}: {reply:?}");
        let description = reply.json()["error_description"].as_str().unwrap().to_owned();
        assert!(change.1.is_empty() || !description.contains(change.1), "{rule}: {description}");
    }
    let twice = [("state", "one"), ("response_type", "code")];
    rp.post("/par", &[twice[0], twice[1], ("state", "two")]).await.assert_error(400, "invalid_request");
    for method in [reqwest::Method::PUT, reqwest::Method::GET, reqwest::Method::DELETE] {
        let reply = server.http.request(method.clone(), server.url("/par")).send().await.unwrap();
        assert_eq!(reply.status(), 405, "{method}");
    }
    let query = format!("/par?{}", rp.authorization_url(&[]).split_once('?').unwrap().1);
    rp.post(&query, &[]).await.assert_error(400, "invalid_request");
    let json = server.http.post(server.url("/par")).basic_auth("rp", rp.secret.as_deref()).json(&json!({}));
    assert_eq!(json.send().await.unwrap().status(), 400, "a form is what is asked for");
    assert_eq!(server.database().query("SELECT digest FROM pushed_requests").await.len(), 0, "nothing was kept");
}

#[tokio::test]
async fn a_client_can_require_pushed_requests() {
    let server = TestServer::start().await;
    let rp = server.client("rp", json!({"require_pushed_authorization_requests": true})).await;
    let page = server.browser().get(&rp.authorization_url(&[])).await;
    assert_eq!(page.error(), "invalid_request", "RFC 9126 §6");
    server.browser().authorize(&open(&rp, &pushed(&rp).await, &[]), "alice").await.code();

    let app = json!({"token_endpoint_auth_method": "none", "require_pushed_authorization_requests": true});
    let app = server.client("app", app).await;
    push(&app, &[("code_challenge", "")]).await.assert_error(400, "invalid_request");
    let uri = pushed(&app).await;
    let page = server.browser().authorize(&open(&app, &uri, &[]), "alice").await;
    app.redeem_with(&page.code(), &[("code_verifier", &"x".repeat(43))]).await.assert_error(400, "invalid_grant");
    let page = server.browser().authorize(&open(&app, &pushed(&app).await, &[]), "alice").await;
    app.redeem(&page.code()).await.tokens();
}

#[tokio::test]
async fn a_pushed_request_is_not_seen_by_the_browser_or_in_the_log() {
    listen();
    let server = TestServer::start().await;
    let rp = server.client("rp", json!({"token_endpoint_auth_method": "client_secret_post"})).await;
    let canaries = ["canary-state", "canary-nonce", "canary-hint"];
    let changes =
        [("state", canaries[0]), ("nonce", canaries[1]), ("login_hint", canaries[2]), ("response_mode", "form_post")];
    let uri = request_uri(&push(&rp, &changes).await);
    push(&rp, &[("scope", "canary-scope"), ("state", canaries[0])]).await.assert_error(400, "invalid_scope");
    let random = uri.rsplit_once(':').unwrap().1;
    let browser = server.browser();
    let first = browser.get(&open(&rp, &uri, &[])).await;
    let location = first.location().unwrap();
    let cookies = format!("{:?}", first.headers);
    for canary in canaries {
        assert!(!location.contains(canary) && !cookies.contains(canary), "{canary}: {first:?}");
    }
    let page = browser.authorize(&open(&rp, &uri, &[]), "alice").await;
    assert!(page.form().field("code").is_some(), "{page:?}");
    assert!(!server.database().holds(random).await, "the digest is enough");
    assert!(!server.database().holds(rp.secret.as_deref().unwrap()).await, "credentials are no part of the request");
    let log = logged();
    assert!(log.contains("answered a request"), "the log is one");
    for secret in canaries.iter().chain([&random, &rp.secret.as_deref().unwrap()]) {
        assert_eq!(log.lines().find(|line| line.contains(secret)), None, "{secret}");
    }
}

#[tokio::test]
async fn a_pushed_request_is_known_to_every_node_and_after_a_restart() {
    let server = TestServer::start().await;
    let twin = server.twin().await;
    let rp = server.relying_party().await;
    let uri = pushed(&rp).await;
    let there = rp.at(&twin);
    let page = twin.browser().authorize(&open(&there, &uri, &[]), "alice").await;
    page.code();
    server.browser().get(&open(&rp, &uri, &[])).await.assert_rejected("used there", 400, OVER);
    let uri = pushed(&there).await;
    let restarted = server.twin().await;
    restarted.browser().authorize(&open(&rp.at(&restarted), &uri, &[]), "bob").await.code();
}
