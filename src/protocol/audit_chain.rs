//! The audit log as a chain: each row's hash covers the row and the hash before it, so that no row can be changed,
//! taken out or put in without all later hashes. A checkpoint is what a signing key of the realm vouches for, as a
//! JWS (RFC 7515 §3.1). Pure: links, and a walk along them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::ids::RealmId;
use super::secret::Digest;
use super::time::Timestamp;

/// The `typ` of a checkpoint's JWS (RFC 7515 §4.1.9), so that it is never taken for a token.
pub const TYP: &str = "audit-checkpoint+jwt";
/// The beginning of the hash of a row without details, so that it is no hash of anything else. Rows from before there
/// were details have this form.
const DOMAIN: &[u8] = b"signet audit row v1";
/// The beginning of the hash of a row with details, which are hashed after the other fields.
const DOMAIN_WITH_DETAILS: &[u8] = b"signet audit row v2";

/// A point of the chain: the number of a row, and the hash of all up to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The row's number; the first is 1.
    pub seq: i64,
    /// The hash.
    pub hash: Digest,
}

/// A row of the audit log, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The number, or nothing where the row is older than the chain.
    pub seq: Option<i64>,
    /// When, in milliseconds.
    pub at: Timestamp,
    /// The row's id.
    pub id: String,
    /// What happened.
    pub event: String,
    /// `success` or `failure`.
    pub outcome: String,
    /// The actor: `user`, `client`, `system`, `command:ACCOUNT` or `client:ID`.
    pub actor: String,
    /// The user concerned.
    pub user: Option<String>,
    /// The client concerned.
    pub client: Option<String>,
    /// The session concerned.
    pub session: Option<String>,
    /// The address that the request came from.
    pub address: String,
    /// The browser.
    pub user_agent: String,
    /// The id of the request.
    pub request_id: String,
    /// Why, in a word or two.
    pub reason: String,
    /// A JSON object with more about what happened, as it is stored.
    #[serde(serialize_with = "as_object", skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}

/// Writes details as the object that they are.
fn as_object<S: serde::Serializer>(details: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    let object = details.as_deref().map(|text| serde_json::from_str::<serde_json::Value>(text));
    match object {
        Some(Ok(object)) => object.serialize(serializer),
        // A row that somebody has changed is shown as it is.
        Some(Err(_)) => details.serialize(serializer),
        None => serializer.serialize_none(),
    }
}

/// What a checkpoint says: that the rows after `first` up to `last` were there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Of which realm.
    pub realm: RealmId,
    /// When, in milliseconds.
    pub at: Timestamp,
    /// The last row that retention has taken away, or the beginning.
    pub first: Link,
    /// The last row.
    pub last: Link,
    /// How many rows there were that are older than the chain.
    pub unchained: i64,
}

/// What is wrong with a chain, at which row first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A row is missing, or has another number.
    #[error("row {0} is missing")]
    Missing(i64),
    /// The row, or one before it, is not what was written.
    #[error("row {0} is not what was written")]
    Changed(i64),
    /// No row can have this number: the chain begins with 1 and ends before it.
    #[error("row {0} is not part of the chain")]
    Stray(i64),
    /// The row is not the one that a checkpoint vouches for.
    #[error("row {0} is not the one that a checkpoint vouches for")]
    Replaced(i64),
}

impl Link {
    /// The point before the first row.
    pub fn beginning() -> Self {
        Self { seq: 0, hash: Digest::from_stored(&[0; 32]).unwrap_or_else(|| Digest::of(DOMAIN)) }
    }

    /// The point after this row. Fields are written with their lengths, so that nothing can move from one to another.
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

/// A walk along a chain, row by row.
pub struct Walk {
    realm: RealmId,
    at: Link,
    vouched: BTreeMap<i64, Digest>,
}

impl Walk {
    /// Begins after `first`; `vouched` are the points that checkpoints name.
    pub fn new(realm: RealmId, first: Link, vouched: impl IntoIterator<Item = Link>) -> Self {
        let vouched = vouched.into_iter().map(|link| (link.seq, link.hash)).collect();
        Self { realm, at: first, vouched }
    }

    /// The realm whose chain it is.
    pub fn realm(&self) -> &RealmId {
        &self.realm
    }

    /// How far the walk has come.
    pub fn at(&self) -> Link {
        self.at
    }

    /// Takes the next row, with the hash that is stored with it.
    ///
    /// # Errors
    /// [`Broken`] where it is not the next one or not what was written.
    pub fn step(&mut self, row: &Row, stored: Option<Digest>) -> Result<(), Broken> {
        let next = self.at.then(&self.realm, row);
        if row.seq != Some(next.seq) {
            return Err(Broken::Missing(next.seq));
        }
        if stored.is_none_or(|stored| !stored.matches(&next.hash)) {
            return Err(Broken::Changed(next.seq));
        }
        if self.vouched.get(&next.seq).is_some_and(|vouched| !vouched.matches(&next.hash)) {
            return Err(Broken::Replaced(next.seq));
        }
        self.at = next;
        Ok(())
    }

    /// Ends the walk where the chain is said to end.
    ///
    /// # Errors
    /// [`Broken`] where rows are missing at the end, or the last is another one.
    pub fn finish(&self, end: Link) -> Result<(), Broken> {
        let newest = self.vouched.keys().next_back().copied().unwrap_or(0);
        if self.at.seq < end.seq.max(newest) {
            return Err(Broken::Missing(self.at.seq.saturating_add(1)));
        }
        // A row that came after `end` was read belongs to nobody's claim yet.
        if self.at.seq == end.seq && self.at != end {
            return Err(Broken::Replaced(end.seq));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
