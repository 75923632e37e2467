//! The administration API: the access tokens that it accepts (RFC 6750 §3.1, RFC 9068 §4) and the revocation orders
//! that it parses. Everything that is not explicitly allowed is refused.

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::client::Client;
use crate::ids::{ClientId, FamilyId, SessionId, TokenId};
use crate::scope::{SIGNET_READ, SIGNET_REVOKE, Scope};
use crate::time::Timestamp;
use crate::token::access_token::{AccessTokenClaims, Audience, Subject};
use crate::token::revocation::Reason;

/// The path of the API below the issuer; issuer and path together are the audience of its tokens.
pub const PATH: &str = "/api/v1";

/// A permission that an operation of the API requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// To list and show.
    Read,
    /// To revoke; includes reading.
    Revoke,
}

impl Permission {
    /// Returns the scope that a client asks for to get this permission.
    pub const fn scope(self) -> &'static str {
        match self {
            Self::Read => SIGNET_READ,
            Self::Revoke => SIGNET_REVOKE,
        }
    }

    fn is_within(self, scope: &Scope) -> bool {
        match self {
            Self::Read => scope.contains(SIGNET_READ) || scope.contains(SIGNET_REVOKE),
            Self::Revoke => scope.contains(SIGNET_REVOKE),
        }
    }
}

/// The reason why a valid token gives no access to the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// The token is not for this API, or has other audiences besides.
    Audience,
    /// The token was issued for a user, or lacks the permission (RFC 6750 §3.1, `insufficient_scope`).
    Permission,
}

/// Checks that the bearer of a verified token has this permission: the token's only audience is the API, it was issued
/// for the client itself, and both its scope and the client's current registration include the permission.
pub fn permit(claims: &AccessTokenClaims, client: &Client, issuer: &str, permission: Permission) -> Result<(), Denial> {
    if claims.aud != Audience::One(format!("{issuer}{PATH}")) {
        return Err(Denial::Audience);
    }
    let own = claims.subject() == Subject::Client(client.id.clone()) && claims.sid.is_none();
    let allowed = permission.is_within(&claims.scope) && permission.is_within(&client.metadata.scope);
    if own && claims.grant_id.is_none() && allowed { Ok(()) } else { Err(Denial::Permission) }
}

/// The target of a revocation.
#[derive(Debug)]
pub enum What {
    /// A token, as its client holds it.
    Presented(Presented),
    /// An access token by its `jti`.
    Token(TokenId),
    /// A grant and everything issued from it, by `grant_id`.
    Grant(FamilyId),
    /// A session and the grants that do not outlive it, by the `sid` that this server lists.
    Session(SessionId),
    /// Everything that a user has granted to a client.
    Consent {
        /// The user's name or email address.
        username: String,
        client: ClientId,
    },
    /// Everything issued for a user.
    User {
        /// The user's name or email address.
        username: String,
        /// The end of a ban on signing in, if one is ordered.
        until: Option<Timestamp>,
    },
    /// Everything issued to a client.
    Client(ClientId),
    /// Everything issued in the realm.
    Realm,
}

/// The text of a token from a request body. It is zeroized on drop and never printed.
pub struct Presented(Zeroizing<String>);

impl Presented {
    pub fn new(token: String) -> Self {
        Self(Zeroizing::new(token))
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Presented {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Presented")
    }
}

#[derive(Debug)]
pub struct Order {
    pub what: What,
    pub reason: Reason,
}

/// The reason why a body is not a valid order. No message repeats any part of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// Not a JSON object, or one with an unknown member, a repeated member, or a member of the wrong type.
    #[error("The body must be a JSON object with known members, each at most once.")]
    Malformed,
    #[error("target must be token, grant, session, consent, user, client or realm.")]
    Target,
    #[error("The members do not match the target: some are missing, or belong to another target.")]
    Members,
    #[error("An identifier has invalid characters or is too long.")]
    Identifier,
    #[error("until must be a time such as 2026-01-31T12:00:00Z.")]
    Until,
    #[error("reason must have at most 200 characters, none of them a control character.")]
    Reason,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    target: String,
    reason: Option<String>,
    token: Option<String>,
    jti: Option<String>,
    id: Option<String>,
    username: Option<String>,
    client: Option<String>,
    until: Option<String>,
}

impl Order {
    /// Parses the body of a request.
    pub fn parse(body: &[u8]) -> Result<Self, OrderError> {
        let Body { target, reason, token, jti, id, username, client, until } =
            serde_json::from_slice(body).map_err(|_| OrderError::Malformed)?;
        let reason = Reason::parse(&reason.unwrap_or_default()).ok_or(OrderError::Reason)?;
        let until = until.map(|text| Timestamp::parse(&text).ok_or(OrderError::Until)).transpose()?;
        let what = match (target.as_str(), token, jti, id, username, client, until) {
            ("token", Some(token), None, None, None, None, None) => What::Presented(Presented::new(token)),
            ("token", None, Some(jti), None, None, None, None) => What::Token(TokenId::from_stored(jti)),
            ("grant", None, None, Some(id), None, None, None) => What::Grant(known(FamilyId::parse(&id))?),
            ("session", None, None, Some(id), None, None, None) => What::Session(known(SessionId::parse(&id))?),
            ("consent", None, None, None, Some(username), Some(client), None) => {
                What::Consent { username, client: known(ClientId::parse(&client))? }
            }
            ("user", None, None, None, Some(username), None, until) => What::User { username, until },
            ("client", None, None, Some(id), None, None, None) => What::Client(known(ClientId::parse(&id))?),
            ("realm", None, None, None, None, None, None) => What::Realm,
            ("token" | "grant" | "session" | "consent" | "user" | "client" | "realm", ..) => {
                return Err(OrderError::Members);
            }
            _ => return Err(OrderError::Target),
        };
        Ok(Self { what, reason })
    }
}

fn known<T>(identifier: Option<T>) -> Result<T, OrderError> {
    identifier.ok_or(OrderError::Identifier)
}

#[cfg(test)]
mod tests;
