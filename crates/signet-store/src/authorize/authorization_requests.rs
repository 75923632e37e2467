//! Authorization requests that wait for login or consent, each bound to the browser that sent it.

use super::consents::ConsentKey;
use crate::engine::embedded::row;
use crate::engine::rows::{from_json, one, to_json};
use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_all, fetch_one, fetch_optional};
use crate::{StoreError, Tx};
use signet_protocol::authorize::next_step::InteractiveRequest;
use signet_protocol::ids::{RealmId, RequestId, UserId};
use signet_protocol::secret::Digest;
use signet_protocol::time::Timestamp;

statements! {
    INSERT = "
        INSERT INTO authorization_requests (realm_id, id, client_id, browser, request, arrived_at, expires_at,
            network, known)
        VALUES (
            $1, $2, $3, $4, $5, $6, $7, $8, CASE WHEN EXISTS (
                SELECT 1 FROM known_devices WHERE realm_id = $1 AND digest = $9 AND expires_at > $6
            ) THEN 1 ELSE 0 END
        )
    ";
    RECOGNIZE = "UPDATE authorization_requests SET known = 1 WHERE realm_id = $1 AND id = $2 AND known = 0";
    HEAVIEST = "
        SELECT network, count(*) AS waiting
        FROM authorization_requests
        WHERE realm_id = $1 AND closed_at IS NULL AND expires_at > $2
        GROUP BY network
        ORDER BY count(*) DESC, MIN(known), MIN(expires_at) LIMIT $3
    ";
    EVICT = "
        DELETE FROM authorization_requests
        WHERE realm_id = $1
            AND id IN (
                SELECT id
                FROM authorization_requests
                WHERE realm_id = $1 AND closed_at IS NULL AND network = $2 AND expires_at > $3
                ORDER BY known, expires_at LIMIT $4
            )
    ";
    FIND = "
        SELECT request, browser, arrived_at, expires_at, consented_at, consented_by, selected_by,
            closed_at
        FROM authorization_requests
        WHERE realm_id = $1 AND id = $2
    ";
    CONSENT = "
        UPDATE authorization_requests
        SET consented_at = $3, consented_by = $4
        WHERE realm_id = $1 AND id = $2 AND closed_at IS NULL
    ";
    SELECT_ACCOUNT = "
        UPDATE authorization_requests
        SET selected_by = $3
        WHERE realm_id = $1 AND id = $2 AND closed_at IS NULL
    ";
    FORGET_CONSENT = "
        UPDATE authorization_requests
        SET consented_at = NULL, consented_by = NULL
        WHERE realm_id = $1 AND client_id = $2 AND consented_by = $3 AND closed_at IS NULL
    ";
    CLOSE = "UPDATE authorization_requests SET closed_at = $3 WHERE realm_id = $1 AND id = $2 AND closed_at IS NULL";
    COUNT = "
        SELECT realm_id, count(*) AS waiting
        FROM authorization_requests
        WHERE closed_at IS NULL AND expires_at > $1
        GROUP BY realm_id
    ";
    OF_REALM = "
        SELECT count(*) AS waiting
        FROM authorization_requests
        WHERE realm_id = $1 AND closed_at IS NULL AND expires_at > $2
    ";
}

/// A pending or answered request.
#[derive(Clone, Debug)]
pub struct PendingRequest {
    /// Id, part of the pages' URLs.
    pub id: RequestId,
    pub request: InteractiveRequest,
    /// Digest of the browser's cookie.
    pub browser: Digest,
    pub arrived_at: Timestamp,
    pub expires_at: Timestamp,
    /// Time of the consent, and the user who gave it.
    pub consent: Option<(Timestamp, UserId)>,
    /// User who chose to answer it with the session that they had.
    pub selected_by: Option<UserId>,
    /// Set once it was answered.
    pub closed: bool,
}

/// The browser of a request, as far as evictions depend on it.
#[derive(Clone, Debug)]
pub struct Sender {
    /// The network; empty if unknown.
    pub network: String,
    /// Digest of the known-device cookie, if the browser has one.
    pub device: Option<Digest>,
}

pub async fn insert(tx: &mut Tx, realm: &RealmId, pending: &PendingRequest, sender: &Sender) -> Result<(), StoreError> {
    execute!(
        tx,
        INSERT,
        [
            realm.as_str(),
            pending.id.as_str(),
            pending.request.client_id().as_str(),
            pending.browser.as_bytes(),
            to_json(&pending.request)?,
            pending.arrived_at.as_millis(),
            pending.expires_at.as_millis(),
            &sender.network,
            sender.device.as_ref().map(Digest::as_bytes)
        ]
    )
    .map(|_| ())
}

/// Marks a request as one of a known browser after a sign-in, so that it is evicted later than others.
pub async fn recognize(tx: &mut Tx, realm: &RealmId, id: &RequestId) -> Result<(), StoreError> {
    execute!(tx, RECOGNIZE, [realm.as_str(), id.as_str()]).map(|_| ())
}

/// Limit of requests removed per write, so that other writes do not wait long.
const PORTION: i64 = 250;

/// A number of requests to remove from one network.
#[derive(Clone, Debug)]
pub struct Eviction {
    network: String,
    rows: i64,
}

/// The pending requests of a realm, and the excess.
#[derive(Clone, Debug)]
pub struct EvictionPlan {
    /// Number of pending requests.
    pub waiting: i64,
    /// Removals in portions of one write each.
    pub evictions: Vec<Vec<Eviction>>,
}

/// Plans the removals that leave a realm with `most` requests. The network with the most rows loses rows until another
/// has as many, and so on.
pub async fn plan_evictions(
    tx: &mut Tx,
    realm: &RealmId,
    most: i64,
    now: Timestamp,
) -> Result<EvictionPlan, StoreError> {
    let (waiting,): (i64,) = fetch_one!(tx, OF_REALM, [realm.as_str(), now.as_millis()])?;
    let excess = waiting - most;
    if excess <= 0 {
        return Ok(EvictionPlan { waiting, evictions: Vec::new() });
    }
    // Each network in the plan loses at least one row.
    let heaviest: Vec<(String, i64)> = fetch_all!(tx, HEAVIEST, [realm.as_str(), now.as_millis(), excess])?;
    let counts: Vec<i64> = heaviest.iter().map(|(_, count)| *count).collect();
    let networks = heaviest.into_iter().map(|(network, _)| network);
    let evictions = networks.zip(shares(&counts, excess)).map(|(network, rows)| Eviction { network, rows });
    Ok(EvictionPlan { waiting, evictions: portions(evictions) })
}

/// Splits evictions into portions of at most [`PORTION`] rows.
fn portions(evictions: impl Iterator<Item = Eviction>) -> Vec<Vec<Eviction>> {
    let mut portions = Vec::new();
    let mut portion = Vec::new();
    let mut room = PORTION;
    for Eviction { network, mut rows } in evictions {
        while rows > 0 {
            let taken = rows.min(room);
            portion.push(Eviction { network: network.clone(), rows: taken });
            rows -= taken;
            room -= taken;
            if room == 0 {
                portions.push(std::mem::take(&mut portion));
                room = PORTION;
            }
        }
    }
    portions.push(portion);
    portions
}

/// Removes requests and returns their number: of each network the oldest first, those of known browsers last.
pub async fn evict(tx: &mut Tx, realm: &RealmId, portion: &[Eviction], now: Timestamp) -> Result<i64, StoreError> {
    let mut all: i64 = 0;
    for Eviction { network, rows } in portion {
        let evicted = execute!(tx, EVICT, [realm.as_str(), network.as_str(), now.as_millis(), *rows])?;
        all = all.saturating_add_unsigned(evicted);
    }
    Ok(all)
}

/// Distributes `excess` over networks with these counts, in descending order, by lowering the highest counts to a
/// common level.
pub(crate) fn shares(counts: &[i64], excess: i64) -> Vec<i64> {
    let lost = |level: i64| counts.iter().map(|count| (count - level).max(0)).sum::<i64>();
    let highest = counts.first().copied().unwrap_or_default();
    let level = (0..highest).rev().find(|level| lost(*level) >= excess).unwrap_or_default();
    let mut spared = (lost(level) - excess).max(0);
    let mut shares: Vec<i64> = counts.iter().map(|count| (count - level).max(0)).collect();
    for share in shares.iter_mut().rev().filter(|share| **share > 0) {
        if spared > 0 {
            *share -= 1;
            spared -= 1;
        }
    }
    shares
}

row! {
    struct PendingRow {
        request: String,
        browser: Vec<u8>,
        arrived_at: i64,
        expires_at: i64,
        consented_at: Option<i64>,
        consented_by: Option<String>,
        selected_by: Option<String>,
        closed_at: Option<i64>,
    }
}

/// Returns the request with this id in any state.
pub async fn find(tx: &mut Tx, realm: &RealmId, id: &RequestId) -> Result<Option<PendingRequest>, StoreError> {
    let row: Option<PendingRow> = fetch_optional!(tx, FIND, [realm.as_str(), id.as_str()])?;
    row.map(|row| {
        let consent = row.consented_at.zip(row.consented_by);
        Ok(PendingRequest {
            id: id.clone(),
            request: from_json(&row.request, "authorization request")?,
            browser: crate::engine::rows::digest(&row.browser)?,
            arrived_at: Timestamp::from_millis(row.arrived_at),
            expires_at: Timestamp::from_millis(row.expires_at),
            consent: consent.map(|(at, by)| (Timestamp::from_millis(at), UserId::from_stored(by))),
            selected_by: row.selected_by.map(UserId::from_stored),
            closed: row.closed_at.is_some(),
        })
    })
    .transpose()
}

/// Records the choice of an account. Returns false if the request is closed.
pub async fn select_account(tx: &mut Tx, realm: &RealmId, id: &RequestId, user: &UserId) -> Result<bool, StoreError> {
    execute!(tx, SELECT_ACCOUNT, [realm.as_str(), id.as_str(), user.as_str()]).map(one)
}

/// Records a consent. Returns false if the request is closed.
pub async fn consent(
    tx: &mut Tx,
    realm: &RealmId,
    id: &RequestId,
    user: &UserId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    execute!(tx, CONSENT, [realm.as_str(), id.as_str(), now.as_millis(), user.as_str()]).map(one)
}

/// Closes a request. Returns false if it was closed before.
pub async fn close(tx: &mut Tx, realm: &RealmId, id: &RequestId, now: Timestamp) -> Result<bool, StoreError> {
    execute!(tx, CLOSE, [realm.as_str(), id.as_str(), now.as_millis()]).map(one)
}

/// Counts the pending requests of each realm, for the limit on data that strangers can create.
pub async fn count(tx: &mut Tx, now: Timestamp) -> Result<Vec<(RealmId, i64)>, StoreError> {
    let rows: Vec<(String, i64)> = fetch_all!(tx, COUNT, [now.as_millis()])?;
    Ok(rows.into_iter().map(|(realm, count)| (RealmId::from_stored(realm), count)).collect())
}

/// Removes the consents of a user to a client from open requests.
pub async fn remove_consent(tx: &mut Tx, realm: &RealmId, key: ConsentKey<'_>) -> Result<u64, StoreError> {
    execute!(tx, FORGET_CONSENT, [realm.as_str(), key.client.as_str(), key.user.as_str()])
}

#[cfg(test)]
mod tests {
    use super::{Eviction, PORTION, portions, shares};

    #[test]
    fn the_heaviest_networks_lose_rows_until_others_have_as_many() {
        let cases: &[(&[i64], i64, &[i64])] = &[
            (&[10], 3, &[3]),
            (&[10, 4, 4], 6, &[6, 0, 0]),
            (&[10, 4, 4], 8, &[7, 1, 0]),
            (&[10, 4, 4], 9, &[7, 1, 1]),
            (&[1, 1, 1], 2, &[1, 1, 0]),
            (&[7, 7, 7], 1, &[1, 0, 0]),
            (&[5, 3, 1], 9, &[5, 3, 1]),
            (&[2, 1], 9, &[2, 1]),
            (&[], 5, &[]),
        ];
        for (counts, excess, expected) in cases {
            assert_eq!(shares(counts, *excess), *expected, "{counts:?} less {excess}");
        }
    }

    #[test]
    fn no_write_removes_more_than_a_portion() {
        let evictions = [PORTION * 2 + 7, 1, 0, PORTION].map(|rows| Eviction { network: rows.to_string(), rows });
        let sizes = portions(evictions.into_iter()).into_iter().map(|all| all.iter().map(|one| one.rows).sum::<i64>());
        assert_eq!(sizes.collect::<Vec<_>>(), [PORTION, PORTION, PORTION, 8]);
    }
}
