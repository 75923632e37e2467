//! Settings of dynamic client registration (RFC 7591).

use serde::Serialize;

use super::table::settings;
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

settings! {
    [registration]

    /// Dynamic client registration (RFC 7591).
    #[derive(Clone, Debug, Serialize)]
    pub struct Registration {
        /// The parties that may register clients at `/register`: no one (`off`), holders of an initial access token
        /// (`token`), or everyone (`open`).
        pub mode: RegistrationMode = RegistrationMode::Off,
        /// The security profile of such clients, one of `profiles.allowed`. `oidc_classic` is for old clients.
        pub profile: Profile = Profile::Oauth21,
        /// Scopes that such clients may ask for besides those of OpenID Connect, even without a user by
        /// `client_credentials`. None may begin with `signet:`.
        pub scopes: Vec<String> = Vec::new(),
        /// The resources that such clients may request tokens for (RFC 8707), as absolute URIs. MCP clients always
        /// request one.
        pub resources: Vec<String> = Vec::new(),
        /// The time after which such a client is removed if it has got no code or token, at least a day. `0s` means
        /// never.
        pub unused_lifetime: Span = Span::from_days(30),
        /// The maximum number of such clients.
        pub max_clients: u32 = 10_000,
        /// The maximum number of registrations per hour, on all nodes together.
        pub per_hour: u32 = 100,
        /// Fetches the logo at `logo_uri` once and serves it from this server.
        pub fetch_logos: bool = false,
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
