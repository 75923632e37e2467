//! The introspection endpoint (RFC 7662): the tokens that a client can see, and their contents.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use signet_protocol::client::ClientMetadata;
use signet_protocol::ids::ClientId;
use signet_protocol::time::Span;
use signet_store::client::clients::Standing;

use crate::support::{RelyingParty, Reply, TestServer, claims};

/// The id of a resource server, which is the audience of its tokens.
const API: &str = "https://api.example";

async fn resource_server(server: &TestServer) -> RelyingParty {
    let grants = json!({
        "grant_types": ["client_credentials"], "redirect_uris": [], "scope": "",
        "token_endpoint_auth_method": "client_secret_post",
    });
    server.client(API, grants).await
}

fn names(answer: &Value) -> BTreeSet<&str> {
    answer.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn an_active_token_is_described_by_the_registered_members() {
    let server = TestServer::start().await;
    let grants = ["authorization_code", "refresh_token", "client_credentials"];
    let scope = "openid profile email offline_access api";
    for format in ["jwt", "opaque"] {
        let rp = server
            .client(format, json!({ "access_token_format": format, "grant_types": grants, "scope": scope }))
            .await;
        let tokens = rp.sign_in("alice").await;
        let id_token = claims(tokens.id_token());
        let answer = rp.introspect(&tokens.access_token).await;
        let now = server.clock.now().as_secs();
        let common = ["active", "iss", "sub", "aud", "exp", "iat", "nbf", "jti", "client_id", "token_type"];
        let of_users = ["scope", "auth_time", "sid", "grant_id", "username"];
        assert_eq!(names(&answer), common.into_iter().chain(of_users).collect(), "{format}");
        let rows = [
            ("active", json!(true)),
            ("token_type", json!("Bearer")),
            ("iss", json!(server.issuer)),
            ("aud", json!(server.issuer)),
            ("sub", id_token["sub"].clone()),
            ("sid", id_token["sid"].clone()),
            ("auth_time", id_token["auth_time"].clone()),
            ("client_id", json!(format)),
            ("username", json!("alice")),
            ("scope", json!("openid profile email offline_access")),
        ];
        for (member, expected) in rows {
            assert_eq!(answer[member], expected, "{format}: {member}");
        }
        let issued = answer["iat"].as_i64().unwrap();
        let expires = answer["exp"].as_i64().unwrap();
        assert!((now - 5..=now).contains(&issued) && expires == issued + 600, "{format}: {answer}");

        let own = rp.client_credentials(&[("scope", "api")]).await.tokens().access_token;
        let answer = rp.introspect(&own).await;
        assert_eq!(names(&answer), common.into_iter().chain(["scope"]).collect(), "{format}: only the client's token");
        assert_ne!(answer["sub"], format, "{format}: no user could have this subject");

        let answer = rp.introspect(tokens.refresh_token()).await;
        let of_refresh = ["active", "iss", "sub", "client_id", "scope", "grant_id", "exp", "auth_time"];
        assert_eq!(names(&answer), of_refresh.into_iter().collect(), "{format}: no resource takes a refresh token");
    }
}

#[tokio::test]
async fn a_client_sees_its_own_tokens_and_those_that_are_for_it() {
    let server = TestServer::start().await;
    let api = resource_server(&server).await;
    let stranger = server.client("stranger", json!({})).await;
    let mut rows = Vec::new();
    for format in ["jwt", "opaque"] {
        let rp = server.client(format, json!({ "access_token_format": format, "audiences": [API] })).await;
        let tokens = rp.sign_in("alice").await;
        let code = rp.authorize_with("alice", &[("resource", API)]).await.code();
        let for_api = rp.redeem(&code).await.tokens().access_token;
        let unused = rp.authorize_as("alice").await.code();
        // True where the owner, and where the resource server, sees it as active.
        rows.push((format, rp.at(&server), "for the server itself", tokens.access_token.clone(), true, false));
        rows.push((format, rp.at(&server), "for the resource", for_api, true, true));
        rows.push((format, rp.at(&server), "a refresh token", tokens.refresh_token().to_owned(), true, false));
        rows.push((format, rp.at(&server), "an ID token", tokens.id_token().to_owned(), false, false));
        rows.push((format, rp, "a code", unused, false, false));
    }
    let inactive = json!({ "active": false });
    for (format, owner, kind, token, by_owner, by_resource) in rows {
        assert_eq!(owner.introspect(&token).await != inactive, by_owner, "{format}: {kind}, seen by its owner");
        assert_eq!(api.introspect(&token).await != inactive, by_resource, "{format}: {kind}, seen by the resource");
        assert_eq!(stranger.introspect(&token).await, inactive, "{format}: {kind}, seen by a stranger");
    }
}

#[tokio::test]
async fn only_clients_that_prove_who_they_are_may_ask() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let public = server.client("public", json!({ "token_endpoint_auth_method": "none" })).await;
    let disabled = server.client("disabled", json!({})).await;
    let token = rp.sign_in("alice").await.access_token;
    server.set_client_standing("disabled", Standing::Disabled).await;
    let form = [("token", token.as_str())];
    let post = || server.http.post(server.url("/introspect")).form(&form);
    let rows = [
        ("a wrong secret", post().basic_auth("rp", Some("x".repeat(40)))),
        ("an unknown client", post().basic_auth("nobody", Some("x".repeat(40)))),
        ("an access token", post().bearer_auth(&token)),
    ];
    for (who, request) in rows {
        let reply = Reply::of(request.send().await.unwrap()).await;
        reply.assert_error(401, "invalid_client");
        assert!(reply.header("www-authenticate").unwrap().starts_with("Basic "), "{who}");
    }
    server.post("/introspect", &form).await.assert_error(400, "invalid_client");
    public.post("/introspect", &form).await.assert_error(400, "invalid_client");
    disabled.post("/introspect", &form).await.assert_error(401, "invalid_client");
    rp.post("/introspect", &[]).await.assert_error(400, "invalid_request");
    rp.post(&format!("/introspect?token={token}"), &form).await.assert_error(400, "invalid_request");
    assert_eq!(server.get(&format!("/introspect?token={token}")).await.status(), 405);
    assert_eq!(rp.post("/introspect", &form).await.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn a_wrong_hint_does_not_hide_a_token() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let tokens = rp.sign_in("alice").await;
    for hint in ["access_token", "refresh_token", "id_token", "nonsense", ""] {
        for token in [tokens.access_token.as_str(), tokens.refresh_token()] {
            let reply = rp.post("/introspect", &[("token", token), ("token_type_hint", hint)]).await;
            assert_eq!(reply.json()["active"], true, "{hint}");
        }
    }
}

#[tokio::test]
async fn a_truncated_opaque_token_is_unknown() {
    let server = TestServer::start().await;
    let rp = server.client("rp", json!({ "access_token_format": "opaque" })).await;
    let tokens = rp.sign_in("alice").await;
    for token in [tokens.access_token.as_str(), tokens.refresh_token()] {
        let (prefix, secret) = token.split_at(5);
        let swap = |text: &str| {
            let other = |c: char| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
            text.chars().map(other).collect::<String>()
        };
        let mut rows = vec![
            ("cut at the end", token[..token.len() - 1].to_owned()),
            ("cut at the beginning", token[1..].to_owned()),
            ("half", token[..token.len() / 2].to_owned()),
            ("only the prefix", prefix.to_owned()),
            ("without the prefix", secret.to_owned()),
            ("another prefix", format!("sgac_{secret}")),
            ("the other prefix", format!("{}{secret}", if prefix == "sgrt_" { "sgat_" } else { "sgrt_" })),
            ("longer by a letter", format!("{token}A")),
            ("padded", format!("{token}=")),
            ("upper and lower case swapped", format!("{prefix}{}", swap(secret))),
            ("prefix in upper case", format!("{}{secret}", prefix.to_uppercase())),
            ("a space after it", format!("{token} ")),
            ("a space before it", format!(" {token}")),
            ("a line feed after it", format!("{token}\n")),
            ("twice", format!("{token}{token}")),
            ("reversed", secret.chars().rev().collect()),
            ("LIKE", format!("{prefix}%")),
        ];
        for at in (5..token.len()).step_by(7) {
            let other = if token.as_bytes()[at] == b'A' { "B" } else { "A" };
            rows.push(("a letter changed", format!("{}{other}{}", &token[..at], &token[at + 1..])));
        }
        for (mutation, mutated) in rows {
            assert_eq!(rp.introspect(&mutated).await, json!({ "active": false }), "{mutation}: {mutated}");
        }
        assert!(rp.is_active(token).await);
    }
}

#[tokio::test]
async fn a_token_is_active_until_it_ends_and_no_longer() {
    let server = TestServer::start().await;
    for format in ["jwt", "opaque"] {
        let rp = server.client(format, json!({ "access_token_format": format })).await;
        let tokens = rp.sign_in("alice").await;
        server.advance(Span::from_secs(590)).await;
        assert!(rp.is_active(&tokens.access_token).await, "{format}");
        server.advance(Span::from_secs(10)).await;
        assert!(!rp.is_active(&tokens.access_token).await, "{format}");
        assert!(rp.is_active(tokens.refresh_token()).await, "{format}");

        let next = rp.refresh(tokens.refresh_token()).await.tokens();
        assert!(!rp.is_active(tokens.refresh_token()).await, "{format}: it has been replaced");
        server.advance(Span::from_hours(7 * 24 - 1)).await;
        assert!(rp.is_active(next.refresh_token()).await, "{format}");
        server.advance(Span::from_hours(1)).await;
        assert!(!rp.is_active(next.refresh_token()).await, "{format}: unused for a week");
    }
}

#[tokio::test]
async fn the_login_name_is_shown_of_tokens_with_the_scope_profile_alone() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let rows = [("openid", false), ("openid email offline_access", false), ("openid profile", true), ("profile", true)];
    for (scope, expected) in rows {
        let code = rp.authorize_with("alice", &[("scope", scope)]).await.code();
        let tokens = rp.redeem(&code).await.tokens();
        let seen = rp.introspect(&tokens.access_token).await;
        assert_eq!((&seen["active"], seen.get("username").is_some()), (&json!(true), expected), "{scope}: {seen}");
        if let Some(token) = &tokens.refresh_token {
            assert_eq!(rp.introspect(token).await.get("username"), None, "{scope}");
        }
    }
}

/// Updates a client, as the command does; the server follows by itself.
async fn update(server: &TestServer, id: &str, change: impl FnOnce(&mut ClientMetadata)) {
    let context = server.context();
    let operator = server.operator(&context);
    let registrar = server.registrar(&operator);
    let read = operator.clients().read(&ClientId::parse(id).unwrap()).await.unwrap();
    let mut next = read.client.metadata.clone();
    change(&mut next);
    registrar.carry_out(registrar.plan(&read, next).unwrap()).await.unwrap();
    server.app.follow().await.unwrap();
}

#[tokio::test]
async fn an_operator_lets_a_client_introspect_for_a_resource_for_as_long_as_it_names_it() {
    let server = TestServer::start().await;
    let rs = json!({
        "grant_types": ["client_credentials"], "redirect_uris": [], "scope": "", "audiences": [API], "introspects": [API],
    });
    let api = server.client("plain-id", rs).await;
    let asks = server.client("asks", json!({ "audiences": [API] })).await;
    let rp = server.client("rp", json!({ "audiences": [API, "urn:other"] })).await;
    let mut tokens = Vec::new();
    for resource in [API, "urn:other"] {
        let code = rp.authorize_with("alice", &[("resource", resource)]).await.code();
        tokens.push(rp.redeem(&code).await.tokens().access_token);
    }
    let [for_api, for_other] = &tokens[..] else { panic!("two tokens") };
    let answer = api.introspect(for_api).await;
    assert_eq!((&answer["active"], &answer["aud"], &answer["client_id"]), (&json!(true), &json!(API), &json!("rp")));
    assert!(!api.is_active(for_other).await, "a resource that it was not given");
    assert!(!asks.is_active(for_api).await, "asking for a resource gives no right to introspect");
    let own = rp.sign_in("alice").await;
    assert!(!api.is_active(&own.access_token).await && !api.is_active(own.refresh_token()).await);
    let record = server.database().query("SELECT reason FROM audit_events WHERE client_id = 'plain-id'").await;
    assert_eq!(record[0][0], format!("introspects {API}").as_bytes());

    let twin = server.twin().await;
    assert!(api.at(&twin).is_active(for_api).await);
    update(&server, "plain-id", |metadata| metadata.introspects.clear()).await;
    assert!(!api.at(&twin).is_active(for_api).await, "on every node, once the change has returned");
    assert!(!api.is_active(for_api).await);
    assert!(rp.is_active(for_api).await, "the token itself is as good as before");
    let query = "SELECT reason FROM audit_events WHERE client_id = 'plain-id' AND event = 'client.updated'";
    let updated = String::from_utf8(server.database().query(query).await[0][0].clone()).unwrap();
    assert!(updated.contains("introspects") && updated.contains(API), "{updated}");
}
