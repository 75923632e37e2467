//! The administration API: its authorization, and the refusal of every invalid request.

use serde_json::{Value, json};

use crate::support::{Administrator, Reply, TestServer};

async fn status_of(server: &TestServer, token: Option<&str>) -> Reply {
    let request = server.http.get(server.url("/api/v1/revocations"));
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    Reply::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn the_api_accepts_only_a_clients_token_for_the_api() {
    let server = TestServer::start().await;
    let ops = Administrator::of(&server).await;
    let stranger = Administrator::with_scope(&server, "stranger", "api:write").await;
    let rp = server.relying_party().await;
    let tokens = rp.sign_in("alice").await;
    let revoked = ops.token().await;
    ops.revoke(json!({"target": "token", "token": revoked})).await;
    let for_issuer = ops.client.client_credentials(&[]).await.tokens();
    assert!(for_issuer.json["scope"].as_str().unwrap().contains("signet:revoke"), "the scope alone is not enough");
    let rows = [
        ("none", None, 401, "Bearer realm="),
        ("nonsense", Some("nonsense".to_owned()), 401, "invalid_token"),
        ("for another audience", Some(for_issuer.access_token), 401, "invalid_token"),
        ("a user's", Some(tokens.access_token.clone()), 401, "invalid_token"),
        ("a refresh token", Some(tokens.refresh_token().to_owned()), 401, "invalid_token"),
        ("an ID token", Some(tokens.id_token().to_owned()), 401, "invalid_token"),
        ("a revoked one", Some(revoked), 401, "invalid_token"),
        ("without the scope", Some(stranger.token().await), 403, "insufficient_scope"),
    ];
    for (kind, token, status, challenge) in rows {
        let reply = status_of(&server, token.as_deref()).await;
        reply.assert_problem(status);
        assert!(reply.header("www-authenticate").unwrap().contains(challenge), "{kind}: {reply:?}");
    }
    let basic = server.http.get(server.url("/api/v1/revocations")).basic_auth("ops", ops.client.secret.as_ref());
    Reply::of(basic.send().await.unwrap()).await.assert_problem(401);
    assert_eq!(status_of(&server, Some(&ops.token().await)).await.status, 200);
}

#[tokio::test]
async fn the_read_scope_does_not_allow_revocation() {
    let server = TestServer::start().await;
    let reader = Administrator::with_scope(&server, "reader", "signet:read").await;
    let refused = reader.order(json!({"target": "realm"})).await;
    refused.assert_problem(403);
    assert!(refused.header("www-authenticate").unwrap().contains("scope=\"signet:revoke\""), "{refused:?}");
    reader.post("/revocations/sweep", &reader.token().await, &json!({})).await.assert_problem(403);
    assert_eq!(reader.read("/revocations").await["in_force"]["realm"], 0);
    assert_eq!(reader.read("/users/alice/sessions").await, json!({"sessions": []}));
    assert_eq!(reader.read("/users/alice@example.org/grants").await, json!({"grants": []}));
    assert!(!server.database().audit_events().await.contains(&"realm.signed_out".to_owned()));
}

#[tokio::test]
async fn an_invalid_request_is_refused_with_a_problem_document() {
    let server = TestServer::start().await;
    let ops = Administrator::of(&server).await;
    let bodies = [
        (json!({"target": "realm", "force": true}), 400),
        (json!({"target": "user"}), 400),
        (json!({"target": "user", "username": "alice", "until": "2001-01-01T00:00:00Z"}), 400),
        (json!({"target": "token", "jti": "nonsense"}), 400),
        (json!({"target": "client", "id": "rp", "reason": "a\u{7}"}), 400),
        (json!({"target": "user", "username": "nobody"}), 404),
        (json!({"target": "client", "id": "nobody"}), 404),
        (json!({"target": "session", "id": "nothing"}), 404),
        (json!({"target": "grant", "id": "nothing"}), 404),
    ];
    for (body, status) in bodies {
        let reply = ops.order(body.clone()).await;
        reply.assert_problem(status);
        assert!(!reply.body.contains("nothing") && !reply.body.contains("force"), "nothing is echoed: {reply:?}");
    }
    let token = ops.token().await;
    ops.get("/users/nobody/sessions", &token).await.assert_problem(404);
    ops.get("/nothing", &token).await.assert_problem(404);
    ops.get("/revocations/sweep", &token).await.assert_problem(405);
    let send = async |body: &str, kind: &str| {
        let request = server.http.post(server.url("/api/v1/revocations")).bearer_auth(&token);
        Reply::of(request.header("content-type", kind).body(body.to_owned()).send().await.unwrap()).await
    };
    send("target=realm", "application/x-www-form-urlencoded").await.assert_problem(415);
    send("{\"target\": \"realm\"", "application/json").await.assert_problem(400);
    let large = format!("{{\"target\": \"realm\", \"reason\": \"{}\"}}", "x".repeat(70_000));
    send(&large, "application/json").await.assert_problem(413);
    assert_eq!(server.userinfo(&server.relying_party().await.sign_in("alice").await.access_token).await.status(), 200);
    assert_eq!(ops.read("/revocations").await["in_force"]["realm"], 0, "nothing came of any of it");
}

#[tokio::test]
async fn scripts_in_browsers_cannot_call_the_api() {
    let server = TestServer::start().await;
    server.client("spa", json!({"cors_origins": ["https://spa.example"]})).await;
    let ops = Administrator::of(&server).await;
    let url = server.url("/api/v1/revocations");
    let preflight = server.http.request(reqwest::Method::OPTIONS, &url).header("origin", "https://spa.example");
    Reply::of(preflight.send().await.unwrap()).await.assert_problem(405);
    let cross = server.http.get(&url).bearer_auth(ops.token().await).header("origin", "https://spa.example");
    let reply = Reply::of(cross.send().await.unwrap()).await;
    assert_eq!((reply.status.as_u16(), reply.header("access-control-allow-origin")), (200, None));
}

#[tokio::test]
async fn administration_scopes_are_granted_by_command_and_never_by_a_user() {
    let server = TestServer::start_with(|settings| {
        settings.registration.mode = signet::config::RegistrationMode::Open;
        // Unchecked settings: the rule does not depend on their check.
        settings.registration.scopes = vec!["signet:revoke".to_owned(), "api:read".to_owned()];
    })
    .await;
    let both = json!({
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"], "skip_consent": true,
        "scope": "openid offline_access signet:revoke",
    });
    let rp = server.client("both", both).await;
    let asked = rp.authorization_url(&[("scope", "openid signet:revoke")]);
    assert_eq!(server.browser().visit(&asked).await.error(), "invalid_scope");
    let all = rp.authorize_with("alice", &[("scope", "")]).await;
    let granted = rp.redeem(&all.code()).await.tokens();
    assert_eq!(granted.json["scope"], "openid", "nor by leaving the scope to the server");

    for scope in [Value::Null, json!("api:read signet:revoke")] {
        let body = json!({
            "redirect_uris": ["https://rp.example/cb"], "scope": scope,
            "grant_types": ["authorization_code", "client_credentials"],
        });
        let request = server.http.post(server.url("/register")).json(&body);
        let made = Reply::of(request.send().await.unwrap()).await;
        assert_eq!(made.status, 201, "{made:?}");
        assert!(!made.json()["scope"].as_str().unwrap().contains("signet:"), "{made:?}");
    }
}

#[tokio::test]
async fn the_api_has_the_rate_limits_of_other_client_endpoints() {
    let limited = |settings: &mut signet::config::Settings| {
        settings.limits.enabled = true;
        settings.limits.token = 4;
    };
    let server = TestServer::start_with(limited).await;
    let ops = Administrator::of(&server).await;
    let token = ops.token().await;
    for _ in 0..3 {
        assert_eq!(status_of(&server, Some(&token)).await.status, 200);
    }
    let refused = status_of(&server, Some(&token)).await;
    refused.assert_problem(429);
    assert!(refused.header("retry-after").is_some() && refused.header("ratelimit").is_some(), "{refused:?}");
}

#[tokio::test]
async fn a_failing_database_is_answered_with_503() {
    let server = TestServer::start().await;
    let ops = Administrator::of(&server).await;
    let token = ops.token().await;
    assert_eq!(status_of(&server, Some(&token)).await.status, 200);
    server.app.provider.store.close().await;
    let refused = ops.post("/revocations", &token, &json!({"target": "realm"})).await;
    refused.assert_problem(503);
    assert_eq!(refused.header("retry-after"), Some("1"));
    status_of(&server, Some(&token)).await.assert_problem(503);
}

#[tokio::test]
async fn the_audit_log_has_actor_target_and_reason_of_a_revocation() {
    let server = TestServer::start().await;
    let ops = Administrator::of(&server).await;
    ops.revoke(json!({"target": "user", "username": "alice", "reason": "laptop stolen"})).await;
    let sql = "SELECT actor, reason FROM audit_events WHERE event = 'user.signed_out'";
    let rows: Vec<String> =
        server.database().query(sql).await.concat().into_iter().map(|v| String::from_utf8(v).unwrap()).collect();
    assert_eq!(rows, ["client:ops", "signed out: laptop stolen"]);
}
