//! Agreement of the machines with the rules on any request, and their refusal of requests that differ from the accepted
//! one.

use proptest::prelude::*;
use serde_json::json;

use super::authorization::Outcome;
use super::refresh::Granted;
use super::*;
use signet_protocol::authorize::request::AuthorizationRequest;
use signet_protocol::authorize::response_type::ResponseType;
use signet_protocol::client::{Client, ClientMetadata};
use signet_protocol::ids::{ClientId, FamilyId, SessionId, UserId};
use signet_protocol::params::Params;
use signet_protocol::time::Timestamp;
use signet_protocol::token::authentication::Authentication;
use signet_protocol::token::code::CodeRecord;

const ISSUER: &str = "https://op.example";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const OTHER_VERIFIER: &str = "xBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const KEPT: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cMS";
const CALLBACK: &str = "https://rp.example/cb";
const URIS: [&str; 6] = [
    CALLBACK,
    "https://rp.example/cb2",
    "http://127.0.0.1/cb",
    "http://127.0.0.1:4711/cb",
    "http://[::1]:80/cb",
    "com.example.app:/cb",
];

fn client(id: &str, scope: &str) -> Client {
    let metadata = json!({
        "redirect_uris": [CALLBACK, "http://127.0.0.1/cb", "http://[::1]:99/cb"],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "scope": scope,
    });
    let metadata: ClientMetadata = serde_json::from_value(metadata).unwrap();
    let id = ClientId::parse(id).unwrap();
    Client { id, metadata, secrets: Vec::new(), enabled: true, registration: None, logo: None }
}

fn params(pairs: &[(&str, Option<&str>)]) -> Params {
    let given = pairs.iter().filter_map(|(name, value)| Some(((*name).to_owned(), (*value)?.to_owned())));
    Params::from_pairs(given).unwrap()
}

fn scope(text: &str) -> Scope {
    Scope::parse_stored(text).unwrap()
}

fn record(uri: &str, named: bool, challenge: Option<&str>) -> CodeRecord {
    CodeRecord {
        client_id: ClientId::parse("rp").unwrap(),
        user_id: UserId::parse("alice").unwrap(),
        session_id: SessionId::parse("s").unwrap(),
        family_id: FamilyId::parse("f").unwrap(),
        redirect_uri: uri.to_owned(),
        redirect_uri_named: named,
        scope: scope("openid email"),
        extensions: challenge.iter().map(|kept| ("pkce".to_owned(), (*kept).to_owned())).collect(),
        authentication: Authentication { time: Timestamp::from_secs(1), methods: vec!["pwd".to_owned()] },
        expires_at: Timestamp::from_secs(60),
    }
}

#[test]
fn a_code_is_refused_where_the_machine_differs_from_the_rules() {
    let rp = client("rp", "openid email");
    let request = |uri: &'static str, verifier: Option<&'static str>| {
        params(&[
            ("grant_type", Some("authorization_code")),
            ("code", Some("c")),
            ("redirect_uri", Some(uri)),
            ("code_verifier", verifier),
        ])
    };
    let good = request(CALLBACK, Some(VERIFIER));
    let kept = record(CALLBACK, true, Some(KEPT));
    let rows = [
        ("all the same", &rp, good.clone(), &kept, "openid", Ok(())),
        ("another redirect URI", &rp, request("https://rp.example/cb2", Some(VERIFIER)), &kept, "openid", Err("form")),
        ("another verifier", &rp, request(CALLBACK, Some(OTHER_VERIFIER)), &kept, "openid", Err("code_verifier")),
        ("no verifier", &rp, request(CALLBACK, None), &kept, "openid", Err("code_verifier")),
        ("no challenge", &rp, good.clone(), &record(CALLBACK, true, None), "openid", Err("code_verifier")),
        ("another client", &client("rp2", "openid"), good.clone(), &kept, "openid", Err("form")),
        ("a wider scope", &rp, good.clone(), &kept, "openid phone", Err("scope")),
        ("no code", &rp, params(&[("grant_type", Some("authorization_code"))]), &kept, "openid", Err("form")),
        (
            "another grant",
            &rp,
            params(&[("code", Some("c")), ("redirect_uri", Some(CALLBACK))]),
            &kept,
            "",
            Err("form"),
        ),
    ];
    for (rule, client, params, record, issued, expected) in rows {
        check_grant(rule, code::confirm(&params, client, record, &scope(issued)), expected);
    }
}

#[test]
fn a_refresh_is_refused_where_the_machine_differs_from_the_rules() {
    let rp = client("rp", "openid email");
    let owner = rp.id.clone();
    let stranger = ClientId::parse("rp2").unwrap();
    let request =
        |asked| params(&[("grant_type", Some("refresh_token")), ("refresh_token", Some("t")), ("scope", asked)]);
    let rows = [
        ("all the same", &owner, request(None), "openid email", Ok(())),
        ("in another order", &owner, request(Some("email openid")), "openid email", Ok(())),
        ("narrowed", &owner, request(Some("email")), "email", Ok(())),
        ("a wider scope is issued", &owner, request(Some("email")), "openid email", Err("scope")),
        ("a narrower scope is issued", &owner, request(None), "email", Err("scope")),
        ("a wider scope is asked", &owner, request(Some("email phone")), "email", Err("form")),
        ("the grant of another client", &stranger, request(None), "openid email", Err("form")),
        ("no token", &owner, params(&[("grant_type", Some("refresh_token"))]), "openid email", Err("form")),
    ];
    let remaining = scope("openid email");
    for (rule, owner, params, issued, expected) in rows {
        let granted = Granted { client: owner, scope: &remaining };
        check_grant(rule, refresh::confirm(&params, &rp, granted, &scope(issued)), expected);
    }
}

#[test]
fn client_credentials_are_refused_where_the_machine_differs_from_the_rules() {
    let rp = client("rp", "api other");
    let request = |asked| params(&[("grant_type", Some("client_credentials")), ("scope", asked)]);
    let rows = [
        ("all that is registered", request(None), "api other", Ok(())),
        ("what is asked", request(Some("api")), "api", Ok(())),
        ("more than is asked", request(Some("api")), "api other", Err("scope")),
        ("more than is registered", request(None), "api third", Err("scope")),
        ("more than is registered, as it is asked", request(Some("third")), "third", Err("scope")),
        ("another grant", params(&[("grant_type", Some("refresh_token"))]), "api", Err("form")),
    ];
    for (rule, params, issued, expected) in rows {
        check_request(rule, client_credentials::confirm(&params, &rp, &scope(issued)), expected);
    }
}

#[test]
fn an_authorization_request_is_refused_where_the_machine_differs_from_the_rules() {
    let rp = client("rp", "openid email");
    let good = [
        ("response_type", Some("code")),
        ("redirect_uri", Some(CALLBACK)),
        ("scope", Some("openid")),
        ("code_challenge", Some(CHALLENGE)),
        ("code_challenge_method", Some("S256")),
    ];
    let changed = |name: &str, value: Option<&'static str>| {
        params(&good.map(|(held, kept)| if held == name { (held, value) } else { (held, kept) }))
    };
    let good = params(&good);
    let checked = AuthorizationRequest::check(&good, &rp, ISSUER).unwrap();
    let wider = AuthorizationRequest { scope: scope("openid email"), ..checked.clone() };
    let elsewhere = AuthorizationRequest { redirect_uri: "https://rp.example/cb2".to_owned(), ..checked.clone() };
    let rows = [
        ("all the same", good.clone(), &checked, Ok(())),
        (
            "a URI that is not registered",
            changed("redirect_uri", Some("https://rp.example/")),
            &checked,
            Err("redirect"),
        ),
        ("a URI that is no URI", changed("redirect_uri", Some("cb")), &checked, Err("form")),
        ("another registered URI", changed("redirect_uri", Some("http://127.0.0.1/cb")), &checked, Err("redirect")),
        ("no URI of three", changed("redirect_uri", None), &checked, Err("redirect")),
        ("an answer to another URI", good.clone(), &elsewhere, Err("redirect")),
        ("another scope", changed("scope", Some("email")), &checked, Err("scope")),
        ("a wider scope", good.clone(), &wider, Err("scope")),
        ("another challenge", changed("code_challenge", Some(VERIFIER)), &checked, Err("code_challenge")),
        ("no challenge", changed("code_challenge", None), &checked, Err("code_challenge")),
        ("another method", changed("code_challenge_method", Some("plain")), &checked, Err("code_challenge")),
    ];
    for (rule, params, request, expected) in rows {
        check_request(rule, authorization::confirm(&params, &rp, request), expected);
    }
}

fn check_grant(rule: &str, confirmed: Result<(), OAuthError>, expected: Result<(), &str>) {
    check(rule, confirmed, expected, "the rules accept the grant", "invalid_grant");
}

fn check_request(rule: &str, confirmed: Result<(), OAuthError>, expected: Result<(), &str>) {
    check(rule, confirmed, expected, "the rules accept the request", "invalid_request");
}

fn check(rule: &str, confirmed: Result<(), OAuthError>, expected: Result<(), &str>, begin: &str, code: &str) {
    match (confirmed, expected) {
        (Ok(()), Ok(())) => {}
        (Err(error), Err(about)) => {
            let text = error.explanation();
            assert!(text.starts_with(&format!("{begin}, but oxide-auth refuses its {about}")), "{rule}: {text}");
            assert_eq!(error.code.as_str(), code, "{rule}");
        }
        (confirmed, expected) => panic!("{rule}: {confirmed:?}, expected {expected:?}"),
    }
}

fn any_uri() -> impl Strategy<Value = &'static str> {
    prop::sample::select(URIS.to_vec())
}

fn any_scope() -> impl Strategy<Value = String> {
    prop::collection::btree_set(prop::sample::select(vec!["api", "email", "openid", "other"]), 1..4)
        .prop_map(|tokens| tokens.into_iter().collect::<Vec<_>>().join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn rule_and_machine_agree_on_codes(
        stored in any_uri(),
        named: bool,
        presented in prop::option::weighted(0.8, any_uri()),
        id in prop::sample::select(vec!["rp", "rp", "rp2"]),
        code in prop::option::weighted(0.9, "[a-z]{1,4}"),
        challenge in prop::option::weighted(0.7, Just(KEPT)),
        verifier in prop::option::weighted(0.7, prop::sample::select(vec![VERIFIER, VERIFIER, OTHER_VERIFIER])),
    ) {
        let params = params(&[
            ("grant_type", Some("authorization_code")),
            ("code", code.as_deref()),
            ("redirect_uri", presented),
            ("code_verifier", verifier),
        ]);
        let client = client(id, "openid email");
        let record = record(stored, named, challenge);
        let rule = signet_protocol::token::code::redeem(&params, &client, ISSUER, Some(record.clone()), Timestamp::from_secs(2));
        let machine = code::run(&params, &client, &record, &record.scope);
        prop_assert_eq!(rule.is_ok(), machine.is_ok(), "{:?} {:?}", rule, machine);
    }

    #[test]
    fn rule_and_machine_agree_on_refreshes(
        granted in any_scope(),
        asked in prop::option::of(any_scope()),
        token in prop::option::weighted(0.9, "[a-z]{1,4}"),
    ) {
        let params = params(&[
            ("grant_type", Some("refresh_token")),
            ("refresh_token", token.as_deref()),
            ("scope", asked.as_deref()),
        ]);
        let client = client("rp", "openid");
        let remaining = scope(&granted);
        let rule = signet_protocol::token::refresh::narrow_scope(&params, &remaining);
        let issued = rule.clone().unwrap_or_else(|_| scope(asked.as_deref().unwrap_or(&granted)));
        let machine = refresh::run(&params, &client, Granted { client: &client.id, scope: &remaining }, &issued);
        prop_assert_eq!(rule.is_ok(), machine.is_ok(), "{:?} {:?}", rule, machine);
    }

    #[test]
    fn rule_and_machine_agree_on_client_credentials(
        registered in prop::sample::subsequence(vec!["api", "other", "third"], 1..3),
        asked in prop::option::of(prop::sample::subsequence(vec!["api", "other", "third"], 1..3)),
    ) {
        let asked = asked.map(|tokens| tokens.join(" "));
        let params = params(&[("grant_type", Some("client_credentials")), ("scope", asked.as_deref())]);
        let registered = registered.join(" ");
        let client = client("rp", &registered);
        let rule = client.own_scope(params.get("scope"));
        let issued = rule.clone().unwrap_or_else(|_| scope(asked.as_deref().unwrap_or(&registered)));
        let machine = client_credentials::run(&params, &client, &issued);
        prop_assert_eq!(rule.is_ok(), machine.is_ok(), "{:?} {:?}", rule, machine);
    }

    #[test]
    fn rule_and_machine_agree_on_authorization_requests(
        registered in any_scope(),
        uri in any_uri(),
        asked in prop::option::of(any_scope()),
        challenge in prop::option::weighted(0.8, Just(CHALLENGE)),
        method in prop::option::weighted(0.8, prop::sample::select(vec!["S256", "S256", "plain"])),
    ) {
        // The rules refuse a method without a challenge; the machine ignores it.
        let method = method.filter(|_| challenge.is_some());
        let params = params(&[
            ("response_type", Some("code")),
            ("redirect_uri", Some(uri)),
            ("scope", asked.as_deref()),
            ("code_challenge", challenge),
            ("code_challenge_method", method),
        ]);
        let client = client("rp", &registered);
        let rule = AuthorizationRequest::check(&params, &client, ISSUER);
        let machine = match &rule {
            Ok(request) => authorization::confirm(&params, &client, request).is_ok(),
            Err(_) => {
                let scope = scope(asked.as_deref().unwrap_or(&registered));
                let challenge = challenge.map(|_| KEPT);
                let response_type = ResponseType::Code;
                let outcome = Outcome { redirect_uri: uri, response_type, scope: &scope, challenge };
                authorization::run(&params, &client, outcome).is_ok()
            }
        };
        prop_assert_eq!(rule.is_ok(), machine, "{:?}", rule);
    }
}
