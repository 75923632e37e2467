//! When the clock last jumped, as the rounds of upkeep have seen it. Rows that keep something void are not deleted
//! while they may be void by a wrong clock alone: when that is set right, what they keep would be valid again. Nor is
//! anything ended for good that has expired by a wrong clock alone.

use super::tx::{execute, fetch_all, statements};
use super::{StoreError, Tx};
use crate::protocol::time::{Span, Timestamp};

statements! {
    NOTED = "SELECT name, expires_at FROM leases WHERE name IN ('clock seen', 'clock jumped')";
    NOTE = "INSERT INTO leases (name, holder, expires_at) VALUES ($1, '', $2) ON CONFLICT (name) DO UPDATE SET expires_at = excluded.expires_at";
}

const SEEN: &str = "clock seen";
const JUMPED: &str = "clock jumped";

/// By how much two rounds of upkeep may lie apart. Whether a longer time has passed with nobody here, or the clock has
/// jumped, nobody can tell. Rows that keep something void stay for as long past their end.
pub const UNNOTICED: Span = Span::from_minutes(15);

/// What upkeep has noted.
struct Noted {
    seen: Option<Timestamp>,
    jumped: Option<Timestamp>,
}

/// Notes what time it is, and whether the clock has jumped since that was last noted.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn note(tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
    let noted = noted(tx).await?;
    if noted.seen.is_some_and(|seen| has_jumped(seen, now)) {
        execute!(tx, NOTE, [JUMPED, now.as_millis()])?;
    }
    execute!(tx, NOTE, [SEEN, now.as_millis()]).map(|_| ())
}

/// Whether the clock has gone on steadily for this long.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn is_steady(tx: &mut Tx, since: Span, now: Timestamp) -> Result<bool, StoreError> {
    let Noted { seen, jumped } = noted(tx).await?;
    Ok(!seen.is_some_and(|seen| has_jumped(seen, now)) && jumped.is_none_or(|jumped| now >= jumped.plus(since)))
}

fn has_jumped(before: Timestamp, now: Timestamp) -> bool {
    now.since(before).as_millis().saturating_abs() > UNNOTICED.as_millis()
}

async fn noted(tx: &mut Tx) -> Result<Noted, StoreError> {
    let rows: Vec<(String, i64)> = fetch_all!(tx, NOTED, [])?;
    let at = |wanted: &str| rows.iter().find(|(name, _)| name == wanted).map(|(_, at)| Timestamp::from_millis(*at));
    Ok(Noted { seen: at(SEEN), jumped: at(JUMPED) })
}
