//! Settings of dynamic client registration (RFC 7591).

use serde::Serialize;

use super::sources::Sources;
use super::values::Value;
use super::{ConfigError, Settings, Span};
use signet_protocol::client::is_resource;
use signet_protocol::client::profile::Profile;
use signet_protocol::scope::{Scope, is_administration};

/// The parties that may register clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RegistrationMode {
    /// The endpoint does not exist.
    Off,
    /// Holders of an initial access token.
    Token,
    /// Everyone, without a token.
    Open,
}

#[derive(Clone, Debug, Serialize)]
pub struct Registration {
    pub mode: RegistrationMode,
    /// The security profile of every client registered there.
    pub profile: Profile,
    /// Scopes that such clients may ask for besides those of OpenID Connect.
    pub scopes: Vec<String>,
    /// Resources that such clients may request tokens for (RFC 8707).
    pub resources: Vec<String>,
    /// The time after which an unused client is removed; zero means never.
    pub unused_lifetime: Span,
    /// The maximum number of such clients.
    pub max_clients: u32,
    /// The maximum number of registrations per hour.
    pub per_hour: u32,
    /// Fetches the logo at `logo_uri`, once.
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

/// Checks the rules of this section.
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
        // The last use is recorded once a day.
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
