//! The authorization code flow as a browser and a client would run it, with the
//! OP's own pages handled by the profile's steps.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hyper::Method;
use scraper::{Html, Selector};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

use crate::http::{Client, Reply, Req};
use crate::profile::{ClientAuth, ClientConf, Form, Profile, Send, Step};

/// Redirects and pages before a flow is given up.
const MAX_HOPS: usize = 20;

#[derive(Deserialize)]
pub struct Discovery {
    pub authorization_endpoint: Option<Url>,
    pub token_endpoint: Url,
    pub jwks_uri: Url,
    pub introspection_endpoint: Option<Url>,
    pub userinfo_endpoint: Option<Url>,
}

pub struct Op {
    pub profile: Profile,
    pub discovery_url: Url,
    pub discovery: Discovery,
}

#[derive(Deserialize)]
pub struct Tokens {
    pub access_token: String,
    pub refresh_token: Option<String>,
    pub id_token: Option<String>,
}

/// A browser with its own cookies, and the client it logs in to.
pub struct Browser {
    pub http: Client,
    op: Arc<Op>,
    logged_in: bool,
}

struct Page {
    url: Url,
    reply: Reply,
}

type Vars = HashMap<String, String>;

impl Browser {
    pub fn new(http: Client, op: Arc<Op>) -> Self {
        Self { http, op, logged_in: false }
    }

    /// Forgets the session, keeps the connection.
    pub fn forget(&mut self) {
        self.http.jar.clear();
        self.logged_in = false;
    }

    /// One whole flow: authorization request to token response.
    pub async fn flow(&mut self, for_refresh: bool) -> Result<Tokens> {
        let op = self.op.clone();
        let client = &op.profile.client;
        let (code, verifier) = self.authorize(for_refresh).await?;
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &client.redirect_uri),
            ("code_verifier", &verifier),
        ];
        let req = token_request(&op.discovery.token_endpoint, client, &fields);
        let tokens = tokens(&self.http.send(&req).await?)?;
        ensure!(tokens.id_token.is_some(), "no id_token came back");
        self.logged_in = true;
        Ok(tokens)
    }

    /// Exchanges a refresh token.
    pub async fn refresh(&mut self, refresh_token: &str) -> Result<Tokens> {
        let op = self.op.clone();
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        let req = token_request(&op.discovery.token_endpoint, &op.profile.client, &fields);
        tokens(&self.http.send(&req).await?)
    }

    async fn authorize(&mut self, for_refresh: bool) -> Result<(String, String)> {
        let op = self.op.clone();
        let client = &op.profile.client;
        let verifier = random_token(43);
        let mut vars: Vars = op.profile.vars.clone().into_iter().collect();
        let mut scope = client.scope.as_deref().unwrap_or("openid");
        let mut extra = client.extra.clone();
        if for_refresh {
            scope = op.profile.refresh.scope.as_deref().unwrap_or(scope);
            extra.extend(op.profile.refresh.extra.clone());
        }
        let params = [
            ("response_type", "code".to_owned()),
            ("client_id", client.id.clone()),
            ("redirect_uri", client.redirect_uri.clone()),
            ("scope", scope.to_owned()),
            ("state", random_token(22)),
            ("nonce", random_token(22)),
            ("code_challenge", URL_SAFE_NO_PAD.encode(Sha256::digest(&verifier))),
            ("code_challenge_method", "S256".to_owned()),
        ];
        let endpoint = &op.discovery.authorization_endpoint;
        let mut url = endpoint.clone().context("no authorization_endpoint")?;
        url.query_pairs_mut().extend_pairs(&params).extend_pairs(&extra);
        vars.extend(params.into_iter().map(|(k, v)| (k.to_owned(), v)));

        let mut page = self.get(url).await?;
        for _ in 0..MAX_HOPS {
            let next = if page.reply.status.is_redirection() {
                let location = page.reply.location().context("redirect without Location")?;
                page.url.join(location)?
            } else {
                match self.act(&op, &page, &mut vars).await? {
                    Next::Page(next) => {
                        page = next;
                        continue;
                    }
                    Next::Url(next) => next,
                }
            };
            if next.as_str().starts_with(&client.redirect_uri) {
                return Ok((code_from(&next, &vars["state"])?, verifier));
            }
            page = self.get(next).await?;
        }
        bail!("no redirect to the client after {MAX_HOPS} hops; stuck at {}", page.url)
    }

    async fn get(&mut self, url: Url) -> Result<Page> {
        let req = Req::get(&url).header("accept", "text/html,*/*");
        let reply = self.http.send(&req).await?;
        Ok(Page { url, reply })
    }

    /// Carries out the step that fits the page.
    async fn act(&mut self, op: &Op, page: &Page, vars: &mut Vars) -> Result<Next> {
        let text = page.reply.text();
        let fits = |s: &&Step| {
            s.when.url.as_ref().is_none_or(|p| p.0.is_match(page.url.as_str()))
                && s.when.body.as_ref().is_none_or(|p| p.0.is_match(&text))
                && s.when.fresh.is_none_or(|fresh| fresh != self.logged_in)
        };
        let step = op.profile.steps.iter().find(fits);
        let step = step.with_context(|| format!("no step for the page at {}: {}", page.url, page.reply.brief()))?;
        let in_step = || format!("step {}", step.name);
        for (name, pattern) in &step.capture {
            vars.insert(name.clone(), cut(&pattern.0, &text).with_context(in_step)?);
        }
        for (name, value) in page.url.query_pairs() {
            vars.insert(format!("query.{name}"), value.into_owned());
        }
        let mut last = None;
        if let Some(form) = &step.form {
            let (url, req) = submit(page, &text, form, vars).with_context(in_step)?;
            let reply = self.http.send(&req).await.with_context(in_step)?;
            last = Some(Page { url, reply });
        }
        for send in &step.send {
            last = Some(self.send(page, send, vars).await.with_context(in_step)?);
        }
        let then = step.then.as_deref().unwrap_or("reply");
        match (then, last) {
            ("reply", Some(last)) => {
                ensure!(last.reply.status.as_u16() < 400, "step {}: {}", step.name, last.reply.brief());
                Ok(Next::Page(last))
            }
            ("location", Some(last)) => {
                let location = last.reply.location();
                let location = location.with_context(|| format!("step {}: {}", step.name, last.reply.brief()))?;
                Ok(Next::Url(last.url.join(location)?))
            }
            ("reply" | "location", None) => bail!("step {} sends nothing", step.name),
            (url, _) => Ok(Next::Url(page.url.join(&fill(url, vars)?)?)),
        }
    }

    async fn send(&mut self, page: &Page, send: &Send, vars: &mut Vars) -> Result<Page> {
        let url = page.url.join(&fill(&send.url, vars)?)?;
        let mut req = match &send.form {
            Some(form) => {
                let fields = fill_map(form, vars)?;
                let pairs: Vec<_> = fields.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
                Req::form(&url, &pairs)
            }
            None => Req::get(&url),
        };
        req.method = Method::from_bytes(send.method.as_bytes())?;
        if let Some(json) = &send.json {
            req.body = serde_json::to_vec(&to_json(json, vars)?)?.into();
            req = req.header("content-type", "application/json");
        }
        for (name, value) in &send.headers {
            req = req.header(name, fill(value, vars)?);
        }
        let reply = self.http.send(&req).await?;
        ensure!(reply.status.as_u16() < 400, "{} {url}: {}", send.method, reply.brief());
        for (name, pattern) in &send.capture {
            vars.insert(name.clone(), cut(&pattern.0, &reply.text())?);
        }
        if let Some(name) = &send.solve_spow {
            let challenge = vars.get(name).with_context(|| format!("no variable {name}"))?;
            let solution = spow(challenge)?;
            vars.insert(name.clone(), solution);
        }
        Ok(Page { url, reply })
    }
}

enum Next {
    Page(Page),
    Url(Url),
}

/// A token request with the client's authentication.
pub fn token_request(endpoint: &Url, client: &ClientConf, fields: &[(&str, &str)]) -> Req {
    let secret = client.secret.as_deref().unwrap_or_default();
    let mut fields = fields.to_vec();
    match client.auth {
        ClientAuth::ClientSecretBasic => {
            let enc = |s: &str| url::form_urlencoded::byte_serialize(s.as_bytes()).collect::<String>();
            let pair = format!("{}:{}", enc(&client.id), enc(secret));
            let value = format!("Basic {}", STANDARD.encode(pair));
            return Req::form(endpoint, &fields).header("authorization", value);
        }
        ClientAuth::ClientSecretPost => {
            fields.push(("client_id", &client.id));
            fields.push(("client_secret", secret));
        }
        ClientAuth::None => fields.push(("client_id", &client.id)),
    }
    Req::form(endpoint, &fields)
}

pub fn tokens(reply: &Reply) -> Result<Tokens> {
    ensure!(reply.status.is_success(), "token endpoint: {}", reply.brief());
    serde_json::from_slice(&reply.body).context("token response")
}

fn code_from(url: &Url, state: &str) -> Result<String> {
    let params: HashMap<_, _> = url.query_pairs().collect();
    if let Some(error) = params.get("error") {
        bail!("authorization error {error}: {:?}", params.get("error_description"));
    }
    ensure!(params.get("state").is_some_and(|s| s == state), "state came back wrong");
    Ok(params.get("code").context("no code in the redirect")?.clone().into_owned())
}

/// Builds the submission of the page's form, hidden fields and all.
fn submit(page: &Page, text: &str, form: &Form, vars: &Vars) -> Result<(Url, Req)> {
    let html = Html::parse_document(text);
    let css = |s: &str| Selector::parse(s).map_err(|e| anyhow::anyhow!("selector {s}: {e}"));
    let found = html.select(&css(&form.select)?).next();
    let found = found.with_context(|| format!("no form {} in {}", form.select, page.reply.brief()))?;
    let set = fill_map(&form.set, vars)?;
    let mut fields: Vec<(String, String)> = vec![];
    for input in found.select(&css("input[name]")?) {
        let attr = |name| input.value().attr(name);
        let name = attr("name").unwrap_or_default();
        let unchecked = matches!(attr("type"), Some("checkbox" | "radio")) && attr("checked").is_none();
        let button = matches!(attr("type"), Some("submit" | "button" | "image" | "reset"));
        if !unchecked && !button && !set.contains_key(name) {
            fields.push((name.to_owned(), attr("value").unwrap_or_default().to_owned()));
        }
    }
    fields.extend(set);
    let pairs: Vec<_> = fields.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let action = found.value().attr("action").unwrap_or_default();
    let mut url = if action.is_empty() { page.url.clone() } else { page.url.join(action)? };
    let get = !found.value().attr("method").is_some_and(|m| m.eq_ignore_ascii_case("post"));
    if get {
        url.query_pairs_mut().clear().extend_pairs(&pairs);
        return Ok((url.clone(), Req::get(&url)));
    }
    Ok((url.clone(), Req::form(&url, &pairs)))
}

/// Replaces `{{name}}` by the variable.
fn fill(template: &str, vars: &Vars) -> Result<String> {
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, tail)) = rest.split_once("{{") {
        let (name, after) = tail.split_once("}}").context("unclosed {{ in the profile")?;
        out.push_str(before);
        out.push_str(vars.get(name).with_context(|| format!("no variable {name}"))?);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

fn fill_map(map: &BTreeMap<String, String>, vars: &Vars) -> Result<BTreeMap<String, String>> {
    map.iter().map(|(k, v)| Ok((k.clone(), fill(v, vars)?))).collect()
}

fn to_json(value: &toml::Value, vars: &Vars) -> Result<Value> {
    Ok(match value {
        toml::Value::String(s) => Value::String(fill(s, vars)?),
        toml::Value::Array(a) => a.iter().map(|v| to_json(v, vars)).collect::<Result<_>>()?,
        toml::Value::Table(t) => {
            let pairs = t.iter().map(|(k, v)| Ok((k.clone(), to_json(v, vars)?)));
            Value::Object(pairs.collect::<Result<_>>()?)
        }
        other => serde_json::to_value(other)?,
    })
}

fn cut(pattern: &regex::Regex, text: &str) -> Result<String> {
    let found = pattern.captures(text).and_then(|c| c.get(1));
    Ok(found.with_context(|| format!("{pattern} found nothing"))?.as_str().to_owned())
}

fn random_token(len: usize) -> String {
    std::iter::repeat_with(fastrand::alphanumeric).take(len).collect()
}

/// Solves a `spow` challenge (the hashcash that Rauthy's login page computes):
/// append the counter that gives SHA-256 the asked number of leading zero bits.
fn spow(challenge: &str) -> Result<String> {
    let bits = challenge.split(':').nth(1).and_then(|d| d.parse::<u32>().ok());
    let bits = bits.context("not a spow challenge")?;
    ensure!(bits <= 24, "proof of work of {bits} bits is too dear for a load test");
    let prefix = Sha256::new().chain_update(challenge);
    for counter in 0u64.. {
        let hash = prefix.clone().chain_update(counter.to_string()).finalize();
        let head = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
        if head.leading_zeros() >= bits {
            return Ok(format!("{challenge}{counter}"));
        }
    }
    bail!("no solution")
}

#[cfg(test)]
mod tests {
    use super::{Vars, fill, spow};

    #[test]
    fn fills_templates() {
        let vars: Vars = [("a".to_owned(), "1".to_owned())].into();
        assert_eq!(fill("x{{a}}y{{a}}", &vars).unwrap(), "x1y1");
        assert!(fill("{{b}}", &vars).is_err());
    }

    #[test]
    fn solves_spow() {
        let solved = spow("1:08:1702684559:salt:challenge:").unwrap();
        assert!(solved.starts_with("1:08:1702684559:salt:challenge:"));
    }
}
