//! Settings for clients: their security profiles and the lifetime of their assertions.

use serde::Serialize;

use super::table::settings;
use super::{ConfigError, RegistrationMode, Settings, Span};
use signet_protocol::client::profile::Profile;

settings! {
    [profiles]

    /// Security profiles of clients.
    #[derive(Clone, Debug, Serialize)]
    pub struct Profiles {
        /// The security profiles that a client may be given, of `oauth21` and `oidc_classic`. Clients with another one
        /// keep it.
        pub allowed: Vec<Profile> = vec![Profile::default()],
    }
}

settings! {
    [clients]

    /// Authentication of clients.
    #[derive(Clone, Debug, Serialize)]
    pub struct Clients {
        /// The maximum lifetime of a client assertion (`private_key_jwt`, `client_secret_jwt`), 1 minute to 24 h. Its
        /// `jti` is stored as long. A strict profile may shorten it.
        pub assertion_lifetime: Span = Span::from_hours(1),
    }
}

/// Checks the allowed profiles.
pub(super) fn check(settings: &Settings) -> Result<(), ConfigError> {
    let allowed = &settings.profiles.allowed;
    if allowed.is_empty() {
        return Err(ConfigError::refused("profiles.allowed", "must name at least one profile"));
    }
    if allowed.iter().enumerate().any(|(at, profile)| allowed.iter().skip(at + 1).any(|other| other == profile)) {
        return Err(ConfigError::refused("profiles.allowed", "must name each profile once"));
    }
    let registration = &settings.registration;
    let is_used = registration.mode != RegistrationMode::Off || registration.profile != Profile::default();
    if is_used && !allowed.contains(&registration.profile) {
        let name = registration.profile.rules().name;
        let reason = format!("is {name}, which is not in profiles.allowed; add it there, or choose another");
        return Err(ConfigError::refused("registration.profile", reason));
    }
    Ok(())
}
