//! Nodes that have not yet applied a change: whatever such a node issues is void once it has, one poll of the change
//! sequence is enough, and a node that cannot poll accepts nothing.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use signet::flows::token::revoke;
use signet_protocol::client::call::{CallFacts, ClientCall};
use signet_protocol::client::credentials::Authorization;
use signet_protocol::ids::KeyId;
use signet_protocol::params::Params;
use signet_protocol::time::Span;
use signet_store::client::clients::Standing;

use crate::node::doctor::broken;
use crate::support::{Administrator, RelyingParty, Reply, TestServer, UserChange, claims, header};

/// Two nodes. One applies changes only when the test makes it.
struct Scene {
    server: TestServer,
    late: TestServer,
}

impl Scene {
    async fn set() -> Self {
        let server = TestServer::start().await;
        let mut late = server.twin().await;
        late.stop_jobs().await;
        Self { server, late }
    }

    /// A client with every grant that both nodes have in memory.
    async fn client(&self, id: &str, access_tokens: &str) -> RelyingParty {
        let metadata = json!({
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
            "access_token_format": access_tokens, "scope": "openid profile email offline_access api",
        });
        let rp = self.server.client(id, metadata).await;
        self.late.app.follow().await.unwrap();
        assert!(!rp.at(&self.late).is_active("nonsense").await, "it is in the late node's memory");
        rp
    }

    async fn hear(&self) {
        self.late.app.follow().await.unwrap();
    }
}

#[tokio::test]
async fn tokens_that_a_late_node_issued_to_a_disabled_client_stay_void() {
    let scene = Scene::set().await;
    for format in ["jwt", "opaque"] {
        let rp = scene.client(format, format).await;
        let there = rp.at(&scene.late);
        let refresh_token = rp.sign_in("alice").await;
        let unused = rp.authorize_as("alice").await.code();
        scene.hear().await;
        scene.server.set_client_standing(&rp.id, Standing::Disabled).await;

        let given = there.client_credentials(&[]).await.tokens().access_token;
        assert!(there.is_active(&given).await, "the late node knows no better");
        let code = there.authorize_as("alice").await.code();
        for code in [&code, &unused] {
            there.redeem(code).await.assert_error(400, "invalid_grant");
        }
        there.refresh(refresh_token.refresh_token()).await.assert_error(400, "invalid_grant");
        let another = there.authorize_as("alice").await.code();

        scene.server.set_client_standing(&rp.id, Standing::Enabled).await;
        scene.hear().await;
        for node in [&rp, &there] {
            assert!(!node.is_active(&given).await, "{format}: it was given while the client was disabled");
            for code in [&code, &another] {
                node.redeem(code).await.assert_error(400, "invalid_grant");
            }
            assert!(node.is_active(&node.client_credentials(&[]).await.tokens().access_token).await);
        }
    }
    assert_eq!(broken(&scene.server).await, [""; 0]);
}

#[tokio::test]
async fn tokens_issued_during_a_disabling_stay_void_after_enabling() {
    let scene = Scene::set().await;
    let rp = scene.client("rp", "jwt").await;
    for owner in ["user", "client"] {
        let authorized = rp.authorize_with("alice", &[("scope", "openid offline_access")]).await;
        let tokens = rp.redeem(&authorized.code()).await.tokens();
        let set = async |enabled: bool| match (owner, enabled) {
            ("user", true) => scene.server.change_user("alice", UserChange::Enable).await,
            ("user", false) => scene.server.change_user("alice", UserChange::Disable).await,
            (_, true) => scene.server.set_client_standing("rp", Standing::Enabled).await,
            (_, false) => scene.server.set_client_standing("rp", Standing::Disabled).await,
        };
        scene.hear().await;
        set(false).await;
        scene.server.advance(Span::from_secs(5)).await;
        // As a node with a fast clock would write it for a concurrent request.
        let database = scene.server.database();
        let later = scene.server.clock.now().as_millis();
        database.tamper(&format!("UPDATE sessions SET ended_at = NULL, auth_time = {later}")).await;
        let family =
            format!("UPDATE token_families SET revoked_at = NULL, revoked_because = NULL, auth_time = {later}");
        assert!(database.tamper(&family).await > 0);
        assert!(broken(&scene.server).await.contains(&"disabled-holds-no-grant"));
        rp.at(&scene.late).refresh(tokens.refresh_token()).await.assert_error(400, "invalid_grant");
        scene.server.advance(Span::from_secs(5)).await;
        set(true).await;
        rp.refresh(tokens.refresh_token()).await.assert_error(400, "invalid_grant");
        assert_eq!(broken(&scene.server).await, [""; 0], "{owner}");
        if owner == "user" {
            let page = authorized.browser.get(&rp.authorization_url(&[("prompt", "none")])).await;
            assert_eq!(page.error(), "login_required", "the login of before is over");
        }
        scene.server.advance(Span::from_secs(1)).await;
        rp.refresh(rp.sign_in("alice").await.refresh_token()).await.tokens();
    }
}

#[tokio::test]
async fn enabling_an_enabled_account_ends_nothing() {
    let scene = Scene::set().await;
    let rp = scene.client("rp", "jwt").await;
    let tokens = rp.sign_in("alice").await;
    scene.server.change_user("alice", UserChange::Enable).await;
    scene.server.set_client_standing("rp", Standing::Enabled).await;
    assert!(rp.is_active(&tokens.access_token).await);
    rp.refresh(tokens.refresh_token()).await.tokens();
}

#[tokio::test]
async fn signing_out_does_not_enable() {
    let scene = Scene::set().await;
    let rp = scene.client("rp", "jwt").await;
    scene.server.change_user("alice", UserChange::Disable).await;
    scene.server.change_user("alice", UserChange::SignOut).await;
    scene.server.advance(Span::from_secs(1)).await;
    let page = rp.authorize_as("alice").await.page;
    assert!(page.has("Incorrect username or password."), "{page:?}");
}

/// Ends the validity of alice's tokens in one of the possible ways.
pub async fn end(server: &TestServer, rp: &RelyingParty, ops: &Administrator, token: &str, way: &str) {
    let claims = claims(token);
    match way {
        "user disabled" => server.change_user("alice", UserChange::Disable).await,
        "user signed out" => server.change_user("alice", UserChange::SignOut).await,
        "client disabled" => server.set_client_standing(&rp.id, Standing::Disabled).await,
        "client signed out" => drop(ops.revoke(json!({"target": "client", "id": rp.id})).await),
        "consent" => drop(ops.revoke(json!({"target": "consent", "username": "alice", "client": rp.id})).await),
        "session" => drop(ops.revoke(json!({"target": "session", "id": claims["sid"]})).await),
        "grant" => drop(ops.revoke(json!({"target": "grant", "id": claims["grant_id"]})).await),
        "realm" => drop(ops.revoke(json!({"target": "realm"})).await),
        "token" => assert_eq!(rp.revoke(token).await.status, 200),
        "key" => {
            let kid = KeyId::from_stored(header(token)["kid"].as_str().unwrap().to_owned());
            server.operator(&server.context()).keys(&server.app.provider.keys).compromise(&kid).await.unwrap();
            server.app.follow().await.unwrap();
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn each_change_applies_on_a_late_node_after_one_poll() {
    let ways = [
        "user disabled",
        "user signed out",
        "client disabled",
        "client signed out",
        "consent",
        "session",
        "grant",
        "realm",
        "token",
        "key",
    ];
    for way in ways {
        let scene = Scene::set().await;
        let rp = scene.client("rp", "jwt").await;
        let observer = scene.client("observer", "jwt").await;
        let ops = Administrator::of(&scene.server).await;
        let token = rp.sign_in("alice").await.access_token;
        scene.hear().await;
        assert_eq!(scene.late.userinfo(&token).await.status(), 200, "{way}: alive");
        end(&scene.server, &rp, &ops, &token, way).await;
        scene.hear().await;
        for node in [&scene.server, &scene.late] {
            assert_eq!(node.userinfo(&token).await.status(), 401, "{way}: userinfo of {}", node.issuer);
            // A disabled client cannot introspect.
            let asks = if way == "client disabled" { &observer } else { &rp };
            assert!(!asks.at(node).is_active(&token).await, "{way}: introspection of {}", node.issuer);
        }
    }
}

#[tokio::test]
async fn a_node_that_cannot_poll_accepts_nothing() {
    let scene = Scene::set().await;
    let rp = scene.client("rp", "jwt").await;
    let ops = Administrator::of(&scene.server).await;
    let user = rp.sign_in("alice").await;
    let own = rp.client_credentials(&[]).await.tokens().access_token;
    let order = ops.token().await;
    scene.hear().await;
    let there = rp.at(&scene.late);
    assert!(there.is_active(&user.access_token).await && there.is_active(&own).await);

    // No job polls any more, as if the database were unreachable.
    let lost = Instant::now();
    while there.post("/introspect", &[("token", &own)]).await.status != 503 {
        assert!(lost.elapsed() < Duration::from_secs(5), "the revocation status is unknown");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let userinfo = Reply::of(scene.late.userinfo(&user.access_token).await).await;
    let api = scene.late.http.get(scene.late.url("/api/v1/revocations")).bearer_auth(&order);
    for (what, reply) in [
        ("introspection", there.post("/introspect", &[("token", &user.access_token)]).await),
        ("userinfo", userinfo),
        ("administration", Reply::of(api.send().await.unwrap()).await),
        ("client credentials", there.client_credentials(&[]).await),
        ("refresh", there.refresh(user.refresh_token()).await),
        ("revocation", there.revoke(&user.access_token).await),
        ("pushed requests", there.post("/par", &[("response_type", "code")]).await),
    ] {
        assert_eq!(reply.status, 503, "{what}: {reply:?}");
        assert!(reply.header("retry-after").is_some(), "{what}: {reply:?}");
        assert!(serde_json::from_str::<Value>(&reply.body).is_ok_and(|body| body.get("active").is_none()), "{what}");
    }
    assert_eq!(scene.late.browser().get(&there.authorization_url(&[])).await.status, 503);
    assert_eq!(scene.late.app.readiness().await, Err("database"));
    scene.hear().await;
    assert!(there.is_active(&user.access_token).await);
    assert_eq!(scene.late.app.readiness().await, Ok(()));
}

#[tokio::test]
async fn a_token_that_was_issued_while_a_sign_out_was_on_its_way_is_void() {
    let server = TestServer::stopped_with(|_| {}).await;
    let rp = server.relying_party().await;
    let tokens = rp.sign_in("alice").await;
    server.advance(Span::from_secs(5)).await;
    let context = server.context();
    // The clock of the refreshing node is ahead of the other's, which signs the user out afterwards.
    server.advance(Span::from_secs(1)).await;
    let late = rp.refresh(tokens.refresh_token()).await.tokens();
    server.operator(&context).revocations().sign_out_user("alice", None).await.unwrap();
    server.app.follow().await.unwrap();
    assert_eq!(server.userinfo(&late.access_token).await.status(), 401, "its login came before the sign-out");
    assert!(!rp.is_active(&late.access_token).await);
    server.advance(Span::from_secs(1)).await;
    let new = rp.sign_in("alice").await;
    assert!(rp.is_active(&new.access_token).await);
}

#[tokio::test]
async fn a_slow_request_does_not_look_like_a_clock_set_back() {
    let server = TestServer::stopped_with(|_| {}).await;
    let rp = server.client("rp", json!({ "token_endpoint_auth_method": "client_secret_post" })).await;
    let tokens = rp.sign_in("alice").await;
    let provider = &server.app.provider;
    let begun = server.context();
    server.advance(Span::from_secs(5)).await;
    server.app.follow().await.unwrap();
    let before = provider.view.key_changes();
    let form = format!("client_id=rp&client_secret={}&token={}", rp.secret.as_deref().unwrap(), tokens.refresh_token());
    let params = Params::parse(form.as_bytes()).unwrap();
    let call = ClientCall { authorization: Authorization::None, params, facts: CallFacts::default() };
    revoke::revoke(provider, &begun, call).await.unwrap();
    assert_eq!(provider.view.key_changes(), before, "its node does not read everything again");
    assert!(!rp.is_active(&tokens.access_token).await);
}
