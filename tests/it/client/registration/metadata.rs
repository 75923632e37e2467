//! Client metadata in a registration request: refused, reduced, or returned as registered.

use serde_json::json;

use super::{client, count, open, open_with, register, send, stored, with};
use crate::support::keys::KeyPair;

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
