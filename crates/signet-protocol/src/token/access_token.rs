//! The claims of JWT access tokens (RFC 9068 §2.2). `sub` is the only one about the person.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::confirmation::Confirmation;
use crate::claims::requested::RequestedClaims;
use crate::ids::{ClientId, FamilyId, RealmId, SessionId, TokenId, UserId};
use crate::scope::Scope;
use crate::time::Timestamp;

/// The `aud` claim: a string for one audience, an array for several (RFC 7519 §4.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    /// Returns the audience of a token for these resources, or the issuer where there are none.
    pub fn of(resources: &[String], issuer: &str) -> Self {
        match resources {
            [] => Self::One(issuer.to_owned()),
            [one] => Self::One(one.clone()),
            many => Self::Many(many.to_vec()),
        }
    }

    pub fn contains(&self, resource: &str) -> bool {
        match self {
            Self::One(one) => one == resource,
            Self::Many(many) => many.iter().any(|held| held == resource),
        }
    }
}

/// The party that a token was issued for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The user who granted it.
    User(UserId),
    /// The client itself (RFC 6749 §4.4).
    Client(ClientId),
}

impl Subject {
    /// Returns the value of `sub`. A client's subject is its id with a prefix that no user id has, so that a client id
    /// can never collide with a user id (RFC 9068 §5, RFC 9700 §4.15).
    pub fn as_claim(&self) -> String {
        match self {
            Self::User(user) => user.as_str().to_owned(),
            Self::Client(client) => format!("client:{client}"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTokenClaims {
    pub iss: String,
    pub sub: String,
    /// The resources that accept it, or the issuer.
    pub aud: Audience,
    /// Expiry, a NumericDate.
    pub exp: i64,
    /// Start of validity, a NumericDate. It precedes `iat` by the clock tolerance (RFC 7519 §4.1.5), since many
    /// verifiers allow no leeway for it.
    pub nbf: i64,
    /// Time of issue, a NumericDate.
    pub iat: i64,
    pub jti: TokenId,
    pub client_id: ClientId,
    #[serde(default, skip_serializing_if = "Scope::is_empty")]
    pub scope: Scope,
    /// Time of the person's authentication, a NumericDate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<SessionId>,
    /// The id of the grant that it was issued from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<FamilyId>,
    /// Claims requested one by one for userinfo, beyond those of the scope (OpenID Connect Core §5.5). They travel
    /// inside the token because access tokens are not stored.
    #[serde(default, skip_serializing_if = "RequestedClaims::is_empty")]
    pub claims: RequestedClaims,
    /// The key that the token is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
}

impl AccessTokenClaims {
    /// Returns the party that the token was issued for. A user id may be the pairwise one that the client knows.
    pub fn subject(&self) -> Subject {
        let own = Subject::Client(self.client_id.clone());
        if self.sub == own.as_claim() { own } else { Subject::User(UserId::from_stored(self.sub.clone())) }
    }
}

/// Facts about a token, JWT or opaque, that the verifier and the revocation rules read.
#[derive(Clone, Debug)]
pub struct TokenFacts {
    pub realm: RealmId,
    pub claims: Arc<AccessTokenClaims>,
    /// The user, or `None` where the client acts for itself.
    pub user: Option<UserId>,
    /// The session that it was issued in, if the end of that session ends the token.
    pub session: Option<SessionId>,
    /// Time of issue with milliseconds, from the `jti`.
    pub issued_at: Timestamp,
}

impl TokenFacts {
    /// Returns the facts of a token whose signature or digest has been verified; `user` and `session` are looked up
    /// from its `sub` and `sid`. Returns `None` where its `jti` was not made by this server.
    pub fn of(
        realm: RealmId,
        claims: Arc<AccessTokenClaims>,
        user: Option<UserId>,
        session: Option<SessionId>,
    ) -> Option<Self> {
        let issued_at = claims.jti.issued_at()?;
        Some(Self { realm, claims, user, session, issued_at })
    }

    /// Returns true if the login named by `auth_time` was certainly before this point; `auth_time` has whole seconds
    /// only.
    pub fn logged_in_before(&self, point: Timestamp) -> bool {
        self.claims.auth_time.is_some_and(|secs| Timestamp::from_secs(secs.saturating_add(1)) <= point)
    }
}
