//! The authorization code grant (RFC 6749 §4.1.3): a code is consumed by one guarded write, whatever then becomes of
//! it; presented a second time, all that came of it is revoked (RFC 9700 §2.1.1).

use async_trait::async_trait;

use super::{Decision, Evidence, Grant, GrantError, Issuance, RefreshPlan, TokenRequest, UserGrant};
use crate::adapters::oxide_auth;
use signet_protocol::cause::Cause;
use signet_protocol::client::AUTHORIZATION_CODE;
use signet_protocol::error::OAuthError;
use signet_protocol::scope::OFFLINE_ACCESS;
use signet_protocol::secret::{self, Digest};
use signet_protocol::token::access_token::Subject;
use signet_protocol::token::code::{self, CodeRecord, Redemption};
use signet_protocol::token::refresh::{FamilyState, RefreshToken};
use signet_store::Tx;
use signet_store::events::audit::Event;
use signet_store::token::authorization_codes::{self, CodeState, Unusable};
use signet_store::token::token_families::Family;

/// The grant type `authorization_code`.
pub struct AuthorizationCode;

#[async_trait]
impl Grant for AuthorizationCode {
    fn name(&self) -> &'static str {
        AUTHORIZATION_CODE
    }

    fn parameters(&self) -> &'static [&'static str] {
        &["code", "redirect_uri", "code_verifier", "resource"]
    }

    async fn redeem(&self, request: &TokenRequest, _: &Evidence, tx: &mut Tx) -> Result<Decision, GrantError> {
        let code = request.params.require("code", "code is required.")?;
        let Some(code) = secret::AuthorizationCode::parse(code).map(|code| code.digest()) else {
            return Err(Cause::CodeUnknown.into());
        };
        let record = match consume(request, code, tx).await? {
            Consumed::Record(record) => *record,
            Consumed::Unusable(decision) => return Ok(decision),
        };
        match redeemed(request, Some(record)) {
            Ok(redemption) => Ok(Decision::Issue(Box::new(issuance(request, redemption)?))),
            Err(error) => Ok(Decision::Refuse(error)),
        }
    }
}

/// The redemption within what the client may still have, which oxide-auth confirms.
fn redeemed(request: &TokenRequest, record: Option<CodeRecord>) -> Result<Redemption, OAuthError> {
    let TokenRequest { client, params, context, .. } = request;
    let redemption = code::redeem(params, client, &context.realm.issuer, record, context.now)?;
    let stored = redemption.record.clone();
    let redemption = redemption.narrowed_to(client)?;
    oxide_auth::code::confirm(params, client, &stored, &redemption.record.scope)?;
    Ok(redemption)
}

/// The outcome of a guarded write that consumes a code.
pub(crate) enum Consumed {
    /// The code's record.
    Record(Box<CodeRecord>),
    /// The decision about a code that is worth nothing.
    Unusable(Decision),
}

/// Consumes the code with this digest. A code that its own client has redeemed before revokes its family.
pub(crate) async fn consume(request: &TokenRequest, code: Digest, tx: &mut Tx) -> Result<Consumed, GrantError> {
    let TokenRequest { client, context, .. } = request;
    let realm = &context.realm.id;
    if let Some(record) = authorization_codes::consume(tx, realm, &client.id, code, context.now).await? {
        return Ok(Consumed::Record(Box::new(record)));
    }
    match authorization_codes::find_unusable(tx, realm, code).await? {
        Some(held) if held.client != client.id => Err(Cause::CodeOfOtherClient.into()),
        Some(Unusable { family, user, state: CodeState::Redeemed, .. }) => {
            Ok(Consumed::Unusable(Decision::RevokeFamily { family, user, event: Event::CodeReplay }))
        }
        Some(Unusable { state: CodeState::SessionOver, .. }) => Err(Cause::CodeSessionOver.into()),
        None => Err(Cause::CodeUnknown.into()),
    }
}

/// The tokens of a redeemed code.
pub(crate) fn issuance(request: &TokenRequest, redemption: Redemption) -> Result<Issuance, GrantError> {
    let refresh = found_family(request, &redemption)?;
    let claims = redemption.record.requested_claims();
    let Redemption { record, nonce, resources, .. } = redemption;
    Ok(Issuance {
        subject: Subject::User(record.user_id.clone()),
        scope: record.scope,
        resources,
        grant: Some(UserGrant {
            user: record.user_id,
            family: record.family_id,
            session: record.session_id,
            session_over: false,
            authentication: record.authentication,
            nonce,
            claims,
        }),
        confirmation: request.confirmation.clone(),
        refresh,
    })
}

/// The family of the grant, if it yields a refresh token.
fn found_family(request: &TokenRequest, redemption: &Redemption) -> Result<RefreshPlan, GrantError> {
    let TokenRequest { client, context, lifetimes, .. } = request;
    let record = &redemption.record;
    let expires_at = record.authentication.time.plus(lifetimes.refresh);
    if !client.gets_refresh_token(&record.scope) || expires_at <= context.now {
        return Ok(RefreshPlan::None);
    }
    let Some(token) = RefreshToken::first(&record.family_id, context.entropy.bytes()?) else {
        return Err(Cause::CodeUnknown.into());
    };
    let family = Family {
        id: record.family_id.clone(),
        user_id: record.user_id.clone(),
        session_id: record.session_id.clone(),
        offline: record.scope.contains(OFFLINE_ACCESS),
        session_use: None,
        scope: record.scope.clone(),
        resources: redemption.granted.clone(),
        authentication: record.authentication.clone(),
        claims: record.requested_claims(),
        state: FamilyState {
            client_id: client.id.clone(),
            generation: 0,
            leaf: token.digest(),
            rotated_at: None,
            idle_expires_at: context.now.plus(lifetimes.refresh_idle),
            expires_at,
            revoked: false,
        },
    };
    Ok(RefreshPlan::Found(Box::new(family), token))
}
