//! Dynamic client registration (RFC 7591, OpenID Connect Registration): authorization, metadata, and the limits on what
//! a registration can get.

mod metadata;

use serde_json::{Value, json};
use signet::config::{RegistrationMode, Settings};
use signet_protocol::client::profile::Profile;

use crate::support::keys::KeyPair;
use crate::support::upstream::{Script, Upstream};
use crate::support::{RelyingParty, Reply, TestServer};

const PATH: &str = "/register";

/// A server with open registration.
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

/// The metadata of an ordinary client.
pub fn plain() -> Value {
    json!({ "redirect_uris": ["https://rp.example/cb"] })
}

/// The metadata of an ordinary client with these changes.
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

/// Checks that a registration succeeded and returns the client information.
#[track_caller]
pub fn information(reply: &Reply) -> Value {
    assert_eq!(reply.status, 201, "{reply:?}");
    reply.json()
}

pub async fn register(server: &TestServer, body: &Value) -> Value {
    information(&send(server, None, body).await)
}

/// The registered client, ready to be used.
pub fn client(server: &TestServer, information: &Value) -> RelyingParty {
    let secret = information["client_secret"].as_str().map(str::to_owned);
    RelyingParty::new(server, information["client_id"].as_str().unwrap(), secret, information.clone())
}

pub async fn count(server: &TestServer, table: &str) -> usize {
    server.database().query(&format!("SELECT realm_id FROM {table}")).await.len()
}

/// The stored metadata of the client.
async fn stored(server: &TestServer, information: &Value) -> Value {
    let id = information["client_id"].as_str().unwrap();
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
async fn a_client_registers_like_the_certification_suite_and_signs_a_person_in() {
    let server = open_with(|settings| settings.registration.profile = Profile::OidcClassic).await;
    let key = KeyPair::generate("RS256");
    let body = json!({
        "client_name": "Suite", "grant_types": ["authorization_code"], "jwks": {"keys": [key.jwk]},
        "token_endpoint_auth_method": "client_secret_basic", "response_types": ["code"],
        "redirect_uris": ["https://rp.example/cb"], "contacts": ["certification@oidf.example"],
    });
    let reply = send(&server, None, &body).await;
    let information = information(&reply);
    assert_eq!(
        (reply.header("cache-control"), reply.header("content-type")),
        (Some("no-store"), Some("application/json"))
    );
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&information[name], value, "{name}");
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
        let near = name == "client_id_issued_at" && information[name].as_i64().unwrap() - value.as_i64().unwrap() >= -5;
        assert!(near || information[name] == value, "{name}: {information}");
    }
    let id = information["client_id"].as_str().unwrap();
    let secret = information["client_secret"].as_str().unwrap();
    assert!(id.len() == 22 && secret.starts_with("sgcs_"), "{information}");
    assert!(information["registration_access_token"].as_str().unwrap().starts_with("sgra_"));
    assert_eq!(information["registration_client_uri"], format!("{}{PATH}/{id}", server.issuer));
    assert!(information.as_object().unwrap().values().all(|value| !value.is_null()), "{information}");
    let rp = client(&server, &information);
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
        let information = register(&server, &body).await;
        assert_eq!(information.get("client_secret").is_some(), has_secret, "{method}");
        assert_eq!(information.get("client_secret_expires_at").is_some(), has_secret, "{method}");
        let mut secrets = vec![information["registration_access_token"].as_str().unwrap()];
        secrets.extend(information["client_secret"].as_str());
        for (table, value) in server.database().dump().await {
            let text = String::from_utf8_lossy(&value);
            assert!(!secrets.iter().any(|secret| text.contains(secret)), "{method}: {table}");
        }
    }
}

#[tokio::test]
async fn a_new_confidential_client_may_use_a_nonce_instead_of_pkce_and_sets_that_not_itself() {
    let server = open().await;
    let information = register(&server, &with(json!({"pkce": "optional"}))).await;
    assert_eq!(stored(&server, &information).await["pkce"], "nonce");
    assert_eq!(information.get("pkce"), None, "an administrator's setting");
    let bare = [("code_challenge", ""), ("code_challenge_method", "")];
    let rp = client(&server, &information);
    let code = rp.authorize_with("alice", &bare).await.code();
    rp.redeem_with(&code, &[("code_verifier", "")]).await.tokens();
    let public = register(&server, &with(json!({"token_endpoint_auth_method": "none"}))).await;
    let page = server.browser().visit(&client(&server, &public).authorization_url(&bare)).await;
    assert_eq!(page.error(), "invalid_request", "a public client always needs PKCE");
    let either = send(&server, None, &with(json!({"token_endpoint_auth_method": "client_secret"}))).await;
    either.assert_error(400, "invalid_client_metadata");
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
async fn without_a_scope_a_client_may_ask_for_all_that_is_given_to_strangers() {
    let server = open_with(|settings| settings.registration.scopes = vec!["api".to_owned()]).await;
    let information = register(&server, &plain()).await;
    assert_eq!(information["scope"], "openid profile email address phone offline_access api");
}

#[tokio::test]
async fn a_name_is_text_on_the_pages() {
    let server = open().await;
    let information = register(&server, &with(json!({"client_name": "<img src=x onerror=alert(1)>"}))).await;
    let login = server.browser().visit(&client(&server, &information).authorization_url(&[])).await;
    assert!(login.has("onerror") && !login.has("<img"), "{login:?}");
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
