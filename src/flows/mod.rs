//! L2: the use cases, one file each. They load, ask a rule, and write; `now` and random values come from outside.
//! Nothing here knows of HTTP, HTML or SQL.

pub mod administer;
pub mod answer;
pub mod api;
pub mod audit;
pub mod authorize;
pub mod back_channel;
mod binding;
pub mod client_keys;
pub mod consent;
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

/// The server as the use cases see it: one store, one view of it, one keyring, one pool for passwords.
pub struct Provider {
    /// The database.
    pub store: Store,
    /// What this node keeps in memory of it.
    pub view: View,
    /// The signing keys.
    pub keys: Keyring,
    /// The access tokens that were verified lately.
    pub verdicts: verdicts::Verdicts,
    /// The pool that hashes passwords.
    pub passwords: Passwords,
    /// The only way to the servers of operators' clients, and to webhooks; see [`Provider::fetcher_of`].
    pub fetcher: Fetcher,
    /// The same, with turns of its own, to servers that strangers name.
    pub stranger_fetcher: Fetcher,
    /// The way out for mails, where there is one.
    pub mailer: Option<Mailer>,
    /// The request objects that were fetched lately.
    pub request_uris: RequestUris,
    /// What clients publish their keys as.
    pub client_keys: ClientKeys,
    /// The security profiles of clients.
    pub profiles: profiles::Profiles,
    /// How clients may register themselves.
    pub registration: register::Rules,
    /// The lifetimes.
    pub lifetimes: Lifetimes,
    /// The keyed hashes of refresh tokens.
    pub token_mac: TokenMac,
    /// The keyed hash that binds forms to a browser.
    pub csrf_key: hmac::Key,
    /// How often somebody may ask.
    pub rates: rates::Rates,
    /// What other nodes hear of that.
    pub exchange: rates::Exchange,
    /// How failed sign-ins are answered.
    pub soft_locks: soft_lock::Rules,
    /// Whether applications may watch the session of a browser (OpenID Connect Session Management).
    pub session_management: bool,
    /// The keyed hash by which they do.
    pub browser_state_key: hmac::Key,
    /// The authorization requests that wait.
    pub waiting: pending::Counts,
    /// The pushed requests that are kept.
    pub pushed: pending::Counts,
    /// Told when something has been put into the outbox, so that it is delivered at once.
    pub announced: Notify,
    /// The clients that the log has named for large tokens.
    pub large_tokens: LargeTokens,
    /// At which change of the keys they were last read.
    pub keys_read: AtomicU64,
    /// The refusals of this node that are to be logged and stored.
    pub refusals: refusals::Refusals,
    /// What is counted and measured.
    pub metrics: Metrics,
}

/// How long things live.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// Access tokens, unless their client has a lifetime of its own.
    pub access_token: Span,
    /// ID tokens.
    pub id_token: Span,
    /// Authorization codes.
    pub code: Span,
    /// Refresh tokens that are not used.
    pub refresh_idle: Span,
    /// Refresh tokens, from the login on.
    pub refresh: Span,
    /// How long a replaced refresh token may be retried.
    pub refresh_grace: Span,
    /// How far clocks may be apart when our own tokens are read.
    pub skew: Span,
    /// Sessions that are not used.
    pub session_idle: Span,
    /// Sessions.
    pub session: Span,
    /// Sessions of those who asked to stay signed in.
    pub session_remembered: Span,
    /// Authorization requests that wait for somebody.
    pub request: Span,
    /// Client assertions, unless their client's profile has a shorter life for them.
    pub client_assertion: Span,
}

impl Lifetimes {
    /// The time after its issue for which an ID token is accepted as a hint: as long as any session lives, and the skew.
    pub fn hint(&self) -> Span {
        Span::from_secs(self.session.max(self.session_remembered).as_secs().saturating_add(self.skew.as_secs()))
    }
}

/// The longest life that any access token can have, which revocations have to outlast.
pub const LONGEST_ACCESS_TOKEN: Span = Span::from_hours(24);

/// The tenant that a request is for.
#[derive(Clone, Debug)]
pub struct Realm {
    /// Its id in the database.
    pub id: RealmId,
    /// Its issuer identifier.
    pub issuer: String,
    /// Whether its people are told by mail of what concerns their account.
    pub mails: bool,
}

/// What every use case is told of the request it serves.
#[derive(Clone)]
pub struct Context {
    /// The tenant.
    pub realm: Arc<Realm>,
    /// The one present of the request.
    pub now: Timestamp,
    /// Where random values come from.
    pub entropy: Entropy,
    /// From where the request came.
    pub origin: Origin,
}

/// Why a use case did not come about.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    /// The client is told why.
    #[error(transparent)]
    Refused(#[from] OAuthError),
    /// It was one request too many.
    #[error("too many requests: {}", .0.policy)]
    TooMany(Exceeded),
    /// The database cannot be reached or is saturated; the client may retry.
    #[error("temporarily unavailable: {0}")]
    Unavailable(String),
    /// A queue or an allowance is full; the client may retry after `wait`.
    #[error("overloaded: {cause}")]
    Overloaded {
        /// What is full, for the log.
        cause: &'static str,
        /// The time until there is room.
        wait: Span,
    },
    /// Something is broken; the cause is for the log.
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
    /// The way to the servers of a client. Clients that have registered themselves share its turns with each other
    /// alone, so that their slow servers delay nothing of an operator's clients.
    pub fn fetcher_of(&self, client: &Client) -> &Fetcher {
        match client.registration {
            Some(_) => &self.stranger_fetcher,
            None => &self.fetcher,
        }
    }

    /// What clients of a realm may choose from when they register.
    pub fn supported(&self, realm: &RealmId) -> Supported<'_> {
        Supported {
            grants: crate::grants::NAMES.as_slice(),
            auth_methods: crate::client_auth::NAMES.as_slice(),
            algorithms: self.keys.algorithms(),
            profiles: &self.profiles.allowed,
            decryption: self.keys.decrypts(realm).into(),
        }
    }

    /// How long a revocation has to be kept so that it outlasts all that it concerns.
    pub fn revocation_horizon(&self, now: Timestamp) -> Timestamp {
        now.plus(LONGEST_ACCESS_TOKEN).plus(self.lifetimes.skew)
    }

    /// Lets this node see at once what it has just written.
    ///
    /// # Errors
    /// [`FlowError`] where the database fails.
    pub async fn catch_up(&self) -> Result<(), FlowError> {
        // Boxed, since a request that ends something is rare.
        Box::pin(self.view.catch_up()).await?;
        Ok(())
    }

    /// Makes sure that this node may say by what it has in memory whether something is accepted: it has heard of all that
    /// was reported as ended, or asks the database now.
    ///
    /// # Errors
    /// [`FlowError::Unavailable`] where it can do neither.
    pub async fn vouch(&self, realm: &RealmId) -> Result<(), FlowError> {
        self.view.vouch().await?;
        self.follow_keys(realm).await
    }

    /// Reads the keys again where they have changed since they were last read.
    ///
    /// # Errors
    /// [`FlowError`] where the database fails, or a key cannot be opened.
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
    /// The address of the client, where it is known.
    pub fn address(&self) -> Option<IpAddr> {
        self.origin.address.parse().ok()
    }

    /// The region of the client's address.
    pub fn region(&self) -> Option<IpNet> {
        self.address().map(brute_force::region)
    }

    /// The region as rows have it; empty where it is not known.
    pub fn region_name(&self) -> String {
        self.region().map(|region| region.to_string()).unwrap_or_default()
    }

    /// The actor as the audit log names it: a command with the account on the host that runs it.
    pub fn actor(&self, actor: &str) -> String {
        match (actor, self.origin.operator.as_str()) {
            ("command", operator) if !operator.is_empty() => format!("command:{operator}"),
            (other, _) => other.to_owned(),
        }
    }

    /// An audit record about this request.
    ///
    /// # Errors
    /// [`EntropyError`] where the system has no random bytes for the row's id.
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

/// Whom an audit record is about.
#[derive(Clone, Copy, Debug, Default)]
pub struct Concerning<'a> {
    /// Who did it: `user`, `client`, `system`, `command`, or `client:` and the id of a client that administers.
    pub actor: &'a str,
    /// The user concerned.
    pub user: Option<&'a UserId>,
    /// The client concerned.
    pub client: Option<&'a ClientId>,
    /// The session concerned.
    pub session: Option<&'a SessionId>,
}
