//! Once a revocation is reported, no node accepts what it ended: neither a second node nor one that has just started,
//! is frozen, or cannot reach the database.

mod membership;

use std::time::{Duration, Instant};

use serde_json::json;
use signet::flows::admin::PersonUpdate;
use signet_protocol::scope::Scope;
use signet_protocol::time::Span;
use signet_store::client::clients::Standing;

use crate::client::client_update::update;
use crate::node::staleness::end;
use crate::support::database::Database;
use crate::support::{Administrator, RelyingParty, TestServer, Tokens, UserChange, rounds};

/// Two nodes, a client, and an observer that introspects when the client is disabled.
struct Scene {
    one: TestServer,
    two: TestServer,
    rp: RelyingParty,
    observer: RelyingParty,
    ops: Administrator,
}

impl Scene {
    async fn set() -> Self {
        let one = TestServer::start().await;
        let two = one.twin().await;
        let grants = json!({ "grant_types": ["authorization_code", "refresh_token", "client_credentials"] });
        let rp = one.client("rp", grants).await;
        let observer = one.client("observer", json!({})).await;
        let ops = Administrator::of(&one).await;
        one.is_one_of(2).await;
        two.is_one_of(2).await;
        Self { one, two, rp, observer, ops }
    }

    /// Asserts that the other node does not accept a token.
    async fn is_over(&self, token: &str, way: &str) {
        let there = self.rp.at(&self.two);
        let asks = if way == "client disabled" { self.observer.at(&self.two) } else { there };
        assert_eq!(self.two.userinfo(token).await.status(), 401, "{way}: userinfo");
        assert!(!asks.is_active(token).await, "{way}: introspection");
    }

    /// Enables the disabled user or client again.
    async fn restore(&self, way: &str) {
        match way {
            "user disabled" => self.one.change_user("alice", UserChange::Enable).await,
            "client disabled" => self.one.set_client_standing("rp", Standing::Enabled).await,
            _ => {}
        }
        // The next login must be later than the cut-off.
        self.one.advance(Span::from_secs(2)).await;
    }
}

/// Prints the durations of revocations, which are the cost of closing the window.
fn report(way: &str, mut took: Vec<Duration>) {
    took.sort();
    let engine = if Database::is_postgres() { "PostgreSQL" } else { "SQLite" };
    let median = took[took.len() / 2];
    let max = took[took.len() - 1];
    println!("window | {way} | {engine} | {} | median {median:.1?} | max {max:.1?}", took.len());
}

/// Ends a token at one node and presents it at the other, again and again.
async fn closes(way: &str, ending: impl AsyncFn(&Scene, &Tokens)) {
    let scene = Scene::set().await;
    let mut took = Vec::new();
    for _ in 0..rounds(10) {
        let tokens = scene.rp.sign_in("alice").await;
        assert_eq!(scene.two.userinfo(&tokens.access_token).await.status(), 200, "{way}: alive");
        let begun = Instant::now();
        ending(&scene, &tokens).await;
        took.push(begun.elapsed());
        scene.is_over(&tokens.access_token, way).await;
        scene.restore(way).await;
    }
    report(way, took);
}

/// [`closes`] for a revocation through the administration API.
async fn closes_by_order(way: &'static str) {
    closes(way, async |scene, tokens| end(&scene.one, &scene.rp, &scene.ops, &tokens.access_token, way).await).await;
}

#[tokio::test]
async fn a_revoked_access_token_is_over_everywhere() {
    closes_by_order("token").await;
}

#[tokio::test]
async fn a_revoked_refresh_token_is_over_everywhere_with_its_grant() {
    closes("refresh token", async |scene, tokens| {
        assert_eq!(scene.rp.revoke(tokens.refresh_token()).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn a_disabled_user_is_refused_everywhere() {
    closes_by_order("user disabled").await;
}

#[tokio::test]
async fn a_signed_out_user_is_refused_everywhere() {
    closes_by_order("user signed out").await;
}

#[tokio::test]
async fn a_disabled_client_is_refused_everywhere() {
    closes("client disabled", async |scene, tokens| {
        end(&scene.one, &scene.rp, &scene.ops, &tokens.access_token, "client disabled").await;
        scene.rp.at(&scene.two).client_credentials(&[]).await.assert_error(401, "invalid_client");
    })
    .await;
}

#[tokio::test]
async fn a_signed_out_client_has_no_valid_token_anywhere() {
    closes_by_order("client signed out").await;
}

#[tokio::test]
async fn a_withdrawn_consent_is_over_everywhere() {
    closes_by_order("consent").await;
}

#[tokio::test]
async fn an_ended_session_is_over_everywhere() {
    closes_by_order("session").await;
}

#[tokio::test]
async fn a_revoked_grant_is_over_everywhere() {
    closes_by_order("grant").await;
}

#[tokio::test]
async fn a_signed_out_realm_is_refused_everywhere() {
    closes_by_order("realm").await;
}

#[tokio::test]
async fn a_compromised_key_is_trusted_nowhere() {
    closes_by_order("key").await;
}

/// A person and a client that are added for one round.
struct Newcomers {
    person: String,
    client: RelyingParty,
}

/// Ends the token of a new person at a new client, and presents it at the other node.
async fn closes_for_newcomers(way: &str, ending: impl AsyncFn(&Scene, &Newcomers)) {
    let scene = Scene::set().await;
    let mut took = Vec::new();
    for round in 0..rounds(10) {
        let person = format!("guest{round}");
        scene.one.add_user(&person).await;
        change_person(&scene.one, &person, |person| person.roles = vec!["member".to_owned()]).await;
        let client = scene.one.client(&format!("client{round}"), json!({})).await;
        let token = client.sign_in(&person).await.access_token;
        assert_eq!(scene.two.userinfo(&token).await.status(), 200, "{way}: alive");
        let newcomers = Newcomers { person, client };
        let begun = Instant::now();
        ending(&scene, &newcomers).await;
        took.push(begun.elapsed());
        assert_eq!(scene.two.userinfo(&token).await.status(), 401, "{way}");
    }
    report(way, took);
}

/// Changes a person, as the command does.
async fn change_person(server: &TestServer, named: &str, change: impl FnOnce(&mut PersonUpdate)) {
    let context = server.context();
    let operator = server.operator(&context);
    let read = operator.people().read(named).await.unwrap();
    let mut next = PersonUpdate::from(&read.user);
    change(&mut next);
    operator.people().update(&read, next).await.unwrap();
}

#[tokio::test]
async fn a_new_password_ends_what_was_issued_before_it_everywhere() {
    closes_for_newcomers("password set", async |scene, newcomers| {
        scene.one.set_password(&newcomers.person, "another horse battery").await;
    })
    .await;
}

#[tokio::test]
async fn a_removed_user_is_refused_everywhere() {
    closes_for_newcomers("user removed", async |scene, newcomers| {
        scene.one.remove_user(&newcomers.person).await;
    })
    .await;
}

#[tokio::test]
async fn a_withdrawn_role_ends_earlier_access_tokens_everywhere() {
    closes_for_newcomers("role withdrawn", async |scene, newcomers| {
        change_person(&scene.one, &newcomers.person, |person| person.roles.clear()).await;
    })
    .await;
}

#[tokio::test]
async fn a_removed_client_has_no_valid_token_anywhere() {
    closes_for_newcomers("client removed", async |scene, newcomers| {
        scene.one.remove_client(&newcomers.client.id).await;
        newcomers.client.at(&scene.two).client_credentials(&[]).await.assert_error(401, "invalid_client");
    })
    .await;
}

#[tokio::test]
async fn a_client_that_may_do_less_can_do_less_everywhere() {
    closes_for_newcomers("client updated", async |scene, newcomers| {
        update(&scene.one, &newcomers.client.id, |metadata| metadata.scope = Scope::parse("openid").unwrap()).await;
    })
    .await;
}

#[tokio::test]
async fn a_refresh_token_that_is_used_twice_ends_its_grant_everywhere() {
    let scene = Scene::set().await;
    let mut took = Vec::new();
    for _ in 0..rounds(10) {
        let first = scene.rp.sign_in("alice").await;
        let second = scene.rp.refresh(first.refresh_token()).await.tokens();
        scene.one.advance(Span::from_secs(11)).await;
        assert_eq!(scene.two.userinfo(&second.access_token).await.status(), 200);
        let begun = Instant::now();
        scene.rp.refresh(first.refresh_token()).await.assert_error(400, "invalid_grant");
        took.push(begun.elapsed());
        scene.is_over(&second.access_token, "refresh reuse").await;
    }
    report("refresh reuse", took);
}

#[tokio::test]
async fn a_code_that_is_used_twice_ends_its_grant_everywhere() {
    let scene = Scene::set().await;
    let mut took = Vec::new();
    for _ in 0..rounds(10) {
        let code = scene.rp.authorize_as("alice").await.code();
        let tokens = scene.rp.redeem(&code).await.tokens();
        assert_eq!(scene.two.userinfo(&tokens.access_token).await.status(), 200);
        let begun = Instant::now();
        scene.rp.redeem(&code).await.assert_error(400, "invalid_grant");
        took.push(begun.elapsed());
        scene.is_over(&tokens.access_token, "code reuse").await;
    }
    report("code reuse", took);
}

#[tokio::test]
async fn a_logout_is_over_everywhere() {
    let scene = Scene::set().await;
    let mut took = Vec::new();
    for _ in 0..rounds(10) {
        let authorized = scene.rp.authorize_as("alice").await;
        let tokens = scene.rp.redeem(&authorized.code()).await.tokens();
        assert_eq!(scene.two.userinfo(&tokens.access_token).await.status(), 200);
        let url = format!("/logout?id_token_hint={}", tokens.id_token());
        let begun = Instant::now();
        assert!(authorized.browser.get(&url).await.has("You are signed out"));
        took.push(begun.elapsed());
        scene.is_over(&tokens.access_token, "logout").await;
    }
    report("logout", took);
}
