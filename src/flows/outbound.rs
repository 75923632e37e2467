//! Calls to other servers.

use tokio::sync::Notify;

use crate::fetch::Fetcher;
use crate::mail::Mailer;
use signet_protocol::client::Client;

/// The clients of other servers, and the signal that a message waits for one.
pub struct Outbound {
    /// HTTP client for the servers of operators' clients, and for webhooks; see [`Outbound::fetcher_of`].
    pub fetcher: Fetcher,
    /// HTTP client for servers named by strangers, with its own concurrency limit.
    pub strangers: Fetcher,
    /// `None` if mail is not configured.
    pub mailer: Option<Mailer>,
    /// Notified after each insert into the outbox, so that delivery starts at once.
    pub announced: Notify,
}

impl Outbound {
    pub fn new(fetcher: Fetcher, mailer: Option<Mailer>) -> Self {
        Self { strangers: fetcher.apart(), fetcher, mailer, announced: Notify::new() }
    }

    /// The HTTP client for requests to a client's servers. Self-registered clients share a separate concurrency limit,
    /// so that their slow servers cannot delay requests to the servers of other clients.
    pub fn fetcher_of(&self, client: &Client) -> &Fetcher {
        match client.registration {
            Some(_) => &self.strangers,
            None => &self.fetcher,
        }
    }
}
