//! The dynamic certification plan: clients that authenticate by keys, and whose keys, request objects, logos and sector
//! documents the server has to fetch.

use std::sync::Arc;

use serde_json::{Value, json};
use signet::config::Settings;
use signet_protocol::client::profile::Profile;
use signet_protocol::jose::jwk::SigningAlgorithm;
use signet_protocol::time::Span;

use super::modules::refresh;
use super::run::{CALLBACK, Run};
use super::{Variant, checks};
use crate::client::logos::{PNG, picture, publisher, shown};
use crate::support::keys::KeyPair;
use crate::support::upstream::{Script, Upstream};
use crate::support::{Reply, header};

/// The modules for every response type.
macro_rules! plan {
    ($variant:expr) => {
        crate::conformance::tests! { $variant;
            flow: oidcc_server, oidcc_idtoken_unsigned;
            objects: oidcc_request_uri_unsigned_supported_correctly_or_rejected_as_unsupported,
                oidcc_ensure_request_object_with_redirect_uri
        }
        plan! { $variant; oidcc_idtoken_rs256, oidcc_ensure_redirect_uri_in_authorization_request,
            oidcc_redirect_uri_query_ok, oidcc_redirect_uri_query_mismatch, oidcc_redirect_uri_query_added,
            oidcc_redirect_uri_regfrag, oidcc_registration_policy_uri, oidcc_registration_tos_uri,
            oidcc_registration_sector_uri, oidcc_registration_sector_bad, oidcc_server_rotate_keys,
            oidcc_request_uri_signed_rs256 }
    };
    ($variant:expr; $($module:ident),+) => { $(
        #[tokio::test]
        async fn $module() {
            super::$module(&Run::start($variant).await).await;
        }
    )+ };
}

/// The further modules for response types with a code.
macro_rules! with_a_code {
    ($variant:expr) => {
        crate::conformance::tests! { $variant; refresh: oidcc_refresh_token }
        plan! { $variant; oidcc_registration_jwks_uri, oidcc_refresh_token_rp_key_rotation,
        oidcc_ensure_client_assertion_with_iss_aud_succeeds }
    };
}

/// The further module for response types with an access token.
macro_rules! with_an_access_token {
    ($variant:expr) => {
        plan! { $variant; oidcc_userinfo_rs256 }
    };
}

mod code {
    use super::*;

    const CODE: Variant = Variant::of("code").by_key();

    plan!(CODE);
    with_a_code!(CODE);
    with_an_access_token!(CODE);
}

mod id_token {
    use super::*;

    const ID_TOKEN: Variant = Variant::of("id_token").by_key();

    plan!(ID_TOKEN);
}

mod id_token_token {
    use super::*;

    const ID_TOKEN_TOKEN: Variant = Variant::of("id_token token").by_key();

    plan!(ID_TOKEN_TOKEN);
    with_an_access_token!(ID_TOKEN_TOKEN);
}

mod code_id_token {
    use super::*;

    const CODE_ID_TOKEN: Variant = Variant::of("code id_token").by_key();

    plan!(CODE_ID_TOKEN);
    with_a_code!(CODE_ID_TOKEN);
    with_an_access_token!(CODE_ID_TOKEN);
}

mod code_token {
    use super::*;

    const CODE_TOKEN: Variant = Variant::of("code token").by_key();

    plan!(CODE_TOKEN);
    with_a_code!(CODE_TOKEN);
    with_an_access_token!(CODE_TOKEN);
}

mod code_id_token_token {
    use super::*;

    const CODE_ID_TOKEN_TOKEN: Variant = Variant::of("code id_token token").by_key();

    plan!(CODE_ID_TOKEN_TOKEN);
    with_a_code!(CODE_ID_TOKEN_TOKEN);
    with_an_access_token!(CODE_ID_TOKEN_TOKEN);
}

async fn oidcc_idtoken_rs256(run: &Run) {
    let client = run.register_with(json!({"id_token_signed_response_alg": "RS256"})).await;
    let outcome = run.flow(&client, &run.request(&client)).await;
    let header = header(outcome.id_token());
    assert!(header["alg"] == "RS256" && header["kid"].is_string(), "{header}");
    run.unregister(client).await;
}

async fn oidcc_userinfo_rs256(run: &Run) {
    let listed = run.metadata["userinfo_signing_alg_values_supported"].as_array().unwrap();
    assert!(listed.contains(&json!("RS256")), "{listed:?}");
    let client = run.register_with(json!({"userinfo_signed_response_alg": "RS256"})).await;
    let outcome = run.flow(&client, &run.request(&client)).await;
    let reply = Reply::of(run.server.userinfo(outcome.access_token()).await).await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, Some("application/jwt")), "{reply:?}");
    let about = checks::verified(run, &client, &reply.body).await;
    assert_eq!(about["iss"], run.server.issuer);
    assert_eq!(about["aud"], client.id);
    assert_eq!(about["sub"], outcome.claims["sub"]);
    assert_eq!(about.get("nonce"), None, "{about}");
    run.unregister(client).await;
}

async fn oidcc_ensure_redirect_uri_in_authorization_request(run: &Run) {
    let client = run.register_with(json!({"redirect_uris": [CALLBACK, format!("{CALLBACK}/second")]})).await;
    let page = run.browser.get(&run.url(&run.request(&client).without("redirect_uri"))).await;
    page.assert_rejected("none sent", 400, "redirect_uri is required");
    run.unregister(client).await;
}

async fn oidcc_redirect_uri_query_ok(run: &Run) {
    let client = run.register_with(json!({"redirect_uris": [format!("{CALLBACK}?foo=bar")]})).await;
    // The response parameters follow the whole registered URI.
    run.flow(&client, &run.request(&client)).await;
    run.unregister(client).await;
}

/// Asserts that a request with a URI other than the registered one is refused.
async fn unregistered(run: &Run, registered: &str, requested: &str) {
    let client = run.register_with(json!({"redirect_uris": [registered]})).await;
    let page = run.browser.get(&run.url(&run.request(&client).with("redirect_uri", requested))).await;
    page.assert_rejected(requested, 400, "redirect_uri is not registered");
    run.unregister(client).await;
}

async fn oidcc_redirect_uri_query_mismatch(run: &Run) {
    unregistered(run, &format!("{CALLBACK}?foo=bar"), &format!("{CALLBACK}?foo=baz")).await;
}

async fn oidcc_redirect_uri_query_added(run: &Run) {
    unregistered(run, CALLBACK, &format!("{CALLBACK}?foo=bar")).await;
}

async fn oidcc_redirect_uri_regfrag(run: &Run) {
    let reply = run.try_register(json!({"redirect_uris": [format!("{CALLBACK}#foobar")]})).await;
    reply.assert_error(400, "invalid_redirect_uri");
}

/// Asserts that the sign-in page shows a link of the client.
async fn link(run: &Run, member: &str, text: &str) {
    let client = run.register_with(json!({ member: "https://suite.example/document" })).await;
    let page = run.login_page(&run.request(&client)).await;
    let link =
        format!("<a href=\"https://suite.example/document\" target=\"_blank\" rel=\"noopener noreferrer\">{text}");
    assert!(page.has(&link), "{page:?}");
    run.unregister(client).await;
}

async fn oidcc_registration_policy_uri(run: &Run) {
    link(run, "policy_uri", "Privacy policy").await;
}

async fn oidcc_registration_tos_uri(run: &Run) {
    link(run, "tos_uri", "Terms of service").await;
}

async fn oidcc_registration_sector_uri(run: &Run) {
    assert!(run.metadata["subject_types_supported"].as_array().unwrap().contains(&json!("pairwise")));
    let host = Upstream::http(Script::ok("application/json", &json!([CALLBACK]).to_string())).await;
    let sector = json!({"subject_type": "pairwise", "sector_identifier_uri": host.url("/sector.json")});
    let client = run.register_with(sector).await;
    assert_eq!(host.connections(), 1);
    let pairwise = run.flow(&client, &run.request(&client)).await;
    let public = run.register().await;
    let known = run.flow(&public, &run.request(&public)).await;
    assert_ne!(pairwise.claims["sub"], known.claims["sub"]);
    run.unregister(client).await;
}

async fn oidcc_registration_sector_bad(run: &Run) {
    let others = json!(["https://other.example/callback"]);
    let host = Upstream::http(Script::ok("application/json", &others.to_string())).await;
    let reply = run.try_register(json!({"sector_identifier_uri": host.url("/sector.json")})).await;
    reply.assert_error(400, "invalid_client_metadata");
}

async fn oidcc_server_rotate_keys(run: &Run) {
    let client = run.register().await;
    let before = run.flow(&client, &run.request(&client)).await;
    let old = header(before.id_token())["kid"].clone();
    let keys = &run.server.app.provider.keys;
    let realm = &run.server.app.realm.id;
    let rotated = keys.rotate(realm, SigningAlgorithm::RS256, run.server.clock.now()).await.unwrap();
    run.server.app.follow().await.unwrap();
    run.server.advance(rotated.signs_from.since(run.server.clock.now())).await;
    let after = run.flow(&client, &run.request(&client)).await;
    let new = header(after.id_token())["kid"].clone();
    assert_eq!(new, rotated.kid.as_str());
    let published = run.key_set().await;
    let material = |kid: &Value| published.iter().find(|key| key["kid"] == *kid).expect("published")["n"].clone();
    assert_ne!(material(&old), material(&new));
    checks::verified(run, &client, before.id_token()).await;
    run.unregister(client).await;
}

async fn oidcc_request_uri_signed_rs256(run: &Run) {
    let listed = run.metadata["request_object_signing_alg_values_supported"].as_array().unwrap();
    assert!(listed.contains(&json!("RS256")), "{listed:?}");
    let host = Upstream::http(Script::raw("")).await;
    let uri = host.url("/object#7Hq2mJvR");
    let client = run.register_with(json!({"request_uris": [uri], "request_object_signing_alg": "RS256"})).await;
    let request = run.request(&client);
    let mut claims = json!({"iss": client.id, "aud": run.server.issuer});
    for (name, value) in request.pairs() {
        claims[name] = json!(value);
    }
    host.play(Script::ok("application/oauth-authz-req+jwt", &client.key.sign(&json!({}), &claims)));
    // The parameters that OAuth requires are sent next to the object; state and nonce are only in it.
    let asked = request.clone().without("state").without("nonce").with("request_uri", &uri);
    let page = run.browser.get(&run.url(&asked)).await;
    assert!(host.requests()[0].starts_with("GET /object HTTP/1.1"), "the fragment stays with the registration");
    let response = run.response(&request, &run.complete(page).await);
    run.finish(&client, &request, response).await;
    run.unregister(client).await;
}

fn key_set(key: &KeyPair) -> Script {
    Script::ok("application/jwk-set+json", &json!({"keys": [key.jwk]}).to_string())
}

async fn oidcc_registration_jwks_uri(run: &Run) {
    let key = KeyPair::generate("RS256");
    let host = Upstream::http(key_set(&key)).await;
    let mut client = run.register_with(json!({"jwks": null, "jwks_uri": host.url("/jwks")})).await;
    client.key = Arc::new(key);
    run.flow(&client, &run.request(&client)).await;
    assert_eq!(host.connections(), 1);
    run.unregister(client).await;
}

async fn oidcc_refresh_token_rp_key_rotation(run: &Run) {
    let key = KeyPair::generate("RS256");
    let mut next = KeyPair::generate("RS256");
    next.jwk["kid"] = json!("next");
    let host = Upstream::http(key_set(&key)).await;
    let mut metadata = refresh::registration(run);
    (metadata["jwks"], metadata["jwks_uri"]) = (Value::Null, json!(host.url("/jwks")));
    let mut client = run.register_with(metadata).await;
    client.key = Arc::new(key);
    let outcome = refresh::offline(run, &client).await;
    host.play(key_set(&next));
    client.key = Arc::new(next);
    run.server.advance(Span::from_secs(60)).await;
    refresh::refreshed(run, &client, &outcome).await;
    run.unregister(client).await;
}

async fn oidcc_ensure_client_assertion_with_iss_aud_succeeds(run: &Run) {
    let mut client = run.register().await;
    client.audience = run.server.issuer.clone();
    run.flow(&client, &run.request(&client)).await;
    run.unregister(client).await;
}

#[tokio::test]
async fn oidcc_registration_logo_uri() {
    let classic = |settings: &mut Settings| settings.registration.profile = Profile::OidcClassic;
    let (server, host, _files) = publisher(picture("image/png", PNG), classic).await;
    let run = Run::on(server, Variant::of("code").by_key()).await;
    let client = run.register_with(json!({"logo_uri": format!("https://localhost:{}/logo.png", host.port)})).await;
    let page = run.login_page(&run.request(&client)).await;
    let logo = shown(&page.body).expect("a logo");
    assert!(logo.starts_with('/'), "from our own origin: {logo}");
    assert_eq!(run.server.get(logo).await.bytes().await.unwrap(), PNG);
    run.unregister(client).await;
}
