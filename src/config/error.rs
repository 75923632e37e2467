//! What can be wrong with settings, each as one line that names the key and where it was set.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

/// Says why settings were refused; `Display` is one line without secrets.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file is missing or cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{}:{line}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line of the fault, from 1.
        line: usize,
        /// What the parser said.
        message: String,
    },
    /// There is no such key.
    #[error("{origin}: unknown setting {key}{}", .meant.map(|key| format!(" (is {key} meant?)")).unwrap_or_default())]
    UnknownKey {
        /// Where it was set.
        origin: Origin,
        /// The key as dotted path.
        key: String,
        /// A known key that looks like it.
        meant: Option<&'static str>,
    },
    /// A value is malformed, out of range or breaks a rule.
    #[error("{}{key} {reason}", if matches!(origin, Origin::Unset) { String::new() } else { format!("{origin}: ") })]
    Refused {
        /// Where it was set.
        origin: Origin,
        /// The key as dotted path.
        key: &'static str,
        /// What the value must be.
        reason: String,
    },
}

impl ConfigError {
    /// Builds a refusal that does not know yet where the key was set.
    pub(super) fn refused(key: &'static str, reason: impl Into<String>) -> Self {
        Self::Refused { origin: Origin::Unset, key, reason: reason.into() }
    }
}

/// Says where a setting was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A file.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
    /// Nowhere: the default holds.
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
