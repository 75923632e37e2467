//! Hints for the operator: the change that would let a refused request pass, as a command where there is one.

use super::Cause;

impl Cause {
    /// Returns the command that would let the request pass. It is a suggestion only; a refusal is often right.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::ClientUnknown | Self::AuthorizeClientUnknown => {
                "signet client list shows the clients that are registered"
            }
            Self::ClientDisabled | Self::AuthorizeClientDisabled => "signet client enable CLIENT",
            Self::AuthMethod { .. } => {
                "change the application's setting, or: signet client update CLIENT --auth-method METHOD"
            }
            Self::SecretMismatch | Self::SecretExpired | Self::SecretMissing => {
                "give the application its current secret, or create a new one: signet client rotate-secret CLIENT"
            }
            Self::AssertionSignature => {
                "compare the application's key with the registered ones: signet client update CLIENT --jwks FILE"
            }
            Self::AssertionAudience { .. } => "aud must be the issuer or the URL of the token endpoint",
            Self::AssertionExpired { .. } | Self::AssertionEarly { .. } => {
                "compare the clock of the application's host with this server's"
            }
            Self::CodeUsed => {
                "the application sends a code twice; often it repeats a request whose first answer was an error: look \
                 for the refusal before: signet explain --client CLIENT"
            }
            Self::DevicePollHasty => "the application must add 5 seconds to its interval after slow_down",
            Self::PkceMismatch | Self::PkceVerifierMissing | Self::PkceVerifierMalformed => {
                "the application must send the code_verifier of the same sign-in"
            }
            Self::PkceVerifierUnexpected => "the application must send code_challenge in the authorization request too",
            Self::CodeRedirectUri { .. } => {
                "the application must send the same redirect_uri to /authorize and to /token"
            }
            Self::GrantNotAllowed { .. } => "signet client update CLIENT --add-grant GRANT",
            Self::Scope { .. } => "signet client update CLIENT --add-scope SCOPE",
            Self::Resource { .. } => "signet client update CLIENT --add-audience URI",
            Self::ResourceWithoutPerson { .. } => {
                "register a client for it: signet client add ID --grant client_credentials --audience URI"
            }
            Self::ResourceHeaders => "signet resource list shows their algorithms and types",
            Self::RedirectUri { .. } => {
                "signet client update CLIENT --add-redirect-uri URI; it must match to the character"
            }
            Self::ResponseType { .. } => "signet client update CLIENT --response-type TYPE --profile oidc_classic",
            Self::PkceMissing => {
                "turn PKCE on in the application, or for a confidential client: signet client update CLIENT --pkce nonce"
            }
            Self::PkceAndNonceMissing => {
                "turn PKCE or the nonce on in the application, or: signet client update CLIENT --pkce optional"
            }
            Self::PkceWithdrawn => "the application must send code_challenge, since the client has lost openid",
            Self::PkceMethod { .. } => "the application must use the method S256",
            Self::LogoutRedirectUri { .. } => "signet client update CLIENT --add-post-logout-redirect-uri URI",
            Self::LogoutWithoutClient => "the application must send id_token_hint or client_id to /logout",
            Self::TokenAudience => "the application must ask for a token without resource to call /userinfo",
            Self::TokenWithoutOpenid => "the application must ask for the scope openid",
            Self::InitialAccessToken => "signet client initial-token creates a new one",
            _ => return None,
        })
    }
}
