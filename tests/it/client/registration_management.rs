//! Registration management (RFC 7592): each client manages only its own registration.

use serde_json::{Value, json};
use signet::config::RegistrationMode;
use signet_protocol::client::profile::Profile;
use signet_protocol::client::{AccessTokenFormat, ClientMetadata};
use signet_protocol::ids::ClientId;
use signet_protocol::scope::Scope;
use signet_protocol::time::Span;
use signet_store::client::clients::{self, Replacement, Standing};

use crate::client::client_update::update;
use crate::client::registration::{client, open, plain, register, with};
use crate::support::{Reply, TestServer};

/// A request at a registration.
pub struct At<'a> {
    server: &'a TestServer,
    id: &'a str,
    token: Option<&'a str>,
}

impl<'a> At<'a> {
    pub fn own(server: &'a TestServer, information: &'a Value) -> Self {
        Self { server, id: text(information, "client_id"), token: Some(text(information, "registration_access_token")) }
    }

    async fn send(&self, method: reqwest::Method, body: Option<&Value>) -> Reply {
        let request = self.server.http.request(method, self.server.url(&format!("/register/{}", self.id)));
        let request = if let Some(token) = self.token { request.bearer_auth(token) } else { request };
        let request = if let Some(body) = body { request.json(body) } else { request };
        Reply::of(request.send().await.unwrap()).await
    }

    async fn get(&self) -> Reply {
        self.send(reqwest::Method::GET, None).await
    }

    pub async fn put(&self, body: &Value) -> Reply {
        self.send(reqwest::Method::PUT, Some(body)).await
    }

    async fn delete(&self) -> Reply {
        self.send(reqwest::Method::DELETE, None).await
    }
}

fn text<'a>(information: &'a Value, name: &str) -> &'a str {
    information[name].as_str().unwrap()
}

/// The whole registration with these changes.
pub fn put_of(information: &Value, changes: Value) -> Value {
    let mut body = with(json!({"client_id": information["client_id"]}));
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

#[tokio::test]
async fn a_client_reads_what_it_has_registered_but_not_its_secret() {
    let server = open().await;
    let information = register(&server, &with(json!({"client_name": "Shop"}))).await;
    let reply = At::own(&server, &information).get().await;
    assert_eq!((reply.status.as_u16(), reply.header("cache-control")), (200, Some("no-store")));
    let mut expected = information.clone();
    for name in ["client_secret", "client_secret_expires_at"] {
        expected.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(reply.json(), expected);
}

#[tokio::test]
async fn a_client_replaces_its_registration_as_a_whole() {
    let server = open().await;
    let information = register(&server, &with(json!({"client_name": "Shop", "contacts": ["a@rp.example"]}))).await;
    let rp = client(&server, &information);
    rp.authorize_as("alice").await.code();
    let body = put_of(
        &information,
        json!({
            "redirect_uris": ["https://rp.example/new"], "client_secret": information["client_secret"], "scope": "openid email",
            "skip_consent": true, "profile": "oidc_classic",
        }),
    );
    let reply = At::own(&server, &information).put(&body).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let now = reply.json();
    assert_eq!((&now["redirect_uris"], &now["scope"]), (&json!(["https://rp.example/new"]), &json!("openid email")));
    assert_eq!((now.get("client_name"), now.get("contacts"), now.get("skip_consent")), (None, None, None));
    assert_eq!(now["client_id_issued_at"], information["client_id_issued_at"]);
    assert_eq!(At::own(&server, &information).get().await.json(), now);
    let query = "SELECT actor, reason FROM audit_events WHERE event = 'client.updated'";
    let rows = server.database().query(query).await;
    let reason = String::from_utf8(rows[0][1].clone()).unwrap();
    assert_eq!(rows[0][0], b"client");
    assert!(reason.contains("client_name: Shop -> none; "), "the audit log has the change: {reason}");
    let old = server.browser().visit(&rp.authorization_url(&[])).await;
    assert_eq!(old.status, 400, "the old redirect URI is gone: {old:?}");
    let mut rp = rp;
    rp.redirect_uri = "https://rp.example/new".to_owned();
    let code = rp.authorize_with("alice", &[("scope", "openid email")]).await.code();
    rp.redeem(&code).await.tokens();
}

#[tokio::test]
async fn a_replacement_keeps_what_an_administrator_has_decided() {
    let server = open().await;
    let information = register(&server, &plain()).await;
    let id = ClientId::parse(text(&information, "client_id")).unwrap();
    let metadata = async || {
        let provider = &server.app.provider;
        let mut tx = provider.store.read().await.unwrap();
        clients::find(&mut tx, &server.app.realm.id, &id).await.unwrap().unwrap().metadata
    };
    let mut decided = metadata().await;
    decided.profile = Profile::OidcClassic;
    decided.skip_consent = true;
    decided.require_nonce = true;
    decided.cors_origins = vec!["https://spa.example".to_owned()];
    decided.audiences = vec!["https://api.example/".to_owned()];
    decided.access_token_format = AccessTokenFormat::Opaque;
    decided.access_token_lifetime = Some(120);
    let realm = server.app.realm.id.clone();
    let now = server.clock.now();
    let row = id.clone();
    let change = decided.clone();
    let stored = server.app.provider.store.write(move |tx| {
        let realm = realm.clone();
        let row = row.clone();
        let change = change.clone();
        let change = async move {
            let version = clients::history(tx, &realm, &row).await?.unwrap().version;
            clients::replace(tx, &realm, &row, &Replacement { metadata: &change, version }, now).await
        };
        Box::pin(change)
    });
    assert!(stored.await.unwrap());
    let asked = json!({
        "client_name": "Shop", "profile": "oauth21", "skip_consent": false, "require_nonce": false, "cors_origins": [],
        "audiences": ["https://api.example/", "https://evil.example/"], "access_token_format": "jwt", "access_token_lifetime": 600,
    });
    let reply = At::own(&server, &information).put(&put_of(&information, asked)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(metadata().await, ClientMetadata { client_name: "Shop".to_owned(), ..decided });
}

#[tokio::test]
async fn a_replacement_takes_nothing_back_that_an_operator_took_away() {
    let server = open().await;
    let grants = json!(["authorization_code", "refresh_token", "client_credentials"]);
    let information = register(&server, &with(json!({"grant_types": grants, "scope": "openid email phone"}))).await;
    let id = text(&information, "client_id");
    let narrowed = update(&server, id, |client| {
        client.scope = client.scope.filtered(|token| token != "email");
        client.grant_types.retain(|grant| grant != "client_credentials");
        client.require_pushed_authorization_requests = true;
        client.require_signed_request_object = true;
    });
    narrowed.await;
    let wide = put_of(&information, json!({"grant_types": grants, "scope": "openid email phone address"}));
    let reply = At::own(&server, &information).put(&wide).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let now = reply.json();
    assert_eq!(
        (&now["scope"], &now["grant_types"], now.get("cap")),
        (&json!("openid phone"), &json!(["authorization_code", "refresh_token"]), None)
    );
    let demands = ["require_pushed_authorization_requests", "require_signed_request_object"];
    assert_eq!(demands.map(|name| now[name].clone()), [json!(true), json!(true)]);

    update(&server, id, |client| client.scope = Scope::parse("openid phone address").unwrap()).await;
    let reply = At::own(&server, &information).put(&wide).await.json();
    assert_eq!(reply["scope"], "openid phone address", "what an operator gives is its own");
}

#[tokio::test]
async fn a_replacement_is_refused_for_each_fault_alone_and_changes_nothing() {
    let server = open().await;
    let information = register(&server, &plain()).await;
    let other = register(&server, &plain()).await;
    let before = At::own(&server, &information).get().await.json();
    let rows = [
        ("no client_id", plain(), "invalid_client_metadata"),
        ("another client_id", put_of(&other, json!({})), "invalid_client_metadata"),
        ("a chosen secret", put_of(&information, json!({"client_secret": "s".repeat(40)})), "invalid_client_metadata"),
        (
            "another secret",
            put_of(&information, json!({"client_secret": other["client_secret"]})),
            "invalid_client_metadata",
        ),
        ("no redirect URI", put_of(&information, json!({"redirect_uris": []})), "invalid_redirect_uri"),
        (
            "a fragment",
            put_of(&information, json!({"redirect_uris": ["https://a.example/#x"]})),
            "invalid_redirect_uri",
        ),
        ("a statement", put_of(&information, json!({"software_statement": "a"})), "unapproved_software_statement"),
        ("scopes of others", put_of(&information, json!({"scope": "admin"})), "invalid_client_metadata"),
        ("another flow", put_of(&information, json!({"response_types": ["token"]})), "invalid_client_metadata"),
        ("a list", json!([]), "invalid_client_metadata"),
    ];
    for (rule, body, expected) in rows {
        let reply = At::own(&server, &information).put(&body).await;
        assert_eq!(reply.json()["error"], expected, "{rule}: {reply:?}");
        reply.assert_error(400, expected);
        assert_eq!(At::own(&server, &information).get().await.json(), before, "{rule}");
    }
}

#[tokio::test]
async fn a_client_that_changes_its_method_gets_or_loses_a_secret() {
    let server = open().await;
    let information = register(&server, &with(json!({"token_endpoint_auth_method": "none"}))).await;
    let own = At::own(&server, &information);
    let with_secret =
        own.put(&put_of(&information, json!({"token_endpoint_auth_method": "client_secret_post"}))).await.json();
    let rp = client(&server, &with_secret);
    let code = rp.authorize_as("alice").await.code();
    rp.redeem(&code).await.tokens();
    let kept =
        own.put(&put_of(&information, json!({"token_endpoint_auth_method": "client_secret_basic"}))).await.json();
    assert_eq!(kept.get("client_secret"), None, "the one that it has goes on");
    let without = own.put(&put_of(&information, json!({"token_endpoint_auth_method": "none"}))).await.json();
    assert_eq!(without.get("client_secret"), None);
    assert_eq!(server.database().query("SELECT client_id FROM client_secrets").await.len(), 0);
}

#[tokio::test]
async fn unknown_clients_and_wrong_tokens_look_the_same() {
    let server = open().await;
    let information = register(&server, &plain()).await;
    server.relying_party().await;
    let id = text(&information, "client_id");
    let token = text(&information, "registration_access_token");
    let mut other = token.to_owned();
    other.replace_range(10..11, if &token[10..11] == "A" { "B" } else { "A" });
    let mut bodies = Vec::new();
    for (rule, id, token) in [
        ("a wrong token", id, other.as_str()),
        ("an unknown client", "unheard-of", &other),
        ("an administrator's client", "rp", &other),
        ("a client secret", id, text(&information, "client_secret")),
        ("nonsense", id, "nonsense"),
    ] {
        let at = At { server: &server, id, token: Some(token) };
        for reply in [at.get().await, at.put(&put_of(&information, json!({}))).await, at.delete().await] {
            assert_eq!(reply.status, 401, "{rule}: {reply:?}");
            assert!(reply.header("www-authenticate").unwrap().contains("error=\"invalid_token\""), "{rule}");
            bodies.push(reply.body);
        }
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1);
    for id in [id, "unheard-of"] {
        let reply = At { server: &server, id, token: None }.get().await;
        assert_eq!((reply.status.as_u16(), reply.body.as_str()), (401, ""), "{id}");
        assert!(!reply.header("www-authenticate").unwrap().contains("error"), "{id}");
    }
    assert_eq!(At::own(&server, &information).get().await.status, 200, "nothing of this has done any harm");
}

#[tokio::test]
async fn a_token_used_for_another_client_is_voided() {
    for victim in ["a registered one", "an administrator's", "an unknown one"] {
        let server = open().await;
        let thief = register(&server, &plain()).await;
        let other = register(&server, &plain()).await;
        server.relying_party().await;
        let id = match victim {
            "a registered one" => text(&other, "client_id"),
            "an administrator's" => "rp",
            _ => "unheard-of",
        };
        let misuse = At { server: &server, id, token: Some(text(&thief, "registration_access_token")) };
        assert_eq!(misuse.delete().await.status, 401, "{victim}");
        assert_eq!(At::own(&server, &thief).get().await.status, 401, "{victim}: it is void for its own client too");
        assert_eq!(At::own(&server, &other).get().await.status, 200, "{victim}: the other's is not");
        let query = "SELECT outcome, client_id FROM audit_events WHERE event = 'registration_token.misused'";
        let rows = server.database().query(query).await;
        let owner = text(&thief, "client_id").as_bytes().to_vec();
        assert_eq!(rows, [vec![b"failure".to_vec(), owner]], "{victim}");
        let code = client(&server, &thief).authorize_as("alice").await.code();
        client(&server, &thief).redeem(&code).await.tokens();
    }
}

#[tokio::test]
async fn a_removed_client_and_what_it_holds_are_void_on_every_node() {
    let server = open().await;
    let second = server.twin_with(|settings| settings.registration.mode = RegistrationMode::Open).await;
    let grants = json!({"grant_types": ["authorization_code", "refresh_token"]});
    let information = register(&server, &with(grants)).await;
    let rp = client(&server, &information);
    let tokens = rp.sign_in("alice").await;
    let code = rp.authorize_as("bob").await.code();
    second.app.follow().await.unwrap();
    assert_eq!(second.userinfo(&tokens.access_token).await.status(), 200);
    let reply = At::own(&server, &information).delete().await;
    assert_eq!((reply.status.as_u16(), reply.body.as_str()), (204, ""));
    second.app.follow().await.unwrap();
    for node in [&server, &second] {
        assert_eq!(node.userinfo(&tokens.access_token).await.status(), 401);
        rp.at(node).refresh(tokens.refresh_token()).await.assert_error(401, "invalid_client");
        rp.at(node).redeem(&code).await.assert_error(401, "invalid_client");
        assert_eq!(node.browser().visit(&rp.at(node).authorization_url(&[])).await.status, 400);
        assert_eq!(At { server: node, ..At::own(&server, &information) }.get().await.status, 401);
    }
    let id = text(&information, "client_id");
    for table in ["client_secrets", "client_registrations", "consents", "token_families", "authorization_codes"] {
        let query = format!("SELECT client_id FROM {table} WHERE client_id = '{id}'");
        assert_eq!(server.database().query(&query).await.len(), 0, "{table}");
    }
}

#[tokio::test]
async fn a_client_that_is_removed_and_added_again_gets_nothing_back() {
    let server = open().await;
    let before = server.relying_party().await.sign_in("alice").await;
    server.advance(Span::from_secs(1)).await;
    server.remove_client("rp").await;
    server.advance(Span::from_secs(1)).await;
    let rp = server.relying_party().await;
    assert_eq!(server.userinfo(&before.access_token).await.status(), 401);
    rp.refresh(before.refresh_token()).await.assert_error(400, "invalid_grant");
    let browser = server.browser();
    let login = browser.visit(&rp.authorization_url(&[])).await;
    assert!(browser.sign_in(&login, "alice").await.has("consent-allow"), "consent is asked for again");
}

#[tokio::test]
async fn a_change_is_seen_by_every_node() {
    let server = open().await;
    let second = server.twin_with(|settings| settings.registration.mode = RegistrationMode::Open).await;
    let information = register(&server, &plain()).await;
    let rp = client(&server, &information);
    second.app.follow().await.unwrap();
    assert_eq!(second.browser().get(&rp.at(&second).authorization_url(&[])).await.status, 303, "it is in memory");
    At::own(&server, &information)
        .put(&put_of(&information, json!({"redirect_uris": ["https://rp.example/new"]})))
        .await;
    second.app.follow().await.unwrap();
    assert_eq!(second.browser().get(&rp.at(&second).authorization_url(&[])).await.status, 400);
}

#[tokio::test]
async fn a_disabled_client_manages_nothing() {
    let server = open().await;
    let information = register(&server, &plain()).await;
    server.set_client_standing(text(&information, "client_id"), Standing::Disabled).await;
    for reply in [At::own(&server, &information).get().await, At::own(&server, &information).delete().await] {
        assert_eq!(reply.status, 401);
    }
    server.set_client_standing(text(&information, "client_id"), Standing::Enabled).await;
    assert_eq!(At::own(&server, &information).get().await.status, 200);
}
