//! A run of a module: a server with open registration, a browser with an empty cookie jar, and clients that register
//! like the suite.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};
use signet_protocol::client::profile::Profile;

use super::checks::{self, IdTokenContext};
use super::{Channel, Variant};
use crate::authorize::form_post::posted_form;
use crate::client::registration;
use crate::support::keys::KeyPair;
use crate::support::{Browser, Page, Reply, TestServer, Tokens};

/// The suite's redirect URI.
pub const CALLBACK: &str = "https://suite.example/test/a/signet/callback";
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The key of all clients of the suite, since RSA keys take long to make.
static KEY: LazyLock<Arc<KeyPair>> = LazyLock::new(|| Arc::new(KeyPair::generate("RS256")));
static COUNT: AtomicU64 = AtomicU64::new(0);

/// 128 random characters.
pub fn unique() -> String {
    let digest = Sha512::digest(COUNT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A run of a module.
pub struct Run {
    pub variant: Variant,
    pub server: TestServer,
    pub browser: Browser,
    pub metadata: Value,
}

/// A registered client.
pub struct Client {
    pub id: String,
    pub redirect_uri: String,
    pub information: Value,
    pub key: Arc<KeyPair>,
    /// The `aud` of its assertions.
    pub audience: String,
}

/// An authorization request; parameters go out in their order.
#[derive(Clone, Debug)]
pub struct Request(Vec<(String, String)>);

/// A successful response.
#[derive(Debug)]
pub struct Response(BTreeMap<String, String>);

/// The result of a module: the checked tokens of both endpoints.
pub struct Outcome {
    pub response: Response,
    pub tokens: Option<Tokens>,
    /// The claims of the ID token, that of the token endpoint if both issued one.
    pub claims: Value,
}

impl Run {
    pub async fn start(variant: Variant) -> Self {
        let server = registration::open_with(|settings| {
            settings.registration.profile = Profile::OidcClassic;
            settings.outbound.allow_hosts = vec!["127.0.0.1".to_owned()];
            settings.sessions.management = true;
        });
        Self::on(server.await, variant).await
    }

    /// Starts a run on this server with the checks of its documents.
    pub async fn on(server: TestServer, variant: Variant) -> Self {
        let reply = Reply::of(server.get("/.well-known/openid-configuration").await).await;
        let run = Self { variant, browser: server.browser(), metadata: reply.json(), server };
        run.key_set().await;
        let methods = run.metadata["token_endpoint_auth_methods_supported"].as_array().unwrap();
        assert!(methods.contains(&Value::from(variant.auth_method)), "{methods:?}");
        run
    }

    /// The published keys, checked.
    pub async fn key_set(&self) -> Vec<Value> {
        checks::key_set(&self.server, self.metadata["jwks_uri"].as_str().unwrap()).await
    }

    /// The suite's registration request.
    pub fn registration(&self) -> Value {
        json!({
            "client_name": "Suite", "grant_types": self.variant.grant_types(), "jwks": {"keys": [KEY.jwk]},
            "token_endpoint_auth_method": self.variant.auth_method, "response_types": [self.variant.response_type],
            "redirect_uris": [CALLBACK], "contacts": ["certification@suite.example"],
        })
    }

    /// The response to a registration with these changes to the usual members; null removes one.
    pub async fn try_register(&self, changes: Value) -> Reply {
        let mut body = self.registration();
        for (name, value) in changes.as_object().unwrap() {
            body[name] = value.clone();
        }
        body.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        registration::send(&self.server, None, &body).await
    }

    pub async fn register(&self) -> Client {
        self.register_with(json!({})).await
    }

    /// A client registered with these changes to the usual members (RFC 7591 §3.2.1).
    pub async fn register_with(&self, changes: Value) -> Client {
        let reply = self.try_register(changes).await;
        assert_eq!(reply.header("content-type"), Some("application/json"), "{reply:?}");
        let information = registration::information(&reply);
        let has = |name: &str| information.get(name).is_some();
        assert!(!has("client_secret") || has("client_secret_expires_at"), "{information}");
        assert!(has("registration_client_uri") == has("registration_access_token"), "{information}");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Client {
            id: text(&information["client_id"]),
            redirect_uri: text(&information["redirect_uris"][0]),
            key: KEY.clone(),
            audience: text(&self.metadata["token_endpoint"]),
            information,
        }
    }

    /// Removes the client, as the suite does at the end of each module (RFC 7592 §2.3).
    pub async fn unregister(&self, client: Client) {
        let request = self.server.http.delete(client.information["registration_client_uri"].as_str().unwrap());
        let token = client.information["registration_access_token"].as_str().unwrap();
        assert_eq!(request.bearer_auth(token).send().await.unwrap().status(), 204);
    }

    /// The authorization request of a client.
    pub fn request(&self, client: &Client) -> Request {
        let request = Request(Vec::new())
            .with("client_id", &client.id)
            .with("redirect_uri", &client.redirect_uri)
            .with("scope", "openid")
            .with("state", &unique())
            .with("nonce", &unique())
            .with("response_type", self.variant.response_type);
        if self.variant.form_post { request.with("response_mode", "form_post") } else { request }
    }

    /// The address of a request.
    pub fn url(&self, request: &Request) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&request.0).finish();
        format!("{}?{query}", self.metadata["authorization_endpoint"].as_str().unwrap())
    }

    /// Completes all pages until the browser is back at the client.
    pub async fn complete(&self, mut page: Page) -> Page {
        page = self.browser.follow(page).await;
        for _ in 0..4 {
            page = match page {
                page if page.has("id=\"login-submit\"") => self.browser.sign_in(&page, "alice").await,
                page if page.has("id=\"consent-allow\"") => self.browser.allow(&page).await,
                page => return page,
            };
        }
        page
    }

    /// Signs in and consents where asked to, and comes back.
    pub async fn authorize(&self, request: &Request) -> Response {
        let page = self.browser.get(&self.url(request)).await;
        self.response(request, &self.complete(page).await)
    }

    /// Sends a request that must be answered without a page.
    pub async fn authorize_silently(&self, request: &Request) -> Response {
        self.response(request, &self.browser.get(&self.url(request)).await)
    }

    /// The sign-in page, which must appear.
    pub async fn login_page(&self, request: &Request) -> Page {
        let page = self.browser.visit(&self.url(request)).await;
        assert_eq!(page.status, 200, "{page:?}");
        assert!(page.has("<title>Sign in</title>") && page.has("id=\"login-submit\""), "{page:?}");
        page
    }

    /// The error that the client receives for a request.
    pub async fn refused(&self, request: &Request) -> String {
        let page = self.browser.get(&self.url(request)).await;
        self.error(request, self.variant.channel(), &page)
    }

    /// The error in a response through this channel.
    #[track_caller]
    pub fn error(&self, request: &Request, channel: Channel, page: &Page) -> String {
        let response = delivered(page, channel, request.get("redirect_uri").unwrap());
        checks::error_response(&self.server.issuer, request.get("state"), &response)
    }

    /// The response, with exactly the parameters of its response type (OAuth 2.0 Multiple Response Types §5).
    #[track_caller]
    pub fn response(&self, request: &Request, page: &Page) -> Response {
        let response = delivered(page, self.variant.channel(), request.get("redirect_uri").unwrap());
        let value = |name: &str| response.get(name).map(String::as_str);
        assert_eq!(value("state"), request.get("state"), "{response:?}");
        assert_eq!(value("iss"), Some(self.server.issuer.as_str()), "{response:?}");
        for (name, expected) in [
            ("error", false),
            ("code", self.variant.has_code()),
            ("id_token", self.variant.has_id_token()),
            ("access_token", self.variant.has_token()),
            ("token_type", self.variant.has_token()),
            ("expires_in", self.variant.has_token()),
        ] {
            assert_eq!(value(name).is_some(), expected, "{name}: {response:?}");
        }
        value("code").into_iter().chain(value("access_token")).for_each(checks::is_unguessable);
        assert!(value("token_type").is_none_or(|kind| kind == "Bearer"), "{response:?}");
        value("expires_in").into_iter().for_each(|seconds| checks::lifetime(seconds.parse().unwrap()));
        Response(response)
    }

    /// The whole flow: the response, the tokens for its code, and the checks of both.
    pub async fn flow(&self, client: &Client, request: &Request) -> Outcome {
        let response = self.authorize(request).await;
        self.finish(client, request, response).await
    }

    /// Completes the flow after a response.
    pub async fn finish(&self, client: &Client, request: &Request, response: Response) -> Outcome {
        self.finish_with(client, request, response, &[]).await
    }

    /// [`Self::finish`] with more parameters in the token request.
    pub async fn finish_with(
        &self,
        client: &Client,
        request: &Request,
        response: Response,
        more: &[(&str, &str)],
    ) -> Outcome {
        let nonce = request.get("nonce");
        let mut claims = Value::Null;
        if let Some(token) = response.get("id_token") {
            let access_token = response.get("access_token");
            let code = response.get("code");
            let holds_claims = self.variant.response_type == "id_token";
            let context = IdTokenContext { nonce, access_token, code, holds_claims };
            claims = checks::id_token(self, client, token, context).await;
        }
        let mut tokens = None;
        if let Some(code) = response.get("code") {
            let got = checks::token_response(&self.redeem(client, code, more).await);
            let context = IdTokenContext { nonce, access_token: Some(&got.access_token), ..Default::default() };
            let second = checks::id_token(self, client, got.id_token(), context).await;
            for name in ["iss", "sub"] {
                assert!(claims.is_null() || claims[name] == second[name], "{name}: {claims} {second}");
            }
            (claims, tokens) = (second, Some(got));
        }
        Outcome { response, tokens, claims }
    }

    /// Redeems a code.
    pub async fn redeem(&self, client: &Client, code: &str, more: &[(&str, &str)]) -> Reply {
        let mut params =
            vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", client.redirect_uri.as_str())];
        params.extend_from_slice(more);
        self.token_request(client, &params).await
    }

    /// A token request, authenticated as the client has registered.
    pub async fn token_request(&self, client: &Client, params: &[(&str, &str)]) -> Reply {
        let request = self.server.http.post(self.metadata["token_endpoint"].as_str().unwrap());
        let mut params = params.to_vec();
        let secret = client.information["client_secret"].as_str();
        let assertion;
        let request = match client.information["token_endpoint_auth_method"].as_str().unwrap() {
            "client_secret_basic" => request.basic_auth(&client.id, secret),
            "client_secret_post" => {
                params.extend([("client_id", client.id.as_str()), ("client_secret", secret.unwrap())]);
                request
            }
            "private_key_jwt" => {
                assertion = self.assertion(client);
                params.extend([("client_assertion_type", ASSERTION), ("client_assertion", assertion.as_str())]);
                request
            }
            other => panic!("{other} is no method of the suite"),
        };
        Reply::of(request.form(&params).send().await.unwrap()).await
    }

    fn assertion(&self, client: &Client) -> String {
        let now = self.server.clock.now().as_secs();
        let claims = json!({
            "iss": client.id, "sub": client.id, "aud": client.audience, "jti": unique(), "iat": now, "exp": now + 60,
        });
        client.key.sign(&json!({}), &claims)
    }

    /// The claims that userinfo answers with, as JSON.
    pub async fn userinfo(&self, token: &str) -> Value {
        let reply = Reply::of(self.server.userinfo(token).await).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert!(reply.header("content-type").unwrap().starts_with("application/json"), "{reply:?}");
        checks::well_formed(&reply.json());
        reply.json()
    }
}

/// The parameters that have reached this URI: each once, and the registered URI unchanged before them.
#[track_caller]
fn delivered(page: &Page, channel: Channel, uri: &str) -> BTreeMap<String, String> {
    let pairs: Vec<(String, String)> = match channel {
        Channel::FormPost => posted_form(page, uri).hidden,
        Channel::Query | Channel::Fragment => {
            let location = page.location().unwrap_or_else(|| panic!("no redirect: {page:?}"));
            let rest = location.strip_prefix(uri).unwrap_or_else(|| panic!("{location} is not at {uri}"));
            let separator = match channel {
                Channel::Fragment => '#',
                _ if uri.contains('?') => '&',
                _ => '?',
            };
            let text = rest.strip_prefix(separator).unwrap_or_else(|| panic!("{rest} is not after {separator}"));
            assert!(!text.contains('#'), "{location}");
            url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
        }
    };
    let count = pairs.len();
    let all: BTreeMap<String, String> = pairs.into_iter().collect();
    assert_eq!(all.len(), count, "no parameter is repeated: {all:?}");
    all
}

impl Request {
    /// Sets or replaces a parameter.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.0.retain(|(held, _)| held != name);
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.0.retain(|(held, _)| held != name);
        self
    }

    /// With the parameters the other way round.
    pub fn reversed(mut self) -> Self {
        self.0.reverse();
        self
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(held, _)| held == name).map(|(_, value)| value.as_str())
    }

    pub fn pairs(&self) -> Vec<(&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}

impl Response {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl Outcome {
    /// The access token, from the token endpoint where there is one.
    pub fn access_token(&self) -> &str {
        let own = self.tokens.as_ref().map(|tokens| tokens.access_token.as_str());
        own.or(self.response.get("access_token")).expect("an access token")
    }

    pub fn id_token(&self) -> &str {
        let own = self.tokens.as_ref().map(Tokens::id_token);
        own.or(self.response.get("id_token")).expect("an ID token")
    }

    pub fn auth_time(&self) -> i64 {
        self.claims["auth_time"].as_i64().expect("an auth_time")
    }
}
