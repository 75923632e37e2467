//! The error of use cases, whatever they do: a refusal that the client sees, or a failure whose cause is for the log.

use crate::keys::KeyringError;
use crate::passwords::PasswordError;
use signet_crypto::KeyError;
use signet_crypto::entropy::EntropyError;
use signet_protocol::cause::Cause;
use signet_protocol::defense::rate_limit::Exceeded;
use signet_protocol::error::OAuthError;
use signet_protocol::time::Span;
use signet_store::StoreError;

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
        match error {
            // Another node can answer.
            KeyError::VerifyOnly => Self::Unavailable(error.to_string()),
            other => Self::Internal(other.to_string()),
        }
    }
}

impl From<KeyringError> for FlowError {
    fn from(error: KeyringError) -> Self {
        match error {
            KeyringError::Store(error) => error.into(),
            KeyringError::Key(error) => error.into(),
            KeyringError::NoPublic => Self::Unavailable(error.to_string()),
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
            PasswordError::Malformed | PasswordError::BreachedFile => Self::Internal(error.to_string()),
        }
    }
}
