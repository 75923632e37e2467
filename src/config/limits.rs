//! Settings of what one peer, one client or one account may ask for.

use serde::Serialize;

use super::sources::Sources;
use super::{ConfigError, Settings, Span};

/// Bounds on what one peer may ask for. Rates are requests a minute.
#[derive(Clone, Debug, Serialize)]
pub struct Limits {
    /// Whether rate limits, soft locks and automatic blocks hold; false only in development, for tests and benches.
    pub enabled: bool,
    /// The largest request body, in bytes.
    pub body_bytes: usize,
    /// The largest request head, in bytes.
    pub header_bytes: usize,
    /// The most open connections.
    pub connections: usize,
    /// Sign-in forms that an address may send.
    pub login: u32,
    /// Authorization requests of an address.
    pub authorize: u32,
    /// Requests of an address to the other pages.
    pub pages: u32,
    /// Requests of an address to all endpoints together that clients authenticate at.
    pub api: u32,
    /// Requests of a client to the token, revocation and pushed request endpoints together.
    pub token: u32,
    /// Introspections of a client.
    pub introspect: u32,
    /// Requests of an address to the registration endpoint.
    pub registration: u32,
    /// Wrong secrets of a client from a network.
    pub secret_failures: u32,
    /// Authorization requests that an address may leave waiting within their lifetime.
    pub waiting: u32,
    /// Requests in the name of a person: userinfo and consents.
    pub person: u32,
    /// Failed sign-ins to an account without a pause.
    pub account_failures: u32,
    /// Failed sign-ins from an address without a pause.
    pub address_failures: u32,
    /// Failed sign-ins in all, within five minutes, without a pause.
    pub realm_failures: u32,
    /// At how many accounts an address may fail within an hour before it is blocked from signing in.
    pub spray_accounts: u32,
    /// For how long it is blocked then.
    pub block_duration: Span,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            enabled: true,
            body_bytes: 65_536,
            header_bytes: 16_384,
            connections: 10_000,
            login: 30,
            authorize: 120,
            pages: 600,
            api: 6_000,
            token: 600,
            introspect: 6_000,
            registration: 30,
            secret_failures: 30,
            waiting: 2_000,
            person: 1_200,
            account_failures: 4,
            address_failures: 30,
            realm_failures: 1_000,
            spray_accounts: 20,
            block_duration: Span::from_hours(1),
        }
    }
}

impl Settings {
    pub(super) fn read_limits(&mut self, sources: &mut Sources) -> Result<(), ConfigError> {
        let limits = &mut self.limits;
        sources.set("limits.enabled", &mut limits.enabled)?;
        sources.set("limits.body_bytes", &mut limits.body_bytes)?;
        sources.set("limits.header_bytes", &mut limits.header_bytes)?;
        sources.set("limits.connections", &mut limits.connections)?;
        sources.set("limits.login", &mut limits.login)?;
        sources.set("limits.authorize", &mut limits.authorize)?;
        sources.set("limits.pages", &mut limits.pages)?;
        sources.set("limits.api", &mut limits.api)?;
        sources.set("limits.token", &mut limits.token)?;
        sources.set("limits.introspect", &mut limits.introspect)?;
        sources.set("limits.registration", &mut limits.registration)?;
        sources.set("limits.secret_failures", &mut limits.secret_failures)?;
        sources.set("limits.waiting", &mut limits.waiting)?;
        sources.set("limits.person", &mut limits.person)?;
        sources.set("limits.account_failures", &mut limits.account_failures)?;
        sources.set("limits.address_failures", &mut limits.address_failures)?;
        sources.set("limits.realm_failures", &mut limits.realm_failures)?;
        sources.set("limits.spray_accounts", &mut limits.spray_accounts)?;
        sources.set("limits.block_duration", &mut limits.block_duration)
    }
}
