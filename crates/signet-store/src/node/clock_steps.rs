//! Detection of clock jumps between rounds of upkeep. After a jump, rows that keep something void are not deleted: they
//! may have expired only by a wrong clock, and once it is corrected the tokens that they revoke would be valid again.
//! Nothing that has expired only by a wrong clock is ended permanently either.

use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_all};
use crate::{StoreError, Tx};
use signet_protocol::time::{Span, Timestamp};

statements! {
    NOTED = "SELECT name, expires_at FROM leases WHERE name IN ('clock seen', 'clock jumped')";
    NOTE = "
        INSERT INTO leases (name, holder, expires_at)
        VALUES ($1, '', $2)
        ON CONFLICT (name)
        DO UPDATE SET expires_at = excluded.expires_at
    ";
}

const SEEN: &str = "clock seen";
const JUMPED: &str = "clock jumped";

/// Longest interval between two rounds of upkeep without a suspected jump; a longer one cannot be distinguished from
/// downtime. Rows that keep something void are deleted that much later.
pub const UNNOTICED: Span = Span::from_minutes(15);

/// The times that upkeep has recorded.
struct RecordedTimes {
    seen: Option<Timestamp>,
    jumped: Option<Timestamp>,
}

/// Records the current time, and a jump since the last record.
pub async fn record(tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
    let noted = recorded_times(tx).await?;
    if noted.seen.is_some_and(|seen| has_jumped(seen, now)) {
        execute!(tx, NOTE, [JUMPED, now.as_millis()])?;
    }
    execute!(tx, NOTE, [SEEN, now.as_millis()]).map(|_| ())
}

/// Returns true if no jump was recorded for this long.
pub async fn is_steady(tx: &mut Tx, since: Span, now: Timestamp) -> Result<bool, StoreError> {
    let RecordedTimes { seen, jumped } = recorded_times(tx).await?;
    Ok(!seen.is_some_and(|seen| has_jumped(seen, now)) && jumped.is_none_or(|jumped| now >= jumped.plus(since)))
}

fn has_jumped(before: Timestamp, now: Timestamp) -> bool {
    now.since(before).as_millis().saturating_abs() > UNNOTICED.as_millis()
}

async fn recorded_times(tx: &mut Tx) -> Result<RecordedTimes, StoreError> {
    let rows: Vec<(String, i64)> = fetch_all!(tx, NOTED, [])?;
    let at = |wanted: &str| rows.iter().find(|(name, _)| name == wanted).map(|(_, at)| Timestamp::from_millis(*at));
    Ok(RecordedTimes { seen: at(SEEN), jumped: at(JUMPED) })
}
