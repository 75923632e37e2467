//! A relying party that knows the protocol and can violate every rule of it.

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

use super::{Browser, Page, TestServer};

/// The verifier of every request, and its challenge (RFC 7636 appendix B).
pub const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A client.
pub struct RelyingParty {
    pub id: String,
    pub secret: Option<String>,
    pub issuer: String,
    pub redirect_uri: String,
    pub auth_method: String,
    pub http: reqwest::Client,
}

/// An answer of an endpoint.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

/// The tokens of an answer.
#[derive(Clone, Debug)]
pub struct Tokens {
    pub access_token: String,
    pub refresh_token: Option<String>,
    pub id_token: Option<String>,
    pub json: Value,
}

/// An authorization response that has reached the client.
pub struct Authorized {
    pub page: Page,
    pub browser: Browser,
}

impl RelyingParty {
    pub fn new(server: &TestServer, id: &str, secret: Option<String>, changes: Value) -> Self {
        let first = |name: &str| changes[name][0].as_str().map(str::to_owned);
        Self {
            id: id.to_owned(),
            secret,
            issuer: server.issuer.clone(),
            redirect_uri: first("redirect_uris").unwrap_or_else(|| "https://rp.example/cb".to_owned()),
            auth_method: changes["token_endpoint_auth_method"].as_str().unwrap_or("client_secret_basic").to_owned(),
            http: server.http.clone(),
        }
    }

    /// The same client at another node.
    pub fn at(&self, node: &TestServer) -> Self {
        Self {
            id: self.id.clone(),
            secret: self.secret.clone(),
            issuer: node.issuer.clone(),
            redirect_uri: self.redirect_uri.clone(),
            auth_method: self.auth_method.clone(),
            http: self.http.clone(),
        }
    }

    /// The URL of an authorization request with these changes to the defaults; an empty parameter is omitted.
    pub fn authorization_url(&self, changes: &[(&str, &str)]) -> String {
        let mut params: Vec<(&str, &str)> = vec![
            ("response_type", "code"),
            ("client_id", &self.id),
            ("redirect_uri", &self.redirect_uri),
            ("scope", "openid profile email"),
            ("state", "the-state"),
            ("nonce", "the-nonce"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in changes {
            params.retain(|(held, _)| held != name);
            if !value.is_empty() {
                params.push((name, value));
            }
        }
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
        format!("{}/authorize?{query}", self.issuer)
    }

    /// Signs in as this user in a new browser, consents, and comes back.
    pub async fn authorize_as(&self, username: &str) -> Authorized {
        self.authorize_with(username, &[]).await
    }

    /// [`Self::authorize_as`] with these parameters.
    pub async fn authorize_with(&self, username: &str, changes: &[(&str, &str)]) -> Authorized {
        let browser = Browser::new(&self.issuer);
        let page = browser.authorize(&self.authorization_url(changes), username).await;
        Authorized { page, browser }
    }

    /// The tokens of a whole flow as this user, a refresh token among them.
    pub async fn sign_in(&self, username: &str) -> Tokens {
        let authorized = self.authorize_with(username, &[("scope", "openid profile email offline_access")]).await;
        self.redeem(&authorized.code()).await.tokens()
    }

    /// Redeems a code.
    pub async fn redeem(&self, code: &str) -> Reply {
        self.redeem_with(code, &[]).await
    }

    /// Redeems a code with these changes to the right parameters; an empty one is omitted.
    pub async fn redeem_with(&self, code: &str, changes: &[(&str, &str)]) -> Reply {
        let mut params = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.redirect_uri.as_str()),
            ("code_verifier", VERIFIER),
        ];
        for (name, value) in changes {
            params.retain(|(held, _)| held != name);
            if !value.is_empty() {
                params.push((name, value));
            }
        }
        self.post("/token", &params).await
    }

    pub async fn refresh(&self, token: &str) -> Reply {
        self.refresh_with(token, &[]).await
    }

    pub async fn refresh_with(&self, token: &str, more: &[(&str, &str)]) -> Reply {
        let mut params = vec![("grant_type", "refresh_token"), ("refresh_token", token)];
        params.extend_from_slice(more);
        self.post("/token", &params).await
    }

    pub async fn client_credentials(&self, more: &[(&str, &str)]) -> Reply {
        let mut params = vec![("grant_type", "client_credentials")];
        params.extend_from_slice(more);
        self.post("/token", &params).await
    }

    pub async fn introspect(&self, token: &str) -> Value {
        let reply = self.post("/introspect", &[("token", token)]).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()
    }

    /// True if introspection reports the token as active.
    pub async fn is_active(&self, token: &str) -> bool {
        self.introspect(token).await["active"] == true
    }

    pub async fn revoke(&self, token: &str) -> Reply {
        self.post("/revoke", &[("token", token)]).await
    }

    /// A POST of a form, authenticated as the client has registered.
    pub async fn post(&self, path: &str, params: &[(&str, &str)]) -> Reply {
        let request = self.http.post(format!("{}{path}", self.issuer));
        let mut params = params.to_vec();
        let secret = self.secret.as_deref().unwrap_or_default();
        let request = match self.auth_method.as_str() {
            "client_secret_basic" | "client_secret" => request.basic_auth(&self.id, Some(secret)),
            "client_secret_post" => {
                params.extend([("client_id", self.id.as_str()), ("client_secret", secret)]);
                request
            }
            _ => {
                params.push(("client_id", &self.id));
                request
            }
        };
        Reply::of(request.form(&params).send().await.unwrap()).await
    }
}

impl Authorized {
    pub fn code(&self) -> String {
        self.page.code()
    }
}

impl Reply {
    pub async fn of(response: reqwest::Response) -> Self {
        let status = response.status();
        let headers = response.headers().clone();
        Self { status, headers, body: response.text().await.unwrap() }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The tokens of a successful answer.
    #[track_caller]
    pub fn tokens(&self) -> Tokens {
        assert_eq!(self.status, 200, "{self:?}");
        let json = self.json();
        let text = |name: &str| json[name].as_str().map(str::to_owned);
        Tokens {
            access_token: text("access_token").expect("an access token"),
            refresh_token: text("refresh_token"),
            id_token: text("id_token"),
            json,
        }
    }

    /// Asserts a response with this status and OAuth error, in the form of RFC 6749 §5.2.
    #[track_caller]
    pub fn assert_error(&self, status: u16, error: &str) {
        assert_eq!((self.status.as_u16(), self.json()["error"].as_str()), (status, Some(error)), "{self:?}");
        assert_eq!(self.headers["cache-control"], "no-store", "{self:?}");
        assert!(self.headers["content-type"].to_str().unwrap().starts_with("application/json"), "{self:?}");
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl Tokens {
    pub fn refresh_token(&self) -> &str {
        self.refresh_token.as_deref().expect("a refresh token")
    }

    pub fn id_token(&self) -> &str {
        self.id_token.as_deref().expect("an ID token")
    }
}
