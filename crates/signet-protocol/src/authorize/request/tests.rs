use serde_json::json;

use super::*;
use crate::client::ClientMetadata;

const PKCE: &str = "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

fn client(changes: serde_json::Value) -> Client {
    let mut metadata = json!({
        "redirect_uris": ["https://rp.example/cb"],
        "scope": "openid email offline_access",
        "audiences": ["https://api.example/"],
    });
    for (name, value) in changes.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    let metadata: ClientMetadata = serde_json::from_value(metadata).unwrap();
    Client {
        id: ClientId::parse("rp").unwrap(),
        metadata,
        secrets: Vec::new(),
        enabled: true,
        registration: None,
        logo: None,
    }
}

fn check(query: &str, client: &Client) -> Result<AuthorizationRequest, Refusal> {
    let mut params = Params::default();
    params.extend(query.as_bytes()).unwrap();
    AuthorizationRequest::check(&params, client, "https://op.example")
}

fn verdict(query: &str, client: &Client) -> String {
    match check(query, client) {
        Ok(_) => "ok".into(),
        Err(Refusal::Page(error)) => error.explanation(),
        Err(Refusal::Redirect { error, .. }) => error.code.as_str().into(),
    }
}

#[test]
fn each_fault_of_a_request_has_its_answer() {
    let base = format!("client_id=rp&redirect_uri=https://rp.example/cb&response_type=code&scope=openid&{PKCE}");
    let without = |name: &str| {
        let kept: Vec<_> = base.split('&').filter(|field| !field.starts_with(name)).collect();
        kept.join("&")
    };
    let long = "x".repeat(MAX_OPAQUE + 1);
    let rows = [
        ("complete", base.clone(), "ok"),
        (
            "OIDC Core §3.1.2.1: redirect_uri",
            without("redirect_uri"),
            "redirect_uri is missing; the client has registered 1",
        ),
        (
            "RFC 6749 §3.1.2.4: not registered",
            base.replace("/cb", "/cb/"),
            "redirect_uri https://rp.example/cb/ is not one of 1 registered",
        ),
        ("redirect_uri twice", format!("{base}&redirect_uri=https://rp.example/cb"), "redirect_uri is repeated"),
        ("client_id twice", format!("{base}&client_id=rp"), "client_id is missing, repeated or malformed"),
        ("any other twice", format!("{base}&scope=openid"), "invalid_request"),
        ("state twice", format!("{base}&state=a&state=b"), "invalid_request"),
        ("unknown parameter", format!("{base}&foo=bar"), "ok"),
        ("unknown parameter twice", format!("{base}&foo=bar&foo=bar"), "ok"),
        ("response_type missing", without("response_type"), "invalid_request"),
        ("response_type token", base.replace("=code&", "=token&"), "unsupported_response_type"),
        ("response_type hybrid", base.replace("=code&", "=code+id_token&"), "unsupported_response_type"),
        ("scope beyond the client", base.replace("scope=openid", "scope=openid+admin"), "invalid_scope"),
        ("scope malformed", base.replace("scope=openid", "scope=openid++email"), "invalid_scope"),
        ("RFC 9700 §2.1.1: no PKCE", without("code_challenge"), "invalid_request"),
        ("plain PKCE", base.replace("S256", "plain"), "invalid_request"),
        ("form_post", format!("{base}&response_mode=form_post"), "ok"),
        ("fragment", format!("{base}&response_mode=fragment"), "invalid_request"),
        ("request object", format!("{base}&request=a.b.c"), "request_not_supported"),
        ("request_uri", format!("{base}&request_uri=https://rp.example/r"), "request_uri_not_supported"),
        ("registration", format!("{base}&registration=%7B%7D"), "registration_not_supported"),
        ("prompt", format!("{base}&prompt=login+consent"), "ok"),
        ("prompt=none with another", format!("{base}&prompt=none+login"), "invalid_request"),
        ("prompt of another kind", format!("{base}&prompt=create"), "invalid_request"),
        ("max_age", format!("{base}&max_age=0"), "ok"),
        ("max_age negative", format!("{base}&max_age=-1"), "invalid_request"),
        ("max_age not a number", format!("{base}&max_age=1e3"), "invalid_request"),
        ("state too long", format!("{base}&state={long}"), "invalid_request"),
        ("nonce too long", format!("{base}&nonce={long}"), "invalid_request"),
        ("resource", format!("{base}&resource=https://api.example/"), "ok"),
        ("RFC 8707 §2: another resource", format!("{base}&resource=https://evil.example/"), "invalid_target"),
    ];
    let rp = client(json!({}));
    for (rule, query, expected) in rows {
        assert_eq!(verdict(&query, &rp), expected, "{rule}");
    }
}

#[test]
fn the_profile_and_the_grants_of_the_client_decide() {
    let plain = "client_id=rp&redirect_uri=https://rp.example/cb&response_type=code&scope=openid";
    let rows = [
        (json!({}), "invalid_request"),
        (json!({"profile": "oidc_classic"}), "ok"),
        (json!({"profile": "oidc_classic", "token_endpoint_auth_method": "none"}), "invalid_request"),
        (json!({"profile": "oidc_classic", "grant_types": ["client_credentials"]}), "unauthorized_client"),
    ];
    for (changes, expected) in rows {
        assert_eq!(verdict(plain, &client(changes.clone())), expected, "{changes}");
    }
}

#[test]
fn a_required_nonce_is_enforced_with_openid() {
    let base = format!("client_id=rp&redirect_uri=https://rp.example/cb&response_type=code&{PKCE}");
    let rows = [
        ("none", true, "scope=openid", "invalid_request"),
        ("an empty one", true, "scope=openid&nonce=", "invalid_request"),
        ("one", true, "scope=openid&nonce=n", "ok"),
        ("none, without an ID token", true, "scope=email", "ok"),
        ("none, where none is required", false, "scope=openid", "ok"),
    ];
    for (rule, required, parameters, expected) in rows {
        for method in ["none", "client_secret_basic"] {
            let rp = client(json!({"require_nonce": required, "token_endpoint_auth_method": method}));
            assert_eq!(verdict(&format!("{base}&{parameters}"), &rp), expected, "{rule}, {method}");
        }
    }
}

#[test]
fn a_waiting_request_needs_pkce_once_its_client_does() {
    let base = "client_id=rp&redirect_uri=https://rp.example/cb&response_type=code&scope=openid&nonce=n";
    let of = |changes: serde_json::Value| {
        let mut metadata = json!({"pkce": "nonce"});
        changes.as_object().unwrap().iter().for_each(|(name, value)| metadata[name] = value.clone());
        client(metadata)
    };
    let bare = check(base, &of(json!({}))).unwrap();
    let challenged = check(&format!("{base}&{PKCE}"), &of(json!({}))).unwrap();
    let rows = [
        ("nothing has changed", json!({}), true),
        ("PKCE is required by now", json!({"pkce": "required"}), false),
        ("the client is public by now", json!({"token_endpoint_auth_method": "none"}), false),
        ("openid was lost", json!({"scope": "email"}), false),
    ];
    for (rule, changes, ok) in rows {
        assert_eq!(bare.clone().narrowed_to(&of(changes.clone())).is_ok(), ok, "{rule}");
        let keeps_openid = changes.get("scope").is_none();
        assert_eq!(challenged.clone().narrowed_to(&of(changes)).is_ok(), keeps_openid, "{rule}, with a challenge");
    }
}

#[test]
fn a_checked_request_keeps_what_it_needs() {
    let query = format!(
        "client_id=rp&redirect_uri=https://rp.example/cb&response_type=code&scope=email+openid&{PKCE}\
         &state=a%26b%23%C3%A9&nonce=n%22&max_age=60&resource=https://api.example/"
    );
    let request = check(&query, &client(json!({}))).unwrap();
    assert_eq!(request.state.as_deref(), Some("a&b#\u{e9}"));
    assert_eq!(request.scope.to_string(), "email openid");
    assert_eq!(request.max_age, Some(60));
    let slots: Vec<_> = request.extensions.iter().map(|(slot, value)| format!("{slot}={value}")).collect();
    assert_eq!(
        slots,
        [
            "max_age=60",
            "nonce=n\"",
            "pkce=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS",
            "resource=https://api.example/"
        ]
    );
}

#[test]
fn a_client_with_one_redirect_uri_may_omit_it_outside_openid() {
    let query = format!("client_id=rp&response_type=code&scope=email&{PKCE}");
    let request = check(&query, &client(json!({}))).unwrap();
    assert_eq!((request.redirect_uri.as_str(), request.redirect_uri_named), ("https://rp.example/cb", false));
    let two = client(json!({"redirect_uris": ["https://rp.example/cb", "https://rp.example/2"]}));
    assert_eq!(verdict(&query, &two), "redirect_uri is missing; the client has registered 2");
}
