//! The token endpoint (RFC 6749 §3.2, §5): the form of a request, and the error for each fault.

use reqwest::Method;
use serde_json::json;
use signet_protocol::time::Span;

use crate::support::{RelyingParty, Reply, TestServer};

const FORM: &str = "application/x-www-form-urlencoded";

/// An error of RFC 6749 §5.2 that no cache keeps.
fn error_of(reply: &Reply) -> String {
    assert_eq!(reply.header("cache-control"), Some("no-store"), "{reply:?}");
    assert_eq!(reply.header("pragma"), Some("no-cache"), "{reply:?}");
    assert_eq!(reply.header("content-type"), Some("application/json"), "{reply:?}");
    let json = reply.json();
    let members: Vec<&String> = json.as_object().unwrap().keys().collect();
    assert_eq!(members, ["error", "error_description"], "{reply:?}");
    json["error"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_request_is_a_form_in_the_body_of_a_post() {
    let server = TestServer::start().await;
    let rp = server.client("rp", json!({"grant_types": ["client_credentials"], "scope": "api"})).await;
    let good = "grant_type=client_credentials";
    let as_json = r#"{"grant_type":"client_credentials"}"#;
    let large = format!("{good}&filler={}", "x".repeat(70_000));
    let many = format!("{good}{}", "&a=1&b=2".repeat(60));
    let rows: [(&str, Method, &str, &str, &str, u16); 15] = [
        ("as it should be", Method::POST, "/token", FORM, good, 200),
        ("with a charset", Method::POST, "/token", "Application/X-WWW-Form-Urlencoded; charset=UTF-8", good, 200),
        ("RFC 6749 §3.2: not by GET", Method::GET, "/token?grant_type=client_credentials", FORM, "", 405),
        ("not by PUT", Method::PUT, "/token", FORM, good, 405),
        ("not by DELETE", Method::DELETE, "/token", FORM, good, 405),
        ("not by TRACE", Method::TRACE, "/token", FORM, "", 405),
        ("RFC 6749 §3.2: nothing in the URI", Method::POST, "/token?grant_type=client_credentials", FORM, "", 400),
        ("nothing in the URI beside the body", Method::POST, "/token?code=x", FORM, good, 400),
        ("JSON", Method::POST, "/token", "application/json", as_json, 400),
        ("plain text", Method::POST, "/token", "text/plain", good, 400),
        ("a type that only begins the same", Method::POST, "/token", "application/x-www-form-urlencodedx", good, 400),
        ("RFC 6749 §3.2: a parameter twice", Method::POST, "/token", FORM, "grant_type=x&grant_type=x", 400),
        ("not UTF-8", Method::POST, "/token", FORM, "grant_type=%ff", 400),
        ("too many parameters", Method::POST, "/token", FORM, &many, 400),
        ("too large", Method::POST, "/token", FORM, &large, 413),
    ];
    for (rule, method, path, content_type, body, status) in rows {
        let request = server.http.request(method, server.url(path)).basic_auth(&rp.id, rp.secret.as_ref());
        let request = request.header("content-type", content_type).body(body.to_owned());
        let reply = Reply::of(request.send().await.unwrap()).await;
        assert_eq!(reply.status, status, "{rule}: {reply:?}");
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{rule}");
        if status == 400 {
            assert_eq!(error_of(&reply), "invalid_request", "{rule}");
        }
    }
}

#[tokio::test]
async fn a_grant_type_that_the_server_lacks_is_refused_before_authentication() {
    let server = TestServer::start().await;
    for grant in ["password", "urn:ietf:params:oauth:grant-type:saml2-bearer", "Authorization_Code"] {
        let form = [("grant_type", grant), ("client_id", "unknown"), ("client_secret", "x")];
        server.post("/token", &form[..1]).await.assert_error(400, "unsupported_grant_type");
        server.post("/token", &form).await.assert_error(400, "unsupported_grant_type");
    }
    let known = [("grant_type", "client_credentials"), ("client_id", "unknown"), ("client_secret", "x")];
    server.post("/token", &known).await.assert_error(400, "invalid_client");
}

/// A rule, a client, parameters, and the error.
type Row<'a> = (&'a str, &'a RelyingParty, Vec<(&'a str, &'a str)>, &'a str);

#[tokio::test]
async fn every_fault_has_its_error_and_nothing_but_a_refused_scope_comes_back() {
    const MARK: &str = "zq\"<b>\r\nX-Injected: 1\\\u{e9}";
    let server = TestServer::start().await;
    let rp = server.client("rp", json!({"grant_types": ["authorization_code", "refresh_token"]})).await;
    let service = server.client("service", json!({"grant_types": ["client_credentials"], "scope": "api"})).await;
    let rows: [Row<'_>; 16] = [
        ("no grant_type", &rp, vec![("code", MARK)], "invalid_request"),
        ("an empty grant_type is none", &rp, vec![("grant_type", ""), ("code", MARK)], "invalid_request"),
        ("an unknown grant type", &rp, vec![("grant_type", MARK)], "unsupported_grant_type"),
        (
            "RFC 9700 §2.4: password",
            &rp,
            vec![("grant_type", "password"), ("username", "alice")],
            "unsupported_grant_type",
        ),
        ("implicit", &rp, vec![("grant_type", "implicit")], "unsupported_grant_type"),
        ("grant types are case-sensitive", &rp, vec![("grant_type", "Authorization_Code")], "unsupported_grant_type"),
        ("not the client's grant", &rp, vec![("grant_type", "client_credentials")], "unauthorized_client"),
        (
            "not the client's grant",
            &service,
            vec![("grant_type", "refresh_token"), ("refresh_token", MARK)],
            "unauthorized_client",
        ),
        (
            "not the client's grant",
            &service,
            vec![("grant_type", "authorization_code"), ("code", MARK)],
            "unauthorized_client",
        ),
        ("no code", &rp, vec![("grant_type", "authorization_code"), ("redirect_uri", MARK)], "invalid_request"),
        ("an unknown code", &rp, vec![("grant_type", "authorization_code"), ("code", MARK)], "invalid_grant"),
        ("no refresh token", &rp, vec![("grant_type", "refresh_token"), ("scope", MARK)], "invalid_request"),
        (
            "an unknown refresh token",
            &rp,
            vec![("grant_type", "refresh_token"), ("refresh_token", MARK)],
            "invalid_grant",
        ),
        ("a malformed scope", &service, vec![("grant_type", "client_credentials"), ("scope", MARK)], "invalid_scope"),
        (
            "a scope of others",
            &service,
            vec![("grant_type", "client_credentials"), ("scope", "other")],
            "invalid_scope",
        ),
        (
            "a resource of others",
            &service,
            vec![("grant_type", "client_credentials"), ("resource", MARK)],
            "invalid_target",
        ),
    ];
    for (rule, client, params, error) in rows {
        let reply = client.post("/token", &params).await;
        assert_eq!((reply.status.as_u16(), error_of(&reply).as_str()), (400, error), "{rule}: {reply:?}");
        assert!(!reply.body.contains("zq") && reply.header("x-injected").is_none(), "{rule}: {reply:?}");
        let description = reply.json()["error_description"].as_str().unwrap().to_owned();
        let legal = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        assert!(description.bytes().all(legal), "RFC 6749 §5.2: {rule}: {description}");
    }
}

#[tokio::test]
async fn all_invalid_grants_get_the_same_answer() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let other = server.client("other", json!({})).await;
    let mut bodies = Vec::new();
    let mut note = |rule: &'static str, reply: Reply| {
        reply.assert_error(400, "invalid_grant");
        bodies.push((rule, reply.body));
    };

    let used = rp.authorize_as("alice").await.code();
    rp.redeem(&used).await.tokens();
    let foreign = rp.authorize_as("alice").await.code();
    let expired = rp.authorize_as("alice").await.code();
    let wrong = rp.authorize_as("alice").await.code();
    let revoked = rp.sign_in("alice").await;
    assert_eq!(rp.revoke(revoked.refresh_token()).await.status, 200);
    let live = rp.sign_in("alice").await;
    note("a used code", rp.redeem(&used).await);
    note("another client's code", other.redeem(&foreign).await);
    note("another redirect URI", rp.redeem_with(&wrong, &[("redirect_uri", "https://rp.example/x")]).await);
    note("a code that never was", rp.redeem(&format!("{}x", &foreign[..foreign.len() - 1])).await);
    note("no code at all", rp.redeem("nonsense").await);
    note("a revoked refresh token", rp.refresh(revoked.refresh_token()).await);
    note("another client's refresh token", other.refresh(live.refresh_token()).await);
    note("no refresh token at all", rp.refresh("nonsense").await);
    note("an access token", rp.refresh(&live.access_token).await);
    server.advance(Span::from_secs(61)).await;
    note("an expired code", rp.redeem(&expired).await);
    server.advance(Span::from_days(8)).await;
    note("an expired refresh token", rp.refresh(live.refresh_token()).await);
    for (rule, body) in &bodies {
        assert_eq!(body, &bodies[0].1, "{rule}");
    }
}

#[tokio::test]
async fn a_grant_is_the_clients_who_registered_it() {
    let server = TestServer::start().await;
    let names = ["authorization_code", "refresh_token", "client_credentials"];
    let clients = [
        server.client("code", json!({"grant_types": ["authorization_code"]})).await,
        server.client("offline", json!({"grant_types": ["authorization_code", "refresh_token"]})).await,
        server.client("service", json!({"grant_types": ["client_credentials"], "scope": "api"})).await,
        server.client("all", json!({"grant_types": names, "scope": "openid offline_access api"})).await,
        server.client("public", json!({"token_endpoint_auth_method": "none"})).await,
    ];
    let allowed = [[true, false, false], [true, true, false], [false, false, true], [true; 3], [true, true, false]];
    for (client, allowed) in clients.iter().zip(allowed) {
        for (name, allowed) in names.into_iter().zip(allowed) {
            let reply = client.post("/token", &[("grant_type", name), ("code", "x"), ("refresh_token", "x")]).await;
            let refused = reply.json()["error"] == "unauthorized_client";
            assert_eq!(refused, !allowed, "{} {name}: {reply:?}", client.id);
        }
    }
}
