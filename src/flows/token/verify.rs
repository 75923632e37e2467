//! The only verifier of this server's own tokens, for userinfo, introspection, revocation and logout hints. It checks
//! structure, key, algorithm, signature, type, times, issuer, client, revocation and user, in this order.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::verified_tokens::VerifiedToken;
use super::{jose, subject};
use crate::flows::meters::{log_token, log_user};
use crate::flows::{Context, FlowError, Provider};
use crate::keys::VerifyError;
use signet_protocol::cause::Cause;
use signet_protocol::client::resource::AccessTokenTyp;
use signet_protocol::client::{Client, ResponseSigning};
use signet_protocol::error::OAuthError;
use signet_protocol::ids::ClientId;
use signet_protocol::jose::jwe::EncryptedToken;
use signet_protocol::jose::jws::{self, UnverifiedJws};
use signet_protocol::secret::{Digest, OpaqueAccessToken};
use signet_protocol::token::access_token::{AccessTokenClaims, Subject, TokenFacts};
use signet_store::metrics::timed;
use signet_store::token::access_tokens;

/// Verifies an access token of either form.
///
/// # Errors
/// `invalid_token`, or [`FlowError::Unavailable`] if the revocation status is unknown.
pub async fn access_token(provider: &Provider, context: &Context, token: &str) -> Result<TokenFacts, FlowError> {
    timed(&provider.metrics.tokens.verification, check(provider, context, token)).await
}

async fn check(provider: &Provider, context: &Context, token: &str) -> Result<TokenFacts, FlowError> {
    provider.ensure_current(&context.realm.id).await?;
    let claims = match OpaqueAccessToken::parse(token) {
        Some(opaque) => {
            let mut tx = provider.store.read().await?;
            Arc::new(
                access_tokens::find(&mut tx, &context.realm.id, opaque.digest()).await?.ok_or(Cause::TokenUnknown)?,
            )
        }
        None => signed_claims(provider, context, token)?,
    };
    check_times(provider, context, &claims)?;
    if claims.iss != context.realm.issuer {
        return Err(Cause::TokenIssuer.into());
    }
    let client = provider.view.client(&context.realm.id, &claims.client_id).await?;
    let client = client.filter(|client| client.enabled).ok_or(Cause::TokenClient)?;
    // A token allows nothing that its client may no longer have, regardless of the node and time of its issue.
    if !claims.scope.is_within(&client.metadata.scope) {
        return Err(Cause::TokenScope.into());
    }
    let user = match claims.subject() {
        Subject::Client(_) => None,
        Subject::User(sub) => Some(subject::user(provider, &client, sub.as_str())?.ok_or(Cause::TokenSubject)?),
    };
    let session = match &claims.sid {
        Some(sid) => Some(subject::session(provider, &client, sid.as_str())?.ok_or(Cause::TokenSession)?),
        None => None,
    };
    let facts = TokenFacts::of(context.realm.id.clone(), claims, user, session).ok_or(Cause::TokenId)?;
    if provider.view.is_revoked(&facts)? {
        return Err(Cause::TokenRevoked.into());
    }
    check_user(provider, context, &facts).await?;
    log_token(&facts.claims.jti);
    facts.user.iter().for_each(log_user);
    Ok(facts)
}

/// The claims of a JWT that one of this server's keys has signed as an access token.
fn signed_claims(provider: &Provider, context: &Context, token: &str) -> Result<Arc<AccessTokenClaims>, OAuthError> {
    let (keys, digest) = (provider.keys.of(&context.realm.id), Digest::of(token.as_bytes()));
    if let Some(claims) = provider.tokens.verified.recall(&digest, &keys, context.now) {
        return Ok(claims);
    }
    let jws = UnverifiedJws::parse(token).map_err(|_| Cause::TokenUnknown)?;
    // Among all JWTs of this server, only access tokens have a `client_id`, whatever `typ` their resource requires
    // (RFC 9068 §2.2): an ID token or a signed userinfo response does not parse as one.
    if jws.typ().and_then(AccessTokenTyp::named).is_none() {
        return Err(Cause::TokenKind.into());
    }
    keys.verify(token, &jws, context.now).map_err(|_| Cause::TokenSignature)?;
    let claims: AccessTokenClaims =
        serde_json::from_value(jws.payload().clone().into()).map_err(|_| Cause::TokenKind)?;
    let claims = Arc::new(claims);
    let kid = jws.kid().ok_or(Cause::TokenSignature)?.into();
    provider.tokens.verified.remember(digest, VerifiedToken { kid, claims: claims.clone(), length: token.len() });
    Ok(claims)
}

fn check_times(provider: &Provider, context: &Context, claims: &AccessTokenClaims) -> Result<(), OAuthError> {
    let (now, skew) = (context.now.as_secs(), provider.lifetimes.skew.as_secs());
    let alive = claims.exp > now && claims.nbf <= now + skew && claims.iat <= now + skew;
    if alive { Ok(()) } else { Err(Cause::TokenTimes.into()) }
}

/// Checks that the token's user is enabled and not cut off.
async fn check_user(provider: &Provider, context: &Context, facts: &TokenFacts) -> Result<(), FlowError> {
    let Some(user) = &facts.user else { return Ok(()) };
    match provider.view.user(&context.realm.id, user).await? {
        // A token may have been issued while the cut-off was being propagated, but its login is older.
        Some(user) if user.enabled && user.valid_from < facts.issued_at && !facts.logged_in_before(user.valid_from) => {
            Ok(())
        }
        Some(_) | None => Err(Cause::TokenUser.into()),
    }
}

/// An ID token of this server, presented as a hint (OpenID Connect Core §3.1.2.1).
pub struct IdTokenHint {
    /// The `sub` for the token's audience.
    pub subject: String,
    pub audiences: Vec<String>,
    pub session: String,
}

/// The result of verifying a hint.
pub enum Hint {
    /// An ID token of this realm, whose session may still exist.
    Genuine(IdTokenHint),
    /// An ID token older than any session, or whose key is gone. It proves nothing, but need not be forged.
    Stale,
}

/// Verifies an ID token presented as a hint. It may have expired, because it only identifies a person.
///
/// # Errors
/// [`Cause::HintInvalid`] if it is not an ID token of this realm.
pub async fn id_token_hint(provider: &Provider, context: &Context, token: &str) -> Result<Hint, FlowError> {
    const INVALID: Cause = Cause::HintInvalid;
    // OpenID Connect Core §3.1.2.1: a client may have encrypted it to this server.
    let decrypted = match EncryptedToken::looks_like(token) {
        true => Some(jose::decrypt(provider, context, token, INVALID.into()).await?),
        false => None,
    };
    let token = decrypted.as_ref().map_or(token, |plain| plain.as_str());
    let jws = UnverifiedJws::parse(token).map_err(|_| INVALID)?;
    if !matches!(jws.typ(), None | Some("JWT")) {
        return Err(INVALID.into());
    }
    let claims = jws.payload();
    // An access token may have the same `typ`, but also has a `client_id`, which no ID token has.
    if claims.contains_key("client_id") {
        return Err(INVALID.into());
    }
    let text = |name| jws::string(claims, name).map_err(|_| INVALID);
    if text("iss")? != Some(context.realm.issuer.as_str()) {
        return Err(INVALID.into());
    }
    let audiences: Vec<String> = jws::audiences(claims).map_err(|_| INVALID)?.into_iter().map(str::to_owned).collect();
    if jws.alg() == ResponseSigning::ClientSecret.as_str() {
        if !is_keyed_by_client(provider, context, &jws, &audiences).await? {
            return Err(INVALID.into());
        }
    } else {
        match provider.keys.of(&context.realm.id).verify_hint(token, &jws, context.now) {
            Ok(()) => {}
            Err(VerifyError::UnknownKey) if jws.kid().is_some() => return Ok(Hint::Stale),
            Err(_) => return Err(INVALID.into()),
        }
    }
    // A userinfo response is signed for the client too, but it is no ID token: it has neither expiry nor session.
    let (subject, session) = (text("sub")?.ok_or(INVALID)?.to_owned(), text("sid")?.ok_or(INVALID)?.to_owned());
    jws::numeric_date(claims, "exp").ok().flatten().ok_or(INVALID)?;
    let issued_at = jws::numeric_date(claims, "iat").ok().flatten().ok_or(INVALID)?;
    if issued_at.plus(provider.lifetimes.hint()) <= context.now {
        return Ok(Hint::Stale);
    }
    Ok(Hint::Genuine(IdTokenHint { subject, audiences, session }))
}

/// Returns true if an ID token is signed with the secret of its only audience, and that client's ID tokens are signed
/// that way (OpenID Connect Core §10.1).
async fn is_keyed_by_client(
    provider: &Provider,
    context: &Context,
    jws: &UnverifiedJws<'_>,
    audiences: &[String],
) -> Result<bool, FlowError> {
    let [audience] = audiences else { return Ok(false) };
    let Some(id) = ClientId::parse(audience) else { return Ok(false) };
    let client = provider.view.client(&context.realm.id, &id).await?;
    let keyed = |client: &Arc<Client>| client.metadata.id_token_signed_response_alg == ResponseSigning::ClientSecret;
    let Some(client) = client.filter(keyed) else { return Ok(false) };
    let signature = jws.encoded_signature();
    let by = |secret: Zeroizing<Vec<u8>>| signet_crypto::verify_hs256(&secret, jws.signing_input(), signature).is_ok();
    Ok(jose::secrets(provider, context, &client)?.any(by))
}
