//! Resources and the header of their access tokens (RFC 8707, RFC 9068 §2.1): a resource overrides its client, every
//! issued token is accepted, and resources that need different tokens cannot be combined.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use signet::flows::Context;
use signet::flows::admin::{Actor, Exists, NotFound, Operator, ResourcesError};
use signet_protocol::client::ClientMetadata;
use signet_protocol::client::resource::{AccessTokenTyp, HeaderChoice, Resource};
use signet_protocol::ids::ClientId;
use signet_protocol::jose::jwk::SigningAlgorithm::{self, EdDSA, PS256, RS256};
use signet_store::client::clients::NewClient;
use signet_store::client::{clients, resources};
use signet_store::{Store, StoreError};
use tokio::sync::Notify;

use crate::client::registration::{client as registered, open_with, register, send, with};
use crate::golden::{Golden, RELEASES};
use crate::support::{Page, RelyingParty, TestServer, claims, header};

const A: &str = "https://a.example/";
const B: &str = "https://b.example/";
const GRANTS: [&str; 3] = ["authorization_code", "refresh_token", "client_credentials"];

fn resource(uri: &str, alg: Option<SigningAlgorithm>, typ: Option<AccessTokenTyp>) -> Resource {
    Resource { uri: uri.to_owned(), header: HeaderChoice { alg, typ } }
}

/// Changes a resource as the command does; the server follows by itself.
async fn update(server: &TestServer, resource: Resource) -> Result<(), ResourcesError> {
    let algorithms = server.app.provider.keys.algorithms();
    let done = server.operator(&server.context()).resources().update(resource, algorithms).await;
    server.app.follow().await.unwrap();
    done
}

async fn client(server: &TestServer, id: &str, more: Value) -> RelyingParty {
    let mut metadata =
        json!({ "audiences": [A, B], "grant_types": GRANTS, "scope": "openid profile email offline_access api" });
    more.as_object().unwrap().iter().for_each(|(name, value)| metadata[name] = value.clone());
    server.client(id, metadata).await
}

/// The header of a token of the client itself for these resources.
async fn header_for(rp: &RelyingParty, resources: &[&str]) -> (String, String) {
    let params: Vec<(&str, &str)> = resources.iter().map(|uri| ("resource", *uri)).collect();
    let token = rp.client_credentials(&params).await.tokens().access_token;
    assert!(rp.is_active(&token).await, "what is issued is accepted: {}", header(&token));
    let head = header(&token);
    (head["alg"].as_str().unwrap().to_owned(), head["typ"].as_str().unwrap().to_owned())
}

fn pair(alg: &str, typ: &str) -> (String, String) {
    (alg.to_owned(), typ.to_owned())
}

#[tokio::test]
async fn a_resource_decides_the_header_of_its_tokens_before_its_client() {
    let server = TestServer::start().await;
    let plain = client(&server, "plain", json!({})).await;
    let choosy = client(&server, "choosy", json!({ "access_token_alg": "RS256", "access_token_typ": "JWT" })).await;
    assert_eq!(header_for(&plain, &[]).await, pair("ES256", "at+jwt"));
    assert_eq!(header_for(&choosy, &[]).await, pair("RS256", "JWT"));
    assert_eq!(header_for(&choosy, &[A, B]).await, pair("RS256", "JWT"));

    update(&server, resource(A, Some(RS256), Some(AccessTokenTyp::Jwt))).await.unwrap();
    update(&server, resource(B, None, Some(AccessTokenTyp::AtJwt))).await.unwrap();
    assert_eq!(header_for(&plain, &[A]).await, pair("RS256", "JWT"));
    assert_eq!(header_for(&plain, &[B]).await, pair("ES256", "at+jwt"));
    assert_eq!(header_for(&plain, &[]).await, pair("ES256", "at+jwt"));
    assert_eq!(header_for(&choosy, &[B]).await, pair("RS256", "at+jwt"), "the resource's typ, the client's algorithm");

    let twin = server.twin().await;
    update(&server, resource(A, None, None)).await.unwrap();
    twin.app.follow().await.unwrap();
    assert_eq!(header_for(&plain.at(&twin), &[A]).await, pair("ES256", "at+jwt"), "every node follows");
}

#[tokio::test]
async fn a_token_of_the_old_type_is_an_access_token_and_nothing_else() {
    let server = TestServer::start().await;
    let rp = client(&server, "rp", json!({ "access_token_alg": "RS256", "access_token_typ": "JWT" })).await;
    let tokens = rp.sign_in("alice").await;
    let head = header(&tokens.access_token);
    assert_eq!((&head["alg"], &head["typ"]), (&json!("RS256"), &json!("JWT")));
    let kid = header(tokens.id_token())["kid"].clone();
    assert_eq!(head["kid"], kid, "the same key signs ID tokens");

    assert_eq!(server.userinfo(&tokens.access_token).await.status(), 200);
    assert_eq!(rp.introspect(&tokens.access_token).await["username"], "alice");
    let hint = server.browser().get(&format!("/logout?id_token_hint={}", tokens.access_token)).await;
    assert!(hint.status == 400 && hint.has("id_token_hint is not valid"), "an access token is no hint: {hint:?}");
    assert_eq!(server.userinfo(tokens.id_token()).await.status(), 401, "an ID token is no access token");
    assert!(!rp.is_active(tokens.id_token()).await);

    let next = rp.refresh(tokens.refresh_token()).await.tokens();
    rp.revoke(&next.access_token).await;
    assert!(!rp.is_active(&next.access_token).await, "it is revoked like any other");
}

#[tokio::test]
async fn userinfo_that_is_signed_is_no_access_token() {
    let server = TestServer::start().await;
    let rp = client(&server, "rp", json!({ "access_token_typ": "JWT", "userinfo_signed_response_alg": "ES256" })).await;
    let token = rp.sign_in("alice").await.access_token;
    let signed = server.userinfo(&token).await.text().await.unwrap();
    assert_eq!(claims(&signed)["aud"], "rp", "a JWT of the same key and type");
    assert_eq!(server.userinfo(&signed).await.status(), 401);
    assert!(!rp.is_active(&signed).await);
}

#[tokio::test]
async fn resources_that_need_different_tokens_are_not_asked_for_together() {
    let server = TestServer::start().await;
    let rp = client(&server, "rp", json!({})).await;
    let both = |page: &RelyingParty| format!("{}&resource={A}&resource={B}", page.authorization_url(&[]));
    let browser = server.browser();
    let code = browser.authorize(&both(&rp), "alice").await.code();
    let offline = format!("{}&resource={A}&resource={B}", rp.authorization_url(&[("scope", "openid offline_access")]));
    let granted = browser.authorize(&offline, "alice").await.code();
    let refresh_token = rp.redeem_with(&granted, &[("resource", A)]).await.tokens().refresh_token().to_owned();

    update(&server, resource(A, Some(RS256), None)).await.unwrap();
    let refused: Page = server.browser().visit(&both(&rp)).await;
    assert_eq!(refused.error(), "invalid_target");
    rp.client_credentials(&[("resource", A), ("resource", B)]).await.assert_error(400, "invalid_target");
    rp.redeem(&code).await.assert_error(400, "invalid_target");
    rp.redeem_with(&code, &[("resource", A)]).await.assert_error(400, "invalid_grant");

    rp.refresh(&refresh_token).await.assert_error(400, "invalid_target");
    let one = rp.refresh_with(&refresh_token, &[("resource", A)]).await.tokens();
    assert_eq!(header(&one.access_token)["alg"], "RS256", "one at a time; the refused attempt has used nothing up");
    update(&server, resource(B, Some(RS256), None)).await.unwrap();
    assert_eq!(header_for(&rp, &[A, B]).await, pair("RS256", "at+jwt"));
}

#[tokio::test]
async fn an_algorithm_without_a_key_is_refused() {
    let server = TestServer::start().await;
    client(&server, "rp", json!({})).await;
    for alg in [EdDSA, PS256] {
        let refused = update(&server, resource(A, Some(alg), None)).await.unwrap_err().to_string();
        assert!(refused.contains(alg.as_str()) && refused.contains("RS256, ES256"), "{refused}");
    }
    let context = server.context();
    let operator = server.operator(&context);
    for uri in ["api", "https://a.example/#part"] {
        let added = resource(uri, None, None);
        let refused = operator.resources().add(added, server.app.provider.keys.algorithms()).await;
        assert!(matches!(refused, Err(ResourcesError::Resource(_))), "{uri}");
    }
}

#[tokio::test]
async fn what_a_client_may_ask_for_is_a_resource_for_as_long_as_it_may() {
    let server = TestServer::start().await;
    client(&server, "rp", json!({})).await;
    client(&server, "other", json!({ "audiences": [A] })).await;
    let context = server.context();
    let operator = server.operator(&context);
    let all = operator.resources();
    assert_eq!(all.list("", 10).await.unwrap(), [resource(A, None, None), resource(B, None, None)]);
    assert_eq!(all.list(A, 1).await.unwrap(), [resource(B, None, None)]);
    let again = all.add(resource(A, None, None), &[]).await;
    assert!(matches!(again, Err(ResourcesError::Exists(Exists(_)))));
    let held = all.remove(A.to_owned()).await.unwrap_err().to_string();
    assert!(held.contains("other, rp"), "{held}");

    all.add(resource("urn:free", None, None), &[]).await.unwrap();
    all.remove("urn:free".to_owned()).await.unwrap();
    let gone = all.remove("urn:free".to_owned()).await;
    assert!(matches!(gone, Err(ResourcesError::NotFound(NotFound::Id("resource")))));
    let events = server.database().query("SELECT event, reason FROM audit_events WHERE event LIKE 'resource.%'").await;
    assert_eq!(events.len(), 2);
}

#[tokio::test]
async fn a_resource_that_a_client_is_just_given_is_not_removed() {
    const HELD: &str = "urn:held";
    let server = TestServer::start().await;
    let store = server.app.provider.store.clone();
    let context = server.context();
    server.operator(&context).resources().add(resource(HELD, None, None), &[]).await.unwrap();
    let written = Arc::new(Notify::new());
    let gate = Arc::new(Notify::new());
    let adding = tokio::spawn(add_slowly(store.clone(), server.context(), written.clone(), gate.clone()));
    written.notified().await;
    let remover = store.clone();
    let skew = server.app.provider.lifetimes.skew;
    let mut removing = tokio::spawn(async move {
        Operator::new(&remover, &context, Actor::Command, skew).resources().remove(HELD.to_owned()).await
    });
    let early = tokio::time::timeout(Duration::from_millis(300), &mut removing).await;
    gate.notify_one();
    adding.await.unwrap();
    let removed = match early {
        Ok(removed) => removed.unwrap(),
        Err(_) => removing.await.unwrap(),
    };
    assert!(matches!(removed, Err(ResourcesError::InUse(ref by)) if by == "late"), "{removed:?}");
    let mut tx = store.read().await.unwrap();
    assert!(resources::find(&mut tx, &server.app.realm.id, HELD).await.unwrap().is_some());
}

/// Adds a client that names `urn:held`, in a transaction that ends when the gate opens.
async fn add_slowly(store: Store, context: Context, written: Arc<Notify>, gate: Arc<Notify>) {
    let id = ClientId::parse("late").unwrap();
    let metadata = ClientMetadata { audiences: vec!["urn:held".to_owned()], ..ClientMetadata::default() };
    let shared = Arc::new((context, id, metadata, written, gate));
    let added = store.write(move |tx| {
        let shared = shared.clone();
        Box::pin(async move {
            let (context, id, metadata, written, gate) = &*shared;
            let client = NewClient { id, metadata, created_by: "operator" };
            clients::insert(tx, &context.realm.id, &client, context.now).await?;
            written.notify_one();
            gate.notified().await;
            Ok::<_, StoreError>(())
        })
    });
    added.await.unwrap();
}

#[tokio::test]
async fn what_clients_of_an_older_release_may_ask_for_becomes_a_resource() {
    let database = Golden::of(RELEASES[0]).database().await;
    let name = "UPDATE clients SET metadata = replace(metadata, '\"audiences\":[]', \
        '\"audiences\":[\"https://a.example/\",\"urn:b\"]') WHERE id IN ('web', 'service')";
    assert_eq!(database.execute(name).await, 2);
    let store = Store::open(&database.url, 2).await.unwrap();
    store.migrate().await.unwrap();
    let rows = database.query("SELECT uri FROM resources ORDER BY uri").await;
    assert_eq!(rows, [[A.as_bytes().to_vec()], [b"urn:b".to_vec()]]);
    store.close().await;
}

#[tokio::test]
async fn the_issuer_as_resource_is_what_no_resource_is() {
    let server = TestServer::start().await;
    let rp = client(&server, "rp", json!({ "audiences": [A] })).await;
    let issuer = server.issuer.as_str();
    let own = rp.client_credentials(&[("resource", issuer)]).await.tokens().access_token;
    assert_eq!(claims(&own)["aud"], issuer);
    rp.client_credentials(&[("resource", issuer), ("resource", A)]).await.assert_error(400, "invalid_target");
    rp.client_credentials(&[("resource", &format!("{issuer}/"))]).await.assert_error(400, "invalid_target");

    let offline = ("scope", "openid offline_access");
    let code = rp.authorize_with("alice", &[offline, ("resource", issuer)]).await.code();
    let tokens = rp.redeem_with(&code, &[("resource", issuer)]).await.tokens();
    assert_eq!(server.userinfo(&tokens.access_token).await.status(), 200);
    let next = rp.refresh_with(tokens.refresh_token(), &[("resource", issuer)]).await.tokens();
    assert_eq!(claims(&next.access_token)["aud"], issuer);
    rp.refresh_with(next.refresh_token(), &[("resource", A)]).await.assert_error(400, "invalid_target");

    let code = rp.authorize_with("alice", &[offline, ("resource", issuer)]).await.code();
    rp.redeem_with(&code, &[("resource", A)]).await.assert_error(400, "invalid_target");

    let code = rp.authorize_with("alice", &[offline, ("resource", A)]).await.code();
    let for_a = rp.redeem(&code).await.tokens();
    rp.refresh_with(for_a.refresh_token(), &[("resource", issuer)]).await.assert_error(400, "invalid_target");
}

#[tokio::test]
async fn a_client_that_registers_itself_gets_tokens_for_the_resources_that_strangers_may_have() {
    let mcp = "https://mcp.example/";
    let server = open_with(|settings| settings.registration.resources = vec![mcp.to_owned(), A.to_owned()]).await;
    let body = with(json!({ "audiences": [mcp, B], "introspects": [mcp], "access_token_alg": "RS256" }));
    let information = register(&server, &body).await;
    assert_eq!((&information["audiences"], information.get("introspects")), (&json!([mcp]), None));
    let rp = registered(&server, &information);
    let code = rp.authorize_with("alice", &[("resource", mcp)]).await.code();
    let token = rp.redeem_with(&code, &[("resource", mcp)]).await.tokens().access_token;
    assert_eq!((&claims(&token)["aud"], &header(&token)["alg"]), (&json!(mcp), &json!("ES256")));
    for other in [A, B] {
        let refused = server.browser().visit(&rp.authorization_url(&[("resource", other)])).await;
        assert_eq!(refused.error(), "invalid_target", "{other}");
    }
    assert_eq!(register(&server, &with(json!({}))).await["audiences"], json!([mcp, A]));
    let service = json!({ "grant_types": ["client_credentials"], "response_types": [] });
    let service = registered(&server, &register(&server, &service).await);
    for resources in [&[("resource", mcp)][..], &[("resource", A), ("resource", mcp)]] {
        service.client_credentials(resources).await.assert_error(400, "invalid_target");
    }
    let own = service.client_credentials(&[]).await.tokens().access_token;
    assert_eq!(claims(&own)["aud"], server.issuer, "without a person there is this server alone");
    assert_eq!(register(&server, &with(json!({ "audiences": [B] }))).await["audiences"], json!([]));
    send(&server, None, &with(json!({ "audiences": mcp }))).await.assert_error(400, "invalid_client_metadata");

    let other = client(&server, "other", json!({ "audiences": [mcp] })).await;
    let foreign = other.client_credentials(&[("resource", mcp)]).await.tokens().access_token;
    assert!(!rp.is_active(&foreign).await, "introspection is never given by registration");
}
