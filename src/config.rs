//! The settings of a process: read once, checked as a whole, typed with units.
//!
//! This module owns every key of `signet.toml`, its default and its rules. The use of a setting is left to others, and
//! nothing here accesses the database, the keys or the network.

mod clients;
mod database;
mod error;
mod hsts;
mod keys;
mod kinds;
mod limits;
mod mail;
mod read;
pub mod reference;
mod registration;
mod rules;
mod secret;
mod sources;
mod starter;
mod telemetry;
mod values;

#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use serde::{Serialize, Serializer};
use url::Url;

pub use clients::{Clients, Profiles};
pub use database::Database;
pub use error::{ConfigError, Origin};
pub use hsts::Hsts;
pub use keys::Keys;
pub use kinds::{ForwardingHeader, LogFormat, LogLevel, Mode};
pub use limits::Limits;
pub use mail::{Encryption, Mail, SmtpUrl};
pub use registration::{Registration, RegistrationMode};
pub use secret::{DatabaseUrl, MasterKey, Sensitive};
pub use starter::Starter;
pub use telemetry::Telemetry;

pub use signet_protocol::jose::encryption::KeyManagement;
pub use signet_protocol::jose::jwk::SigningAlgorithm as Algorithm;
pub use signet_protocol::time::Span;

pub use sources::{DEFAULT_FILE, named_file, secret_files, secrets_of_file};

use sources::Sources;

/// The effective settings of a process.
#[derive(Debug, Serialize)]
pub struct Settings {
    /// The issuer identifier exactly as written; it is compared as a string (RFC 8414 §2).
    pub issuer: String,
    /// The address of the public listener.
    pub listen: SocketAddr,
    /// Selects the rules of development or of production.
    pub mode: Mode,
    /// The e-mail address or https URL shown on error pages.
    pub contact: Option<String>,
    /// `management.*`
    pub management: Management,
    /// `database.*`
    pub database: Database,
    /// `keys.*`
    pub keys: Keys,
    /// `tls.*`, or `None` if a proxy terminates TLS.
    pub tls: Option<Tls>,
    /// `proxy.*`
    pub proxy: Proxy,
    /// `hsts.*`
    pub hsts: Hsts,
    /// `outbound.*`
    pub outbound: Outbound,
    /// `limits.*`
    pub limits: Limits,
    /// `log.*`
    pub log: Log,
    /// `tokens.*`
    pub tokens: Tokens,
    /// `sessions.*`
    pub sessions: Sessions,
    /// `passwords.*`
    pub passwords: Passwords,
    /// `profiles.*`
    pub profiles: Profiles,
    /// `clients.*`
    pub clients: Clients,
    /// `registration.*`
    pub registration: Registration,
    /// `audit.*`
    pub audit: Audit,
    /// `mail.*`
    pub mail: Mail,
    /// `shutdown.*`
    pub shutdown: Shutdown,
    /// `telemetry.*`
    pub telemetry: Telemetry,
    /// The file that was read, if any.
    #[serde(skip)]
    pub file: Option<PathBuf>,
}

impl Settings {
    /// Reads `explicit`, or `./signet.toml` if it exists, overlays the `SIGNET_` variables of `env` and checks the
    /// result.
    ///
    /// `__` in a variable's name stands for nesting (`SIGNET_LOG__LEVEL`); variables without the prefix are ignored.
    /// Pass only variables that are valid Unicode. Errors are one line and name the key and its origin.
    pub fn load(explicit: Option<&Path>, env: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        Self::resolve(Sources::read(explicit, env)?)
    }

    /// Reads settings from the text of a file that may not exist yet, as [`Settings::load`] does.
    pub fn read(path: &Path, text: &str, env: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        Self::resolve(Sources::of(path, text, env)?)
    }

    /// Returns the defaults of development mode, with issuer `http://localhost:8000`.
    pub fn development() -> Self {
        Self {
            issuer: "http://localhost:8000".to_owned(),
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8000),
            mode: Mode::Development,
            contact: None,
            management: Management::default(),
            database: Database::default(),
            keys: Keys::default(),
            tls: None,
            proxy: Proxy::default(),
            hsts: Hsts::default(),
            outbound: Outbound::default(),
            limits: Limits::default(),
            log: Log::default(),
            tokens: Tokens::default(),
            sessions: Sessions::default(),
            passwords: Passwords::default(),
            profiles: Profiles::default(),
            clients: Clients::default(),
            registration: Registration::default(),
            audit: Audit::default(),
            mail: Mail::default(),
            shutdown: Shutdown::default(),
            telemetry: Telemetry::default(),
            file: None,
        }
    }

    /// Returns the defaults of a mode. Those of production are incomplete: the issuer must be set.
    pub fn defaults(mode: Mode) -> Self {
        let mut settings = Self { mode, ..Self::development() };
        (settings.log.format, settings.shutdown.delay) = match mode {
            Mode::Development => (LogFormat::Pretty, Span::ZERO),
            Mode::Production => (LogFormat::Json, Span::from_secs(5)),
        };
        settings
    }

    /// Checks all rules and returns the first that is broken. [`Settings::load`] has done so already.
    pub fn check(&self) -> Result<(), ConfigError> {
        rules::check(self)
    }

    /// Returns the issuer as a URL, checked by the rules for issuers (RFC 8414 §2).
    pub fn issuer_url(&self) -> Result<Url, ConfigError> {
        rules::issuer_url(self)
    }

    /// Formats every effective setting as TOML, secrets as `***`.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).unwrap_or_else(|error| format!("# {error}\n"))
    }

    /// Formats every effective setting as JSON, secrets as `***`.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_else(|error| serde_json::Value::String(error.to_string()))
    }
}

/// Settings of the listener for health, readiness and metrics.
#[derive(Clone, Debug, Serialize)]
pub struct Management {
    /// The address to bind, or `None` when set to `"off"`.
    #[serde(serialize_with = "address_or_off")]
    pub listen: Option<SocketAddr>,
    /// The URL at which other nodes reach it.
    pub advertise: Option<String>,
}

impl Default for Management {
    fn default() -> Self {
        Self { listen: Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8001)), advertise: None }
    }
}

fn address_or_off<S: Serializer>(listen: &Option<SocketAddr>, serializer: S) -> Result<S::Ok, S::Error> {
    match listen {
        Some(address) => serializer.collect_str(address),
        None => serializer.serialize_str("off"),
    }
}

/// PEM files of the public listener.
#[derive(Clone, Debug, Serialize)]
pub struct Tls {
    /// The certificate chain, the server's own certificate first.
    pub cert: PathBuf,
    /// The private key of the certificate.
    pub key: PathBuf,
}

/// Settings for a reverse proxy in front of the server.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Proxy {
    /// Networks of proxies whose forwarding header is trusted.
    pub trusted: Vec<IpNet>,
    /// The one header that the proxies set. The other one is passed through unchecked, so anyone can set it.
    pub header: ForwardingHeader,
}

/// Settings of requests that the server makes.
#[derive(Clone, Debug, Serialize)]
pub struct Outbound {
    /// A PEM file of additional certificate authorities.
    pub extra_ca: Option<PathBuf>,
    /// Hosts (`host` or `host:port`) that may be called even on a private network.
    pub allow_hosts: Vec<String>,
    /// The total timeout of a request.
    pub timeout: Span,
}

impl Default for Outbound {
    fn default() -> Self {
        Self { extra_ca: None, allow_hosts: Vec::new(), timeout: Span::from_secs(5) }
    }
}

/// Settings of the log.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Log {
    /// The minimum severity of logged events; `RUST_LOG` takes precedence.
    pub level: LogLevel,
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: LogLevel::Info, format: LogFormat::Pretty }
    }
}

/// Lifetimes of codes and tokens.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Tokens {
    pub access_token_lifetime: Span,
    pub id_token_lifetime: Span,
    /// The time in which a code can be redeemed (RFC 6749 §4.1.2).
    pub authorization_code_lifetime: Span,
    /// The time after which an unused refresh token expires.
    pub refresh_token_idle: Span,
    /// The lifetime of a token family, counted from `auth_time`.
    pub refresh_token_lifetime: Span,
    /// The time in which a retry of the last-used refresh token yields the same successor.
    pub refresh_reuse_grace: Span,
    /// The tolerated difference of clocks.
    pub clock_skew: Span,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            access_token_lifetime: Span::from_minutes(10),
            id_token_lifetime: Span::from_hours(1),
            authorization_code_lifetime: Span::from_secs(60),
            refresh_token_idle: Span::from_days(7),
            refresh_token_lifetime: Span::from_days(30),
            refresh_reuse_grace: Span::from_secs(10),
            clock_skew: Span::from_secs(60),
        }
    }
}

/// Lifetimes of sessions and of pending authorization requests.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Sessions {
    /// The time after which an unused session ends.
    pub idle: Span,
    /// The maximum lifetime of a session.
    pub lifetime: Span,
    /// The maximum lifetime of a session if the user chose to stay signed in.
    pub remembered_lifetime: Span,
    /// The time for which an authorization request waits for the user.
    pub authorization_request_lifetime: Span,
    /// Lets applications watch the session from a frame (OpenID Connect Session Management). This needs a cookie that
    /// this server's frames in other sites can read.
    pub management: bool,
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            idle: Span::from_hours(1),
            lifetime: Span::from_days(1),
            remembered_lifetime: Span::from_days(30),
            authorization_request_lifetime: Span::from_minutes(30),
            management: false,
        }
    }
}

/// Settings of password hashing (Argon2id, RFC 9106) and of passwords themselves.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Passwords {
    /// Memory per hash, in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    pub parallelism: u32,
    /// Hashing threads; 0 means one per core.
    pub workers: usize,
    /// The minimum length of a new password, in characters.
    pub min_length: usize,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { memory_kib: 19_456, iterations: 2, parallelism: 1, workers: 0, min_length: 8 }
    }
}

/// Settings of the shutdown.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Shutdown {
    /// The time for which connections are still accepted after `/ready` has turned to 503, so that load balancers
    /// notice.
    pub delay: Span,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self { delay: Span::from_secs(0) }
    }
}

/// Settings of the audit log.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Audit {
    /// The time for which rows are kept.
    pub retention: Span,
}

impl Default for Audit {
    fn default() -> Self {
        Self { retention: Span::from_days(90) }
    }
}
