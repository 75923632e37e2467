//! Revocations in force. A row exists only until the revoked object would have expired.

use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_all, fetch_one, fetch_optional};
use crate::node::changes;
use crate::{StoreError, Tx};
use signet_protocol::ids::RealmId;
use signet_protocol::time::Timestamp;
use signet_protocol::token::revocation::{Revocation, Target};

statements! {
    INSERT_ONCE = "
        INSERT INTO revocations (realm_id, target, subject, not_before, expires_at, reason)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (realm_id, target, subject) DO NOTHING
    ";
    INSERT = "
        INSERT INTO revocations (realm_id, target, subject, not_before, expires_at, reason)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (realm_id, target, subject)
        DO UPDATE SET
            not_before = CASE
                WHEN excluded.not_before > revocations.not_before THEN excluded.not_before
                ELSE revocations.not_before
            END,
            expires_at = CASE
                WHEN excluded.expires_at > revocations.expires_at THEN excluded.expires_at
                ELSE revocations.expires_at
            END,
            reason = excluded.reason
    ";
    IN_FORCE = "SELECT realm_id, target, subject, not_before, expires_at FROM revocations WHERE expires_at > $1";
    FIND = "
        SELECT realm_id, target, subject, not_before, expires_at
        FROM revocations
        WHERE realm_id = $1 AND target = $2 AND subject = $3
    ";
    COUNT = "
        SELECT target, count(*) AS held, MIN(not_before) AS oldest, MIN(expires_at) AS next
        FROM revocations
        WHERE realm_id = $1 AND expires_at > $2
        GROUP BY target
        ORDER BY target
    ";
    OVER = "SELECT count(*) AS held FROM revocations WHERE realm_id = $1 AND expires_at <= $2";
}

type Row = (String, String, String, i64, i64);

/// Stores a revocation and publishes it. Returns false if the object was revoked before. Of two cut-offs of one user,
/// client, consent or realm the later applies; a token, family or session is revoked once.
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

/// Returns the revocations that have not expired.
pub async fn in_force(tx: &mut Tx, now: Timestamp) -> Result<Vec<Revocation>, StoreError> {
    let rows: Vec<Row> = fetch_all!(tx, IN_FORCE, [now.as_millis()])?;
    rows.into_iter().map(revocation).collect()
}

/// Returns the revocation named by a change as `target:subject`.
pub async fn find(tx: &mut Tx, realm: &RealmId, named: &str) -> Result<Option<Revocation>, StoreError> {
    let (target, subject) = named.split_once(':').ok_or(StoreError::Corrupt("change"))?;
    let row: Option<Row> = fetch_optional!(tx, FIND, [realm.as_str(), target, subject])?;
    row.map(revocation).transpose()
}

fn revocation(row: Row) -> Result<Revocation, StoreError> {
    let (realm, target, subject, not_before, expires_at) = row;
    Ok(Revocation {
        realm: RealmId::from_stored(realm),
        target: Target::named(&target).ok_or(StoreError::Corrupt("revocation target"))?,
        subject,
        not_before: Timestamp::from_millis(not_before),
        expires_at: Timestamp::from_millis(expires_at),
    })
}

/// Count of revocations of one kind.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    pub target: Target,
    pub count: i64,
    /// The earliest cut-off among them.
    pub oldest: Timestamp,
    /// Time at which the first of them expires.
    pub next_end: Timestamp,
}

/// Counts the revocations in force by kind, without empty kinds, and the expired ones that are not swept yet.
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
