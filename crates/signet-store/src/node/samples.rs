//! Counts over all realms for metrics, sampled by a job and never in a request.

use crate::engine::statement::statements;
use crate::engine::tx::fetch_one;
use crate::{StoreError, Tx};
use signet_protocol::time::Timestamp;

statements! {
    SESSIONS = "
        SELECT COUNT(*) AS sessions
        FROM (
            SELECT 1 FROM sessions WHERE ended_at IS NULL AND expires_at > $1 AND idle_expires_at > $1 LIMIT 100000
        ) AS live
    ";
    OUTBOX = "SELECT COUNT(*) AS messages, MIN(created_at) AS oldest FROM outbox";
}

/// Counts live sessions, up to 100,000, which bounds the cost.
pub async fn sessions(tx: &mut Tx, now: Timestamp) -> Result<i64, StoreError> {
    let (count,): (i64,) = fetch_one!(tx, SESSIONS, [now.as_millis()])?;
    Ok(count)
}

/// Returns the number of messages in the outbox and the creation time of the oldest.
pub async fn outbox(tx: &mut Tx) -> Result<(i64, Option<Timestamp>), StoreError> {
    let (count, oldest): (i64, Option<i64>) = fetch_one!(tx, OUTBOX, [])?;
    Ok((count, oldest.map(Timestamp::from_millis)))
}
