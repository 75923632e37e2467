//! Leases of jobs: a job runs only on the node that holds its lease.

use crate::engine::rows::one;
use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_optional};
use crate::{StoreError, Tx};
use signet_protocol::time::{Span, Timestamp};

statements! {
    HELD_UNTIL = "SELECT expires_at FROM leases WHERE name = $1";
    RELEASE = "UPDATE leases SET expires_at = $3 WHERE name = $1 AND holder = $2";
    TAKE = "
        INSERT INTO leases (name, holder, expires_at)
        VALUES ($1, $2, $3)
        ON CONFLICT (name)
        DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
        WHERE leases.holder = excluded.holder OR leases.expires_at <= $4 OR leases.expires_at > $5
    ";
}

/// The lease that one of the running servers always holds.
pub const UPKEEP: &str = "upkeep";

/// Tolerated difference between the clocks of nodes.
const CLOCKS_DIFFER: Span = Span::from_minutes(2);

/// Ends a lease now if this holder has it. The row stays, since it records when the lease was last held.
pub async fn release(tx: &mut Tx, name: &str, holder: &str, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, RELEASE, [name, holder, now.as_millis()]).map(|_| ())
}

/// Takes or extends a lease. Returns true if this node holds it now. A lease that ends later than any taken now could
/// was taken before the clock was set back, and is ignored.
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

/// Returns the end of a lease, which may be in the past.
pub async fn held_until(tx: &mut Tx, name: &str) -> Result<Option<Timestamp>, StoreError> {
    let row: Option<(i64,)> = fetch_optional!(tx, HELD_UNTIL, [name])?;
    Ok(row.map(|(millis,)| Timestamp::from_millis(millis)))
}
