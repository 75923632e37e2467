//! Leases: a job of many nodes runs on the one that holds its lease.

use super::rows::one;
use super::tx::{execute, fetch_optional, statements};
use super::{StoreError, Tx};
use crate::protocol::time::{Span, Timestamp};

statements! {
    HELD_UNTIL = "SELECT expires_at FROM leases WHERE name = $1";
    RELEASE = "UPDATE leases SET expires_at = $3 WHERE name = $1 AND holder = $2";
    TAKE = "INSERT INTO leases (name, holder, expires_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at WHERE leases.holder = excluded.holder OR leases.expires_at <= $4 OR leases.expires_at > $5";
}

/// The lease that one of the running servers always holds.
pub const UPKEEP: &str = "upkeep";

/// How far the clocks of nodes may differ.
const CLOCKS_DIFFER: Span = Span::from_minutes(2);

/// Ends a lease now, where this holder has it. The row stays: it says when the lease was held last.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn release(tx: &mut Tx, name: &str, holder: &str, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, RELEASE, [name, holder, now.as_millis()]).map(|_| ())
}

/// Takes or prolongs a lease; whether this node holds it now. One that ends later than any that is taken now was taken
/// by a clock that has been set back, and keeps nobody away.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn take(
    tx: &mut Tx,
    name: &str,
    holder: &str,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let longest = expires_at.plus(CLOCKS_DIFFER).as_millis();
    execute!(tx, TAKE, [name, holder, expires_at.as_millis(), now.as_millis(), longest]).map(one)
}

/// The end of a lease, which may have passed.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn held_until(tx: &mut Tx, name: &str) -> Result<Option<Timestamp>, StoreError> {
    let row: Option<(i64,)> = fetch_optional!(tx, HELD_UNTIL, [name])?;
    Ok(row.map(|(millis,)| Timestamp::from_millis(millis)))
}
