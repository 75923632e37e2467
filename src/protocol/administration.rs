//! The administration API: which access tokens it takes (RFC 6750 §3.1, RFC 9068 §4) and what it can be asked to
//! revoke. Everything that is not allowed here is refused.

use serde::Deserialize;
use zeroize::Zeroizing;

use super::access_token::{AccessTokenClaims, Audience, Subject};
use super::client::Client;
use super::ids::{ClientId, FamilyId, SessionId, TokenId};
use super::revocation::Reason;
use super::scope::{SIGNET_READ, SIGNET_REVOKE, Scope};
use super::time::Timestamp;

/// Where the API lies below the issuer; both together are the audience of its tokens.
pub const PATH: &str = "/api/v1";

/// What somebody has to be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// To look.
    Read,
    /// To revoke, and to look.
    Revoke,
}

impl Permission {
    /// The scope that a client should ask for.
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

/// Why a token that is valid as such opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// It is not for this API, or not for it alone.
    Audience,
    /// It speaks for a user, or does not allow this (RFC 6750 §3.1, `insufficient_scope`).
    Permission,
}

/// Decides whether the bearer of a verified token may do this: the token is for the API and nothing else, speaks for its
/// client itself, and allows it; so does the client's registration still.
///
/// # Errors
/// Why not.
pub fn permit(claims: &AccessTokenClaims, client: &Client, issuer: &str, permission: Permission) -> Result<(), Denial> {
    if claims.aud != Audience::One(format!("{issuer}{PATH}")) {
        return Err(Denial::Audience);
    }
    let own = claims.subject() == Subject::Client(client.id.clone()) && claims.sid.is_none();
    let allowed = permission.is_within(&claims.scope) && permission.is_within(&client.metadata.scope);
    if own && claims.grant_id.is_none() && allowed { Ok(()) } else { Err(Denial::Permission) }
}

/// What is to be revoked.
#[derive(Debug)]
pub enum What {
    /// A token as its client holds it.
    Presented(Presented),
    /// An access token by its `jti`.
    Token(TokenId),
    /// A grant with all that was issued from it, by `grant_id`.
    Grant(FamilyId),
    /// A session with the grants that do not outlive it, by `sid` as this server's lists tell it.
    Session(SessionId),
    /// What a user has granted to a client.
    Consent {
        /// The name or the email address of the user.
        username: String,
        /// The client.
        client: ClientId,
    },
    /// All that speaks for a user.
    User {
        /// The name or the email address.
        username: String,
        /// Until when they may not sign in.
        until: Option<Timestamp>,
    },
    /// All that was issued to a client.
    Client(ClientId),
    /// All that was issued at all.
    Realm,
}

/// A token that somebody presents, as it is.
pub struct Presented(Zeroizing<String>);

impl Presented {
    /// Takes the text of a token.
    pub fn new(token: String) -> Self {
        Self(Zeroizing::new(token))
    }

    /// The text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Presented {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Presented")
    }
}

/// A request to revoke something.
#[derive(Debug)]
pub struct Order {
    /// What.
    pub what: What,
    /// Why.
    pub reason: Reason,
}

/// Why there is no order in a body. Nothing of the body is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// It is no object, has a member that nobody knows, a member twice, or one of another type.
    #[error("The body must be a JSON object of the members that this endpoint knows, each once.")]
    Malformed,
    /// There is no such target.
    #[error("target must be token, grant, session, consent, user, client or realm.")]
    Target,
    /// The members do not go with the target.
    #[error("The members do not go with the target: some are missing, or are for another one.")]
    Members,
    /// An identifier cannot be one.
    #[error("An identifier has characters that none can have, or is too long.")]
    Identifier,
    /// The time cannot be read.
    #[error("until must be a time such as 2026-01-31T12:00:00Z.")]
    Until,
    /// The reason is too long or has control characters.
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
    /// Reads the body of a request.
    ///
    /// # Errors
    /// [`OrderError`]
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
