//! Personal access tokens: the page where people make them, and introspection, the one place that accepts them.

use reqwest::StatusCode;
use serde_json::json;
use signet::config::Settings;
use signet_protocol::time::Span;

use super::sessions_page::{press, signed_in};
use crate::support::server::PASSWORD;
use crate::support::{Browser, Page, RelyingParty, TestServer, UserChange};

const API: &str = "https://api.example";

fn with_tokens(settings: &mut Settings) {
    settings.accounts.tokens.enabled = true;
    settings.accounts.tokens.scopes = vec!["orders:read".to_owned(), "orders:write".to_owned()];
}

/// A server with a resource, and the resource's own client.
async fn scene() -> (TestServer, RelyingParty) {
    let server = TestServer::start_with(with_tokens).await;
    server.client("asks", json!({ "audiences": [API, "https://other.example"] })).await;
    let api = server.client("api", json!({ "introspects": [API] })).await;
    (server, api)
}

async fn create(browser: &Browser, fields: &[(&str, &str)]) -> Page {
    let page = browser.visit("/account/tokens").await;
    let button = [("token-create", "yes")];
    let all: Vec<(&str, &str)> = fields.iter().copied().chain(button).collect();
    press(browser, &page, &all).await
}

/// A token of this person for the API.
async fn token(browser: &Browser) -> String {
    let page = create(
        browser,
        &[("token-name", "backup"), ("resource-1", API), ("scope-1", "orders:read"), ("scope-2", "orders:write")],
    )
    .await;
    value(&page)
}

fn value(page: &Page) -> String {
    let value = page.body.split("id=\"token-value\" dir=\"ltr\">").nth(1).and_then(|rest| rest.split('<').next());
    value.unwrap_or_else(|| panic!("no token: {page:?}")).to_owned()
}

#[tokio::test]
async fn a_resource_server_introspects_a_personal_access_token() {
    let (server, api) = scene().await;
    let browser = signed_in(&server, "alice").await;
    let token = token(&browser).await;
    assert!(token.starts_with("signet_pat_"), "{token}");
    let answer = api.introspect(&token).await;
    let now = server.context().now.as_secs();
    assert_eq!(
        (&answer["active"], &answer["scope"], &answer["aud"]),
        (&json!(true), &json!("orders:read orders:write"), &json!([API]))
    );
    assert!((answer["exp"].as_i64().unwrap() - now - 7 * 86_400).abs() < 60, "{answer}");
    assert_eq!(answer.get("username"), None);
    let page = browser.visit("/account/tokens").await;
    assert!(!page.has(&token) && page.has("<bdi>backup</bdi>") && page.has("id=\"token-revoke-1\""), "{page:?}");
    assert!(!page.has("Never"), "the use is shown: {page:?}");
    let stored = server.database().query("SELECT name, scope, resources FROM personal_tokens").await;
    assert!(!format!("{stored:?}").contains(&token));
}

#[tokio::test]
async fn no_other_client_and_no_other_endpoint_accepts_a_personal_access_token() {
    let (server, api) = scene().await;
    let other = server.client("other", json!({ "introspects": ["https://other.example"] })).await;
    let browser = signed_in(&server, "alice").await;
    let token = token(&browser).await;
    assert_eq!(other.introspect(&token).await, json!({ "active": false }));
    assert_eq!(server.userinfo(&token).await.status(), 401);
    let request = |path: &str| server.http.get(server.url(path)).bearer_auth(&token).send();
    assert_eq!(request("/api/v1/users/alice/sessions").await.unwrap().status(), 401);
    assert_ne!(request("/account").await.unwrap().status(), 200);
    assert_eq!(api.refresh(&token).await.status, 400);
    let in_query = api.post(&format!("/introspect?token={token}"), &[]).await;
    assert_eq!(in_query.status, 400, "{in_query:?}");
    let mistyped = format!("{}A", &token[..token.len() - 1]);
    let mistyped = if mistyped == token { format!("{}B", &token[..token.len() - 1]) } else { mistyped };
    assert_eq!(api.introspect(&mistyped).await, json!({ "active": false }));
}

#[tokio::test]
async fn a_third_token_in_a_day_has_to_wait_even_if_the_others_were_revoked() {
    let (server, _) = scene().await;
    let browser = signed_in(&server, "alice").await;
    token(&browser).await;
    let page = browser.visit("/account/tokens").await;
    let id =
        page.body.split("name=\"token\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    let done = press(&browser, &page, &[("token", &id), ("token-revoke", "yes")]).await;
    assert!(browser.follow(done).await.has("The token was revoked."));
    let refused = create(&browser, &[("token-name", "again"), ("resource-1", API)]).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{refused:?}");
    let wait: i64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((12 * 3600 - 60..=12 * 3600).contains(&wait), "{wait}");
    assert!(refused.has("id=\"token-next\"") && refused.has("role=\"alert\""), "{refused:?}");
    server.advance(Span::from_hours(12)).await;
    token(&signed_in(&server, "alice").await).await;
}

#[tokio::test]
async fn of_concurrent_orders_for_a_token_one_succeeds() {
    let (server, _) = scene().await;
    let browser = signed_in(&server, "alice").await;
    let page = browser.visit("/account/tokens").await;
    let order = || press(&browser, &page, &[("token-name", "x"), ("resource-1", API), ("token-create", "yes")]);
    let all = futures_util::future::join_all((0..10).map(|_| order())).await;
    assert_eq!(all.iter().filter(|page| page.status == StatusCode::OK).count(), 1);
    assert_eq!(all.iter().filter(|page| page.status == StatusCode::TOO_MANY_REQUESTS).count(), 9);
    assert_eq!(server.database().query("SELECT id FROM personal_tokens").await.len(), 1);
}

#[tokio::test]
async fn a_token_ends_with_the_password_the_account_and_its_time() {
    for end in ["password", "disabled", "signed out", "removed", "expired", "revoked", "resource"] {
        let (server, api) = scene().await;
        let browser = signed_in(&server, "alice").await;
        let token = token(&browser).await;
        assert!(api.is_active(&token).await);
        match end {
            "password" => drop(server.set_password("alice", "another long password").await),
            "disabled" => server.change_user("alice", UserChange::Disable).await,
            "signed out" => server.change_user("alice", UserChange::SignOut).await,
            "removed" => drop(server.remove_user("alice").await),
            "expired" => server.advance(Span::from_days(7)).await,
            "resource" => drop(server.database().execute("DELETE FROM resources").await),
            _ => {
                let page = browser.visit("/account/tokens").await;
                let id = page.body.split("name=\"token\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
                press(&browser, &page, &[("token", id.unwrap()), ("token-revoke", "yes")]).await;
            }
        }
        assert_eq!(api.introspect(&token).await, json!({ "active": false }), "{end}");
        if end == "password" {
            server.set_password("alice", PASSWORD).await;
            let page = signed_in(&server, "alice").await.visit("/account/tokens").await;
            assert!(page.has("You have no tokens."), "{page:?}");
        }
    }
}

#[tokio::test]
async fn a_token_is_for_offered_resources_and_scopes_alone() {
    let (server, _) = scene().await;
    let browser = signed_in(&server, "alice").await;
    let rows: [(&[(&str, &str)], &str); 6] = [
        (&[("token-name", ""), ("resource-1", API)], "Enter a name"),
        (&[("token-name", "a\u{202e}"), ("resource-1", API)], "Enter a name"),
        (&[("token-name", "x")], "Choose at least one service."),
        (&[("token-name", "x"), ("resource-1", "https://nowhere.example")], "Choose at least one service."),
        (&[("token-name", "x"), ("resource-1", API), ("scope-1", "signet:user:read")], "Choose only permissions"),
        (&[("token-name", "x"), ("resource-1", API), ("lifetime", "31536000")], "Choose a time"),
    ];
    for (fields, sentence) in rows {
        let page = create(&browser, fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        assert!(page.has(sentence), "{fields:?}: {page:?}");
    }
    assert_eq!(server.database().query("SELECT made FROM personal_token_quotas").await.len(), 0, "refusals are free");
}

#[tokio::test]
async fn the_token_of_another_person_is_not_revoked() {
    let (server, api) = scene().await;
    let alice = signed_in(&server, "alice").await;
    let token = token(&alice).await;
    let page = alice.visit("/account/tokens").await;
    let id =
        page.body.split("name=\"token\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
    let bob = signed_in(&server, "bob").await;
    let page = bob.visit("/account/tokens").await;
    let done = press(&bob, &page, &[("token", &id), ("token-revoke", "yes")]).await;
    assert!(bob.follow(done).await.has("This token had already ended."));
    assert!(api.is_active(&token).await);
}

#[tokio::test]
async fn there_are_no_tokens_unless_the_settings_allow_them() {
    let server = TestServer::start().await;
    let browser = signed_in(&server, "alice").await;
    let page = browser.visit("/account/tokens").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(!browser.visit("/account").await.has("/account/tokens"));
}

#[tokio::test]
async fn making_a_token_needs_a_fresh_authentication() {
    let (server, _) = scene().await;
    let browser = signed_in(&server, "alice").await;
    let page = browser.visit("/account/tokens").await;
    server.advance(Span::from_minutes(11)).await;
    let done = press(&browser, &page, &[("token-name", "x"), ("resource-1", API), ("token-create", "yes")]).await;
    assert!(done.location().unwrap().contains("fresh=yes"), "{done:?}");
    let made: Vec<Vec<Vec<u8>>> = server.database().query("SELECT id FROM personal_tokens").await;
    assert_eq!(made.len(), 0);
}
