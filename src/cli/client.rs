//! `signet client`

mod add;
mod registration;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::confirm::Confirmation;
use super::desk::Desk;
use super::output::{note, note_if_empty, read_secret, say, say_json};
use super::revoking::Order;
use crate::app;
use crate::config::Settings;
use crate::flows::administer::{self, Registrar, SecretSource};
use crate::keys::KeyPolicy;
use crate::protocol::client::{self, Supported};
use crate::protocol::ids::ClientId;
use crate::protocol::secret::ClientSecret;
use crate::store::clients::{self, Standing};

/// Commands about clients.
#[derive(Subcommand)]
pub enum Client {
    /// Register a client; a secret that is made is printed once
    Add(Box<add::Add>),
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
    /// Revoke everything issued to a client; the client stays enabled
    SignOut(SignOut),
    /// Remove a client with its tokens, consents and logo, for good
    Remove(Remove),
    /// Give a client a logo, shown on the sign-in and consent pages
    Logo(registration::Logo),
    /// Make a token with which clients can register themselves
    InitialToken(registration::InitialToken),
}

/// Whose secret is replaced.
#[derive(Args)]
pub struct RotateSecret {
    /// The client_id
    #[arg(long)]
    id: String,
    /// Read the secret from standard input instead of making one
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

/// The client that is removed.
#[derive(Args)]
pub struct Remove {
    /// The client_id
    #[arg(long)]
    id: String,
    #[command(flatten)]
    confirmation: Confirmation,
}

/// The client that is signed out.
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
        self.order.answer(ended, &format!("Everything issued to the client {} is void.", self.id))
    }
}

impl Client {
    /// Runs the command.
    ///
    /// # Errors
    /// Where something is refused, or the database fails.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        if let Self::Remove(Remove { id, confirmation }) = &self {
            confirmation.require(&format!("the client {id} is removed with its tokens and consents, for good"))?;
        }
        let desk = Desk::open(settings).await?;
        let done = match self {
            Self::Add(add) => add.run(&desk, settings).await,
            Self::List { json } => list(&desk, json).await,
            Self::RotateSecret(rotate) => rotate.run(&desk, settings).await,
            Self::Disable(named) => named.set(&desk, settings, Standing::Disabled).await,
            Self::Enable(named) => named.set(&desk, settings, Standing::Enabled).await,
            Self::SignOut(sign_out) => sign_out.run(&desk, settings).await,
            Self::Remove(remove) => remove.run(&desk, settings).await,
            Self::Logo(logo) => logo.run(&desk).await,
            Self::InitialToken(token) => token.run(&desk, settings).await,
        };
        desk.close().await;
        done
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
        let supported = supported(&policy, settings);
        let registrar = Registrar { store: &desk.store, context: &desk.context, supported, keys: keys.as_ref() };
        let made = administer::rotate_secret(&registrar, id, source).await?;
        let answer = Answer { id: &self.id, secret: made.as_ref(), scope: None };
        answer.say(self.json, "Rotated the secret of the client")
    }
}

/// What clients may choose from, as this version and the settings offer it.
fn supported<'a>(policy: &'a KeyPolicy, settings: &'a Settings) -> Supported<'a> {
    Supported {
        grants: crate::grants::NAMES.as_slice(),
        auth_methods: crate::client_auth::NAMES.as_slice(),
        algorithms: &policy.algorithms,
        profiles: &settings.profiles.allowed,
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
}

impl Remove {
    async fn run(self, desk: &Desk, settings: &Settings) -> anyhow::Result<()> {
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
    note_if_empty(&clients, "clients");
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

/// A client and the secret that was made for it, which is shown this once.
struct Answer<'a> {
    id: &'a str,
    secret: Option<&'a ClientSecret>,
    scope: Option<&'a str>,
}

impl Answer<'_> {
    fn say(&self, json: bool, done: &str) -> anyhow::Result<()> {
        let secret = self.secret.map(ClientSecret::expose);
        if json {
            let mut answer = json!({ "client_id": self.id, "client_secret": secret });
            if let (Some(scope), Some(object)) = (self.scope, answer.as_object_mut()) {
                object.insert("scope".to_owned(), scope.into());
            }
            return say_json(&answer);
        }
        say(&format!("{done} {}.", self.id));
        if let Some(scope) = self.scope {
            say(&format!("scope: {}", if scope.is_empty() { "none" } else { scope }));
        }
        if let Some(secret) = secret {
            say(&format!("client_secret: {secret}"));
            note("The secret is shown this once; only its digest is kept.");
        }
        Ok(())
    }
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
