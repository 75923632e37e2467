//! `signet client`

mod registration;

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::desk::Desk;
use super::output::{note, read_secret, say, say_json};
use super::revoking::Order;
use crate::app;
use crate::config::Settings;
use crate::flows::administer::{self, Registrar, SecretSource};
use crate::keys::KeyPolicy;
use crate::protocol::client::{self, AUTHORIZATION_CODE, ClientMetadata, ResponseSigning, Supported};
use crate::protocol::ids::ClientId;
use crate::protocol::profile::Profile;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::response_type::{IMPLICIT, ResponseType};
use crate::protocol::scope::Scope;
use crate::protocol::secret::ClientSecret;
use crate::store::clients::{self, Standing};

/// Commands about clients.
#[derive(Subcommand)]
pub enum Client {
    /// Register a client; a secret that is made is printed once
    Add(Box<Add>),
    /// List the clients
    List {
        /// Answer as JSON
        #[arg(long)]
        json: bool,
    },
    /// Give a client a new secret; the old one works for a day longer
    RotateSecret(RotateSecret),
    /// Disable a client: nothing is issued to it, and what it holds is void
    Disable(Named),
    /// Enable a client again; what was void stays void
    Enable(Named),
    /// Void all that was issued to a client, which may go on
    SignOut(SignOut),
    /// Remove a client with its tokens, consents and logo, for good
    Remove(Named),
    /// Give a client a logo, shown on the sign-in and consent pages
    Logo(registration::Logo),
    /// Make a token with which clients can register themselves
    InitialToken(registration::InitialToken),
}

/// What is registered.
#[derive(Args)]
pub struct Add {
    /// The client_id
    #[arg(long)]
    id: String,
    /// The name that people see; the id without it
    #[arg(long)]
    name: Option<String>,
    /// Where authorization responses may go (repeatable)
    #[arg(long, value_name = "URI")]
    redirect_uri: Vec<String>,
    /// Where browsers may go after logout (repeatable)
    #[arg(long, value_name = "URI")]
    post_logout_redirect_uri: Vec<String>,
    /// A grant type (repeatable); authorization_code without it
    #[arg(long)]
    grant: Vec<String>,
    /// A response type (repeatable); code without it. Others need --profile oidc_classic
    #[arg(long, value_name = "TYPE")]
    response_type: Vec<String>,
    /// Every scope that the client may ask for, separated by spaces
    #[arg(long)]
    scope: Option<String>,
    /// How the client authenticates: client_secret_basic, client_secret_post, client_secret_jwt, private_key_jwt or none
    #[arg(long, default_value = "client_secret_basic")]
    auth_method: String,
    /// Read the secret from standard input in place of making one
    #[arg(long)]
    secret_stdin: bool,
    /// The security profile: oauth21 or oidc_classic
    #[arg(long, default_value = "oauth21")]
    profile: String,
    /// A file with the client's JWK set
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
    /// The algorithm of ID tokens, one that the server signs with (keys.algorithms)
    #[arg(long, default_value = "RS256", value_name = "ALG")]
    id_token_alg: String,
    /// The client is first-party: people are not asked for consent
    #[arg(long)]
    skip_consent: bool,
    /// An origin whose scripts may call the token and userinfo endpoints (repeatable)
    #[arg(long, value_name = "ORIGIN")]
    cors_origin: Vec<String>,
    /// A resource that the client may ask tokens for (repeatable)
    #[arg(long, value_name = "URI")]
    audience: Vec<String>,
    /// A file with the client's metadata as JSON (RFC 7591), in place of the options above
    #[arg(long, value_name = "FILE", conflicts_with_all = ["name", "redirect_uri", "post_logout_redirect_uri", "grant",
        "response_type", "scope", "jwks", "skip_consent", "cors_origin", "audience"])]
    metadata: Option<PathBuf>,
    /// Answer as JSON
    #[arg(long)]
    json: bool,
}

/// Whose secret is replaced.
#[derive(Args)]
pub struct RotateSecret {
    /// The client_id
    #[arg(long)]
    id: String,
    /// Read the secret from standard input in place of making one
    #[arg(long)]
    secret_stdin: bool,
    /// Answer as JSON
    #[arg(long)]
    json: bool,
}

/// Which client.
#[derive(Args)]
pub struct Named {
    /// The client_id
    #[arg(long)]
    id: String,
}

/// Which client is signed out.
#[derive(Args)]
pub struct SignOut {
    /// The client_id
    #[arg(long)]
    id: String,
    #[command(flatten)]
    order: Order,
}

impl SignOut {
    async fn run(self, desk: &Desk, settings: &Settings) -> anyhow::Result<()> {
        let id = parse_id(&self.id)?;
        let ended = administer::sign_out_client(&self.order.revoker(desk, settings), &id).await?;
        self.order.answer(ended, &format!("All that was issued to the client {} is void.", self.id))
    }
}

impl Client {
    /// Runs the command.
    ///
    /// # Errors
    /// Where something is refused, or the database fails.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let desk = Desk::open(settings).await?;
        let done = match self {
            Self::Add(add) => add.run(&desk, settings).await,
            Self::List { json } => list(&desk, json).await,
            Self::RotateSecret(rotate) => rotate.run(&desk, settings).await,
            Self::Disable(named) => named.set(&desk, settings, Standing::Disabled).await,
            Self::Enable(named) => named.set(&desk, settings, Standing::Enabled).await,
            Self::SignOut(sign_out) => sign_out.run(&desk, settings).await,
            Self::Remove(named) => named.remove(&desk, settings).await,
            Self::Logo(logo) => logo.run(&desk).await,
            Self::InitialToken(token) => token.run(&desk, settings).await,
        };
        desk.close().await;
        done
    }
}

impl Add {
    async fn run(self, desk: &Desk, settings: &Settings) -> anyhow::Result<()> {
        let id = parse_id(&self.id)?;
        let metadata = self.metadata()?;
        let source = source(self.secret_stdin)?;
        let policy = app::key_policy(settings);
        let supported = supported(&policy);
        if let Some(warning) = metadata.profile.rules().warning {
            note(&format!("signet: warning: {warning}"));
        }
        let keys = match metadata.needs_recoverable_secret() {
            true => Some(desk.keyring(settings).await?),
            false => None,
        };
        let registrar = Registrar { store: &desk.store, context: &desk.context, supported, keys: keys.as_ref() };
        let made = administer::add_client(&registrar, id, metadata, source).await?;
        answer_with_secret(&self.id, made, self.json, "Registered the client")
    }

    fn metadata(&self) -> anyhow::Result<ClientMetadata> {
        if let Some(file) = &self.metadata {
            let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
            return serde_json::from_str(&text).with_context(|| file.display().to_string());
        }
        let default = ClientMetadata::default();
        Ok(ClientMetadata {
            client_name: self.name.clone().unwrap_or_default(),
            redirect_uris: redirect_uris(&self.redirect_uri)?,
            post_logout_redirect_uris: redirect_uris(&self.post_logout_redirect_uri)?,
            grant_types: self.grants(),
            response_types: self.response_types()?,
            scope: Scope::parse_stored(self.scope.as_deref().unwrap_or_default().trim())?,
            token_endpoint_auth_method: self.auth_method.clone(),
            profile: Profile::named(&self.profile)
                .with_context(|| format!("the profile {:?} is not built", self.profile))?,
            jwks: self.jwks.as_ref().map(read_json).transpose()?,
            id_token_signed_response_alg: ResponseSigning::named(&self.id_token_alg)
                .with_context(|| format!("the algorithm {:?} is not supported", self.id_token_alg))?,
            skip_consent: self.skip_consent,
            cors_origins: self.cors_origin.clone(),
            audiences: self.audience.clone(),
            ..default
        })
    }
}

impl Add {
    /// The response types, of which the code is the default.
    fn response_types(&self) -> anyhow::Result<Vec<ResponseType>> {
        if self.response_type.is_empty() {
            return Ok(vec![ResponseType::Code]);
        }
        let parse = |kind: &String| ResponseType::parse(kind).with_context(|| format!("the response type {kind:?}"));
        self.response_type.iter().map(parse).collect()
    }

    /// The grant types; without any, those that the response types need (OpenID Connect Registration §2).
    fn grants(&self) -> Vec<String> {
        if !self.grant.is_empty() {
            return self.grant.clone();
        }
        let kinds = self.response_types().unwrap_or_default();
        let code = kinds.iter().any(|kind| kind.has_code()).then(|| AUTHORIZATION_CODE.to_owned());
        let implicit = kinds.iter().any(|kind| kind.needs_implicit()).then(|| IMPLICIT.to_owned());
        code.into_iter().chain(implicit).collect()
    }
}

impl RotateSecret {
    async fn run(self, desk: &Desk, settings: &Settings) -> anyhow::Result<()> {
        let source = source(self.secret_stdin)?;
        let (id, policy) = (parse_id(&self.id)?, app::key_policy(settings));
        let client = clients::find(&mut desk.store.read().await?, &desk.context.realm.id, &id).await?;
        let keys = match client.is_some_and(|client| client.metadata.needs_recoverable_secret()) {
            true => Some(desk.keyring(settings).await?),
            false => None,
        };
        let supported = supported(&policy);
        let registrar = Registrar { store: &desk.store, context: &desk.context, supported, keys: keys.as_ref() };
        let made = administer::rotate_secret(&registrar, id, source).await?;
        answer_with_secret(&self.id, made, self.json, "Rotated the secret of the client")
    }
}

/// What clients may choose from, as this version and the settings offer it.
fn supported(policy: &KeyPolicy) -> Supported<'_> {
    Supported {
        grants: crate::grants::NAMES.as_slice(),
        auth_methods: crate::client_auth::NAMES.as_slice(),
        algorithms: &policy.algorithms,
    }
}

impl Named {
    async fn set(self, desk: &Desk, settings: &Settings, standing: Standing) -> anyhow::Result<()> {
        let (id, horizon) = (parse_id(&self.id)?, desk.horizon(settings));
        administer::set_client_standing(&desk.store, &desk.context, id, standing, horizon).await?;
        let done = match standing {
            Standing::Enabled => "enabled",
            Standing::Disabled => "disabled",
        };
        say(&format!("The client {} is {done}.", self.id));
        Ok(())
    }

    async fn remove(self, desk: &Desk, settings: &Settings) -> anyhow::Result<()> {
        let (id, horizon) = (parse_id(&self.id)?, desk.horizon(settings));
        administer::remove_client(&desk.store, &desk.context, id, horizon).await?;
        say(&format!("The client {} is removed.", self.id));
        Ok(())
    }
}

async fn list(desk: &Desk, json: bool) -> anyhow::Result<()> {
    let mut tx = desk.store.read().await?;
    let clients = clients::list(&mut tx, &desk.context.realm.id).await?;
    if json {
        let answer: Vec<Value> = clients.iter().map(to_json).collect::<anyhow::Result<_>>()?;
        return say_json(&answer);
    }
    for client in clients {
        let state = if client.enabled { "enabled " } else { "disabled" };
        let method = &client.metadata.token_endpoint_auth_method;
        say(&format!("{state}  {:<24}  {:<20}  {}", client.id.as_str(), method, client.name()));
        if client.registration.is_some() {
            say("          registered by itself");
        }
        if let Some(warning) = client.metadata.profile.rules().warning {
            say(&format!("          warning: {warning}"));
        }
    }
    Ok(())
}

fn to_json(client: &client::Client) -> anyhow::Result<Value> {
    let mut answer = serde_json::to_value(&client.metadata)?;
    if let Some(object) = answer.as_object_mut() {
        object.insert("client_id".to_owned(), json!(client.id));
        object.insert("enabled".to_owned(), json!(client.enabled));
        object.insert("registered_by_itself".to_owned(), json!(client.registration.is_some()));
        object.insert("has_logo".to_owned(), json!(client.logo.is_some()));
        object.insert("warning".to_owned(), json!(client.metadata.profile.rules().warning));
    }
    Ok(answer)
}

fn answer_with_secret(id: &str, made: Option<ClientSecret>, json: bool, done: &str) -> anyhow::Result<()> {
    let secret = made.as_ref().map(ClientSecret::expose);
    if json {
        return say_json(&json!({ "client_id": id, "client_secret": secret }));
    }
    say(&format!("{done} {id}."));
    if let Some(secret) = secret {
        say(&format!("client_secret: {secret}"));
        note("The secret is shown this once; only its digest is kept.");
    }
    Ok(())
}

fn source(from_stdin: bool) -> anyhow::Result<SecretSource> {
    if !from_stdin {
        return Ok(SecretSource::Generated);
    }
    let secret = ClientSecret::parse(&read_secret()?);
    secret.map(SecretSource::Given).context("the secret must have 32 to 512 visible ASCII characters")
}

pub(super) fn parse_id(id: &str) -> anyhow::Result<ClientId> {
    match ClientId::parse(id) {
        Some(id) => Ok(id),
        None => bail!("the id must have 1 to 255 visible ASCII characters"),
    }
}

fn redirect_uris(uris: &[String]) -> anyhow::Result<Vec<RedirectUri>> {
    uris.iter().map(|uri| RedirectUri::register(uri).with_context(|| uri.clone())).collect()
}

fn read_json(file: &PathBuf) -> anyhow::Result<Value> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    serde_json::from_str(&text).with_context(|| file.display().to_string())
}
