//! Tokens from the authorization endpoint (OpenID Connect Core §3.2, §3.3; OAuth 2.0 Multiple Response Types): the
//! contents and the mode of a response, and the end of its tokens with their code and session.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, jwk::Jwk};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use signet_protocol::jose::jwk::SigningAlgorithm;

use crate::support::log::{listen, logged};
use crate::support::{Browser, Page, RelyingParty, TestServer, claims, header};

/// Every response type with tokens, and the parameters of its own that a response has.
const TYPES: [(&str, &[&str]); 5] = [
    ("id_token", &["id_token"]),
    ("id_token token", &["access_token", "expires_in", "id_token", "scope", "token_type"]),
    ("code id_token", &["code", "id_token"]),
    ("code token", &["access_token", "code", "expires_in", "scope", "token_type"]),
    ("code id_token token", &["access_token", "code", "expires_in", "id_token", "scope", "token_type"]),
];

fn metadata(changes: Value) -> Value {
    let mut metadata = json!({
        "profile": "oidc_classic", "grant_types": ["authorization_code", "implicit", "refresh_token"],
        "response_types": ["code", "id_token", "id_token token", "code id_token", "code token", "code id_token token"],
    });
    changes.as_object().unwrap().iter().for_each(|(name, value)| metadata[name] = value.clone());
    metadata
}

async fn client(server: &TestServer, id: &str, changes: Value) -> RelyingParty {
    server.client(id, metadata(changes)).await
}

/// The parameters of a response, none of which may be in the query.
#[track_caller]
fn answer(page: &Page) -> BTreeMap<String, String> {
    let Some(location) = page.location() else {
        return page.form().hidden.into_iter().collect();
    };
    let (before, fragment) = location.split_once('#').unwrap_or_else(|| panic!("no fragment: {page:?}"));
    assert!(!before.contains('?'), "{before}");
    url::form_urlencoded::parse(fragment.as_bytes()).into_owned().collect()
}

/// Signs in as alice and consents, by a request of this response type.
async fn authorize(rp: &RelyingParty, kind: &str, more: &[(&str, &str)]) -> (BTreeMap<String, String>, Browser) {
    let changes: Vec<_> = [("response_type", kind)].iter().chain(more).copied().collect();
    let authorized = rp.authorize_with("alice", &changes).await;
    (answer(&authorized.page), authorized.browser)
}

#[tokio::test]
async fn a_response_holds_what_its_type_names_and_nothing_else() {
    let server = TestServer::start().await;
    let rp = client(&server, "rp", json!({})).await;
    let browser = server.browser();
    for (kind, expected) in TYPES {
        for mode in ["", "fragment", "form_post"] {
            let url = rp.authorization_url(&[("response_type", kind), ("response_mode", mode)]);
            let page = browser.authorize(&url, "alice").await;
            assert_eq!(page.location().is_none(), mode == "form_post", "{kind} {mode}: {page:?}");
            let mut answer = answer(&page);
            assert_eq!(answer.remove("state").as_deref(), Some("the-state"), "{kind} {mode}");
            assert_eq!(answer.remove("iss").as_ref(), Some(&server.issuer), "RFC 9207 §2: {kind} {mode}");
            assert_eq!(answer.keys().collect::<Vec<_>>(), expected, "{kind} {mode}");
            if let Some(token) = answer.get("access_token") {
                assert_eq!((answer["token_type"].as_str(), answer["expires_in"].as_str()), ("Bearer", "600"), "{kind}");
                assert_eq!(answer["scope"], "openid profile email");
                assert_eq!(server.userinfo(token).await.status(), 200, "{kind} {mode}");
            }
            let Some(id_token) = answer.get("id_token").map(|token| claims(token)) else { continue };
            assert_eq!((&id_token["nonce"], &id_token["aud"]), (&json!("the-nonce"), &json!(["rp"])), "{kind} {mode}");
            assert_eq!(id_token.get("at_hash").is_some(), answer.contains_key("access_token"), "{kind} {mode}");
            assert_eq!(id_token.get("c_hash").is_some(), answer.contains_key("code"), "{kind} {mode}");
            assert_eq!(id_token.get("name").is_some(), kind == "id_token", "OpenID Connect Core §5.4: {kind}");
        }
    }
    let url = rp.authorization_url(&[("response_type", "token code id_token")]);
    assert!(answer(&browser.visit(&url).await).len() == 8, "the order of the words means nothing");
}

#[tokio::test]
async fn claims_of_scopes_come_by_the_token_endpoint_where_there_is_a_code() {
    let server = TestServer::start().await;
    let rp = client(&server, "rp", json!({"id_token_claims": true})).await;
    for (kind, expected) in [("id_token", true), ("id_token token", true), ("code id_token", false)] {
        let (answer, _) = authorize(&rp, kind, &[]).await;
        let front = claims(&answer["id_token"]);
        assert_eq!(["name", "email"].map(|name| front.get(name).is_some()), [expected; 2], "{kind}");
        if let Some(code) = answer.get("code") {
            let back = claims(rp.redeem(code).await.tokens().id_token());
            assert_eq!(["name", "email"].map(|name| back.get(name).is_some()), [true; 2], "{kind}");
        }
    }
}

/// The left half of a hash, as an ID token has it (OpenID Connect Core §3.3.2.11).
fn half(algorithm: SigningAlgorithm, value: &str) -> String {
    let hash = match algorithm.as_str() {
        name if name.ends_with("384") => Sha384::digest(value).to_vec(),
        name if name.ends_with("512") || name == "EdDSA" => Sha512::digest(value).to_vec(),
        _ => Sha256::digest(value).to_vec(),
    };
    URL_SAFE_NO_PAD.encode(&hash[..hash.len() / 2])
}

#[tokio::test]
async fn an_id_token_has_the_hashes_of_code_and_access_token() {
    let all = SigningAlgorithm::ALL.to_vec();
    let server = TestServer::start_with(|settings| settings.keys.algorithms = all).await;
    let set: Value = server.get("/.well-known/jwks.json").await.json().await.unwrap();
    for algorithm in SigningAlgorithm::ALL {
        let name = algorithm.as_str();
        let rp = client(&server, name, json!({"id_token_signed_response_alg": name})).await;
        let (answer, _) = authorize(&rp, "code id_token token", &[]).await;
        let token = &answer["id_token"];
        let head = header(token);
        let front = claims(token);
        assert_eq!(head["alg"], name);
        let key = set["keys"].as_array().unwrap().iter().find(|key| key["kid"] == head["kid"]).unwrap();
        let key = DecodingKey::from_jwk(&serde_json::from_value::<Jwk>(key.clone()).unwrap()).unwrap();
        let (message, signature) = token.rsplit_once('.').unwrap();
        let alg = name.parse().unwrap();
        assert!(jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, alg).unwrap(), "{name}");
        assert_eq!(front["c_hash"], half(algorithm, &answer["code"]), "{name}");
        assert_eq!(front["at_hash"], half(algorithm, &answer["access_token"]), "{name}");

        let back = rp.redeem(&answer["code"]).await.tokens();
        let id_token = claims(back.id_token());
        for same in ["iss", "sub", "aud", "nonce", "auth_time", "sid"] {
            assert_eq!(id_token[same], front[same], "OpenID Connect Core §3.3.3.6: {same} {name}");
        }
        assert_eq!(id_token["at_hash"], half(algorithm, &back.access_token), "{name}");
        assert!(id_token.get("c_hash").is_none() && back.access_token != answer["access_token"], "{name}");
    }
}

#[tokio::test]
async fn what_a_response_type_needs_is_asked_for() {
    let server = TestServer::start().await;
    let rp = client(&server, "rp", json!({})).await;
    let modern = server.client("modern", json!({})).await;
    let only = client(&server, "only", json!({"response_types": ["code", "code id_token"]})).await;
    let (_, browser) = authorize(&rp, "code token", &[]).await;
    let hybrid = ("response_type", "code id_token");
    let implicit = ("response_type", "id_token token");
    let tokens = ("response_type", "code token");
    let rows: Vec<(&str, &RelyingParty, Vec<(&str, &str)>, &str)> = vec![
        ("OpenID Connect Core §3.2.2.1: nonce", &rp, vec![implicit, ("nonce", "")], "invalid_request"),
        ("OpenID Connect Core §3.3.2.11: nonce", &rp, vec![hybrid, ("nonce", "")], "invalid_request"),
        ("openid", &rp, vec![hybrid, ("scope", "email")], "invalid_scope"),
        ("openid", &rp, vec![implicit, ("scope", "email")], "invalid_scope"),
        ("Multiple Response Types §5: never a query", &rp, vec![hybrid, ("response_mode", "query")], "invalid_request"),
        ("never a query", &rp, vec![implicit, ("response_mode", "query")], "invalid_request"),
        ("never a query", &rp, vec![tokens, ("response_mode", "query")], "invalid_request"),
        ("an unknown mode", &rp, vec![tokens, ("response_mode", "web_message")], "invalid_request"),
        ("another type than registered", &only, vec![implicit], "unsupported_response_type"),
        ("another type than registered", &only, vec![tokens], "unsupported_response_type"),
        (
            "no page may be shown",
            &rp,
            vec![hybrid, ("prompt", "none"), ("max_age", "0"), ("id_token_hint", "x")],
            "invalid_request",
        ),
        ("OAuth 2.1: no tokens from here", &modern, vec![hybrid], "unsupported_response_type"),
        ("OAuth 2.1: no tokens from here", &modern, vec![implicit], "unsupported_response_type"),
    ];
    for (rule, rp, changes, error) in rows {
        let page = browser.get(&rp.authorization_url(&changes)).await;
        let answer = answer(&page);
        assert_eq!(answer.get("error").map(String::as_str), Some(error), "{rule} {changes:?}: {answer:?}");
        assert_eq!(answer["state"], "the-state", "{rule}");
        assert!(answer.keys().all(|name| !name.contains("token") && name != "code"), "{rule}: {answer:?}");
    }
    let page = browser.get(&modern.authorization_url(&[("response_mode", "fragment")])).await;
    assert_eq!(page.error(), "invalid_request", "OAuth 2.1: a fragment is for tokens");
    let bare = [tokens, ("nonce", ""), ("scope", "email")];
    assert!(answer(&browser.authorize(&rp.authorization_url(&bare), "alice").await).contains_key("access_token"));
    let page = server.browser().get(&rp.authorization_url(&[tokens, ("prompt", "none")])).await;
    assert_eq!(answer(&page)["error"], "login_required");
}

#[tokio::test]
async fn an_implicit_client_gets_neither_code_nor_refresh_token() {
    let server = TestServer::start().await;
    let implicit = json!({"grant_types": ["implicit"], "response_types": ["id_token", "id_token token"],
        "token_endpoint_auth_method": "none"});
    let rp = client(&server, "spa", implicit).await;
    let (answer, browser) = authorize(&rp, "id_token token", &[("scope", "openid email offline_access")]).await;
    assert!(!answer.contains_key("refresh_token") && !answer.contains_key("code"), "{answer:?}");
    assert_eq!(server.userinfo(&answer["access_token"]).await.status(), 200);
    let page = browser.get(&rp.authorization_url(&[])).await;
    assert_eq!(page.error(), "unauthorized_client", "the code is another grant");
    rp.redeem("sgac_AAAA").await.assert_error(400, "unauthorized_client");
}

#[tokio::test]
async fn a_replayed_code_revokes_the_tokens_of_its_response() {
    let server = TestServer::start().await;
    for format in ["jwt", "opaque"] {
        let rp = client(&server, format, json!({"access_token_format": format})).await;
        let (answer, _) = authorize(&rp, "code token", &[]).await;
        let front = &answer["access_token"];
        assert_eq!(front.starts_with("sgat_"), format == "opaque", "{front}");
        let back = rp.redeem(&answer["code"]).await.tokens();
        for token in [front, &back.access_token] {
            assert!(rp.is_active(token).await && server.userinfo(token).await.status() == 200, "{format}");
        }
        let (other, _) = authorize(&rp, "code token", &[]).await;
        rp.redeem(&answer["code"]).await.assert_error(400, "invalid_grant");
        for token in [front, &back.access_token] {
            assert!(!rp.is_active(token).await, "RFC 6749 §4.1.2: {format}");
            assert_eq!(server.userinfo(token).await.status(), 401, "{format}");
        }
        assert!(rp.is_active(&other["access_token"]).await, "another sign-in is another family: {format}");
    }
}

#[tokio::test]
async fn the_end_of_the_session_voids_front_channel_tokens() {
    let server = TestServer::start().await;
    for format in ["jwt", "opaque"] {
        let rp = client(&server, format, json!({"access_token_format": format})).await;
        let (answer, browser) = authorize(&rp, "code id_token token", &[]).await;
        let (stays, _) = authorize(&rp, "id_token token", &[]).await;
        browser.get(&format!("/logout?id_token_hint={}", answer["id_token"])).await;
        assert_eq!(server.userinfo(&answer["access_token"]).await.status(), 401, "{format}");
        assert!(!rp.is_active(&answer["access_token"]).await, "{format}");
        rp.redeem(&answer["code"]).await.assert_error(400, "invalid_grant");
        assert_eq!(server.userinfo(&stays["access_token"]).await.status(), 200, "another browser: {format}");
    }
}

#[tokio::test]
async fn front_channel_tokens_are_neither_logged_nor_stored() {
    listen();
    let server = TestServer::start().await;
    let rp = client(&server, "rp", json!({"access_token_format": "opaque"})).await;
    let signed = client(&server, "signed", json!({})).await;
    let (opaque, _) = authorize(&rp, "code id_token token", &[]).await;
    let (jwt, _) = authorize(&signed, "code id_token token", &[("response_mode", "form_post")]).await;
    let log = logged();
    assert!(log.contains("answered a request"), "the log is one");
    for answer in [opaque, jwt] {
        for name in ["code", "access_token", "id_token"] {
            assert!(!log.contains(&answer[name]), "{name} is logged");
            assert!(!server.database().holds(&answer[name]).await, "{name} is stored");
        }
    }
}
