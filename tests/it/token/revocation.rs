//! The revocation endpoint (RFC 7009): what a client can revoke, and what it cannot.

use serde_json::json;
use signet::jobs;
use signet_protocol::time::Span;

use crate::support::keys::{KeyPair, encode};
use crate::support::{RelyingParty, Reply, TestServer, claims, header};

#[tokio::test]
async fn an_access_token_ends_alone() {
    let server = TestServer::start().await;
    for format in ["jwt", "opaque"] {
        let rp = server.client(format, json!({ "access_token_format": format })).await;
        let tokens = rp.sign_in("alice").await;
        let sibling = rp.refresh(tokens.refresh_token()).await.tokens();
        let other = rp.sign_in("alice").await;
        assert_eq!(rp.revoke(&tokens.access_token).await.status, 200, "{format}");
        assert!(!rp.is_active(&tokens.access_token).await, "{format}");
        assert_eq!(server.userinfo(&tokens.access_token).await.status(), 401, "{format}");
        for alive in [&sibling.access_token, sibling.refresh_token(), &other.access_token, other.refresh_token()] {
            assert!(rp.is_active(alive).await, "{format}");
        }
        rp.refresh(sibling.refresh_token()).await.tokens();
    }
}

#[tokio::test]
async fn a_refresh_token_takes_all_that_came_from_its_grant_along() {
    let server = TestServer::start().await;
    for format in ["jwt", "opaque"] {
        let rp = server.client(format, json!({ "access_token_format": format })).await;
        let first = rp.sign_in("alice").await;
        let second = rp.refresh(first.refresh_token()).await.tokens();
        let other = rp.sign_in("alice").await;
        // An older token of the family revokes it too.
        let ended_by = if format == "jwt" { second.refresh_token() } else { first.refresh_token() };
        assert_eq!(rp.revoke(ended_by).await.status, 200, "{format}");
        for dead in [&first.access_token, &second.access_token] {
            assert!(!rp.is_active(dead).await, "{format}");
            assert_eq!(server.userinfo(dead).await.status(), 401, "{format}");
        }
        for dead in [first.refresh_token(), second.refresh_token()] {
            rp.refresh(dead).await.assert_error(400, "invalid_grant");
        }
        assert!(rp.is_active(&other.access_token).await, "{format}: another grant is none of it");
        rp.refresh(other.refresh_token()).await.tokens();
    }
}

#[tokio::test]
async fn unknown_and_expired_tokens_are_answered_with_success() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let tokens = rp.sign_in("alice").await;
    let code = rp.authorize_as("alice").await.code();
    rp.revoke(&tokens.access_token).await;
    let rows = [
        ("revoked before", tokens.access_token.as_str()),
        ("nonsense", "nonsense"),
        ("an unknown reference", "sgat_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        ("an unknown refresh token", "sgrt_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        ("an ID token", tokens.id_token()),
        ("a code", &code),
    ];
    for (kind, token) in rows {
        let reply = rp.revoke(token).await;
        assert_eq!((reply.status.as_u16(), reply.body.as_str()), (200, "{}"), "{kind}");
    }
    rp.redeem(&code).await.tokens();
    assert!(rp.is_active(tokens.refresh_token()).await);
}

#[tokio::test]
async fn a_wrong_hint_does_not_keep_a_token_alive() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    for hint in ["access_token", "refresh_token", "id_token", "nonsense"] {
        let tokens = rp.sign_in("alice").await;
        for token in [tokens.access_token.as_str(), tokens.refresh_token()] {
            assert_eq!(rp.post("/revoke", &[("token", token), ("token_type_hint", hint)]).await.status, 200, "{hint}");
            assert!(!rp.is_active(token).await, "{hint}");
        }
    }
}

#[tokio::test]
async fn a_forged_token_with_a_genuine_jti_ends_nothing() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let token = rp.sign_in("alice").await.access_token;
    let parts: Vec<&str> = token.split('.').collect();
    let thief = KeyPair::generate("ES256");
    let mut unsigned = header(&token);
    unsigned["alg"] = json!("none");
    let head = json!({ "typ": "at+jwt", "kid": header(&token)["kid"] });
    let rows = [
        ("unsigned", format!("{}.{}.", encode(&unsigned), parts[1])),
        ("without a signature", format!("{}.{}.", parts[0], parts[1])),
        ("signed by a stranger", thief.sign(&head, &claims(&token))),
        ("another signature", format!("{}.{}.{}", parts[0], parts[1], "A".repeat(86))),
    ];
    for (forgery, forged) in rows {
        assert_eq!(rp.revoke(&forged).await.status, 200, "{forgery}");
        assert!(rp.is_active(&token).await, "{forgery}");
        assert_eq!(server.userinfo(&token).await.status(), 200, "{forgery}");
    }
}

#[tokio::test]
async fn the_token_of_another_client_is_refused_and_left_alone() {
    let server = TestServer::start().await;
    let stranger = server.client("stranger", json!({})).await;
    for format in ["jwt", "opaque"] {
        let rp = server.client(format, json!({ "access_token_format": format })).await;
        let tokens = rp.sign_in("alice").await;
        for token in [tokens.access_token.as_str(), tokens.refresh_token()] {
            stranger.revoke(token).await.assert_error(400, "unauthorized_client");
            assert!(rp.is_active(token).await, "{format}");
        }
        rp.refresh(tokens.refresh_token()).await.tokens();
    }
}

#[tokio::test]
async fn the_answer_is_json_with_nothing_in_it() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    for token in [rp.sign_in("alice").await.access_token.as_str(), "unknown"] {
        let reply = rp.revoke(token).await;
        assert_eq!((reply.status.as_u16(), reply.body.as_str()), (200, "{}"), "RFC 7009 §2.2: {reply:?}");
        assert_eq!(reply.header("content-type"), Some("application/json"), "libraries parse it");
    }
}

#[tokio::test]
async fn a_client_must_authenticate() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let public = server.client("public", json!({ "token_endpoint_auth_method": "none" })).await;
    let token = rp.sign_in("alice").await.access_token;
    let form = [("token", token.as_str())];
    server.post("/revoke", &form).await.assert_error(400, "invalid_client");
    server.post("/revoke", &[("token", token.as_str()), ("client_id", "rp")]).await.assert_error(400, "invalid_client");
    let bearer = server.http.post(server.url("/revoke")).bearer_auth(&token).form(&form).send().await.unwrap();
    Reply::of(bearer).await.assert_error(401, "invalid_client");
    rp.post("/revoke", &[]).await.assert_error(400, "invalid_request");
    rp.post(&format!("/revoke?token={token}"), &form).await.assert_error(400, "invalid_request");
    assert_eq!(server.get(&format!("/revoke?token={token}")).await.status(), 405);
    assert!(rp.is_active(&token).await);

    let own = public.sign_in("alice").await;
    assert_eq!(public.revoke(own.refresh_token()).await.status, 200, "a public client ends what is its own");
    assert_eq!(server.userinfo(&own.access_token).await.status(), 401);
}

#[tokio::test]
async fn a_revocation_applies_on_every_node() {
    let server = TestServer::start().await;
    let twin = server.twin().await;
    let rp = server.relying_party().await;
    twin.app.follow().await.unwrap();
    let there: RelyingParty = rp.at(&twin);
    for by_refresh_token in [false, true] {
        let tokens = rp.sign_in("alice").await;
        assert!(there.is_active(&tokens.access_token).await);
        let token = if by_refresh_token { tokens.refresh_token() } else { &tokens.access_token };
        rp.revoke(token).await;
        assert!(!rp.is_active(&tokens.access_token).await, "here at once");
        twin.app.follow().await.unwrap();
        assert!(!there.is_active(&tokens.access_token).await);
        assert_eq!(twin.userinfo(&tokens.access_token).await.status(), 401);
        if by_refresh_token {
            there.refresh(token).await.assert_error(400, "invalid_grant");
        }
    }
}

#[tokio::test]
async fn a_failed_write_is_not_reported_as_done() {
    let server = TestServer::start().await;
    for format in ["jwt", "opaque"] {
        server.client(format, json!({ "access_token_format": format })).await;
    }
    let rp = server.relying_party().await;
    let tokens = rp.sign_in("alice").await;
    assert!(rp.is_active(&tokens.access_token).await);
    server.app.provider.store.close().await;
    let unknown = "sgat_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for token in [tokens.access_token.as_str(), tokens.refresh_token(), unknown] {
        let reply = rp.revoke(token).await;
        assert_eq!((reply.status.as_u16(), reply.header("retry-after")), (503, Some("1")), "{reply:?}");
        assert_eq!(reply.json()["error"], "temporarily_unavailable");
    }
    for token in [tokens.refresh_token(), unknown] {
        let reply = rp.post("/introspect", &[("token", token)]).await;
        assert_eq!(reply.status, 503, "its status is unknown: {reply:?}");
    }
    assert_eq!(rp.refresh(tokens.refresh_token()).await.status, 503);
    assert_eq!(server.get("/jwks").await.status(), 200, "keys need no database");
}

#[tokio::test]
async fn a_revocation_is_kept_as_long_as_the_token_could_live() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let tokens = rp.sign_in("alice").await;
    rp.revoke(&tokens.access_token).await;
    let count = async || server.database().query("SELECT subject FROM revocations").await.len();
    assert_eq!(count().await, 1);
    server.advance(Span::from_secs(600)).await;
    jobs::run_upkeep(&server.app, "test").await.unwrap();
    assert_eq!(count().await, 1, "clocks may differ by a minute");
    for _ in 0..2 {
        server.advance(Span::from_minutes(9)).await;
        jobs::run_upkeep(&server.app, "test").await.unwrap();
    }
    jobs::run_upkeep(&server.app, "test").await.unwrap();
    assert_eq!(count().await, 0);
    assert!(!rp.is_active(&tokens.access_token).await, "it never comes back");
}
