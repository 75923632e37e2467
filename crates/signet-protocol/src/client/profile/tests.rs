//! The table of profiles against requests: one row per request, one column per profile.

use serde_json::{Value, json};

use super::*;
use crate::authorize::request::AuthorizationRequest;
use crate::authorize::request_object;
use crate::client::assertion::{self, AssertionRules};
use crate::client::{Client, ClientMetadata, Supported};
use crate::ids::ClientId;
use crate::jose::jwk::SigningAlgorithm;
use crate::params::Params;
use crate::time::Timestamp;

const NOW: i64 = 1_700_000_000;
const ISSUER: &str = "https://op.example";
const METHODS: [&str; 5] =
    ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"];

fn id() -> ClientId {
    ClientId::parse("rp").unwrap()
}

fn over(mut base: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        base[name] = value.clone();
    }
    base.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    base
}

/// Returns a client of this profile that authenticates by the strongest method.
fn client(profile: Profile, changes: &Value) -> Client {
    let base = json!({
        "redirect_uris": ["https://rp.example/cb"], "scope": "openid email",
        "grant_types": ["authorization_code", "implicit"],
        "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://rp.example/jwks",
    });
    let metadata: ClientMetadata = serde_json::from_value(over(base, changes)).unwrap();
    let metadata = ClientMetadata { profile, ..metadata };
    Client { id: id(), metadata, secrets: Vec::new(), enabled: true, registration: None, logo: None }
}

/// Returns true if metadata with these members may be registered.
fn registers(profile: Profile, changes: &Value) -> bool {
    let supported = Supported {
        grants: &["authorization_code", "refresh_token", "client_credentials"],
        auth_methods: &METHODS,
        algorithms: &[SigningAlgorithm::RS256],
        profiles: &Profile::TABLE,
        decryption: std::borrow::Cow::Borrowed(&[]),
    };
    client(profile, changes).metadata.check(&supported).is_ok()
}

/// Returns true if an authorization request with these parameters is accepted from a client with these members.
fn requests(profile: Profile, members: &Value, parameters: &str) -> bool {
    let mut query = format!("client_id=rp&redirect_uri=https://rp.example/cb&{parameters}");
    if !parameters.contains("response_type=") {
        query += "&response_type=code";
    }
    let params = Params::parse(query.as_bytes()).unwrap();
    AuthorizationRequest::check(&params, &client(profile, members), "https://op.example").is_ok()
}

/// Returns true if a client that is registered for one method is accepted by another.
fn authenticates(profile: Profile, registered: &str, used: &str) -> bool {
    client(profile, &json!({"token_endpoint_auth_method": registered})).authenticates_by(used)
}

/// Returns true if a request object with these members is accepted.
fn reads_object(profile: Profile, changes: &Value) -> bool {
    let base = json!({
        "iss": "rp", "aud": ISSUER, "nbf": NOW, "exp": NOW + 300, "client_id": "rp", "response_type": "code",
    });
    let payload = over(base, changes).as_object().unwrap().clone();
    let rules = profile.rules().request_objects;
    let now = Timestamp::from_secs(NOW);
    let parties = request_object::Parties { client: &id(), issuer: ISSUER };
    request_object::parameters(&payload, &Params::default(), parties, rules, now).is_ok()
}

/// Returns true if a client assertion with these members is accepted by a server that lets assertions live for an hour.
fn asserts(profile: Profile, changes: &Value) -> bool {
    let base = json!({"iss": "rp", "sub": "rp", "aud": ISSUER, "exp": NOW + 60, "jti": "j"});
    let claims = over(base, changes).as_object().unwrap().clone();
    let rules = AssertionRules {
        client_id: &id(),
        audiences: &[ISSUER, "https://op.example/token"],
        single_audience: profile.rules().assertion_audience,
        max_age: profile.rules().assertion_lifetime(Span::from_hours(1)),
        leeway: Span::from_secs(30),
    };
    assertion::check(&claims, &rules, Timestamp::from_secs(NOW)).is_ok()
}

/// A request, and the profiles that accept it, in the order of [`Profile::TABLE`].
type Row = (&'static str, Box<dyn Fn(Profile) -> bool>, [bool; 4]);

const ALL: [bool; 4] = [true; 4];
const NONE: [bool; 4] = [false; 4];
const LAX: [bool; 4] = [true, true, false, false];
const CLASSIC: [bool; 4] = [false, true, false, false];
const CHALLENGE: &str = "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

fn request(rule: &'static str, members: Value, parameters: &str, accepted: [bool; 4]) -> Row {
    let parameters = parameters.replace("PKCE", CHALLENGE);
    (rule, Box::new(move |profile| requests(profile, &members, &parameters)), accepted)
}

fn method(rule: &'static str, registered: &'static str, used: &'static str, accepted: [bool; 4]) -> Row {
    (rule, Box::new(move |profile| authenticates(profile, registered, used)), accepted)
}

fn registration(rule: &'static str, changes: Value, accepted: [bool; 4]) -> Row {
    (rule, Box::new(move |profile| registers(profile, &changes)), accepted)
}

fn object(rule: &'static str, changes: Value, accepted: [bool; 4]) -> Row {
    (rule, Box::new(move |profile| reads_object(profile, &changes)), accepted)
}

fn assertion(rule: &'static str, changes: Value, accepted: [bool; 4]) -> Row {
    (rule, Box::new(move |profile| asserts(profile, &changes)), accepted)
}

fn pkce_rows() -> Vec<Row> {
    let nonce = json!({"pkce": "nonce"});
    let public = json!({"pkce": "optional", "token_endpoint_auth_method": "none"});
    vec![
        request("a challenge", json!({}), "scope=openid&PKCE", ALL),
        request("no challenge, nothing registered", json!({}), "scope=openid&nonce=n", CLASSIC),
        request("no challenge, required", json!({"pkce": "required"}), "scope=openid&nonce=n", NONE),
        request("OAuth 2.1 §7.5.1.1: a nonce instead", nonce.clone(), "scope=openid&nonce=n", LAX),
        request("no nonce either", nonce.clone(), "scope=openid", NONE),
        request("a nonce without an ID token", nonce.clone(), "scope=email&nonce=n", NONE),
        request("plain, where a nonce would do", nonce, "scope=openid&nonce=n&code_challenge=x", NONE),
        request("no challenge, optional", json!({"pkce": "optional"}), "scope=email", LAX),
        request("OAuth 2.1 §7.5.1: a public client", public.clone(), "scope=openid&nonce=n", NONE),
        request("a public client with a challenge", public, "scope=openid&PKCE", ALL),
    ]
}

fn authentication_rows() -> Vec<Row> {
    vec![
        method("the secret in the header", "client_secret_basic", "client_secret_basic", LAX),
        method("the secret in the body", "client_secret_post", "client_secret_post", LAX),
        method("either: the header", "client_secret", "client_secret_basic", LAX),
        method("either: the body", "client_secret", "client_secret_post", LAX),
        method("either, but no assertion", "client_secret", "client_secret_jwt", NONE),
        method("either, but not nothing", "client_secret", "none", NONE),
        method("another than the registered one", "client_secret_basic", "client_secret_post", NONE),
        method("an assertion keyed by the secret", "client_secret_jwt", "client_secret_jwt", LAX),
        method("FAPI 2.0 §5.3.2.1: a key", "private_key_jwt", "private_key_jwt", ALL),
        method("a public client", "none", "none", LAX),
        registration("either method", json!({"token_endpoint_auth_method": "client_secret"}), LAX),
        registration("a secret", json!({"token_endpoint_auth_method": "client_secret_basic"}), LAX),
        registration("a public client", json!({"token_endpoint_auth_method": "none"}), LAX),
        registration("a key", json!({}), ALL),
        assertion("60 s", json!({}), ALL),
        assertion("300 s", json!({"exp": NOW + 300}), ALL),
        assertion("an hour", json!({"exp": NOW + 3600}), LAX),
        assertion("longer than the setting", json!({"exp": NOW + 3700}), NONE),
        assertion("an audience in a list", json!({"aud": [ISSUER]}), LAX),
        assertion("no jti", json!({"jti": null}), NONE),
    ]
}

fn scope_rows() -> Vec<Row> {
    let scopes = |treatment: Value| json!({"scope": "openid email", "unknown_scopes": treatment});
    vec![
        request("scopes of its own", scopes(json!("drop")), "scope=openid+email&PKCE", ALL),
        request("a scope that is left out", scopes(json!("drop")), "scope=openid+groups&PKCE", LAX),
        request("a scope that is refused", scopes(json!("refuse")), "scope=openid+groups&PKCE", NONE),
        request("no treatment registered", scopes(json!(null)), "scope=openid+groups&PKCE", NONE),
        request("nothing left", scopes(json!("drop")), "scope=groups&PKCE", NONE),
    ]
}

fn other_rows() -> Vec<Row> {
    let hybrid = json!({"response_types": ["code id_token"]});
    let hybrid_request = "scope=openid&nonce=n&response_type=code+id_token&PKCE";
    vec![
        registration("a hybrid response type", hybrid.clone(), CLASSIC),
        request("the response mode fragment", hybrid, &format!("{hybrid_request}&response_mode=fragment"), CLASSIC),
        object("complete", json!({}), ALL),
        object("RFC 9101 §4: no exp", json!({"exp": null}), LAX),
        object("no nbf", json!({"nbf": null}), LAX),
        object("valid for two hours", json!({"exp": NOW + 7200}), LAX),
        object("made two hours ago", json!({"nbf": NOW - 7200, "exp": NOW + 60}), LAX),
        object("expired", json!({"exp": NOW - 60}), NONE),
        object("no issuer", json!({"iss": null}), CLASSIC),
        object("no audience", json!({"aud": null}), CLASSIC),
    ]
}

#[test]
fn each_profile_accepts_the_requests_of_its_column() {
    let rows = [pkce_rows(), authentication_rows(), scope_rows(), other_rows()];
    for (rule, accepts, expected) in rows.into_iter().flatten() {
        let accepted = Profile::TABLE.map(accepts);
        assert_eq!(accepted, expected, "{rule}, by {:?}", Profile::TABLE);
    }
}

#[test]
fn a_strict_profile_overrides_every_relaxation() {
    for profile in Profile::TABLE {
        let rules = profile.rules();
        let name = rules.name;
        assert_eq!(rules.strict, name.starts_with("fapi2_"), "{name}");
        if !rules.strict {
            continue;
        }
        for registered in PkceRule::ALL.map(Some).into_iter().chain([None]) {
            assert_eq!(rules.pkce(registered), PkceRule::Required, "{name}: {registered:?}");
        }
        for used in METHODS.iter().filter(|used| **used != "private_key_jwt") {
            assert!(!authenticates(profile, "client_secret", used), "{name}: {used}");
            assert!(!authenticates(profile, used, used), "{name}: {used}");
        }
        assert_eq!(rules.assertion_lifetime(Span::from_hours(24)), Span::from_secs(300), "{name}");
        assert_eq!(rules.assertion_lifetime(Span::from_secs(60)), Span::from_secs(60), "{name}: a shorter setting");
        assert!(client(profile, &json!({})).pushes_requests(), "{name}: FAPI 2.0 §5.3.2.2");
        assert_eq!(client(profile, &json!({})).signs_requests(), name == "fapi2_message_signing", "{name}");
    }
}

#[test]
fn an_unavailable_profile_cannot_be_selected() {
    for profile in Profile::TABLE {
        let name = profile.rules().name;
        let is_built = Profile::ALL.contains(&profile);
        assert_eq!(Profile::named(name).is_some(), is_built, "{name}");
        assert_eq!(serde_json::from_value::<Profile>(json!(name)).is_ok(), is_built, "{name}");
        assert_eq!(serde_json::to_value(profile).unwrap(), name);
    }
}

#[test]
fn new_and_old_clients_differ_in_their_pkce_default() {
    let of = |profile, method: &str, pkce: Value| {
        client(profile, &json!({"token_endpoint_auth_method": method, "pkce": pkce})).metadata
    };
    let rows = [
        ("new", Profile::Oauth21, "client_secret", json!(null), Some(PkceRule::Nonce)),
        ("new and classic", Profile::OidcClassic, "client_secret", json!(null), Some(PkceRule::Optional)),
        ("new and strict", Profile::Fapi2Security, "private_key_jwt", json!(null), Some(PkceRule::Required)),
        ("chosen", Profile::Oauth21, "client_secret", json!("required"), Some(PkceRule::Required)),
        ("public", Profile::Oauth21, "none", json!(null), None),
    ];
    for (rule, profile, method, pkce, expected) in rows {
        assert_eq!(of(profile, method, pkce).for_new_client().pkce, expected, "{rule}");
    }
    for (profile, expected) in [(Profile::Oauth21, PkceRule::Required), (Profile::OidcClassic, PkceRule::Optional)] {
        let old = client(profile, &json!({"token_endpoint_auth_method": "client_secret_basic"}));
        assert_eq!(old.pkce(ResponseType::Code), expected, "{profile:?}, as before the setting was there");
    }
}
