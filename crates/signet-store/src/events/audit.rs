//! Writing of the audit log. A row commits with the change that it describes, is linked to its predecessor by a hash,
//! and is never updated. It holds no secrets and no tokens.

use super::outbox;
use crate::engine::rows;
use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_one};
use crate::{StoreError, Tx};
use signet_protocol::events::audit_chain::{Link, Row};
use signet_protocol::events::audit_details::Details;
use signet_protocol::ids::{ClientId, RealmId, SessionId, UserId};
use signet_protocol::time::Timestamp;

statements! {
    LOCK = "UPDATE audit_chains SET seq = seq + $2 WHERE realm_id = $1 RETURNING seq, hash";
    EXTEND = "UPDATE audit_chains SET hash = $2 WHERE realm_id = $1";
    INSERT = "
        INSERT INTO audit_events (id, realm_id, at, event, outcome, actor, user_id, client_id, session_id, address,
            user_agent, request_id, reason, seq, hash, details)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
    ";
}

macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// An event of the audit log.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Event {
            $($(#[$doc])* $variant,)*
        }

        impl Event {
            pub const NAMES: &[&str] = &[$($name),*];

            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

events! {
    /// A person signed in, or a sign-in failed.
    Login = "login",
    /// A person signed in with a browser that was new for the account.
    NewDevice = "login.new_device",
    /// A person signed out.
    Logout = "logout",
    /// A back-channel logout could not be delivered to a client.
    LogoutUndelivered = "logout.undelivered",
    /// A mail about an account could not be delivered.
    MailUndelivered = "mail.undelivered",
    /// A person consented to a client's request, or denied it.
    Consent = "consent",
    /// A person allowed a device's request.
    DeviceAllowed = "device.allowed",
    /// A person denied a device's request.
    DeviceDenied = "device.denied",
    /// A consent was withdrawn, and its grants were revoked.
    ConsentWithdrawn = "consent.withdrawn",
    /// A session was ended by its person, from the list of their sessions, or by an administrator.
    SessionEnded = "session.ended",
    /// A code was presented a second time.
    CodeReplay = "authorization_code.replayed",
    /// A refresh token was presented after it had been replaced.
    RefreshReuse = "refresh_token.reused",
    /// A token or a grant was revoked.
    Revocation = "token.revoked",
    ClientAdded = "client.added",
    ClientUpdated = "client.updated",
    ClientRemoved = "client.removed",
    ClientLogoSet = "client.logo_set",
    /// A registration access token was used at another client's registration.
    RegistrationTokenMisused = "registration_token.misused",
    /// An initial access token (RFC 7591) was created.
    InitialTokenMade = "initial_token.made",
    ClientSecretRotated = "client.secret_rotated",
    /// A client got a secret with less entropy than a generated one.
    ClientSecretWeak = "client.weak_secret_set",
    ClientEnabled = "client.enabled",
    ClientDisabled = "client.disabled",
    /// All tokens and grants of a client were revoked.
    ClientSignedOut = "client.signed_out",
    /// All tokens, grants and sessions of the realm were revoked.
    RealmSignedOut = "realm.signed_out",
    UserAdded = "user.added",
    UserUpdated = "user.updated",
    EmailChanged = "user.email_changed",
    UserRemoved = "user.removed",
    /// A person downloaded the data of their account.
    DataExported = "user.data_exported",
    /// A person reported that they do not recognize the activity of their account.
    ActivityDisputed = "user.activity_disputed",
    /// A personal access token was made.
    PersonalTokenMade = "personal_token.made",
    PersonalTokenRevoked = "personal_token.revoked",
    /// Roles of a user were added or removed.
    RolesChanged = "user.roles_changed",
    PasswordSet = "user.password_set",
    UserEnabled = "user.enabled",
    UserDisabled = "user.disabled",
    /// A user was signed out everywhere.
    UserSignedOut = "user.signed_out",
    /// A user was signed out and cannot sign in before a given time.
    UserBanned = "user.banned",
    MapperAdded = "claim_mapper.added",
    MapperRemoved = "claim_mapper.removed",
    ResourceAdded = "resource.added",
    /// The header of a resource's access tokens was changed.
    ResourceUpdated = "resource.updated",
    ResourceRemoved = "resource.removed",
    /// Sign-in to an account was paused after many failures.
    AccountSoftLocked = "account.soft_locked",
    AddressBlocked = "address.blocked",
    AddressUnblocked = "address.unblocked",
    /// An announced key has begun to sign.
    KeyActivated = "key.activated",
    KeyAnnounced = "key.announced",
    /// An announced key was promoted before its time.
    KeyPromoted = "key.promoted",
    /// A key was dropped as compromised.
    KeyCompromised = "key.compromised",
    /// The sealed keys were written to a file.
    KeysExported = "keys.exported",
    /// A key was imported from another database.
    KeyImported = "key.imported",
    KeyRemoved = "key.removed",
    WebhookAdded = "webhook.added",
    WebhookRemoved = "webhook.removed",
    WebhookEnabled = "webhook.enabled",
    WebhookDisabled = "webhook.disabled",
    /// Requests beyond a rate limit were refused.
    LimitExceeded = "limit.exceeded",
    BackedUp = "backup.made",
    /// The data was restored from a backup; everything issued before is void.
    Restored = "backup.restored",
}

/// Outcome of the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Success,
    Failure,
}

/// Origin of a request.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// Address of the peer, or of the browser behind a trusted proxy.
    pub address: String,
    /// `User-Agent`, truncated and without control characters.
    pub user_agent: String,
    /// Id of the request, as on error pages and in the log.
    pub request_id: String,
    /// The account on the host that runs a command; empty for requests.
    pub operator: String,
}

/// A row to be written.
#[derive(Clone, Debug)]
pub struct Record {
    pub id: String,
    /// An event of the audit log.
    pub event: Event,
    /// Outcome of the event.
    pub outcome: Outcome,
    /// The actor: `user`, `client`, `system`, `command:` and the account on the host, or `client:` and the id of a
    /// client that administers.
    pub actor: String,
    pub user: Option<UserId>,
    pub client: Option<ClientId>,
    pub session: Option<SessionId>,
    pub origin: Origin,
    /// Reason, in a word or two.
    pub reason: String,
    /// More about the event, without secrets.
    pub details: Option<Details>,
    /// True if a mail about it goes to the user.
    pub mailed: bool,
}

/// A record that is written at the end of its job.
pub(crate) struct Pending {
    realm: RealmId,
    record: Record,
    at: Timestamp,
}

/// Queues a row, which is written at the end of the job if the job succeeds. If it cannot be written, the job fails,
/// and with it the change that it describes.
pub async fn append(tx: &mut Tx, realm: &RealmId, record: &Record, now: Timestamp) -> Result<(), StoreError> {
    tx.records.push(Pending { realm: realm.clone(), record: record.clone(), at: now });
    Ok(())
}

/// Writes the queued rows of a job, realm by realm.
pub(crate) async fn write_pending(tx: &mut Tx) -> Result<(), StoreError> {
    while let Some(realm) = tx.records.first().map(|pending| pending.realm.clone()) {
        let (these, others) = std::mem::take(&mut tx.records).into_iter().partition(|pending| pending.realm == realm);
        tx.records = others;
        extend(tx, &realm, these).await?;
    }
    Ok(())
}

/// Appends rows to a realm's chain, whose end stays locked until the commit.
async fn extend(tx: &mut Tx, realm: &RealmId, records: Vec<Pending>) -> Result<(), StoreError> {
    let count = i64::try_from(records.len()).unwrap_or(i64::MAX);
    let (seq, hash): (i64, Option<Vec<u8>>) = fetch_one!(tx, LOCK, [realm.as_str(), count])?;
    let mut end = link(seq.saturating_sub(count), hash.as_deref())?;
    for pending in records {
        let recipient = pending.record.user.clone().filter(|_| pending.record.mailed);
        let row = pending.row();
        end = end.then(realm, &row);
        insert(tx, realm, &row, end).await?;
        if let Some(user) = recipient {
            outbox::queue_notice(tx, realm, &user, &row).await?;
        }
    }
    execute!(tx, EXTEND, [realm.as_str(), end.hash.as_bytes()]).map(|_| ())
}

/// Reads a stored link. The one before the first row has no hash.
pub(crate) fn link(seq: i64, hash: Option<&[u8]>) -> Result<Link, StoreError> {
    match hash {
        Some(hash) => Ok(Link { seq, hash: rows::digest(hash)? }),
        None => Ok(Link { seq, ..Link::beginning() }),
    }
}

async fn insert(tx: &mut Tx, realm: &RealmId, row: &Row, end: Link) -> Result<(), StoreError> {
    execute!(
        tx,
        INSERT,
        [
            &row.id,
            realm.as_str(),
            row.at.as_millis(),
            &row.event,
            &row.outcome,
            &row.actor,
            row.user.as_deref(),
            row.client.as_deref(),
            row.session.as_deref(),
            &row.address,
            &row.user_agent,
            &row.request_id,
            &row.reason,
            end.seq,
            end.hash.as_bytes(),
            row.details.as_deref()
        ]
    )
    .map(|_| ())
}

impl Pending {
    fn row(self) -> Row {
        let record = self.record;
        let outcome = match record.outcome {
            Outcome::Success => "success",
            Outcome::Failure => "failure",
        };
        Row {
            seq: None,
            at: self.at,
            id: record.id,
            event: record.event.as_str().to_owned(),
            outcome: outcome.to_owned(),
            actor: record.actor,
            user: record.user.map(|id| id.as_str().to_owned()),
            client: record.client.map(|id| id.as_str().to_owned()),
            session: record.session.map(|id| id.as_str().to_owned()),
            address: record.origin.address,
            user_agent: record.origin.user_agent,
            request_id: record.origin.request_id,
            reason: record.reason,
            details: record.details.map(|details| details.as_str().to_owned()),
        }
    }
}
