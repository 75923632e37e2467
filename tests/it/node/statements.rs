//! The number of SQL statements of each request: upper bounds that must not rise.

use serde_json::json;

use crate::support::keys::encode;
use crate::support::server::PASSWORD;
use crate::support::{Browser, Page, TestServer, header};

/// The minimum number of statements of `work` in several runs.
async fn cost<T>(server: &TestServer, mut work: impl AsyncFnMut() -> T) -> u64 {
    let mut least = u64::MAX;
    for _ in 0..5 {
        let ((), statements) = server.statements(async { drop(work().await) }).await;
        least = least.min(statements);
    }
    least
}

#[tokio::test]
async fn cached_and_signed_answers_cost_no_statement() {
    let server = TestServer::start().await;
    let grants = json!({ "grant_types": ["authorization_code", "refresh_token", "client_credentials"] });
    let rp = server.client("rp", grants).await;
    let token = rp.sign_in("alice").await.access_token;
    let own = rp.client_credentials(&[]).await.tokens().access_token;
    assert!(rp.is_active(&token).await && rp.is_active(&own).await, "the caches are warm");
    assert_eq!(cost(&server, async || server.get("/.well-known/openid-configuration").await).await, 0, "discovery");
    assert_eq!(cost(&server, async || server.get("/.well-known/jwks.json").await).await, 0, "JWKS");
    assert_eq!(cost(&server, async || rp.client_credentials(&[]).await.tokens()).await, 0, "client credentials");
    assert_eq!(cost(&server, async || rp.introspect(&own).await).await, 0, "introspection of a client's JWT");
    let api = "https://api.example/";
    let choosy = json!({ "grant_types": ["client_credentials"], "audiences": [api], "access_token_alg": "RS256" });
    let caller = server.client("caller", choosy).await;
    let for_api = caller.client_credentials(&[("resource", api)]).await.tokens().access_token;
    assert!(caller.is_active(&for_api).await, "the caches are warm");
    let issue = cost(&server, async || caller.client_credentials(&[("resource", api)]).await.tokens()).await;
    assert_eq!(issue, 0, "a token for a resource");
    assert_eq!(cost(&server, async || rp.introspect(&token).await).await, 0, "introspection of a user's JWT");
    assert_eq!(cost(&server, async || server.userinfo("nonsense").await).await, 0, "a token that is none");
    let userinfo = cost(&server, async || server.userinfo(&token).await).await;
    assert!(userinfo <= 1, "userinfo: {userinfo}");
}

#[tokio::test]
async fn redemption_and_refresh_are_one_short_transaction() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let offline = [("scope", "openid offline_access")];
    let authorized = rp.authorize_with("alice", &offline).await;
    let mut codes = vec![authorized.code()];
    for _ in 0..4 {
        codes.push(authorized.browser.visit(&rp.authorization_url(&offline)).await.code());
    }
    let mut codes = codes.into_iter();
    let redemption = cost(&server, async || rp.redeem(&codes.next().unwrap()).await.tokens()).await;
    assert!((1..=4).contains(&redemption), "code redemption: {redemption}");

    let mut token = rp.sign_in("alice").await.refresh_token().to_owned();
    let refresh = cost(&server, async || token = rp.refresh(&token).await.tokens().refresh_token().to_owned()).await;
    assert!((1..=4).contains(&refresh), "refresh: {refresh}");
}

#[tokio::test]
async fn an_authorization_with_session_and_consent_is_one_read_and_one_write() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let browser = rp.authorize_as("alice").await.browser;
    let url = rp.authorization_url(&[]);
    let authorize = cost(&server, async || browser.get(&url).await.code()).await;
    assert!((1..=4).contains(&authorize), "authorize: {authorize}");
    let rows = server.database().query("SELECT id FROM authorization_requests").await.len();
    assert_eq!(rows, 1, "only the first had to wait for a person");
}

#[tokio::test]
async fn the_cost_does_not_grow_with_what_has_been_issued() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let browser = rp.authorize_as("alice").await.browser;
    let url = rp.authorization_url(&[]);
    let mut redeem = async || {
        let code = browser.get(&url).await.code();
        rp.redeem(&code).await.tokens()
    };
    let before = cost(&server, &mut redeem).await;
    for _ in 0..30 {
        let token = redeem().await.access_token;
        rp.revoke(&token).await;
    }
    assert_eq!(cost(&server, &mut redeem).await, before);
    let stored = server.database().query("SELECT digest FROM opaque_access_tokens").await.len();
    assert_eq!(stored, 0, "access tokens are not kept");
}

#[tokio::test]
async fn a_token_of_an_unknown_key_costs_no_statement() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let token = rp.sign_in("alice").await.access_token;
    assert!(rp.is_active(&token).await, "the caches are warm");
    let mut head = header(&token);
    let rest = token.split_once('.').unwrap().1;
    head["kid"] = json!("unheard-of");
    let unknown = format!("{}.{rest}", encode(&head));
    let userinfo = cost(&server, async || assert_eq!(server.userinfo(&unknown).await.status(), 401)).await;
    let introspection = cost(&server, async || assert!(!rp.is_active(&unknown).await)).await;
    assert_eq!((userinfo, introspection), (0, 0));
}

#[tokio::test]
async fn a_sign_in_costs_what_its_counters_and_rows_need() {
    let server = TestServer::start_with(|settings| settings.limits.enabled = true).await;
    let rp = server.relying_party().await;
    let mut pages: Vec<(Browser, Page)> = Vec::new();
    for _ in 0..10 {
        let browser = server.browser();
        let page = browser.visit(&rp.authorization_url(&[])).await;
        pages.push((browser, page));
    }
    let mut pages = pages.into_iter();
    let mut submit = async |username: &str, password: &str| {
        let (browser, page) = pages.next().unwrap();
        browser.submit_once(&page, &[("username", username), ("password", password)]).await.status
    };
    let success = cost(&server, async || assert_eq!(submit("alice", PASSWORD).await, 303)).await;
    let failure = cost(&server, async || assert_eq!(submit("bob", "wrong").await, 200)).await;
    assert!((1..=23).contains(&success), "success: {success}");
    assert!((1..=22).contains(&failure), "failure: {failure}");
}
