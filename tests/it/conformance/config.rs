//! The config certification plan: the discovery document (OpenID Connect Discovery §3, RFC 8414 §2). The issuer here is
//! an https one, behind a proxy.

use reqwest::header::HOST;
use serde_json::{Value, json};
use signet::config::RegistrationMode;
use url::Url;

use super::checks;
use crate::support::{Reply, TestServer};

const ISSUER: &str = "https://op.example";

/// The members that the specifications define.
const KNOWN: &str = "
    acr_values_supported authorization_endpoint authorization_response_iss_parameter_supported
    backchannel_logout_session_supported backchannel_logout_supported check_session_iframe claim_types_supported
    claims_locales_supported claims_parameter_supported claims_supported code_challenge_methods_supported
    display_values_supported end_session_endpoint frontchannel_logout_session_supported frontchannel_logout_supported
    grant_types_supported id_token_encryption_alg_values_supported id_token_encryption_enc_values_supported
    id_token_signing_alg_values_supported introspection_endpoint introspection_endpoint_auth_methods_supported
    introspection_endpoint_auth_signing_alg_values_supported issuer jwks_uri op_policy_uri op_tos_uri
    prompt_values_supported pushed_authorization_request_endpoint registration_endpoint
    request_object_encryption_alg_values_supported request_object_encryption_enc_values_supported
    request_object_signing_alg_values_supported request_parameter_supported request_uri_parameter_supported
    require_pushed_authorization_requests require_request_uri_registration require_signed_request_object
    response_modes_supported response_types_supported revocation_endpoint revocation_endpoint_auth_methods_supported
    revocation_endpoint_auth_signing_alg_values_supported scopes_supported service_documentation
    subject_types_supported token_endpoint token_endpoint_auth_methods_supported
    token_endpoint_auth_signing_alg_values_supported ui_locales_supported userinfo_encryption_alg_values_supported
    userinfo_encryption_enc_values_supported userinfo_endpoint userinfo_signing_alg_values_supported
    dpop_signing_alg_values_supported mtls_endpoint_aliases tls_client_certificate_bound_access_tokens
    authorization_signing_alg_values_supported authorization_encryption_alg_values_supported
    authorization_encryption_enc_values_supported device_authorization_endpoint protected_resources
    introspection_signing_alg_values_supported introspection_encryption_alg_values_supported
    introspection_encryption_enc_values_supported authorization_details_types_supported
    backchannel_authentication_endpoint backchannel_authentication_request_signing_alg_values_supported
    backchannel_token_delivery_modes_supported backchannel_user_code_parameter_supported
";

/// The list members of the document, with the values that they must contain.
const LISTS: [(&str, &[&str]); 12] = [
    ("subject_types_supported", &["public", "pairwise"]),
    ("id_token_signing_alg_values_supported", &["RS256"]),
    ("userinfo_signing_alg_values_supported", &["RS256"]),
    ("request_object_signing_alg_values_supported", &["RS256"]),
    ("response_types_supported", &["code", "id_token", "id_token token"]),
    ("grant_types_supported", &["authorization_code", "implicit"]),
    ("scopes_supported", &["openid"]),
    ("claims_supported", &["sub", "name"]),
    ("code_challenge_methods_supported", &["S256"]),
    ("token_endpoint_auth_methods_supported", &["client_secret_basic", "private_key_jwt"]),
    ("response_modes_supported", &["query", "fragment", "form_post"]),
    ("ui_locales_supported", &["en", "de", "fr", "es", "ja", "ar"]),
];

/// A GET of a path, as forwarded by the proxy.
async fn get(server: &TestServer, path: &str) -> Reply {
    let address = server.app.settings.listen;
    let request = server.http.get(format!("http://{address}{path}")).header(HOST, "op.example");
    Reply::of(request.send().await.unwrap()).await
}

async fn server() -> TestServer {
    TestServer::start_with(|settings| {
        settings.issuer = ISSUER.to_owned();
        settings.registration.mode = RegistrationMode::Open;
        settings.sessions.management = true;
    })
    .await
}

/// The discovery document of a server behind https.
pub async fn document() -> Value {
    get(&server().await, "/.well-known/openid-configuration").await.json()
}

#[tokio::test]
async fn oidcc_discovery_endpoint_verification() {
    let server = server().await;
    let reply = get(&server, "/.well-known/openid-configuration").await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (200, Some("application/json")));
    let document = reply.json();
    assert_eq!(document["issuer"], ISSUER, "the address of the document without its suffix");
    for (name, value) in document.as_object().unwrap() {
        assert!(KNOWN.split_whitespace().any(|known| known == name), "{name} is unknown");
        let uri = || Url::parse(value.as_str().unwrap()).unwrap();
        let right = match name.as_str() {
            "issuer" | "jwks_uri" | "check_session_iframe" => uri().scheme() == "https",
            name if name.ends_with("_endpoint") => uri().scheme() == "https" && uri().fragment().is_none(),
            name if LISTS.iter().any(|(list, _)| *list == name) => is_list(value),
            name if name.ends_with("_values_supported") || name.ends_with("_methods_supported") => is_list(value),
            name if name.ends_with("_supported") && value.is_array() => is_list(value),
            _ => value.is_boolean(),
        };
        assert!(right, "{name}: {value}");
    }
    for (name, least) in LISTS {
        let held = document[name].as_array().unwrap_or_else(|| panic!("no {name}"));
        let missing: Vec<_> = least.iter().filter(|value| !held.contains(&Value::from(**value))).collect();
        assert!(missing.is_empty(), "{name}: {missing:?}");
    }
    for name in ["claims_parameter_supported", "request_parameter_supported", "request_uri_parameter_supported"] {
        assert!(document[name].is_boolean(), "{name}");
    }
    assert!(document["userinfo_endpoint"].is_string());
    let jwks = document["jwks_uri"].as_str().unwrap().strip_prefix(ISSUER).unwrap();
    assert_eq!(get(&server, jwks).await.status, 200);
}

/// True for a non-empty list of distinct strings (RFC 8414 §3.2).
fn is_list(value: &Value) -> bool {
    let Some(list) = value.as_array() else { return false };
    let once = |(index, one): (usize, &Value)| one.is_string() && !list[..index].contains(one);
    !list.is_empty() && list.iter().enumerate().all(once)
}

#[tokio::test]
async fn the_key_set_is_what_every_module_looks_at_first() {
    let server = TestServer::start().await;
    let keys = checks::key_set(&server, &server.url("/.well-known/jwks.json")).await;
    assert!(keys.iter().any(|key| key["kty"] == "RSA"), "{keys:?}");
}

#[tokio::test]
async fn the_registration_response_uses_https_too() {
    let server = server().await;
    let address = server.app.settings.listen;
    let body = json!({"redirect_uris": ["https://suite.example/test/a/signet/callback"]});
    let request = server.http.post(format!("http://{address}/register")).header(HOST, "op.example").json(&body);
    let information = Reply::of(request.send().await.unwrap()).await.json();
    assert!(information["registration_client_uri"].as_str().unwrap().starts_with(ISSUER), "{information}");
}
