//! `signet client update`

use anyhow::ensure;
use clap::Args;
use serde_json::json;

use super::options::{ClientOptions, grant_type, redirect_uri};
use super::target::ClientTarget;
use super::{registrar_keys, say_secret, supported, warn};
use crate::app;
use crate::cli::command_context::CommandContext;
use crate::cli::output::{print_json, printable, say};
use crate::config::Settings;
use crate::flows::admin::{ClientUpdate, NarrowedGrants, Registrar};
use signet_protocol::account::attributes::AttributeChange;
use signet_protocol::client::ClientMetadata;
use signet_protocol::scope::Scope;
use signet_protocol::secret::ClientSecret;

/// A client and its new attributes.
#[derive(Args)]
pub struct Update {
    #[command(flatten)]
    client: ClientTarget,
    #[command(flatten)]
    options: ClientOptions,
    #[command(flatten)]
    edits: ListEdits,
    /// Print the changes without making them
    #[arg(long)]
    dry_run: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Edits of attributes with several values. Options without `add` or `remove` replace all values.
#[derive(Args)]
struct ListEdits {
    /// Add a redirect URI (repeatable)
    #[arg(long, value_name = "URI")]
    add_redirect_uri: Vec<String>,
    /// Remove a redirect URI (repeatable)
    #[arg(long, value_name = "URI")]
    remove_redirect_uri: Vec<String>,
    /// Add a post-logout redirect URI (repeatable)
    #[arg(long, value_name = "URI")]
    add_post_logout_redirect_uri: Vec<String>,
    /// Remove a post-logout redirect URI (repeatable)
    #[arg(long, value_name = "URI")]
    remove_post_logout_redirect_uri: Vec<String>,
    /// Add a scope (repeatable)
    #[arg(long, value_name = "SCOPE")]
    add_scope: Vec<String>,
    /// Remove a scope (repeatable)
    #[arg(long, value_name = "SCOPE")]
    remove_scope: Vec<String>,
    /// Add a grant type (repeatable)
    #[arg(long, value_name = "GRANT")]
    add_grant: Vec<String>,
    /// Remove a grant type (repeatable)
    #[arg(long, value_name = "GRANT")]
    remove_grant: Vec<String>,
    /// Add a resource (repeatable)
    #[arg(long, value_name = "URI")]
    add_audience: Vec<String>,
    /// Remove a resource (repeatable)
    #[arg(long, value_name = "URI")]
    remove_audience: Vec<String>,
    /// Add a resource whose tokens the client may introspect (repeatable)
    #[arg(long, value_name = "URI")]
    add_introspects: Vec<String>,
    /// Remove a resource whose tokens the client may introspect (repeatable)
    #[arg(long, value_name = "URI")]
    remove_introspects: Vec<String>,
    /// Add an origin (repeatable)
    #[arg(long, value_name = "ORIGIN")]
    add_cors_origin: Vec<String>,
    /// Remove an origin (repeatable)
    #[arg(long, value_name = "ORIGIN")]
    remove_cors_origin: Vec<String>,
}

impl Update {
    pub(super) async fn run(self, context: &CommandContext, settings: &Settings) -> anyhow::Result<()> {
        let id = self.client.id()?;
        let operator = context.operator();
        let read = operator.clients().read(&id).await?;
        let held = &read.client.metadata;
        let next = self.edits.apply(self.options.apply(held.clone())?)?;
        let next = if self.options.chooses_pkce() { next } else { next.moved_from(held) };
        let policy = app::key_policy(settings);
        let keys = registrar_keys(context, settings, &next).await?;
        let registrar = Registrar {
            operator: &operator,
            supported: supported(context, &policy, settings).await?,
            keys: keys.as_ref(),
        };
        let warned = next.clone();
        let plan = registrar.plan(&read, next)?;
        let update = if self.dry_run { registrar.preview(&plan).await? } else { registrar.carry_out(plan).await? };
        warn(&warned);
        self.answer(&update)
    }

    fn answer(&self, update: &ClientUpdate) -> anyhow::Result<()> {
        let id = self.client.as_str();
        let secret = update.secret.as_ref().map(ClientSecret::expose);
        if self.json {
            let mut answer = json!({ "client_id": id, "dry_run": self.dry_run, "client_secret": secret });
            if let (Some(answer), serde_json::Value::Object(effect)) =
                (answer.as_object_mut(), serde_json::to_value(update)?)
            {
                answer.extend(effect);
            }
            return print_json(&answer);
        }
        match (update.changed.is_empty(), self.dry_run) {
            (true, _) => say(&format!("The client {id} already has these attributes.")),
            (false, true) => say(&format!("The client {id} would be changed:")),
            (false, false) => say(&format!("The client {id} is changed:")),
        }
        update.changed.iter().map(AttributeChange::line).for_each(|line| say(&printable(&format!("  {line}"))));
        consequences(update).iter().for_each(|line| say(&printable(line)));
        say_secret(update.secret.as_ref());
        Ok(())
    }
}

/// Describes the consequences of an update for grants, tokens and secrets, one sentence each.
fn consequences(update: &ClientUpdate) -> Vec<String> {
    let grants = |count: i64| if count == 1 { "1 grant".to_owned() } else { format!("{count} grants") };
    let lost = |NarrowedGrants { kind, lost, grants: count }: &NarrowedGrants| {
        format!("Refresh tokens of {} lost the {kind} {lost}.", grants(*count))
    };
    let mut lines: Vec<String> = update.narrowed.iter().map(lost).collect();
    if update.ended_grants > 0 {
        let verb = if update.ended_grants == 1 { "ends" } else { "end" };
        lines.push(format!("{} {verb}, with all tokens issued from them.", grants(update.ended_grants)));
    }
    if update.voids_access_tokens {
        lines.push("Access tokens issued before are void.".to_owned());
    }
    if update.drops_secrets {
        lines.push("The client's earlier secrets no longer work.".to_owned());
    }
    lines
}

impl ListEdits {
    fn apply(&self, mut metadata: ClientMetadata) -> anyhow::Result<ClientMetadata> {
        let uris = |uris: &[String]| uris.iter().map(|uri| redirect_uri(uri)).collect::<anyhow::Result<Vec<_>>>();
        let more = uris(&self.add_redirect_uri)?;
        let less = uris(&self.remove_redirect_uri)?;
        edit(&mut metadata.redirect_uris, &more, &less, "--remove-redirect-uri")?;
        let more = uris(&self.add_post_logout_redirect_uri)?;
        let less = uris(&self.remove_post_logout_redirect_uri)?;
        edit(&mut metadata.post_logout_redirect_uris, &more, &less, "--remove-post-logout-redirect-uri")?;
        let grants = |names: &[String]| names.iter().map(|name| grant_type(name)).collect::<Vec<_>>();
        let more = grants(&self.add_grant);
        let less = grants(&self.remove_grant);
        edit(&mut metadata.grant_types, &more, &less, "--remove-grant")?;
        edit(&mut metadata.audiences, &self.add_audience, &self.remove_audience, "--remove-audience")?;
        edit(&mut metadata.introspects, &self.add_introspects, &self.remove_introspects, "--remove-introspects")?;
        edit(&mut metadata.cors_origins, &self.add_cors_origin, &self.remove_cors_origin, "--remove-cors-origin")?;
        let mut scopes: Vec<String> = metadata.scope.iter().map(str::to_owned).collect();
        edit(&mut scopes, &self.add_scope, &self.remove_scope, "--remove-scope")?;
        metadata.scope = Scope::parse_stored(&scopes.join(" "))?;
        Ok(metadata)
    }
}

/// Adds missing values to a list, and removes values, which must be in it.
fn edit<T: Clone + PartialEq>(list: &mut Vec<T>, add: &[T], remove: &[T], option: &str) -> anyhow::Result<()> {
    ensure!(remove.iter().all(|gone| list.contains(gone)), "{option}: the client has no such value");
    list.retain(|held| !remove.contains(held));
    for new in add {
        if !list.contains(new) {
            list.push(new.clone());
        }
    }
    Ok(())
}
