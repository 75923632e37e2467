//! The audit log: a row commits with the change that it describes, and is never updated. No secrets, no tokens.

use super::tx::{execute, statements};
use super::{StoreError, Tx};
use crate::protocol::ids::{ClientId, RealmId, SessionId, UserId};
use crate::protocol::time::Timestamp;

statements! {
    INSERT = "INSERT INTO audit_events (id, realm_id, at, event, outcome, actor, user_id, client_id, session_id, address, user_agent, request_id, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody signed in, or failed to.
    Login,
    /// Somebody signed out.
    Logout,
    /// A client could not be told that a session has ended.
    LogoutUndelivered,
    /// Somebody consented to a client's request, or denied it.
    Consent,
    /// A code was presented a second time.
    CodeReplay,
    /// A refresh token was presented after it had been replaced.
    RefreshReuse,
    /// A client revoked a token.
    Revocation,
    /// A client was registered.
    ClientAdded,
    /// A client's registration was replaced.
    ClientUpdated,
    /// A client was removed.
    ClientRemoved,
    /// A client's logo was set.
    ClientLogoSet,
    /// A registration access token was used at another client's registration.
    RegistrationTokenMisused,
    /// A token was made that lets somebody register clients.
    InitialTokenMade,
    /// A client's secret was replaced.
    ClientSecretRotated,
    /// A client was enabled.
    ClientEnabled,
    /// A client was disabled.
    ClientDisabled,
    /// A user was added.
    UserAdded,
    /// A user's password was set.
    PasswordSet,
    /// A user was enabled.
    UserEnabled,
    /// A user was disabled.
    UserDisabled,
    /// A user was signed out everywhere.
    UserSignedOut,
    /// A claim mapper was added.
    MapperAdded,
    /// A claim mapper was removed.
    MapperRemoved,
    /// A signing key was announced.
    KeyAnnounced,
    /// An announced key was told to sign.
    KeyPromoted,
    /// A key was removed.
    KeyRemoved,
}

impl Event {
    /// The event's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Logout => "logout",
            Self::LogoutUndelivered => "logout.undelivered",
            Self::Consent => "consent",
            Self::CodeReplay => "authorization_code.replayed",
            Self::RefreshReuse => "refresh_token.reused",
            Self::Revocation => "token.revoked",
            Self::ClientAdded => "client.added",
            Self::ClientUpdated => "client.updated",
            Self::ClientRemoved => "client.removed",
            Self::ClientLogoSet => "client.logo_set",
            Self::RegistrationTokenMisused => "registration_token.misused",
            Self::InitialTokenMade => "initial_token.made",
            Self::ClientSecretRotated => "client.secret_rotated",
            Self::ClientEnabled => "client.enabled",
            Self::ClientDisabled => "client.disabled",
            Self::UserAdded => "user.added",
            Self::PasswordSet => "user.password_set",
            Self::UserEnabled => "user.enabled",
            Self::UserDisabled => "user.disabled",
            Self::UserSignedOut => "user.signed_out",
            Self::MapperAdded => "claim_mapper.added",
            Self::MapperRemoved => "claim_mapper.removed",
            Self::KeyAnnounced => "key.announced",
            Self::KeyPromoted => "key.promoted",
            Self::KeyRemoved => "key.removed",
        }
    }
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
    /// Who did it: `user`, `client`, `system` or `command`.
    pub actor: &'static str,
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
}

/// Appends a row.
///
/// # Errors
/// [`StoreError`] where the database fails; then the change it describes fails too.
pub async fn append(tx: &mut Tx, realm: &RealmId, record: &Record, now: Timestamp) -> Result<(), StoreError> {
    let outcome = match record.outcome {
        Outcome::Success => "success",
        Outcome::Failure => "failure",
    };
    execute!(
        tx,
        INSERT,
        [
            &record.id,
            realm.as_str(),
            now.as_millis(),
            record.event.as_str(),
            outcome,
            record.actor,
            record.user.as_ref().map(UserId::as_str),
            record.client.as_ref().map(ClientId::as_str),
            record.session.as_ref().map(SessionId::as_str),
            &record.origin.address,
            &record.origin.user_agent,
            &record.origin.request_id,
            &record.reason
        ]
    )
    .map(|_| ())
}
