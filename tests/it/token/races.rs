//! Concurrent requests: in any order, a code is redeemed once, and a family has one live leaf (RFC 9700 §2.1.1,
//! §4.14.2).

use futures_util::future::{join, join_all};
use signet_protocol::time::Span;

use crate::node::doctor::broken;
use crate::support::{RelyingParty, Reply, TestServer, Tokens, rounds};

const PARALLEL: usize = 10;

/// The nodes that serve a client: one, or two in turns.
struct Nodes {
    server: TestServer,
    second: Option<TestServer>,
}

impl Nodes {
    async fn one() -> (Self, RelyingParty) {
        let server = TestServer::start().await;
        let rp = server.relying_party().await;
        (Self { server, second: None }, rp)
    }

    async fn two() -> (Self, RelyingParty) {
        let (nodes, rp) = Self::one().await;
        let second = Some(nodes.server.second_node().await);
        (Self { second, ..nodes }, rp)
    }

    /// The client once for each concurrent request.
    fn clients(&self, rp: &RelyingParty) -> Vec<RelyingParty> {
        let at = |turn: usize| match &self.second {
            Some(second) if turn % 2 == 1 => rp.at(second),
            Some(_) | None => rp.at(&self.server),
        };
        (0..PARALLEL).map(at).collect()
    }

    /// Makes every node apply the changes of the others.
    async fn follow(&self) {
        self.server.app.follow().await.unwrap();
        if let Some(second) = &self.second {
            second.app.follow().await.unwrap();
        }
    }

    /// True if the token is valid at the node that has issued it.
    async fn is_alive(&self, rp: &RelyingParty, token: &str) -> bool {
        let second = match &self.second {
            Some(second) => rp.at(second).is_active(token).await,
            None => false,
        };
        second || rp.is_active(token).await
    }
}

/// The answers that are tokens; all others are `invalid_grant`.
fn winners(replies: Vec<Reply>) -> Vec<Tokens> {
    let (won, lost): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.status == 200);
    lost.iter().for_each(|reply| reply.assert_error(400, "invalid_grant"));
    won.iter().map(Reply::tokens).collect()
}

async fn one_redemption_wins(nodes: Nodes, rp: RelyingParty) {
    for round in 0..rounds(10) {
        let code = rp.authorize_with("alice", &[("scope", "openid offline_access")]).await.code();
        let clients = nodes.clients(&rp);
        let won = winners(join_all(clients.iter().map(|client| client.redeem(&code))).await);
        assert_eq!(won.len(), 1, "round {round}");
        nodes.follow().await;
        let tokens = &won[0];
        assert!(!nodes.is_alive(&rp, &tokens.access_token).await, "round {round}: the others were replays");
        assert!(!nodes.is_alive(&rp, tokens.refresh_token()).await, "round {round}");
        for client in &clients[..2] {
            client.refresh(tokens.refresh_token()).await.assert_error(400, "invalid_grant");
        }
    }
    assert_eq!(broken(&nodes.server).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_parallel_redemptions_one_wins_and_the_others_revoke_what_it_won() {
    let (nodes, rp) = Nodes::one().await;
    one_redemption_wins(nodes, rp).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_parallel_redemptions_at_two_nodes_one_wins_and_the_others_revoke_what_it_won() {
    let (nodes, rp) = Nodes::two().await;
    one_redemption_wins(nodes, rp).await;
}

async fn one_successor(nodes: Nodes, rp: RelyingParty) {
    let mut leaf = rp.sign_in("alice").await.refresh_token().to_owned();
    let mut before = Vec::new();
    for round in 0..rounds(10) {
        let clients = nodes.clients(&rp);
        let won = winners(join_all(clients.iter().map(|client| client.refresh(&leaf))).await);
        assert_eq!(won.len(), PARALLEL, "round {round}: each is the first or its retry");
        before.push(std::mem::replace(&mut leaf, won[0].refresh_token().to_owned()));
        for tokens in &won {
            assert_eq!(tokens.refresh_token(), leaf, "round {round}: one successor");
            assert!(nodes.is_alive(&rp, &tokens.access_token).await, "round {round}: the family is alive");
        }
        for old in &before {
            assert!(!rp.is_active(old).await, "round {round}: one live leaf");
        }
        assert!(rp.is_active(&leaf).await, "round {round}");
    }
    assert_eq!(broken(&nodes.server).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_refreshes_of_one_token_yield_one_successor() {
    let (nodes, rp) = Nodes::one().await;
    one_successor(nodes, rp).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_refreshes_of_one_token_at_two_nodes_yield_one_successor() {
    let (nodes, rp) = Nodes::two().await;
    one_successor(nodes, rp).await;
}

async fn reuse_beats_refresh(nodes: Nodes, rp: RelyingParty) {
    for round in 0..rounds(10) {
        let first = rp.sign_in("alice").await;
        let second = rp.refresh(first.refresh_token()).await.tokens();
        nodes.server.advance(Span::from_secs(60)).await;
        let clients = nodes.clients(&rp);
        let leaf = join_all(clients.iter().map(|client| client.refresh(second.refresh_token())));
        let reuse = join_all(clients.iter().rev().map(|client| client.refresh(first.refresh_token())));
        let (refreshed, reused) = join(leaf, reuse).await;
        assert_eq!(winners(reused).len(), 0, "round {round}");
        nodes.follow().await;
        let mut issued = winners(refreshed);
        issued.extend([first, second]);
        for tokens in &issued {
            assert!(!nodes.is_alive(&rp, &tokens.access_token).await, "round {round}");
            assert!(!nodes.is_alive(&rp, tokens.refresh_token()).await, "round {round}");
        }
    }
    assert_eq!(broken(&nodes.server).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reuse_that_overlaps_refreshes_leaves_nothing_alive() {
    let (nodes, rp) = Nodes::one().await;
    reuse_beats_refresh(nodes, rp).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reuse_that_overlaps_refreshes_at_two_nodes_leaves_nothing_alive() {
    let (nodes, rp) = Nodes::two().await;
    reuse_beats_refresh(nodes, rp).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn different_codes_and_families_do_not_block_each_other() {
    let (nodes, rp) = Nodes::two().await;
    let mut codes = Vec::new();
    for _ in 0..PARALLEL {
        codes.push(rp.authorize_with("alice", &[("scope", "openid offline_access")]).await.code());
    }
    let clients = nodes.clients(&rp);
    let redeemed = join_all(clients.iter().zip(&codes).map(|(client, code)| client.redeem(code))).await;
    let tokens: Vec<Tokens> = redeemed.iter().map(Reply::tokens).collect();
    let refreshed = join_all(clients.iter().zip(&tokens).map(|(client, held)| client.refresh(held.refresh_token())));
    let mut successors: Vec<String> =
        refreshed.await.iter().map(|reply| reply.tokens().refresh_token().to_owned()).collect();
    successors.sort_unstable();
    successors.dedup();
    assert_eq!(successors.len(), PARALLEL);
}
