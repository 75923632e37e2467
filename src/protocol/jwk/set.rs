//! JWK sets of clients (RFC 7517 §5): which of their keys sign, and to which this server can encrypt.

use serde::{Deserialize as _, Deserializer};
use serde_json::{Map, Value};

use super::{JwkError, PublicJwk};
use crate::protocol::jwe::KeyManagement;

/// The most keys that a client's JWK set may hold.
pub const MAX_KEYS: usize = 20;

/// Reads the signing keys of a client's JWK set (RFC 7517 §5). Keys for encryption are passed over.
///
/// # Errors
/// [`JwkError`] for the first key that is refused.
pub fn client_keys(set: &Value) -> Result<Vec<PublicJwk>, JwkError> {
    let for_signatures = |key: &&Value| key.get("use").is_none_or(|usage| usage == "sig");
    let parsed = members(set)?.iter().filter(for_signatures).map(PublicJwk::from_json).collect::<Result<_, _>>()?;
    with_distinct_kids(parsed)
}

/// Reads the keys of a client's JWK set to which this server can encrypt: those for encryption or for anything, whose
/// `alg`, if they have one, is supported (RFC 7517 §4.2, §4.4). Others are passed over.
///
/// # Errors
/// [`JwkError`] for the first key that is refused.
pub fn encryption_keys(set: &Value) -> Result<Vec<PublicJwk>, JwkError> {
    let for_encryption = |key: &&Value| key.get("use").is_none_or(|usage| usage == "enc");
    let mut keys = Vec::new();
    for key in members(set)?.iter().filter(for_encryption) {
        match PublicJwk::from_json(key) {
            Ok(key) if KeyManagement::ALL.iter().any(|alg| key.receives(*alg)) => keys.push(key),
            Ok(_) | Err(JwkError::UnsupportedType) => {}
            Err(error) => return Err(error),
        }
    }
    with_distinct_kids(keys)
}

/// The keys of a set, each of which is public, whatever its use.
fn members(set: &Value) -> Result<&[Value], JwkError> {
    let keys = set.get("keys").and_then(Value::as_array).ok_or(JwkError::Malformed)?;
    if keys.is_empty() || keys.len() > MAX_KEYS {
        return Err(JwkError::Count);
    }
    if keys.iter().filter_map(Value::as_object).any(is_private) {
        return Err(JwkError::Private);
    }
    Ok(keys)
}

/// Reads a JWK set as JSON and leaves out the members that are never read (RFC 7517 §4, §5: they are ignored), so that
/// none of them takes memory or is stored. Those of private keys stay, since such a set is refused.
///
/// # Errors
/// Where it is not JSON.
pub fn deserialize_set<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    let mut set = Option::<Value>::deserialize(deserializer)?;
    if let Some(Value::Object(members)) = &mut set {
        members.retain(|name, _| name == "keys");
        let keys = members.get_mut("keys").and_then(Value::as_array_mut);
        for key in keys.into_iter().flatten().filter_map(Value::as_object_mut) {
            key.retain(|name, _| PUBLIC.contains(&name.as_str()) || PRIVATE.contains(&name.as_str()));
        }
    }
    Ok(set)
}

/// The members of a public key that are read.
const PUBLIC: [&str; 9] = ["kty", "use", "alg", "kid", "crv", "x", "y", "n", "e"];
/// The members of a private or symmetric key.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Whether a key has a member that only its owner may know.
pub(super) fn is_private(key: &Map<String, Value>) -> bool {
    PRIVATE.iter().any(|private| key.contains_key(*private))
}

fn with_distinct_kids(keys: Vec<PublicJwk>) -> Result<Vec<PublicJwk>, JwkError> {
    let mut kids: Vec<_> = keys.iter().filter_map(|key| key.kid.as_deref()).collect();
    kids.sort_unstable();
    if kids.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(JwkError::DuplicateKid);
    }
    Ok(keys)
}
