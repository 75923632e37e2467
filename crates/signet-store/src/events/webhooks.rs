//! Webhooks: servers that receive security events, their positions in the audit log, and their dead letters.

use super::outbox;
use crate::client::clients::Standing;
use crate::engine::rows::one;
use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_all, fetch_optional};
use crate::{StoreError, Tx};
use signet_protocol::ids::{RealmId, WebhookId};
use signet_protocol::time::Timestamp;

statements! {
    INSERT = "
        INSERT INTO webhooks (realm_id, id, url, audience, events, enabled, told_up_to, created_at)
        SELECT $1, $2, $3, $4, $5, 1, c.seq, $6
        FROM audit_chains c
        WHERE c.realm_id = $1
    ";
    LIST = "
        SELECT w.id, w.url, w.audience, w.events, w.enabled, w.told_up_to, w.created_at,
            (SELECT count(*) FROM outbox o WHERE o.realm_id = w.realm_id AND o.webhook_id = w.id) AS waiting,
            (SELECT count(*) FROM dead_letters d WHERE d.realm_id = w.realm_id AND d.webhook_id = w.id) AS dead
        FROM webhooks w
        WHERE w.realm_id = $1
        ORDER BY w.id
    ";
    FIND = "
        SELECT id, url, audience, events, enabled, told_up_to, created_at
        FROM webhooks
        WHERE realm_id = $1 AND id = $2
    ";
    BEHIND = "
        SELECT w.id, w.url, w.audience, w.events, w.enabled, w.told_up_to, w.created_at
        FROM webhooks w
        JOIN audit_chains c ON c.realm_id = w.realm_id
        WHERE w.realm_id = $1
            AND w.enabled = 1
            AND w.told_up_to < c.seq
            AND (SELECT count(*) FROM outbox o WHERE o.realm_id = w.realm_id AND o.webhook_id = w.id) < $2
        ORDER BY w.id
    ";
    ADVANCE = "UPDATE webhooks SET told_up_to = $4 WHERE realm_id = $1 AND id = $2 AND told_up_to = $3 AND enabled = 1";
    ENABLE = "
        UPDATE webhooks
        SET enabled = 1, told_up_to = (SELECT c.seq FROM audit_chains c WHERE c.realm_id = $1)
        WHERE realm_id = $1 AND id = $2 AND enabled = 0
    ";
    DISABLE = "UPDATE webhooks SET enabled = 0 WHERE realm_id = $1 AND id = $2 AND enabled = 1";
    REMOVE = "DELETE FROM webhooks WHERE realm_id = $1 AND id = $2";
    BURY = "
        INSERT INTO dead_letters (realm_id, webhook_id, event_id, attempts, reason, died_at)
        SELECT w.realm_id, w.id, $3, $4, $5, $6
        FROM webhooks w
        WHERE w.realm_id = $1 AND w.id = $2
        ON CONFLICT (realm_id, webhook_id, event_id)
        DO UPDATE SET attempts = excluded.attempts, reason = excluded.reason, died_at = excluded.died_at
    ";
    DEAD = "
        SELECT d.event_id, e.event, d.attempts, d.reason, d.died_at
        FROM dead_letters d
        LEFT JOIN audit_events e ON e.realm_id = d.realm_id AND e.id = d.event_id
        WHERE d.realm_id = $1 AND d.webhook_id = $2
        ORDER BY d.died_at, d.event_id LIMIT 1000
    ";
    EXHUME = "DELETE FROM dead_letters WHERE realm_id = $1 AND webhook_id = $2 RETURNING event_id";
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    pub id: WebhookId,
    /// URL to which events are posted.
    pub url: String,
    /// `aud` of the events.
    pub audience: String,
    /// Patterns of the events to deliver.
    pub events: Vec<String>,
    pub enabled: bool,
    /// Position in the audit log: the last row that was queued for it or did not match.
    pub told_up_to: i64,
    pub created_at: Timestamp,
}

/// Backlog of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// Events in the outbox.
    pub waiting: i64,
    /// Events whose delivery was abandoned.
    pub dead: i64,
}

/// An event whose delivery was abandoned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Id of the row of the audit log.
    pub row: String,
    /// Event name, unless the row was deleted.
    pub event: Option<String>,
    pub attempts: i64,
    /// Reason for the end of delivery.
    pub reason: String,
    pub died_at: Timestamp,
}

type Row = (String, String, String, String, i64, i64, i64);

fn webhook(row: Row) -> Webhook {
    let (id, url, audience, events, enabled, told_up_to, created_at) = row;
    Webhook {
        id: WebhookId::from_stored(id),
        url,
        audience,
        events: events.split_ascii_whitespace().map(str::to_owned).collect(),
        enabled: enabled == 1,
        told_up_to,
        created_at: Timestamp::from_millis(created_at),
    }
}

/// The receiver of a new webhook's events.
pub struct Target<'a> {
    /// URL to which events are posted.
    pub url: &'a str,
    /// `aud` of the events.
    pub audience: &'a str,
    /// Patterns of the events to deliver, separated by blanks.
    pub events: &'a str,
}

/// Adds an enabled webhook for events from now on.
///
/// # Errors
/// [`StoreError::Conflict`] if the name is taken.
pub async fn insert(
    tx: &mut Tx,
    realm: &RealmId,
    id: &WebhookId,
    target: &Target<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Target { url, audience, events } = target;
    execute!(tx, INSERT, [realm.as_str(), id.as_str(), url, audience, events, now.as_millis()]).map(|_| ())
}

/// Returns all webhooks of a realm.
pub async fn list(tx: &mut Tx, realm: &RealmId) -> Result<Vec<(Webhook, Backlog)>, StoreError> {
    type Listed = (String, String, String, String, i64, i64, i64, i64, i64);
    let rows: Vec<Listed> = fetch_all!(tx, LIST, [realm.as_str()])?;
    let listed = |(id, url, audience, events, enabled, told_up_to, created_at, waiting, dead): Listed| {
        let row = (id, url, audience, events, enabled, told_up_to, created_at);
        (webhook(row), Backlog { waiting, dead })
    };
    Ok(rows.into_iter().map(listed).collect())
}

pub async fn find(tx: &mut Tx, realm: &RealmId, id: &WebhookId) -> Result<Option<Webhook>, StoreError> {
    let row: Option<Row> = fetch_optional!(tx, FIND, [realm.as_str(), id.as_str()])?;
    Ok(row.map(webhook))
}

/// Returns the enabled webhooks that are behind the end of the audit log and have fewer than `most` events in the
/// outbox.
pub async fn lagging(tx: &mut Tx, realm: &RealmId, most: i64) -> Result<Vec<Webhook>, StoreError> {
    let rows: Vec<Row> = fetch_all!(tx, BEHIND, [realm.as_str(), most])?;
    Ok(rows.into_iter().map(webhook).collect())
}

/// Moves the position of a webhook. Returns false if another node has moved it meanwhile.
pub async fn advance(tx: &mut Tx, realm: &RealmId, webhook: &Webhook, up_to: i64) -> Result<bool, StoreError> {
    execute!(tx, ADVANCE, [realm.as_str(), webhook.id.as_str(), webhook.told_up_to, up_to]).map(one)
}

/// Enables or disables a webhook. Returns false if nothing changed. Events while it is disabled are not delivered
/// later.
pub async fn set_standing(
    tx: &mut Tx,
    realm: &RealmId,
    id: &WebhookId,
    standing: Standing,
) -> Result<bool, StoreError> {
    let statement = match standing {
        Standing::Enabled => ENABLE,
        Standing::Disabled => DISABLE,
    };
    execute!(tx, statement, [realm.as_str(), id.as_str()]).map(one)
}

/// Removes a webhook with its queued events. Returns false if there was none.
pub async fn remove(tx: &mut Tx, realm: &RealmId, id: &WebhookId) -> Result<bool, StoreError> {
    outbox::delete_of_webhook(tx, realm, id).await?;
    execute!(tx, REMOVE, [realm.as_str(), id.as_str()]).map(one)
}

/// An event that could not be delivered.
pub struct Failure<'a> {
    /// Id of the row of the audit log.
    pub row: &'a str,
    pub attempts: i64,
    pub reason: &'a str,
}

/// Stores a dead letter, unless the webhook was removed.
pub async fn insert_dead_letter(
    tx: &mut Tx,
    realm: &RealmId,
    id: &WebhookId,
    failure: &Failure<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Failure { row, attempts, reason } = failure;
    execute!(tx, BURY, [realm.as_str(), id.as_str(), row, attempts, reason, now.as_millis()]).map(|_| ())
}

/// Returns the oldest dead letters of a webhook, at most 1000.
pub async fn dead_letters(tx: &mut Tx, realm: &RealmId, id: &WebhookId) -> Result<Vec<DeadLetter>, StoreError> {
    type Dead = (String, Option<String>, i64, String, i64);
    let rows: Vec<Dead> = fetch_all!(tx, DEAD, [realm.as_str(), id.as_str()])?;
    let letter = |(row, event, attempts, reason, died_at)| DeadLetter {
        row,
        event,
        attempts,
        reason,
        died_at: Timestamp::from_millis(died_at),
    };
    Ok(rows.into_iter().map(letter).collect())
}

/// Deletes the dead letters of a webhook for redelivery, and returns the ids of their rows.
pub async fn take_dead_letters(tx: &mut Tx, realm: &RealmId, id: &WebhookId) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> = fetch_all!(tx, EXHUME, [realm.as_str(), id.as_str()])?;
    Ok(rows.into_iter().map(|(row,)| row).collect())
}
