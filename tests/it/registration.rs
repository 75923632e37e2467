//! Clients that register themselves (RFC 7591, OpenID Connect Registration): who may, what they may say, and what it
//! never gives them.

use futures_util::future::join_all;
use serde_json::{Value, json};
use signet::config::{RegistrationMode, Settings};
use signet::flows::administer;
use signet::jobs;
use signet::protocol::profile::Profile;
use signet::protocol::time::Span;
use signet::store::registrations::Allowance;

use crate::support::keys::KeyPair;
use crate::support::upstream::{Script, Upstream};
use crate::support::{RelyingParty, Reply, TestServer, rounds};

const PATH: &str = "/register";

/// A server at which anybody may register.
pub async fn open() -> TestServer {
    open_with(|_| {}).await
}

pub async fn open_with(change: impl FnOnce(&mut Settings)) -> TestServer {
    TestServer::start_with(|settings| {
        settings.registration.mode = RegistrationMode::Open;
        change(settings);
    })
    .await
}

async fn with_tokens() -> TestServer {
    open_with(|settings| settings.registration.mode = RegistrationMode::Token).await
}

/// What an ordinary client says about itself.
pub fn plain() -> Value {
    json!({ "redirect_uris": ["https://rp.example/cb"] })
}

/// The same with these members over it.
pub fn with(changes: Value) -> Value {
    let mut body = plain();
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

pub async fn send(server: &TestServer, bearer: Option<&str>, body: &Value) -> Reply {
    let request = server.http.post(server.url(PATH)).json(body);
    let request = if let Some(token) = bearer { request.bearer_auth(token) } else { request };
    Reply::of(request.send().await.unwrap()).await
}

/// Registers a client that is not refused.
#[track_caller]
pub fn told(reply: &Reply) -> Value {
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.json()
}

pub async fn register(server: &TestServer, body: &Value) -> Value {
    told(&send(server, None, body).await)
}

/// The registered client, ready to be used.
pub fn client(server: &TestServer, told: &Value) -> RelyingParty {
    let secret = told["client_secret"].as_str().map(str::to_owned);
    RelyingParty::new(server, told["client_id"].as_str().unwrap(), secret, told.clone())
}

async fn token(server: &TestServer, uses: u32, lifetime: Span) -> String {
    let allowance = Allowance { uses, expires_at: server.clock.now().plus(lifetime) };
    let store = &server.app.provider.store;
    administer::make_initial_token(store, &server.context(), allowance).await.unwrap().expose().to_owned()
}

async fn count(server: &TestServer, table: &str) -> usize {
    server.database().query(&format!("SELECT realm_id FROM {table}")).await.len()
}

/// What is stored of the client.
async fn stored(server: &TestServer, told: &Value) -> Value {
    let id = told["client_id"].as_str().unwrap();
    let rows = server.database().query(&format!("SELECT metadata FROM clients WHERE id = '{id}'")).await;
    serde_json::from_slice(&rows[0][0]).unwrap()
}

#[tokio::test]
async fn registration_is_off_unless_the_settings_say_otherwise() {
    let server = TestServer::start().await;
    let unknown = Reply::of(server.get("/unheard-of").await).await;
    let reply = send(&server, None, &plain()).await;
    assert_eq!((reply.status, &reply.body), (unknown.status, &unknown.body));
    for path in [PATH, "/register/x"] {
        assert_eq!(server.get(path).await.status(), 404, "{path}");
    }
    let document: Value = server.get("/.well-known/openid-configuration").await.json().await.unwrap();
    assert_eq!(document.get("registration_endpoint"), None);
    assert_eq!(count(&server, "clients").await, 0);
    let document: Value = open().await.get("/.well-known/openid-configuration").await.json().await.unwrap();
    let expected = format!("{}{PATH}", document["issuer"].as_str().unwrap());
    assert_eq!(document["registration_endpoint"], expected);
}

#[tokio::test]
async fn a_client_registers_as_the_certification_suite_does_and_signs_somebody_in() {
    let server = open_with(|settings| settings.registration.profile = Profile::OidcClassic).await;
    let key = KeyPair::generate("RS256");
    let body = json!({
        "client_name": "Suite", "grant_types": ["authorization_code"], "jwks": {"keys": [key.jwk]},
        "token_endpoint_auth_method": "client_secret_basic", "response_types": ["code"],
        "redirect_uris": ["https://rp.example/cb"], "contacts": ["certification@oidf.example"],
    });
    let reply = send(&server, None, &body).await;
    let told = told(&reply);
    assert_eq!(
        (reply.header("cache-control"), reply.header("content-type")),
        (Some("no-store"), Some("application/json"))
    );
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&told[name], value, "{name}");
    }
    let defaults = [
        ("application_type", json!("web")),
        ("id_token_signed_response_alg", json!("RS256")),
        ("subject_type", json!("public")),
        ("scope", json!("openid profile email address phone offline_access")),
        ("require_auth_time", json!(false)),
        ("client_secret_expires_at", json!(0)),
        ("client_id_issued_at", json!(server.clock.now().as_secs())),
    ];
    for (name, value) in defaults {
        let near = name == "client_id_issued_at" && told[name].as_i64().unwrap() - value.as_i64().unwrap() >= -5;
        assert!(near || told[name] == value, "{name}: {told}");
    }
    let (id, secret) = (told["client_id"].as_str().unwrap(), told["client_secret"].as_str().unwrap());
    assert!(id.len() == 22 && secret.starts_with("sgcs_"), "{told}");
    assert!(told["registration_access_token"].as_str().unwrap().starts_with("sgra_"));
    assert_eq!(told["registration_client_uri"], format!("{}{PATH}/{id}", server.issuer));
    assert!(told.as_object().unwrap().values().all(|value| !value.is_null()), "{told}");
    let rp = client(&server, &told);
    let authorized = rp.authorize_with("alice", &[("code_challenge", ""), ("code_challenge_method", "")]).await;
    let tokens = rp.redeem_with(&authorized.code(), &[("code_verifier", "")]).await.tokens();
    assert_eq!(server.userinfo(&tokens.access_token).await.status(), 200);
}

#[tokio::test]
async fn secrets_are_made_for_those_that_use_one_and_kept_as_digests() {
    let server = open().await;
    let key = KeyPair::generate("ES256");
    for (method, has_secret) in
        [("client_secret_basic", true), ("client_secret_post", true), ("private_key_jwt", false), ("none", false)]
    {
        let body = with(json!({"token_endpoint_auth_method": method, "jwks": {"keys": [key.jwk]}}));
        let told = register(&server, &body).await;
        assert_eq!(told.get("client_secret").is_some(), has_secret, "{method}");
        assert_eq!(told.get("client_secret_expires_at").is_some(), has_secret, "{method}");
        let mut secrets = vec![told["registration_access_token"].as_str().unwrap()];
        secrets.extend(told["client_secret"].as_str());
        for (table, value) in server.database().dump().await {
            let text = String::from_utf8_lossy(&value);
            assert!(!secrets.iter().any(|secret| text.contains(secret)), "{method}: {table}");
        }
    }
}

#[tokio::test]
async fn metadata_is_refused_for_each_fault_alone() {
    let server = open().await;
    let private = {
        let mut jwk = KeyPair::generate("RS256").jwk;
        jwk["d"] = json!("AQAB");
        jwk
    };
    let (uri, data) = ("invalid_redirect_uri", "invalid_client_metadata");
    let rows = [
        ("no redirect URI", json!({"redirect_uris": null}), uri),
        ("an empty list", json!({"redirect_uris": []}), uri),
        ("a text for a list", json!({"redirect_uris": "https://canary.example/"}), uri),
        ("numbers", json!({"redirect_uris": [1]}), uri),
        ("a fragment", json!({"redirect_uris": ["https://canary.example/cb#x"]}), uri),
        ("an empty fragment", json!({"redirect_uris": ["https://canary.example/cb#"]}), uri),
        ("plain http", json!({"redirect_uris": ["http://canary.example/cb"]}), uri),
        ("a script", json!({"redirect_uris": ["javascript:canary()"]}), uri),
        ("a wildcard", json!({"redirect_uris": ["https://*.canary.example/cb"]}), uri),
        ("unsigned ID tokens", json!({"id_token_signed_response_alg": "none"}), data),
        ("an unknown algorithm", json!({"id_token_signed_response_alg": "canary"}), data),
        ("the implicit flow", json!({"response_types": ["id_token token"], "grant_types": ["implicit"]}), data),
        ("passwords", json!({"grant_types": ["password"]}), data),
        ("an unknown method", json!({"token_endpoint_auth_method": "canary"}), data),
        ("no keys", json!({"token_endpoint_auth_method": "private_key_jwt"}), data),
        ("private keys", json!({"jwks": {"keys": [private]}}), data),
        ("keys and a place for them", json!({"jwks": {"keys": []}, "jwks_uri": "https://canary.example/"}), data),
        ("a logout elsewhere", json!({"post_logout_redirect_uris": ["canary"]}), data),
        ("an http login", json!({"initiate_login_uri": "http://canary.example/"}), data),
        ("a script for a link", json!({"policy_uri": "javascript:canary()"}), data),
        ("control characters", json!({"client_name": "canary\u{0}"}), data),
        ("a long name", json!({"client_name": "canary".repeat(20)}), data),
        ("a number for a name", json!({"client_name": 7}), data),
        ("a text for a number", json!({"default_max_age": "7"}), data),
        ("a text for a truth", json!({"require_auth_time": "true"}), data),
        ("a negative age", json!({"default_max_age": -1}), data),
        ("an unknown subject type", json!({"subject_type": "canary"}), data),
        (
            "no common sector",
            json!({"subject_type": "pairwise", "redirect_uris": ["https://a.example/", "https://b.example/"]}),
            data,
        ),
        ("scopes of others", json!({"scope": "canary"}), data),
        ("a statement", json!({"software_statement": "canary"}), "unapproved_software_statement"),
    ];
    for (rule, changes, expected) in rows {
        let reply = send(&server, None, &with(changes)).await;
        assert_eq!((reply.status.as_u16(), reply.json()["error"].as_str()), (400, Some(expected)), "{rule}: {reply:?}");
        reply.assert_error(400, expected);
        assert!(!reply.body.contains("canary"), "{rule}: {reply:?}");
    }
    assert_eq!(count(&server, "clients").await, 0);
}

#[tokio::test]
async fn a_refusal_names_the_member() {
    let server = open().await;
    for (changes, member) in [
        (json!({"redirect_uris": "x"}), "redirect_uris"),
        (json!({"contacts": "x"}), "contacts"),
        (json!({"initiate_login_uri": "http://rp.example/"}), "initiate_login_uri"),
        (json!({"response_types": ["token"], "grant_types": ["implicit"]}), "response_types"),
    ] {
        let reply = send(&server, None, &with(changes)).await;
        let description = reply.json()["error_description"].as_str().unwrap().to_owned();
        assert!(description.starts_with(&format!("{member} ")), "{description}");
    }
}

#[tokio::test]
async fn the_body_is_one_strict_json_object_of_bounded_size() {
    let server = open().await;
    let post = async |content_type: &str, body: &str| {
        let request = server.http.post(server.url(PATH)).header("content-type", content_type).body(body.to_owned());
        Reply::of(request.send().await.unwrap()).await
    };
    let good = plain().to_string();
    let long = with(json!({"unheard_of": "x".repeat(70_000)})).to_string();
    for (rule, content_type, body) in [
        ("a form", "application/x-www-form-urlencoded", good.as_str()),
        ("no type", "text/plain", &good),
        ("nothing", "application/json", ""),
        ("a list", "application/json", "[]"),
        (
            "twice",
            "application/json",
            r#"{"redirect_uris":["https://a.example/"],"redirect_uris":["https://b.example/"]}"#,
        ),
        ("more after it", "application/json", &format!("{good} {good}")),
        ("no UTF-8", "application/json", "{\"client_name\": \"\\ud800\"}"),
    ] {
        post(content_type, body).await.assert_error(400, "invalid_client_metadata");
        assert_eq!(count(&server, "clients").await, 0, "{rule}");
    }
    assert_eq!(post("application/json", &long).await.status, 413);
    assert_eq!(post("application/json; charset=utf-8", &good).await.status, 201);
}

#[tokio::test]
async fn nobody_registers_more_than_strangers_are_given() {
    let server = open_with(|settings| settings.registration.scopes = vec!["api:read".to_owned()]).await;
    let attempts = json!({
        "profile": "oidc_classic", "skip_consent": true, "audiences": ["https://api.example/"],
        "cors_origins": ["https://rp.example"], "access_token_format": "opaque", "access_token_lifetime": 86400,
        "client_id": "chosen", "client_secret": "c".repeat(40), "client_id_issued_at": 1, "enabled": true,
        "registration_access_token": "sgra_chosen", "registration_client_uri": "https://evil.example/",
        "client_name#ja": "x", "unheard_of": {"a": [1]}, "scope": "openid api:read api:write admin",
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
    });
    let told = register(&server, &with(attempts.clone())).await;
    let (stored, default) = (stored(&server, &told).await, json!(signet::protocol::client::ClientMetadata::default()));
    for name in ["profile", "skip_consent", "audiences", "cors_origins", "access_token_format", "access_token_lifetime"]
    {
        assert_eq!(stored.get(name), default.get(name), "{name}");
        assert_eq!(told.get(name), None, "{name}");
    }
    for name in
        ["client_id", "client_secret", "client_id_issued_at", "registration_access_token", "registration_client_uri"]
    {
        assert_ne!(told[name], attempts[name], "{name}");
    }
    assert_eq!((&told["scope"], told.get("unheard_of")), (&json!("openid api:read"), None));
    let rp = client(&server, &told);
    let refused = server.browser().visit(&rp.authorization_url(&[("scope", "openid admin")])).await;
    assert_eq!(refused.error(), "invalid_scope");
    let browser = server.browser();
    let login = browser.visit(&rp.authorization_url(&[("scope", "openid")])).await;
    assert!(browser.sign_in(&login, "alice").await.has("consent-allow"), "people are asked");
    rp.client_credentials(&[("scope", "api:write")]).await.assert_error(400, "invalid_scope");
    let origin = server.http.post(server.url("/token")).header("origin", "https://rp.example").send().await.unwrap();
    assert!(!origin.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn without_a_scope_a_client_may_ask_for_all_that_is_given_to_strangers() {
    let server = open_with(|settings| settings.registration.scopes = vec!["api".to_owned()]).await;
    let told = register(&server, &plain()).await;
    assert_eq!(told["scope"], "openid profile email address phone offline_access api");
}

#[tokio::test]
async fn what_a_client_says_about_itself_comes_back() {
    let server = open().await;
    let body = with(json!({
        "client_name": "<script>alert(1)</script>", "application_type": "web", "client_uri": "https://rp.example/",
        "logo_uri": "https://rp.example/logo.png", "policy_uri": "https://rp.example/p", "tos_uri": "https://rp.example/t",
        "initiate_login_uri": "https://rp.example/login", "default_max_age": 60, "require_auth_time": true,
        "default_acr_values": ["1"], "request_uris": ["https://rp.example/request"], "software_id": "shop",
        "software_version": "1.2", "post_logout_redirect_uris": ["https://rp.example/bye"],
        "backchannel_logout_uri": "https://rp.example/back", "backchannel_logout_session_required": true,
        "frontchannel_logout_uri": "https://rp.example/front", "frontchannel_logout_session_required": true,
        "token_endpoint_auth_signing_alg": "ES256", "request_object_signing_alg": "ES256",
        "require_pushed_authorization_requests": true, "subject_type": "pairwise",
    }));
    let told = register(&server, &body).await;
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&told[name], value, "{name}");
    }
}

#[tokio::test]
async fn a_name_is_text_on_the_pages() {
    let server = open().await;
    let told = register(&server, &with(json!({"client_name": "<img src=x onerror=alert(1)>"}))).await;
    let login = server.browser().visit(&client(&server, &told).authorization_url(&[])).await;
    assert!(login.has("onerror") && !login.has("<img"), "{login:?}");
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
    told(&send(&server, Some(&good), &plain()).await);
    told(&send(&server, Some(&good), &plain()).await);
    assert_eq!(send(&server, Some(&good), &plain()).await.status, 401, "used up");
    assert_eq!(count(&server, "clients").await, 2);
}

#[tokio::test]
async fn an_initial_access_token_expires() {
    let server = with_tokens().await;
    let token = token(&server, 5, Span::from_days(1)).await;
    told(&send(&server, Some(&token), &plain()).await);
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
    let told = won[0].json();
    let (uri, token) = (told["registration_client_uri"].as_str().unwrap(), &told["registration_access_token"]);
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
    let (uri, token) = (first["registration_client_uri"].as_str().unwrap(), &first["registration_access_token"]);
    server.http.delete(uri).bearer_auth(token.as_str().unwrap()).send().await.unwrap();
    register(&server, &plain()).await;
}

#[tokio::test]
async fn a_sector_must_name_every_redirect_uri() {
    let loopback = vec!["127.0.0.1".to_owned()];
    let server = open_with(|settings| settings.outbound.allow_hosts = loopback).await;
    let uris = json!(["https://a.example/cb", "https://b.example/cb"]);
    let ok = |document: &Value| Script::ok("application/json", &document.to_string());
    let rows = [
        ("all of them", ok(&uris), 201),
        ("more", ok(&json!(["https://b.example/cb", "https://c.example/", "https://a.example/cb"])), 201),
        ("one is missing", ok(&json!(["https://a.example/cb"])), 400),
        ("one is written otherwise", ok(&json!(["https://a.example/cb/", "https://b.example/cb"])), 400),
        ("an object", ok(&json!({"redirect_uris": uris})), 400),
        ("no JSON", Script::ok("application/json", "canary"), 400),
        ("HTML", Script::ok("text/html", &uris.to_string()), 400),
        ("not found", Script::raw("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), 400),
        ("moved", Script::raw("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"), 400),
    ];
    let mut refusals = Vec::new();
    for (rule, script, status) in rows {
        let upstream = Upstream::http(script).await;
        let body = json!({
            "redirect_uris": uris, "subject_type": "pairwise", "sector_identifier_uri": upstream.url("/sector"),
        });
        let reply = send(&server, None, &body).await;
        assert_eq!(reply.status, status, "{rule}: {reply:?}");
        assert_eq!(upstream.connections(), 1, "{rule}");
        if status == 400 {
            reply.assert_error(400, "invalid_client_metadata");
            refusals.push(reply.body);
        }
    }
    let body = json!({"redirect_uris": uris, "sector_identifier_uri": "https://10.0.0.1/sector"});
    refusals.push(send(&server, None, &body).await.body);
    refusals.dedup();
    assert_eq!(refusals.len(), 1, "one sentence for all causes: {refusals:?}");
}

#[tokio::test]
async fn nothing_is_fetched_for_those_who_may_not_register() {
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
    let (idle, used) = (register(&server, &plain()).await, register(&server, &with(grants)).await);
    server.relying_party().await;
    let rp = client(&server, &used);
    server.advance(Span::from_days(20)).await;
    rp.client_credentials(&[]).await.tokens();
    server.advance(Span::from_days(20)).await;
    jobs::keep_up(&server.app, "test").await.unwrap();
    server.app.follow().await.unwrap();
    let gone = server.browser().visit(&client(&server, &idle).authorization_url(&[])).await;
    assert_eq!(gone.status, 400, "{gone:?}");
    let code = rp.authorize_as("alice").await.code();
    server.advance(Span::from_days(20)).await;
    jobs::keep_up(&server.app, "test").await.unwrap();
    rp.redeem(&code).await.assert_error(400, "invalid_grant");
    rp.client_credentials(&[]).await.tokens();
    server.advance(Span::from_days(31)).await;
    jobs::keep_up(&server.app, "test").await.unwrap();
    server.app.follow().await.unwrap();
    rp.client_credentials(&[]).await.assert_error(401, "invalid_client");
    assert_eq!(count(&server, "clients").await, 1, "an administrator's client stays");
}

#[tokio::test]
async fn a_use_is_noted_once_a_day_and_costs_nothing_else() {
    let server = open_with(|settings| settings.registration.scopes = vec!["api".to_owned()]).await;
    let told = register(&server, &json!({"grant_types": ["client_credentials"]})).await;
    let rp = client(&server, &told);
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
    jobs::keep_up(&server.app, "test").await.unwrap();
    assert_eq!(count(&server, "clients").await, 1);
}
