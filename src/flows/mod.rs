//! L2: the use cases, one file each. They load, ask a rule, and write. `now` and random values are passed in. This
//! layer does not depend on HTTP, HTML or SQL.

pub mod administer;
pub mod answer;
pub mod api;
pub mod audit;
pub mod authorize;
pub mod back_channel;
mod binding;
pub mod client_keys;
pub mod consent;
pub mod device;
mod front_channel;
pub mod introspect;
pub mod issue;
pub mod jose;
mod large_tokens;
pub mod login;
pub mod logo;
pub mod logout;
pub mod mapped;
mod meters;
pub mod notices;
pub mod outbox;
pub mod par;
pub mod pending;
pub mod profiles;
pub mod rates;
pub mod refusals;
pub mod register;
pub mod request_object;
pub mod restore;
pub mod revoke;
pub mod session;
pub mod soft_lock;
pub mod subject;
pub mod token;
pub mod userinfo;
pub mod verdicts;
pub mod verify;
pub mod webhooks;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::hmac;
use ipnet::IpNet;
use tokio::sync::Notify;

use self::client_keys::ClientKeys;
pub use self::large_tokens::LargeTokens;
use self::request_object::RequestUris;
use crate::entropy::{Entropy, EntropyError};
use crate::fetch::Fetcher;
use crate::keys::{KeyError, Keyring, KeyringError, TokenMac};
use crate::mail::Mailer;
use crate::metrics::Metrics;
use crate::passwords::{PasswordError, Passwords};
use crate::protocol::brute_force;
use crate::protocol::cause::Cause;
use crate::protocol::client::{Client, Supported};
use crate::protocol::error::OAuthError;
use crate::protocol::ids::{ClientId, RealmId, SessionId, UserId};
use crate::protocol::notice::Notice;
use crate::protocol::rate_limit::Exceeded;
use crate::protocol::time::{Span, Timestamp};
use crate::store::audit::{Event, Origin, Outcome, Record};
use crate::store::view::View;
use crate::store::{Store, StoreError};

/// The server's shared state, as the use cases need it.
pub struct Provider {
    pub store: Store,
    /// The in-memory view of the database on this node.
    pub view: View,
    pub keys: Keyring,
    /// The cache of verified access tokens.
    pub verdicts: verdicts::Verdicts,
    /// The worker pool that hashes passwords.
    pub passwords: Passwords,
    /// HTTP client for the servers of operators' clients, and for webhooks; see [`Provider::fetcher_of`].
    pub fetcher: Fetcher,
    /// HTTP client for servers named by strangers, with its own concurrency limit.
    pub stranger_fetcher: Fetcher,
    /// `None` if mail is not configured.
    pub mailer: Option<Mailer>,
    /// The cache of fetched request objects.
    pub request_uris: RequestUris,
    /// The cache of the key sets that clients publish.
    pub client_keys: ClientKeys,
    pub profiles: profiles::Profiles,
    /// The rules of dynamic client registration.
    pub registration: register::Rules,
    pub lifetimes: Lifetimes,
    /// Derives successors of refresh tokens, and their keyed hashes.
    pub token_mac: TokenMac,
    /// The HMAC key that binds forms to a browser.
    pub csrf_key: hmac::Key,
    pub rates: rates::Rates,
    /// The exchange of rate limits with other nodes.
    pub exchange: rates::Exchange,
    /// The rules about pauses after failed sign-ins.
    pub soft_locks: soft_lock::Rules,
    /// Enables OpenID Connect Session Management.
    pub session_management: bool,
    /// The HMAC key of the browser state in session management.
    pub browser_state_key: hmac::Key,
    /// Counts of pending authorization requests.
    pub waiting: pending::Counts,
    /// Counts of stored pushed requests.
    pub pushed: pending::Counts,
    /// Number of stored device authorizations.
    pub devices: pending::Counts,
    /// Notified after each insert into the outbox, so that delivery starts at once.
    pub announced: Notify,
    /// The clients with a recent log line about large tokens.
    pub large_tokens: LargeTokens,
    /// The change number at which the keys were last read.
    pub keys_read: AtomicU64,
    /// The queue of this node's refusals to log and store.
    pub refusals: refusals::Refusals,
    pub metrics: Metrics,
}

/// The lifetimes of tokens, sessions and requests.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// Of access tokens, unless their client has its own lifetime.
    pub access_token: Span,
    pub id_token: Span,
    pub code: Span,
    /// Of refresh tokens, from their last use.
    pub refresh_idle: Span,
    /// Of refresh tokens, from the login.
    pub refresh: Span,
    /// The time within which a replaced refresh token may be retried.
    pub refresh_grace: Span,
    /// The tolerated clock difference when this server reads its own tokens.
    pub skew: Span,
    /// Of sessions, from their last use.
    pub session_idle: Span,
    pub session: Span,
    /// Of sessions with "stay signed in".
    pub session_remembered: Span,
    /// Of pending authorization requests.
    pub request: Span,
    /// The maximum lifetime of client assertions; a profile may shorten it.
    pub client_assertion: Span,
}

impl Lifetimes {
    /// The time from its issue for which an ID token is accepted as a hint: the longest session, plus the skew.
    pub fn hint(&self) -> Span {
        Span::from_secs(self.session.max(self.session_remembered).as_secs().saturating_add(self.skew.as_secs()))
    }
}

/// The maximum lifetime of any access token. Revocations must be kept at least as long.
pub const LONGEST_ACCESS_TOKEN: Span = Span::from_hours(24);

#[derive(Clone, Debug)]
pub struct Realm {
    pub id: RealmId,
    pub issuer: String,
    /// True if mails about account events are sent to the realm's people.
    pub mails: bool,
}

/// The request-scoped inputs of every use case.
#[derive(Clone)]
pub struct Context {
    pub realm: Arc<Realm>,
    /// The time of the request; it does not change while the request is handled.
    pub now: Timestamp,
    pub entropy: Entropy,
    /// The origin of the request: address, user agent, request id.
    pub origin: Origin,
}

/// An error of a use case.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    /// A refusal, which is reported to the client.
    #[error(transparent)]
    Refused(#[from] OAuthError),
    /// A rate limit is exceeded.
    #[error("too many requests: {}", .0.policy)]
    TooMany(Exceeded),
    /// The database cannot be reached or is saturated; the client may retry.
    #[error("temporarily unavailable: {0}")]
    Unavailable(String),
    /// A queue is full or an allowance is used up; the client may retry after `wait`.
    #[error("overloaded: {cause}")]
    Overloaded {
        /// The full queue or used-up allowance, for the log.
        cause: &'static str,
        wait: Span,
    },
    /// An internal fault, whose cause is for the log.
    #[error("internal error: {0}")]
    Internal(String),
}

impl From<StoreError> for FlowError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => Self::Unavailable(cause),
            other => Self::Internal(other.to_string()),
        }
    }
}

impl From<Cause> for FlowError {
    fn from(cause: Cause) -> Self {
        Self::Refused(cause.into())
    }
}

impl From<Exceeded> for FlowError {
    fn from(exceeded: Exceeded) -> Self {
        Self::TooMany(exceeded)
    }
}

impl From<EntropyError> for FlowError {
    fn from(error: EntropyError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<KeyError> for FlowError {
    fn from(error: KeyError) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<KeyringError> for FlowError {
    fn from(error: KeyringError) -> Self {
        match error {
            KeyringError::Store(error) => error.into(),
            other => Self::Internal(other.to_string()),
        }
    }
}

impl From<PasswordError> for FlowError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Busy { wait } => Self::Overloaded {
                cause: "too many passwords are being checked",
                wait: Span::from_millis(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX)),
            },
            PasswordError::Malformed => Self::Internal(error.to_string()),
        }
    }
}

impl Provider {
    /// The HTTP client for requests to a client's servers. Self-registered clients share a separate concurrency limit,
    /// so that their slow servers cannot delay requests to the servers of other clients.
    pub fn fetcher_of(&self, client: &Client) -> &Fetcher {
        match client.registration {
            Some(_) => &self.stranger_fetcher,
            None => &self.fetcher,
        }
    }

    /// The algorithms, grants and methods that clients of a realm may register.
    pub fn supported(&self, realm: &RealmId) -> Supported<'_> {
        Supported {
            grants: crate::grants::NAMES.as_slice(),
            auth_methods: crate::client_auth::NAMES.as_slice(),
            algorithms: self.keys.algorithms(),
            profiles: &self.profiles.allowed,
            decryption: self.keys.decrypts(realm).into(),
        }
    }

    /// The time until which a revocation must be kept to outlast everything that it revokes.
    pub fn revocation_horizon(&self, now: Timestamp) -> Timestamp {
        now.plus(LONGEST_ACCESS_TOKEN).plus(self.lifetimes.skew)
    }

    /// Applies this node's own writes to its view at once.
    pub async fn catch_up(&self) -> Result<(), FlowError> {
        // Boxed, because requests that end something are rare.
        Box::pin(self.view.catch_up()).await?;
        Ok(())
    }

    /// Ensures that this node may answer from its in-memory view: it has acknowledged every reported revocation, or it
    /// checks with the database now.
    ///
    /// # Errors
    /// [`FlowError::Unavailable`] if it can do neither.
    pub async fn vouch(&self, realm: &RealmId) -> Result<(), FlowError> {
        self.view.vouch().await?;
        self.follow_keys(realm).await
    }

    /// Reads the keys again if they have changed since the last read.
    pub async fn follow_keys(&self, realm: &RealmId) -> Result<(), FlowError> {
        let changes = self.view.key_changes();
        if self.keys_read.load(Ordering::Acquire) != changes {
            Box::pin(self.keys.reload(realm)).await?;
            self.keys_read.fetch_max(changes, Ordering::AcqRel);
        }
        Ok(())
    }
}

impl Context {
    /// The address of the client, if known.
    pub fn address(&self) -> Option<IpAddr> {
        self.origin.address.parse().ok()
    }

    /// The region (/24 or /48) of the client's address.
    pub fn region(&self) -> Option<IpNet> {
        self.address().map(brute_force::region)
    }

    /// The region as stored in rows; empty if the address is unknown.
    pub fn region_name(&self) -> String {
        self.region().map(|region| region.to_string()).unwrap_or_default()
    }

    /// The actor for the audit log: `command` becomes `command:` with the account on the host.
    pub fn actor(&self, actor: &str) -> String {
        match (actor, self.origin.operator.as_str()) {
            ("command", operator) if !operator.is_empty() => format!("command:{operator}"),
            (other, _) => other.to_owned(),
        }
    }

    pub fn record(
        &self,
        event: Event,
        outcome: Outcome,
        concerning: Concerning<'_>,
        reason: &str,
    ) -> Result<Record, EntropyError> {
        use base64::Engine as _;
        let id = self.entropy.bytes::<16>()?;
        Ok(Record {
            id: base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(id),
            event,
            outcome,
            actor: self.actor(concerning.actor),
            user: concerning.user.cloned(),
            client: concerning.client.cloned(),
            session: concerning.session.cloned(),
            origin: self.origin.clone(),
            reason: reason.to_owned(),
            details: None,
            mailed: self.realm.mails && Notice::of(event.as_str()).is_some(),
        })
    }
}

/// The subjects of an audit record.
#[derive(Clone, Copy, Debug, Default)]
pub struct Concerning<'a> {
    /// `user`, `client`, `system`, `command`, or `client:` and the id of an administering client.
    pub actor: &'a str,
    pub user: Option<&'a UserId>,
    pub client: Option<&'a ClientId>,
    pub session: Option<&'a SessionId>,
}
