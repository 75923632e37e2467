use serde_json::json;

use super::*;
use crate::client::SecretRecord;
use crate::time::Span;

fn policy() -> Policy {
    Policy {
        profile: Profile::Oauth21,
        scope: Scope::parse("openid email api").unwrap(),
        grants: &["authorization_code", "client_credentials", "refresh_token"],
        resources: vec!["https://mcp.example/".to_owned(), "urn:api".to_owned()],
    }
}

fn parse(body: &Value) -> Result<RegistrationRequest, OAuthError> {
    RegistrationRequest::parse(body.to_string().as_bytes(), &policy())
}

fn code(result: Result<RegistrationRequest, OAuthError>) -> Option<&'static str> {
    result.err().map(|error| error.code.as_str())
}

#[test]
fn a_client_sets_only_listed_members() {
    let body = json!({
        "redirect_uris": ["https://rp.example/cb"], "client_name": "Shop", "client_name#ja": "店", "contacts": null,
        "profile": "oidc_classic", "skip_consent": true, "audiences": ["https://api.example/"], "unheard_of": {"a": 1},
        "cors_origins": ["https://evil.example"], "access_token_format": "opaque", "access_token_lifetime": 86400,
        "client_id": "chosen", "client_secret": "chosen-too", "enabled": true, "pkce": "optional",
    });
    let metadata = parse(&body).unwrap().metadata;
    let expected = ClientMetadata {
        client_name: "Shop".to_owned(),
        redirect_uris: metadata.redirect_uris.clone(),
        scope: policy().scope,
        unknown_scopes: Some(UnknownScopes::Drop),
        ..ClientMetadata::default()
    };
    assert_eq!(metadata, expected);
    let members = document(&metadata).unwrap();
    for name in ["profile", "skip_consent", "cors_origins", "access_token_format", "contacts"] {
        assert_eq!(members.get(name), None, "{name}");
    }
    assert_eq!(members["token_endpoint_auth_method"], "client_secret_basic", "defaults are included");
    assert_eq!(members["audiences"], json!([]), "it sees that it got none of what it asked for");
}

#[test]
fn a_client_gets_the_requested_resources_that_are_allowed() {
    let registered = |audiences: Value| {
        let body = json!({"redirect_uris": ["https://rp.example/cb"], "audiences": audiences});
        parse(&body).map(|submission| submission.metadata.audiences)
    };
    assert_eq!(registered(Value::Null).unwrap(), ["https://mcp.example/", "urn:api"]);
    assert_eq!(registered(json!(["urn:api", "urn:other"])).unwrap(), ["urn:api"]);
    assert!(registered(json!([])).unwrap().is_empty());
    assert_eq!(registered(json!("urn:api")).unwrap_err().code, ErrorCode::InvalidClientMetadata);
}

#[test]
fn a_change_keeps_the_resources_that_a_client_has_and_adds_none() {
    let held = ["urn:given".to_owned(), "urn:api".to_owned()];
    let metadata = ClientMetadata { audiences: held.to_vec(), ..ClientMetadata::default() };
    let id = ClientId::parse("rp").unwrap();
    let client = Client { id, metadata, secrets: Vec::new(), enabled: true, registration: None, logo: None };
    let changed = |audiences: Value| {
        let body = json!({"client_id": "rp", "redirect_uris": ["https://rp.example/cb"], "audiences": audiences});
        parse(&body).unwrap().replacing(&client, Timestamp::from_secs(1)).unwrap().audiences
    };
    assert_eq!(changed(Value::Null), held, "an administrator has given it one more");
    assert_eq!(changed(json!(["urn:given", "https://mcp.example/"])), ["urn:given"]);
}

#[test]
fn every_listed_member_round_trips() {
    let all = serde_json::to_value(ClientMetadata::default()).unwrap();
    let admin = ["profile", "skip_consent", "cors_origins", "access_token_format"];
    for name in all.as_object().unwrap().keys().filter(|name| !admin.contains(&name.as_str())) {
        assert!(is_listed(name), "{name} may be set by a client, or is an administrator's: say which");
    }
}

#[test]
fn a_body_is_refused_for_each_fault_alone() {
    let uris = json!(["https://rp.example/cb"]);
    let rows = [
        ("redirect URIs as text", json!({"redirect_uris": "https://rp.example/cb"}), "invalid_redirect_uri"),
        ("a fragment", json!({"redirect_uris": ["https://rp.example/#f"]}), "invalid_redirect_uri"),
        ("a script", json!({"redirect_uris": ["javascript:alert(1)"]}), "invalid_redirect_uri"),
        ("a number", json!({"redirect_uris": uris, "client_name": 1}), "invalid_client_metadata"),
        ("one contact", json!({"redirect_uris": uris, "contacts": "a@b.example"}), "invalid_client_metadata"),
        ("unsigned", json!({"redirect_uris": uris, "id_token_signed_response_alg": "none"}), "invalid_client_metadata"),
        ("an unknown type", json!({"redirect_uris": uris, "response_types": ["x"]}), "invalid_client_metadata"),
        ("a malformed scope", json!({"redirect_uris": uris, "scope": "openid  email"}), "invalid_client_metadata"),
        ("foreign scopes only", json!({"redirect_uris": uris, "scope": "admin"}), "invalid_client_metadata"),
        ("no scope", json!({"redirect_uris": uris, "scope": ""}), "invalid_client_metadata"),
        ("a statement", json!({"software_statement": "a.b.c"}), "unapproved_software_statement"),
        (
            "a private key for decryption",
            json!({"redirect_uris": uris, "jwks": {"keys": [{"kty": "EC", "use": "enc", "d": "AA"}]}}),
            "invalid_client_metadata",
        ),
        (
            "a code that it cannot redeem",
            json!({"redirect_uris": uris, "grant_types": ["client_credentials"], "response_types": ["code"]}),
            "invalid_client_metadata",
        ),
        ("no object", json!([1]), "invalid_client_metadata"),
    ];
    for (rule, body, expected) in rows {
        assert_eq!(code(parse(&body)), Some(expected), "{rule}");
    }
    for text in ["", "{", "{\"scope\":\"openid\",\"scope\":\"email\"}", "{} {}"] {
        assert_eq!(
            code(RegistrationRequest::parse(text.as_bytes(), &policy())),
            Some("invalid_client_metadata"),
            "{text}"
        );
    }
}

#[test]
fn grant_and_response_types_are_reduced_to_what_the_client_can_have() {
    let grants = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let classic = Policy { profile: Profile::OidcClassic, ..policy() };
    let plain = policy();
    // Requested members, and the registered ones or the member that would be empty.
    let rows = [
        (&plain, json!({"response_types": ["code", "token"]}), Ok((vec!["code"], vec!["authorization_code"]))),
        (&plain, json!({"response_types": ["id_token", "x"]}), Err("response_types")),
        (
            &plain,
            json!({"grant_types": ["authorization_code", "implicit", "password"]}),
            Ok((vec!["code"], vec!["authorization_code"])),
        ),
        (&plain, json!({"grant_types": ["implicit"]}), Err("grant_types")),
        (
            &plain,
            json!({"grant_types": ["refresh_token", "client_credentials"], "response_types": []}),
            Ok((vec![], vec!["client_credentials"])),
        ),
        (&plain, json!({"grant_types": ["client_credentials"], "response_types": ["code"]}), Err("response_types")),
        (
            &plain,
            json!({"token_endpoint_auth_method": "none", "grant_types": ["client_credentials"]}),
            Err("grant_types"),
        ),
        (
            &classic,
            json!({"response_types": ["code", "id_token"], "grant_types": ["authorization_code"]}),
            Ok((vec!["code"], vec!["authorization_code"])),
        ),
        (
            &classic,
            json!({"response_types": ["token id_token code"], "grant_types": ["authorization_code", "implicit"]}),
            Ok((vec!["code id_token token"], vec!["authorization_code", "implicit"])),
        ),
    ];
    for (policy, mut body, expected) in rows {
        body["redirect_uris"] = json!(["https://rp.example/cb"]);
        let parsed = RegistrationRequest::parse(body.to_string().as_bytes(), policy);
        match expected {
            Ok((kinds, held)) => {
                let metadata = parsed.unwrap().metadata;
                let found: Vec<_> = metadata.response_types.iter().map(|kind| kind.as_str()).collect();
                assert_eq!((found, metadata.grant_types), (kinds, grants(&held)), "{body}");
            }
            Err(member) => {
                let sentence = parsed.unwrap_err().description;
                assert!(sentence.starts_with(&format!("{member} ")), "{body}: {sentence}");
            }
        }
    }
}

#[test]
fn registration_never_grants_administration_scopes() {
    let policy = Policy { scope: Scope::parse("openid signet:revoke").unwrap(), ..policy() };
    for scope in [json!(null), json!("openid signet:revoke")] {
        let body = json!({"redirect_uris": ["https://rp.example/cb"], "scope": scope}).to_string();
        assert_eq!(RegistrationRequest::parse(body.as_bytes(), &policy).unwrap().metadata.scope.to_string(), "openid");
    }
}

#[test]
fn the_scope_is_never_more_than_allowed() {
    let rows = [
        (json!({}), "openid email api"),
        (json!({"scope": null}), "openid email api"),
        (json!({"scope": "email openid"}), "email openid"),
        (json!({"scope": "openid admin api"}), "openid api"),
    ];
    for (body, expected) in rows {
        assert_eq!(parse(&body).unwrap().metadata.scope.to_string(), expected, "{body}");
    }
}

#[test]
fn a_client_without_redirects_has_no_response_types() {
    let metadata = parse(&json!({"grant_types": ["client_credentials"]})).unwrap().metadata;
    assert_eq!(metadata.response_types, []);
    assert_eq!(document(&metadata).unwrap().get("response_types"), None);
}

#[test]
fn a_replacement_names_its_client_and_no_foreign_secret() {
    let now = Timestamp::from_secs(1000);
    let secret = |text: &str, expires_at| SecretRecord {
        digest: ClientSecret::parse(text).unwrap().digest(),
        sealed: None,
        expires_at,
        is_weak: false,
    };
    let client = Client {
        id: ClientId::parse("rp").unwrap(),
        metadata: ClientMetadata { skip_consent: true, client_name: "Old".to_owned(), ..ClientMetadata::default() },
        secrets: vec![secret("new", None), secret("old", Some(now.minus(Span::from_secs(1))))],
        enabled: true,
        registration: None,
        logo: None,
    };
    let rows = [
        ("right", json!({"client_id": "rp"}), true),
        ("right with its secret", json!({"client_id": "rp", "client_secret": "new"}), true),
        ("right with a null secret", json!({"client_id": "rp", "client_secret": null}), true),
        ("no id", json!({}), false),
        ("another id", json!({"client_id": "other"}), false),
        ("a number", json!({"client_id": 7}), false),
        ("another secret", json!({"client_id": "rp", "client_secret": "chosen"}), false),
        ("an expired secret", json!({"client_id": "rp", "client_secret": "old"}), false),
        ("no text", json!({"client_id": "rp", "client_secret": ["new"]}), false),
    ];
    for (rule, body, ok) in rows {
        assert_eq!(parse(&body).unwrap().replacing(&client, now).is_ok(), ok, "{rule}");
    }
    let replaced = parse(&json!({"client_id": "rp"})).unwrap().replacing(&client, now).unwrap();
    assert_eq!((replaced.client_name.as_str(), replaced.skip_consent), ("", true), "an administrator's decisions stay");
}

#[test]
fn a_sector_lists_every_redirect_uri() {
    let uris = json!(["https://a.example/cb", "https://b.example/cb"]);
    let metadata = parse(&json!({"redirect_uris": uris})).unwrap().metadata;
    let rows = [
        (json!(["https://a.example/cb", "https://b.example/cb", "https://c.example/cb"]), true),
        (json!(["https://a.example/cb"]), false),
        (json!(["https://a.example/cb", "https://b.example/cb", 7]), false),
        (json!({"redirect_uris": uris}), false),
        (json!("https://a.example/cb https://b.example/cb"), false),
    ];
    for (document, ok) in rows {
        assert_eq!(check_sector(document.to_string().as_bytes(), &metadata).is_ok(), ok, "{document}");
    }
    assert!(check_sector(b"not JSON", &metadata).is_err());
}
