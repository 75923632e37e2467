//! Reading of all settings: the sections in their order, unknown keys, and the rules.

use super::sources::Sources;
use super::{ConfigError, Mode, Settings, Tls};

impl Settings {
    /// Overlays the sources on the defaults of the mode, refuses unknown keys and checks the result.
    pub(super) fn resolve(mut sources: Sources) -> Result<Self, ConfigError> {
        let mut settings = Self::lay(&mut sources)?;
        settings.file = sources.file();
        sources.refuse_leftovers()?;
        settings.default_issuer(&sources)?;
        settings.check().map_err(|error| sources.locate(error))?;
        Ok(settings)
    }

    /// Returns every key, including those that name files of secrets.
    pub fn keys() -> Vec<&'static str> {
        let mut sources = Sources::default();
        // No value is set, so none can be refused.
        let _ = Self::lay(&mut sources);
        sources.known()
    }

    fn lay(sources: &mut Sources) -> Result<Self, ConfigError> {
        let mut settings = Self::defaults(sources.take("mode")?.unwrap_or(Mode::Development));
        settings.read_server(sources)?;
        settings.management.read(sources)?;
        settings.shutdown.read(sources)?;
        settings.log.read(sources)?;
        settings.database.read(sources)?;
        settings.keys.read(sources)?;
        settings.tls = Tls::read(sources)?;
        settings.proxy.read(sources)?;
        settings.outbound.read(sources)?;
        settings.hsts.read(sources)?;
        settings.limits.read(sources)?;
        settings.tokens.read(sources)?;
        settings.sessions.read(sources)?;
        settings.accounts.read(sources)?;
        settings.audit.read(sources)?;
        settings.branding.read(sources)?;
        settings.passwords.read(sources)?;
        settings.profiles.read(sources)?;
        settings.clients.read(sources)?;
        settings.registration.read(sources)?;
        settings.mail.read(sources)?;
        settings.telemetry.read(sources)?;
        Ok(settings)
    }
}
