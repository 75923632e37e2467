//! Two nodes on one database, which get the same requests as the reference; every difference is reported.

use serde_json::json;
use signet_protocol::time::Span;
use signet_store::client::clients::Standing as ClientStanding;

use super::reference::{Authorized, Reference, Refusal, Yield};
use super::story::{Node, Pick, Presenter, Standing, Step};
use crate::support::server::PASSWORD;
use crate::support::{Browser, Page, RelyingParty, Reply, TestServer, UserChange};

const USERS: [&str; 2] = ["alice", "bob"];
const COOKIES: [&str; 2] = ["signet-browser", "signet-session"];

/// A difference between the server and the reference.
type Differs = Result<(), String>;

/// The servers, everything that they have issued, and the expected state.
pub struct World {
    nodes: [TestServer; 2],
    /// True if the node may not have applied the other's last revocation yet.
    behind: [bool; 2],
    clients: [RelyingParty; 2],
    browsers: Vec<Vec<(&'static str, String)>>,
    codes: Vec<String>,
    access: Vec<String>,
    refresh: Vec<String>,
    reference: Reference,
}

fn agree<T: PartialEq + std::fmt::Debug>(what: &str, real: &T, expected: &T) -> Differs {
    if real == expected { Ok(()) } else { Err(format!("{what}: the server says {real:?}, the rules {expected:?}")) }
}

impl World {
    pub async fn begin() -> Self {
        let one = TestServer::stopped_with(|_| {}).await;
        let two = one.twin().await;
        let clients = [
            one.client("rp0", json!({"skip_consent": true})).await,
            one.client("rp1", json!({"skip_consent": true, "access_token_format": "opaque"})).await,
        ];
        two.app.follow().await.unwrap();
        let reference = Reference::new(one.clock.now().as_millis());
        Self {
            nodes: [one, two],
            behind: [false; 2],
            clients,
            browsers: Vec::new(),
            codes: Vec::new(),
            access: Vec::new(),
            refresh: Vec::new(),
            reference,
        }
    }

    /// Runs a step, a millisecond after the previous one.
    pub async fn take(&mut self, step: &Step) -> Differs {
        self.wait(Span::from_millis(1)).await;
        match *step {
            Step::SignIn { node, user, client, offline } => self.sign_in(node, user, client, offline).await,
            Step::Return { node, session, client, offline } => self.come_back(node, session, client, offline).await,
            Step::Redeem { node, code, by, proven } => self.redeem(node, code, by, proven).await,
            Step::Refresh { node, token, by } => self.refresh(node, token, by).await,
            Step::RevokeAccess { node, token, by } => self.revoke_access(node, token, by).await,
            Step::RevokeRefresh { node, token, by } => self.revoke_refresh(node, token, by).await,
            Step::SignOut { node, session } => self.sign_out(node, session).await,
            Step::User { user, to } => self.change_user(user, to).await,
            Step::Client { client, enabled } => self.change_client(client, enabled).await,
            Step::Use { node, token } => match token.of(self.access.len()) {
                Some(token) => self.compare_access(node, token).await,
                None => Ok(()),
            },
            Step::Wait { seconds } => {
                self.wait(Span::from_secs(seconds)).await;
                Ok(())
            }
            Step::Follow => {
                self.follow().await;
                Ok(())
            }
            Step::Restart { node } => {
                // The old node dies without deregistering.
                self.nodes[node] = self.nodes[1 - node].twin().await;
                self.behind[node] = false;
                Ok(())
            }
            Step::Sweep { node } => {
                signet::jobs::run_upkeep(&self.nodes[node].app, "model").await.map_err(|error| error.to_string())
            }
        }
    }

    async fn wait(&mut self, span: Span) {
        self.nodes[0].clock.advance(span);
        self.reference.now += span.as_millis();
        if span.as_secs() >= 3600 {
            for node in &self.nodes {
                node.app.rotate_keys().await.unwrap();
            }
            self.follow().await;
        }
    }

    async fn follow(&mut self) {
        for node in &self.nodes {
            node.app.follow().await.unwrap();
        }
        self.behind = [false; 2];
    }

    fn client(&self, number: usize, node: Node) -> RelyingParty {
        self.clients[number].at(&self.nodes[node])
    }

    fn url(&self, client: usize, node: Node, offline: bool, more: &[(&str, &str)]) -> String {
        let scope = if offline { "openid offline_access" } else { "openid" };
        self.client(client, node).authorization_url(&[&[("scope", scope)], more].concat())
    }

    async fn sign_in(&mut self, node: Node, user: usize, client: usize, offline: bool) -> Differs {
        let expected = self.reference.sign_in(user, client, offline);
        let browser = self.nodes[node].browser();
        let mut page = browser.visit(&self.url(client, node, offline, &[])).await;
        if page.has("id=\"login-submit\"") {
            let fields = [("username", USERS[user]), ("password", PASSWORD), ("login-submit", "yes")];
            page = browser.submit(&page, &fields).await;
        }
        self.compare_authorized(&page, expected)?;
        if expected == Authorized::Code {
            let cookies = COOKIES.iter().filter_map(|name| browser.cookie(name).map(|value| (*name, value)));
            self.browsers.push(cookies.collect());
        }
        Ok(())
    }

    /// The browser of a session, with its requests sent to this node.
    fn browser(&self, session: usize, node: Node) -> Browser {
        let browser = self.nodes[node].browser();
        self.browsers[session].iter().for_each(|(name, value)| browser.set_cookie(name, value));
        browser
    }

    async fn come_back(&mut self, node: Node, session: Pick, client: usize, offline: bool) -> Differs {
        let Some(session) = session.of(self.browsers.len()) else { return Ok(()) };
        let expected = self.reference.come_back(session, client, offline);
        let url = self.url(client, node, offline, &[("prompt", "none")]);
        let page = self.browser(session, node).visit(&url).await;
        self.compare_authorized(&page, expected)
    }

    fn compare_authorized(&mut self, page: &Page, expected: Authorized) -> Differs {
        let code = page.parameter("code");
        let real = match (&code, page.parameter("error").as_deref()) {
            (Some(_), _) => Authorized::Code,
            (None, Some("login_required")) => Authorized::LoginRequired,
            (None, None) if page.has("id=\"login-submit\"") => Authorized::NotSignedIn,
            (None, None) if page.status == 400 && page.has("Request rejected") => Authorized::NoSuchClient,
            _ => return Err(format!("a page of its own: {page:?}")),
        };
        self.codes.extend(code);
        agree("authorization", &real, &expected)
    }

    async fn redeem(&mut self, node: Node, code: Pick, by: Presenter, proven: bool) -> Differs {
        let Some(code) = code.of(self.codes.len()).filter(|code| self.reference.is_remembered(*code)) else {
            return Ok(());
        };
        let client = self.client(self.reference.client_of_code(code, by), node);
        let expected = self.reference.redeem(code, by, proven);
        let wrong = [("code_verifier", "another-verifier-that-is-long-enough-for-rfc-7636")];
        let reply = client.redeem_with(&self.codes[code], if proven { &[] } else { &wrong }).await;
        self.compare_tokens("redemption", node, &reply, expected)
    }

    async fn refresh(&mut self, node: Node, token: Pick, by: Presenter) -> Differs {
        let Some(token) = token.of(self.refresh.len()) else { return Ok(()) };
        let client = self.client(self.reference.client_of_refresh(token, by), node);
        let expected = self.reference.refresh(token, by);
        let reply = client.refresh(&self.refresh[token]).await;
        self.compare_tokens("refresh", node, &reply, expected)
    }

    fn compare_tokens(&mut self, what: &str, node: Node, reply: &Reply, expected: Result<Yield, Refusal>) -> Differs {
        match expected {
            Err(refusal) => {
                // It may have been a replay, which the other node has not applied yet.
                self.behind[1 - node] = true;
                agree(what, &refusal_of(reply), &Some((refusal.0, refusal.1.to_owned())))
            }
            Ok(yields) => {
                agree(what, &refusal_of(reply), &None)?;
                let tokens = reply.tokens();
                let issued = tokens.refresh_token.ok_or("there is no refresh token")?;
                let known = self.refresh.iter().position(|held| *held == issued);
                match yields {
                    Yield::New => agree(what, &known, &None)?,
                    Yield::Again(number) => agree(what, &known, &Some(number))?,
                }
                if known.is_none() {
                    self.refresh.push(issued);
                }
                self.access.push(tokens.access_token);
                Ok(())
            }
        }
    }

    async fn revoke_access(&mut self, node: Node, token: Pick, by: Presenter) -> Differs {
        let Some(token) = token.of(self.access.len()) else { return Ok(()) };
        let client = self.client(self.reference.client_of_access(token, by), node);
        // A node that is behind may treat a void token as another client's.
        let sure = !self.behind[node] || self.reference.is_access_alive(token);
        let expected = self.reference.revoke_access(token, by);
        let reply = client.revoke(&self.access[token]).await;
        self.behind[1 - node] = true;
        if sure { compare_done("revocation of an access token", &reply, expected) } else { Ok(()) }
    }

    async fn revoke_refresh(&mut self, node: Node, token: Pick, by: Presenter) -> Differs {
        let Some(token) = token.of(self.refresh.len()) else { return Ok(()) };
        let client = self.client(self.reference.client_of_refresh(token, by), node);
        let past = self.reference.is_past(token);
        let expected = self.reference.revoke_refresh(token, by);
        let reply = client.revoke(&self.refresh[token]).await;
        self.behind[1 - node] = true;
        if past { Ok(()) } else { compare_done("revocation of a refresh token", &reply, expected) }
    }

    async fn sign_out(&mut self, node: Node, session: Pick) -> Differs {
        let Some(session) = session.of(self.browsers.len()) else { return Ok(()) };
        self.reference.sign_out(session);
        let browser = self.browser(session, node);
        let page = browser.visit("/logout").await;
        if page.has("id=\"logout-confirm\"") {
            browser.submit(&page, &[("logout-confirm", "yes")]).await;
        }
        self.behind[1 - node] = true;
        Ok(())
    }

    async fn change_user(&mut self, user: usize, to: Standing) -> Differs {
        self.reference.change_user(user, to);
        let change = match to {
            Standing::Disable => UserChange::Disable,
            Standing::Enable => UserChange::Enable,
            Standing::SignOut => UserChange::SignOut,
        };
        self.nodes[0].change_user(USERS[user], change).await;
        self.follow().await;
        Ok(())
    }

    async fn change_client(&mut self, client: usize, enabled: bool) -> Differs {
        self.reference.change_client(client, enabled);
        let standing = if enabled { ClientStanding::Enabled } else { ClientStanding::Disabled };
        self.nodes[0].set_client_standing(&self.clients[client].id, standing).await;
        self.follow().await;
        Ok(())
    }

    async fn compare_access(&self, node: Node, token: usize) -> Differs {
        let expected = self.reference.is_access_alive(token);
        let status = self.nodes[node].userinfo(&self.access[token]).await.status().as_u16();
        // A node that is behind may accept a revoked token, but never refuse a live one.
        if self.behind[node] && !expected && status == 200 {
            return Ok(());
        }
        agree(&format!("access token {token} at node {node}"), &status, &if expected { 200 } else { 401 })
    }

    async fn compare_refresh(&self, node: Node, token: usize) -> Differs {
        let owner = self.reference.client_of_refresh(token, Presenter::Owner);
        if !self.reference.is_client_enabled(owner) {
            return Ok(());
        }
        let real = self.client(owner, node).is_active(&self.refresh[token]).await;
        agree(&format!("refresh token {token} at node {node}"), &real, &self.reference.is_refresh_alive(token))
    }

    /// Compares everything that was ever issued, at both nodes.
    pub async fn compare_everything(&mut self) -> Differs {
        self.follow().await;
        for node in 0..2 {
            for token in 0..self.access.len() {
                self.compare_access(node, token).await?;
            }
            for token in 0..self.refresh.len() {
                self.compare_refresh(node, token).await?;
            }
        }
        Ok(())
    }
}

fn refusal_of(reply: &Reply) -> Option<Refused> {
    let error = || reply.json()["error"].as_str().unwrap_or_default().to_owned();
    (reply.status != 200).then(|| (reply.status.as_u16(), error()))
}

type Refused = (u16, String);

fn compare_done(what: &str, reply: &Reply, expected: Result<(), Refusal>) -> Differs {
    let expected = expected.err().map(|(status, error)| (status, error.to_owned()));
    agree(what, &refusal_of(reply), &expected)
}
