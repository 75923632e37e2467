//! The token endpoint (RFC 6749 §3.2): authenticates the client, lets its grant decide, and carries the decision out in
//! one transaction. A revocation after a replay is also a decision, so it is committed although the request is refused.

pub(crate) mod binding;
pub(crate) mod family;
pub mod grants;
pub mod introspect;
pub mod issuance;
pub mod issue;
pub mod jose;
pub(crate) mod large_tokens;
pub mod mapped;
pub mod personal;
pub mod revoke;
mod state;
pub mod subject;
pub mod userinfo;
pub mod verified_tokens;
pub mod verify;

pub use state::Tokens;

use std::sync::Arc;

use self::family::end_family;
use self::issuance::{Issuance, RefreshPlan};
use self::issue::{Draft, TokenResponse};
use super::client::register;
use super::defense::rates::Class;
use super::meters::log_user;
use super::{Concerning, Context, FlowError, Provider};
use crate::flows::client::auth;
use crate::flows::token::grants::{Decision, Evidence, Grant, GrantError, TokenRequest};
use signet_protocol::cause::Cause;
use signet_protocol::client::call::ClientCall;
use signet_protocol::error::OAuthError;
use signet_protocol::ids::{FamilyId, UserId};
use signet_protocol::time::Timestamp;
use signet_store::Tx;
use signet_store::events::audit::{Event, Outcome};
use signet_store::session::sessions;
use signet_store::token::token_families::SessionTouch;
use signet_store::token::{access_tokens, token_families};

/// Answers a token request.
///
/// # Errors
/// [`FlowError`]; a refusal is an error of RFC 6749 §5.2.
pub async fn token(provider: &Provider, context: &Context, call: ClientCall) -> Result<TokenResponse, FlowError> {
    // Grant types do not depend on the client, so an unsupported one is refused before authentication.
    let grant = grants::named(call.params.require("grant_type", "grant_type is required.")?)?;
    let client = auth::authenticate(provider, context, &call).await?;
    provider.limits.rates.take_of_client(context, Class::Token, &client)?;
    if !client.may_use(grant.name()) {
        return Err(Cause::GrantNotAllowed { grant: grant.name() }.into());
    }
    let request = Arc::new(TokenRequest {
        confirmation: binding::confirmation(&call.facts, &client),
        client,
        params: call.params,
        facts: call.facts,
        context: context.clone(),
        lifetimes: provider.lifetimes,
        mac: provider.tokens.mac.clone(),
        pairwise: provider.keys.pairwise()?.clone(),
        headers: provider.view.resource_headers(),
        algorithm: issue::access_token_algorithm(provider.keys.algorithms()),
    });
    let response = match grant.prepare(provider, &request).await? {
        Evidence::Decided(issuance) => issue_at_once(provider, &request, *issuance).await,
        evidence @ Evidence::None => {
            jose::check_id_token_key(provider, &request.context, &request.client).await?;
            redeem(provider, &request, Prepared { grant, evidence }).await
        }
    }?;
    register::record_use(provider, &request.context, &request.client).await;
    provider.count_issued(&request.client, grant.name(), kinds(&response));
    Ok(response)
}

/// The metric labels of the tokens in a response.
fn kinds(response: &TokenResponse) -> impl Iterator<Item = &'static str> {
    let id_token = response.id_token.is_some().then_some("id_token");
    let refresh_token = response.refresh_token.is_some().then_some("refresh_token");
    [Some("access_token"), id_token, refresh_token].into_iter().flatten()
}

/// Issues without a transaction, unless the client uses opaque tokens, which are stored.
async fn issue_at_once(
    provider: &Provider,
    request: &TokenRequest,
    issuance: Issuance,
) -> Result<TokenResponse, FlowError> {
    let TokenRequest { client, context, .. } = request;
    let draft = issue::draft(&request.mint(), context, client, &issuance)?;
    if let Some(opaque) = draft.opaque.as_ref().map(|opaque| opaque.digest()) {
        let given = (context.realm.id.clone(), draft.claims.clone());
        let stored = provider.store.write_with(given, move |(realm, claims), tx| {
            Box::pin(async move { Ok::<_, FlowError>(access_tokens::insert(tx, realm, opaque, claims).await?) })
        });
        stored.await?;
    }
    issue::sign(provider, context, client, &issuance, draft).await
}

/// The result of the transaction.
enum Transacted {
    Issued(Box<(Issuance, Draft)>),
    Revoked { event: Event, family: FamilyId },
    Refused(OAuthError),
}

/// A grant and its evidence, ready for the transaction.
struct Prepared {
    grant: &'static dyn Grant,
    evidence: Evidence,
}

async fn redeem(
    provider: &Provider,
    request: &Arc<TokenRequest>,
    prepared: Prepared,
) -> Result<TokenResponse, FlowError> {
    let horizon = provider.revocation_horizon(request.context.now);
    let written = provider.store.write_with((request.clone(), prepared), move |(request, prepared), tx| {
        Box::pin(transact(prepared, request, horizon, tx))
    });
    let TokenRequest { client, context, mac, .. } = &**request;
    match written.await? {
        Transacted::Issued(issued) => {
            let (issuance, draft) = *issued;
            let signed = issue::sign(provider, context, client, &issuance, draft).await;
            if signed.is_err() {
                undo_rotation(provider, request, &issuance.refresh).await?;
            }
            let mut response = signed?;
            response.refresh_token = refresh_token(&issuance.refresh).map(|token| token.expose(mac).to_string());
            Ok(response)
        }
        Transacted::Revoked { event, family } => {
            let kind = event.as_str();
            let grant_id = family.as_str();
            tracing::warn!(target: "security", event = "replay", kind, grant_id, "revoked a token family");
            provider.count_replay(event);
            provider.catch_up().await?;
            Err(replayed(event).into())
        }
        Transacted::Refused(error) => Err(error.into()),
    }
}

/// Restores a refresh token whose successor could not be sent, because signing another token failed. Otherwise the next
/// attempt would count as reuse and revoke the family.
async fn undo_rotation(provider: &Provider, request: &Arc<TokenRequest>, plan: &RefreshPlan) -> Result<(), FlowError> {
    let RefreshPlan::Rotate(family, rotation, _) = plan else { return Ok(()) };
    let undone = (request.context.realm.id.clone(), family.clone(), rotation.clone());
    let written = provider.store.write_with(undone, |(realm, family, rotation), tx| {
        Box::pin(async move { Ok::<_, FlowError>(token_families::undo_rotation(tx, realm, family, rotation).await?) })
    });
    written.await
}

/// The transaction: redeem, then issue or revoke.
async fn transact(
    Prepared { grant, evidence }: &Prepared,
    request: &TokenRequest,
    horizon: Timestamp,
    tx: &mut Tx,
) -> Result<Transacted, FlowError> {
    let TokenRequest { client, context, .. } = request;
    // If two requests use one refresh token at the same time, the one that loses the race is decided again: it is then
    // a retry, and gets the same successor.
    for _ in 0..2 {
        match grant.redeem(request, evidence, tx).await? {
            Decision::Issue(issuance) => {
                let draft = match issue::draft(&request.mint(), context, client, &issuance) {
                    Ok(draft) => draft,
                    // A code is consumed even if the request is refused later.
                    Err(FlowError::Refused(error)) => return Ok(Transacted::Refused(error)),
                    Err(error) => return Err(error),
                };
                match carry_out(request, &issuance, &draft, tx).await? {
                    Carried::Out => return Ok(Transacted::Issued(Box::new((*issuance, draft)))),
                    Carried::Overtaken => {}
                }
            }
            Decision::RevokeFamily { family, user, event } => {
                let replay = Replay { family: &family, user: &user, event };
                revoke_family(request, &replay, horizon, tx).await?;
                return Ok(Transacted::Revoked { event, family });
            }
            Decision::Refuse(error) => return Ok(Transacted::Refused(error)),
        }
    }
    Err(Cause::RefreshOvertaken.into())
}

/// The cause of the refusal after a replay.
const fn replayed(event: Event) -> Cause {
    match event {
        Event::CodeReplay => Cause::CodeUsed,
        _ => Cause::RefreshUsed,
    }
}

/// The outcome of writing an issuance.
enum Carried {
    Out,
    Overtaken,
}

/// Writes the rows of an issuance.
async fn carry_out(
    request: &TokenRequest,
    issuance: &Issuance,
    draft: &Draft,
    tx: &mut Tx,
) -> Result<Carried, FlowError> {
    let (realm, now) = (&request.context.realm.id, request.context.now);
    match &issuance.refresh {
        RefreshPlan::None | RefreshPlan::Repeat(_) => {}
        RefreshPlan::Found(family, _) => token_families::insert(tx, realm, family, now).await?,
        RefreshPlan::Rotate(family, rotation, _) => {
            // The session before the family, as at the end of a session, so that locks are taken in one order.
            if let Some(SessionTouch { id, idle_expires_at }) = &rotation.session {
                sessions::touch(tx, realm, id, now, *idle_expires_at).await?;
            }
            if !token_families::rotate(tx, realm, family, rotation, now).await? {
                return Ok(Carried::Overtaken);
            }
        }
    }
    if let Some(opaque) = &draft.opaque {
        access_tokens::insert(tx, realm, opaque.digest(), &draft.claims).await?;
    }
    Ok(Carried::Out)
}

/// A code or a refresh token that was used before.
struct Replay<'a> {
    family: &'a FamilyId,
    user: &'a UserId,
    event: Event,
}

/// Revokes the family of a replay and everything issued from it.
async fn revoke_family(
    request: &TokenRequest,
    replay: &Replay<'_>,
    horizon: Timestamp,
    tx: &mut Tx,
) -> Result<(), FlowError> {
    let context = &request.context;
    let Replay { family, user, event } = *replay;
    let concerning = Concerning { actor: "client", user: Some(user), client: Some(&request.client.id), session: None };
    let record = context.record(event, Outcome::Failure, concerning, family.as_str())?;
    log_user(user);
    end_family(context, family, record, horizon, tx).await.map(|_| ())
}

fn refresh_token(plan: &RefreshPlan) -> Option<&signet_protocol::token::refresh::RefreshToken> {
    match plan {
        RefreshPlan::None => None,
        RefreshPlan::Found(_, token) | RefreshPlan::Rotate(_, _, token) | RefreshPlan::Repeat(token) => Some(token),
    }
}

impl From<GrantError> for FlowError {
    fn from(error: GrantError) -> Self {
        match error {
            GrantError::Refused(error) => error.into(),
            GrantError::Store(error) => error.into(),
            GrantError::Entropy(error) => error.into(),
        }
    }
}
