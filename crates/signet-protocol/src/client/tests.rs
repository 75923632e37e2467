use serde_json::{Value, json};

use super::*;

const SUPPORTED: Supported<'_> = Supported {
    grants: &[AUTHORIZATION_CODE, CLIENT_CREDENTIALS, REFRESH_TOKEN],
    auth_methods: &["none", "client_secret_basic", "private_key_jwt"],
    algorithms: &[SigningAlgorithm::RS256],
    profiles: &[Profile::Oauth21],
    decryption: Cow::Borrowed(&[KeyManagement::EcdhEs]),
};

fn metadata(changes: Value) -> Result<ClientMetadata, serde_json::Error> {
    let mut base = json!({"redirect_uris": ["https://rp.example/cb"], "scope": "openid api"});
    for (name, value) in changes.as_object().unwrap() {
        base[name] = value.clone();
    }
    serde_json::from_value(base)
}

fn client(changes: Value) -> Client {
    let metadata = metadata(changes).unwrap();
    Client {
        id: ClientId::parse("rp").unwrap(),
        metadata,
        secrets: Vec::new(),
        enabled: true,
        registration: None,
        logo: None,
    }
}

#[test]
fn metadata_is_refused_for_each_fault_alone() {
    let weak = json!({"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]});
    let uris = |count: usize| (0..count).map(|number| format!("https://rp.example/{number}")).collect::<Vec<_>>();
    let long = |count: usize| vec![format!("https://rp.example/{}", "x".repeat(1_000)); count];
    let rows = [
        ("a hundred redirect URIs", json!({"redirect_uris": uris(100)}), true),
        ("one more", json!({"redirect_uris": uris(101)}), false),
        ("one more for logout", json!({"post_logout_redirect_uris": uris(101)}), false),
        ("below 16 KiB", json!({"redirect_uris": long(14)}), true),
        ("above 16 KiB", json!({"redirect_uris": long(16)}), false),
        ("plain", json!({}), true),
        ("unknown grant", json!({"grant_types": ["password"]}), false),
        ("refresh alone", json!({"grant_types": ["refresh_token"]}), false),
        ("no redirect URI", json!({"redirect_uris": []}), false),
        ("no redirect URI needed", json!({"redirect_uris": [], "grant_types": ["client_credentials"]}), true),
        ("implicit", json!({"response_types": ["id_token token"]}), false),
        ("unknown method", json!({"token_endpoint_auth_method": "client_secret_jwt"}), false),
        ("keys missing", json!({"token_endpoint_auth_method": "private_key_jwt"}), false),
        ("weak keys", json!({"jwks": weak}), false),
        ("no such signing key", json!({"id_token_signed_response_alg": "EdDSA"}), false),
        ("ID tokens keyed by a secret", json!({"id_token_signed_response_alg": "HS256"}), true),
        (
            "OpenID Connect Core §10.1: a public client has no secret to key them",
            json!({"token_endpoint_auth_method": "none", "id_token_signed_response_alg": "HS256"}),
            false,
        ),
        (
            "request objects encrypted by an algorithm with a key",
            json!({"request_object_encryption_alg": "ECDH-ES"}),
            true,
        ),
        ("by one without", json!({"request_object_encryption_alg": "RSA-OAEP-256"}), false),
        ("assertions of alg none", json!({"token_endpoint_auth_signing_alg": "none"}), false),
        (
            "public with credentials",
            json!({"token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "client_credentials"]}),
            false,
        ),
        ("http link", json!({"policy_uri": "http://rp.example/p"}), false),
        ("script link", json!({"client_uri": "javascript:alert(1)"}), false),
        ("origin", json!({"cors_origins": ["https://spa.example"]}), true),
        ("origin with a path", json!({"cors_origins": ["https://spa.example/"]}), false),
        ("origin null", json!({"cors_origins": ["null"]}), false),
        ("origin *", json!({"cors_origins": ["*"]}), false),
        ("audience with fragment", json!({"audiences": ["https://api.example/#x"]}), false),
        ("audience", json!({"audiences": ["https://api.example/", "urn:api"]}), true),
        ("a resource to introspect for", json!({"introspects": ["https://api.example/"]}), true),
        ("no such resource", json!({"introspects": ["api"]}), false),
        (
            "RFC 7662 §2.1: introspection by a public client",
            json!({"introspects": ["https://api.example/"], "token_endpoint_auth_method": "none"}),
            false,
        ),
        ("access tokens of an algorithm without a key", json!({"access_token_alg": "ES256"}), false),
        ("access tokens of one with a key", json!({"access_token_alg": "RS256", "access_token_typ": "JWT"}), true),
        ("a week", json!({"access_token_lifetime": 604_800}), false),
        ("long name", json!({"client_name": "x".repeat(101)}), false),
        ("newline in the name", json!({"client_name": "a\nb"}), false),
    ];
    for (rule, changes, ok) in rows {
        assert_eq!(metadata(changes).unwrap().check(&SUPPORTED).is_ok(), ok, "{rule}");
    }
    assert!(metadata(json!({"profile": "fapi2_security"})).is_err(), "a profile that is not built");
    assert!(metadata(json!({"trusted": true})).is_err(), "an unknown member");
    assert!(metadata(json!({"access_token_typ": "jwt"})).is_err(), "an unknown type");
    assert!(metadata(json!({"redirect_uris": ["https://rp.example/#f"]})).is_err(), "a fragment");
}

#[test]
fn a_client_gets_no_scope_beyond_its_own() {
    let rp = client(json!({"scope": "openid email offline_access api"}));
    let asked = |text| rp.requested_scope(text).ok().map(|scope| scope.to_string());
    assert_eq!(asked(Some("email openid")).as_deref(), Some("email openid"));
    assert_eq!(asked(Some("openid admin")), None);
    assert_eq!(asked(None).as_deref(), Some("openid email api"));
    let own = |text| rp.own_scope(text).ok().map(|scope| scope.to_string());
    assert_eq!(own(None).as_deref(), Some("api"));
    assert_eq!(own(Some("openid")), None);
    assert_eq!(own(Some("api")).as_deref(), Some("api"));
}

#[test]
fn users_cannot_grant_administration_scopes() {
    let ops = client(json!({"scope": "openid api signet:read signet:revoke"}));
    let asked = |text| ops.requested_scope(text).ok().map(|scope| scope.to_string());
    assert_eq!(asked(None).as_deref(), Some("openid api"));
    assert_eq!(asked(Some("openid signet:read")), None);
    assert_eq!(ops.own_scope(None).unwrap().to_string(), "api signet:read signet:revoke");
}

#[test]
fn a_refresh_token_needs_the_grant_and_offline_access_or_a_first_party_client() {
    let both = json!(["authorization_code", "refresh_token"]);
    let rows = [
        (json!({"grant_types": both}), "openid offline_access", true),
        (json!({"grant_types": both}), "openid", false),
        (json!({"grant_types": both, "skip_consent": true}), "openid", true),
        (json!({}), "openid offline_access", false),
    ];
    for (changes, scope, expected) in rows {
        let granted = Scope::parse(scope).unwrap();
        assert_eq!(client(changes.clone()).gets_refresh_token(&granted), expected, "{changes} {scope}");
    }
}

#[test]
fn resources_come_from_the_clients_list() {
    let rp = client(json!({"audiences": ["https://a.example/"]}));
    let issuer = "https://op.example";
    let resources = |asked: &[&str]| rp.resources(asked.iter().copied(), issuer).map_err(|error| error.code.as_str());
    let one = || Ok(Some(vec!["https://a.example/".to_owned()]));
    assert_eq!(resources(&["https://a.example/"; 2]), one());
    assert_eq!(resources(&["https://a.example"]), Err("invalid_target"));
    assert_eq!(resources(&[]), Ok(None));
    assert_eq!(resources(&[issuer]), Ok(Some(Vec::new())), "this server, as without a resource");
    assert_eq!(resources(&[issuer, "https://a.example/"]), Err("invalid_target"), "never beside another");
    let listed = client(json!({"audiences": [issuer]}));
    assert_eq!(listed.resources([issuer].into_iter(), issuer).unwrap(), Some(vec![issuer.to_owned()]));
}

#[test]
fn unused_members_of_a_jwk_set_are_dropped() {
    let key = json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "k", "use": "sig", "alg": "ES256"});
    let mut junk = key.clone();
    junk["x5c"] = json!(["x".repeat(60_000)]);
    junk["note"] = json!({"n": "nested"});
    let read = |set: Value| metadata(json!({ "jwks": set })).unwrap().jwks.unwrap();
    assert_eq!(read(json!({"keys": [junk], "note": "x"})), json!({"keys": [key]}));
    let mut private = key.clone();
    private["d"] = json!("AA");
    assert_eq!(read(json!({"keys": [private]})), json!({"keys": [private]}), "refused as a whole, not trimmed");
    for odd in [json!({"keys": "none"}), json!({"keys": [1]}), json!([])] {
        assert_eq!(read(odd.clone()), odd, "left to the check");
    }
}
