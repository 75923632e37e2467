//! Counters of failed sign-ins, shared by all nodes. A job that reads a counter to change it locks its row until the
//! commit.

use crate::engine::rows::one;
use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_one, fetch_optional};
use crate::{StoreError, Tx};
use signet_protocol::defense::brute_force::{Counter, Kind};
use signet_protocol::ids::RealmId;
use signet_protocol::secret::Digest;
use signet_protocol::time::Timestamp;

statements! {
    HOLD = "
        INSERT INTO login_failures (realm_id, kind, subject, drained_at, locked_until)
        VALUES ($1, $2, $3, 0, 0)
        ON CONFLICT (realm_id, kind, subject)
        DO UPDATE SET drained_at = login_failures.drained_at
        RETURNING drained_at, locked_until
    ";
    FIND = "SELECT drained_at, locked_until FROM login_failures WHERE realm_id = $1 AND kind = $2 AND subject = $3";
    SET = "
        UPDATE login_failures
        SET drained_at = $4, locked_until = $5
        WHERE realm_id = $1 AND kind = $2 AND subject = $3
    ";
    RESET = "DELETE FROM login_failures WHERE realm_id = $1 AND kind = $2 AND subject = $3";
    NOTE = "
        INSERT INTO failed_accounts (realm_id, network, subject, expires_at)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (realm_id, network, subject)
        DO UPDATE SET expires_at = excluded.expires_at
    ";
    COUNT = "SELECT count(*) AS accounts FROM failed_accounts WHERE realm_id = $1 AND network = $2 AND expires_at > $3";
    CLEAR = "DELETE FROM failed_accounts WHERE realm_id = $1 AND network = $2 AND subject = $3";
    CLEAR_ALL = "DELETE FROM failed_accounts WHERE realm_id = $1 AND network = $2";
}

/// Key of a counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject {
    pub kind: Kind,
    /// Keyed digest of the account or network.
    pub digest: Digest,
}

/// Reads or creates a counter and locks its row until the transaction ends.
pub async fn hold(tx: &mut Tx, realm: &RealmId, subject: Subject) -> Result<Counter, StoreError> {
    let kind = subject.kind.as_str();
    let digest = subject.digest.as_bytes();
    let (drained_at, locked_until): (i64, i64) = fetch_one!(tx, HOLD, [realm.as_str(), kind, digest])?;
    Ok(counter(drained_at, locked_until))
}

/// Reads a counter without a lock.
pub async fn find(tx: &mut Tx, realm: &RealmId, subject: Subject) -> Result<Option<Counter>, StoreError> {
    let kind = subject.kind.as_str();
    let digest = subject.digest.as_bytes();
    let row: Option<(i64, i64)> = fetch_optional!(tx, FIND, [realm.as_str(), kind, digest])?;
    Ok(row.map(|(drained_at, locked_until)| counter(drained_at, locked_until)))
}

fn counter(drained_at: i64, locked_until: i64) -> Counter {
    Counter { drained_at: Timestamp::from_millis(drained_at), locked_until: Timestamp::from_millis(locked_until) }
}

/// Writes a locked counter. Returns false if it does not exist.
pub async fn set(tx: &mut Tx, realm: &RealmId, subject: Subject, counter: Counter) -> Result<bool, StoreError> {
    let kind = subject.kind.as_str();
    let digest = subject.digest.as_bytes();
    let drained = counter.drained_at.as_millis();
    let locked = counter.locked_until.as_millis();
    execute!(tx, SET, [realm.as_str(), kind, digest, drained, locked]).map(one)
}

/// Deletes a counter, which starts again at zero.
pub async fn reset(tx: &mut Tx, realm: &RealmId, subject: Subject) -> Result<(), StoreError> {
    execute!(tx, RESET, [realm.as_str(), subject.kind.as_str(), subject.digest.as_bytes()]).map(|_| ())
}

/// An account at which a network has failed to sign in.
#[derive(Clone, Copy, Debug)]
pub struct FailedAccount<'a> {
    pub network: &'a str,
    /// Keyed digest of the account.
    pub account: Digest,
}

/// Records a failure of a network at an account until `expires_at`. Returns the number of accounts at which it has
/// failed.
pub async fn note_account(
    tx: &mut Tx,
    realm: &RealmId,
    failed: FailedAccount<'_>,
    expires_at: Timestamp,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let FailedAccount { network, account } = failed;
    execute!(tx, NOTE, [realm.as_str(), network, account.as_bytes(), expires_at.as_millis()])?;
    let (accounts,): (i64,) = fetch_one!(tx, COUNT, [realm.as_str(), network, now.as_millis()])?;
    Ok(accounts)
}

/// Deletes the failure of a network at an account after a success.
pub async fn clear_account(tx: &mut Tx, realm: &RealmId, network: &str, account: Digest) -> Result<(), StoreError> {
    execute!(tx, CLEAR, [realm.as_str(), network, account.as_bytes()]).map(|_| ())
}

/// Deletes all failures of a network.
pub async fn clear_network(tx: &mut Tx, realm: &RealmId, network: &str) -> Result<(), StoreError> {
    execute!(tx, CLEAR_ALL, [realm.as_str(), network]).map(|_| ())
}
