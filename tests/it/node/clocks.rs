//! Clocks that differ between hosts, and clocks that are changed: valid tokens are accepted, expired ones refused, and
//! revocations stay in force.

use serde_json::{Value, json};
use signet::jobs;
use signet_protocol::time::Span;
use signet_store::clock::Clock;

use crate::client::client_assertions::{Key, present};
use crate::support::relying_party::CHALLENGE;
use crate::support::{RelyingParty, TestServer, UserChange, claims};

/// The difference between the hosts' clocks.
const APART: Span = Span::from_secs(60);

/// Two nodes on one database, whose hosts' clocks differ from the database's: one is ahead of it, one behind.
struct Nodes {
    ahead: TestServer,
    behind: TestServer,
    database: Clock,
}

impl Nodes {
    async fn start() -> Self {
        let database = Clock::stopped();
        let host = |span: Span| {
            let clock = Clock::Stopped(std::sync::atomic::AtomicI64::new(database.now().as_millis()).into());
            clock.advance(span);
            Clock::Apart { host: clock.into(), database: database.clone().into() }
        };
        let ahead = TestServer::by(host(APART)).await;
        ahead.add_user("alice").await;
        let behind = ahead.twin_by(host(Span::from_millis(-APART.as_millis())), |_| {}).await;
        Self { ahead, behind, database }
    }

    fn each(&self) -> [(&TestServer, &TestServer); 2] {
        [(&self.ahead, &self.behind), (&self.behind, &self.ahead)]
    }

    /// Advances all clocks.
    async fn pass(&self, span: Span) {
        self.database.advance(span);
        for node in [&self.ahead, &self.behind] {
            node.clock.advance(span);
        }
        self.follow().await;
    }

    async fn follow(&self) {
        for node in [&self.ahead, &self.behind] {
            node.app.follow().await.unwrap();
        }
    }
}

/// The metadata of a service that authenticates by assertions of this key.
fn by_assertion(key: &Key) -> Value {
    json!({
        "grant_types": ["client_credentials"], "redirect_uris": [], "scope": "api",
        "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [key.public] },
    })
}

/// The metadata of a service that authenticates by a secret.
fn by_secret() -> Value {
    json!({ "grant_types": ["client_credentials"], "redirect_uris": [], "scope": "api" })
}

async fn is_live(rp: &RelyingParty, nodes: &Nodes, token: &str) -> [bool; 2] {
    [rp.at(&nodes.ahead).is_active(token).await, rp.at(&nodes.behind).is_active(token).await]
}

#[tokio::test]
async fn nodes_use_the_databases_clock_and_not_their_hosts() {
    let nodes = Nodes::start().await;
    for (node, _) in nodes.each() {
        assert_eq!(node.app.clock.now(), nodes.database.now());
    }
    assert_eq!(nodes.ahead.app.clock.apart(), Some(APART));
    nodes.ahead.clock.advance(Span::from_days(1));
    nodes.behind.clock.advance(Span::from_hours(-1));
    nodes.follow().await;
    for (node, _) in nodes.each() {
        assert_eq!(node.app.clock.now(), nodes.database.now(), "a host whose clock is set follows at once");
    }
}

#[tokio::test]
async fn a_token_expires_at_the_same_time_on_every_node() {
    let nodes = Nodes::start().await;
    let rp = nodes.ahead.relying_party().await;
    nodes.follow().await;
    for (one, other) in nodes.each() {
        let here = rp.at(one);
        let there = rp.at(other);
        let fresh = here.authorize_as("alice").await.code();
        let late = here.authorize_as("alice").await.code();
        nodes.pass(Span::from_secs(59)).await;
        let tokens = there.redeem(&fresh).await.tokens();
        nodes.pass(Span::from_secs(2)).await;
        there.redeem(&late).await.assert_error(400, "invalid_grant");

        let issued = claims(&tokens.access_token);
        let life = Span::from_secs(issued["exp"].as_i64().unwrap() - issued["iat"].as_i64().unwrap());
        nodes.pass(life.plus(Span::from_secs(-3))).await;
        assert_eq!(is_live(&rp, &nodes, &tokens.access_token).await, [true; 2]);
        nodes.pass(Span::from_secs(2)).await;
        assert_eq!(is_live(&rp, &nodes, &tokens.access_token).await, [false; 2]);
    }
}

#[tokio::test]
async fn a_refresh_can_be_retried_on_another_node_within_the_grace() {
    let nodes = Nodes::start().await;
    let rp = nodes.ahead.relying_party().await;
    nodes.follow().await;
    for (one, other) in nodes.each() {
        let here = rp.at(one);
        let there = rp.at(other);
        let first = here.sign_in("alice").await;
        let next = here.refresh(first.refresh_token()).await.tokens();
        nodes.pass(Span::from_secs(9)).await;
        let again = there.refresh(first.refresh_token()).await.tokens();
        assert_eq!(again.refresh_token(), next.refresh_token());
        nodes.pass(Span::from_secs(2)).await;
        there.refresh(first.refresh_token()).await.assert_error(400, "invalid_grant");
        nodes.follow().await;
        assert_eq!(is_live(&rp, &nodes, &next.access_token).await, [false; 2]);
    }
}

#[tokio::test]
async fn a_cut_off_voids_earlier_tokens_and_no_later_ones_on_other_nodes() {
    let nodes = Nodes::start().await;
    let rp = nodes.ahead.relying_party().await;
    nodes.follow().await;
    for (one, other) in nodes.each() {
        let old = rp.at(one).sign_in("alice").await;
        nodes.pass(Span::from_millis(1)).await;
        other.change_user("alice", UserChange::SignOut).await;
        nodes.follow().await;
        assert_eq!(is_live(&rp, &nodes, &old.access_token).await, [false; 2]);
        rp.at(one).refresh(old.refresh_token()).await.assert_error(400, "invalid_grant");
        nodes.pass(Span::from_millis(1)).await;
        let new = rp.at(one).sign_in("alice").await;
        assert_eq!(is_live(&rp, &nodes, &new.access_token).await, [true; 2]);
    }
}

#[tokio::test]
async fn a_session_and_a_pushed_request_are_taken_on_by_another_node() {
    let nodes = Nodes::start().await;
    let rp = nodes.ahead.relying_party().await;
    nodes.follow().await;
    let push = [
        ("response_type", "code"),
        ("redirect_uri", rp.redirect_uri.as_str()),
        ("scope", "openid"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (one, other) in nodes.each() {
        let signed_in = rp.at(one).authorize_with("alice", &[("scope", "openid")]).await.browser;
        let browser = other.browser();
        for name in ["signet-browser", "signet-session"] {
            browser.set_cookie(name, &signed_in.cookie(name).unwrap());
        }
        for (after, is_open) in [(Span::ZERO, true), (Span::from_minutes(20), false)] {
            let uri = rp.at(one).post("/par", &push).await.json()["request_uri"].as_str().unwrap().to_owned();
            nodes.pass(after).await;
            let query = [("client_id", rp.id.as_str()), ("request_uri", &uri)];
            let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
            let page = browser.get(&format!("{}/authorize?{query}", other.issuer)).await;
            assert_eq!(page.parameter("code").is_some(), is_open, "{after:?}");
        }
    }
}

#[tokio::test]
async fn an_assertion_is_for_the_databases_now_and_once_on_all_nodes() {
    let nodes = Nodes::start().await;
    let key = Key::es256("k");
    nodes.ahead.client("service", by_assertion(&key)).await;
    nodes.follow().await;
    for (one, other) in nodes.each() {
        // A client whose clock is off by almost the tolerance, in both directions, and then by more.
        for (off, accepted) in [(-25, true), (25, true), (95, false)] {
            let now = nodes.database.now().as_secs() + off;
            let issuer = &one.app.settings.issuer;
            let claims = json!({
                "iss": "service", "sub": "service", "aud": issuer, "jti": format!("{}{off}", one.issuer),
                "iat": now, "nbf": now, "exp": now + 60,
            });
            let assertion = key.sign(&key.header(), &claims);
            assert_eq!(present(one, &assertion).await.status == 200, accepted, "{off}");
            assert_eq!(present(other, &assertion).await.status, 400, "{off}: once");
        }
    }
}

#[tokio::test]
async fn keys_are_made_by_one_node_and_sign_on_all_at_once() {
    let nodes = Nodes::start().await;
    let service = nodes.ahead.client("service", by_secret()).await;
    nodes.follow().await;
    for days in [29, 1, 29, 1] {
        nodes.pass(Span::from_days(days)).await;
        let (one, two) = tokio::join!(nodes.ahead.app.rotate_keys(), nodes.behind.app.rotate_keys());
        one.and(two).unwrap();
        nodes.follow().await;
        let token = async |node| service.at(node).client_credentials(&[]).await.tokens().access_token;
        let kid = |token: &str| jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
        let here = token(&nodes.ahead).await;
        let there = token(&nodes.behind).await;
        assert_eq!(kid(&here), kid(&there), "{days}");
        for token in [here, there] {
            assert_eq!(is_live(&service, &nodes, &token).await, [true; 2], "{days}");
        }
    }
    let made = nodes.ahead.database().query("SELECT generation FROM signing_keys WHERE algorithm = 'ES256'").await;
    assert_eq!(made.len(), 2, "one of each generation, of which the first is gone");
}

/// Sets the clock of all nodes, and runs their jobs.
async fn set_clock(nodes: [&TestServer; 2], by: Span, holder: &str) {
    nodes[0].clock.advance(by);
    for node in nodes {
        node.app.follow().await.unwrap();
        jobs::run_upkeep(&node.app, holder).await.unwrap();
    }
}

#[tokio::test]
async fn a_corrected_clock_revives_nothing() {
    let one = TestServer::start().await;
    let two = one.twin().await;
    let rp = one.relying_party().await;
    jobs::run_upkeep(&one.app, "before").await.unwrap();
    for jump in [Span::from_hours(1), Span::from_days(1)] {
        let [token, user, live] = [rp.sign_in("alice").await, rp.sign_in("alice").await, rp.sign_in("bob").await];
        rp.revoke(&token.access_token).await;
        one.change_user("alice", UserChange::SignOut).await;
        for holder in ["ahead", "right"] {
            let by = if holder == "ahead" { jump } else { Span::from_millis(-jump.as_millis()) };
            set_clock([&one, &two], by, holder).await;
            let leader = one.database().query("SELECT holder FROM leases WHERE name = 'upkeep'").await;
            assert_eq!(leader.concat().concat(), holder.as_bytes(), "a lease with a wrong time blocks no node");
        }
        let restarted = one.twin().await;
        for node in [&one, &two, &restarted] {
            for void in [&token, &user] {
                assert_eq!(node.userinfo(&void.access_token).await.status(), 401, "{jump:?}");
            }
            assert_eq!(node.userinfo(&live.access_token).await.status(), 200, "{jump:?}: and ends nothing");
        }
        rp.refresh(user.refresh_token()).await.assert_error(400, "invalid_grant");
        rp.refresh(live.refresh_token()).await.tokens();
    }
}

#[tokio::test]
async fn a_corrected_clock_ends_no_session() {
    let server = TestServer::start().await;
    let rp = server.client("rp", json!({ "skip_consent": true })).await;
    jobs::run_upkeep(&server.app, "before").await.unwrap();
    let tokens = rp.redeem(&rp.authorize_with("alice", &[("scope", "openid")]).await.code()).await.tokens();
    for minutes in [3 * 60, 1, -181] {
        set_clock([&server, &server], Span::from_minutes(minutes), "ahead").await;
    }
    assert!(server.database().query("SELECT id FROM sessions WHERE ended_at IS NOT NULL").await.is_empty());
    rp.refresh(tokens.refresh_token()).await.tokens();

    // If the clock stays, the end is recorded an hour later.
    server.clock.advance(Span::from_hours(3));
    for _ in 0..6 {
        jobs::run_upkeep(&server.app, "ahead").await.unwrap();
        server.clock.advance(Span::from_minutes(14));
    }
    assert_eq!(server.database().query("SELECT id FROM sessions WHERE ended_at IS NOT NULL").await.len(), 1);
}

#[tokio::test]
async fn an_assertion_is_used_up_though_the_clock_ran_ahead_in_between() {
    let server = TestServer::start().await;
    let key = Key::es256("k");
    server.client("service", by_assertion(&key)).await;
    jobs::run_upkeep(&server.app, "before").await.unwrap();
    let now = server.app.clock.now().as_secs();
    let issuer = &server.issuer;
    let claims = json!({"iss": "service", "sub": "service", "aud": issuer, "jti": "j", "iat": now, "exp": now + 240});
    let assertion = key.sign(&key.header(), &claims);
    assert_eq!(present(&server, &assertion).await.status, 200);
    for hours in [24, -24] {
        server.clock.advance(Span::from_hours(hours));
        jobs::run_upkeep(&server.app, "ahead").await.unwrap();
    }
    assert_eq!(present(&server, &assertion).await.status, 400, "once");
}

#[tokio::test]
async fn keys_survive_a_clock_that_is_set_in_the_midst_of_a_rotation() {
    let server = TestServer::start().await;
    let service = server.client("service", by_secret()).await;
    server.advance(Span::from_hours(28 * 24 + 12)).await;
    let mut tokens = Vec::new();
    for hours in [0, 1, -2, 25, -24, 24] {
        server.advance(Span::from_hours(hours)).await;
        let token = service.client_credentials(&[]).await.tokens().access_token;
        assert!(service.is_active(&token).await, "{hours}");
        tokens.push(token);
        let set = server.get("/jwks").await.text().await.unwrap();
        for token in &tokens {
            let kid = jsonwebtoken::decode_header(token).unwrap().kid.unwrap();
            assert!(set.contains(&kid), "{hours}: no key that has signed is gone");
        }
        let made = server.database().query("SELECT generation FROM signing_keys WHERE algorithm = 'ES256'").await;
        assert!(made.len() <= 2, "{hours}: no more than the next one");
    }
}
