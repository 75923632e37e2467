//! Single-use values, ten concurrent uses on two nodes (RFC 9700 §4.2.4): forms, registrations and outbox messages. One
//! use wins, the others are refused, and no forbidden row remains.

use futures_util::future::join_all;
use serde_json::{Value, json};
use signet::config::{RegistrationMode, Settings};
use signet::jobs;

use crate::client::registration::{register, with};
use crate::node::doctor::broken;
use crate::support::server::PASSWORD;
use crate::support::{Browser, MailSink, Page, Receiver, RelyingParty, Reply, TestServer, UserChange, rounds};

const PARALLEL: usize = 10;
const DONE: &str = "This sign-in is already done.";

/// Two nodes that serve one issuer.
struct Nodes([TestServer; 2]);

impl Nodes {
    async fn start(change: impl Fn(&mut Settings)) -> Self {
        let one = TestServer::start_with(&change).await;
        let two = one.twin_with(&change).await;
        Self([one, two])
    }

    fn first(&self) -> &TestServer {
        &self.0[0]
    }

    /// The nodes in turns, once for each concurrent request.
    fn turns(&self) -> impl Iterator<Item = &TestServer> {
        self.0.iter().cycle().take(PARALLEL)
    }

    async fn follow(&self) {
        for node in &self.0 {
            node.app.follow().await.unwrap();
        }
    }

    /// One form, sent with these fields by one browser, ten times at once.
    async fn send(
        &self,
        browser: &Browser,
        page: &Page,
        fields: impl Fn(usize) -> Vec<(&'static str, &'static str)>,
    ) -> Vec<Page> {
        let browsers: Vec<Browser> = self.turns().map(|node| browser.at(node)).collect();
        let sent = browsers.iter().enumerate().map(|(turn, browser)| {
            let fields = fields(turn);
            async move { browser.submit_once(page, &fields).await }
        });
        join_all(sent).await
    }

    async fn assert_sound(&self) {
        assert_eq!(broken(self.first()).await, [""; 0]);
    }
}

/// Returns the one response that reached the client; all others must report that the request is done.
fn winner(pages: Vec<Page>, rp: &RelyingParty) -> Page {
    let answered = |page: &Page| page.location().is_some_and(|location| location.starts_with(&rp.redirect_uri));
    let (mut won, lost): (Vec<_>, Vec<_>) = pages.into_iter().partition(answered);
    lost.iter().for_each(|page| page.assert_rejected("overtaken", 400, DONE));
    assert_eq!(won.len(), 1);
    won.remove(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_sign_in_form_yields_one_answer_however_often_it_is_sent() {
    let nodes = Nodes::start(|_| {}).await;
    let rp = nodes.first().client("rp", json!({ "skip_consent": true })).await;
    nodes.follow().await;
    for _ in 0..rounds(3) {
        let browser = nodes.first().browser();
        let page = browser.visit(&rp.authorization_url(&[])).await;
        let typed = |_| vec![("username", "alice"), ("password", PASSWORD), ("login-submit", "yes")];
        let won = winner(nodes.send(&browser, &page, typed).await, &rp);
        rp.redeem(&won.code()).await.tokens();
    }
    nodes.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_consent_form_yields_one_answer_whatever_the_others_say() {
    let nodes = Nodes::start(|_| {}).await;
    for round in 0..rounds(4) {
        let rp = nodes.first().client(&format!("rp{round}"), json!({})).await;
        nodes.follow().await;
        let browser = nodes.first().browser();
        let page = browser.visit(&rp.authorization_url(&[])).await;
        let page = browser.sign_in(&page, "alice").await;
        // In every other round, every other answer is a denial.
        let says_no = |turn: usize| round % 2 == 1 && turn % 4 < 2;
        let answer = |turn| vec![if says_no(turn) { ("consent-deny", "yes") } else { ("consent-allow", "yes") }];
        let won = winner(nodes.send(&browser, &page, answer).await, &rp);
        match won.parameter("code") {
            Some(code) => drop(rp.redeem(&code).await.tokens()),
            None => assert_eq!((won.error().as_str(), round % 2), ("access_denied", 1)),
        }
    }
    nodes.assert_sound().await;
}

/// Settings that allow notifications to servers on loopback.
fn on_loopback(settings: &mut Settings) {
    settings.outbound.allow_hosts = vec!["127.0.0.1".to_owned()];
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_logout_form_ends_one_session_once() {
    let nodes = Nodes::start(on_loopback).await;
    let receiver = Receiver::start().await;
    let metadata = json!({ "backchannel_logout_uri": receiver.url, "skip_consent": true });
    let rp = nodes.first().client("rp", metadata).await;
    nodes.follow().await;
    for _ in 0..rounds(3) {
        let browser = rp.authorize_as("alice").await.browser;
        let page = browser.get("/logout").await;
        for page in nodes.send(&browser, &page, |_| vec![("logout-confirm", "yes")]).await {
            assert!(page.has("You are signed out"), "{page:?}");
        }
        receiver.token().await;
        let page = browser.get(&rp.authorization_url(&[("prompt", "none")])).await;
        assert_eq!(page.error(), "login_required");
    }
    let logouts = nodes.first().database().query("SELECT id FROM audit_events WHERE event = 'logout'").await;
    assert_eq!((logouts.len(), receiver.count()), (rounds(3), rounds(3)), "each is logged and notified once");
    nodes.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_outbox_message_is_delivered_by_one_node() {
    let receiver = Receiver::start().await;
    let sink = MailSink::start().await;
    let mut nodes = Nodes::start(|settings| {
        on_loopback(settings);
        sink.settings(settings);
    })
    .await;
    for node in &mut nodes.0 {
        node.stop_jobs().await;
    }
    let metadata = json!({ "backchannel_logout_uri": receiver.url, "skip_consent": true });
    let rp = nodes.first().client("rp", metadata).await;
    let mut logouts = 0;
    let mut mails = 0;
    for round in 0..rounds(3) {
        for _ in 0..4 {
            rp.authorize_as("alice").await.code();
        }
        nodes.first().change_user("alice", UserChange::SignOut).await;
        let waiting = async |kind: &str| {
            let sql = format!("SELECT id FROM outbox WHERE kind = '{kind}'");
            nodes.first().database().query(&sql).await.len()
        };
        logouts += waiting("backchannel_logout").await;
        mails += waiting("mail").await;
        assert_eq!(logouts, 4 * (round + 1));
        // The jobs are stopped, and a node that has not polled for three seconds refuses everything.
        nodes.follow().await;
        let looked = join_all(nodes.turns().map(|node| jobs::deliver_due(&node.app))).await;
        let attempts: usize = looked.into_iter().map(Result::unwrap).sum();
        // A node that polls while a client has two attempts in progress leaves the rest.
        let left = async || nodes.first().database().query("SELECT id FROM outbox").await.len();
        let mut attempts = attempts;
        while left().await > 0 {
            nodes.follow().await;
            attempts += jobs::deliver_due(&nodes.first().app).await.unwrap();
        }
        assert!(attempts > 0);
        assert_eq!((receiver.count(), sink.tried()), (logouts, mails), "round {round}: each once");
    }
    nodes.assert_sound().await;
}

fn open(settings: &mut Settings) {
    settings.registration.mode = RegistrationMode::Open;
    settings.registration.per_hour = 10_000;
}

/// Replaces a registration at a node.
async fn put(node: &TestServer, information: &Value, changes: Value) -> Reply {
    let mut body = with(json!({ "client_id": information["client_id"] }));
    changes.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
    at(node, information, reqwest::Method::PUT, Some(&body)).await
}

/// A request at the registration of this client.
async fn at(node: &TestServer, information: &Value, method: reqwest::Method, body: Option<&Value>) -> Reply {
    let path = format!("/register/{}", information["client_id"].as_str().unwrap());
    let token = information["registration_access_token"].as_str().unwrap();
    let request = node.http.request(method, node.url(&path)).bearer_auth(token);
    let request = if let Some(body) = body { request.json(body) } else { request };
    Reply::of(request.send().await.unwrap()).await
}

/// True if the self-registered client can authenticate at this node with the secret.
async fn authenticates(node: &TestServer, information: &Value, secret: &str) -> bool {
    let id = information["client_id"].as_str().unwrap();
    let rp = RelyingParty::new(node, id, Some(secret.to_owned()), information.clone());
    rp.post("/introspect", &[("token", "nonsense")]).await.status == 200
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_several_registrations_at_once_one_holds_whole_and_with_its_secret() {
    let nodes = Nodes::start(open).await;
    for round in 0..rounds(5) {
        let information = register(nodes.first(), &with(json!({}))).await;
        let kept = information["client_secret"].as_str().unwrap();
        nodes.follow().await;
        // Every third removes its secret; the others keep it or get a new one.
        let puts = nodes.turns().enumerate().map(|(turn, node)| {
            let method = if turn % 3 == 0 { "none" } else { "client_secret_basic" };
            put(
                node,
                &information,
                json!({"client_name": format!("turn {turn}"), "token_endpoint_auth_method": method}),
            )
        });
        let replies = join_all(puts).await;
        let unexpected = replies.iter().find(|reply| ![200, 503].contains(&reply.status.as_u16()));
        assert!(unexpected.is_none(), "round {round}: {unexpected:?}");
        nodes.follow().await;
        let now = at(&nodes.0[1], &information, reqwest::Method::GET, None).await.json();
        let holds = replies.iter().filter(|reply| reply.status == 200).map(Reply::json);
        let holds = holds.into_iter().find(|reply| reply["client_name"] == now["client_name"]).unwrap();
        assert_eq!(holds["token_endpoint_auth_method"], now["token_endpoint_auth_method"], "round {round}");
        let id = information["client_id"].as_str().unwrap();
        if now["token_endpoint_auth_method"] == "client_secret_basic" {
            // A response without a secret keeps the one before, which another response may have returned.
            let information = |reply: &Value| reply["client_secret"].as_str().map(str::to_owned);
            let all =
                || replies.iter().filter_map(|reply| information(&reply.json())).chain([kept.to_owned()]).collect();
            let candidates: Vec<_> = information(&holds).map_or_else(all, |secret| vec![secret]);
            for node in &nodes.0 {
                let works = candidates.iter().map(|secret| authenticates(node, &now, secret));
                let works = join_all(works).await.into_iter().filter(|works| *works).count();
                assert_eq!(works, 1, "round {round}: the secret is its own");
            }
        }
        let secrets = format!("SELECT digest FROM client_secrets WHERE client_id = '{id}'");
        let expected = usize::from(holds["token_endpoint_auth_method"] != "none");
        assert_eq!(nodes.first().database().query(&secrets).await.len(), expected, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_registration_is_removed_once_and_its_token_is_voided_once() {
    let nodes = Nodes::start(open).await;
    let audited = async |event: &str| {
        let sql = format!("SELECT id FROM audit_events WHERE event = '{event}'");
        nodes.first().database().query(&sql).await.len()
    };
    for round in 1..=rounds(3) {
        let (thief, victim) =
            (register(nodes.first(), &with(json!({}))).await, register(nodes.first(), &with(json!({}))).await);
        let stolen =
            json!({"client_id": victim["client_id"], "registration_access_token": thief["registration_access_token"]});
        let replies = join_all(nodes.turns().map(|node| at(node, &stolen, reqwest::Method::GET, None))).await;
        assert!(replies.iter().all(|reply| reply.status == 401), "{replies:?}");
        assert_eq!(audited("registration_token.misused").await, round);
        let replies = join_all(nodes.turns().map(|node| at(node, &victim, reqwest::Method::DELETE, None))).await;
        let removed = replies.iter().filter(|reply| reply.status == 204).count();
        assert!(replies.iter().all(|reply| [204, 401].contains(&reply.status.as_u16())), "{replies:?}");
        assert_eq!((removed, audited("client.removed").await), (1, round));
    }
    nodes.assert_sound().await;
}
