//! Dynamic client registration (RFC 7591, OpenID Connect Registration): authorization, metadata, and the limits on what
//! a registration can get.

use serde_json::{Value, json};
use signet::config::{RegistrationMode, Settings};
use signet_protocol::client::profile::Profile;

use crate::support::keys::KeyPair;
use crate::support::upstream::{Script, Upstream};
use crate::support::{RelyingParty, Reply, TestServer};

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

/// The metadata of an ordinary client.
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
async fn metadata_is_refused_for_each_fault_alone() {
    let server = open().await;
    let private = {
        let mut jwk = KeyPair::generate("RS256").jwk;
        jwk["d"] = json!("AQAB");
        jwk
    };
    let uri = "invalid_redirect_uri";
    let data = "invalid_client_metadata";
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
async fn what_a_client_may_not_have_is_left_out_and_the_answer_says_what_it_got() {
    let server = open().await;
    let code = json!(["code"]);
    let rows = [
        (
            "as discovery lists them all",
            json!({
                "response_types": ["code", "id_token", "code id_token", "none"],
                "grant_types": ["authorization_code", "implicit", "refresh_token"],
            }),
            code.clone(),
            json!(["authorization_code", "refresh_token"]),
        ),
        (
            "a grant that is not there",
            json!({
                "grant_types": ["authorization_code", "urn:ietf:params:oauth:grant-type:jwt-bearer"],
            }),
            code.clone(),
            json!(["authorization_code"]),
        ),
        (
            "a public client that would speak for itself",
            json!({
                "token_endpoint_auth_method": "none", "grant_types": ["authorization_code", "client_credentials"],
            }),
            code,
            json!(["authorization_code"]),
        ),
    ];
    for (rule, changes, kinds, grants) in rows {
        let information = register(&server, &with(changes)).await;
        assert_eq!(
            (&information["response_types"], &information["grant_types"]),
            (&kinds, &grants),
            "RFC 7591 §3.2.1: {rule}"
        );
        let stored = stored(&server, &information).await;
        assert_eq!((&stored["response_types"], &stored["grant_types"]), (&kinds, &grants), "{rule}");
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
async fn a_registration_gets_only_what_strangers_may_have() {
    let server = open_with(|settings| settings.registration.scopes = vec!["api:read".to_owned()]).await;
    let attempts = json!({
        "profile": "oidc_classic", "skip_consent": true, "audiences": ["https://api.example/"],
        "cors_origins": ["https://rp.example"], "access_token_format": "opaque", "access_token_lifetime": 86400,
        "client_id": "chosen", "client_secret": "c".repeat(40), "client_id_issued_at": 1, "enabled": true,
        "registration_access_token": "sgra_chosen", "registration_client_uri": "https://evil.example/",
        "client_name#ja": "x", "unheard_of": {"a": [1]}, "scope": "openid api:read api:write admin",
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
    });
    let information = register(&server, &with(attempts.clone())).await;
    let stored = stored(&server, &information).await;
    let default = json!(signet_protocol::client::ClientMetadata::default());
    assert_eq!((&stored["audiences"], &information["audiences"]), (&json!([]), &json!([])), "an explicit empty list");
    for name in ["profile", "skip_consent", "cors_origins", "access_token_format", "access_token_lifetime"] {
        assert_eq!(stored.get(name), default.get(name), "{name}");
        assert_eq!(information.get(name), None, "{name}");
    }
    for name in
        ["client_id", "client_secret", "client_id_issued_at", "registration_access_token", "registration_client_uri"]
    {
        assert_ne!(information[name], attempts[name], "{name}");
    }
    assert_eq!((&information["scope"], information.get("unheard_of")), (&json!("openid api:read"), None));
    let rp = client(&server, &information);
    let refused = server.browser().visit(&rp.authorization_url(&[("scope", "admin")])).await;
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
    let information = register(&server, &plain()).await;
    assert_eq!(information["scope"], "openid profile email address phone offline_access api");
}

#[tokio::test]
async fn the_registered_metadata_is_returned() {
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
    let information = register(&server, &body).await;
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&information[name], value, "{name}");
    }
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
