//! Public JSON Web Keys (RFC 7517, RFC 7518 §6, RFC 8037), of clients and of this server. Keys with private or
//! symmetric members are refused.

mod set;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::encryption::KeyManagement;
use crate::secret::Digest;
use set::is_private;
pub use set::{MAX_KEYS, client_keys, deserialize_set, encryption_keys};

/// The JWS algorithms that this server signs with (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SigningAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RS256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RS384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RS512,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// RSASSA-PSS with SHA-384.
    PS384,
    /// RSASSA-PSS with SHA-512.
    PS512,
    /// ECDSA with P-256 and SHA-256.
    ES256,
    /// ECDSA with P-384 and SHA-384.
    ES384,
    /// EdDSA with an Ed25519 key.
    EdDSA,
}

impl SigningAlgorithm {
    pub const ALL: [Self; 9] = [
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::EdDSA,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::EdDSA => "EdDSA",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }
}

/// The purpose of a key of this server: exactly one algorithm (RFC 8725 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyAlgorithm {
    Signing(SigningAlgorithm),
    /// Decrypting tokens that others have encrypted to it.
    Encryption(KeyManagement),
}

impl KeyAlgorithm {
    /// Returns the value of `alg`, which implies the use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signing(algorithm) => algorithm.as_str(),
            Self::Encryption(algorithm) => algorithm.as_str(),
        }
    }

    /// Returns the value of `use` (RFC 7517 §4.2).
    pub const fn key_use(self) -> &'static str {
        match self {
            Self::Signing(_) => "sig",
            Self::Encryption(_) => "enc",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        let encryption = || KeyManagement::named(name).map(Self::Encryption);
        SigningAlgorithm::named(name).map(Self::Signing).or_else(encryption)
    }
}

impl From<SigningAlgorithm> for KeyAlgorithm {
    fn from(algorithm: SigningAlgorithm) -> Self {
        Self::Signing(algorithm)
    }
}

impl From<KeyManagement> for KeyAlgorithm {
    fn from(algorithm: KeyManagement) -> Self {
        Self::Encryption(algorithm)
    }
}

/// The algorithms in which clients may sign assertions and request objects. `Ed25519` is the newer name of `EdDSA` with
/// an Ed25519 key (RFC 9864 §2.2).
pub const CLIENT_ALGORITHMS: [&str; 10] =
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA", "Ed25519"];

/// The public members of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyMaterial {
    /// Modulus and exponent, big-endian without leading zeros.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// The point of an elliptic curve key. Both coordinates have the width of the field.
    Ec { curve: Curve, x: Vec<u8>, y: Vec<u8> },
    /// An Ed25519 public key of 32 bytes.
    Ed25519 { x: Vec<u8> },
}

/// An elliptic curve of RFC 7518 §6.2.1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    P256,
    P384,
}

impl Curve {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
        }
    }

    /// Returns the length of a coordinate, in bytes.
    pub const fn width(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        [Self::P256, Self::P384].into_iter().find(|curve| curve.as_str() == name)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicJwk {
    pub kid: Option<String>,
    /// The `alg`, if the key is bound to one.
    pub alg: Option<String>,
    pub material: KeyMaterial,
}

/// The reason why a JWK or a JWK set is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// Not an object with a supported `kty`.
    #[error("the key type is not supported")]
    UnsupportedType,
    /// A member is missing, or is not canonical base64url of the right length.
    #[error("a key member is missing or malformed")]
    Malformed,
    /// The key has a member such as `d`, `p`, `q` or `k`.
    #[error("the key set has private or symmetric keys")]
    Private,
    /// An RSA key below 2048 bits, or with an even or tiny exponent.
    #[error("the RSA key is too weak")]
    Weak,
    /// More than [`MAX_KEYS`] keys, or none.
    #[error("the key set is empty or has too many keys")]
    Count,
    /// Two keys with the same `kid`.
    #[error("two keys of the set have the same kid")]
    DuplicateKid,
}

impl PublicJwk {
    pub fn from_json(value: &Value) -> Result<Self, JwkError> {
        let object = value.as_object().ok_or(JwkError::Malformed)?;
        if is_private(object) {
            return Err(JwkError::Private);
        }
        let material = match (text(object, "kty")?, text(object, "crv")?) {
            (Some("RSA"), _) => rsa(object)?,
            (Some("EC"), Some(crv)) => {
                let curve = Curve::named(crv).ok_or(JwkError::UnsupportedType)?;
                let coordinate = |name| bytes(object, name, curve.width());
                KeyMaterial::Ec { curve, x: coordinate("x")?, y: coordinate("y")? }
            }
            (Some("OKP"), Some("Ed25519")) => KeyMaterial::Ed25519 { x: bytes(object, "x", 32)? },
            _ => return Err(JwkError::UnsupportedType),
        };
        let owned = |name| text(object, name).map(|value| value.map(str::to_owned));
        Ok(Self { kid: owned("kid")?, alg: owned("alg")?, material })
    }

    /// Returns the approximate memory size, in bytes.
    pub fn weight(&self) -> usize {
        let material = match &self.material {
            KeyMaterial::Rsa { n, e } => n.len() + e.len(),
            KeyMaterial::Ec { x, y, .. } => x.len() + y.len(),
            KeyMaterial::Ed25519 { x } => x.len(),
        };
        let names = [&self.kid, &self.alg].into_iter().flatten().map(String::len);
        size_of::<Self>() + material + names.sum::<usize>()
    }

    /// Returns the algorithms of [`CLIENT_ALGORITHMS`] that signatures by this key may have.
    pub fn algorithms(&self) -> &'static [&'static str] {
        match self.material {
            KeyMaterial::Rsa { .. } => &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
            KeyMaterial::Ec { curve: Curve::P256, .. } => &["ES256"],
            KeyMaterial::Ec { curve: Curve::P384, .. } => &["ES384"],
            KeyMaterial::Ed25519 { .. } => &["EdDSA", "Ed25519"],
        }
    }

    /// Returns true if a signature by this key may have this algorithm (RFC 8725 §3.1).
    pub fn allows(&self, alg: &str) -> bool {
        self.algorithms().contains(&alg) && self.alg.as_deref().is_none_or(|bound| bound == alg)
    }

    /// Returns true if the key is usable for key agreement (RFC 7518 §4.6).
    pub fn agrees(&self) -> bool {
        match self.material {
            KeyMaterial::Ec { .. } => true,
            KeyMaterial::Rsa { .. } | KeyMaterial::Ed25519 { .. } => false,
        }
    }

    /// Returns true if a content encryption key may be conveyed to this key's owner by `alg` (RFC 8725 §3.1).
    pub fn receives(&self, alg: KeyManagement) -> bool {
        let fits = match alg {
            KeyManagement::RsaOaep256 => matches!(self.material, KeyMaterial::Rsa { .. }),
            KeyManagement::EcdhEs | KeyManagement::EcdhEsA256Kw => self.agrees(),
        };
        fits && self.alg.as_deref().is_none_or(|bound| bound == alg.as_str())
    }

    /// Serializes the key (RFC 7517 §4), without `use`.
    pub fn to_json(&self) -> Map<String, Value> {
        let mut members = match &self.material {
            KeyMaterial::Rsa { n, e } => vec![("kty", "RSA".to_owned()), ("n", b64(n)), ("e", b64(e))],
            KeyMaterial::Ec { curve, x, y } => {
                vec![("kty", "EC".to_owned()), ("crv", curve.as_str().to_owned()), ("x", b64(x)), ("y", b64(y))]
            }
            KeyMaterial::Ed25519 { x } => {
                vec![("kty", "OKP".to_owned()), ("crv", "Ed25519".to_owned()), ("x", b64(x))]
            }
        };
        members.extend(self.kid.iter().map(|kid| ("kid", kid.clone())));
        members.extend(self.alg.iter().map(|alg| ("alg", alg.clone())));
        members.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
    }

    /// Serializes the key as this server publishes it, with its `use` (RFC 7517 §4.2).
    pub fn published(&self, key_use: &str) -> Map<String, Value> {
        let mut members = self.to_json();
        members.insert("use".to_owned(), Value::from(key_use));
        members
    }

    /// Returns the thumbprint of the key (RFC 7638), base64url.
    pub fn thumbprint(&self) -> String {
        let canonical = match &self.material {
            KeyMaterial::Rsa { n, e } => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, b64(e), b64(n)),
            KeyMaterial::Ec { curve, x, y } => {
                let crv = curve.as_str();
                format!(r#"{{"crv":"{crv}","kty":"EC","x":"{}","y":"{}"}}"#, b64(x), b64(y))
            }
            KeyMaterial::Ed25519 { x } => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, b64(x)),
        };
        b64(Digest::of(canonical.as_bytes()).as_bytes())
    }
}

fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Parses modulus and exponent of an RSA key: at least 2048 bits, an odd exponent of 3 or more.
fn rsa(object: &Map<String, Value>) -> Result<KeyMaterial, JwkError> {
    let decode = |name| text(object, name)?.and_then(|t| URL_SAFE_NO_PAD.decode(t).ok()).ok_or(JwkError::Malformed);
    let n = decode("n")?;
    let e = decode("e")?;
    if n.first() == Some(&0) || e.first() == Some(&0) {
        return Err(JwkError::Malformed);
    }
    let odd = |bytes: &[u8]| bytes.last().is_some_and(|last| last % 2 == 1);
    let strong = (256..=1024).contains(&n.len()) && n.first().is_some_and(|first| *first >= 0x80 || n.len() > 256);
    if !strong || !odd(&n) || !odd(&e) || e.len() > 8 || e == [1] {
        return Err(JwkError::Weak);
    }
    Ok(KeyMaterial::Rsa { n, e })
}

/// Decodes a member of exactly `length` bytes.
fn bytes(object: &Map<String, Value>, name: &str, length: usize) -> Result<Vec<u8>, JwkError> {
    text(object, name)?
        .and_then(|encoded| URL_SAFE_NO_PAD.decode(encoded).ok())
        .filter(|decoded| decoded.len() == length)
        .ok_or(JwkError::Malformed)
}

/// Returns an optional member, which must be a string.
fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, JwkError> {
    object.get(name).map(|value| value.as_str().ok_or(JwkError::Malformed)).transpose()
}

#[cfg(test)]
mod tests;
