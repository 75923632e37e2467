//! Strict parsing of a compact JWS before any cryptography (RFC 7515 §3.1, §7.1; RFC 8725 §3), and typed access to its
//! claims (RFC 7519 §4.1). Signatures are verified by `keys`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::time::Timestamp;

/// The maximum length of a token, in bytes.
pub const MAX_TOKEN: usize = 8192;
/// The maximum nesting depth of objects and arrays.
pub const MAX_DEPTH: usize = 32;

/// Header parameters that change the parsing of a token, none of them supported: extensions (RFC 7515 §4.1.11),
/// unencoded payloads (RFC 7797), encryption and compression (RFC 7516 §4.1).
const UNSUPPORTED: [&str; 4] = ["crit", "b64", "enc", "zip"];

/// The reason why a token, or a claim in it, is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    #[error("The token is too long.")]
    TooLong,
    /// Not three non-empty parts.
    #[error("The token is not a compact JWS.")]
    NotCompact,
    /// A part is not base64url without padding, or not in canonical form.
    #[error("A part of the token is not canonical base64url.")]
    NotBase64Url,
    /// Header or payload is not a JSON object, repeats a member name, or nests too deep.
    #[error("The header or the payload is not a JSON object with unique members.")]
    NotJsonObject,
    /// The header has `crit`, `b64`, `enc` or `zip`.
    #[error("The header requires an unsupported extension.")]
    UnsupportedHeader,
    /// `alg` is missing, or `alg`, `kid` or `typ` is not a string.
    #[error("A header parameter is missing or has the wrong type.")]
    MalformedHeader,
    /// `alg` is `none`, in any spelling (RFC 8725 §3.2).
    #[error("The token is not signed.")]
    Unsigned,
    /// A claim does not have the type of its definition.
    #[error("A claim has the wrong type.")]
    ClaimType,
}

/// A well-formed JWS whose signature has not been verified.
pub struct UnverifiedJws<'a> {
    header: Map<String, Value>,
    alg: String,
    payload: Map<String, Value>,
    signing_input: &'a str,
    encoded_signature: &'a str,
    signature: Vec<u8>,
}

impl std::fmt::Debug for UnverifiedJws<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UnverifiedJws")
    }
}

impl<'a> UnverifiedJws<'a> {
    pub fn parse(token: &'a str) -> Result<UnverifiedJws<'a>, JwsError> {
        if token.len() > MAX_TOKEN {
            return Err(JwsError::TooLong);
        }
        let (signing_input, encoded_signature) = token.rsplit_once('.').ok_or(JwsError::NotCompact)?;
        let (header, payload) = signing_input.split_once('.').ok_or(JwsError::NotCompact)?;
        if payload.contains('.') || [header, payload, encoded_signature].contains(&"") {
            return Err(JwsError::NotCompact);
        }
        let header = decode(header)?;
        let payload = decode(payload)?;
        let signature = decode(encoded_signature)?;
        let header = strict_object(&header).ok_or(JwsError::NotJsonObject)?;
        let alg = check_header(&header)?.to_owned();
        let payload = strict_object(&payload).ok_or(JwsError::NotJsonObject)?;
        Ok(UnverifiedJws { header, alg, payload, signing_input, encoded_signature, signature })
    }

    /// Returns the `alg` of the header. It is the sender's statement; the key decides the algorithm (RFC 8725 §3.1).
    pub fn alg(&self) -> &str {
        &self.alg
    }

    /// Returns the `kid` of the header. It may only select among known keys.
    pub fn kid(&self) -> Option<&str> {
        self.header.get("kid").and_then(Value::as_str)
    }

    /// Returns the `typ` of the header (RFC 8725 §3.11).
    pub fn typ(&self) -> Option<&str> {
        self.header.get("typ").and_then(Value::as_str)
    }

    /// Returns true if the header has this parameter.
    pub fn header_has(&self, name: &str) -> bool {
        self.header.contains_key(name)
    }

    /// Returns the unverified claims. No decision may be based on them before the signature is verified.
    pub fn payload(&self) -> &Map<String, Value> {
        &self.payload
    }

    /// Returns the signed bytes (RFC 7515 §5.2).
    pub fn signing_input(&self) -> &str {
        self.signing_input
    }

    /// Returns the signature in base64url, as it stands in the token.
    pub fn encoded_signature(&self) -> &str {
        self.encoded_signature
    }

    pub fn signature(&self) -> &[u8] {
        &self.signature
    }
}

/// Reads a NumericDate claim (RFC 7519 §2): a non-negative number of seconds.
pub fn numeric_date(claims: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, JwsError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let Value::Number(number) = value else { return Err(JwsError::ClaimType) };
    if let Some(secs) = number.as_u64() {
        return Ok(Some(Timestamp::from_secs(i64::try_from(secs).unwrap_or(i64::MAX))));
    }
    let secs = number.as_f64().filter(|secs| secs.is_finite() && *secs >= 0.0).ok_or(JwsError::ClaimType)?;
    // A cast from floating point saturates.
    Ok(Some(Timestamp::from_millis((secs * 1000.0) as i64)))
}

pub fn string<'a>(claims: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, JwsError> {
    claims.get(name).map(|value| value.as_str().ok_or(JwsError::ClaimType)).transpose()
}

/// Reads `aud` (RFC 7519 §4.1.3): a string or an array of strings; empty if absent.
pub fn audiences(claims: &Map<String, Value>) -> Result<Vec<&str>, JwsError> {
    match claims.get("aud") {
        None => Ok(Vec::new()),
        Some(Value::String(one)) => Ok(vec![one]),
        Some(Value::Array(many)) => many.iter().map(|value| value.as_str().ok_or(JwsError::ClaimType)).collect(),
        Some(_) => Err(JwsError::ClaimType),
    }
}

/// Parses a JSON object. Repeated member names (RFC 7515 §4, RFC 7519 §4) and nesting deeper than [`MAX_DEPTH`] yield
/// `None`.
pub fn strict_object(bytes: &[u8]) -> Option<Map<String, Value>> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { depth: MAX_DEPTH }.deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()?;
    match value {
        Value::Object(members) => Some(members),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => None,
    }
}

/// Decodes a part and refuses non-canonical encodings (RFC 4648 §3.5): this engine accepts no padding, white space or
/// trailing bits.
fn decode(part: &str) -> Result<Vec<u8>, JwsError> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| JwsError::NotBase64Url)
}

/// Checks the header and returns its `alg`.
fn check_header(header: &Map<String, Value>) -> Result<&str, JwsError> {
    if UNSUPPORTED.iter().any(|name| header.contains_key(*name)) {
        return Err(JwsError::UnsupportedHeader);
    }
    for name in ["kid", "typ"] {
        string(header, name).map_err(|_| JwsError::MalformedHeader)?;
    }
    let alg = string(header, "alg").ok().flatten().filter(|alg| !alg.is_empty()).ok_or(JwsError::MalformedHeader)?;
    if alg.trim().eq_ignore_ascii_case("none") { Err(JwsError::Unsigned) } else { Ok(alg) }
}

/// Deserializes one JSON value with at most `depth` levels of objects and arrays.
#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    /// Returns the deserializer for the members of an object or array.
    fn inner<E: Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| E::custom("too deep"))?;
        Ok(Self { depth })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(inner)? {
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(inner)?;
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a member name is repeated"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests;
