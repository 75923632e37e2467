//! `signet mapper`

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::command_context::CommandContext;
use super::output::{note_if_empty, print_json, say};
use crate::config::Settings;
use crate::flows::admin::NewMapper;
use signet_protocol::claims::mapper::{ClaimMapper, Source, Target};
use signet_protocol::ids::ClientId;

/// Commands for claim mappers.
#[derive(Subcommand)]
pub enum Mapper {
    /// Add a custom claim to tokens or userinfo
    Add(Box<Add>),
    /// List mappers
    List {
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove a mapper
    Remove {
        /// The mapper's name
        #[arg(long)]
        id: String,
    },
}

/// Options of a new mapper.
#[derive(Args)]
pub struct Add {
    /// A name for the mapper [default: the name of the claim]
    #[arg(long)]
    id: Option<String>,
    /// The client that it applies to [default: all clients]
    #[arg(long)]
    client: Option<String>,
    /// The name of the claim
    #[arg(long, required_unless_present = "file")]
    claim: Option<String>,
    /// Use a value of the user: username, email or a standard claim
    #[arg(long, value_name = "FIELD", group = "source")]
    from_user: Option<String>,
    /// Use an attribute of the user
    #[arg(long, value_name = "NAME", group = "source")]
    from_attribute: Option<String>,
    /// Use the names of the user's roles
    #[arg(long, group = "source")]
    from_roles: bool,
    /// Use a fixed value, as JSON
    #[arg(long, value_name = "JSON", group = "source")]
    value: Option<String>,
    /// The target of the claim (repeatable)
    #[arg(long, value_enum, required_unless_present = "file")]
    target: Vec<TargetName>,
    /// A scope that must be granted
    #[arg(long)]
    scope: Option<String>,
    /// An audience that the access token must have
    #[arg(long)]
    audience: Option<String>,
    /// A file with the mapper as JSON, instead of the options above
    #[arg(long, value_name = "FILE", conflicts_with_all = ["claim", "source", "target", "scope", "audience"])]
    file: Option<PathBuf>,
}

/// Targets as named on the command line.
#[derive(Clone, Copy, ValueEnum)]
enum TargetName {
    AccessToken,
    IdToken,
    Userinfo,
}

impl From<TargetName> for Target {
    fn from(name: TargetName) -> Self {
        match name {
            TargetName::AccessToken => Self::AccessToken,
            TargetName::IdToken => Self::IdToken,
            TargetName::Userinfo => Self::Userinfo,
        }
    }
}

impl Mapper {
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let context = CommandContext::open(settings).await?;
        let done = match self {
            Self::Add(add) => add.run(&context).await,
            Self::List { json } => list(&context, json).await,
            Self::Remove { id } => {
                context.operator().mappers().remove(id.clone()).await?;
                say(&format!("Removed the mapper {id}."));
                Ok(())
            }
        };
        context.close().await;
        done
    }
}

impl Add {
    async fn run(self, context: &CommandContext) -> anyhow::Result<()> {
        let mapper = self.mapper()?;
        let client = match &self.client {
            Some(id) => Some(ClientId::parse(id).context("the client id must have 1 to 255 visible ASCII characters")?),
            None => None,
        };
        let id = self.id.clone().unwrap_or_else(|| mapper.claim.clone());
        context.operator().mappers().add(NewMapper { id: id.clone(), client, mapper }).await?;
        say(&format!("Added the mapper {id}."));
        Ok(())
    }

    fn mapper(&self) -> anyhow::Result<ClaimMapper> {
        if let Some(file) = &self.file {
            let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
            return serde_json::from_str(&text).with_context(|| file.display().to_string());
        }
        let source = match (&self.from_user, &self.from_attribute, self.from_roles, &self.value) {
            (Some(field), _, _, _) => Source::User(field.clone()),
            (_, Some(name), _, _) => Source::Attribute(name.clone()),
            (_, _, true, _) => Source::Roles,
            (_, _, _, Some(json)) => Source::Static(serde_json::from_str(json).context("the value is not JSON")?),
            (None, None, false, None) => {
                bail!("one of --from-user, --from-attribute, --from-roles or --value is needed")
            }
        };
        Ok(ClaimMapper {
            claim: self.claim.clone().unwrap_or_default(),
            source,
            targets: self.target.iter().map(|target| (*target).into()).collect(),
            scope: self.scope.clone(),
            audience: self.audience.clone(),
        })
    }
}

async fn list(context: &CommandContext, json: bool) -> anyhow::Result<()> {
    let all = context.operator().mappers().list().await?;
    if json {
        let answer: Vec<Value> = all
            .iter()
            .map(|stored| json!({ "id": stored.id, "client_id": stored.client, "mapper": stored.mapper }))
            .collect();
        return print_json(&answer);
    }
    note_if_empty(&all, "claim mappers");
    for stored in all {
        let client = stored.client.as_ref().map_or("every client", ClientId::as_str);
        let scope = stored.mapper.scope.as_deref().map(|scope| format!("with {scope}")).unwrap_or_default();
        say(&format!("{:<24}  {:<24}  {client}  {scope}", stored.id, stored.mapper.claim));
    }
    Ok(())
}
