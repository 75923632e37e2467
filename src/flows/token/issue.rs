//! From an issuance to tokens: the claims are fixed before the transaction, and signed after its commit.

use serde::Serialize;
use serde_json::{Map, Value};

pub use super::issuance::Mint;
use super::issuance::{Issuance, UserGrant};
use super::{jose, mapped, subject};
use crate::adapters::openid_connect::id_token::{self, IdTokenFacts};
use crate::adapters::openid_connect::keys::{IdTokenHashes, sign_id_token, sign_id_token_hs256};
use crate::adapters::openid_connect::userinfo::{self, Person};
use crate::flows::meters::{log_token, log_user};
use crate::flows::{Context, FlowError, Provider};
use signet_protocol::claims::mapper::{ReleaseContext, Target};
use signet_protocol::claims::requested::{ClaimRequests, RequestedClaims};
use signet_protocol::claims::standard::{Identity, Release};
use signet_protocol::client::resource::{self, TokenHeader};
use signet_protocol::client::{AccessTokenFormat, Client, ResponseSigning};
use signet_protocol::error::OAuthError;
use signet_protocol::ids::{ClientId, TokenId, in_order};
use signet_protocol::jose::jwk::SigningAlgorithm;
use signet_protocol::scope::{OPENID, Scope};
use signet_protocol::secret::OpaqueAccessToken;
use signet_protocol::time::Span;
use signet_protocol::token::access_token::{AccessTokenClaims, Audience, Subject};
use signet_protocol::token::confirmation::token_type;
use signet_protocol::token::size::{Size, describe_largest_claims};
use signet_store::account::users::User;
use signet_store::client::resources::Headers;

/// A successful token response (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).
#[derive(Serialize)]
pub struct TokenResponse {
    pub access_token: String,
    /// The way in which the access token is presented.
    pub token_type: &'static str,
    /// The lifetime of the access token in seconds.
    pub expires_in: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
}

/// An access token before it is signed or returned.
pub struct Draft {
    pub claims: AccessTokenClaims,
    /// The reference, if the client uses opaque tokens; its digest is stored with the claims.
    pub opaque: Option<OpaqueAccessToken>,
    /// The header, for a JWT.
    pub header: TokenHeader,
    pub lifetime: Span,
}

impl<'a> Mint<'a> {
    pub fn of(provider: &'a Provider, headers: &'a Headers) -> Result<Self, FlowError> {
        Ok(Self {
            lifetime: provider.lifetimes.access_token,
            tolerance: provider.lifetimes.skew,
            pairwise: provider.keys.pairwise()?,
            headers,
            algorithm: access_token_algorithm(provider.keys.algorithms()),
        })
    }

    /// The header of an access token of this client for these resources, or for this server if there are none.
    ///
    /// # Errors
    /// `invalid_target` if the resources need different headers.
    pub fn header(&self, context: &Context, client: &Client, resources: &[String]) -> Result<TokenHeader, OAuthError> {
        let this_server = std::slice::from_ref(&context.realm.issuer);
        let audiences = if resources.is_empty() { this_server } else { resources };
        let choices = audiences.iter().map(|uri| self.headers.of(&context.realm.id, uri));
        resource::token_header(choices, client.access_token_header(), self.algorithm)
    }
}

/// Drafts the access token of an issuance.
///
/// # Errors
/// `invalid_target` if the resources need different headers.
pub fn draft(mint: &Mint<'_>, context: &Context, client: &Client, issuance: &Issuance) -> Result<Draft, FlowError> {
    let header = mint.header(context, client, &issuance.resources)?;
    let lifetime = client.access_token_lifetime(mint.lifetime);
    let now = context.now;
    let grant = issuance.grant.as_ref();
    let sub = match &issuance.subject {
        Subject::User(user) => subject::with_key(mint.pairwise, client, user)?,
        own @ Subject::Client(_) => own.as_claim(),
    };
    let session = grant.filter(|grant| !grant.session_over).map(|grant| &grant.session);
    let aud = Audience::of(&issuance.resources, &context.realm.issuer);
    // Only userinfo reads the requested claims; other resources must not learn them.
    let asked = grant.filter(|_| aud.contains(&context.realm.issuer)).map(|grant| &grant.claims);
    let requested = asked.map(|asked| RequestedClaims { id_token: ClaimRequests::new(), ..asked.clone() });
    let claims = AccessTokenClaims {
        iss: context.realm.issuer.clone(),
        sub,
        aud,
        exp: now.as_secs().saturating_add(lifetime.as_secs()),
        nbf: now.minus(mint.tolerance).as_secs(),
        iat: now.as_secs(),
        jti: TokenId::new(now, context.entropy.bytes()?),
        client_id: client.id.clone(),
        scope: issuance.scope.clone(),
        auth_time: grant.map(|grant| grant.authentication.time.as_secs()),
        sid: session.map(|session| subject::sid(mint.pairwise, client, session)).transpose()?,
        grant_id: grant.map(|grant| grant.family.clone()),
        claims: requested.unwrap_or_default(),
        cnf: issuance.confirmation.clone(),
    };
    let opaque = match client.metadata.access_token_format {
        AccessTokenFormat::Jwt => None,
        AccessTokenFormat::Opaque => {
            Some(OpaqueAccessToken::from_random(in_order(context.now, context.entropy.bytes()?)))
        }
    };
    Ok(Draft { claims, opaque, header, lifetime })
}

/// Signs the tokens of an issuance after its transaction has committed.
pub async fn sign(
    provider: &Provider,
    context: &Context,
    client: &Client,
    issuance: &Issuance,
    draft: Draft,
) -> Result<TokenResponse, FlowError> {
    log_token(&draft.claims.jti);
    if let Subject::User(user) = &issuance.subject {
        log_user(user);
    }
    let token_type = token_type(draft.claims.cnf.as_ref());
    let access_token = access_token(provider, context, &draft, issuance.grant.as_ref()).await?;
    let id_token = match &issuance.grant {
        Some(grant) if issuance.scope.contains(OPENID) => {
            let hashes = IdTokenHashes { access_token: Some(&access_token), code: None };
            let nothing = Scope::default();
            let released = client.scope_of_id_token(&issuance.scope).unwrap_or(&nothing);
            let content = IdTokenContent { granted: &issuance.scope, released, hashes };
            Some(id_token(provider, context, client, grant, content).await?)
        }
        Some(_) | None => None,
    };
    Ok(TokenResponse {
        access_token,
        token_type,
        expires_in: draft.lifetime.as_secs(),
        scope: issuance.scope.to_string(),
        refresh_token: None,
        id_token,
    })
}

/// The claims of an access token, with those of mappers.
#[derive(Serialize)]
struct WithMapped<'a> {
    #[serde(flatten)]
    claims: &'a AccessTokenClaims,
    #[serde(flatten)]
    mapped: Map<String, Value>,
}

/// The access token of a draft. `grant` is the user's grant, unless the client acts for itself.
///
/// # Errors
/// `invalid_request` if the token would be too large.
pub async fn access_token(
    provider: &Provider,
    context: &Context,
    draft: &Draft,
    grant: Option<&UserGrant>,
) -> Result<String, FlowError> {
    if let Some(opaque) = &draft.opaque {
        return Ok(opaque.expose().to_owned());
    }
    let keys = provider.keys.of(&context.realm.id);
    if !provider.view.has_mappers() {
        let token = keys.sign_access_token(&draft.claims, draft.header, context.now)?;
        return check_size(provider, context, &draft.claims.client_id, "access token", token);
    }
    let user = match grant {
        Some(grant) => provider.view.user(&context.realm.id, &grant.user).await?,
        None => None,
    };
    let mapped = mapped::of_access_token(provider, context, &draft.claims, user.as_deref());
    let token = keys.sign_access_token(&WithMapped { claims: &draft.claims, mapped }, draft.header, context.now)?;
    check_size(provider, context, &draft.claims.client_id, "access token", token)
}

/// The refusal of a token that this server would not accept itself.
const TOO_LARGE: OAuthError = OAuthError::invalid_request("The token would be too large.");

/// Returns a signed token, unless this server would refuse it for its length. The log names its largest claims, once an
/// hour for each client.
fn check_size(
    provider: &Provider,
    context: &Context,
    client: &ClientId,
    kind: &'static str,
    token: String,
) -> Result<String, FlowError> {
    let client_id = client.as_str();
    match Size::of(&token) {
        Size::Fine => Ok(token),
        Size::Large if !provider.tokens.large.is_first(client, context.now) => Ok(token),
        Size::Large => {
            let heaviest = describe_largest_claims(&token);
            tracing::warn!(client_id, kind, bytes = token.len(), heaviest, "issued a large token");
            Ok(token)
        }
        Size::TooLarge => {
            let heaviest = describe_largest_claims(&token);
            tracing::error!(client_id, kind, bytes = token.len(), heaviest, "a token was too large to be issued");
            Err(TOO_LARGE.into())
        }
    }
}

/// The contents of an ID token, apart from its subject.
#[derive(Clone, Copy)]
pub struct IdTokenContent<'a> {
    pub granted: &'a Scope,
    /// The scopes whose claims the token contains: the granted ones if there is no access token for userinfo, or the
    /// client reads only ID tokens; otherwise none (OpenID Connect Core §5.4).
    pub released: &'a Scope,
    /// The hashes of the code and the access token in the same response.
    pub hashes: IdTokenHashes<'a>,
}

/// An ID token with the claims of these scopes and the requested ones, signed, and encrypted if the client registered
/// for it (OpenID Connect Core §2, §5.4, §5.5, §10).
///
/// # Errors
/// `invalid_request` if it would be too large or the client has no key to encrypt to.
pub async fn id_token(
    provider: &Provider,
    context: &Context,
    client: &Client,
    grant: &UserGrant,
    content: IdTokenContent<'_>,
) -> Result<String, FlowError> {
    let IdTokenContent { granted, released, hashes } = content;
    let user = provider.view.user(&context.realm.id, &grant.user).await?;
    let user = user.ok_or_else(|| FlowError::Internal("a grant without a user".to_owned()))?;
    let release = Release { scope: released, requested: &grant.claims.id_token, locales: &grant.claims.locales };
    let mapping = ReleaseContext { target: Target::IdToken, scope: granted, audience: None };
    let facts = IdTokenFacts {
        issuer: &context.realm.issuer,
        person: person(provider, client, &user, &release)?,
        audience: &client.id,
        nonce: grant.nonce.as_deref(),
        authentication: &grant.authentication,
        session: &subject::sid(provider.keys.pairwise()?, client, &grant.session)?,
        jti: TokenId::new(context.now, context.entropy.bytes()?),
        mapped: mapped::claims(provider, context, &client.id, &user, &mapping),
        lifetime: provider.lifetimes.id_token,
        tolerance: provider.lifetimes.skew,
    };
    let claims = id_token::claims(facts, context.now).map_err(|error| FlowError::Internal(error.to_string()))?;
    let token = match client.metadata.id_token_signed_response_alg {
        ResponseSigning::Key(algorithm) => {
            let keys = provider.keys.of(&context.realm.id);
            sign_id_token(keys.signing_key(algorithm, context.now)?, claims, hashes)?
        }
        ResponseSigning::ClientSecret => {
            sign_id_token_hs256(&jose::secret(provider, context, client)?, claims, hashes)?
        }
    };
    let token = check_size(provider, context, &client.id, "ID token", token)?;
    jose::encrypt(provider, context, client, client.metadata.id_token_encryption(), token).await
}

/// The claims about a person that are released to this client.
pub fn person(provider: &Provider, client: &Client, user: &User, release: &Release<'_>) -> Result<Person, FlowError> {
    let subject = subject::of(provider, client, &user.id)?;
    let email = user.email.as_ref().map(|(address, verified)| (address.as_str(), *verified));
    let identity = Identity { subject: &subject, username: &user.username, email };
    let released = user.claims.released(&identity, release);
    userinfo::person(released).map_err(|error| FlowError::Internal(error.to_string()))
}

/// The algorithm of access tokens: ES256, or the first of the available ones.
pub fn access_token_algorithm(held: &[SigningAlgorithm]) -> SigningAlgorithm {
    let preferred = held.iter().find(|algorithm| **algorithm == SigningAlgorithm::ES256);
    preferred.or(held.first()).copied().unwrap_or(SigningAlgorithm::ES256)
}
