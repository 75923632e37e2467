//! The discovery documents (OpenID Connect Discovery §3, RFC 8414 §2) are correct and complete.

mod advertised;

use openidconnect::core::CoreProviderMetadata;
use reqwest::header::{HOST, IF_NONE_MATCH, ORIGIN};
use serde_json::Value;

use crate::support::{Browser, RelyingParty, Reply, TestServer, claims};

const OPENID: &str = "/.well-known/openid-configuration";
const OAUTH: &str = "/.well-known/oauth-authorization-server";

/// The members of the registries of RFC 8414 §7.1 and OpenID Connect that this server may publish.
const REGISTERED: [&str; 53] = [
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "userinfo_endpoint",
    "jwks_uri",
    "end_session_endpoint",
    "backchannel_logout_supported",
    "backchannel_logout_session_supported",
    "frontchannel_logout_supported",
    "frontchannel_logout_session_supported",
    "check_session_iframe",
    "introspection_endpoint",
    "revocation_endpoint",
    "registration_endpoint",
    "scopes_supported",
    "response_types_supported",
    "response_modes_supported",
    "grant_types_supported",
    "acr_values_supported",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
    "userinfo_signing_alg_values_supported",
    "request_object_signing_alg_values_supported",
    "token_endpoint_auth_methods_supported",
    "token_endpoint_auth_signing_alg_values_supported",
    "introspection_endpoint_auth_methods_supported",
    "introspection_endpoint_auth_signing_alg_values_supported",
    "revocation_endpoint_auth_methods_supported",
    "revocation_endpoint_auth_signing_alg_values_supported",
    "display_values_supported",
    "claim_types_supported",
    "claims_supported",
    "claims_parameter_supported",
    "request_parameter_supported",
    "request_uri_parameter_supported",
    "code_challenge_methods_supported",
    "prompt_values_supported",
    "authorization_response_iss_parameter_supported",
    "claims_locales_supported",
    "id_token_encryption_alg_values_supported",
    "id_token_encryption_enc_values_supported",
    "pushed_authorization_request_endpoint",
    "device_authorization_endpoint",
    "request_object_encryption_alg_values_supported",
    "request_object_encryption_enc_values_supported",
    "require_pushed_authorization_requests",
    "require_request_uri_registration",
    "ui_locales_supported",
    "userinfo_encryption_alg_values_supported",
    "userinfo_encryption_enc_values_supported",
    "service_documentation",
    "op_policy_uri",
    "op_tos_uri",
];

async fn document(server: &TestServer) -> Value {
    server.get(OPENID).await.json().await.unwrap()
}

fn texts<'a>(document: &'a Value, member: &str) -> Vec<&'a str> {
    let list = document[member].as_array().unwrap_or_else(|| panic!("{member}: {document}"));
    list.iter().map(|text| text.as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_document_is_what_certification_asks_for() {
    let server = TestServer::start_with(|settings| settings.sessions.management = true).await;
    let response = server.get(OPENID).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (200, &"application/json".parse().unwrap())
    );
    let document: Value = response.json().await.unwrap();
    assert_eq!(document["issuer"], server.issuer);
    let holds = |member: &str, value: &str| texts(&document, member).contains(&value);
    let rows = [
        ("subjects are public", holds("subject_types_supported", "public")),
        ("RS256 is always there", holds("id_token_signing_alg_values_supported", "RS256")),
        ("nothing unsigned", !holds("id_token_signing_alg_values_supported", "none")),
        ("nothing unsigned in request objects", !holds("request_object_signing_alg_values_supported", "none")),
        ("RS256 in request objects", holds("request_object_signing_alg_values_supported", "RS256")),
        ("pairwise subjects", holds("subject_types_supported", "pairwise")),
        ("the code flow", holds("response_types_supported", "code")),
        ("the code grant", holds("grant_types_supported", "authorization_code")),
        ("the implicit flow", holds("response_types_supported", "id_token token")),
        ("the implicit grant", holds("grant_types_supported", "implicit")),
        ("the scope openid", holds("scopes_supported", "openid")),
        ("PKCE", texts(&document, "code_challenge_methods_supported") == ["S256"]),
        ("the claim sub", holds("claims_supported", "sub")),
        ("no public client introspects", !holds("introspection_endpoint_auth_methods_supported", "none")),
        ("back-channel logout", document["backchannel_logout_supported"] == true),
        ("back-channel logout with sid", document["backchannel_logout_session_supported"] == true),
        ("front-channel logout", document["frontchannel_logout_supported"] == true),
        ("front-channel logout with sid", document["frontchannel_logout_session_supported"] == true),
        ("the session iframe", document["check_session_iframe"] == server.url("/session/check")),
        ("iss in responses", document["authorization_response_iss_parameter_supported"] == true),
        ("claims_parameter_supported", document["claims_parameter_supported"] == true),
        ("request_parameter_supported", document["request_parameter_supported"] == true),
        ("request_uri_parameter_supported", document["request_uri_parameter_supported"] == true),
        ("require_request_uri_registration", document["require_request_uri_registration"] == true),
    ];
    for (rule, kept) in rows {
        assert!(kept, "{rule}: {document}");
    }
    for (member, value) in document.as_object().unwrap() {
        assert!(REGISTERED.contains(&member.as_str()), "{member} is no registered member");
        let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty) || value == "";
        assert!(!empty, "{member} is empty: it is left out instead (RFC 8414 §3.2)");
    }
}

#[tokio::test]
async fn behind_https_every_address_is_https() {
    let server = TestServer::start_with(|settings| settings.issuer = "https://op.example".to_owned()).await;
    let address = server.app.settings.listen;
    for path in [OPENID, OAUTH] {
        let request = server.http.get(format!("http://{address}{path}")).header(HOST, "op.example");
        let document: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(document["issuer"], "https://op.example");
        let addresses = document.as_object().unwrap().iter();
        let addresses: Vec<_> =
            addresses.filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri").collect();
        assert_eq!(addresses.len(), 9, "{document}");
        for (name, address) in addresses {
            assert!(address.as_str().unwrap().starts_with("https://op.example/"), "{name}: {address}");
        }
    }
}

#[tokio::test]
async fn both_documents_say_the_same() {
    let server = TestServer::start().await;
    let openid = server.get(OPENID).await.bytes().await.unwrap();
    assert_eq!(openid, server.get(OAUTH).await.bytes().await.unwrap());
}

#[tokio::test]
async fn the_openidconnect_crate_discovers_the_server() {
    let server = TestServer::start().await;
    let fetch = |request: openidconnect::HttpRequest| {
        let request = reqwest::Request::try_from(request).unwrap();
        let answer = server.http.execute(request);
        async move {
            let answer = answer.await?;
            let mut response = axum::http::Response::builder().status(answer.status());
            *response.headers_mut().unwrap() = answer.headers().clone();
            Ok::<_, reqwest::Error>(response.body(answer.bytes().await?.to_vec()).unwrap())
        }
    };
    let issuer = openidconnect::IssuerUrl::new(server.issuer.clone()).unwrap();
    let metadata = CoreProviderMetadata::discover_async(issuer, &fetch).await.unwrap();
    assert_eq!(metadata.jwks().keys().len(), 2);
    assert_eq!(metadata.userinfo_endpoint().unwrap().as_str(), server.url("/userinfo"));
}

#[tokio::test]
async fn documents_are_publicly_cacheable_and_not_sent_twice() {
    let server = TestServer::start().await;
    let rows = [
        (OPENID, "application/json"),
        (OAUTH, "application/json"),
        ("/.well-known/jwks.json", "application/jwk-set+json"),
        ("/jwks", "application/jwk-set+json"),
        ("/oauth/jwks", "application/jwk-set+json"),
    ];
    for (path, content_type) in rows {
        let url = server.url(path);
        let whole = Reply::of(server.http.get(&url).header(ORIGIN, "https://any.example").send().await.unwrap()).await;
        assert_eq!((whole.status.as_u16(), whole.header("content-type")), (200, Some(content_type)), "{path}");
        let tag = whole.header("etag").unwrap();
        for known in [tag.to_owned(), format!("\"other\", W/{tag}"), "*".to_owned()] {
            let again = Reply::of(server.http.get(&url).header(IF_NONE_MATCH, &known).send().await.unwrap()).await;
            assert_eq!((again.status.as_u16(), again.body.as_str()), (304, ""), "{path} {known}");
            for name in ["etag", "cache-control"] {
                assert_eq!(again.header(name), whole.header(name), "{path} {known}: RFC 9110 §15.4.5");
            }
        }
        let changed = server.http.get(&url).header(IF_NONE_MATCH, "\"other\"").send().await.unwrap();
        assert_eq!(changed.status(), 200, "{path}");
        assert_eq!(whole.header("cache-control"), Some("public, max-age=3600"), "{path}");
        assert_eq!(whole.header("access-control-allow-origin"), Some("*"), "{path}");
        assert_eq!(whole.header("access-control-allow-credentials"), None, "{path}");
        assert_eq!(whole.header("set-cookie"), None, "{path}");
    }
    let sets = ["/.well-known/jwks.json", "/jwks", "/oauth/jwks"].map(|path| server.get(path));
    let [first, second, third] = sets;
    let (first, second, third) =
        (first.await.text().await.unwrap(), second.await.text().await.unwrap(), third.await.text().await.unwrap());
    assert!(first == second && second == third, "the aliases answer the same");
}

#[tokio::test]
async fn an_issuer_with_a_path_has_everything_below_it() {
    let server = TestServer::start_with(|settings| settings.issuer.push_str("/tenant/one")).await;
    let document: Value = document(&server).await;
    assert_eq!(document["issuer"], server.issuer);
    let origin = server.issuer.strip_suffix("/tenant/one").unwrap();
    let get = |url: String| server.http.get(url).send();
    let inserted = get(format!("{origin}{OAUTH}/tenant/one")).await.unwrap();
    assert_eq!(inserted.json::<Value>().await.unwrap(), document, "RFC 8414 §3.1");
    assert_eq!(get(format!("{origin}{OPENID}")).await.unwrap().status(), 404, "another issuer's place");
    assert_eq!(get(document["jwks_uri"].as_str().unwrap().to_owned()).await.unwrap().status(), 200);

    let rp: RelyingParty = server.relying_party().await;
    let browser = Browser::new(origin);
    let page = browser.authorize(&rp.authorization_url(&[]), "alice").await;
    assert_eq!(page.parameter("iss").as_deref(), Some(server.issuer.as_str()));
    let tokens = rp.redeem(&page.code()).await.tokens();
    assert_eq!(claims(tokens.id_token())["iss"], server.issuer);
    assert_eq!(server.userinfo(&tokens.access_token).await.status(), 200);
}
