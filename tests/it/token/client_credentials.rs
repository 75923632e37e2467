//! The client credentials grant (RFC 6749 §4.4, RFC 9068 §2.2): a client acts for itself only.

use serde_json::{Value, json};
use signet_protocol::time::Span;
use signet_store::client::clients::Standing;

use crate::support::{RelyingParty, TestServer, claims};

/// A client with this grant, these scopes and two resources.
async fn service(server: &TestServer, id: &str, scope: &str) -> RelyingParty {
    let audiences = ["https://a.example/", "https://b.example/"];
    let changes = json!({"grant_types": ["client_credentials"], "scope": scope, "audiences": audiences});
    server.client(id, changes).await
}

#[tokio::test]
async fn a_service_gets_the_scopes_that_need_no_user() {
    let server = TestServer::start().await;
    let all = "openid profile email address phone offline_access api:read api:write";
    let rows = [
        ("none asked: all of its own", all, "", Ok("api:read api:write")),
        ("fewer", all, "api:write", Ok("api:write")),
        ("each once", all, "api:read api:read", Ok("api:read")),
        ("openid needs a user", all, "openid", Err("invalid_scope")),
        ("openid beside others", all, "api:read openid", Err("invalid_scope")),
        ("offline_access needs a user", all, "offline_access", Err("invalid_scope")),
        ("claims need a user", all, "email", Err("invalid_scope")),
        ("another's scope", all, "admin", Err("invalid_scope")),
        ("RFC 6749 §3.3: scopes are case-sensitive", all, "API:READ", Err("invalid_scope")),
        ("malformed", all, "api:read  api:write", Err("invalid_scope")),
        ("none of its own, none asked", "openid", "", Ok("")),
        ("no scope at all", "", "", Ok("")),
        ("no scope at all, one asked", "", "api:read", Err("invalid_scope")),
    ];
    for (index, (rule, registered, asked, expected)) in rows.into_iter().enumerate() {
        let rp = match registered {
            "" => {
                server.client(&format!("s{index}"), json!({"grant_types": ["client_credentials"], "scope": ""})).await
            }
            scope => service(&server, &format!("s{index}"), scope).await,
        };
        let reply = rp.client_credentials(&[("scope", asked)]).await;
        match expected {
            Ok(scope) => {
                let tokens = reply.tokens();
                assert_eq!(tokens.json["scope"].as_str().unwrap_or_default(), scope, "{rule}");
                assert_eq!(claims(&tokens.access_token)["scope"].as_str().unwrap_or_default(), scope, "{rule}");
            }
            Err(error) => {
                let found = (reply.status.as_u16(), reply.json()["error"].clone());
                assert_eq!(found, (400, json!(error)), "{rule}: {reply:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_service_gets_an_access_token_and_nothing_else() {
    let server = TestServer::start().await;
    let grants = ["authorization_code", "refresh_token", "client_credentials"];
    let scope = "openid offline_access api";
    let rp = server.client("rp", json!({"grant_types": grants, "scope": scope, "skip_consent": true})).await;
    let tokens = rp.client_credentials(&[]).await.tokens();
    let mut members: Vec<&String> = tokens.json.as_object().unwrap().keys().collect();
    members.sort_unstable();
    assert_eq!(members, ["access_token", "expires_in", "scope", "token_type"], "RFC 6749 §4.4.3: no refresh token");
    let access_token = claims(&tokens.access_token);
    for name in ["sid", "auth_time", "grant_id", "nonce", "name", "email"] {
        assert!(access_token.get(name).is_none(), "{name}: {access_token}");
    }
    let seen = rp.introspect(&tokens.access_token).await;
    assert_eq!((&seen["active"], &seen["client_id"], seen.get("username")), (&json!(true), &json!("rp"), None));
    let userinfo = server.userinfo(&tokens.access_token).await;
    assert_eq!(userinfo.status(), 403, "OpenID Connect Core §5.3: there is no person");
    assert!(userinfo.headers()["www-authenticate"].to_str().unwrap().contains("insufficient_scope"));
}

#[tokio::test]
async fn a_service_token_is_never_accepted_as_a_users() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let user = claims(rp.sign_in("alice").await.id_token())["sub"].as_str().unwrap().to_owned();
    for id in [user.as_str(), "alice", "client:alice", "alice@example.org"] {
        let metadata = json!({
            "grant_types": ["client_credentials"], "scope": "openid api",
            "token_endpoint_auth_method": "client_secret_post",
        });
        let tokens = server.client(id, metadata).await.client_credentials(&[]).await.tokens();
        let sub = claims(&tokens.access_token)["sub"].clone();
        assert_eq!(sub, format!("client:{id}"), "RFC 9700 §4.15");
        assert_ne!(sub, user);
        assert_eq!(server.userinfo(&tokens.access_token).await.status(), 403, "{id}");
    }
}

#[tokio::test]
async fn a_public_client_cannot_use_client_credentials() {
    let server = TestServer::start().await;
    let public = server.client("public", json!({"token_endpoint_auth_method": "none", "scope": "api"})).await;
    public.client_credentials(&[]).await.assert_error(400, "unauthorized_client");
    let rp = service(&server, "service", "api").await;
    let unproven = RelyingParty { auth_method: "none".to_owned(), ..rp.at(&server) };
    unproven.client_credentials(&[]).await.assert_error(400, "invalid_client");
    let wrong = RelyingParty { secret: Some("sgcs_wrong".to_owned()), ..rp.at(&server) };
    wrong.client_credentials(&[]).await.assert_error(401, "invalid_client");
    rp.client_credentials(&[]).await.tokens();
}

/// A rule, parameters, and the audience or the error.
type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], Value);

#[tokio::test]
async fn the_audience_is_this_server_or_a_resource_of_the_client() {
    let server = TestServer::start().await;
    let rp = service(&server, "service", "api").await;
    let a = ("resource", "https://a.example/");
    let b = ("resource", "https://b.example/");
    let rows: [Row<'_>; 6] = [
        ("none", &[], json!(server.issuer)),
        ("one", &[a], json!(a.1)),
        ("two", &[a, b], json!([a.1, b.1])),
        ("one twice", &[b, b], json!(b.1)),
        ("RFC 8707 §2: not the client's", &[("resource", "https://c.example/")], json!("invalid_target")),
        ("one of two is not", &[a, ("resource", "https://a.example")], json!("invalid_target")),
    ];
    for (rule, resources, expected) in rows {
        let json = rp.client_credentials(resources).await.json();
        let found = json["access_token"].as_str().map_or(json["error"].clone(), |token| claims(token)["aud"].clone());
        assert_eq!(found, expected, "{rule}");
    }
}

#[tokio::test]
async fn the_token_ends_by_its_clock_and_with_its_client() {
    let server = TestServer::start().await;
    for format in ["jwt", "opaque"] {
        let changes = json!({
            "grant_types": ["client_credentials"], "scope": "api",
            "access_token_lifetime": 120, "access_token_format": format,
        });
        let rp = server.client(format, changes).await;
        let tokens = rp.client_credentials(&[]).await.tokens();
        assert_eq!(tokens.json["expires_in"], 120, "{format}");
        server.advance(Span::from_secs(90)).await;
        assert!(rp.is_active(&tokens.access_token).await, "{format}");
        server.advance(Span::from_secs(30)).await;
        assert!(!rp.is_active(&tokens.access_token).await, "{format}");

        let tokens = rp.client_credentials(&[]).await.tokens();
        server.set_client_standing(format, Standing::Disabled).await;
        rp.client_credentials(&[]).await.assert_error(401, "invalid_client");
        server.set_client_standing(format, Standing::Enabled).await;
        assert!(!rp.is_active(&tokens.access_token).await, "{format}: permanently void");
        assert!(rp.is_active(&rp.client_credentials(&[]).await.tokens().access_token).await, "{format}");
    }
}
