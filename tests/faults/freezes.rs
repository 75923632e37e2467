//! A node that is suspended at any moment, while something is revoked, and resumed.

use std::time::{Duration, Instant};

use tokio::process::Command;

use super::nodes::{Cluster, secret};
use super::{report, rounds};
use crate::support::relying_party::{CHALLENGE, VERIFIER};
use crate::support::server::http_client;
use crate::support::{Browser, Page};

/// The longest that a revocation waits for a node that does not answer, and what a busy machine adds.
const BOUND: Duration = Duration::from_millis(750 + 1500);

/// Two nodes, asked one by one.
struct Scene {
    cluster: Cluster,
    http: reqwest::Client,
}

impl Scene {
    async fn set() -> Self {
        let scene = Self { cluster: Cluster::start(2, "").await, http: http_client() };
        let begun = Instant::now();
        while scene.nodes().await != 2 {
            assert!(begun.elapsed() < Duration::from_secs(20), "{}", scene.cluster.log(1));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        // Each has a lease by now that takes the other into account.
        tokio::time::sleep(Duration::from_secs(1)).await;
        scene
    }

    /// The number of nodes that the first one sees.
    async fn nodes(&self) -> usize {
        let url = format!("http://127.0.0.1:{}/metrics", self.cluster.nodes[0].management);
        let text = self.http.get(url).send().await.unwrap().text().await.unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("signet_nodes "));
        line.and_then(|count| count.parse().ok()).unwrap_or_default()
    }

    fn url(&self, index: usize, path: &str) -> String {
        format!("http://localhost:{}{path}", self.cluster.nodes[index].port)
    }

    async fn post(&self, index: usize, path: &str, form: &[(&str, &str)]) -> (u16, serde_json::Value) {
        let request = self.http.post(self.url(index, path)).basic_auth("rp", Some(secret())).form(form);
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
    }

    /// An access token and its refresh token.
    async fn sign_in(&self) -> (String, String) {
        let redirect = "https%3A%2F%2Frp.example%2Fcb";
        let url = self.url(
            0,
            &format!(
                "/authorize?response_type=code&client_id=rp&redirect_uri={redirect}&scope=openid%20offline_access\
                 &state=s&nonce=n&code_challenge={CHALLENGE}&code_challenge_method=S256"
            ),
        );
        let page: Page = Browser::new(&self.cluster.issuer()).authorize(&url, "alice").await;
        let code = page.code();
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", "https://rp.example/cb"),
            ("code_verifier", VERIFIER),
        ];
        let (status, body) = self.post(0, "/token", &form).await;
        assert_eq!(status, 200, "{body}");
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        (text("access_token"), text("refresh_token"))
    }

    async fn is_active(&self, index: usize, token: &str) -> Option<bool> {
        let (status, body) = self.post(index, "/introspect", &[("token", token)]).await;
        (status == 200).then(|| body["active"] == true)
    }

    async fn signal(&self, index: usize, signal: &str) {
        let pid = self.cluster.pid(index).await.to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().await.unwrap().success());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_was_frozen_accepts_nothing_that_was_revoked_meanwhile() {
    let scene = Scene::set().await;
    let times = rounds(4);
    let mut longest = Duration::ZERO;
    for round in 0..times {
        let (access, refresh) = scene.sign_in().await;
        assert_eq!(scene.is_active(1, &access).await, Some(true));
        scene.signal(1, "-STOP").await;
        let begun = Instant::now();
        let token = if round % 2 == 0 { &access } else { &refresh };
        assert_eq!(scene.post(0, "/revoke", &[("token", token)]).await.0, 200);
        let took = begun.elapsed();
        assert!(took < BOUND, "{took:?}");
        longest = longest.max(took);
        scene.signal(1, "-CONT").await;
        // The first thing that it does.
        assert_ne!(scene.is_active(1, &access).await, Some(true), "round {round}");
        let begun = Instant::now();
        while scene.is_active(1, &access).await != Some(false) {
            assert!(begun.elapsed() < Duration::from_secs(10), "it catches up: {}", scene.cluster.log(1));
        }
    }
    report(
        "SIGSTOP of a node during a revocation",
        times,
        &format!("never accepted, the answer took {longest:.1?} at most"),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_by_command_is_complete_when_it_returns() {
    let scene = Scene::set().await;
    let mut longest = Duration::ZERO;
    for round in 0..rounds(3) {
        let (access, _) = scene.sign_in().await;
        let begun = Instant::now();
        let arguments = match round % 3 {
            0 => ["user", "sign-out", "--username", "alice"],
            1 => ["client", "sign-out", "--id", "rp"],
            _ => ["consent", "revoke", "--username=alice", "--client=rp"],
        };
        let done = scene.cluster.run(&arguments).await;
        longest = longest.max(begun.elapsed());
        assert!(done.status.success(), "{done:?}");
        for index in 0..2 {
            assert_eq!(scene.is_active(index, &access).await, Some(false), "{arguments:?} at node {index}");
        }
        // A login has to be later than what has voided those before.
        tokio::time::sleep(Duration::from_millis(1100)).await;
    }
    report("commands beside two nodes", rounds(3), &format!("over when they return, after {longest:.1?} at most"));
}
