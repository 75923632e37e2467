//! Every key, once: this list is the only place with the names of the settings.

use std::path::PathBuf;

use super::secret::MasterKey;
use super::sources::Sources;
use super::values::AddressOrOff;
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
        settings.read_storage(sources)?;
        settings.read_network(sources)?;
        settings.read_hsts(sources)?;
        settings.read_limits(sources)?;
        settings.read_lifetimes(sources)?;
        settings.read_passwords(sources)?;
        settings.read_clients(sources)?;
        settings.read_registration(sources)?;
        settings.read_mail(sources)?;
        settings.read_telemetry(sources)?;
        Ok(settings)
    }

    fn read_server(&mut self, sources: &mut Sources) -> Result<(), ConfigError> {
        sources.set("issuer", &mut self.issuer)?;
        sources.set("listen", &mut self.listen)?;
        self.contact = sources.take("contact")?;
        if let Some(AddressOrOff(listen)) = sources.take("management.listen")? {
            self.management.listen = listen;
        }
        self.management.advertise = sources.take("management.advertise")?;
        sources.set("shutdown.delay", &mut self.shutdown.delay)?;
        sources.set("log.level", &mut self.log.level)?;
        sources.set("log.format", &mut self.log.format)
    }

    fn read_storage(&mut self, sources: &mut Sources) -> Result<(), ConfigError> {
        self.read_database(sources)?;
        let keys = &mut self.keys;
        keys.master_key = sources.take_secret("keys.master_key", "keys.master_key_file", MasterKey::parse)?;
        sources.set("keys.dir", &mut keys.dir)?;
        sources.set("keys.algorithms", &mut keys.algorithms)?;
        sources.set("keys.encryption_algorithms", &mut keys.encryption_algorithms)?;
        sources.set("keys.verify_only", &mut keys.verify_only)?;
        sources.set("keys.rsa_bits", &mut keys.rsa_bits)?;
        sources.set("keys.rotation_interval", &mut keys.rotation_interval)?;
        sources.set("keys.retention", &mut keys.retention)?;
        sources.set("keys.jwks_max_age", &mut keys.jwks_max_age)
    }

    fn read_network(&mut self, sources: &mut Sources) -> Result<(), ConfigError> {
        let cert: Option<PathBuf> = sources.take("tls.cert")?;
        let key: Option<PathBuf> = sources.take("tls.key")?;
        self.tls = match (cert, key) {
            (Some(cert), Some(key)) => Some(Tls { cert, key }),
            (None, None) => None,
            (Some(_), None) => {
                return Err(sources.locate(ConfigError::refused("tls.cert", "needs tls.key")));
            }
            (None, Some(_)) => {
                return Err(sources.locate(ConfigError::refused("tls.key", "needs tls.cert")));
            }
        };
        sources.set("proxy.trusted", &mut self.proxy.trusted)?;
        sources.set("proxy.header", &mut self.proxy.header)?;
        self.outbound.extra_ca = sources.take("outbound.extra_ca")?;
        sources.set("outbound.allow_hosts", &mut self.outbound.allow_hosts)?;
        sources.set("outbound.timeout", &mut self.outbound.timeout)
    }

    fn read_lifetimes(&mut self, sources: &mut Sources) -> Result<(), ConfigError> {
        let tokens = &mut self.tokens;
        sources.set("tokens.access_token_lifetime", &mut tokens.access_token_lifetime)?;
        sources.set("tokens.id_token_lifetime", &mut tokens.id_token_lifetime)?;
        sources.set("tokens.authorization_code_lifetime", &mut tokens.authorization_code_lifetime)?;
        sources.set("tokens.refresh_token_idle", &mut tokens.refresh_token_idle)?;
        sources.set("tokens.refresh_token_lifetime", &mut tokens.refresh_token_lifetime)?;
        sources.set("tokens.refresh_reuse_grace", &mut tokens.refresh_reuse_grace)?;
        sources.set("tokens.clock_skew", &mut tokens.clock_skew)?;

        let sessions = &mut self.sessions;
        sources.set("sessions.idle", &mut sessions.idle)?;
        sources.set("sessions.lifetime", &mut sessions.lifetime)?;
        sources.set("sessions.remembered_lifetime", &mut sessions.remembered_lifetime)?;
        sources.set("sessions.authorization_request_lifetime", &mut sessions.authorization_request_lifetime)?;
        sources.set("sessions.management", &mut sessions.management)?;
        sources.set("audit.retention", &mut self.audit.retention)
    }

    fn read_passwords(&mut self, sources: &mut Sources) -> Result<(), ConfigError> {
        let passwords = &mut self.passwords;
        sources.set("passwords.memory_kib", &mut passwords.memory_kib)?;
        sources.set("passwords.iterations", &mut passwords.iterations)?;
        sources.set("passwords.parallelism", &mut passwords.parallelism)?;
        sources.set("passwords.workers", &mut passwords.workers)?;
        sources.set("passwords.min_length", &mut passwords.min_length)
    }

    /// Derives a missing issuer from the listener in development. Production requires one to be set.
    fn default_issuer(&mut self, sources: &Sources) -> Result<(), ConfigError> {
        if sources.was_set("issuer") {
            return Ok(());
        }
        if self.mode == Mode::Production {
            return Err(ConfigError::refused("issuer", "must be set when mode is production"));
        }
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        self.issuer = match (scheme, self.listen.port()) {
            (_, 0) => {
                return Err(ConfigError::refused("issuer", "must be set when listen has port 0"));
            }
            ("http", 80) | ("https", 443) => format!("{scheme}://localhost"),
            (_, port) => format!("{scheme}://localhost:{port}"),
        };
        Ok(())
    }
}
