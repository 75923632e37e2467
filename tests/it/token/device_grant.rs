//! The device authorization grant (RFC 8628): a device without a keyboard and a person with a browser.

mod decisions;
mod nodes;

use serde_json::{Value, json};
use signet_protocol::time::Span;
use signet_store::client::clients::Standing;

use crate::support::{Browser, Page, RelyingParty, Reply, TestServer, UserChange, claims};

#[path = "../../../examples/device.rs"]
mod example;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const INTERVAL: Span = Span::from_secs(5);

/// A client for devices, which cannot keep a secret.
async fn television(server: &TestServer, changes: Value) -> RelyingParty {
    let mut metadata = json!({
        "client_name": "Television", "token_endpoint_auth_method": "none", "redirect_uris": [], "response_types": [],
        "grant_types": [GRANT, "refresh_token"], "scope": "openid profile email offline_access",
    });
    changes.as_object().unwrap().iter().for_each(|(name, value)| metadata[name] = value.clone());
    server.client("tv", metadata).await
}

/// The codes of a device.
struct Device {
    device_code: String,
    user_code: String,
    complete: String,
}

impl Device {
    async fn of(client: &RelyingParty, scope: &str) -> Self {
        let reply = client.post("/device_authorization", &[("scope", scope)]).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let json = reply.json();
        let text = |name: &str| json[name].as_str().unwrap().to_owned();
        assert_eq!((&json["expires_in"], &json["interval"]), (&json!(600), &json!(5)));
        Self {
            device_code: text("device_code"),
            user_code: text("user_code"),
            complete: text("verification_uri_complete"),
        }
    }

    async fn poll(&self, client: &RelyingParty) -> Reply {
        client.post("/token", &[("grant_type", GRANT), ("device_code", &self.device_code)]).await
    }

    /// Goes to the page and enters the code.
    async fn enter(&self, browser: &Browser) -> Page {
        let page = browser.visit("/device").await;
        browser.submit(&page, &[("user_code", &self.user_code), ("device-submit", "yes")]).await
    }

    /// Enters the code and signs in as this user, up to the question.
    async fn question(&self, browser: &Browser, username: &str) -> Page {
        let page = self.enter(browser).await;
        let page = if page.has("id=\"login-submit\"") { browser.sign_in(&page, username).await } else { page };
        assert!(page.has("<h1>Is this your device?</h1>"), "{page:?}");
        page
    }
}

async fn allow(browser: &Browser, page: &Page) -> Page {
    let page = browser.submit(page, &[("device-allow", "yes")]).await;
    assert!(page.has("<h1>Your device is connected</h1>"), "{page:?}");
    page
}

#[tokio::test]
async fn a_device_gets_tokens_once_its_person_has_allowed_it() {
    let server = TestServer::stopped_with(|_| {}).await;
    let tv = television(&server, json!({})).await;
    let device = Device::of(&tv, "openid profile offline_access").await;
    device.poll(&tv).await.assert_error(400, "authorization_pending");
    let browser = server.browser();
    let page = device.question(&browser, "alice").await;
    for part in ["Television", "<bdi>alice</bdi>", &device.user_code, "See your profile", "It asked 1 second ago."] {
        assert!(page.has(part), "{part}: {page:?}");
    }
    server.advance(INTERVAL).await;
    device.poll(&tv).await.assert_error(400, "authorization_pending");
    allow(&browser, &page).await;
    server.advance(INTERVAL).await;
    let tokens = device.poll(&tv).await.tokens();
    assert_eq!(tokens.json["scope"], "openid profile offline_access");
    assert_eq!(claims(tokens.id_token())["aud"], json!(["tv"]));
    assert_eq!(claims(tokens.id_token()).get("nonce"), None);
    assert_eq!(server.userinfo(&tokens.access_token).await.status(), 200);
    let next = tv.refresh(tokens.refresh_token()).await.tokens();
    assert_eq!(server.userinfo(&next.access_token).await.status(), 200);
    let events = server.database().audit_events().await;
    assert_eq!(events.iter().filter(|event| *event == "device.allowed").count(), 1, "{events:?}");
}

#[tokio::test]
async fn the_access_of_a_device_ends_with_the_session_unless_it_is_offline() {
    let server = TestServer::stopped_with(|_| {}).await;
    let tv = television(&server, json!({ "skip_consent": true })).await;
    let mut refreshes = Vec::new();
    for scope in ["openid", "openid offline_access"] {
        let device = Device::of(&tv, scope).await;
        let browser = server.browser();
        let page = device.question(&browser, "alice").await;
        allow(&browser, &page).await;
        let tokens = device.poll(&tv).await.tokens();
        let page = browser.visit("/logout").await;
        browser.submit(&page, &[("logout-confirm", "yes")]).await;
        refreshes.push(tv.refresh(tokens.refresh_token()).await.status.as_u16());
    }
    assert_eq!(refreshes, [400, 200]);
}

#[tokio::test]
async fn a_device_that_polls_too_soon_is_slowed_down_permanently() {
    let server = TestServer::stopped_with(|_| {}).await;
    let twin = server.twin().await;
    let tv = television(&server, json!({})).await;
    let device = Device::of(&tv, "openid").await;
    let steps = [
        (0, "authorization_pending"),
        (4, "slow_down"),
        (5, "slow_down"),
        (15, "authorization_pending"),
        (14, "slow_down"),
        (20, "authorization_pending"),
    ];
    for (number, (wait, expected)) in steps.into_iter().enumerate() {
        server.advance(Span::from_secs(wait)).await;
        let node = if number % 2 == 0 { &server } else { &twin };
        device.poll(&tv.at(node)).await.assert_error(400, expected);
    }
}

#[tokio::test]
async fn codes_end_after_ten_minutes() {
    let server = TestServer::stopped_with(|_| {}).await;
    let tv = television(&server, json!({})).await;
    let device = Device::of(&tv, "openid").await;
    let allowed = Device::of(&tv, "openid").await;
    let browser = server.browser();
    let page = device.question(&browser, "alice").await;
    let question = allowed.question(&browser, "alice").await;
    allow(&browser, &question).await;
    server.advance(Span::from_minutes(10)).await;
    device.poll(&tv).await.assert_error(400, "expired_token");
    allowed.poll(&tv).await.assert_error(400, "expired_token");
    let late = browser.submit(&page, &[("device-allow", "yes")]).await;
    late.assert_rejected("allowed too late", 400, "This sign-in has expired.");
    let entered = device.enter(&server.browser()).await;
    assert!(entered.has("No device waits for this code."), "{entered:?}");
    server.advance(Span::from_minutes(11)).await;
    server.upkeep().await;
    let rows = server.database().query("SELECT user_code FROM device_authorizations").await;
    assert!(rows.is_empty(), "what is over is swept");
    device.poll(&tv).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_device_code_is_redeemed_once_and_a_replay_ends_what_it_yielded() {
    let server = TestServer::stopped_with(|_| {}).await;
    let tv = television(&server, json!({})).await;
    let device = Device::of(&tv, "openid offline_access").await;
    let browser = server.browser();
    let page = device.question(&browser, "alice").await;
    allow(&browser, &page).await;
    let tokens = device.poll(&tv).await.tokens();
    server.advance(INTERVAL).await;
    device.poll(&tv).await.assert_error(400, "invalid_grant");
    assert_eq!(server.userinfo(&tokens.access_token).await.status(), 401);
    tv.refresh(tokens.refresh_token()).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_device_code_belongs_to_its_client_and_is_no_other_code() {
    let server = TestServer::stopped_with(|_| {}).await;
    let tv = television(&server, json!({})).await;
    let grants = json!({ "grant_types": ["authorization_code", GRANT] });
    let other = server.client("other", grants).await;
    let device = Device::of(&tv, "openid").await;
    let browser = server.browser();
    let page = device.question(&browser, "alice").await;
    allow(&browser, &page).await;
    device.poll(&other).await.assert_error(400, "invalid_grant");
    other.redeem(&device.device_code).await.assert_error(400, "invalid_grant");
    let code = other.authorize_as("alice").await.code();
    let form = [("grant_type", GRANT), ("device_code", code.as_str())];
    other.post("/token", &form).await.assert_error(400, "invalid_grant");
    other.post("/token", &[("grant_type", GRANT)]).await.assert_error(400, "invalid_request");
    device.poll(&tv).await.tokens();
    let plain = server.relying_party().await;
    let refused = plain.post("/device_authorization", &[("scope", "openid")]).await;
    refused.assert_error(400, "unauthorized_client");
    device.poll(&plain).await.assert_error(400, "unauthorized_client");
}

#[tokio::test]
async fn what_ends_a_session_a_person_or_a_client_ends_a_code_that_waits() {
    for end in ["session", "user", "client", "consent"] {
        let server = TestServer::stopped_with(|_| {}).await;
        let tv = television(&server, json!({})).await;
        let device = Device::of(&tv, "openid").await;
        let browser = server.browser();
        let page = device.question(&browser, "alice").await;
        allow(&browser, &page).await;
        let reply = match end {
            "session" => {
                let page = browser.visit("/logout").await;
                browser.submit(&page, &[("logout-confirm", "yes")]).await;
                device.poll(&tv).await
            }
            "user" => {
                server.change_user("alice", UserChange::Disable).await;
                device.poll(&tv).await
            }
            "client" => {
                server.set_client_standing("tv", Standing::Disabled).await;
                device.poll(&tv).await.assert_error(400, "invalid_client");
                server.set_client_standing("tv", Standing::Enabled).await;
                device.poll(&tv).await
            }
            _ => {
                let context = server.context();
                let client = signet_protocol::ids::ClientId::parse("tv").unwrap();
                server.operator(&context).revocations().withdraw_consent("alice", &client).await.unwrap();
                device.poll(&tv).await
            }
        };
        reply.assert_error(400, "invalid_grant");
    }
}

#[tokio::test]
async fn a_client_that_is_disabled_or_narrowed_meanwhile_gets_no_more_than_it_may_have() {
    let server = TestServer::stopped_with(|_| {}).await;
    let tv = television(&server, json!({})).await;
    let device = Device::of(&tv, "openid").await;
    let browser = server.browser();
    let page = device.question(&browser, "alice").await;
    server.set_client_standing("tv", Standing::Disabled).await;
    let late = browser.submit(&page, &[("device-allow", "yes")]).await;
    assert_eq!(late.status, 400, "{late:?}");
    let entered = device.enter(&browser).await;
    assert!(entered.has("No device waits for this code."), "{entered:?}");
    server.set_client_standing("tv", Standing::Enabled).await;
    device.poll(&tv).await.assert_error(400, "authorization_pending");
}

#[tokio::test]
async fn scopes_and_resources_of_a_device_are_narrowed_as_those_of_a_browser() {
    let server = TestServer::stopped_with(|_| {}).await;
    let api = "https://api.example/";
    let changes = json!({ "audiences": [api], "scope": "openid api", "unknown_scopes": "drop" });
    let tv = television(&server, changes).await;
    let reply = tv.post("/device_authorization", &[("scope", "api groups"), ("resource", api)]).await;
    let json = reply.json();
    let text = |name: &str| json[name].as_str().unwrap().to_owned();
    let device = Device {
        device_code: text("device_code"),
        user_code: text("user_code"),
        complete: text("verification_uri_complete"),
    };
    let browser = server.browser();
    let page = device.question(&browser, "alice").await;
    allow(&browser, &page).await;
    let tokens = device.poll(&tv).await.tokens();
    assert_eq!((&claims(&tokens.access_token)["aud"], &tokens.json["scope"]), (&json!(api), &json!("api")));
    let refused = tv.post("/device_authorization", &[("scope", "groups")]).await;
    refused.assert_error(400, "invalid_scope");
    let foreign = [("scope", "api"), ("resource", "https://other.example/")];
    tv.post("/device_authorization", &foreign).await.assert_error(400, "invalid_target");
}

#[tokio::test]
async fn a_poll_and_a_new_device_cost_a_statement_each() {
    let server = TestServer::stopped_with(|_| {}).await;
    let tv = television(&server, json!({})).await;
    let device = Device::of(&tv, "openid").await;
    device.poll(&tv).await.assert_error(400, "authorization_pending");
    server.advance(INTERVAL).await;
    let (reply, poll) = server.statements(device.poll(&tv)).await;
    reply.assert_error(400, "authorization_pending");
    let (_, begun) = server.statements(Device::of(&tv, "openid")).await;
    assert!(poll <= 1 && begun <= 1, "a poll {poll}, a device {begun}");
}

#[tokio::test]
async fn the_example_of_a_command_line_tool_signs_a_person_in() {
    let server = TestServer::stopped_with(|_| {}).await;
    television(&server, json!({})).await;
    let (shown, codes) = tokio::sync::oneshot::channel();
    let show = |codes: &example::Codes| drop(shown.send((codes.verification_uri.clone(), codes.user_code.clone())));
    let mut codes = Some(codes);
    let mut person = async || {
        let Some(codes) = codes.take() else { return };
        let (page, user_code) = codes.await.unwrap();
        let browser = server.browser();
        let page = browser.visit(&page).await;
        let page = browser.submit(&page, &[("user_code", &user_code), ("device-submit", "yes")]).await;
        let page = browser.sign_in(&page, "alice").await;
        allow(&browser, &page).await;
    };
    let mut polls = 0;
    let wait = async |time: std::time::Duration| {
        server.advance(Span::from_secs(i64::try_from(time.as_secs()).unwrap())).await;
        polls += 1;
        if polls == 2 {
            person().await;
        }
    };
    let name = example::sign_in(&server.issuer, "tv", show, wait).await.unwrap();
    assert_eq!((name.as_str(), polls), ("alice", 2), "it polled before and after the decision");
}
