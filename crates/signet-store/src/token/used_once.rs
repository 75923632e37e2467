//! Single-use ids, such as the `jti` of a client assertion, across nodes and restarts.

use crate::engine::rows::one;
use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_one};
use crate::{StoreError, Tx};
use signet_protocol::secret::Digest;
use signet_protocol::time::Timestamp;

statements! {
    USE = "
        INSERT INTO used_once (purpose, digest, expires_at)
        VALUES ($1, $2, $3)
        ON CONFLICT (purpose, digest) DO NOTHING
    ";
    LIVE = "SELECT count(*) AS live, MIN(expires_at) AS first FROM used_once WHERE purpose = $1 AND expires_at > $2";
}

/// Records a use of an id until `expires_at`. Returns false if it was used before.
pub async fn first_use(tx: &mut Tx, purpose: &str, id: Digest, expires_at: Timestamp) -> Result<bool, StoreError> {
    execute!(tx, USE, [purpose, id.as_bytes(), expires_at.as_millis()]).map(one)
}

/// Returns the number of live ids of a purpose and the earliest end.
pub async fn count_live(tx: &mut Tx, purpose: &str, now: Timestamp) -> Result<(i64, Option<Timestamp>), StoreError> {
    let (count, first): (i64, Option<i64>) = fetch_one!(tx, LIVE, [purpose, now.as_millis()])?;
    Ok((count, first.map(Timestamp::from_millis)))
}
