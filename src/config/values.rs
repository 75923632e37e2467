//! Parsing of single values, from a file or from a variable.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;
use signet_protocol::branding::Color;

use super::{Algorithm, ForwardingHeader, KeyManagement, Language, LogFormat, LogLevel, Mode, Span};

/// A type that a setting can have.
pub(super) trait Value: Sized {
    /// Completes the sentence "the setting must be ...".
    const EXPECTED: &'static str;

    /// Parses the value from text.
    fn parse(text: &str) -> Option<Self>;

    /// Converts the value from TOML. Numbers and booleans are parsed from their text, as variables are.
    fn read(value: &toml::Value) -> Option<Self> {
        match value {
            toml::Value::String(text) => Self::parse(text),
            toml::Value::Integer(number) => Self::parse(&number.to_string()),
            toml::Value::Boolean(flag) => Self::parse(&flag.to_string()),
            toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Array(_) | toml::Value::Table(_) => None,
        }
    }
}

impl<T: Value> Value for Vec<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn parse(text: &str) -> Option<Self> {
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(T::parse).collect()
    }

    fn read(value: &toml::Value) -> Option<Self> {
        match value {
            toml::Value::Array(items) => items.iter().map(T::read).collect(),
            toml::Value::String(text) => Self::parse(text),
            _ => None,
        }
    }
}

impl<T: Value> Value for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn parse(text: &str) -> Option<Self> {
        T::parse(text).map(Some)
    }

    fn read(value: &toml::Value) -> Option<Self> {
        T::read(value).map(Some)
    }
}

impl Value for String {
    const EXPECTED: &'static str = "a non-empty text";

    fn parse(text: &str) -> Option<Self> {
        (!text.trim().is_empty()).then(|| text.to_owned())
    }
}

impl Value for PathBuf {
    const EXPECTED: &'static str = "a path";

    fn parse(text: &str) -> Option<Self> {
        String::parse(text).map(Self::from)
    }
}

impl Value for bool {
    const EXPECTED: &'static str = "true or false";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Value for u32 {
    const EXPECTED: &'static str = "a whole number";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Value for usize {
    const EXPECTED: &'static str = "a whole number";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Value for SocketAddr {
    const EXPECTED: &'static str = "an IP address with a port, such as 127.0.0.1:8000";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Value for IpNet {
    const EXPECTED: &'static str = "a list of networks, such as 10.0.0.0/8";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(Self::from))
    }
}

impl Value for Span {
    const EXPECTED: &'static str = "a duration, such as 90s, 10m, 24h or 30d";

    fn parse(text: &str) -> Option<Self> {
        Self::parse(text)
    }
}

impl Value for Mode {
    const EXPECTED: &'static str = "development or production";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "development" => Some(Self::Development),
            "production" => Some(Self::Production),
            _ => None,
        }
    }
}

impl Value for Algorithm {
    const EXPECTED: &'static str = "a list of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 and EdDSA";

    fn parse(text: &str) -> Option<Self> {
        Self::named(text)
    }
}

impl Value for KeyManagement {
    const EXPECTED: &'static str = "a list of RSA-OAEP-256, ECDH-ES and ECDH-ES+A256KW";

    fn parse(text: &str) -> Option<Self> {
        Self::named(text)
    }
}

impl Value for Color {
    const EXPECTED: &'static str = "a color of six hexadecimal digits, such as #12493f";

    fn parse(text: &str) -> Option<Self> {
        Self::parse(text)
    }
}

impl Value for Language {
    const EXPECTED: &'static str = "en, de, fr, es, ja or ar";

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == text)
    }
}

impl Value for LogLevel {
    const EXPECTED: &'static str = "off, error, warn, info, debug or trace";

    fn parse(text: &str) -> Option<Self> {
        [Self::Off, Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace]
            .into_iter()
            .find(|level| level.as_str() == text)
    }
}

impl Value for LogFormat {
    const EXPECTED: &'static str = "json or pretty";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "json" => Some(Self::Json),
            "pretty" => Some(Self::Pretty),
            _ => None,
        }
    }
}

impl Value for ForwardingHeader {
    const EXPECTED: &'static str = "x-forwarded-for or forwarded";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "x-forwarded-for" => Some(Self::XForwardedFor),
            "forwarded" => Some(Self::Forwarded),
            _ => None,
        }
    }
}
