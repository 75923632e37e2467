//! L4: a small relying party on the crate `openidconnect`, which `serve --demo` starts beside a server with an empty
//! database, with its own client and user. It shows a completed login and is not part of the server.

mod application;
mod pages;
mod relying_party;

use std::sync::Arc;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use tokio::net::TcpListener;

use crate::app::App;
use crate::flows::Context;
use crate::flows::admin::{Actor, Operator, Person, Registrar, SecretSource};
use crate::http::edge::serve::{ConnectionLimits, serve};
use signet_protocol::claims::standard::PersonClaims;
use signet_protocol::client::ClientMetadata;
use signet_protocol::ids::ClientId;
use signet_protocol::secret::{ClientSecret, Password};
use signet_store::events::audit::Origin;

/// Address of the application, if the port is free.
const ADDRESS: &str = "127.0.0.1:8090";
const CLIENT: &str = "demo";
const USER: &str = "demo";

pub struct Demo {
    /// URL of its first page.
    pub url: String,
    pub username: &'static str,
    pub password: String,
}

pub async fn start(app: &Arc<App>, stop: impl Future<Output = ()> + Send + 'static) -> anyhow::Result<Demo> {
    let listener = match TcpListener::bind(ADDRESS).await {
        Ok(listener) => listener,
        Err(_) => TcpListener::bind("127.0.0.1:0").await.context("the demo cannot listen")?,
    };
    let url = format!("http://{}", listener.local_addr()?);
    let context = Context {
        realm: app.realm.clone(),
        now: app.clock.now(),
        entropy: app.entropy.clone(),
        origin: Origin::default(),
    };
    let provider = &app.provider;
    let operator = Operator::new(&provider.store, &context, Actor::Command, provider.lifetimes.skew);
    let secret = register_client(app, &operator).await?;
    let password = register_user(app, &operator).await?;
    app.follow().await?;
    let setup = application::Setup {
        issuer: app.settings.issuer.clone(),
        url: url.clone(),
        client_id: CLIENT.to_owned(),
        client_secret: secret,
        username: USER.to_owned(),
        password: password.clone(),
        extra_ca: app.settings.outbound.extra_ca.clone(),
    };
    let router = application::router(setup)?;
    tokio::spawn(serve(listener, None, router, ConnectionLimits::default(), stop));
    Ok(Demo { url, username: USER, password })
}

/// Registers the client and returns its secret.
async fn register_client(app: &App, operator: &Operator<'_>) -> anyhow::Result<ClientSecret> {
    let metadata: ClientMetadata = serde_json::from_value(json!({
        "client_name": "Demo application",
        // RFC 8252 §7.3: the port of a loopback address may be any.
        "redirect_uris": ["http://127.0.0.1/callback"],
        "post_logout_redirect_uris": ["http://127.0.0.1/"],
        "grant_types": ["authorization_code", "refresh_token"],
        "scope": "openid profile email offline_access",
    }))?;
    let provider = &app.provider;
    let registrar = Registrar { operator, supported: provider.supported(&app.realm.id), keys: Some(&provider.keys) };
    let id = ClientId::from_stored(CLIENT.to_owned());
    let secret = registrar.add(id, metadata, SecretSource::Generated).await?;
    secret.context("the demo's client has no secret")
}

/// Adds the user and returns the password.
async fn register_user(app: &App, operator: &Operator<'_>) -> anyhow::Result<String> {
    let password = URL_SAFE_NO_PAD.encode(app.entropy.bytes::<9>()?);
    let claims = json!({ "name": "Demo Person", "given_name": "Demo", "family_name": "Person", "locale": "en" });
    let person = Person {
        username: USER.to_owned(),
        email: Some("demo@example.org".to_owned()),
        email_verified: true,
        password: Some(Password::new(password.clone())),
        claims: PersonClaims::from_json(&claims.to_string())?,
        attributes: serde_json::Map::new(),
        roles: Vec::new(),
    };
    operator.people().add(&app.provider.sign_ins.passwords, person).await?;
    Ok(password)
}
