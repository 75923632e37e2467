//! A relying party: a web application whose users sign in with Signet.
//!
//! The authorization code flow with PKCE (OpenID Connect Core §3.1, RFC 7636), on axum and the crate `openidconnect`.
//! Register it with a running server, start it, and open the address that it prints:
//!
//! ```sh
//! signet client add --id my-app --redirect-uri http://127.0.0.1/callback --scope "openid profile email"
//! CLIENT_SECRET=... cargo run --example relying_party -- http://localhost:8000 my-app
//! ```
//!
//! For `--auth-method none` (a public client) leave `CLIENT_SECRET` unset. Sessions are in memory here; an application
//! with more than one process keeps them in a database or in a sealed cookie.
#![allow(clippy::print_stdout, reason = "it prints who signed in")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, ensure};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;
use futures_util::future::BoxFuture;
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims};
use openidconnect::{
    AsyncHttpClient, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, IssuerUrl, Nonce,
    OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, TokenResponse as _,
};
use tokio::net::TcpListener;

/// The registration of the application at the server.
pub struct Registration {
    /// The issuer: everything else is found in its discovery document.
    pub issuer: String,
    /// The `client_id`.
    pub client_id: String,
    /// The secret; a public client has none.
    pub client_secret: Option<String>,
}

struct Application {
    registration: Registration,
    metadata: CoreProviderMetadata,
    redirect_uri: RedirectUrl,
    http: Http,
    browsers: Mutex<HashMap<String, Browser>>,
}

/// The state of one browser, found by its cookie.
enum Browser {
    /// It was sent to the server with these values, which the response must match.
    SigningIn { state: CsrfToken, nonce: Nonce, verifier: PkceCodeVerifier },
    /// It came back and everything was verified.
    SignedIn { name: String },
}

#[tokio::main]
#[allow(dead_code, reason = "the test that includes this file calls `run`")]
async fn main() -> anyhow::Result<()> {
    // One TLS implementation for the process; reqwest is built without a default here.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut arguments = std::env::args().skip(1);
    let registration = Registration {
        issuer: arguments.next().context("usage: relying_party ISSUER CLIENT_ID [ADDRESS]")?,
        client_id: arguments.next().context("usage: relying_party ISSUER CLIENT_ID [ADDRESS]")?,
        client_secret: std::env::var("CLIENT_SECRET").ok(),
    };
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    run(TcpListener::bind(&address).await?, registration).await
}

/// Runs the application until it fails.
pub async fn run(listener: TcpListener, registration: Registration) -> anyhow::Result<()> {
    let url = format!("http://{}", listener.local_addr()?);
    // No redirects: an OAuth endpoint that redirects is not to be followed with a secret in the request.
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build()?;
    let http = Http(client);
    // Step 1: Discovery. The crate checks that the document is the issuer's own and reads its keys.
    let issuer = IssuerUrl::new(registration.issuer.clone())?;
    let metadata = CoreProviderMetadata::discover_async(issuer, &http).await.context("discovery failed")?;
    let redirect_uri = RedirectUrl::new(format!("{url}/callback"))?;
    let application = Application { registration, metadata, redirect_uri, http, browsers: Mutex::default() };
    let router = Router::new().route("/", get(home)).route("/login", get(login)).route("/callback", get(callback));
    println!("open {url}/");
    Ok(axum::serve(listener, router.with_state(Arc::new(application))).await?)
}

async fn home(State(application): State<Arc<Application>>, headers: HeaderMap) -> Html<String> {
    let browsers = application.browsers();
    Html(match session(&headers).and_then(|id| browsers.get(id)) {
        Some(Browser::SignedIn { name }) => format!("<p>Signed in as <b>{}</b></p>", escaped(name)),
        _ => "<p><a href=\"/login\">Sign in with Signet</a></p>".to_owned(),
    })
}

/// Step 2: The authorization request. `state`, `nonce` and the PKCE verifier are random, new for each request, and kept
/// for the browser that asked, so that a response counts in that browser alone.
async fn login(State(application): State<Arc<Application>>) -> Response {
    let id = application.client_id();
    let client = CoreClient::from_provider_metadata(application.metadata.clone(), id, application.secret())
        .set_redirect_uri(application.redirect_uri.clone());
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state, nonce) = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .add_scope(Scope::new("profile".to_owned()))
        .set_pkce_challenge(challenge)
        .url();
    application.redirect(Browser::SigningIn { state, nonce, verifier }, url.as_str())
}

/// Step 3: The response. The entry is removed first, so that a response is looked at once.
async fn callback(
    State(application): State<Arc<Application>>,
    Query(response): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let begun = session(&headers).and_then(|id| application.browsers().remove(id));
    match application.finish(begun, &response).await {
        Ok(claims) => {
            let name = claims.name().and_then(|name| name.get(None)).map(|name| name.to_string());
            // `sub` identifies the account; names and addresses change and are for display only.
            let subject = claims.subject().to_string();
            println!("signed in: {} (sub {subject})", name.as_deref().unwrap_or("no name"));
            // A new cookie: the one from before the sign-in may be known to an attacker (session fixation).
            application.redirect(Browser::SignedIn { name: name.unwrap_or(subject) }, "/")
        }
        Err(error) => {
            println!("not signed in: {error:#}");
            (StatusCode::BAD_REQUEST, Html("<p>You were not signed in. <a href=\"/\">Start again</a></p>"))
                .into_response()
        }
    }
}

impl Application {
    async fn finish(
        &self,
        begun: Option<Browser>,
        response: &HashMap<String, String>,
    ) -> anyhow::Result<CoreUserInfoClaims> {
        let Some(Browser::SigningIn { state, nonce, verifier }) = begun else {
            anyhow::bail!("this browser did not start a sign-in here");
        };
        let parameter = |name: &str| response.get(name).map(String::as_str);
        ensure!(parameter("state") == Some(state.secret()), "state is not the one that was sent");
        // RFC 9207: the response names its issuer, so that no other server can slip in one of its own.
        ensure!(parameter("iss") == Some(&self.registration.issuer), "the response is another issuer's");
        if let Some(error) = parameter("error") {
            anyhow::bail!("{error}: {}", parameter("error_description").unwrap_or_default());
        }
        let code = AuthorizationCode::new(parameter("code").context("no code")?.to_owned());

        // Step 4: The code is redeemed over a direct connection, with the verifier that proves who asked for it.
        let client = CoreClient::from_provider_metadata(self.metadata.clone(), self.client_id(), self.secret())
            .set_redirect_uri(self.redirect_uri.clone());
        let exchange = client.exchange_code(code)?.set_pkce_verifier(verifier);
        let tokens = exchange.request_async(&self.http).await.context("the code was refused")?;

        // Step 5: The ID token: signature, issuer, audience, expiry and nonce (OpenID Connect Core §3.1.3.7). The keys
        // are those of startup; a long-lived application discovers again when it meets an unknown `kid`.
        let id_token = tokens.id_token().context("no ID token")?;
        let claims = id_token.claims(&client.id_token_verifier(), &nonce).context("the ID token is not valid")?;

        // Step 6: The ID token identifies the person; the claims of the scopes are at the userinfo endpoint. Its answer
        // must be about the same subject (OpenID Connect Core §5.3.4).
        let request = client.user_info(tokens.access_token().clone(), Some(claims.subject().clone()))?;
        request.request_async(&self.http).await.context("userinfo failed")
    }

    /// Redirects a browser, with a new cookie for its new state.
    fn redirect(&self, browser: Browser, location: &str) -> Response {
        let id = CsrfToken::new_random_len(32).secret().clone();
        let cookie = format!("rp-session={id}; Path=/; HttpOnly; SameSite=Lax");
        self.browsers().insert(id, browser);
        let (Ok(location), Ok(cookie)) = (HeaderValue::from_str(location), HeaderValue::from_str(&cookie)) else {
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        };
        (StatusCode::SEE_OTHER, [(LOCATION, location), (SET_COOKIE, cookie)]).into_response()
    }

    fn browsers(&self) -> std::sync::MutexGuard<'_, HashMap<String, Browser>> {
        self.browsers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn client_id(&self) -> ClientId {
        ClientId::new(self.registration.client_id.clone())
    }

    fn secret(&self) -> Option<ClientSecret> {
        self.registration.client_secret.clone().map(ClientSecret::new)
    }
}

/// The id in this application's cookie.
fn session(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get(COOKIE)?.to_str().ok()?;
    cookies.split("; ").find_map(|cookie| cookie.strip_prefix("rp-session="))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The HTTP client as the crate calls it. With the crate's own feature `reqwest` these lines are not needed.
struct Http(reqwest::Client);

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = reqwest::Error;
    type Future = BoxFuture<'c, Result<HttpResponse, reqwest::Error>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let response = self.0.execute(request.try_into()?).await?;
            let status = response.status();
            let headers = response.headers().clone();
            let mut answer = HttpResponse::new(response.bytes().await?.to_vec());
            *answer.status_mut() = status;
            *answer.headers_mut() = headers;
            Ok(answer)
        })
    }
}
