//! oxide-auth's state machines as a second check (RFC 6749 §4.1, §4.4.2, §6). The rules of `protocol` decide first,
//! with a precise cause; then a machine checks the same request. If it disagrees, one of the two is wrong: the request
//! is refused, and the disagreement is logged.

pub mod authorization;
pub mod client_credentials;
pub mod code;
pub mod refresh;
#[cfg(test)]
mod tests;

use ::oxide_auth::primitives::scope::Scope as MachineScope;

use signet_protocol::cause::Cause;
use signet_protocol::error::OAuthError;
use signet_protocol::scope::Scope;

/// The part of a request on which a machine and the rules differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dispute {
    /// The machine stopped: a parameter is missing or malformed, or the grant is another client's.
    Form,
    RedirectUri,
    Scope,
    Challenge,
    Verifier,
}

impl Dispute {
    /// Returns the name of the part in the log.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Form => "form or client",
            Self::RedirectUri => "redirect_uri",
            Self::Scope => "scope",
            Self::Challenge => "code_challenge",
            Self::Verifier => "code_verifier",
        }
    }

    /// Returns the refusal of a request that presents no grant.
    fn of_request(self) -> OAuthError {
        let about = self.as_str();
        tracing::error!(about, "oxide-auth refused a request that the rules accept");
        Cause::RequestDisputed { about }.into()
    }

    /// Returns the refusal of a code or a refresh token.
    fn of_grant(self) -> OAuthError {
        let about = self.as_str();
        tracing::error!(about, "oxide-auth refused a grant that the rules accept");
        Cause::GrantDisputed { about }.into()
    }
}

/// Converts a scope to oxide-auth's type, which is a set.
fn machine_scope(scope: &Scope) -> Result<MachineScope, Dispute> {
    scope.to_string().parse().map_err(|_| Dispute::Scope)
}

/// Checks that every token of `granted` is in `limit`, by oxide-auth's partial order of scopes.
fn check_within(granted: &MachineScope, limit: &MachineScope) -> Result<(), Dispute> {
    if limit.priviledged_to(granted) { Ok(()) } else { Err(Dispute::Scope) }
}
