//! The claims of JWT access tokens (RFC 9068 §2.2). Nothing about the person but the subject is in them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::confirmation::Confirmation;
use super::ids::{ClientId, FamilyId, RealmId, SessionId, TokenId, UserId};
use super::requested_claims::RequestedClaims;
use super::scope::Scope;
use super::time::Timestamp;

/// One audience as text, several as a list (RFC 7519 §4.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Audience {
    /// The audience of a token for these resources, or for this server where there is none.
    pub fn of(resources: &[String], issuer: &str) -> Self {
        match resources {
            [] => Self::One(issuer.to_owned()),
            [one] => Self::One(one.clone()),
            many => Self::Many(many.to_vec()),
        }
    }

    /// Whether the token is for this resource.
    pub fn contains(&self, resource: &str) -> bool {
        match self {
            Self::One(one) => one == resource,
            Self::Many(many) => many.iter().any(|held| held == resource),
        }
    }
}

/// Whom a token speaks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A user, who granted it.
    User(UserId),
    /// The client itself (RFC 6749 §4.4).
    Client(ClientId),
}

impl Subject {
    /// The value of `sub`. A client's is its id with a prefix that no user's id has, so that the two never meet
    /// (RFC 9068 §5, RFC 9700 §4.15).
    pub fn as_claim(&self) -> String {
        match self {
            Self::User(user) => user.as_str().to_owned(),
            Self::Client(client) => format!("client:{client}"),
        }
    }
}

/// The claims of an access token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTokenClaims {
    /// The issuer.
    pub iss: String,
    /// The subject.
    pub sub: String,
    /// The resources that it is for.
    pub aud: Audience,
    /// The end of its life, a NumericDate.
    pub exp: i64,
    /// The beginning of its life, a NumericDate. It lies before the issue by as much as other clocks may be late
    /// (RFC 7519 §4.1.5): many verifiers allow no leeway for it.
    pub nbf: i64,
    /// The time of issue, a NumericDate.
    pub iat: i64,
    /// Its id.
    pub jti: TokenId,
    /// The client that it was issued to.
    pub client_id: ClientId,
    /// What it allows.
    #[serde(default, skip_serializing_if = "Scope::is_empty")]
    pub scope: Scope,
    /// When the person authenticated, a NumericDate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// The session of the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<SessionId>,
    /// The grant that it was issued from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<FamilyId>,
    /// The single claims that userinfo answers with beside those of the scope (OpenID Connect Core §5.5). They travel
    /// with the token, since tokens are not stored.
    #[serde(default, skip_serializing_if = "RequestedClaims::is_empty")]
    pub claims: RequestedClaims,
    /// The key that the token is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
}

impl AccessTokenClaims {
    /// Whom the token speaks for. A user is named as the client knows them.
    pub fn subject(&self) -> Subject {
        let own = Subject::Client(self.client_id.clone());
        if self.sub == own.as_claim() { own } else { Subject::User(UserId::from_stored(self.sub.clone())) }
    }
}

/// What the verifier and the revocation rules need to know of a token, whatever its form.
#[derive(Clone, Debug)]
pub struct TokenFacts {
    /// The realm whose token it is.
    pub realm: RealmId,
    /// Its claims.
    pub claims: Arc<AccessTokenClaims>,
    /// The user it speaks for; nothing where it speaks for its client.
    pub user: Option<UserId>,
    /// The session in which it was issued, if that could end it.
    pub session: Option<SessionId>,
    /// When it was issued, in milliseconds.
    pub issued_at: Timestamp,
}

impl TokenFacts {
    /// The facts of a token whose signature or digest has been verified, and of the user and session behind its `sub` and
    /// `sid`; nothing where its `jti` is not ours.
    pub fn of(
        realm: RealmId,
        claims: Arc<AccessTokenClaims>,
        (user, session): (Option<UserId>, Option<SessionId>),
    ) -> Option<Self> {
        let issued_at = claims.jti.issued_at()?;
        Some(Self { realm, claims, user, session, issued_at })
    }

    /// Whether the login that the token tells of came before this point for certain: it tells whole seconds.
    pub fn logged_in_before(&self, point: Timestamp) -> bool {
        self.claims.auth_time.is_some_and(|secs| Timestamp::from_secs(secs.saturating_add(1)) <= point)
    }
}
