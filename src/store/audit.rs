//! The audit log: a row commits with the change that it describes, is linked to the one before it, and is never
//! updated. No secrets, no tokens.

use super::tx::{execute, fetch_one, statements};
use super::{StoreError, Tx, outbox, rows};
use crate::protocol::audit_chain::{Link, Row};
use crate::protocol::ids::{ClientId, RealmId, SessionId, UserId};
use crate::protocol::time::Timestamp;

statements! {
    LOCK = "UPDATE audit_chains SET seq = seq + $2 WHERE realm_id = $1 RETURNING seq, hash";
    EXTEND = "UPDATE audit_chains SET hash = $2 WHERE realm_id = $1";
    INSERT = "INSERT INTO audit_events (id, realm_id, at, event, outcome, actor, user_id, client_id, session_id, address, user_agent, request_id, reason, seq, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
}

macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Event {
            $($(#[$doc])* $variant,)*
        }

        impl Event {
            /// The names of all events.
            pub const NAMES: &[&str] = &[$($name),*];

            /// The event's name.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

events! {
    /// Somebody signed in, or failed to.
    Login = "login",
    /// Somebody signed in with a browser that had not been used for the account before.
    NewDevice = "login.new_device",
    /// Somebody signed out.
    Logout = "logout",
    /// A client could not be told that a session has ended.
    LogoutUndelivered = "logout.undelivered",
    /// A person could not be told by mail of what concerns their account.
    MailUndelivered = "mail.undelivered",
    /// Somebody consented to a client's request, or denied it.
    Consent = "consent",
    /// A consent was withdrawn with all that was granted by it.
    ConsentWithdrawn = "consent.withdrawn",
    /// A session was ended by somebody else than its user.
    SessionEnded = "session.ended",
    /// A code was presented a second time.
    CodeReplay = "authorization_code.replayed",
    /// A refresh token was presented after it had been replaced.
    RefreshReuse = "refresh_token.reused",
    /// A token or a grant was revoked.
    Revocation = "token.revoked",
    /// A client was registered.
    ClientAdded = "client.added",
    /// A client's registration was replaced.
    ClientUpdated = "client.updated",
    /// A client was removed.
    ClientRemoved = "client.removed",
    /// A client's logo was set.
    ClientLogoSet = "client.logo_set",
    /// A registration access token was used at another client's registration.
    RegistrationTokenMisused = "registration_token.misused",
    /// A token was made that lets somebody register clients.
    InitialTokenMade = "initial_token.made",
    /// A client's secret was replaced.
    ClientSecretRotated = "client.secret_rotated",
    /// A client got a secret that is weaker than those of this server.
    ClientSecretWeak = "client.weak_secret_set",
    /// A client was enabled.
    ClientEnabled = "client.enabled",
    /// A client was disabled.
    ClientDisabled = "client.disabled",
    /// What had been issued to a client was voided.
    ClientSignedOut = "client.signed_out",
    /// Everything that had been issued was voided.
    RealmSignedOut = "realm.signed_out",
    /// A user was added.
    UserAdded = "user.added",
    /// Attributes of a user were changed.
    UserUpdated = "user.updated",
    /// A user's e-mail address was changed.
    EmailChanged = "user.email_changed",
    /// A user was removed.
    UserRemoved = "user.removed",
    /// A user got roles, or lost some.
    RolesChanged = "user.roles_changed",
    /// A user's password was set.
    PasswordSet = "user.password_set",
    /// A user was enabled.
    UserEnabled = "user.enabled",
    /// A user was disabled.
    UserDisabled = "user.disabled",
    /// A user was signed out everywhere.
    UserSignedOut = "user.signed_out",
    /// A user was signed out, and may not sign in before a time.
    UserBanned = "user.banned",
    /// A claim mapper was added.
    MapperAdded = "claim_mapper.added",
    /// A claim mapper was removed.
    MapperRemoved = "claim_mapper.removed",
    /// A resource was added.
    ResourceAdded = "resource.added",
    /// The header of a resource's access tokens was changed.
    ResourceUpdated = "resource.updated",
    /// A resource was removed.
    ResourceRemoved = "resource.removed",
    /// So many sign-ins to an account have failed that there is a pause.
    AccountSoftLocked = "account.soft_locked",
    /// An address was blocked.
    AddressBlocked = "address.blocked",
    /// An address was unblocked.
    AddressUnblocked = "address.unblocked",
    /// An announced key has begun to sign.
    KeyActivated = "key.activated",
    /// A signing key was announced.
    KeyAnnounced = "key.announced",
    /// An announced key was told to sign.
    KeyPromoted = "key.promoted",
    /// A key was dropped, since somebody else may have it.
    KeyCompromised = "key.compromised",
    /// The sealed keys were written to a file.
    KeysExported = "keys.exported",
    /// A key came from another database.
    KeyImported = "key.imported",
    /// A key was removed.
    KeyRemoved = "key.removed",
    /// A webhook was added.
    WebhookAdded = "webhook.added",
    /// A webhook was removed.
    WebhookRemoved = "webhook.removed",
    /// A webhook was enabled.
    WebhookEnabled = "webhook.enabled",
    /// A webhook was disabled.
    WebhookDisabled = "webhook.disabled",
    /// Requests beyond a rate limit were refused.
    LimitExceeded = "limit.exceeded",
    /// A backup was made.
    BackedUp = "backup.made",
    /// The data came back from a backup; what had been issued before is void.
    Restored = "backup.restored",
}

/// Whether it came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did.
    Success,
    /// It was refused.
    Failure,
}

/// From where a request came.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    /// The address of the peer, or of the client behind a trusted proxy.
    pub address: String,
    /// The browser, cut and cleaned.
    pub user_agent: String,
    /// The id of the request, as on error pages and in the log.
    pub request_id: String,
    /// The account on the host that runs a command; empty for requests.
    pub operator: String,
}

/// One row.
#[derive(Clone, Debug)]
pub struct Record {
    /// The row's id, random.
    pub id: String,
    /// What happened.
    pub event: Event,
    /// Whether it came about.
    pub outcome: Outcome,
    /// The actor: `user`, `client`, `system`, `command:` and the account on the host, or `client:` and the id of a
    /// client that administers.
    pub actor: String,
    /// The user concerned.
    pub user: Option<UserId>,
    /// The client concerned.
    pub client: Option<ClientId>,
    /// The session concerned.
    pub session: Option<SessionId>,
    /// From where.
    pub origin: Origin,
    /// Why, in a word or two.
    pub reason: String,
    /// Whether the user concerned is told by mail.
    pub mailed: bool,
}

/// A record that waits for the end of its job.
pub(super) struct Pending {
    realm: RealmId,
    record: Record,
    at: Timestamp,
}

/// Appends a row. It is written at the end of the job, and only where the job ends well.
///
/// # Errors
/// None here: where the row cannot be written, the job fails and the change that it describes with it.
pub async fn append(tx: &mut Tx, realm: &RealmId, record: &Record, now: Timestamp) -> Result<(), StoreError> {
    tx.records.push(Pending { realm: realm.clone(), record: record.clone(), at: now });
    Ok(())
}

/// Writes the rows that a job has left, those of each realm in one go.
pub(super) async fn write_pending(tx: &mut Tx) -> Result<(), StoreError> {
    while let Some(realm) = tx.records.first().map(|pending| pending.realm.clone()) {
        let (these, others) = std::mem::take(&mut tx.records).into_iter().partition(|pending| pending.realm == realm);
        tx.records = others;
        extend(tx, &realm, these).await?;
    }
    Ok(())
}

/// Links rows to the end of a realm's chain, which stays locked until the commit.
async fn extend(tx: &mut Tx, realm: &RealmId, records: Vec<Pending>) -> Result<(), StoreError> {
    let count = i64::try_from(records.len()).unwrap_or(i64::MAX);
    let (seq, hash): (i64, Option<Vec<u8>>) = fetch_one!(tx, LOCK, [realm.as_str(), count])?;
    let mut end = link(seq.saturating_sub(count), hash.as_deref())?;
    for pending in records {
        let told = pending.record.user.clone().filter(|_| pending.record.mailed);
        let row = pending.row();
        end = end.then(realm, &row);
        insert(tx, realm, &row, end).await?;
        if let Some(user) = told {
            outbox::concerns(tx, realm, &user, (&row.id, &row.event), row.at).await?;
        }
    }
    execute!(tx, EXTEND, [realm.as_str(), end.hash.as_bytes()]).map(|_| ())
}

/// A point of the chain as it is stored; the one before the first row has no hash.
pub(super) fn link(seq: i64, hash: Option<&[u8]>) -> Result<Link, StoreError> {
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
            end.hash.as_bytes()
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
        }
    }
}
