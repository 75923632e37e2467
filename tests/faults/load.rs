//! Clients under load, with the history of the answers that they received.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::task::JoinSet;

use super::nodes::{Cluster, secret};
use crate::support::Browser;
use crate::support::relying_party::{CHALLENGE, VERIFIER};
use crate::support::server::http_client;

/// The time for which a client retries without an answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// The time for which a used refresh token yields its successor again.
const GRACE: Duration = Duration::from_secs(10);

/// The maximum time until a revocation reaches another node, on a busy machine.
const HEARD_WITHIN: Duration = Duration::from_secs(5);

/// A client's view of a grant.
#[derive(Clone, Debug)]
struct Grant {
    code: String,
    access: String,
    refresh: String,
    revoked: bool,
}

/// The events of a run.
#[derive(Default)]
pub struct History {
    grants: Mutex<Vec<Grant>>,
    wrong: Mutex<Vec<String>>,
    stop: AtomicBool,
    pub answers: AtomicU64,
    pub lost: AtomicU64,
}

/// Clients that are at work.
pub struct Load {
    cluster: Arc<Cluster>,
    pub history: Arc<History>,
    workers: JoinSet<()>,
}

impl Load {
    /// So many clients begin, each in a browser of its own where alice is signed in.
    pub async fn begin(cluster: &Arc<Cluster>, workers: usize) -> Self {
        let history = Arc::<History>::default();
        let mut load = Self { cluster: cluster.clone(), history, workers: JoinSet::new() };
        for index in 0..workers {
            let worker = Worker::new(cluster, &load.history, index).await;
            load.workers.spawn(worker.work());
        }
        load
    }

    /// Ends the work.
    pub async fn stop(&mut self) {
        self.history.stop.store(true, Ordering::SeqCst);
        while let Some(ended) = self.workers.join_next().await {
            ended.unwrap();
        }
    }

    /// After a restore: whatever was granted is as void as if it had been revoked.
    pub fn expect_all_void(&self) {
        self.history.grants.lock().unwrap().iter_mut().for_each(|grant| grant.revoked = true);
    }

    /// Stops the clients, and compares the answers that they received with the state of the server.
    pub async fn judge(mut self) -> Arc<History> {
        self.stop().await;
        let grants = self.history.grants.lock().unwrap().clone();
        let mut judge = Worker::new(&self.cluster, &self.history, 0).await;
        for grant in &grants {
            judge.judge(grant).await;
        }
        let wrong = self.history.wrong.lock().unwrap().clone();
        assert!(wrong.is_empty(), "{} broken promises, the first: {:#?}", wrong.len(), wrong.first());
        assert!(!grants.is_empty(), "nothing was ever granted");
        self.history
    }
}

impl History {
    pub fn granted(&self) -> usize {
        self.grants.lock().unwrap().len()
    }

    fn broken(&self, promise: String) {
        self.wrong.lock().unwrap().push(promise);
    }
}

/// An answer: status and body.
type Answer = (u16, Value);

struct Worker {
    cluster: Arc<Cluster>,
    history: Arc<History>,
    http: reqwest::Client,
    cookies: String,
    own: Vec<Grant>,
    turn: usize,
}

impl Worker {
    async fn new(cluster: &Arc<Cluster>, history: &Arc<History>, index: usize) -> Self {
        let browser = Browser::new(&cluster.issuer());
        let page = browser.authorize(&format!("{}{}", cluster.issuer(), authorization()), "alice").await;
        assert!(page.location().is_some(), "{page:?}");
        Self {
            cluster: cluster.clone(),
            history: history.clone(),
            http: http_client(),
            cookies: browser.cookies(),
            own: Vec::new(),
            turn: index,
        }
    }

    async fn work(mut self) {
        while !self.history.stop.load(Ordering::SeqCst) {
            self.turn = self.turn.wrapping_add(1);
            let chosen = self.turn.wrapping_mul(7) % self.own.len().max(1);
            match self.turn % 8 {
                _ if self.own.is_empty() => self.grant().await,
                0..=2 => self.grant().await,
                3..=5 => self.refresh(chosen).await,
                6 => self.introspect(chosen).await,
                _ => self.revoke(chosen).await,
            }
        }
        self.history.grants.lock().unwrap().extend(self.own);
    }

    /// A code, and what it yields.
    async fn grant(&mut self) {
        let Some(code) = self.code().await else { return };
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", "https://rp.example/cb"),
            ("code_verifier", VERIFIER),
        ];
        let first = self.post("/token", &form).await;
        // A code whose answer was lost yields nothing a second time, or everything the first time.
        let Some((status, body)) = (if first.is_some() { first } else { self.post_until("/token", &form).await })
        else {
            return;
        };
        match (status, body["refresh_token"].as_str()) {
            (200, Some(refresh)) => {
                let access = body["access_token"].as_str().unwrap().to_owned();
                self.own.push(Grant { code, access, refresh: refresh.to_owned(), revoked: false });
            }
            (400, _) if first_was_lost(&self.history) => {}
            _ => self.history.broken(format!("a code was answered with {status} {body}")),
        }
    }

    async fn code(&self) -> Option<String> {
        let url = format!("{}{}", self.base(), authorization());
        let answer = self.http.get(url).header("cookie", &self.cookies).send().await;
        let Ok(answer) = answer else {
            self.history.lost.fetch_add(1, Ordering::SeqCst);
            return None;
        };
        if answer.status().is_server_error() {
            self.history.lost.fetch_add(1, Ordering::SeqCst);
            return None;
        }
        self.history.answers.fetch_add(1, Ordering::SeqCst);
        let location = answer.headers().get("location").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let code = url::Url::parse(location)
            .ok()
            .and_then(|url| url.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned()));
        if code.is_none() {
            self.history.broken(format!("no code: {} {location}", answer.status()));
        }
        code
    }

    async fn refresh(&mut self, chosen: usize) {
        let grant = self.own[chosen].clone();
        let form = [("grant_type", "refresh_token"), ("refresh_token", grant.refresh.as_str())];
        let began = Instant::now();
        let Some((status, body)) = self.post_until("/token", &form).await else { return };
        match (status, body["refresh_token"].as_str()) {
            (200, Some(refresh)) if !grant.revoked => {
                self.own[chosen].refresh = refresh.to_owned();
                self.own[chosen].access = body["access_token"].as_str().unwrap().to_owned();
            }
            (400, _) if grant.revoked => {}
            // Too late for the grace: the client signs in again.
            (400, _) if began.elapsed() >= GRACE => {
                self.own.swap_remove(chosen);
            }
            _ => self.history.broken(format!("a refresh (revoked: {}) got {status} {body}", grant.revoked)),
        }
    }

    async fn introspect(&mut self, chosen: usize) {
        let grant = self.own[chosen].clone();
        let Some((status, body)) = self.post_until("/introspect", &[("token", &grant.access)]).await else { return };
        if status != 200 || body["active"] != !grant.revoked {
            self.history.broken(format!("revoked: {}, introspection: {status} {body}", grant.revoked));
        }
    }

    async fn revoke(&mut self, chosen: usize) {
        let token = self.own[chosen].refresh.clone();
        match self.post_until("/revoke", &[("token", &token)]).await {
            Some((200, _)) => {
                let grant = &mut self.own[chosen];
                grant.revoked = true;
                let access = grant.access.clone();
                self.wait_until_all_know(&access).await;
            }
            Some((status, body)) => self.history.broken(format!("a revocation got {status} {body}")),
            // The outcome is unknown.
            None => drop(self.own.swap_remove(chosen)),
        }
    }

    /// Other nodes learn of a revocation within a second, or later on a busy machine; a node that cannot poll for long
    /// accepts nothing.
    async fn wait_until_all_know(&self, revoked: &str) {
        let began = Instant::now();
        for node in &self.cluster.nodes {
            let base = format!("http://localhost:{}", node.port);
            while let Some((200, body)) = self.post_to(&base, "/introspect", &[("token", revoked)]).await
                && body["active"] == true
            {
                if began.elapsed() > HEARD_WITHIN {
                    return self.history.broken(format!("{base} has not applied a revocation within {HEARD_WITHIN:?}"));
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }

    /// The last answer about a grant still applies.
    async fn judge(&mut self, grant: &Grant) {
        self.own = vec![grant.clone()];
        self.introspect(0).await;
        self.refresh(0).await;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", grant.code.as_str()),
            ("redirect_uri", "https://rp.example/cb"),
            ("code_verifier", VERIFIER),
        ];
        match self.post_until("/token", &form).await {
            Some((400, _)) => {}
            other => self.history.broken(format!("a used code got {other:?}")),
        }
    }

    /// Asks until there is an answer, or the patience is over.
    async fn post_until(&self, path: &str, form: &[(&str, &str)]) -> Option<Answer> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(answer) = self.post(path, form).await {
                return Some(answer);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.history.broken(format!("{path} was not answered for {PATIENCE:?}"));
        None
    }

    /// Sends one request; `None` if the answer was lost or is a 503.
    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Option<Answer> {
        let answer = self.post_to(&self.base(), path, form).await;
        let counter = if answer.is_some() { &self.history.answers } else { &self.history.lost };
        counter.fetch_add(1, Ordering::SeqCst);
        answer
    }

    async fn post_to(&self, base: &str, path: &str, form: &[(&str, &str)]) -> Option<Answer> {
        let request = self.http.post(format!("{base}{path}")).basic_auth("rp", Some(secret())).form(form);
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        let text = answer.text().await.ok()?;
        (status < 500).then(|| (status, serde_json::from_str(&text).unwrap_or_default()))
    }

    /// The next node that is in rotation.
    fn base(&self) -> String {
        let turn = usize::try_from(self.history.answers.load(Ordering::SeqCst)).unwrap();
        let nodes = &self.cluster.nodes;
        let mut order = (0..nodes.len()).map(|step| &nodes[(turn + step) % nodes.len()]);
        let node = order.find(|node| node.in_rotation.load(Ordering::SeqCst)).unwrap_or(&nodes[0]);
        format!("http://localhost:{}", node.port)
    }
}

fn first_was_lost(history: &History) -> bool {
    history.lost.load(Ordering::SeqCst) > 0
}

fn authorization() -> String {
    let redirect = "https%3A%2F%2Frp.example%2Fcb";
    format!(
        "/authorize?response_type=code&client_id=rp&redirect_uri={redirect}&scope=openid%20offline_access&state=s\
         &nonce=n&code_challenge={CHALLENGE}&code_challenge_method=S256"
    )
}
