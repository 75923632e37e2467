//! Settings with a few fixed values.

use serde::Serialize;

/// The strictness of the rules: for a laptop or for the Internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Allows http on loopback hosts and disabled limits; logs are for people.
    Development,
    /// Requires https, limits and strong secrets.
    Production,
}

/// The minimum severity of logged events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    Off,
    /// Failures of the server.
    Error,
    /// Handled conditions that need attention.
    Warn,
    /// Decisions about requests.
    Info,
    /// The reasons of these decisions.
    Debug,
    Trace,
}

impl LogLevel {
    /// Returns the level's name in the settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// The header in which trusted proxies report the client address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardingHeader {
    /// `X-Forwarded-For` and `X-Forwarded-Proto`, as set by most proxies.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// The format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object per line, the default in production.
    Json,
    /// Lines for people, the default in development.
    Pretty,
}
