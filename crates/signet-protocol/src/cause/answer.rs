//! The public answer to each cause: as terse as RFC 6749 §5.2 allows where detail would help an attacker, exact where
//! it helps only a developer.

use std::borrow::Cow;

use super::Cause;
use crate::error::{ErrorCode, OAuthError};

/// The answer to every failed client authentication, the same for unknown and for known clients.
const NOT_AUTHENTICATED: &str = "The client could not be authenticated.";
/// The answer to unknown, expired, foreign, used and revoked grants alike.
const INVALID_GRANT: &str = "The grant is invalid, expired, revoked or was issued to another client.";
/// The answer to every access token that is not accepted (RFC 6750 §3.1).
const INVALID_TOKEN: &str = "The access token is invalid, expired or revoked.";

/// Names the setting that allows other response types, which helps a developer and reveals nothing to an attacker.
const RESPONSE_TYPE: &str = "The response type is not supported for this client. The operator registers it: signet \
                             client update --response-type; all types but code need --profile oidc_classic.";
/// Names the setting, for the same reason.
const PKCE_MISSING: &str = "code_challenge is required. Send one (PKCE with S256), or have the operator relax it for a \
                            confidential client: signet client update --pkce nonce.";
/// Names the setting, for the same reason.
const PKCE_AND_NONCE_MISSING: &str = "code_challenge is required, or the scope openid with a nonce. Send one of them, \
                                      or have the operator relax it for a confidential client: signet client update \
                                      --pkce optional.";

impl From<Cause> for OAuthError {
    fn from(cause: Cause) -> Self {
        let (code, description) = answer(&cause);
        Self::explained(code, description, cause)
    }
}

/// The table of public answers. The match is exhaustive, so a new cause needs a row.
fn answer(cause: &Cause) -> (ErrorCode, Cow<'static, str>) {
    let (code, sentence) = match cause {
        Cause::Scope { refused } => {
            let sentence = format!("The client may not ask for the scope {refused}.");
            return (ErrorCode::InvalidScope, described(sentence));
        }
        Cause::ScopeNotGranted { refused } => {
            return (ErrorCode::InvalidScope, described(format!("The grant does not cover the scope {refused}.")));
        }
        Cause::ClientUnnamed
        | Cause::ClientUnknown
        | Cause::ClientDisabled
        | Cause::ClientDiffers
        | Cause::ClientPublic
        | Cause::AuthMethod { .. }
        | Cause::SecretMismatch
        | Cause::SecretExpired
        | Cause::SecretMissing
        | Cause::SecretMalformed
        | Cause::AssertionMalformed
        | Cause::AssertionAlgorithm { .. }
        | Cause::AssertionSignature
        | Cause::AssertionUsed => (ErrorCode::InvalidClient, NOT_AUTHENTICATED),
        Cause::BasicMalformed => (ErrorCode::InvalidClient, "The Basic credentials are malformed."),
        Cause::AuthorizationUnusable => (ErrorCode::InvalidClient, "The Authorization header cannot be used here."),
        // The sender of an assertion may learn its fault, since the signature is verified first (RFC 7521 §4.2.1).
        Cause::AssertionType => (ErrorCode::InvalidClient, "client_assertion_type is not supported."),
        Cause::AssertionKind => (ErrorCode::InvalidClient, "The JWT is not a client assertion."),
        Cause::AssertionParties => (ErrorCode::InvalidClient, "The client assertion has another issuer or subject."),
        Cause::AssertionId => (ErrorCode::InvalidClient, "The client assertion has no usable jti."),
        Cause::AssertionAudience { .. } => (ErrorCode::InvalidClient, "The client assertion is for another audience."),
        Cause::AssertionEndless => (ErrorCode::InvalidClient, "The client assertion has no exp."),
        Cause::AssertionExpired { .. } => (ErrorCode::InvalidClient, "The client assertion has expired."),
        Cause::AssertionTooLong { .. } => (ErrorCode::InvalidClient, "The client assertion expires too far ahead."),
        Cause::AssertionEarly { .. } => (ErrorCode::InvalidClient, "The client assertion is not valid yet."),
        Cause::AssertionClaim => (ErrorCode::InvalidClient, "A claim of the client assertion has the wrong type."),
        Cause::CodeUnknown
        | Cause::CodeUsed
        | Cause::GrantDisputed { .. }
        | Cause::DeviceCodeUnknown
        | Cause::CodeExpired { .. }
        | Cause::CodeOfOtherClient
        | Cause::CodeSessionOver
        | Cause::CodeRedirectUri { .. }
        | Cause::RedirectUriWithdrawn
        | Cause::PkceWithdrawn
        | Cause::ScopeWithdrawn
        | Cause::ResourcesWithdrawn
        | Cause::PkceMismatch
        | Cause::PkceVerifierMalformed
        | Cause::PkceVerifierMissing
        | Cause::PkceVerifierUnexpected
        | Cause::RefreshUnknown
        | Cause::RefreshGrantGone
        | Cause::RefreshUsed
        | Cause::RefreshOfOtherClient
        | Cause::RefreshRevoked
        | Cause::RefreshExpired
        | Cause::RefreshOvertaken => (ErrorCode::InvalidGrant, INVALID_GRANT),
        Cause::DeviceCodeExpired { .. } => (ErrorCode::ExpiredToken, "The device code has expired."),
        Cause::DevicePending => (ErrorCode::AuthorizationPending, "The person has not decided yet."),
        Cause::DevicePollHasty => (ErrorCode::SlowDown, "Wait five seconds longer between two requests."),
        Cause::DeviceDenied => (ErrorCode::AccessDenied, "The person denied the request."),
        Cause::TokenMalformed => (ErrorCode::InvalidToken, "The access token is missing or malformed."),
        Cause::TokenUnknown
        | Cause::TokenKind
        | Cause::TokenSignature
        | Cause::TokenTimes
        | Cause::TokenIssuer
        | Cause::TokenClient
        | Cause::TokenScope
        | Cause::TokenRevoked
        | Cause::TokenSubject
        | Cause::TokenSession
        | Cause::TokenId
        | Cause::TokenUser => (ErrorCode::InvalidToken, INVALID_TOKEN),
        Cause::TokenAudience => (ErrorCode::InvalidToken, "The access token is not for this endpoint."),
        Cause::TokenWithoutOpenid => (ErrorCode::InsufficientScope, "The scope openid is required."),
        Cause::TokenOfOtherClient => (ErrorCode::UnauthorizedClient, "The token was issued to another client."),
        Cause::RegistrationClosed | Cause::InitialAccessToken | Cause::RegistrationAccessToken => {
            (ErrorCode::InvalidToken, "The token is not valid here.")
        }
        Cause::GrantUnsupported { .. } => (ErrorCode::UnsupportedGrantType, "The grant type is not supported."),
        Cause::GrantNotAllowed { .. } => (ErrorCode::UnauthorizedClient, "The client may not use this grant type."),
        Cause::GrantOfPublicClient => (ErrorCode::UnauthorizedClient, "A public client cannot use this grant type."),
        Cause::ScopeMalformed => (ErrorCode::InvalidScope, "The scope is malformed or too long."),
        Cause::ScopeWithoutOpenid => (ErrorCode::InvalidScope, "The scope openid is required for an ID token."),
        Cause::Resource { .. } => (ErrorCode::InvalidTarget, "The client may not ask for tokens for this resource."),
        Cause::ResourceWithoutPerson { .. } => {
            (ErrorCode::InvalidTarget, "The client may request this resource only on behalf of a person.")
        }
        Cause::ResourceNotGranted { .. } => (ErrorCode::InvalidTarget, "The grant does not cover this resource."),
        Cause::ResourceHeaders => {
            (ErrorCode::InvalidTarget, "These resources need different tokens; request one at a time.")
        }
        Cause::RedirectUri { .. } | Cause::RedirectUriRepeated => {
            (ErrorCode::InvalidRequest, "redirect_uri is not registered for this application.")
        }
        Cause::RedirectUriMissing { .. } => (ErrorCode::InvalidRequest, "redirect_uri is required."),
        Cause::ResponseType { .. } => (ErrorCode::UnsupportedResponseType, RESPONSE_TYPE),
        Cause::ResponseMode { .. } => {
            (ErrorCode::InvalidRequest, "response_mode is not supported for this response type.")
        }
        Cause::PkceMissing => (ErrorCode::InvalidRequest, PKCE_MISSING),
        Cause::PkceAndNonceMissing => (ErrorCode::InvalidRequest, PKCE_AND_NONCE_MISSING),
        Cause::PkceMethod { .. } => (ErrorCode::InvalidRequest, "code_challenge_method must be S256."),
        Cause::Prompt { .. } => (ErrorCode::InvalidRequest, "prompt has an unknown value."),
        Cause::Repeated { .. } => (ErrorCode::InvalidRequest, "A parameter is repeated."),
        Cause::RequestUri { .. } => {
            (ErrorCode::InvalidRequestUri, "request_uri is not registered for this application.")
        }
        Cause::RequestDisputed { .. } => (ErrorCode::InvalidRequest, "The request is malformed."),
        Cause::RequestWithdrawn => (ErrorCode::InvalidRequest, "The application may no longer ask for this."),
        Cause::AuthorizeClientUnnamed | Cause::AuthorizeClientUnknown | Cause::AuthorizeClientDisabled => {
            (ErrorCode::InvalidRequest, "The application is unknown or disabled: client_id is not registered.")
        }
        Cause::SignInUnknown => {
            (ErrorCode::InvalidRequest, "This sign-in was not started in this browser, or has expired.")
        }
        Cause::SignInExpired => (ErrorCode::InvalidRequest, "This sign-in has expired."),
        Cause::SignIn { .. } => (ErrorCode::AccessDenied, "The person is not signed in."),
        Cause::SignInAnswered => (ErrorCode::InvalidRequest, "This sign-in is already done."),
        Cause::RequestUriExpired => (ErrorCode::InvalidRequestUri, "request_uri is expired or already used."),
        Cause::FormForged => (ErrorCode::InvalidRequest, "The form has expired or was not sent from this site."),
        Cause::LogoutRedirectUri { .. } | Cause::LogoutWithoutClient => {
            (ErrorCode::InvalidRequest, "post_logout_redirect_uri is not registered for this application.")
        }
        Cause::HintInvalid | Cause::HintOfOtherClient => (ErrorCode::InvalidRequest, "id_token_hint is not valid."),
    };
    (code, Cow::Borrowed(sentence))
}

/// Reduces a sentence with a value to the characters allowed in `error_description` (RFC 6749 §5.2).
fn described(sentence: String) -> Cow<'static, str> {
    let sentence = sentence.replace('…', "...");
    let legal = |c: &char| matches!(c, ' '..='!' | '#'..='[' | ']'..='~');
    if sentence.chars().all(|c| legal(&c)) {
        Cow::Owned(sentence)
    } else {
        Cow::Owned(sentence.chars().filter(legal).collect())
    }
}
