//! Settings that are one of a few words.

use serde::Serialize;

/// Says which rules hold: those for a laptop or those for the Internet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// http is allowed on loopback hosts, limits may be off, the log is for people.
    Development,
    /// https, limits and strong secrets are required.
    Production,
}

/// Says how severe an event must be to be logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Nothing is logged.
    Off,
    /// The server failed.
    Error,
    /// Something needs an eye, but was handled.
    Warn,
    /// What was decided.
    Info,
    /// Why it was decided.
    Debug,
    /// Every step.
    Trace,
}

impl LogLevel {
    /// Returns the level as the settings name it.
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

/// Says in which header trusted proxies tell whom they speak for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardingHeader {
    /// `X-Forwarded-For` and `X-Forwarded-Proto`, as most proxies write them.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// Says how a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line, the default in production.
    Json,
    /// Lines for people, the default in development.
    Pretty,
}
