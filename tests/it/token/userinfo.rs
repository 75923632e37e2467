//! The userinfo endpoint (OpenID Connect Core §5.3, RFC 6750): where a token is accepted, and which claims it releases.

use std::collections::BTreeSet;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};
use signet::flows::admin::Person;
use signet_protocol::claims::standard::PersonClaims;
use signet_protocol::secret::Password;
use signet_protocol::time::Span;

use crate::support::server::PASSWORD;
use crate::support::{RelyingParty, Reply, TestServer, Tokens, claims};

const PROFILE: [&str; 14] = [
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
];

async fn sign_in(rp: &RelyingParty, scope: &str) -> Tokens {
    let code = rp.authorize_with("alice", &[("scope", scope)]).await.code();
    rp.redeem(&code).await.tokens()
}

async fn send(request: reqwest::RequestBuilder) -> Reply {
    Reply::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn a_token_is_accepted_in_the_header_or_in_the_form() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let tokens = rp.sign_in("alice").await;
    let url = server.url("/userinfo");
    let token = tokens.access_token.as_str();
    let rows = [
        ("GET", server.http.get(&url).bearer_auth(token)),
        ("GET, scheme in lower case", server.http.get(&url).header(AUTHORIZATION, format!("bearer {token}"))),
        ("GET, scheme in odd case", server.http.get(&url).header(AUTHORIZATION, format!("bEARER   {token}"))),
        ("POST, header", server.http.post(&url).bearer_auth(token)),
        ("POST, header and a form", server.http.post(&url).bearer_auth(token).form(&[("a", "b")])),
        ("POST, form", server.http.post(&url).form(&[("access_token", token)])),
    ];
    for (way, request) in rows {
        let reply = send(request).await;
        assert_eq!(reply.status, 200, "{way}: {reply:?}");
        assert_eq!(reply.header("content-type"), Some("application/json"), "{way}");
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{way}");
        assert_eq!(reply.json()["sub"], claims(tokens.id_token())["sub"], "{way}");
    }
}

#[tokio::test]
async fn a_token_is_accepted_nowhere_else_and_only_once() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let token = rp.sign_in("alice").await.access_token;
    let get = || server.http.get(server.url("/userinfo"));
    let post = || server.http.post(server.url("/userinfo"));
    let in_query = server.url(&format!("/userinfo?access_token={token}"));
    let bearer = format!("Bearer {token}");
    let form = format!("access_token={token}");
    let typed = |kind: &'static str| post().header(CONTENT_TYPE, kind).body(form.clone());
    let rows = [
        ("nothing", get(), 401, None),
        ("nothing, posted", post(), 401, None),
        ("the query", server.http.get(&in_query), 401, None),
        ("the query of a POST", server.http.post(&in_query), 401, None),
        ("the form of a GET", get().form(&[("access_token", &token)]), 401, None),
        ("JSON", post().json(&json!({ "access_token": token })), 401, None),
        ("text", typed("text/plain"), 401, None),
        ("a cookie", get().header("cookie", format!("access_token={token}")), 401, None),
        ("an empty header", get().header(AUTHORIZATION, "Bearer"), 401, Some("invalid_token")),
        ("an empty token", get().header(AUTHORIZATION, "Bearer "), 401, Some("invalid_token")),
        ("two tokens", get().header(AUTHORIZATION, format!("{bearer} {token}")), 401, Some("invalid_token")),
        ("quotes", get().header(AUTHORIZATION, format!("Bearer \"{token}\"")), 401, Some("invalid_token")),
        ("Basic", get().basic_auth("rp", Some(&token)), 400, Some("invalid_request")),
        ("another scheme", get().header(AUTHORIZATION, format!("Token {token}")), 400, Some("invalid_request")),
        ("two headers", get().bearer_auth(&token).header(AUTHORIZATION, &bearer), 400, Some("invalid_request")),
        ("header and form", post().bearer_auth(&token).form(&[("access_token", &token)]), 400, Some("invalid_request")),
        ("twice", post().form(&[("access_token", &token), ("access_token", &token)]), 400, Some("invalid_request")),
    ];
    let realm = format!("Bearer realm=\"{}\"", server.issuer);
    for (place, request, status, error) in rows {
        let reply = send(request).await;
        assert_eq!(reply.status, status, "{place}: {reply:?}");
        let challenge = reply.header("www-authenticate").unwrap_or_else(|| panic!("{place}: a challenge"));
        match error {
            // RFC 6750 §3.1: no error code where no token was presented.
            None => assert_eq!((challenge, reply.body.as_str()), (realm.as_str(), ""), "{place}"),
            Some(error) => {
                assert!(challenge.starts_with(&format!("{realm}, error=\"{error}\"")), "{place}: {challenge}");
                assert_eq!(reply.json()["error"], error, "{place}");
            }
        }
    }
}

#[tokio::test]
async fn each_scope_releases_its_claims_and_no_others() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let rows: [(&str, &[&[&str]]); 6] = [
        ("openid", &[]),
        ("openid profile", &[&PROFILE]),
        ("openid email", &[&["email", "email_verified"]]),
        ("openid address", &[&["address"]]),
        ("openid phone", &[&["phone_number", "phone_number_verified"]]),
        ("openid email phone", &[&["email", "email_verified"], &["phone_number", "phone_number_verified"]]),
    ];
    for (scope, released) in rows {
        let tokens = sign_in(&rp, scope).await;
        let reply: Value = server.userinfo(&tokens.access_token).await.json().await.unwrap();
        let named: BTreeSet<&str> = reply.as_object().unwrap().keys().map(String::as_str).collect();
        let expected: BTreeSet<&str> = released.iter().flat_map(|part| part.iter().copied()).chain(["sub"]).collect();
        assert_eq!(named, expected, "{scope}");
        for claim in expected.iter().filter(|claim| **claim != "sub") {
            assert!(claims(tokens.id_token()).get(claim).is_none(), "{scope}: {claim} is in the ID token");
        }
    }
}

#[tokio::test]
async fn claims_have_their_types() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let tokens = sign_in(&rp, "openid profile email address phone").await;
    let reply: Value = server.userinfo(&tokens.access_token).await.json().await.unwrap();
    assert_eq!(reply["email_verified"], true);
    assert_eq!(reply["phone_number_verified"], true);
    assert_eq!(reply["address"], json!({ "formatted": "1 Main St\nBerlin", "locality": "Berlin", "country": "DE" }));
    assert!(reply["updated_at"].is_i64(), "{reply}");
    assert_eq!(reply["preferred_username"], "alice");
}

#[tokio::test]
async fn unknown_claims_are_omitted() {
    let server = TestServer::start().await;
    let person = Person {
        username: "bare".to_owned(),
        email: None,
        email_verified: false,
        password: Some(Password::new(PASSWORD.to_owned())),
        claims: PersonClaims::default(),
        attributes: serde_json::Map::new(),
        roles: Vec::new(),
    };
    let sub = server.add_person(person).await;
    let rp = server.relying_party().await;
    let code = rp.authorize_with("bare", &[("scope", "openid profile email address phone")]).await.code();
    let token = rp.redeem(&code).await.tokens().access_token;
    let mut reply: Value = server.userinfo(&token).await.json().await.unwrap();
    reply.as_object_mut().unwrap().remove("updated_at");
    assert_eq!(reply, json!({ "sub": sub.as_str(), "preferred_username": "bare" }), "no null and no empty member");
}

#[tokio::test]
async fn a_token_without_the_scope_openid_is_not_enough() {
    let server = TestServer::start().await;
    let grants = json!({ "grant_types": ["authorization_code", "client_credentials"], "scope": "openid profile api" });
    let rp = server.client("rp", grants).await;
    let code = rp.authorize_with("alice", &[("scope", "profile")]).await.code();
    let of_a_user = rp.redeem(&code).await.tokens();
    assert_eq!(of_a_user.id_token, None, "no ID token without openid either");
    let of_the_client = rp.client_credentials(&[]).await.tokens().access_token;
    for token in [of_a_user.access_token, of_the_client] {
        let reply = Reply::of(server.userinfo(&token).await).await;
        reply.assert_error(403, "insufficient_scope");
        let challenge = reply.header("www-authenticate").unwrap();
        assert!(challenge.contains("error=\"insufficient_scope\"") && challenge.ends_with("scope=\"openid\""));
    }
}

#[tokio::test]
async fn only_a_live_access_token_for_this_server_opens_the_endpoint() {
    let server = TestServer::start().await;
    let api = "https://api.example";
    let rp = server.client("rp", json!({ "audiences": [api, server.issuer] })).await;
    let tokens = rp.sign_in("alice").await;
    let authorized = rp.authorize_with("alice", &[("resource", api)]).await;
    let elsewhere = rp.redeem(&authorized.code()).await.tokens().access_token;
    assert_eq!(claims(&elsewhere)["aud"], api);
    let unused = rp.authorize_as("alice").await.code();
    let opaque = server.client("opaque", json!({ "access_token_format": "opaque" })).await;
    let reference = opaque.sign_in("alice").await.access_token;
    assert_eq!(server.userinfo(&reference).await.status(), 200, "a reference is as good as a JWT");
    let rows = [
        ("an ID token", tokens.id_token()),
        ("a refresh token", tokens.refresh_token()),
        ("a code", unused.as_str()),
        ("a client secret", rp.secret.as_deref().unwrap()),
        ("a token for another resource", elsewhere.as_str()),
        ("a reference, cut", &reference[..reference.len() - 1]),
    ];
    for (kind, token) in rows {
        let reply = Reply::of(server.userinfo(token).await).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["error"]), (401, &json!("invalid_token")), "{kind}");
    }
    server.advance(Span::from_secs(590)).await;
    assert_eq!(server.userinfo(&tokens.access_token).await.status(), 200);
    server.advance(Span::from_secs(10)).await;
    for token in [&tokens.access_token, &reference] {
        assert_eq!(server.userinfo(token).await.status(), 401, "expired to the second");
    }
}

#[tokio::test]
async fn a_person_with_a_name_that_turns_the_text_around_it_is_not_added() {
    let server = TestServer::start().await;
    let name = json!({"name": "Mallory \u{202e}nimda"});
    let person = Person {
        username: "mallory".to_owned(),
        email: None,
        email_verified: false,
        password: None,
        claims: PersonClaims::from_json(&name.to_string()).unwrap(),
        attributes: serde_json::Map::new(),
        roles: Vec::new(),
    };
    let passwords = &server.app.provider.sign_ins.passwords;
    let added = server.operator(&server.context()).people().add(passwords, person).await;
    assert!(added.is_err(), "OpenID Connect Core §5.1: the name is shown to people");
}
