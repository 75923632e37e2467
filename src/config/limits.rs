//! Settings that limit the requests of one peer, client or account.

use serde::Serialize;

use super::sources::Sources;
use super::{ConfigError, Settings, Span};

/// Limits on requests. Rates are per minute.
#[derive(Clone, Debug, Serialize)]
pub struct Limits {
    /// Enables rate limits, soft locks and automatic blocks. It can be false in development only, for tests and
    /// benchmarks.
    pub enabled: bool,
    /// The maximum request body, in bytes.
    pub body_bytes: usize,
    /// The maximum request head, in bytes.
    pub header_bytes: usize,
    /// The maximum number of open connections.
    pub connections: usize,
    /// Sign-in forms per address.
    pub login: u32,
    /// Authorization requests per address.
    pub authorize: u32,
    /// Requests per address to other pages.
    pub pages: u32,
    /// Requests per address to all endpoints with client authentication together.
    pub api: u32,
    /// Requests per client to the token, revocation and pushed request endpoints together.
    pub token: u32,
    /// Requests per client to the introspection endpoint.
    pub introspect: u32,
    /// Requests per address to the registration endpoint.
    pub registration: u32,
    /// Wrong secrets per client and network.
    pub secret_failures: u32,
    /// Waiting authorization requests per address within their lifetime.
    pub waiting: u32,
    /// Requests per person: userinfo and consents.
    pub person: u32,
    /// User codes of devices that an address may enter.
    pub user_codes: u32,
    /// Failed sign-ins per account without a pause.
    pub account_failures: u32,
    /// Failed sign-ins per address without a pause.
    pub address_failures: u32,
    /// Failed sign-ins in the realm within five minutes without a pause.
    pub realm_failures: u32,
    /// The number of accounts at which an address may fail within an hour before it is blocked from signing in.
    pub spray_accounts: u32,
    /// The duration of that block.
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
            user_codes: 10,
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
        sources.set("limits.user_codes", &mut limits.user_codes)?;
        sources.set("limits.account_failures", &mut limits.account_failures)?;
        sources.set("limits.address_failures", &mut limits.address_failures)?;
        sources.set("limits.realm_failures", &mut limits.realm_failures)?;
        sources.set("limits.spray_accounts", &mut limits.spray_accounts)?;
        sources.set("limits.block_duration", &mut limits.block_duration)
    }
}
