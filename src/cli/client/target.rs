//! Selection of a client.

use anyhow::bail;
use clap::Args;

use signet_protocol::ids::ClientId;

/// A client by id: the first argument or `--id`.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct ClientTarget {
    /// The client_id
    #[arg(value_name = "ID")]
    client: Option<String>,
    /// The client_id
    #[arg(long, value_name = "ID")]
    id: Option<String>,
}

impl ClientTarget {
    pub fn as_str(&self) -> &str {
        self.client.as_deref().or(self.id.as_deref()).unwrap_or_default()
    }

    pub fn id(&self) -> anyhow::Result<ClientId> {
        parse_id(self.as_str())
    }
}

/// Parses a `client_id` from the command line.
pub fn parse_id(id: &str) -> anyhow::Result<ClientId> {
    match ClientId::parse(id) {
        Some(id) => Ok(id),
        None => bail!("the id must have 1 to 255 visible ASCII characters"),
    }
}
