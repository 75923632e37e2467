//! Settings for clients: their security profiles and the lifetime of their assertions.

use serde::Serialize;

use super::sources::Sources;
use super::{ConfigError, RegistrationMode, Settings, Span};
use signet_protocol::client::profile::Profile;

#[derive(Clone, Debug, Serialize)]
pub struct Profiles {
    /// The profiles that a client may be given. Clients that have another one keep it.
    pub allowed: Vec<Profile>,
}

impl Default for Profiles {
    fn default() -> Self {
        Self { allowed: vec![Profile::default()] }
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct Clients {
    /// The maximum lifetime of a client assertion. A strict profile may shorten it.
    pub assertion_lifetime: Span,
}

impl Default for Clients {
    fn default() -> Self {
        Self { assertion_lifetime: Span::from_hours(1) }
    }
}

impl Settings {
    pub(super) fn read_clients(&mut self, sources: &mut Sources) -> Result<(), ConfigError> {
        sources.set("profiles.allowed", &mut self.profiles.allowed)?;
        sources.set("clients.assertion_lifetime", &mut self.clients.assertion_lifetime)
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
