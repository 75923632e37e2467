//! The outbox: messages to other servers and to people. A message is written in the transaction of the change that it
//! reports, and deleted after delivery. A guarded write claims it, so that one node delivers it.

use crate::engine::embedded::row;
use crate::engine::rows::one;
use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_all};
use crate::{StoreError, Tx};
use signet_protocol::events::audit_chain::Row;
use signet_protocol::ids::{ClientId, RealmId, SessionId, UserId, WebhookId};
use signet_protocol::time::{Span, Timestamp};

statements! {
    SESSION_ENDS = "
        INSERT INTO outbox (id, realm_id, kind, client_id, session_id, user_id, attempts, next_at, created_at,
            expires_at)
        SELECT s.realm_id || ' ' || s.id || ' ' || c.client_id, s.realm_id, 'backchannel_logout', c.client_id, s.id,
            s.user_id, 0, $3, $3, $4
        FROM sessions s
        JOIN session_clients c ON c.realm_id = s.realm_id AND c.session_id = s.id
        WHERE s.realm_id = $1 AND s.id = $2
        ON CONFLICT (id) DO NOTHING
    ";
    ALL_SESSIONS_END = "
        INSERT INTO outbox (id, realm_id, kind, client_id, session_id, user_id, attempts, next_at, created_at,
            expires_at)
        SELECT s.realm_id || ' ' || s.id || ' ' || c.client_id, s.realm_id, 'backchannel_logout', c.client_id, s.id,
            s.user_id, 0, $3, $3, $4
        FROM sessions s
        JOIN session_clients c ON c.realm_id = s.realm_id AND c.session_id = s.id
        WHERE s.realm_id = $1 AND s.user_id = $2 AND s.ended_at IS NULL
        ON CONFLICT (id) DO NOTHING
    ";
    REALM_ENDS = "
        INSERT INTO outbox (id, realm_id, kind, client_id, session_id, user_id, attempts, next_at, created_at,
            expires_at)
        SELECT s.realm_id || ' ' || s.id || ' ' || c.client_id, s.realm_id, 'backchannel_logout', c.client_id, s.id,
            s.user_id, 0, $2, $2, $3
        FROM sessions s
        JOIN session_clients c ON c.realm_id = s.realm_id AND c.session_id = s.id
        WHERE s.realm_id = $1 AND s.ended_at IS NULL
        ON CONFLICT (id) DO NOTHING
    ";
    CONCERNS = "
        INSERT INTO outbox (id, realm_id, kind, client_id, session_id, user_id, event_id, attempts, next_at,
            created_at, expires_at)
        SELECT u.realm_id || ' ' || CAST($3 AS TEXT) || ' mail', u.realm_id, 'mail', '', '', u.id, CAST($3 AS TEXT),
            0, $5, $5, $6
        FROM users u
        WHERE u.realm_id = $1
            AND u.id = $2
            AND u.email IS NOT NULL
            AND u.email_verified = 1
            AND (
                $4 <> 'account.soft_locked'
                OR NOT EXISTS (
                    SELECT 1
                    FROM audit_events e
                    WHERE e.realm_id = $1
                        AND e.user_id = $2
                        AND e.event = 'account.soft_locked'
                        AND e.at > $7
                        AND e.id <> CAST($3 AS TEXT)
                )
            )
        ON CONFLICT (id) DO NOTHING
    ";
    MAIL = "
        INSERT INTO outbox (id, realm_id, kind, client_id, session_id, user_id, event_id, address, attempts,
            next_at, created_at, expires_at)
        VALUES ($1, $2, 'mail', '', '', $3, $4, $5, 0, $6, $6, $7)
        ON CONFLICT (id) DO NOTHING
    ";
    TELL = "
        INSERT INTO outbox (id, realm_id, kind, client_id, session_id, user_id, event_id, webhook_id, attempts,
            next_at, created_at, expires_at)
        VALUES ($1, $2, 'webhook', '', '', '', $3, $4, 0, $5, $5, $6)
        ON CONFLICT (id) DO NOTHING
    ";
    FORGET = "DELETE FROM outbox WHERE realm_id = $1 AND webhook_id = $2";
    DUE = "
        SELECT id, kind, client_id, session_id, user_id, event_id, webhook_id, address, attempts, next_at,
            expires_at
        FROM (
            SELECT id, kind, client_id, session_id, user_id, event_id, webhook_id, address, attempts, next_at,
                expires_at,
                ROW_NUMBER() OVER (PARTITION BY kind, client_id, webhook_id ORDER BY next_at, created_at, id) AS turn
            FROM outbox
            WHERE realm_id = $1 AND kind IN ('backchannel_logout', 'mail', 'webhook') AND next_at <= $2
        ) AS due
        WHERE turn <= $3
        ORDER BY next_at, id LIMIT 200
    ";
    CLAIM = "UPDATE outbox SET attempts = attempts + 1, next_at = $4 WHERE id = $1 AND attempts = $2 AND next_at = $3";
    POSTPONE = "UPDATE outbox SET next_at = $3 WHERE id = $1 AND attempts = $2";
    REMOVE = "DELETE FROM outbox WHERE id = $1";
}

/// Time after which delivery is abandoned.
pub const KEPT: Span = Span::from_hours(24);
/// Minimum interval between two mails about failed sign-ins.
const NOTICE_INTERVAL: Span = Span::from_hours(24);

/// Recipient and content of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutboxContent {
    /// A back-channel logout to a client.
    Logout {
        client: ClientId,
        session: SessionId,
        /// The user of the session.
        user: UserId,
    },
    /// A mail to a person about a row of the audit log.
    Mail {
        user: UserId,
        /// Id of the row.
        row: String,
        /// The address, unless it is the person's address at the time of sending.
        address: Option<String>,
    },
    /// A security event to a webhook about a row of the audit log.
    Event {
        webhook: WebhookId,
        /// Id of the row.
        row: String,
    },
}

/// The server that receives a message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Receiver {
    Client(ClientId),
    MailServer,
    Webhook(WebhookId),
}

/// A message that waits for its delivery.
#[derive(Clone, Debug)]
pub struct Message {
    /// Id of the outbox row.
    pub id: String,
    pub content: OutboxContent,
    /// Delivery attempts so far.
    pub attempts: i64,
    /// Time of the next attempt.
    pub next_at: Timestamp,
    /// Time at which delivery is abandoned.
    pub expires_at: Timestamp,
}

impl Message {
    pub fn receiver(&self) -> Receiver {
        match &self.content {
            OutboxContent::Logout { client, .. } => Receiver::Client(client.clone()),
            OutboxContent::Mail { .. } => Receiver::MailServer,
            OutboxContent::Event { webhook, .. } => Receiver::Webhook(webhook.clone()),
        }
    }
}

/// Queues logout messages about a session to its clients. Call it in the transaction that ends the session.
pub async fn queue_logout(
    tx: &mut Tx,
    realm: &RealmId,
    session: &SessionId,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let at = now.as_millis();
    let end = now.plus(KEPT).as_millis();
    execute!(tx, SESSION_ENDS, [realm.as_str(), session.as_str(), at, end])
}

/// Queues logout messages about all live sessions of a user. Call it in the same transaction, before the sessions are
/// ended.
pub async fn queue_logouts_of_user(
    tx: &mut Tx,
    realm: &RealmId,
    user: &UserId,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let at = now.as_millis();
    let end = now.plus(KEPT).as_millis();
    execute!(tx, ALL_SESSIONS_END, [realm.as_str(), user.as_str(), at, end])
}

/// Queues logout messages about all live sessions of a realm. Call it in the same transaction, before the sessions are
/// ended.
pub async fn queue_logouts_of_realm(tx: &mut Tx, realm: &RealmId, now: Timestamp) -> Result<u64, StoreError> {
    let at = now.as_millis();
    let end = now.plus(KEPT).as_millis();
    execute!(tx, REALM_ENDS, [realm.as_str(), at, end])
}

/// Queues a mail about a row of the audit log to the user concerned, if the address is verified: another reader of the
/// mailbox must not learn of it. A mail about failed sign-ins is sent only if there was none for a day, or strangers
/// could fill the mailbox. Call it in the same transaction, after the row is written.
pub(crate) async fn queue_notice(tx: &mut Tx, realm: &RealmId, user: &UserId, row: &Row) -> Result<u64, StoreError> {
    let at = row.at.as_millis();
    let end = row.at.plus(KEPT).as_millis();
    let quiet = row.at.minus(NOTICE_INTERVAL).as_millis();
    execute!(tx, CONCERNS, [realm.as_str(), user.as_str(), &row.id, &row.event, at, end, quiet])
}

/// A mail to a former address of a person.
#[derive(Clone, Debug)]
pub struct Mail {
    pub user: UserId,
    /// Id of the row of the audit log.
    pub row: String,
    pub address: String,
}

/// Queues a mail about a change of address to the former address.
pub async fn queue_mail(tx: &mut Tx, realm: &RealmId, mail: &Mail, now: Timestamp) -> Result<(), StoreError> {
    let Mail { user, row, address } = mail;
    let id = format!("{realm} {row} mail before");
    let end = now.plus(KEPT).as_millis();
    execute!(tx, MAIL, [id, realm.as_str(), user.as_str(), row, address, now.as_millis(), end]).map(|_| ())
}

/// Queues a row of the audit log for a webhook.
pub async fn queue_event(
    tx: &mut Tx,
    realm: &RealmId,
    webhook: &WebhookId,
    row: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let id = format!("{realm} {row} {webhook}");
    let end = now.plus(KEPT).as_millis();
    execute!(tx, TELL, [id, realm.as_str(), row, webhook.as_str(), now.as_millis(), end]).map(|_| ())
}

/// Deletes the queued messages of a webhook.
pub(crate) async fn delete_of_webhook(tx: &mut Tx, realm: &RealmId, webhook: &WebhookId) -> Result<u64, StoreError> {
    execute!(tx, FORGET, [realm.as_str(), webhook.as_str()])
}

/// Returns due messages, the oldest first, with a limit per receiver, so that one that does not answer does not delay
/// the others.
pub async fn due(tx: &mut Tx, realm: &RealmId, per_receiver: i64, now: Timestamp) -> Result<Vec<Message>, StoreError> {
    let rows: Vec<DueRow> = fetch_all!(tx, DUE, [realm.as_str(), now.as_millis(), per_receiver])?;
    rows.into_iter().map(DueRow::message).collect()
}

row! {
    struct DueRow {
        id: String,
        kind: String,
        client_id: String,
        session_id: String,
        user_id: String,
        event_id: Option<String>,
        webhook_id: Option<String>,
        address: Option<String>,
        attempts: i64,
        next_at: i64,
        expires_at: i64,
    }
}

impl DueRow {
    fn message(self) -> Result<Message, StoreError> {
        let user = UserId::from_stored(self.user_id);
        let content = match (self.kind.as_str(), self.event_id, self.webhook_id.map(WebhookId::from_stored)) {
            ("backchannel_logout", _, _) => OutboxContent::Logout {
                client: ClientId::from_stored(self.client_id),
                session: SessionId::from_stored(self.session_id),
                user,
            },
            ("mail", Some(row), _) => OutboxContent::Mail { user, row, address: self.address },
            ("webhook", Some(row), Some(webhook)) => OutboxContent::Event { webhook, row },
            _ => return Err(StoreError::Corrupt("a message of the outbox")),
        };
        Ok(Message {
            id: self.id,
            content,
            attempts: self.attempts,
            next_at: Timestamp::from_millis(self.next_at),
            expires_at: Timestamp::from_millis(self.expires_at),
        })
    }
}

/// Claims a message until `until`, when it is due again unless it was settled. Returns false if another node has
/// claimed it.
pub async fn claim(tx: &mut Tx, message: &Message, until: Timestamp) -> Result<bool, StoreError> {
    let Message { id, attempts, next_at, .. } = message;
    execute!(tx, CLAIM, [id.as_str(), *attempts, next_at.as_millis(), until.as_millis()]).map(one)
}

/// Reschedules a message after a failure. Returns false if another node has claimed it meanwhile.
pub async fn postpone(tx: &mut Tx, message: &Message, until: Timestamp) -> Result<bool, StoreError> {
    execute!(tx, POSTPONE, [message.id.as_str(), message.attempts, until.as_millis()]).map(one)
}

/// Removes a message. Returns false if it was gone.
pub async fn remove(tx: &mut Tx, message: &Message) -> Result<bool, StoreError> {
    execute!(tx, REMOVE, [message.id.as_str()]).map(one)
}
