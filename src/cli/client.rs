//! `signet client`

mod add;
mod options;
mod registration;
mod setup;
mod show;
mod target;
mod update;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use self::target::ClientTarget;
pub(super) use self::target::parse_id;
use super::command_context::CommandContext;
use super::confirm::Confirmation;
use super::output::{note, note_if_empty, print_json, printable, read_secret, say};
use super::revoking::Order;
use crate::app;
use crate::config::Settings;
use crate::flows::admin::{Registrar, SecretSource};
use crate::keys::{KeyPolicy, Keyring};
use signet_protocol::client::{self, ClientMetadata, Supported};
use signet_protocol::jose::encryption::KeyManagement;
use signet_protocol::secret::ClientSecret;
use signet_store::client::clients::Standing;
use signet_store::realm::signing_keys;

/// Commands for clients.
#[derive(Subcommand)]
pub enum Client {
    /// Register a client; a generated secret is printed once
    Add(Box<add::Add>),
    /// List clients
    List {
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show a client with its attributes, grants and consents; never a secret
    Show(show::Show),
    /// Change a client; consents and grants stay, less what the client may no longer have
    Update(Box<update::Update>),
    /// Replace a client's secret; the old one stays valid for a day
    RotateSecret(RotateSecret),
    /// Disable a client: it gets no tokens, and those that it has are void
    Disable(Named),
    /// Enable a client again; void tokens stay void
    Enable(Named),
    /// Revoke everything issued to a client; the client stays enabled
    SignOut(SignOut),
    /// Delete a client with its tokens, consents and logo; this cannot be undone
    Remove(Remove),
    /// Give a client a logo, shown on the sign-in and consent pages
    Logo(registration::Logo),
    /// Create an initial access token for dynamic client registration
    InitialToken(registration::InitialToken),
}

/// Options of a secret rotation.
#[derive(Args)]
pub struct RotateSecret {
    #[command(flatten)]
    client: ClientTarget,
    #[command(flatten)]
    secret: SecretOptions,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct Named {
    #[command(flatten)]
    client: ClientTarget,
}

#[derive(Args)]
pub struct Remove {
    #[command(flatten)]
    client: ClientTarget,
    #[command(flatten)]
    confirmation: Confirmation,
}

#[derive(Args)]
pub struct SignOut {
    #[command(flatten)]
    client: ClientTarget,
    #[command(flatten)]
    order: Order,
}

impl SignOut {
    async fn run(self, context: &CommandContext) -> anyhow::Result<()> {
        let id = self.client.id()?;
        let ended = self.order.operator(context).revocations().sign_out_client(&id).await?;
        self.order.answer(ended, &format!("Everything issued to the client {id} is void."))
    }
}

impl Client {
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        if let Self::Remove(Remove { client, confirmation }) = &self {
            let id = client.as_str();
            confirmation.require(&format!("the client {id} is deleted with its tokens and consents"))?;
        }
        let context = CommandContext::open(settings).await?;
        let done = match self {
            Self::Add(add) => add.run(&context, settings).await,
            Self::List { json } => list(&context, json).await,
            Self::Show(show) => show.run(&context).await,
            Self::Update(update) => update.run(&context, settings).await,
            Self::RotateSecret(rotate) => rotate.run(&context, settings).await,
            Self::Disable(named) => named.set(&context, Standing::Disabled).await,
            Self::Enable(named) => named.set(&context, Standing::Enabled).await,
            Self::SignOut(sign_out) => sign_out.run(&context).await,
            Self::Remove(remove) => remove.run(&context).await,
            Self::Logo(logo) => logo.run(&context).await,
            Self::InitialToken(token) => token.run(&context, settings).await,
        };
        context.close().await;
        done
    }
}

impl RotateSecret {
    async fn run(self, context: &CommandContext, settings: &Settings) -> anyhow::Result<()> {
        let source = self.secret.source()?;
        let id = self.client.id()?;
        let policy = app::key_policy(settings);
        let operator = context.operator();
        let metadata = operator.clients().read(&id).await?.client.metadata;
        let keys = registrar_keys(context, settings, &metadata).await?;
        let supported = supported(context, &policy, settings).await?;
        let registrar = Registrar { operator: &operator, supported, keys: keys.as_ref() };
        let weak = source.is_weak();
        let made = registrar.rotate_secret(id, source).await?;
        if weak {
            note(WEAK_SECRET);
        }
        if self.json {
            let secret = made.as_ref().map(ClientSecret::expose);
            return print_json(&json!({ "client_id": self.client.as_str(), "client_secret": secret }));
        }
        say(&format!("Rotated the secret of the client {}.", self.client.as_str()));
        say_secret(made.as_ref());
        Ok(())
    }
}

/// Opens the keys that seal a client's secret, if its method needs the secret itself rather than its digest.
async fn registrar_keys(
    context: &CommandContext,
    settings: &Settings,
    metadata: &ClientMetadata,
) -> anyhow::Result<Option<Keyring>> {
    if metadata.needs_recoverable_secret() { context.keyring(settings).await.map(Some) } else { Ok(None) }
}

/// Returns the choices that this version, the settings and the realm's keys offer to clients.
async fn supported<'a>(
    context: &CommandContext,
    policy: &'a KeyPolicy,
    settings: &'a Settings,
) -> anyhow::Result<Supported<'a>> {
    let held = signing_keys::list(&mut context.store.read().await?, &context.context.realm.id).await?;
    let is_held = |algorithm: &KeyManagement| {
        held.iter().any(|key| key.times.algorithm == algorithm.as_str() && key.times.dropped_at.is_none())
    };
    let is_used = |algorithm: &KeyManagement| policy.encryption.contains(algorithm) || is_held(algorithm);
    Ok(Supported {
        grants: crate::flows::token::grants::NAMES.as_slice(),
        auth_methods: crate::flows::client::auth::NAMES.as_slice(),
        algorithms: &policy.algorithms,
        profiles: &settings.profiles.allowed,
        decryption: KeyManagement::ALL.into_iter().filter(is_used).collect(),
    })
}

impl Named {
    async fn set(self, context: &CommandContext, standing: Standing) -> anyhow::Result<()> {
        context.operator().clients().set_standing(self.client.id()?, standing).await?;
        let done = match standing {
            Standing::Enabled => "enabled",
            Standing::Disabled => "disabled",
        };
        say(&format!("The client {} is {done}.", self.client.as_str()));
        Ok(())
    }
}

impl Remove {
    async fn run(self, context: &CommandContext) -> anyhow::Result<()> {
        context.operator().clients().remove(self.client.id()?).await?;
        say(&format!("The client {} is removed.", self.client.as_str()));
        Ok(())
    }
}

async fn list(context: &CommandContext, json: bool) -> anyhow::Result<()> {
    let clients = context.operator().clients().list().await?;
    if json {
        let answer: Vec<Map<String, Value>> = clients.iter().map(to_json).collect::<anyhow::Result<_>>()?;
        return print_json(&answer);
    }
    note_if_empty(&clients, "clients");
    for client in clients {
        let state = if client.enabled { "enabled " } else { "disabled" };
        let method = &client.metadata.token_endpoint_auth_method;
        say(&printable(&format!("{state}  {:<24}  {:<20}  {}", client.id.as_str(), method, client.name())));
        if client.registration.is_some() {
            say("          self-registered");
        }
        client.metadata.warnings().iter().for_each(|warning| say(&format!("          warning: {warning}")));
    }
    Ok(())
}

/// Formats a client for lists as JSON: its metadata, and members for administrators.
fn to_json(client: &client::Client) -> anyhow::Result<Map<String, Value>> {
    let Value::Object(mut answer) = serde_json::to_value(&client.metadata)? else { return Ok(Map::new()) };
    let more = [
        ("client_id", json!(client.id)),
        ("enabled", json!(client.enabled)),
        ("registered_by_itself", json!(client.registration.is_some())),
        ("has_logo", json!(client.logo.is_some())),
        ("warning", json!(client.metadata.profile.rules().warning)),
    ];
    answer.extend(more.map(|(name, value)| (name.to_owned(), value)));
    Ok(answer)
}

fn say_secret(secret: Option<&ClientSecret>) {
    if let Some(secret) = secret {
        say(&format!("client_secret: {}", secret.expose()));
        note("The secret is shown only once; only its digest is stored.");
    }
}

fn warn(metadata: &ClientMetadata) {
    metadata.warnings().iter().for_each(|warning| note(&format!("signet: warning: {warning}")));
}

/// Warning about an accepted weak secret.
const WEAK_SECRET: &str = "signet: warning: the secret is weak; replace it soon with `signet client rotate-secret`";

/// Source of a client's secret.
#[derive(Args)]
struct SecretOptions {
    /// Read the secret from standard input instead of generating one
    #[arg(long)]
    secret_stdin: bool,
    /// Accept an application's existing secret of 8 to 31 characters; never with a strict profile
    #[arg(long, requires = "secret_stdin")]
    allow_weak_secret: bool,
}

impl SecretOptions {
    fn source(&self) -> anyhow::Result<SecretSource> {
        if !self.secret_stdin {
            return Ok(SecretSource::Generated);
        }
        let secret = ClientSecret::parse(&read_secret()?);
        let secret = secret.context("the secret must have at most 512 characters, all of them visible ASCII")?;
        if !self.allow_weak_secret {
            return Ok(SecretSource::Given(secret));
        }
        Ok(SecretSource::Existing(secret))
    }
}
