//! A resource server: an API that accepts access tokens of Signet.
//!
//! Tokens are JWTs (RFC 9068) and verified here, by the keys that the server publishes; the server is not asked.
//! Register a client that may call this API, start it, get a token, and call:
//!
//! ```sh
//! signet client add --id billing --grant client_credentials --scope "orders:read" --audience https://orders.example
//! cargo run --example resource_server -- http://localhost:8000 https://orders.example
//! curl -u billing:SECRET -d grant_type=client_credentials -d resource=https://orders.example \
//!     http://localhost:8000/token
//! curl -H "Authorization: Bearer TOKEN" http://127.0.0.1:4000/orders
//! ```
//!
//! A JWT that was verified without asking the server is valid until it expires, ten minutes at most by default, though
//! it may have been revoked. An API that cannot wait that long asks `/introspect` (RFC 7662) about each token.
#![allow(clippy::print_stdout, reason = "it prints where it listens")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, HeaderMap, WWW_AUTHENTICATE};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Mutex;

/// The algorithms that this API accepts. The list is the API's, never the token's (RFC 8725 §3.1). Signet signs access
/// tokens with ES256 unless `signet resource add --access-token-alg` says otherwise.
const ALGORITHMS: [Algorithm; 1] = [Algorithm::ES256];
/// The scope that reading orders takes.
const SCOPE: &str = "orders:read";
/// The clock skew that is tolerated, in seconds.
const LEEWAY: u64 = 5;
/// The shortest time between two fetches of the keys, so that made-up key ids cost the server nothing.
const PAUSE: Duration = Duration::from_secs(60);

struct Api {
    issuer: String,
    /// The name of this API, which tokens must have in `aud`: a token for another API is worth nothing here.
    resource: String,
    jwks_uri: String,
    http: reqwest::Client,
    keys: Mutex<Keys>,
}

struct Keys {
    set: JwkSet,
    fetched: Instant,
}

/// The claims of an access token that this API looks at (RFC 9068 §2.2). `iss`, `aud` and `exp` are checked while it is
/// decoded.
#[derive(Deserialize)]
struct Claims {
    sub: String,
    client_id: String,
    #[serde(default)]
    scope: String,
}

/// The reasons for which a request is refused (RFC 6750 §3.1).
enum Refusal {
    /// Nothing was presented.
    NoToken,
    /// The token is not valid here; the cause is for the log.
    InvalidToken(anyhow::Error),
    /// The token is valid, but it does not permit this.
    InsufficientScope,
}

#[tokio::main]
#[allow(dead_code, reason = "the test that includes this file calls `run`")]
async fn main() -> anyhow::Result<()> {
    // One TLS implementation for the process; reqwest is built without a default here.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut arguments = std::env::args().skip(1);
    let issuer = arguments.next().context("usage: resource_server ISSUER RESOURCE [ADDRESS]")?;
    let resource = arguments.next().context("usage: resource_server ISSUER RESOURCE [ADDRESS]")?;
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:4000".to_owned());
    run(TcpListener::bind(&address).await?, issuer, resource).await
}

/// Runs the API until it fails.
pub async fn run(listener: TcpListener, issuer: String, resource: String) -> anyhow::Result<()> {
    #[derive(Deserialize)]
    struct Metadata {
        issuer: String,
        jwks_uri: String,
    }
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build()?;
    // Step 1: The metadata says where the keys are. It must be the issuer's own (RFC 8414 §3.3).
    let address = format!("{issuer}/.well-known/oauth-authorization-server");
    let metadata: Metadata = http.get(address).send().await?.error_for_status()?.json().await?;
    ensure!(metadata.issuer == issuer, "the metadata is another issuer's: {}", metadata.issuer);
    let set = fetch(&http, &metadata.jwks_uri).await?;
    let keys = Mutex::new(Keys { set, fetched: Instant::now() });
    println!("listening on http://{}/orders", listener.local_addr()?);
    let api = Api { issuer, resource, jwks_uri: metadata.jwks_uri, http, keys };
    let router = Router::new().route("/orders", get(orders)).with_state(Arc::new(api));
    Ok(axum::serve(listener, router).await?)
}

async fn orders(State(api): State<Arc<Api>>, headers: HeaderMap) -> Response {
    match api.permit(&headers, SCOPE).await {
        Ok(claims) => Json(json!({ "orders": [], "sub": claims.sub, "client_id": claims.client_id })).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

impl Api {
    /// Verifies the token of a request, which needs this scope.
    async fn permit(&self, headers: &HeaderMap, scope: &str) -> Result<Claims, Refusal> {
        // Step 2: The header is the only place where a token is accepted: addresses end up in logs (RFC 6750 §2.3).
        let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or(Refusal::NoToken)?;
        let (scheme, token) = header.split_once(' ').ok_or(Refusal::NoToken)?;
        if !scheme.eq_ignore_ascii_case("Bearer") {
            return Err(Refusal::NoToken);
        }
        let claims = self.verify(token.trim()).await.map_err(Refusal::InvalidToken)?;
        // Step 4: Authentication is not authorization: the scope has to permit the operation.
        match claims.scope.split(' ').any(|granted| granted == scope) {
            true => Ok(claims),
            false => Err(Refusal::InsufficientScope),
        }
    }

    /// Step 3: The checks of RFC 9068 §4.
    async fn verify(&self, token: &str) -> anyhow::Result<Claims> {
        let header = jsonwebtoken::decode_header(token)?;
        // An ID token or a logout token of the same server is signed by the same keys; `typ` tells them apart.
        let typ = header.typ.as_deref().unwrap_or_default().to_ascii_lowercase();
        ensure!(["at+jwt", "application/at+jwt"].contains(&typ.as_str()), "typ is {typ:?}");
        ensure!(ALGORITHMS.contains(&header.alg), "alg is {:?}", header.alg);
        let key = self.key(&header.kid.context("no kid")?).await?;
        let mut validation = Validation::new(header.alg);
        validation.algorithms = ALGORITHMS.to_vec();
        validation.leeway = LEEWAY;
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.resource]);
        validation.set_required_spec_claims(&["iss", "aud", "exp", "sub"]);
        Ok(jsonwebtoken::decode::<Claims>(token, &key, &validation)?.claims)
    }

    /// The key with this id. The server announces keys before they sign, so that an unknown id is rare: the set is then
    /// fetched again, by one request at a time and at most once a minute.
    async fn key(&self, kid: &str) -> anyhow::Result<DecodingKey> {
        let mut keys = self.keys.lock().await;
        if keys.set.find(kid).is_none() && keys.fetched.elapsed() >= PAUSE {
            keys.fetched = Instant::now();
            keys.set = fetch(&self.http, &self.jwks_uri).await?;
        }
        let key = keys.set.find(kid).context("no key has this kid")?;
        Ok(DecodingKey::from_jwk(key)?)
    }
}

impl Refusal {
    /// The challenge says what is missing, and nothing about why a token is not valid.
    fn into_response(self) -> Response {
        let (status, challenge) = match self {
            Self::NoToken => (StatusCode::UNAUTHORIZED, "Bearer".to_owned()),
            Self::InvalidToken(cause) => {
                println!("refused: {cause:#}");
                (StatusCode::UNAUTHORIZED, "Bearer error=\"invalid_token\"".to_owned())
            }
            Self::InsufficientScope => {
                (StatusCode::FORBIDDEN, format!("Bearer error=\"insufficient_scope\", scope=\"{SCOPE}\""))
            }
        };
        (status, [(WWW_AUTHENTICATE, challenge)]).into_response()
    }
}

async fn fetch(http: &reqwest::Client, jwks_uri: &str) -> anyhow::Result<JwkSet> {
    Ok(http.get(jwks_uri).send().await?.error_for_status()?.json().await?)
}
