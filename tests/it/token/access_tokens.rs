//! Access tokens: their types, lifetimes, forms and audiences (RFC 9068, RFC 8707, RFC 6750).

use serde_json::{Value, json};
use signet_protocol::time::Span;

use crate::support::{Browser, RelyingParty, Reply, TestServer, claims, header};

const A: &str = "https://a.example/";
const B: &str = "https://b.example/";

#[tokio::test]
async fn a_credential_of_one_type_is_never_taken_for_another() {
    let server = TestServer::start().await;
    let opaque = server.client("opaque", json!({"access_token_format": "opaque"})).await;
    let rp = server.relying_party().await;
    let authorized = rp.authorize_as("alice").await;
    let tokens = rp.sign_in("alice").await;
    let reference = opaque.sign_in("alice").await;
    let session = authorized.browser.cookie("signet-session").expect("a session");
    let values = [
        ("code", authorized.code()),
        ("refresh token", tokens.refresh_token().to_owned()),
        ("access token", tokens.access_token.clone()),
        ("opaque access token", reference.access_token.clone()),
        ("ID token", tokens.id_token().to_owned()),
        ("client secret", rp.secret.clone().unwrap()),
        ("session cookie", session),
        ("nothing known", "nonsense".to_owned()),
    ];
    for (kind, value) in &values {
        let is_access_token = kind.ends_with("access token");
        assert_eq!(server.userinfo(value).await.status() == 200, is_access_token, "userinfo with {kind}");
        let seen = if *kind == "opaque access token" { &opaque } else { &rp };
        let active = seen.introspect(value).await["active"] == true;
        assert_eq!(active, is_access_token || *kind == "refresh token", "introspection of {kind}");
        if *kind != "code" {
            rp.redeem(value).await.assert_error(400, "invalid_grant");
        }
        if *kind != "refresh token" {
            rp.refresh(value).await.assert_error(400, "invalid_grant");
        }
        if *kind != "client secret" {
            let params = [("grant_type", "refresh_token"), ("refresh_token", "x")];
            let request = server.http.post(server.url("/token")).basic_auth("rp", Some(value)).form(&params);
            Reply::of(request.send().await.unwrap()).await.assert_error(401, "invalid_client");
        }
        if *kind != "ID token" {
            let page = server.browser().get(&format!("/logout?id_token_hint={value}")).await;
            assert!(page.status == 400 && page.has("id_token_hint is not valid"), "{kind} as a hint: {page:?}");
        }
    }
    rp.redeem(&values[0].1).await.tokens();
    rp.refresh(&values[1].1).await.tokens();
}

#[tokio::test]
async fn a_clients_lifetime_overrides_the_servers() {
    let change = |settings: &mut signet::config::Settings| {
        settings.tokens.access_token_lifetime = Span::from_secs(120);
        settings.tokens.id_token_lifetime = Span::from_secs(180);
    };
    let rows = [
        ("the default", TestServer::start().await, None, 600, 3600),
        ("the client's", TestServer::start().await, Some(300), 300, 3600),
        ("the server's", TestServer::start_with(change).await, None, 120, 180),
        ("the client's before the server's", TestServer::start_with(change).await, Some(3600), 3600, 180),
    ];
    for (rule, server, own, access, identity) in rows {
        let changes = own.map_or(json!({}), |secs| json!({"access_token_lifetime": secs}));
        let rp = server.client("rp", changes).await;
        let first = rp.sign_in("alice").await;
        for tokens in [&first, &rp.refresh(first.refresh_token()).await.tokens()] {
            let life = |token: &str| claims(token)["exp"].as_i64().unwrap() - claims(token)["iat"].as_i64().unwrap();
            assert_eq!(tokens.json["expires_in"], access, "{rule}");
            assert_eq!((life(&tokens.access_token), life(tokens.id_token())), (access, identity), "{rule}");
        }
        server.advance(Span::from_secs(access - 30)).await;
        assert_eq!(server.userinfo(&first.access_token).await.status(), 200, "{rule}");
        server.advance(Span::from_secs(30)).await;
        assert_eq!(server.userinfo(&first.access_token).await.status(), 401, "{rule}");
        assert!(!rp.is_active(&first.access_token).await, "{rule}");
    }
}

#[tokio::test]
async fn an_opaque_access_token_reveals_nothing_and_is_accepted_only_as_a_whole() {
    let server = TestServer::start().await;
    let rp = server.client("rp", json!({"access_token_format": "opaque"})).await;
    let tokens = rp.sign_in("alice").await;
    let token = tokens.access_token.as_str();
    assert!(token.starts_with("sgat_") && !token.contains('.'), "{token}");
    assert_eq!(server.userinfo(token).await.status(), 200);
    let seen = rp.introspect(token).await;
    assert_eq!(seen["client_id"], "rp");
    assert_eq!(seen["scope"], tokens.json["scope"]);
    assert_eq!(seen["sub"], claims(tokens.id_token())["sub"]);

    let recased: String =
        token.chars().map(|c| if c.is_ascii_uppercase() { c.to_ascii_lowercase() } else { c }).collect();
    let mutants = [
        ("truncated", token[..token.len() - 1].to_owned()),
        ("extended", format!("{token}A")),
        ("padded", format!("{token}=")),
        ("in another case", recased),
        ("without its prefix", token["sgat_".len()..].to_owned()),
        ("with another prefix", token.replace("sgat_", "sgac_")),
        ("with a wildcard", format!("{}%", &token[..20])),
    ];
    for (rule, mutant) in mutants {
        assert_eq!(server.userinfo(&mutant).await.status(), 401, "{rule}");
        assert!(!rp.is_active(&mutant).await, "{rule}");
    }
    let next = rp.refresh(tokens.refresh_token()).await.tokens();
    assert_ne!(next.access_token, token);
    assert!(rp.is_active(token).await, "a refresh leaves the token before alive");
    assert_eq!(rp.revoke(token).await.status, 200);
    assert!(!rp.is_active(token).await && rp.is_active(&next.access_token).await);
    server.advance(Span::from_secs(600)).await;
    assert_eq!(server.userinfo(&next.access_token).await.status(), 401);
}

/// The audience of the access token, or the error.
fn audience(reply: &Reply) -> Value {
    let json = reply.json();
    json["access_token"].as_str().map_or_else(|| json["error"].clone(), |token| claims(token)["aud"].clone())
}

/// The audience of the token if these resources are requested and its code is redeemed for `redeemed`.
async fn audience_of(rp: &RelyingParty, asked: &[&str], redeemed: Option<&str>) -> Value {
    let resources: String = asked.iter().map(|uri| format!("&resource={uri}")).collect();
    let url = format!("{}{resources}", rp.authorization_url(&[]));
    let page = Browser::new(&rp.issuer).authorize(&url, "alice").await;
    match page.parameter("error") {
        Some(error) => error.into(),
        None => audience(&rp.redeem_with(&page.code(), &[("resource", redeemed.unwrap_or_default())]).await),
    }
}

#[tokio::test]
async fn the_audience_is_the_resource_that_was_asked_for() {
    let server = TestServer::start().await;
    let rp = server.client("rp", json!({"audiences": [A, B]})).await;
    let issuer = server.issuer.as_str();
    let elsewhere = "https://c.example/";
    let rows: [(&str, &[&str], Option<&str>, Value); 9] = [
        ("none: this server", &[], None, json!(issuer)),
        ("RFC 8707 §2.1: one", &[A], None, json!(A)),
        ("several", &[A, B], None, json!([A, B])),
        ("RFC 8707 §2.2: narrowed", &[A, B], Some(B), json!(B)),
        ("named at the token endpoint only", &[], Some(A), json!(A)),
        ("widened", &[A], Some(B), json!("invalid_target")),
        ("not the client's", &[elsewhere], None, json!("invalid_target")),
        ("not the client's, at the token endpoint", &[], Some(elsewhere), json!("invalid_target")),
        ("compared as written", &["https://A.example/"], None, json!("invalid_target")),
    ];
    for (rule, asked, redeemed, expected) in rows {
        assert_eq!(audience_of(&rp, asked, redeemed).await, expected, "{rule}");
    }
}

#[tokio::test]
async fn a_refresh_names_any_resource_of_its_grant_and_no_other() {
    let server = TestServer::start().await;
    let rp = server.client("rp", json!({"audiences": [A, B]})).await;
    let offline = [("scope", "openid offline_access")];
    let url = format!("{}&resource={A}&resource={B}", rp.authorization_url(&offline));
    let code = server.browser().authorize(&url, "alice").await.code();
    let mut tokens = rp.redeem_with(&code, &[("resource", A)]).await.tokens();
    assert_eq!(claims(&tokens.access_token)["aud"], A);
    assert_eq!(server.userinfo(&tokens.access_token).await.status(), 401, "userinfo is another resource");
    for (rule, asked, expected) in [
        ("RFC 8707 §2.2: another of the grant", Some(B), json!(B)),
        ("all of the grant", None, json!([A, B])),
        ("the first again", Some(A), json!(A)),
    ] {
        let more: Vec<(&str, &str)> = asked.map(|uri| ("resource", uri)).into_iter().collect();
        tokens = rp.refresh_with(tokens.refresh_token(), &more).await.tokens();
        assert_eq!(claims(&tokens.access_token)["aud"], expected, "{rule}");
    }
    let only_a = rp.authorize_with("alice", &[("scope", "openid offline_access"), ("resource", A)]).await.code();
    let only_a = rp.redeem(&only_a).await.tokens();
    rp.refresh_with(only_a.refresh_token(), &[("resource", B)]).await.assert_error(400, "invalid_target");
    let issuer = server.issuer.as_str();
    rp.refresh_with(only_a.refresh_token(), &[("resource", issuer)]).await.assert_error(400, "invalid_target");
    rp.refresh(only_a.refresh_token()).await.tokens();
}

#[tokio::test]
async fn tokens_are_valid_for_clocks_that_are_late_by_the_skew() {
    let server = TestServer::start_with(|settings| settings.tokens.clock_skew = Span::from_secs(45)).await;
    let rp = server.relying_party().await;
    let opaque = server.client("opaque", json!({"access_token_format": "opaque"})).await;
    let first = rp.sign_in("alice").await;
    let again = rp.refresh(first.refresh_token()).await.tokens();
    let reference = opaque.sign_in("alice").await.access_token;
    let rows = [
        ("access token", claims(&first.access_token)),
        ("ID token", claims(first.id_token())),
        ("refreshed access token", claims(&again.access_token)),
        ("refreshed ID token", claims(again.id_token())),
        ("opaque access token", opaque.introspect(&reference).await),
    ];
    for (kind, claims) in rows {
        let dates = ["nbf", "iat"].map(|name| claims[name].as_i64().unwrap());
        assert_eq!(dates[1] - dates[0], 45, "RFC 7519 §4.1.5: {kind}: {claims}");
    }
}

#[tokio::test]
async fn an_access_token_is_not_an_id_token_and_has_no_claims_about_the_person() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let scope = [("scope", "openid profile email address phone")];
    let tokens = rp.redeem(&rp.authorize_with("alice", &scope).await.code()).await.tokens();
    assert_eq!(header(&tokens.access_token)["typ"], "at+jwt");
    assert_ne!(header(tokens.id_token())["typ"], "at+jwt");
    let access_token = claims(&tokens.access_token);
    let names: Vec<&str> = access_token.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected =
        ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "scope", "auth_time", "sid", "grant_id"];
    expected.sort_unstable();
    let mut names = names;
    names.sort_unstable();
    assert_eq!(names, expected);

    let missing = server.get("/userinfo").await;
    assert_eq!(missing.status(), 401);
    let challenge = missing.headers()["www-authenticate"].to_str().unwrap().to_owned();
    assert!(challenge.starts_with("Bearer ") && !challenge.contains("error"), "RFC 6750 §3.1: {challenge}");
}
