//! Conversion between stored text and types. A value that does not parse was not written by this server.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::StoreError;
use signet_protocol::scope::Scope;
use signet_protocol::secret::Digest;

pub(crate) fn from_json<T: DeserializeOwned>(text: &str, what: &'static str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt(what))
}

pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Corrupt("a value that is no JSON"))
}

pub(crate) fn scope(text: &str) -> Result<Scope, StoreError> {
    Scope::parse_stored(text).map_err(|_| StoreError::Corrupt("scope"))
}

pub(crate) fn digest(bytes: &[u8]) -> Result<Digest, StoreError> {
    Digest::from_stored(bytes).ok_or(StoreError::Corrupt("digest"))
}

/// Returns true if exactly one row was changed.
pub(crate) fn one(rows: u64) -> bool {
    rows == 1
}
