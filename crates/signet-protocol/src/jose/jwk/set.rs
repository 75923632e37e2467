//! JWK sets of clients (RFC 7517 §5): the keys that they sign with and the keys that this server can encrypt to.

use serde::{Deserialize as _, Deserializer};
use serde_json::{Map, Value};

use super::{JwkError, PublicJwk};
use crate::jose::encryption::KeyManagement;

/// The maximum number of keys in a client's JWK set.
pub const MAX_KEYS: usize = 20;

/// Parses the signing keys of a client's JWK set (RFC 7517 §5). Encryption keys are skipped.
pub fn client_keys(set: &Value) -> Result<Vec<PublicJwk>, JwkError> {
    let for_signatures = |key: &&Value| key.get("use").is_none_or(|usage| usage == "sig");
    let parsed = members(set)?.iter().filter(for_signatures).map(PublicJwk::from_json).collect::<Result<_, _>>()?;
    with_distinct_kids(parsed)
}

/// Parses the keys of a client's JWK set that this server can encrypt to: those for encryption or for any use, with a
/// supported `alg` or none (RFC 7517 §4.2, §4.4). Others are skipped.
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

/// Returns the keys of a set. All of them, of any use, must be public.
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

/// Deserializes a JWK set and drops unused members, which RFC 7517 §4 and §5 ignore, so that they take no memory or
/// storage. Members of private keys are kept, since such a set is refused later.
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

/// The public key members that are used.
const PUBLIC: [&str; 9] = ["kty", "use", "alg", "kid", "crv", "x", "y", "n", "e"];
/// Members of private and symmetric keys.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Returns true if a key has a private or symmetric member.
pub(crate) fn is_private(key: &Map<String, Value>) -> bool {
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
