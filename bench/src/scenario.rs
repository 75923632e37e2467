//! What one worker does over and over.

use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use regex::bytes::Regex;
use serde::Deserialize;

use crate::flow::{Browser, Op, token_request, tokens};
use crate::http::{Client, Req};
use crate::profile::ClientConf;

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Scenario {
    /// GET the discovery document
    Discovery,
    /// GET the key set
    Jwks,
    /// Client credentials grant
    Cc,
    /// Introspect one access token
    Introspect,
    /// Client credentials grant, and the introspection of the token that it brought
    Fresh,
    /// Userinfo with one access token
    Userinfo,
    /// Code flow with PKCE in a session that is already logged in
    Code,
    /// Code flow from an empty cookie jar, through login and consent
    Login,
    /// Refresh token grant, each worker on its own chain
    Refresh,
}

impl Scenario {
    pub fn name(self) -> String {
        format!("{self:?}").to_lowercase()
    }
}

/// What all workers of a scenario share, prepared once before the clock starts.
#[derive(Clone)]
pub enum Plan {
    /// One request again and again, and what its reply must contain.
    Same {
        req: Req,
        expect: Arc<Regex>,
    },
    Fresh,
    Code,
    Login,
    Refresh,
}

impl Plan {
    pub fn same(req: Req, expect: &str) -> Result<Self> {
        Ok(Self::Same { req, expect: Arc::new(Regex::new(expect)?) })
    }

    pub async fn prepare(scenario: Scenario, op: &Arc<Op>, http: Client) -> Result<Self> {
        let d = &op.discovery;
        let p = &op.profile;
        match scenario {
            Scenario::Discovery => Self::same(Req::get(&op.discovery_url), "token_endpoint"),
            Scenario::Jwks => Self::same(Req::get(&d.jwks_uri), r#""keys""#),
            Scenario::Cc => Self::same(cc_request(op), "access_token"),
            Scenario::Introspect => {
                let client = p.introspect.as_ref().unwrap_or(&p.client);
                let token = Browser::new(http, op.clone()).flow(false).await?.access_token;
                Self::same(introspection(op, client, &token)?, r#""active"\s*:\s*true"#)
            }
            Scenario::Userinfo => {
                let url = d.userinfo_endpoint.as_ref().context("the OP has no userinfo_endpoint")?;
                let token = Browser::new(http, op.clone()).flow(false).await?.access_token;
                let req = Req::get(url).header("authorization", format!("Bearer {token}"));
                Self::same(req, r#""sub""#)
            }
            Scenario::Fresh => Ok(Self::Fresh),
            Scenario::Code => Ok(Self::Code),
            Scenario::Login => Ok(Self::Login),
            Scenario::Refresh => Ok(Self::Refresh),
        }
    }
}

/// The client of client credentials grants.
fn cc_client(op: &Op) -> &ClientConf {
    op.profile.cc.as_ref().unwrap_or(&op.profile.client)
}

/// What asks about a token.
fn introspection(op: &Op, client: &ClientConf, token: &str) -> Result<Req> {
    let url = op.discovery.introspection_endpoint.as_ref().context("the OP has no introspection_endpoint")?;
    Ok(token_request(url, client, &[("token", token)]))
}

/// What is told of a token.
#[derive(Deserialize)]
struct Introspection {
    active: bool,
}

fn cc_request(op: &Op) -> Req {
    let client = cc_client(op);
    let mut fields = vec![("grant_type", "client_credentials")];
    fields.extend(op.profile.cc.iter().filter_map(|c| Some(("scope", c.scope.as_deref()?))));
    fields.extend(client.extra.iter().map(|(k, v)| (k.as_str(), v.as_str())));
    token_request(&op.discovery.token_endpoint, client, &fields)
}

pub enum Worker {
    Same { http: Client, req: Req, expect: Arc<Regex> },
    Fresh { http: Client, op: Arc<Op>, grant: Req },
    Code(Browser),
    Login(Browser),
    Refresh { browser: Browser, token: String },
}

impl Worker {
    /// Logs in where the scenario measures only what comes after.
    pub async fn start(plan: Plan, http: Client, op: Option<Arc<Op>>) -> Result<Self> {
        if let Plan::Same { req, expect } = plan {
            return Ok(Self::Same { http, req, expect });
        }
        let op = op.context("this scenario needs an OP")?;
        if let Plan::Fresh = plan {
            let grant = cc_request(&op);
            return Ok(Self::Fresh { http, op, grant });
        }
        let mut browser = Browser::new(http, op);
        Ok(match plan {
            Plan::Code => {
                browser.flow(false).await?;
                Self::Code(browser)
            }
            Plan::Refresh => {
                let token = browser.flow(true).await?.refresh_token;
                Self::Refresh { browser, token: token.context("no refresh_token came back")? }
            }
            _ => Self::Login(browser),
        })
    }

    pub async fn iterate(&mut self) -> Result<()> {
        match self {
            Self::Same { http, req, expect } => {
                let reply = http.send(req).await?;
                ensure!(reply.status.is_success(), "{}", reply.brief());
                ensure!(expect.is_match(&reply.body), "unexpected reply {}", reply.brief());
            }
            Self::Fresh { http, op, grant } => {
                let token = tokens(&http.send(grant).await?)?.access_token;
                let reply = http.send(&introspection(op, cc_client(op), &token)?).await?;
                let told: Introspection = serde_json::from_slice(&reply.body).context("introspection")?;
                ensure!(told.active, "unexpected reply {}", reply.brief());
            }
            Self::Code(browser) => {
                browser.flow(false).await?;
            }
            Self::Login(browser) => {
                browser.forget();
                browser.flow(false).await?;
            }
            Self::Refresh { browser, token } => {
                // An OP that does not rotate sends none; then the old one stays good.
                if let Some(next) = browser.refresh(token).await?.refresh_token {
                    *token = next;
                }
            }
        }
        Ok(())
    }

    pub fn connects(&self) -> u64 {
        match self {
            Self::Same { http, .. } | Self::Fresh { http, .. } => http.connects,
            Self::Code(b) | Self::Login(b) | Self::Refresh { browser: b, .. } => b.http.connects,
        }
    }
}

/// Runs one scenario once and says what came back: for setting up a profile.
pub async fn try_once(scenario: Scenario, op: &Arc<Op>, make: impl Fn() -> Client) -> Result<String> {
    let plan = Plan::prepare(scenario, op, make()).await?;
    if let Plan::Same { req, .. } = &plan {
        let reply = make().send(req).await?;
        return Ok(reply.brief());
    }
    let mut browser = Browser::new(make(), op.clone());
    let refresh = matches!(plan, Plan::Refresh);
    let mut got = browser.flow(refresh).await?;
    if let Plan::Code = plan {
        got = browser.flow(false).await?;
    }
    if refresh {
        let Some(token) = &got.refresh_token else { bail!("no refresh_token came back") };
        got = browser.refresh(token).await?;
    }
    Ok(format!(
        "access_token {}\nid_token {}\nrefresh_token {}",
        got.access_token,
        got.id_token.as_deref().unwrap_or("none"),
        got.refresh_token.as_deref().unwrap_or("none"),
    ))
}

/// The algorithm in the header of a token that is a JWT.
pub fn jwt_alg(token: &str) -> Option<String> {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let header = URL_SAFE_NO_PAD.decode(token.split('.').next()?).ok()?;
    let header: serde_json::Value = serde_json::from_slice(&header).ok()?;
    Some(header.get("alg")?.as_str()?.to_owned())
}

/// Signing algorithms seen in tokens of a first client credentials grant and code flow.
pub async fn token_algs(op: &Arc<Op>, make: impl Fn() -> Client) -> Result<serde_json::Value> {
    let name = |t: Option<&String>| t.map(|t| jwt_alg(t).unwrap_or_else(|| "opaque".to_owned()));
    let cc = tokens(&make().send(&cc_request(op)).await?).ok();
    let flow = Browser::new(make(), op.clone()).flow(false).await?;
    Ok(serde_json::json!({
        "cc_access_token": name(cc.as_ref().map(|t| &t.access_token)),
        "access_token": name(Some(&flow.access_token)),
        "id_token": name(flow.id_token.as_ref()),
    }))
}
