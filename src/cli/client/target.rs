//! Selection of a client.

use anyhow::bail;

use crate::cli::target::target;
use signet_protocol::ids::ClientId;

target!(
    /// A client by id.
    ClientTarget, "ID", "id", "The client_id"
);

impl ClientTarget {
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
