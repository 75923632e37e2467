//! Conversion between stored text and types. A value that does not parse was not written by this server.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;
use crate::protocol::scope::Scope;
use crate::protocol::secret::Digest;

pub(super) fn from_json<T: DeserializeOwned>(text: &str, what: &'static str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt(what))
}

pub(super) fn to_json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Corrupt("a value that is no JSON"))
}

pub(super) fn scope(text: &str) -> Result<Scope, StoreError> {
    Scope::parse_stored(text).map_err(|_| StoreError::Corrupt("scope"))
}

pub(super) fn digest(bytes: &[u8]) -> Result<Digest, StoreError> {
    Digest::from_stored(bytes).ok_or(StoreError::Corrupt("digest"))
}

/// Returns true if exactly one row was changed.
pub(super) fn one(rows: u64) -> bool {
    rows == 1
}
