//! `signet client add`

use clap::Args;

use super::options::ClientOptions;
use super::setup::{Setup, draft};
use super::target::ClientTarget;
use super::{SecretOptions, WEAK_SECRET, registrar_keys, say_secret, supported, warn};
use crate::app;
use crate::cli::command_context::CommandContext;
use crate::cli::output::{note, print_json, say};
use crate::config::Settings;
use crate::flows::admin::Registrar;
use signet_protocol::authorize::response_type::IMPLICIT;
use signet_protocol::client::{AUTHORIZATION_CODE, CLIENT_SECRET, ClientMetadata, DEVICE_CODE, REFRESH_TOKEN};
use signet_protocol::scope::Scope;
use signet_protocol::secret::ClientSecret;

#[derive(Args)]
pub struct Add {
    #[command(flatten)]
    client: ClientTarget,
    #[command(flatten)]
    options: ClientOptions,
    #[command(flatten)]
    secret: SecretOptions,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl Add {
    pub(super) async fn run(self, context: &CommandContext, settings: &Settings) -> anyhow::Result<()> {
        let id = self.client.id()?;
        let metadata = self.metadata()?;
        let source = self.secret.source()?;
        let policy = app::key_policy(settings);
        let supported = supported(context, &policy, settings).await?;
        let keys = registrar_keys(context, settings, &metadata).await?;
        let registrar = Registrar { operator: &context.operator(), supported, keys: keys.as_ref() };
        let client = draft(id.clone(), metadata.clone());
        let weak = source.is_weak();
        let made = registrar.add(id, metadata, source).await?;
        if weak {
            note(WEAK_SECRET);
        }
        let setup = Setup { issuer: &settings.issuer, client: &client, algorithms: &settings.keys.algorithms };
        self.answer(&setup, made.as_ref())
    }

    fn answer(&self, setup: &Setup<'_>, secret: Option<&ClientSecret>) -> anyhow::Result<()> {
        if self.json {
            let mut answer = setup.to_json();
            if let Some(members) = answer.as_object_mut() {
                members.insert("client_secret".to_owned(), secret.map(ClientSecret::expose).into());
            }
            return print_json(&answer);
        }
        say(&format!("Registered the client {}.", setup.client.id));
        setup.say();
        say_secret(secret);
        warn(&setup.client.metadata);
        Ok(())
    }

    fn metadata(&self) -> anyhow::Result<ClientMetadata> {
        let base = ClientMetadata { token_endpoint_auth_method: CLIENT_SECRET.to_owned(), ..ClientMetadata::default() };
        let mut metadata = self.options.apply(base)?;
        // A metadata file decides the scopes itself, even if it has none.
        if self.options.scope.is_none() && self.options.metadata.is_none() {
            metadata.scope = Scope::parse_stored(default_scope(&metadata.grant_types))?;
        }
        Ok(metadata.for_new_client())
    }
}

/// Returns the default scopes: those of a sign-in if a grant of the client has one, else none.
fn default_scope(grants: &[String]) -> &'static str {
    let has = |name: &str| grants.iter().any(|grant| grant == name);
    let signs_in = has(AUTHORIZATION_CODE) || has(IMPLICIT) || has(DEVICE_CODE);
    match (signs_in, has(REFRESH_TOKEN)) {
        (true, true) => "openid profile email offline_access",
        (true, false) => "openid profile email",
        (false, _) => "",
    }
}
