//! Public JSON Web Keys (RFC 7517, RFC 7518 §6, RFC 8037): those that clients register and those that this
//! server publishes. Private and symmetric members are refused.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::secret::Digest;

/// The most keys that a client's JWK set may hold.
pub const MAX_KEYS: usize = 20;

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
    /// Ed25519.
    EdDSA,
}

impl SigningAlgorithm {
    /// Every algorithm that this server can sign with.
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

    /// The value of `alg`.
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

    /// The algorithm of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name)
    }
}

/// The algorithms in which clients may sign assertions.
pub const CLIENT_ALGORITHMS: [&str; 9] =
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"];

/// The public members of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyMaterial {
    /// Modulus and exponent, big-endian without leading zeros.
    Rsa {
        /// The modulus.
        n: Vec<u8>,
        /// The exponent.
        e: Vec<u8>,
    },
    /// The point of an elliptic curve key.
    Ec {
        /// The curve.
        curve: Curve,
        /// The x coordinate, as wide as the field.
        x: Vec<u8>,
        /// The y coordinate, as wide as the field.
        y: Vec<u8>,
    },
    /// An Ed25519 public key of 32 bytes.
    Ed25519 {
        /// The key.
        x: Vec<u8>,
    },
}

/// An elliptic curve of RFC 7518 §6.2.1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// P-256
    P256,
    /// P-384
    P384,
}

impl Curve {
    /// The value of `crv`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
        }
    }

    /// The length of a coordinate, in bytes.
    pub const fn width(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
        }
    }

    /// The curve of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::P256, Self::P384].into_iter().find(|curve| curve.as_str() == name)
    }
}

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicJwk {
    /// The `kid`, if it has one.
    pub kid: Option<String>,
    /// The `alg`, if the key is bound to one.
    pub alg: Option<String>,
    /// The key itself.
    pub material: KeyMaterial,
}

/// Why a JWK or a JWK set is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// Not an object with a supported `kty`.
    #[error("the key type is not supported")]
    UnsupportedType,
    /// A member is missing or not canonical base64url of the right length.
    #[error("a key member is missing or malformed")]
    Malformed,
    /// `d`, `p`, `q`, `k` and the like.
    #[error("the key set holds private or symmetric keys")]
    Private,
    /// RSA below 2048 bits or with an even or tiny exponent.
    #[error("the RSA key is too weak")]
    Weak,
    /// More keys than [`MAX_KEYS`], or none.
    #[error("the key set is empty or holds too many keys")]
    Count,
    /// Two keys with one `kid`.
    #[error("two keys of the set have the same kid")]
    DuplicateKid,
}

impl PublicJwk {
    /// Reads a JWK.
    ///
    /// # Errors
    /// [`JwkError`] says why the key is refused.
    pub fn from_json(value: &Value) -> Result<Self, JwkError> {
        let object = value.as_object().ok_or(JwkError::Malformed)?;
        if ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].iter().any(|private| object.contains_key(*private)) {
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

    /// The algorithms of [`CLIENT_ALGORITHMS`] that a signature by this key may have.
    pub fn algorithms(&self) -> &'static [&'static str] {
        match self.material {
            KeyMaterial::Rsa { .. } => &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
            KeyMaterial::Ec { curve: Curve::P256, .. } => &["ES256"],
            KeyMaterial::Ec { curve: Curve::P384, .. } => &["ES384"],
            KeyMaterial::Ed25519 { .. } => &["EdDSA"],
        }
    }

    /// Whether a signature by this key may have this algorithm (RFC 8725 §3.1).
    pub fn allows(&self, alg: &str) -> bool {
        self.algorithms().contains(&alg) && self.alg.as_deref().is_none_or(|bound| bound == alg)
    }

    /// The thumbprint of the key (RFC 7638), base64url.
    pub fn thumbprint(&self) -> String {
        let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
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

/// Reads the signing keys of a client's JWK set (RFC 7517 §5). Keys for encryption are passed over.
///
/// # Errors
/// [`JwkError`] for the first key that is refused.
pub fn client_keys(set: &Value) -> Result<Vec<PublicJwk>, JwkError> {
    let keys = set.get("keys").and_then(Value::as_array).ok_or(JwkError::Malformed)?;
    if keys.is_empty() || keys.len() > MAX_KEYS {
        return Err(JwkError::Count);
    }
    let for_signatures = |key: &&Value| key.get("use").is_none_or(|usage| usage == "sig");
    let parsed = keys.iter().filter(for_signatures).map(PublicJwk::from_json).collect::<Result<Vec<_>, _>>()?;
    let mut kids: Vec<_> = parsed.iter().filter_map(|key| key.kid.as_deref()).collect();
    kids.sort_unstable();
    if kids.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(JwkError::DuplicateKid);
    }
    Ok(parsed)
}

/// Modulus and exponent of an RSA key: at least 2048 bits, an odd exponent of 3 or more.
fn rsa(object: &Map<String, Value>) -> Result<KeyMaterial, JwkError> {
    let decode = |name| text(object, name)?.and_then(|t| URL_SAFE_NO_PAD.decode(t).ok()).ok_or(JwkError::Malformed);
    let (n, e) = (decode("n")?, decode("e")?);
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

/// A member of exactly `length` bytes.
fn bytes(object: &Map<String, Value>, name: &str, length: usize) -> Result<Vec<u8>, JwkError> {
    text(object, name)?
        .and_then(|encoded| URL_SAFE_NO_PAD.decode(encoded).ok())
        .filter(|decoded| decoded.len() == length)
        .ok_or(JwkError::Malformed)
}

/// A member that is text where it stands.
fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, JwkError> {
    object.get(name).map(|value| value.as_str().ok_or(JwkError::Malformed)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn b64(length: usize) -> String {
        URL_SAFE_NO_PAD.encode(vec![0xff; length])
    }

    #[test]
    fn only_strong_public_keys_are_read() {
        let rows = [
            ("RSA 2048", json!({"kty":"RSA","n":b64(256),"e":"AQAB"}), None),
            ("RSA 1024", json!({"kty":"RSA","n":b64(128),"e":"AQAB"}), Some(JwkError::Weak)),
            ("RSA e=1", json!({"kty":"RSA","n":b64(256),"e":"AQ"}), Some(JwkError::Weak)),
            ("P-256", json!({"kty":"EC","crv":"P-256","x":b64(32),"y":b64(32)}), None),
            ("P-256, short x", json!({"kty":"EC","crv":"P-256","x":b64(31),"y":b64(32)}), Some(JwkError::Malformed)),
            ("P-521", json!({"kty":"EC","crv":"P-521","x":b64(66),"y":b64(66)}), Some(JwkError::UnsupportedType)),
            ("Ed25519", json!({"kty":"OKP","crv":"Ed25519","x":b64(32)}), None),
            ("private", json!({"kty":"OKP","crv":"Ed25519","x":b64(32),"d":b64(32)}), Some(JwkError::Private)),
            ("symmetric", json!({"kty":"oct","k":b64(32)}), Some(JwkError::Private)),
            (
                "kid of another type",
                json!({"kty":"OKP","crv":"Ed25519","x":b64(32),"kid":1}),
                Some(JwkError::Malformed),
            ),
            ("not an object", json!("x"), Some(JwkError::Malformed)),
        ];
        for (rule, value, expected) in rows {
            assert_eq!(PublicJwk::from_json(&value).err(), expected, "{rule}");
        }
    }

    #[test]
    fn the_thumbprint_is_that_of_rfc_7638_3_1() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let key = PublicJwk::from_json(&json!({"kty":"RSA","n":n,"e":"AQAB"})).unwrap();
        assert_eq!(key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn a_key_set_is_bounded_and_unambiguous() {
        let key = json!({"kty":"OKP","crv":"Ed25519","x":b64(32),"kid":"a"});
        assert_eq!(client_keys(&json!({"keys":[]})).err(), Some(JwkError::Count));
        assert_eq!(client_keys(&json!({"keys":[key, key]})).err(), Some(JwkError::DuplicateKid));
        assert_eq!(client_keys(&json!({"keys":vec![key.clone(); MAX_KEYS + 1]})).err(), Some(JwkError::Count));
        assert!(client_keys(&json!({"keys":[key]})).is_ok());
    }
}
