//! Errors of settings. Each is one line that names the key and its origin.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

/// The reason why settings were refused; `Display` is one line without secrets.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file is missing or unreadable.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    /// The file is not TOML.
    #[error("{}:{line}: {message}", path.display())]
    Syntax {
        path: PathBuf,
        /// The line of the fault, starting at 1.
        line: usize,
        message: String,
    },
    /// The key does not exist.
    #[error("{origin}: unknown setting {key}{}", .meant.map(|key| format!(" (is {key} meant?)")).unwrap_or_default())]
    UnknownKey {
        origin: Origin,
        /// The key as a dotted path.
        key: String,
        /// A known key with a similar name.
        meant: Option<&'static str>,
    },
    /// A value is malformed, out of range or breaks a rule.
    #[error("{}{key} {reason}", if matches!(origin, Origin::Unset) { String::new() } else { format!("{origin}: ") })]
    Refused {
        origin: Origin,
        /// The key as a dotted path.
        key: &'static str,
        /// The rest of the sentence, after the key.
        reason: String,
    },
}

impl ConfigError {
    /// Builds a refusal before the key's origin is known.
    pub(super) fn refused(key: &'static str, reason: impl Into<String>) -> Self {
        Self::Refused { origin: Origin::Unset, key, reason: reason.into() }
    }
}

/// The place where a setting was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    File(PathBuf),
    Variable(String),
    /// Nowhere; the default applies.
    Unset,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Unset => f.write_str("default"),
        }
    }
}
