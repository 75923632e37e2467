//! The tokens that a grant is to yield, before any is drafted.

use signet_crypto::PairwiseKey;
use signet_protocol::claims::requested::RequestedClaims;
use signet_protocol::ids::{FamilyId, SessionId, UserId};
use signet_protocol::jose::jwk::SigningAlgorithm;
use signet_protocol::scope::Scope;
use signet_protocol::time::Span;
use signet_protocol::token::access_token::Subject;
use signet_protocol::token::authentication::Authentication;
use signet_protocol::token::confirmation::Confirmation;
use signet_protocol::token::refresh::RefreshToken;
use signet_store::client::resources::Headers;
use signet_store::token::token_families::{Family, Rotation};

/// The contents of the tokens to issue.
pub struct Issuance {
    /// The subject of the access token.
    pub subject: Subject,
    pub scope: Scope,
    /// The resources that it is for; empty for this server alone.
    pub resources: Vec<String>,
    /// The user's grant behind it; nothing for client credentials.
    pub grant: Option<UserGrant>,
    /// The key that the access token is bound to; nothing for bearer tokens.
    pub confirmation: Option<Confirmation>,
    pub refresh: RefreshPlan,
}

/// The user's grant behind a token.
#[derive(Clone, Debug)]
pub struct UserGrant {
    /// The user.
    pub user: UserId,
    /// The family, published as `grant_id`.
    pub family: FamilyId,
    /// The session, published as `sid`.
    pub session: SessionId,
    /// Set if the session has ended or expired and the grant outlives it; its access tokens then name no session.
    pub session_over: bool,
    /// The login.
    pub authentication: Authentication,
    /// The nonce of the authorization request, in the first ID tokens only.
    pub nonce: Option<String>,
    /// The single claims that the authorization request asked for.
    pub claims: RequestedClaims,
}

/// The change of the refresh tokens of a family.
pub enum RefreshPlan {
    /// None is issued.
    None,
    /// A family is founded with this first token.
    Found(Box<Family>, RefreshToken),
    /// A successor takes the leaf's place.
    Rotate(FamilyId, Rotation, RefreshToken),
    /// The successor that was sent before is sent again.
    Repeat(RefreshToken),
}

/// The settings and keys for drafts.
pub struct Mint<'a> {
    /// The server's lifetime of access tokens.
    pub lifetime: Span,
    /// The time by which the clock of a verifier may be late.
    pub tolerance: Span,
    pub pairwise: &'a PairwiseKey,
    /// The headers set for resources.
    pub headers: &'a Headers,
    /// The algorithm of access tokens if neither resource nor client sets one.
    pub algorithm: SigningAlgorithm,
}
