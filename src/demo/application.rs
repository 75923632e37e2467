//! The demo's web application: starts a login, handles the response, shows the tokens, refreshes them, signs out.

use std::path::PathBuf;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use moka::sync::Cache;
use openidconnect::{Nonce, PkceCodeVerifier};

use super::pages::{Failure, Home, Legal, Link, Page, SignedIn};
use super::relying_party::{Login, Registration, RelyingParty};
use crate::branding::STYLE;
use signet_crypto::entropy::Entropy;
use signet_protocol::language::Language;
use signet_protocol::params::Params;
use signet_protocol::secret::ClientSecret;

/// Name of the application's cookie.
const COOKIE: &str = "demo";

/// Configuration of the application.
pub struct Setup {
    pub issuer: String,
    /// Base URL of the application.
    pub url: String,
    pub client_id: String,
    pub client_secret: ClientSecret,
    pub username: String,
    pub password: String,
    /// An additional certificate authority, for a server with a self-signed certificate.
    pub extra_ca: Option<PathBuf>,
}

struct Application {
    setup: Setup,
    party: RelyingParty,
    entropy: Entropy,
    visitors: Cache<String, Arc<Visitor>>,
}

/// State of a browser.
enum Visitor {
    Waiting { state: String, verifier: String, nonce: Nonce },
    SignedIn(Box<Login>),
}

pub fn router(setup: Setup) -> anyhow::Result<Router> {
    let registration = Registration {
        issuer: setup.issuer.clone(),
        client_id: setup.client_id.clone(),
        client_secret: setup.client_secret.expose().to_owned(),
        redirect_uri: format!("{}/callback", setup.url),
    };
    let party = RelyingParty::new(registration, setup.extra_ca.as_deref())?;
    let visitors = Cache::new(1000);
    let application = Application { setup, party, entropy: Entropy::default(), visitors };
    Ok(Router::new()
        .route("/", get(home))
        .route("/start", get(start))
        .route("/callback", get(callback))
        .route("/refresh", post(refresh))
        .route("/logout", post(logout))
        .route("/demo.css", get(style))
        .with_state(Arc::new(application)))
}

async fn home(State(application): State<Arc<Application>>, headers: HeaderMap) -> Response {
    if let Some(Visitor::SignedIn(login)) = application.visitor(&headers).as_deref() {
        return signed_in(&application, login, view(&headers), None);
    }
    let setup = &application.setup;
    page(&Home {
        page: view(&headers),
        issuer: setup.issuer.clone(),
        username: setup.username.clone(),
        password: setup.password.clone(),
        start: "/start".to_owned(),
    })
}

async fn start(State(application): State<Arc<Application>>, headers: HeaderMap) -> Response {
    match application.begin().await {
        Ok((visitor, location)) => {
            let cookie = format!("{COOKIE}={visitor}; Path=/; HttpOnly; SameSite=Lax");
            (StatusCode::SEE_OTHER, [(header::LOCATION, location), (header::SET_COOKIE, cookie)]).into_response()
        }
        Err(error) => failure(view(&headers), "demo-not-started", &error),
    }
}

async fn callback(
    State(application): State<Arc<Application>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    match application.complete(&query.unwrap_or_default(), &headers).await {
        Ok(()) => (StatusCode::SEE_OTHER, [(header::LOCATION, "/")]).into_response(),
        Err(error) => failure(view(&headers), "demo-not-signed-in", &error),
    }
}

async fn refresh(State(application): State<Arc<Application>>, headers: HeaderMap) -> Response {
    match application.renew(&headers).await {
        Ok(login) => signed_in(&application, &login, view(&headers), Some("demo-refreshed")),
        Err(error) => failure(view(&headers), "demo-not-refreshed", &error),
    }
}

async fn logout(State(application): State<Arc<Application>>, headers: HeaderMap) -> Response {
    let visitor = application.visitor(&headers);
    let Some(Visitor::SignedIn(login)) = visitor.as_deref() else {
        return (StatusCode::SEE_OTHER, [(header::LOCATION, "/")]).into_response();
    };
    let location = application.party.logout_url(&login.id_token, &format!("{}/", application.setup.url));
    if let Some(key) = cookie(&headers) {
        application.visitors.invalidate(key);
    }
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

async fn style() -> Response {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE).into_response()
}

impl Application {
    fn visitor(&self, headers: &HeaderMap) -> Option<Arc<Visitor>> {
        self.visitors.get(cookie(headers)?)
    }

    async fn begin(&self) -> anyhow::Result<(String, String)> {
        let started = self.party.start().await?;
        let key = URL_SAFE_NO_PAD.encode(self.entropy.bytes::<24>()?);
        let verifier = started.verifier.into_secret();
        let waiting = Visitor::Waiting { state: started.state, verifier, nonce: started.nonce };
        self.visitors.insert(key.clone(), Arc::new(waiting));
        Ok((key, started.url))
    }

    async fn complete(&self, query: &str, headers: &HeaderMap) -> anyhow::Result<()> {
        use anyhow::{Context as _, bail, ensure};
        let params = Params::parse(query.as_bytes())?;
        let key = cookie(headers).context("this browser has not started a login here")?;
        let visitor = self.visitors.get(key).context("this browser has not started a login here")?;
        let Visitor::Waiting { state, verifier, nonce } = &*visitor else {
            bail!("this login is already complete");
        };
        ensure!(params.get("state") == Some(state), "the response does not belong to this browser's request");
        ensure!(params.get("iss") == Some(self.setup.issuer.as_str()), "the response is from another server");
        if let Some(error) = params.get("error") {
            bail!("the server answered {error}: {}", params.get("error_description").unwrap_or_default());
        }
        let code = params.get("code").context("the response has no code")?.to_owned();
        let verifier = PkceCodeVerifier::new(verifier.clone());
        let login = self.party.finish(code, verifier, nonce).await?;
        self.visitors.insert(key.to_owned(), Arc::new(Visitor::SignedIn(Box::new(login))));
        Ok(())
    }

    async fn renew(&self, headers: &HeaderMap) -> anyhow::Result<Arc<Login>> {
        use anyhow::{Context as _, bail};
        let key = cookie(headers).context("this browser is not signed in")?;
        let visitor = self.visitors.get(key).context("this browser is not signed in")?;
        let Visitor::SignedIn(login) = &*visitor else { bail!("this browser is not signed in") };
        let token = login.refresh_token.as_deref().context("there is no refresh token")?;
        let renewed = self.party.refresh(token).await?;
        let shared = Arc::new(Login {
            claims: renewed.claims.clone(),
            id_token: renewed.id_token.clone(),
            access_token: renewed.access_token.clone(),
            refresh_token: renewed.refresh_token.clone(),
            userinfo: renewed.userinfo.clone(),
        });
        self.visitors.insert(key.to_owned(), Arc::new(Visitor::SignedIn(Box::new(renewed))));
        Ok(shared)
    }
}

/// The values that every page needs, in the language of the browser.
fn view(headers: &HeaderMap) -> Page {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|field| field.to_str().ok());
    Page {
        css: "/demo.css".to_owned(),
        language: accepted.and_then(Language::of_accepted).unwrap_or_default(),
        language_url: None,
        brand: "Signet".to_owned(),
        logo: None,
        legal: Legal::default(),
        development: true,
    }
}

fn signed_in(application: &Application, login: &Login, view: Page, message: Option<&'static str>) -> Response {
    let claims = &login.claims;
    let name = login.userinfo.name().and_then(|name| name.get(None)).map(|name| name.to_string());
    let subject = claims.subject().to_string();
    let fact = |label: &str, value: String| (view.text(label), value);
    let issuer = &application.setup.issuer;
    let facts = vec![
        fact("home-issuer", claims.issuer().to_string()),
        fact("demo-signature", view.text("demo-signature-valid")),
        fact("demo-checks", view.text("demo-valid")),
        fact("demo-valid-until", claims.expiration().to_rfc3339()),
        fact("demo-refresh-token", view.text(if login.refresh_token.is_some() { "demo-yes" } else { "demo-no" })),
    ];
    let link = |href: String, label: &str| Link { href, label: view.text(label) };
    let next = vec![
        link(format!("{issuer}/.well-known/openid-configuration"), "demo-discovery"),
        link(format!("{issuer}/"), "demo-start-page"),
    ];
    page(&SignedIn {
        name: name.unwrap_or_else(|| subject.clone()),
        subject,
        facts,
        id_token: pretty(claims),
        userinfo: pretty(&login.userinfo),
        access_token: decoded(&login.access_token),
        refresh_action: "/refresh".to_owned(),
        logout_action: "/logout".to_owned(),
        message,
        next,
        page: view,
    })
}

fn pretty(value: &impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    serde_json::to_string_pretty(&value).unwrap_or_default()
}

/// Decodes the claims of a JWT for display, without verification.
fn decoded(token: &str) -> String {
    let payload = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let claims = payload.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    claims.map(|claims| pretty(&claims)).unwrap_or_default()
}

fn failure(page_view: Page, message: &'static str, error: &anyhow::Error) -> Response {
    let detail = error.chain().map(ToString::to_string).collect::<Vec<_>>().join(": ");
    let template = Failure { page: page_view, message, detail, start: "/start".to_owned() };
    (StatusCode::BAD_REQUEST, page(&template)).into_response()
}

fn page(template: &impl Template) -> Response {
    let Ok(html) = template.render() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let mut response = Html(html).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"),
    );
    response
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}
