//! Errors that a client may see: a code of the standards and one sentence, besides the private cause. A sentence
//! repeats at most a refused scope from the request, and has only the characters allowed by RFC 6749 §5.2.

use std::borrow::Cow;
use std::mem::{Discriminant, discriminant};

use super::cause::Cause;

/// An error code of the OAuth 2.0 and OpenID Connect specifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// RFC 6749 §4.1.2.1
    AccessDenied,
    /// OpenID Connect Core §3.1.2.6
    AccountSelectionRequired,
    /// RFC 8628 §3.5
    AuthorizationPending,
    /// OpenID Connect Core §3.1.2.6
    ConsentRequired,
    /// RFC 8628 §3.5
    ExpiredToken,
    /// RFC 6750 §3.1
    InsufficientScope,
    /// OpenID Connect Core §3.1.2.6
    InteractionRequired,
    /// RFC 6749 §5.2
    InvalidClient,
    /// RFC 7591 §3.2.2
    InvalidClientMetadata,
    /// RFC 6749 §5.2
    InvalidGrant,
    /// RFC 7591 §3.2.2
    InvalidRedirectUri,
    /// RFC 6749 §5.2
    InvalidRequest,
    /// RFC 9101 §7
    InvalidRequestObject,
    /// RFC 9101 §7
    InvalidRequestUri,
    /// RFC 6749 §5.2
    InvalidScope,
    /// RFC 8707 §2
    InvalidTarget,
    /// RFC 6750 §3.1
    InvalidToken,
    /// OpenID Connect Core §3.1.2.6
    LoginRequired,
    /// OpenID Connect Core §3.1.2.6
    RegistrationNotSupported,
    /// OpenID Connect Core §3.1.2.6
    RequestNotSupported,
    /// OpenID Connect Core §3.1.2.6
    RequestUriNotSupported,
    /// RFC 6749 §4.1.2.1
    ServerError,
    /// RFC 8628 §3.5
    SlowDown,
    /// RFC 6749 §4.1.2.1
    TemporarilyUnavailable,
    /// RFC 7591 §3.2.2
    UnapprovedSoftwareStatement,
    /// RFC 6749 §5.2
    UnauthorizedClient,
    /// OpenID Connect Core Error Code unmet_authentication_requirements §2
    UnmetAuthenticationRequirements,
    /// RFC 6749 §5.2
    UnsupportedGrantType,
    /// RFC 6749 §4.1.2.1
    UnsupportedResponseType,
    /// RFC 7009 §2.2.1
    UnsupportedTokenType,
}

impl ErrorCode {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccessDenied => "access_denied",
            Self::AccountSelectionRequired => "account_selection_required",
            Self::AuthorizationPending => "authorization_pending",
            Self::ConsentRequired => "consent_required",
            Self::ExpiredToken => "expired_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::InteractionRequired => "interaction_required",
            Self::InvalidClient => "invalid_client",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidRequest => "invalid_request",
            Self::InvalidRequestObject => "invalid_request_object",
            Self::InvalidRequestUri => "invalid_request_uri",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidToken => "invalid_token",
            Self::LoginRequired => "login_required",
            Self::RegistrationNotSupported => "registration_not_supported",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::ServerError => "server_error",
            Self::SlowDown => "slow_down",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::UnapprovedSoftwareStatement => "unapproved_software_statement",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::UnsupportedTokenType => "unsupported_token_type",
        }
    }

    /// Returns true for an answer that a device expects while its person decides (RFC 8628 §3.5).
    pub const fn is_answer_to_poll(self) -> bool {
        matches!(self, Self::AuthorizationPending | Self::SlowDown)
    }

    /// Returns true for an expected answer to `prompt=none`, by which a client asks if a page would be needed (OpenID
    /// Connect Core §3.1.2.1).
    pub const fn is_answer_to_prompt_none(self) -> bool {
        matches!(
            self,
            Self::AccountSelectionRequired | Self::ConsentRequired | Self::InteractionRequired | Self::LoginRequired
        )
    }
}

/// An error for a client: `error` and `error_description` (RFC 6749 §5.2, RFC 6750 §3.1), and the private cause of the
/// refusal.
///
/// If the sentence itself states the cause, there is no separate one. Codes whose sentence must not state it have no
/// constructor here; they are built from a [`Cause`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {description}", code.as_str())]
pub struct OAuthError {
    pub code: ErrorCode,
    /// The value of `error_description`, one sentence.
    pub description: Cow<'static, str>,
    /// Boxed, since errors are part of the results of every request.
    cause: Option<Box<Cause>>,
}

macro_rules! constructors {
    ($($(#[$doc:meta])* $name:ident => $code:ident),* $(,)?) => {
        impl OAuthError {
            $($(#[$doc])*
            pub const fn $name(description: &'static str) -> Self {
                Self::new(ErrorCode::$code, description)
            })*
        }
    };
}

constructors! {
    invalid_request => InvalidRequest,
    invalid_request_object => InvalidRequestObject,
    invalid_request_uri => InvalidRequestUri,
    invalid_client_metadata => InvalidClientMetadata,
    invalid_redirect_uri => InvalidRedirectUri,
}

impl OAuthError {
    /// Creates an error with any code, whose sentence states the cause.
    pub const fn new(code: ErrorCode, description: &'static str) -> Self {
        Self { code, description: Cow::Borrowed(description), cause: None }
    }

    /// Creates an error with a private cause.
    pub(crate) fn explained(code: ErrorCode, description: Cow<'static, str>, cause: Cause) -> Self {
        Self { code, description, cause: Some(Box::new(cause)) }
    }

    /// Returns the private cause, or `None` if the description states it.
    pub fn cause(&self) -> Option<&Cause> {
        self.cause.as_deref()
    }

    /// Returns a command with which the operator can let the request pass; `CLIENT` is the placeholder for the client
    /// id.
    pub fn hint(&self) -> Option<&'static str> {
        self.cause().and_then(Cause::hint)
    }

    /// Returns a key that groups equal refusals.
    pub fn kind(&self) -> ErrorKind {
        let cause = self.cause().map(discriminant);
        let sentence = if cause.is_none() { self.description.clone() } else { Cow::default() };
        ErrorKind { code: self.code, cause, sentence }
    }

    /// Returns the cause in plain English, for operators.
    pub fn explanation(&self) -> String {
        match &self.cause {
            Some(cause) => cause.to_string(),
            None => self.description.trim_end_matches('.').to_owned(),
        }
    }
}

/// The common part of errors with one cause, without the values that the cause carries.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ErrorKind {
    code: ErrorCode,
    cause: Option<Discriminant<Cause>>,
    /// The sentence of an error that states its own cause.
    sentence: Cow<'static, str>,
}
