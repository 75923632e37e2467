//! The private cause of each refusal, beside its public answer (RFC 6749 §4.1.2.1, §5.2). Operators find the cause in
//! the log and with `signet explain`; applications see the public answer only.
//!
//! An error whose public sentence must not reveal its cause can be built from a [`Cause`] alone, so every such refusal
//! has one.

mod answer;
mod hint;
mod shown;

pub use shown::Shown;

use super::time::Span;

/// The cause of a refusal, with the values that explain it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    // Client authentication (RFC 6749 §2.3).
    #[error("the request names no client")]
    ClientUnnamed,
    #[error("no client is registered under this client_id")]
    ClientUnknown,
    #[error("the client is disabled")]
    ClientDisabled,
    #[error("client_id in the body is not the client that authenticates")]
    ClientDiffers,
    #[error("a public client cannot use this endpoint")]
    ClientPublic,
    #[error("client registered for {registered}, used {used}")]
    AuthMethod { registered: String, used: &'static str },
    #[error("the client secret does not match")]
    SecretMismatch,
    #[error("the client secret has expired, or was replaced")]
    SecretExpired,
    #[error("the client has no secret")]
    SecretMissing,
    #[error("the client secret is not well-formed")]
    SecretMalformed,
    #[error("the Basic credentials are malformed")]
    BasicMalformed,
    #[error("the Authorization header has a scheme or a form that clients cannot authenticate by")]
    AuthorizationUnusable,

    // Client assertions (RFC 7523 §3).
    #[error("client_assertion_type is not supported")]
    AssertionType,
    #[error("the client assertion is not a JWT, or names no client")]
    AssertionMalformed,
    #[error("client assertion signed with {used}, client registered for {registered}")]
    AssertionAlgorithm { registered: String, used: Shown },
    #[error("the signature of the client assertion matches no key of the client")]
    AssertionSignature,
    #[error("the client assertion was used before")]
    AssertionUsed,
    #[error("the JWT has the type or the claims of something other than a client assertion")]
    AssertionKind,
    #[error("iss or sub of the client assertion is not the client_id")]
    AssertionParties,
    #[error("the client assertion has no usable jti")]
    AssertionId,
    #[error("aud of the client assertion is {}, not this server", listed(received))]
    AssertionAudience { received: Vec<Shown> },
    #[error("the client assertion has no exp")]
    AssertionEndless,
    #[error("the client assertion expired {} seconds ago", ago.as_secs())]
    AssertionExpired { ago: Span },
    #[error("the client assertion expires in {} seconds, allowed are {}", ahead.as_secs(), most.as_secs())]
    AssertionTooLong { ahead: Span, most: Span },
    #[error("nbf or iat of the client assertion lies {} seconds ahead of this server's clock", ahead.as_secs())]
    AssertionEarly { ahead: Span },
    #[error("a claim of the client assertion has the wrong type")]
    AssertionClaim,

    // Authorization codes (RFC 6749 §4.1.3) and PKCE (RFC 7636 §4.6).
    #[error("no such code was issued, or it was deleted after its expiry")]
    CodeUnknown,
    #[error("the code was used before")]
    CodeUsed,
    #[error("the code expired {} seconds ago", ago.as_secs())]
    CodeExpired { ago: Span },
    #[error("the code was issued to another client")]
    CodeOfOtherClient,
    #[error("the session behind the code has ended, or its user may not sign in")]
    CodeSessionOver,
    #[error("redirect_uri {received} is not that of the authorization request")]
    CodeRedirectUri { received: Shown },
    #[error("the client has lost the redirect URI of the grant")]
    RedirectUriWithdrawn,
    #[error("the request had no code_challenge, and the client needs one for the rest of the grant")]
    PkceWithdrawn,
    #[error("the client has lost all scopes of the grant")]
    ScopeWithdrawn,
    #[error("the client has lost all resources of the grant")]
    ResourcesWithdrawn,
    #[error("PKCE verifier does not match")]
    PkceMismatch,
    #[error("PKCE verifier is not 43 to 128 unreserved characters")]
    PkceVerifierMalformed,
    #[error("PKCE verifier is missing, the authorization request had a challenge")]
    PkceVerifierMissing,
    #[error("PKCE verifier without a challenge in the authorization request")]
    PkceVerifierUnexpected,

    // Device codes (RFC 8628 §3.5).
    #[error("this server has issued no such device code to the client, or it is long gone")]
    DeviceCodeUnknown,
    #[error("the device code expired {} seconds ago", ago.as_secs())]
    DeviceCodeExpired { ago: Span },
    #[error("the person has not decided about the device yet")]
    DevicePending,
    #[error("the device polled before its interval was over")]
    DevicePollHasty,
    #[error("the person denied the device access")]
    DeviceDenied,

    // Refresh tokens (RFC 6749 §6).
    #[error("not a refresh token of this server")]
    RefreshUnknown,
    #[error("the grant of the refresh token is gone")]
    RefreshGrantGone,
    #[error("the refresh token was used before; its grant is revoked")]
    RefreshUsed,
    #[error("the refresh token was issued to another client")]
    RefreshOfOtherClient,
    #[error("the grant of the refresh token was revoked")]
    RefreshRevoked,
    #[error("the refresh token has expired")]
    RefreshExpired,
    #[error("another request with the same refresh token came first")]
    RefreshOvertaken,

    // Access tokens (RFC 6750 §3.1).
    #[error("the access token is missing or malformed")]
    TokenMalformed,
    #[error("not an access token of this server, or deleted after its expiry")]
    TokenUnknown,
    #[error("the JWT is not an access token")]
    TokenKind,
    #[error("the signature of the access token matches no key of this server")]
    TokenSignature,
    #[error("the access token has expired, or is not valid yet")]
    TokenTimes,
    #[error("the access token is from another issuer")]
    TokenIssuer,
    #[error("the client of the access token is gone or disabled")]
    TokenClient,
    #[error("the client of the access token has lost a scope of it")]
    TokenScope,
    #[error("the access token was revoked")]
    TokenRevoked,
    #[error("sub of the access token names no user for its client, whose subjects may have changed since")]
    TokenSubject,
    #[error("sid of the access token names no session for its client, whose subjects may have changed since")]
    TokenSession,
    #[error("jti of the access token is not one that this server makes")]
    TokenId,
    #[error("the user of the access token is gone, disabled or signed out")]
    TokenUser,
    #[error("the access token is not for this server: it was issued for a resource")]
    TokenAudience,
    #[error("the access token lacks the scope openid")]
    TokenWithoutOpenid,
    #[error("the token was issued to another client")]
    TokenOfOtherClient,

    // Grants, scopes and resources (RFC 6749 §3.3, §5.2, RFC 8707 §2).
    #[error("grant_type {received} is not supported")]
    GrantUnsupported { received: Shown },
    #[error("client not registered for the grant type {grant}")]
    GrantNotAllowed { grant: &'static str },
    #[error("a public client requested client_credentials")]
    GrantOfPublicClient,
    #[error("client not registered for the scope {refused}")]
    Scope { refused: Shown },
    #[error("the grant does not cover the scope {refused}")]
    ScopeNotGranted { refused: Shown },
    #[error("the scope is malformed or too long")]
    ScopeMalformed,
    #[error("an ID token was requested without the scope openid")]
    ScopeWithoutOpenid,
    #[error("client not registered for the resource {received}")]
    Resource { received: Shown },
    #[error("a client that registered itself asked for the resource {received} without a person")]
    ResourceWithoutPerson { received: Shown },
    #[error("the grant does not cover the resource {received}")]
    ResourceNotGranted { received: Shown },
    #[error("the resources need access tokens with different headers")]
    ResourceHeaders,

    // Authorization requests (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1).
    #[error("redirect_uri {received} is not one of {registered} registered")]
    RedirectUri { received: Shown, registered: usize },
    #[error("redirect_uri is repeated")]
    RedirectUriRepeated,
    #[error("redirect_uri is missing; the client has registered {registered}")]
    RedirectUriMissing { registered: usize },
    #[error("response_type {received} is not one that the client has registered: {registered}")]
    ResponseType { received: Shown, registered: String },
    #[error("response_mode {received} is not supported for this response type")]
    ResponseMode { received: Shown },
    #[error("code_challenge is missing")]
    PkceMissing,
    #[error("the request has neither code_challenge nor the scope openid with a nonce")]
    PkceAndNonceMissing,
    #[error("code_challenge_method is {received}, not S256")]
    PkceMethod { received: Shown },
    #[error("prompt has the unknown value {received}")]
    Prompt { received: Shown },
    #[error("the parameter {name} is repeated")]
    Repeated { name: Shown },
    #[error("request_uri {received} is not one of {registered} registered")]
    RequestUri { received: Shown, registered: usize },
    #[error("the client has lost the scope or the response type of the request")]
    RequestWithdrawn,

    // Disagreement of the second check by oxide-auth with the rules (RFC 6749 §4.1.1, §4.1.3).
    #[error("the rules accept the request, but oxide-auth refuses its {about}")]
    RequestDisputed { about: &'static str },
    #[error("the rules accept the grant, but oxide-auth refuses its {about}")]
    GrantDisputed { about: &'static str },

    #[error("client_id is missing, repeated or malformed")]
    AuthorizeClientUnnamed,
    #[error("no client is registered under this client_id")]
    AuthorizeClientUnknown,
    #[error("the client is disabled")]
    AuthorizeClientDisabled,
    #[error("request_uri is unknown, expired, already used, or of another client")]
    RequestUriExpired,

    // Pages (sign-in, consent) and logout (OpenID Connect RP-Initiated Logout §2).
    #[error("the sign-in was not started in this browser, or was deleted after its expiry")]
    SignInUnknown,
    #[error("the sign-in was not finished in time")]
    SignInExpired,
    #[error("sign-in failed: {reason}")]
    SignIn { reason: &'static str },
    #[error("the sign-in was finished before")]
    SignInAnswered,
    #[error("the form has expired, or was not sent from this server's page")]
    FormForged,
    #[error("post_logout_redirect_uri {received} is not one of {registered} registered")]
    LogoutRedirectUri { received: Shown, registered: usize },
    #[error("post_logout_redirect_uri without an id_token_hint or a client_id that names a client")]
    LogoutWithoutClient,
    #[error("id_token_hint is not an ID token of this server")]
    HintInvalid,
    #[error("id_token_hint was issued to another client than client_id names")]
    HintOfOtherClient,

    // Registration (RFC 7591 §3, RFC 7592 §2).
    #[error("registration needs an initial access token, or is off")]
    RegistrationClosed,
    #[error("the initial access token is unknown, used up or expired")]
    InitialAccessToken,
    #[error("the registration access token is not that of the client, which may be gone")]
    RegistrationAccessToken,
}

/// Joins values with spaces.
fn listed(values: &[Shown]) -> String {
    match values {
        [] => "missing".to_owned(),
        values => values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    }
}

#[cfg(test)]
mod tests;
