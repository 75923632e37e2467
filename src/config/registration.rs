//! Settings of registration by clients themselves (RFC 7591).

use serde::Serialize;

use super::sources::Sources;
use super::values::Value;
use super::{ConfigError, Settings, Span};
use crate::protocol::client::is_resource;
use crate::protocol::profile::Profile;
use crate::protocol::scope::{Scope, is_administration};

/// Says who may register a client over the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RegistrationMode {
    /// Nobody: the endpoint is not there.
    Off,
    /// Whoever holds an initial access token.
    Token,
    /// Anybody.
    Open,
}

/// Settings of the registration endpoint.
#[derive(Clone, Debug, Serialize)]
pub struct Registration {
    /// Who may register a client.
    pub mode: RegistrationMode,
    /// The security profile of every client that is registered there.
    pub profile: Profile,
    /// Scopes beside those of OpenID Connect that such clients may ask for.
    pub scopes: Vec<String>,
    /// The resources that such clients may ask tokens for (RFC 8707).
    pub resources: Vec<String>,
    /// How long a client is kept that is not used; zero is for ever.
    pub unused_lifetime: Span,
    /// The most clients that are kept.
    pub max_clients: u32,
    /// The most clients that are registered within an hour.
    pub per_hour: u32,
    /// Whether the logo that a client names is fetched, once.
    pub fetch_logos: bool,
}

impl Default for Registration {
    fn default() -> Self {
        Self {
            mode: RegistrationMode::Off,
            profile: Profile::Oauth21,
            scopes: Vec::new(),
            resources: Vec::new(),
            unused_lifetime: Span::from_days(30),
            max_clients: 10_000,
            per_hour: 100,
            fetch_logos: false,
        }
    }
}

impl Settings {
    pub(super) fn read_registration(&mut self, sources: &mut Sources) -> Result<(), ConfigError> {
        let registration = &mut self.registration;
        sources.set("registration.mode", &mut registration.mode)?;
        sources.set("registration.profile", &mut registration.profile)?;
        sources.set("registration.scopes", &mut registration.scopes)?;
        sources.set("registration.resources", &mut registration.resources)?;
        sources.set("registration.unused_lifetime", &mut registration.unused_lifetime)?;
        sources.set("registration.max_clients", &mut registration.max_clients)?;
        sources.set("registration.per_hour", &mut registration.per_hour)?;
        sources.set("registration.fetch_logos", &mut registration.fetch_logos)
    }
}

/// Returns the first rule of its own that the section breaks.
pub(super) fn check(settings: &Settings) -> Result<(), ConfigError> {
    let is_token = |text: &String| Scope::parse(text).is_ok_and(|scope| scope.iter().count() == 1);
    if !settings.registration.scopes.iter().all(|text| is_token(text) && !is_administration(text)) {
        let why = "must be a list of scopes, such as api:read, none of which begins with signet:";
        return Err(ConfigError::refused("registration.scopes", why));
    }
    if !settings.registration.resources.iter().all(|uri| is_resource(uri)) {
        let why = "must be a list of absolute URIs without fragments, such as https://mcp.example.org/";
        return Err(ConfigError::refused("registration.resources", why));
    }
    let unused = settings.registration.unused_lifetime;
    if unused != Span::ZERO && unused < Span::from_days(1) {
        // The last use is noted once a day.
        return Err(ConfigError::refused("registration.unused_lifetime", "must be 0s or at least 1d"));
    }
    Ok(())
}

impl Value for RegistrationMode {
    const EXPECTED: &'static str = "off, token or open";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "off" => Some(Self::Off),
            "token" => Some(Self::Token),
            "open" => Some(Self::Open),
            _ => None,
        }
    }
}

impl Value for Profile {
    const EXPECTED: &'static str = "oauth21 or oidc_classic";

    fn parse(text: &str) -> Option<Self> {
        Self::named(text)
    }
}
