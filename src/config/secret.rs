//! Secret settings, which print as `***` and are zeroized on drop.

use std::fmt;

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::{Serialize, Serializer};
use url::Url;
use zeroize::{Zeroize, Zeroizing};

const MASK: &str = "***";

/// A secret setting; `Debug` and `Serialize` print `***`.
pub struct Sensitive<T: Zeroize>(T);

impl<T: Zeroize> Sensitive<T> {
    pub fn new(secret: T) -> Self {
        Self(secret)
    }

    /// Returns the secret. Call it only where the value is used.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Sensitive<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl<T: Zeroize> Serialize for Sensitive<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASK)
    }
}

/// The key that seals the signing keys in the database.
pub type MasterKey = Sensitive<[u8; 32]>;

impl MasterKey {
    /// Parses 32 bytes as base64url (RFC 4648 §5, padding optional) or hex. The error completes a sentence about the
    /// setting.
    pub fn parse(text: &str) -> Result<Self, String> {
        if is_placeholder(text) {
            return Err("is a placeholder, not a key; generate one with: openssl rand -hex 32".to_owned());
        }
        let bytes = Zeroizing::new(decode(text).ok_or("must be 32 bytes in base64url or hex")?);
        let key = <[u8; 32]>::try_from(bytes.as_slice())
            .map_err(|_| format!("must be 32 bytes in base64url or hex, not {}", bytes.len()))?;
        let key = Self::new(key);
        if is_patterned(key.expose()) {
            return Err("is too regular to be random; generate one with: openssl rand -hex 32".to_owned());
        }
        Ok(key)
    }
}

/// Returns true for texts that people type as a placeholder for a secret.
fn is_placeholder(text: &str) -> bool {
    let lower = text.to_ascii_lowercase().replace(['-', '_', ' '], "");
    matches!(lower.as_str(), "" | "***" | "secret" | "password" | "default" | "example" | "test" | "todo" | "none")
        || lower.contains("changeme")
        || lower.contains("masterkey")
}

fn decode(text: &str) -> Option<Vec<u8>> {
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return text.as_bytes().chunks_exact(2).map(hex_byte).collect();
    }
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&base64::alphabet::URL_SAFE, config).decode(text).ok()
}

fn hex_byte(pair: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()
}

/// Returns true for keys that repeat a short pattern, such as all zeros, or count up or down.
fn is_patterned(key: &[u8; 32]) -> bool {
    let repeats = |period: usize| key.iter().zip(key.iter().skip(period)).all(|(a, b)| a == b);
    let steps = |step: u8| key.iter().zip(key.iter().skip(1)).all(|(a, b)| a.wrapping_add(step) == *b);
    (1..=16).any(repeats) || steps(1) || steps(u8::MAX)
}

/// The URL of the database; `Debug` and `Serialize` print it with its password as `***`.
pub struct DatabaseUrl(Sensitive<String>);

impl DatabaseUrl {
    /// Parses a `sqlite:`, `postgres:` or `postgresql:` URL. The error completes a sentence about the setting.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("is not a URL: {error}"))?;
        match url.scheme() {
            "sqlite" | "postgres" | "postgresql" => Ok(Self(Sensitive::new(text.to_owned()))),
            _ => Err("must be a sqlite: or postgres: URL".to_owned()),
        }
    }

    /// Returns the whole URL, for the database driver only.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Returns the URL with its password, in the authority or the query, as `***`.
    pub fn redacted(&self) -> String {
        let Ok(mut url) = Url::parse(self.expose()) else {
            return MASK.to_owned();
        };
        let in_authority = url.password().is_some();
        let in_query = url.query_pairs().any(|(name, _)| name == "password");
        if !in_authority && !in_query {
            return self.expose().to_owned();
        }
        if in_authority && url.set_password(Some(MASK)).is_err() {
            return MASK.to_owned();
        }
        if in_query {
            let pairs: Vec<_> = url.query_pairs().into_owned().collect();
            let masked = pairs.iter().map(|(name, value)| (name, if name == "password" { MASK } else { value }));
            url.query_pairs_mut().clear().extend_pairs(masked);
        }
        url.into()
    }
}

impl Default for DatabaseUrl {
    fn default() -> Self {
        Self(Sensitive::new("sqlite://signet.db".to_owned()))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted())
    }
}

impl Serialize for DatabaseUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.redacted())
    }
}
