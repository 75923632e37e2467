//! `signet resource`

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::command_context::CommandContext;
use super::output::{note_if_empty, print_json, printable, say};
use super::target::target;
use super::token_header::TokenHeaderOptions;
use crate::config::Settings;
use signet_protocol::client::resource::{self, AccessTokenTyp, HeaderChoice};
use signet_protocol::jose::jwk::SigningAlgorithm;

/// Commands for resources.
#[derive(Subcommand)]
pub enum Resource {
    /// Add a resource; the --audience of clients exist already
    Add(Change),
    /// List resources
    List(List),
    /// Show a resource
    Show(Show),
    /// Change the header of a resource's access tokens
    Update(Change),
    /// Remove a resource that no client uses
    Remove(Remove),
}

target!(
    /// A resource by URI.
    ResourceTarget, "URI", "id", "The URI that clients request and that tokens have as aud"
);

#[derive(Args)]
pub struct Remove {
    #[command(flatten)]
    target: ResourceTarget,
}

/// A resource with the header of its access tokens.
#[derive(Args)]
pub struct Change {
    #[command(flatten)]
    target: ResourceTarget,
    #[command(flatten)]
    header: TokenHeaderOptions,
}

/// Options of a list.
#[derive(Args)]
pub struct List {
    /// The number of resources to list
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000), value_name = "N")]
    limit: u16,
    /// List the resources after this URI
    #[arg(long, value_name = "URI")]
    after: Option<String>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct Show {
    #[command(flatten)]
    target: ResourceTarget,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl Resource {
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let context = CommandContext::open(settings).await?;
        let done = match self {
            Self::Add(change) => change.add(&context, settings).await,
            Self::List(list) => list.run(&context).await,
            Self::Show(show) => show.run(&context).await,
            Self::Update(change) => change.update(&context, settings).await,
            Self::Remove(remove) => remove.run(&context).await,
        };
        context.close().await;
        done
    }
}

impl Change {
    async fn add(self, context: &CommandContext, settings: &Settings) -> anyhow::Result<()> {
        let uri = self.target.as_str().to_owned();
        let resource = resource::Resource { uri, header: self.header.over(HeaderChoice::default()) };
        context.operator().resources().add(resource, &settings.keys.algorithms).await?;
        say(&format!("Added the resource {}.", self.target.as_str()));
        Ok(())
    }

    async fn update(self, context: &CommandContext, settings: &Settings) -> anyhow::Result<()> {
        let held = find(context, self.target.as_str()).await?;
        let resource = resource::Resource { header: self.header.over(held.header), ..held };
        context.operator().resources().update(resource, &settings.keys.algorithms).await?;
        say(&format!("Updated the resource {}.", self.target.as_str()));
        Ok(())
    }
}

impl Remove {
    async fn run(self, context: &CommandContext) -> anyhow::Result<()> {
        let uri = self.target.as_str();
        context.operator().resources().remove(uri.to_owned()).await?;
        say(&format!("Removed the resource {uri}."));
        Ok(())
    }
}

impl List {
    async fn run(self, context: &CommandContext) -> anyhow::Result<()> {
        let after = self.after.as_deref().unwrap_or_default();
        let listed = context.operator().resources().list(after, self.limit).await?;
        if self.json {
            return print_json(&listed.iter().map(described).collect::<Vec<_>>());
        }
        note_if_empty(&listed, "resources");
        listed.iter().for_each(|resource| say(&line(resource)));
        Ok(())
    }
}

impl Show {
    async fn run(self, context: &CommandContext) -> anyhow::Result<()> {
        let resource = find(context, self.target.as_str()).await?;
        if self.json {
            return print_json(&described(&resource));
        }
        say(&line(&resource));
        Ok(())
    }
}

async fn find(context: &CommandContext, uri: &str) -> anyhow::Result<resource::Resource> {
    let found = context.operator().resources().find(uri).await?;
    found.with_context(|| format!("there is no resource {uri:?}"))
}

fn line(resource: &resource::Resource) -> String {
    let alg = resource.header.alg.map_or("default", SigningAlgorithm::as_str);
    let typ = resource.header.typ.map_or("default", AccessTokenTyp::as_str);
    format!("{:<40}  alg {alg:<7}  typ {typ}", printable(&resource.uri))
}

fn described(resource: &resource::Resource) -> Value {
    json!({
        "resource": resource.uri,
        "access_token_alg": resource.header.alg,
        "access_token_typ": resource.header.typ,
    })
}
