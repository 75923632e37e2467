//! What is counted now and then for metrics, over all realms, and never on a request.

use super::tx::{fetch_one, statements};
use super::{StoreError, Tx};
use crate::protocol::time::Timestamp;

statements! {
    SESSIONS = "SELECT COUNT(*) AS sessions FROM (SELECT 1 FROM sessions WHERE ended_at IS NULL AND expires_at > $1 AND idle_expires_at > $1 LIMIT 100000) AS live";
    OUTBOX = "SELECT COUNT(*) AS messages, MIN(created_at) AS oldest FROM outbox";
}

/// How many sessions have neither ended nor expired; counted up to a hundred thousand, which takes no time to speak of.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn sessions(tx: &mut Tx, now: Timestamp) -> Result<i64, StoreError> {
    let (count,): (i64,) = fetch_one!(tx, SESSIONS, [now.as_millis()])?;
    Ok(count)
}

/// How many messages stand in the outbox, and since when the oldest does.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn outbox(tx: &mut Tx) -> Result<(i64, Option<Timestamp>), StoreError> {
    let (count, oldest): (i64, Option<i64>) = fetch_one!(tx, OUTBOX, [])?;
    Ok((count, oldest.map(Timestamp::from_millis)))
}
