//! The settings of a process: read once, checked as a whole, typed with units.
//!
//! This module owns every key of `signet.toml`, its default and its rules. The use of a setting is left to others, and
//! nothing here accesses the database, the keys or the network.

mod accounts;
mod branding;
mod clients;
mod database;
mod error;
mod keys;
mod kinds;
mod limits;
mod mail;
mod network;
mod operations;
mod passwords;
mod read;
pub mod reference;
mod registration;
mod rules;
mod secret;
mod server;
mod sessions;
mod sources;
mod starter;
mod table;
mod telemetry;
mod tokens;
mod values;

#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::Serialize;
use url::Url;

pub use accounts::{AccountFields, AccountTokens, Accounts};
pub use branding::Branding;
pub use clients::{Clients, Profiles};
pub use database::Database;
pub use error::{ConfigError, Origin};
pub use keys::Keys;
pub use kinds::{ForwardingHeader, LogFormat, LogLevel, Mode};
pub use limits::Limits;
pub use mail::{Encryption, Mail, SmtpUrl};
pub use network::{Hsts, Management, Outbound, Proxy};
pub use operations::{Audit, Log, Shutdown};
pub use passwords::Passwords;
pub use registration::{Registration, RegistrationMode};
pub use secret::{DatabaseUrl, MasterKey, Sensitive};
pub use server::Tls;
pub use sessions::Sessions;
pub use starter::Starter;
pub use telemetry::Telemetry;
pub use tokens::Tokens;

pub use signet_protocol::jose::encryption::KeyManagement;
pub use signet_protocol::jose::jwk::SigningAlgorithm as Algorithm;
pub use signet_protocol::language::Language;
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
    /// `branding.*`
    pub branding: Branding,
    /// `passwords.*`
    pub passwords: Passwords,
    /// `profiles.*`
    pub profiles: Profiles,
    /// `clients.*`
    pub clients: Clients,
    /// `registration.*`
    pub registration: Registration,
    /// `accounts.*`
    pub accounts: Accounts,
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
            branding: Branding::default(),
            passwords: Passwords::default(),
            profiles: Profiles::default(),
            clients: Clients::default(),
            registration: Registration::default(),
            accounts: Accounts::default(),
            audit: Audit::default(),
            mail: Mail::default(),
            shutdown: Shutdown::default(),
            telemetry: Telemetry::default(),
            file: None,
        }
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
