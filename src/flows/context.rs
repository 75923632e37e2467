//! The circumstances of one request: its realm, its time, its source of random values and its origin.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use signet_crypto::entropy::{Entropy, EntropyError};
use signet_protocol::account::notice::Notice;
use signet_protocol::defense::brute_force;
use signet_protocol::ids::{ClientId, RealmId, SessionId, UserId};
use signet_protocol::time::Timestamp;
use signet_store::events::audit::{Event, Origin, Outcome, Record};

#[derive(Clone, Debug)]
pub struct Realm {
    pub id: RealmId,
    pub issuer: String,
    /// True if mails about account events are sent to the realm's people.
    pub mails: bool,
}

/// The request-scoped inputs of every use case.
#[derive(Clone)]
pub struct Context {
    pub realm: Arc<Realm>,
    /// The time of the request; it does not change while the request is handled.
    pub now: Timestamp,
    pub entropy: Entropy,
    /// The origin of the request: address, user agent, request id.
    pub origin: Origin,
}

impl Context {
    /// The address of the client, if known.
    pub fn address(&self) -> Option<IpAddr> {
        self.origin.address.parse().ok()
    }

    /// The region (/24 or /48) of the client's address.
    pub fn region(&self) -> Option<IpNet> {
        self.address().map(brute_force::region)
    }

    /// The region as stored in rows; empty if the address is unknown.
    pub fn region_name(&self) -> String {
        self.region().map(|region| region.to_string()).unwrap_or_default()
    }

    /// The actor for the audit log: `command` becomes `command:` with the account on the host.
    pub fn actor(&self, actor: &str) -> String {
        match (actor, self.origin.operator.as_str()) {
            ("command", operator) if !operator.is_empty() => format!("command:{operator}"),
            (other, _) => other.to_owned(),
        }
    }

    pub fn record(
        &self,
        event: Event,
        outcome: Outcome,
        concerning: Concerning<'_>,
        reason: &str,
    ) -> Result<Record, EntropyError> {
        use base64::Engine as _;
        let id = self.entropy.bytes::<16>()?;
        Ok(Record {
            id: base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(id),
            event,
            outcome,
            actor: self.actor(concerning.actor),
            user: concerning.user.cloned(),
            client: concerning.client.cloned(),
            session: concerning.session.cloned(),
            origin: self.origin.clone(),
            reason: reason.to_owned(),
            details: None,
            mailed: self.realm.mails && Notice::of(event.as_str()).is_some(),
        })
    }
}

/// The subjects of an audit record.
#[derive(Clone, Copy, Debug, Default)]
pub struct Concerning<'a> {
    /// `user`, `client`, `system`, `command`, or `client:` and the id of an administering client.
    pub actor: &'a str,
    pub user: Option<&'a UserId>,
    pub client: Option<&'a ClientId>,
    pub session: Option<&'a SessionId>,
}

impl<'a> Concerning<'a> {
    /// A record about a user, without an actor.
    pub fn user(user: &'a UserId) -> Self {
        Self { user: Some(user), ..Self::default() }
    }

    /// A record about a client, without an actor.
    pub fn client(client: &'a ClientId) -> Self {
        Self { client: Some(client), ..Self::default() }
    }
}
