//! Revocations in force: a row only for what is still valid, and only as long as it would be.

use super::tx::{execute, fetch_all, fetch_one, fetch_optional, statements};
use super::{StoreError, Tx, changes};
use crate::protocol::ids::RealmId;
use crate::protocol::revocation::{Revocation, Target};
use crate::protocol::time::Timestamp;

statements! {
    INSERT_ONCE = "INSERT INTO revocations (realm_id, target, subject, not_before, expires_at, reason) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (realm_id, target, subject) DO NOTHING";
    INSERT = "INSERT INTO revocations (realm_id, target, subject, not_before, expires_at, reason) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (realm_id, target, subject) DO UPDATE SET not_before = CASE WHEN excluded.not_before > revocations.not_before THEN excluded.not_before ELSE revocations.not_before END, expires_at = CASE WHEN excluded.expires_at > revocations.expires_at THEN excluded.expires_at ELSE revocations.expires_at END, reason = excluded.reason";
    IN_FORCE = "SELECT realm_id, target, subject, not_before, expires_at FROM revocations WHERE expires_at > $1";
    FIND = "SELECT realm_id, target, subject, not_before, expires_at FROM revocations WHERE realm_id = $1 AND target = $2 AND subject = $3";
    COUNT = "SELECT target, count(*) AS held, MIN(not_before) AS oldest, MIN(expires_at) AS next FROM revocations WHERE realm_id = $1 AND expires_at > $2 GROUP BY target ORDER BY target";
    OVER = "SELECT count(*) AS held FROM revocations WHERE realm_id = $1 AND expires_at <= $2";
}

type Row = (String, String, String, i64, i64);

/// Stores a revocation and tells all nodes; whether it is news. Of two cut-offs about one thing the stricter holds;
/// a token, a family or a session is revoked once and for all.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn insert(tx: &mut Tx, revocation: &Revocation, reason: &str, now: Timestamp) -> Result<bool, StoreError> {
    let statement = match revocation.target {
        Target::Token | Target::Family | Target::Session => INSERT_ONCE,
        Target::Consent | Target::User | Target::Client | Target::Realm => INSERT,
    };
    let changed = execute!(
        tx,
        statement,
        [
            revocation.realm.as_str(),
            revocation.target.as_str(),
            &revocation.subject,
            revocation.not_before.as_millis(),
            revocation.expires_at.as_millis(),
            reason
        ]
    )?;
    if changed == 0 {
        return Ok(false);
    }
    let subject = format!("{}:{}", revocation.target.as_str(), revocation.subject);
    changes::publish(tx, &revocation.realm, changes::Kind::Revocation, &subject, now).await?;
    Ok(true)
}

/// All revocations that can still concern something.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn in_force(tx: &mut Tx, now: Timestamp) -> Result<Vec<Revocation>, StoreError> {
    let rows: Vec<Row> = fetch_all!(tx, IN_FORCE, [now.as_millis()])?;
    rows.into_iter().map(revocation).collect()
}

/// The revocation that a change names, as `target:subject`.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn find(tx: &mut Tx, realm: &RealmId, named: &str) -> Result<Option<Revocation>, StoreError> {
    let (target, subject) = named.split_once(':').ok_or(StoreError::Corrupt("change"))?;
    let row: Option<Row> = fetch_optional!(tx, FIND, [realm.as_str(), target, subject])?;
    row.map(revocation).transpose()
}

fn revocation((realm, target, subject, not_before, expires_at): Row) -> Result<Revocation, StoreError> {
    Ok(Revocation {
        realm: RealmId::from_stored(realm),
        target: Target::named(&target).ok_or(StoreError::Corrupt("revocation target"))?,
        subject,
        not_before: Timestamp::from_millis(not_before),
        expires_at: Timestamp::from_millis(expires_at),
    })
}

/// How many revocations of one kind are in force.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// The kind.
    pub target: Target,
    /// How many.
    pub count: i64,
    /// From when the oldest is.
    pub oldest: Timestamp,
    /// When the first of them is not needed any more.
    pub next_end: Timestamp,
}

/// How many revocations of each kind are in force, kinds without any left out, and how many are over and not swept yet.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn count(tx: &mut Tx, realm: &RealmId, now: Timestamp) -> Result<(Vec<Held>, i64), StoreError> {
    let rows: Vec<(String, i64, i64, i64)> = fetch_all!(tx, COUNT, [realm.as_str(), now.as_millis()])?;
    let (over,): (i64,) = fetch_one!(tx, OVER, [realm.as_str(), now.as_millis()])?;
    let held = |(target, count, oldest, next): (String, i64, i64, i64)| {
        Ok(Held {
            target: Target::named(&target).ok_or(StoreError::Corrupt("revocation target"))?,
            count,
            oldest: Timestamp::from_millis(oldest),
            next_end: Timestamp::from_millis(next),
        })
    };
    Ok((rows.into_iter().map(held).collect::<Result<_, StoreError>>()?, over))
}
