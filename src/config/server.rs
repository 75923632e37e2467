//! The settings that do not fit a table: those outside of all sections, the pair of files for TLS, and the defaults
//! that depend on the mode.

use std::path::PathBuf;

use serde::Serialize;

use super::sources::Sources;
use super::table::{Row, Section};
use super::{ConfigError, LogFormat, Mode, Settings, Span};

/// The settings outside of all sections.
pub(super) const SERVER: Section = Section {
    title: "The server",
    about: "These keys stand at the top of the file, before the first section.",
    rows: &[
        Row::plain(
            "issuer",
            "The issuer identifier, exactly as clients compare it. It may have a path, but no trailing slash.",
        ),
        Row::plain("listen", "The address of the public listener."),
        Row::plain(
            "mode",
            "The mode, `development` or `production`. Production refuses an http issuer, weak password costs and \
             disabled limits.",
        ),
        Row::plain(
            "contact",
            "The e-mail address or the https URL that error pages ask people to report a request ID to.",
        ),
    ],
};

/// The settings of TLS.
pub(super) const TLS: Section = Section {
    title: "tls",
    about: "The certificate of the public listener. Without it the server speaks plain HTTP, and an `https` issuer \
        needs a proxy. Changed files are reloaded within seconds, and immediately on SIGHUP; if the new pair is \
        unusable, the previous one stays in use.",
    rows: &[
        Row::plain("tls.cert", "A PEM file with the certificate and its chain, the server's own certificate first."),
        Row::plain("tls.key", "A PEM file with the private key of the certificate."),
    ],
};

/// PEM files of the public listener.
#[derive(Clone, Debug, Serialize)]
pub struct Tls {
    /// The certificate chain, the server's own certificate first.
    pub cert: PathBuf,
    /// The private key of the certificate.
    pub key: PathBuf,
}

impl Tls {
    /// Reads the pair, of which a configuration has both or none.
    pub(super) fn read(sources: &mut Sources) -> Result<Option<Self>, ConfigError> {
        let cert: Option<PathBuf> = sources.take("tls.cert")?;
        let key: Option<PathBuf> = sources.take("tls.key")?;
        match (cert, key) {
            (Some(cert), Some(key)) => Ok(Some(Self { cert, key })),
            (None, None) => Ok(None),
            (Some(_), None) => Err(sources.locate(ConfigError::refused("tls.cert", "needs tls.key"))),
            (None, Some(_)) => Err(sources.locate(ConfigError::refused("tls.key", "needs tls.cert"))),
        }
    }
}

impl Settings {
    /// Returns the defaults of a mode. Those of production are incomplete: the issuer must be set.
    pub fn defaults(mode: Mode) -> Self {
        let mut settings = Self { mode, ..Self::development() };
        if mode == Mode::Production {
            settings.log.format = LogFormat::Json;
            settings.shutdown.delay = Span::from_secs(5);
        }
        settings
    }

    /// Reads the settings outside of all sections. The mode was read before, since it decides about defaults.
    pub(super) fn read_server(&mut self, sources: &mut Sources) -> Result<(), ConfigError> {
        sources.set("issuer", &mut self.issuer)?;
        sources.set("listen", &mut self.listen)?;
        sources.set("contact", &mut self.contact)
    }

    /// Derives a missing issuer from the listener in development. Production requires one to be set.
    pub(super) fn default_issuer(&mut self, sources: &Sources) -> Result<(), ConfigError> {
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
