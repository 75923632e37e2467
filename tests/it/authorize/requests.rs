//! The authorization endpoint (RFC 6749 §3.1, OpenID Connect Core §3.1.2): accepted and refused requests.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use signet_store::client::clients::Standing;

use crate::support::{Page, RelyingParty, TestServer, claims};

/// An error at the client: this code, the state, the issuer, and nothing else (RFC 6749 §4.1.2.1, RFC 9207 §2).
#[track_caller]
pub fn assert_error_at_client(rule: &str, rp: &RelyingParty, page: &Page, error: &str, state: Option<&str>) {
    assert_eq!(page.status, 303, "{rule}: {page:?}");
    let location = page.location().unwrap();
    let begins = |divider: char| location.starts_with(&format!("{}{divider}error=", rp.redirect_uri));
    assert!(begins('?') || begins('#'), "{rule}: {location}");
    let answer = |name: &str| if begins('?') { page.parameter(name) } else { page.fragment(name) };
    assert_eq!(answer("error").as_deref(), Some(error), "{rule}: {location}");
    assert_eq!(answer("state").as_deref(), state, "{rule}");
    assert_eq!(answer("iss").as_deref(), Some(rp.issuer.as_str()), "{rule}");
    let description = answer("error_description").unwrap();
    let legal = |c: char| matches!(c, '\x20'..='\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e');
    assert!(description.chars().all(legal), "{rule}: {description}");
    let names: Vec<String> = page.parameters().into_iter().map(|(name, _)| name).collect();
    let known = ["error", "error_description", "state", "iss"];
    assert!(names.iter().all(|name| known.contains(&name.as_str())), "{rule}: {names:?}");
    assert_eq!(page.header("cache-control"), Some("no-store"), "{rule}");
}

#[tokio::test]
async fn a_faulty_request_is_answered_at_the_client_with_state_and_issuer() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let long = "x".repeat(3000);
    type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);
    let rows: [Row<'_>; 24] = [
        ("response_type missing", &[("response_type", "")], "invalid_request"),
        ("implicit", &[("response_type", "token")], "unsupported_response_type"),
        ("implicit ID token", &[("response_type", "id_token token")], "unsupported_response_type"),
        ("hybrid", &[("response_type", "code id_token")], "unsupported_response_type"),
        ("unknown response type", &[("response_type", "CODE")], "unsupported_response_type"),
        ("no challenge", &[("code_challenge", ""), ("code_challenge_method", "")], "invalid_request"),
        ("plain", &[("code_challenge_method", "plain")], "invalid_request"),
        ("method omitted, which means plain", &[("code_challenge_method", "")], "invalid_request"),
        ("challenge too short", &[("code_challenge", "short")], "invalid_request"),
        ("challenge with an illegal character", &[("code_challenge", &"=".repeat(43))], "invalid_request"),
        ("a scope of another", &[("scope", "openid admin")], "invalid_scope"),
        ("malformed scope", &[("scope", "openid \"x\"")], "invalid_scope"),
        ("prompt=none with login", &[("prompt", "none login")], "invalid_request"),
        ("unknown prompt", &[("prompt", "create")], "invalid_request"),
        ("negative max_age", &[("max_age", "-1")], "invalid_request"),
        ("max_age in words", &[("max_age", "soon")], "invalid_request"),
        ("endless max_age", &[("max_age", "99999999999999999999")], "invalid_request"),
        ("request object", &[("request", "eyJhbGciOiJub25lIn0.e30.")], "request_not_supported"),
        ("request_uri", &[("request_uri", "https://rp.example/r")], "request_uri_not_supported"),
        ("registration", &[("registration", "{}")], "registration_not_supported"),
        ("fragment", &[("response_mode", "fragment")], "invalid_request"),
        ("unknown response mode", &[("response_mode", "carrier_pigeon")], "invalid_request"),
        ("foreign resource", &[("resource", "https://api.example/")], "invalid_target"),
        ("nonce too long", &[("nonce", &long)], "invalid_request"),
    ];
    for (rule, changes, error) in rows {
        let page = server.browser().get(&rp.authorization_url(changes)).await;
        assert_error_at_client(rule, &rp, &page, error, Some("the-state"));
    }
    let page = server.browser().get(&rp.authorization_url(&[("state", &long)])).await;
    assert_error_at_client("a state too long to carry", &rp, &page, "invalid_request", None);
    let page = server.browser().get(&rp.authorization_url(&[("state", ""), ("prompt", "none")])).await;
    assert_error_at_client("no state was sent", &rp, &page, "login_required", None);
}

#[tokio::test]
async fn a_client_can_use_only_its_registered_grant_types() {
    let server = TestServer::start().await;
    let machine = server.client("machine", json!({"grant_types": ["client_credentials"]})).await;
    let page = server.browser().get(&machine.authorization_url(&[])).await;
    assert_error_at_client("no code grant", &machine, &page, "unauthorized_client", Some("the-state"));

    let brief = server.client("brief", json!({"grant_types": ["authorization_code"]})).await;
    let authorized = brief.authorize_with("alice", &[("scope", "openid offline_access")]).await;
    let tokens = brief.redeem(&authorized.code()).await.tokens();
    assert_eq!(tokens.refresh_token, None, "no refresh_token grant, no refresh token");
}

#[tokio::test]
async fn an_unknown_or_disabled_client_is_answered_by_a_page() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let sentence = "client_id is not registered";
    for (rule, id) in [("missing", ""), ("unknown", "nobody"), ("not an identifier", "r p"), ("in capitals", "RP")] {
        let page = server.browser().get(&rp.authorization_url(&[("client_id", id)])).await;
        page.assert_rejected(rule, 400, sentence);
    }
    let browser = rp.authorize_as("alice").await.browser;
    let waiting = browser.visit(&rp.authorization_url(&[("prompt", "login")])).await;
    server.set_client_standing("rp", Standing::Disabled).await;
    let page = browser.get(&rp.authorization_url(&[])).await;
    page.assert_rejected("disabled", 400, sentence);
    let page = browser.sign_in(&waiting, "alice").await;
    page.assert_rejected("disabled during a sign-in", 400, "This sign-in");
    server.set_client_standing("rp", Standing::Enabled).await;
    browser.visit(&rp.authorization_url(&[])).await.code();
}

#[tokio::test]
async fn no_parameter_may_be_repeated() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    for (name, sentence) in
        [("client_id", "client_id is not registered"), ("redirect_uri", "redirect_uri is not registered")]
    {
        let url = rp.authorization_url(&[]);
        let value = if name == "client_id" { "rp" } else { rp.redirect_uri.as_str() };
        let page = server.browser().get(&format!("{url}&{name}={value}")).await;
        page.assert_rejected(name, 400, sentence);
        let page = server.browser().post(&url, &[(name, value)]).await;
        page.assert_rejected(name, 400, sentence);
    }
    let url = format!("{}&utm_source=x&utm_source=y", rp.authorization_url(&[]));
    let page = server.browser().get(&url).await;
    assert!(page.location().unwrap().starts_with("/login?"), "what is not known is ignored, also twice: {page:?}");
    let names = "response_type scope state response_mode nonce display prompt max_age ui_locales claims_locales \
        id_token_hint login_hint acr_values claims code_challenge code_challenge_method";
    for name in names.split_whitespace() {
        let url = format!("{}&{name}=x", rp.authorization_url(&[(name, "x")]));
        let state = if name == "state" { "x" } else { "the-state" };
        let page = server.browser().get(&url).await;
        assert_error_at_client(&format!("{name} twice in the query"), &rp, &page, "invalid_request", Some(state));
        let page = server.browser().post(&rp.authorization_url(&[(name, "x")]), &[(name, "x")]).await;
        assert_error_at_client(&format!("{name} in query and body"), &rp, &page, "invalid_request", Some(state));
    }
}

#[tokio::test]
async fn state_and_nonce_are_returned_byte_for_byte() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let browser = rp.authorize_as("alice").await.browser;
    let long = "0123456789abcdef".repeat(32);
    let rows = [
        ("unicode", "ü漢😀 \u{202e}\u{0301}"),
        ("what URLs and HTML give a meaning to", "&a=b#c?d%20+;/\\\"'<script>"),
        ("spaces", "  a  b "),
        ("line breaks", "a\r\nSet-Cookie: b=c"),
        ("512 characters", &long),
        ("384 characters", &long[..384]),
    ];
    for (rule, value) in rows {
        let page = browser.visit(&rp.authorization_url(&[("state", value), ("nonce", value)])).await;
        assert_eq!(page.parameter("state").as_deref(), Some(value), "{rule}");
        assert_eq!(page.parameter("iss").as_deref(), Some(server.issuer.as_str()), "{rule}");
        let tokens = rp.redeem(&page.code()).await.tokens();
        assert_eq!(claims(tokens.id_token())["nonce"], value, "{rule}");
        let error = browser.visit(&rp.authorization_url(&[("state", value), ("max_age", "x")])).await;
        assert_eq!(error.parameter("state").as_deref(), Some(value), "{rule}");
    }
}

#[tokio::test]
async fn a_request_without_state_and_nonce_gets_neither() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let authorized = rp.authorize_with("alice", &[("state", ""), ("nonce", "")]).await;
    let names: Vec<String> = authorized.page.parameters().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["code", "iss"]);
    let id_token = claims(rp.redeem(&authorized.code()).await.tokens().id_token());
    assert!(id_token.get("nonce").is_none(), "{id_token}");
}

#[tokio::test]
async fn advisory_parameters_are_ignored() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let browser = rp.authorize_as("alice").await.browser;
    let rows = [
        ("extra", "foobar"),
        ("display", "page"),
        ("display", "popup"),
        ("display", "hologram"),
        ("ui_locales", "se"),
        ("claims_locales", "se"),
        ("login_hint", "buffy@rp.example"),
        ("acr_values", "1 2"),
        ("acr_values", "urn:signet:acr:pwd"),
        ("prompt", ""),
    ];
    for row in rows {
        let page = browser.visit(&rp.authorization_url(&[row])).await;
        let id_token = claims(rp.redeem(&page.code()).await.tokens().id_token());
        assert_eq!(id_token["acr"], "urn:signet:acr:pwd", "{row:?}");
    }
    let discovery: serde_json::Value = server.get("/.well-known/openid-configuration").await.json().await.unwrap();
    assert_eq!(discovery["acr_values_supported"], json!(["urn:signet:acr:pwd"]));
}

#[tokio::test]
async fn parameters_and_scopes_come_in_any_order() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let url = url::Url::parse(&rp.authorization_url(&[("scope", "email profile openid")])).unwrap();
    let mut pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    pairs.reverse();
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let page = server.browser().authorize(&server.url(&format!("/authorize?{query}")), "alice").await;
    let tokens = rp.redeem(&page.code()).await.tokens();
    assert_eq!(tokens.json["scope"], "email profile openid");
}

#[tokio::test]
async fn another_site_may_post_an_authorization_request() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let browser = server.browser();
    let url = url::Url::parse(&rp.authorization_url(&[])).unwrap();
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let fields: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let foreign = [("origin", "https://rp.example"), ("sec-fetch-site", "cross-site")];
    let page = browser.post_with(&foreign, "/authorize", &fields).await;
    assert_eq!(page.status, 303, "never 307, which would post on: {page:?}");
    let again = page.location().unwrap();
    assert!(
        again.starts_with("/authorize?"),
        "as GET it brings the cookies that a foreign POST leaves behind: {page:?}"
    );
    let page = browser.get(&again).await;
    assert!(page.location().unwrap().starts_with("/login?request="), "{page:?}");
    let page = browser.follow(page).await;
    let page = browser.sign_in(&page, "alice").await;
    let page = browser.allow(&page).await;
    rp.redeem(&page.code()).await.tokens();

    let json = server.http.post(server.url("/authorize")).header("content-type", "application/json").body("{}");
    let status = json.send().await.unwrap().status();
    assert_eq!(status, 400, "only a form is read");
}

#[tokio::test]
async fn the_sign_in_url_contains_only_the_request_id() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let browser = server.browser();
    let page = browser.get(&rp.authorization_url(&[("login_hint", "alice")])).await;
    let id = page.location().unwrap().strip_prefix("/login?request=").unwrap().to_owned();
    assert!(id.len() >= 22 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)), "{id}");
    let cookie = page.header("set-cookie").unwrap();
    assert!(!cookie.contains("rp.example") && !cookie.contains("the-state"), "{cookie}");
    let form = browser.visit(&page.location().unwrap()).await.form();
    let names: Vec<&str> = form.hidden.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["csrf"]);
}

#[tokio::test]
async fn codes_are_long_random_and_different() {
    let server = TestServer::start().await;
    let rp = server.client("first-party", json!({"skip_consent": true})).await;
    let browser = rp.authorize_as("alice").await.browser;
    let mut codes = BTreeSet::new();
    for _ in 0..20 {
        let code = browser.visit(&rp.authorization_url(&[])).await.code();
        let mut counts = BTreeMap::<char, f64>::new();
        code.chars().for_each(|c| *counts.entry(c).or_default() += 1.0);
        let length = code.len() as f64;
        let entropy: f64 = counts.values().map(|count| -count * (count / length).log2()).sum();
        assert!(entropy > 128.0 && code.len() >= 43, "{code} has {entropy} bits");
        codes.insert(code);
    }
    assert_eq!(codes.len(), 20);
}

#[tokio::test]
async fn a_first_party_client_needs_no_consent() {
    let server = TestServer::start().await;
    let rp = server.client("first-party", json!({"skip_consent": true})).await;
    let browser = server.browser();
    let page = browser.visit(&rp.authorization_url(&[])).await;
    let page = browser.sign_in(&page, "alice").await;
    rp.redeem(&page.code()).await.tokens();
}

#[tokio::test]
async fn only_a_confidential_client_of_the_classic_profile_may_leave_pkce_out() {
    let server = TestServer::start().await;
    let bare = [("code_challenge", ""), ("code_challenge_method", "")];
    let classic = server.client("classic", json!({"profile": "oidc_classic"})).await;
    let code = classic.authorize_with("alice", &bare).await.code();
    classic.redeem_with(&code, &[("code_verifier", "")]).await.tokens();
    let code = classic.authorize_with("alice", &[]).await.code();
    classic.redeem_with(&code, &[("code_verifier", "")]).await.assert_error(400, "invalid_grant");

    let method = json!({"profile": "oidc_classic", "token_endpoint_auth_method": "none"});
    let public = server.client("public", method).await;
    let page = server.browser().get(&public.authorization_url(&bare)).await;
    assert_error_at_client("a public client", &public, &page, "invalid_request", Some("the-state"));
}

#[tokio::test]
async fn two_clients_share_a_login_and_both_keep_working() {
    let server = TestServer::start().await;
    let one = server.relying_party().await;
    let two = server.client("other", json!({"skip_consent": true})).await;
    let authorized = one.authorize_as("alice").await;
    let first = one.redeem(&authorized.code()).await.tokens();
    let page = authorized.browser.visit(&two.authorization_url(&[])).await;
    let second = two.redeem(&page.code()).await.tokens();
    assert!(one.is_active(&first.access_token).await && two.is_active(&second.access_token).await);
    assert_eq!(claims(first.id_token())["sub"], claims(second.id_token())["sub"]);
    assert_eq!(claims(first.id_token())["auth_time"], claims(second.id_token())["auth_time"]);
}
