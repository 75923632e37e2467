//! The audit log as a hash chain: each row's hash covers the row and the hash before it, so no row can be changed,
//! removed or inserted without changing every later hash. A checkpoint is a statement about the chain that a signing
//! key of the realm signs as a JWS (RFC 7515 §3.1). This module has the pure rules: computing links and verifying a
//! chain row by row.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::ids::RealmId;
use crate::secret::Digest;
use crate::time::Timestamp;

/// The `typ` of a checkpoint's JWS (RFC 7515 §4.1.9), which keeps it from being accepted as a token.
pub const TYP: &str = "audit-checkpoint+jwt";
/// The prefix of a hashed row without details, for domain separation. Rows written before details existed have this
/// form.
const DOMAIN: &[u8] = b"signet audit row v1";
/// The prefix of a hashed row with details, which are hashed after the other fields.
const DOMAIN_WITH_DETAILS: &[u8] = b"signet audit row v2";

/// A point of the chain: a row's number and the hash of all rows up to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The row's number, starting at 1.
    pub seq: i64,
    pub hash: Digest,
}

/// A row of the audit log, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The row's number, or `None` for rows written before the chain was introduced.
    pub seq: Option<i64>,
    pub at: Timestamp,
    pub id: String,
    pub event: String,
    /// `success` or `failure`.
    pub outcome: String,
    /// The actor: `user`, `client`, `system`, `command:ACCOUNT` or `client:ID`.
    pub actor: String,
    /// The user whom the event is about.
    pub user: Option<String>,
    /// The client that the event is about.
    pub client: Option<String>,
    /// The session that the event is about.
    pub session: Option<String>,
    /// The client address of the request.
    pub address: String,
    /// The `User-Agent` header.
    pub user_agent: String,
    pub request_id: String,
    /// A short cause, one or two words.
    pub reason: String,
    /// A JSON object with more facts about the event, as stored.
    #[serde(serialize_with = "as_object", skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}

/// Serializes details as the object that they contain.
fn as_object<S: serde::Serializer>(details: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    let object = details.as_deref().map(serde_json::from_str::<serde_json::Value>);
    match object {
        Some(Ok(object)) => object.serialize(serializer),
        // A tampered row is shown as it is.
        Some(Err(_)) => details.serialize(serializer),
        None => serializer.serialize_none(),
    }
}

/// The content of a checkpoint: the rows after `first` up to `last` existed at this time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    pub realm: RealmId,
    pub at: Timestamp,
    /// The last row that retention deleted, or the beginning of the chain.
    pub first: Link,
    /// The last row that the checkpoint covers.
    pub last: Link,
    /// The number of rows that are older than the chain.
    pub unchained: i64,
}

/// A fault of a chain, with the first row that shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    /// A row is missing or has a different number.
    #[error("row {0} is missing")]
    Missing(i64),
    /// This row or an earlier one differs from what was written.
    #[error("row {0} differs from what was written")]
    Changed(i64),
    /// No row of the chain can have this number: it is below 1 or beyond the end.
    #[error("row {0} is not part of the chain")]
    Stray(i64),
    /// The row differs from the one that a checkpoint signed.
    #[error("row {0} is not the one that a checkpoint signed")]
    Replaced(i64),
}

impl Link {
    /// Returns the point before the first row.
    pub fn beginning() -> Self {
        Self { seq: 0, hash: Digest::from_stored(&[0; 32]).unwrap_or_else(|| Digest::of(DOMAIN)) }
    }

    /// Returns the point after this row. Each field is hashed with its length, so that text cannot shift from one field
    /// to the next.
    #[must_use]
    pub fn then(&self, realm: &RealmId, row: &Row) -> Self {
        let seq = self.seq.saturating_add(1);
        let mut hash = Sha256::new();
        hash.update(if row.details.is_some() { DOMAIN_WITH_DETAILS } else { DOMAIN });
        hash.update(self.hash.as_bytes());
        hash.update(seq.to_be_bytes());
        hash.update(row.at.as_millis().to_be_bytes());
        let texts = [
            Some(realm.as_str()),
            Some(&row.id),
            Some(&row.event),
            Some(&row.outcome),
            Some(&row.actor),
            row.user.as_deref(),
            row.client.as_deref(),
            row.session.as_deref(),
            Some(&row.address),
            Some(&row.user_agent),
            Some(&row.request_id),
            Some(&row.reason),
        ];
        let details = row.details.is_some().then_some(row.details.as_deref());
        for text in texts.into_iter().chain(details) {
            hash.update([u8::from(text.is_some())]);
            let text = text.unwrap_or_default();
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        }
        let hash: [u8; 32] = hash.finalize().into();
        Self { seq, hash: Digest::from_stored(&hash).unwrap_or_else(|| Digest::of(&hash)) }
    }
}

/// A verification of a chain, row by row.
pub struct ChainVerifier {
    realm: RealmId,
    at: Link,
    vouched: BTreeMap<i64, Digest>,
}

impl ChainVerifier {
    /// Starts after `first`; `vouched` are the points that checkpoints signed.
    pub fn new(realm: RealmId, first: Link, vouched: impl IntoIterator<Item = Link>) -> Self {
        let vouched = vouched.into_iter().map(|link| (link.seq, link.hash)).collect();
        Self { realm, at: first, vouched }
    }

    pub fn realm(&self) -> &RealmId {
        &self.realm
    }

    /// Returns the last verified point.
    pub fn at(&self) -> Link {
        self.at
    }

    /// Verifies the next row against the hash stored with it.
    pub fn step(&mut self, row: &Row, stored: Option<Digest>) -> Result<(), ChainFault> {
        let next = self.at.then(&self.realm, row);
        if row.seq != Some(next.seq) {
            return Err(ChainFault::Missing(next.seq));
        }
        if stored.is_none_or(|stored| !stored.matches(&next.hash)) {
            return Err(ChainFault::Changed(next.seq));
        }
        if self.vouched.get(&next.seq).is_some_and(|vouched| !vouched.matches(&next.hash)) {
            return Err(ChainFault::Replaced(next.seq));
        }
        self.at = next;
        Ok(())
    }

    /// Ends the verification at the recorded end of the chain. Missing rows at the end and a different last row are
    /// errors.
    pub fn finish(&self, end: Link) -> Result<(), ChainFault> {
        let newest = self.vouched.keys().next_back().copied().unwrap_or(0);
        if self.at.seq < end.seq.max(newest) {
            return Err(ChainFault::Missing(self.at.seq.saturating_add(1)));
        }
        // A row appended after `end` was read is not covered by any claim yet.
        if self.at.seq == end.seq && self.at != end {
            return Err(ChainFault::Replaced(end.seq));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
