//! The server does everything that the documents advertise.

use serde_json::{Value, json};
use signet::config::Settings;
use signet_protocol::client::profile::Profile;
use signet_protocol::endpoint;
use signet_protocol::jose::jwk::SigningAlgorithm;

use super::{document, texts};
use crate::support::keys::{self, KeyPair};
use crate::support::{Page, Reply, TestServer, claims, header};

#[tokio::test]
async fn every_advertised_address_answers() {
    let server = TestServer::start().await;
    let document = document(&server).await;
    // The statuses of a GET and of an empty POST for each endpoint.
    let rows = [
        ("authorization_endpoint", 400, 400),
        ("token_endpoint", 405, 400),
        ("userinfo_endpoint", 401, 401),
        ("jwks_uri", 200, 405),
        ("end_session_endpoint", 200, 0),
        ("introspection_endpoint", 405, 400),
        ("revocation_endpoint", 405, 400),
        ("pushed_authorization_request_endpoint", 405, 400),
        ("device_authorization_endpoint", 405, 400),
    ];
    let named = document.as_object().unwrap().keys().filter(|name| name.ends_with("_endpoint") || *name == "jwks_uri");
    assert_eq!(named.count(), rows.len(), "a row for each address");
    let member = |endpoint: &&endpoint::Endpoint| endpoint.member.is_some_and(|member| document.get(member).is_some());
    for endpoint in endpoint::ALL.iter().filter(member) {
        assert_eq!(document[endpoint.member.unwrap()], endpoint.url(&server.issuer), "the table names it");
    }
    assert_eq!(endpoint::ALL.iter().filter(member).count(), rows.len());
    for (name, got, posted) in rows {
        let url = document[name].as_str().unwrap();
        assert_eq!(server.http.get(url).send().await.unwrap().status(), got, "GET {name}");
        if posted != 0 {
            assert_eq!(server.http.post(url).send().await.unwrap().status(), posted, "POST {name}");
        }
    }
}

#[tokio::test]
async fn response_types_are_advertised_that_some_client_can_have() {
    let only = |profiles: &[Profile]| {
        let profiles = profiles.to_vec();
        move |settings: &mut Settings| settings.profiles.allowed = profiles
    };
    let server = TestServer::start_with(only(&[Profile::Oauth21])).await;
    let plain = document(&server).await;
    assert_eq!(texts(&plain, "response_types_supported"), ["code"]);
    assert_eq!(texts(&plain, "response_modes_supported"), ["query", "form_post"]);
    assert!(!texts(&plain, "grant_types_supported").contains(&"implicit"), "{plain}");
    let methods = texts(&plain, "token_endpoint_auth_methods_supported");
    assert!(methods.contains(&"client_secret_basic") && !methods.contains(&"client_secret"), "{methods:?}");

    let server = TestServer::start().await;
    assert!(texts(&document(&server).await, "response_types_supported").contains(&"code id_token token"));
    let harmless = json!({"client_name": "\"profile\":\"oidc_classic\""});
    server.client("named-so", harmless).await;
    let twin = server.twin_with(only(&[Profile::Oauth21])).await;
    assert_eq!(texts(&document(&twin).await, "response_types_supported"), ["code"]);
    let rp = server.client("old", json!({"profile": "oidc_classic"})).await;
    let twin = server.twin_with(only(&[Profile::Oauth21])).await;
    let document = document(&twin).await;
    assert!(texts(&document, "response_types_supported").contains(&"code id_token token"), "{document}");
    assert!(texts(&document, "grant_types_supported").contains(&"implicit"), "{document}");
    let bare = [("code_challenge", ""), ("code_challenge_method", "")];
    let code = rp.at(&twin).authorize_with("alice", &bare).await.code();
    rp.at(&twin).redeem_with(&code, &[("code_verifier", "")]).await.tokens();
}

#[tokio::test]
async fn every_advertised_grant_yields_tokens() {
    let server = TestServer::start().await;
    let document = document(&server).await;
    let grants = texts(&document, "grant_types_supported");
    let metadata = json!({
        "grant_types": grants, "scope": "openid offline_access api", "profile": "oidc_classic",
        "response_types": ["code", "id_token"],
    });
    let rp = server.client("all", metadata).await;
    let authorized = rp.authorize_with("alice", &[("scope", "openid offline_access")]).await;
    let tokens = rp.redeem(&authorized.code()).await.tokens();
    for grant in grants {
        match grant {
            "authorization_code" => {}
            "refresh_token" => drop(rp.refresh(tokens.refresh_token()).await.tokens()),
            "client_credentials" => drop(rp.client_credentials(&[]).await.tokens()),
            "urn:ietf:params:oauth:grant-type:device_code" => {
                let asked = rp.post("/device_authorization", &[("scope", "openid")]).await.json();
                let page = authorized.browser.visit(asked["verification_uri_complete"].as_str().unwrap()).await;
                let fields = [("user_code", asked["user_code"].as_str().unwrap()), ("device-submit", "yes")];
                let page = authorized.browser.submit(&page, &fields).await;
                authorized.browser.submit(&page, &[("device-allow", "yes")]).await;
                let device_code = asked["device_code"].as_str().unwrap();
                rp.post("/token", &[("grant_type", grant), ("device_code", device_code)]).await.tokens();
            }
            "implicit" => {
                let changes = [("response_type", "id_token"), ("scope", "openid")];
                let page = rp.authorize_with("alice", &changes).await.page;
                assert!(page.fragment("id_token").is_some(), "{page:?}");
            }
            other => panic!("{other}: this test does not know how to use it"),
        }
    }
    rp.post("/token", &[("grant_type", "password")]).await.assert_error(400, "unsupported_grant_type");
}

#[tokio::test]
async fn every_advertised_authentication_method_is_accepted() {
    let server = TestServer::start().await;
    let document = document(&server).await;
    let methods = texts(&document, "token_endpoint_auth_methods_supported");
    assert_eq!(methods, texts(&document, "revocation_endpoint_auth_methods_supported"));
    for method in methods {
        match method {
            "client_secret_basic" | "client_secret_post" => {
                let grants = json!({ "token_endpoint_auth_method": method, "grant_types": ["authorization_code", "client_credentials"] });
                server.client(method, grants).await.client_credentials(&[]).await.tokens();
            }
            "none" => {
                let rp = server.client("public", json!({ "token_endpoint_auth_method": "none" })).await;
                let code = rp.authorize_as("alice").await.code();
                rp.redeem(&code).await.tokens();
            }
            "private_key_jwt" => {
                let algorithms = texts(&document, "token_endpoint_auth_signing_alg_values_supported");
                for algorithm in algorithms.into_iter().filter(|algorithm| *algorithm != "HS256") {
                    let reply = redeem_with_assertion(&server, algorithm).await;
                    assert_eq!(reply.status, 200, "{algorithm}: {reply:?}");
                }
            }
            "client_secret_jwt" => {
                let metadata = json!({
                    "token_endpoint_auth_method": method, "grant_types": ["client_credentials"], "redirect_uris": [],
                });
                let rp = server.client(method, metadata).await;
                let now = server.clock.now().as_secs();
                let claims = json!({ "iss": rp.id, "sub": rp.id, "aud": server.issuer, "jti": "one", "exp": now + 60 });
                let assertion = keys::sign_hs256(rp.secret.as_deref().unwrap(), &json!({}), &claims);
                let reply = server.post("/token", &assertion_params(&assertion)).await;
                assert_eq!(reply.status, 200, "{reply:?}");
            }
            other => panic!("{other}: this test does not know how to use it"),
        }
    }
}

fn assertion_params(assertion: &str) -> [(&str, &str); 3] {
    [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion),
    ]
}

async fn redeem_with_assertion(server: &TestServer, algorithm: &str) -> Reply {
    let key = KeyPair::generate(algorithm);
    let id = format!("signs-{algorithm}");
    let metadata = json!({
        "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [key.jwk] },
        "grant_types": ["client_credentials"], "redirect_uris": [], "scope": "api",
    });
    server.client(&id, metadata).await;
    let now = server.clock.now().as_secs();
    let claims = json!({ "iss": id, "sub": id, "aud": server.issuer, "jti": "one", "iat": now, "exp": now + 60 });
    let assertion = key.sign(&json!({}), &claims);
    server.post("/token", &assertion_params(&assertion)).await
}

#[tokio::test]
async fn every_advertised_signing_algorithm_signs_id_tokens() {
    let all = vec![
        SigningAlgorithm::RS256,
        SigningAlgorithm::PS512,
        SigningAlgorithm::ES256,
        SigningAlgorithm::ES384,
        SigningAlgorithm::EdDSA,
    ];
    let server = TestServer::start_with(|settings| settings.keys.algorithms = all).await;
    let document = document(&server).await;
    let algorithms = texts(&document, "id_token_signing_alg_values_supported");
    assert_eq!(algorithms.len(), 6, "and HS256: {algorithms:?}");
    for algorithm in algorithms {
        let rp = server.client(algorithm, json!({ "id_token_signed_response_alg": algorithm })).await;
        let code = rp.authorize_as("alice").await.code();
        let tokens = rp.redeem(&code).await.tokens();
        assert_eq!(header(tokens.id_token())["alg"], algorithm);
    }
}

#[tokio::test]
async fn every_advertised_request_parameter_is_understood() {
    let server = TestServer::start().await;
    let document = document(&server).await;
    let metadata = json!({
        "profile": "oidc_classic", "grant_types": ["authorization_code", "implicit", "refresh_token"],
        "response_types": document["response_types_supported"],
    });
    let rp = server.client("rp", metadata).await;
    let member = |name: &str| texts(&document, name).into_iter().map(str::to_owned).collect::<Vec<_>>();
    let rows = [
        ("response_type", member("response_types_supported")),
        ("response_mode", member("response_modes_supported")),
        ("scope", member("scopes_supported").iter().map(|scope| format!("openid {scope}")).collect()),
        ("acr_values", member("acr_values_supported")),
        ("display", member("display_values_supported")),
        ("code_challenge_method", member("code_challenge_methods_supported")),
        ("prompt", member("prompt_values_supported")),
    ];
    let browser = rp.authorize_as("alice").await.browser;
    for (name, values) in &rows {
        for value in values {
            let scope = if *name == "prompt" { "openid" } else { "openid profile email address phone offline_access" };
            let url = rp.authorization_url(&[("scope", scope), (name, value)]);
            let page = browser.authorize(&url, "alice").await;
            let answers = ["code", "id_token"];
            let ended = answers.iter().any(|name| {
                let posted = page.has(&format!("name=\"{name}\""));
                posted || page.parameter(name).is_some() || page.fragment(name).is_some()
            });
            assert!(ended, "{name}={value}: {:?} {}", page.location(), page.body);
            assert_eq!(page.has("name=\"code\""), value == "form_post", "{name}={value}");
        }
    }
    for (name, value) in
        [("response_type", "token"), ("response_mode", "carrier_pigeon"), ("code_challenge_method", "plain")]
    {
        let page: Page = browser.visit(&rp.authorization_url(&[(name, value)])).await;
        assert!(page.parameter("error").is_some(), "{name}={value} is not advertised: {page:?}");
    }
}

#[tokio::test]
async fn every_claim_that_is_released_is_advertised() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let document = document(&server).await;
    let advertised = texts(&document, "claims_supported");
    let everything = [("scope", "openid profile email address phone"), ("acr_values", "1")];
    let code = rp.authorize_with("alice", &everything).await.code();
    let tokens = rp.redeem(&code).await.tokens();
    let userinfo: Value = server.userinfo(&tokens.access_token).await.json().await.unwrap();
    let id_token = claims(tokens.id_token());
    let released: Vec<&String> =
        userinfo.as_object().unwrap().keys().chain(id_token.as_object().unwrap().keys()).collect();
    for claim in &released {
        assert!(advertised.contains(&claim.as_str()) || *claim == "jti" || *claim == "nbf", "{claim}");
    }
    // The hash of the code is only in ID tokens of the same response.
    for claim in advertised.iter().filter(|claim| !["azp", "c_hash"].contains(claim)) {
        assert!(released.iter().any(|name| name == claim), "{claim} is advertised and not released");
    }
}
