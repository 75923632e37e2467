//! Telling webhooks of security events (RFC 8417, RFC 8935). The audit log itself is what they are told from: each webhook
//! has a place in it, so that no request pays for them, and an event that commits is told and no other. What concerns
//! a webhook goes to the outbox, from where it is tried until the webhook takes it or it is a dead letter.

use std::sync::Arc;

use super::outbox::Attempt;
use super::{Context, FlowError, Provider};
use crate::fetch::{CallError, Fetcher};
use crate::keys::{KeyError, KeySet};
use crate::protocol::audit_chain::Row;
use crate::protocol::delivery::{refusal, verdict};
use crate::protocol::ids::WebhookId;
use crate::protocol::jwk::SigningAlgorithm;
use crate::protocol::security_event::{self, MEDIA_TYPE, Parties, SecurityEventClaims, TYP};
use crate::protocol::time::Timestamp;
use crate::protocol::webhook::Pattern;
use crate::store::audit::Event;
use crate::store::webhooks::{self, Webhook};
use crate::store::{audit_log, outbox};

/// How many events may wait for a webhook; later ones stay in the audit log until there is room.
const MOST_WAITING: i64 = 1000;
/// The algorithm that every receiver of security events knows (CAEP Interoperability Profile §2.6).
const INTEROPERABLE: SigningAlgorithm = SigningAlgorithm::RS256;

/// Puts into the outbox what webhooks have not been told of yet, a page of the audit log for each.
///
/// # Errors
/// [`FlowError`] where the database fails.
pub async fn gather(provider: &Provider, context: &Context) -> Result<(), FlowError> {
    let mut tx = provider.store.read().await?;
    for webhook in webhooks::behind(&mut tx, &context.realm.id, MOST_WAITING).await? {
        let rows = audit_log::after(&mut tx, &context.realm.id, webhook.told_up_to).await?;
        announce(provider, context, webhook, rows.into_iter().map(|(row, _)| row)).await?;
    }
    Ok(())
}

/// Puts those of the rows into the outbox that a webhook hears of, unless another node has.
async fn announce(
    provider: &Provider,
    context: &Context,
    webhook: Webhook,
    rows: impl Iterator<Item = Row>,
) -> Result<(), FlowError> {
    let patterns: Vec<Pattern> =
        webhook.events.iter().filter_map(|pattern| Pattern::parse(pattern, Event::NAMES)).collect();
    let (mut heard, mut end) = (Vec::new(), webhook.told_up_to);
    for row in rows {
        end = row.seq.unwrap_or(end);
        if patterns.iter().any(|pattern| pattern.covers(&row.event)) {
            heard.push(row.id);
        }
    }
    let shared = Arc::new((context.clone(), webhook, heard));
    let announced = provider.store.write(move |tx| {
        let shared = shared.clone();
        Box::pin(async move {
            let (context, webhook, heard) = &*shared;
            let (realm, now) = (&context.realm.id, context.now);
            if webhooks::advance(tx, realm, webhook, end).await? {
                for row in heard {
                    outbox::tell(tx, realm, &webhook.id, row, now).await?;
                }
            }
            Ok::<_, FlowError>(())
        })
    });
    announced.await
}

/// Tells a webhook of a row of the audit log, in the attempt of this number.
///
/// # Errors
/// [`FlowError`] where the database or the signing key fails; the message is then due again after its turn.
pub async fn attempt(
    provider: &Provider,
    context: &Context,
    (webhook, row): (&WebhookId, &str),
    number: i64,
) -> Result<Attempt, FlowError> {
    let realm = &context.realm;
    let mut tx = provider.store.read().await?;
    let webhook = webhooks::find(&mut tx, &realm.id, webhook).await?.filter(|webhook| webhook.enabled);
    let row = audit_log::find(&mut tx, &realm.id, row).await?;
    drop(tx);
    let (Some(webhook), Some(row)) = (webhook, row) else { return Ok(Attempt::Moot) };
    let claims = security_event::claims(parties(&realm.issuer, &webhook), &row);
    let (keys, algorithms) = (provider.keys.of(&realm.id), provider.keys.algorithms());
    let token = signed(&keys, algorithms, &claims, context.now)?;
    // Why there was no answer stands in the log already.
    let answer = provider.fetcher.post(&webhook.url, MEDIA_TYPE, token).await.ok();
    let (status, reason) = answer.map_or((None, Vec::new()), |(status, reason)| (Some(status), reason));
    Ok(Attempt::of(verdict(status, number), refusal(&reason)))
}

/// Tries a webhook with an event that says nothing but that it is tried; the status of its answer.
///
/// # Errors
/// [`Untried`] where there is no key to sign with, or no answer.
pub async fn verify(
    fetcher: &Fetcher,
    (keys, algorithms): (&KeySet, &[SigningAlgorithm]),
    context: &Context,
    webhook: &Webhook,
) -> Result<u16, Untried> {
    let state = WebhookId::from_random(context.entropy.bytes().map_err(|_| KeyError::Signature)?);
    let parties = parties(&context.realm.issuer, webhook);
    let claims = security_event::verification(parties, state.as_str(), context.now);
    let token = signed(keys, algorithms, &claims, context.now)?;
    Ok(fetcher.try_post(&webhook.url, MEDIA_TYPE, token).await?)
}

/// Why a webhook could not be tried.
#[derive(Debug, thiserror::Error)]
pub enum Untried {
    /// The token could not be signed.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There was no answer that counts.
    #[error(transparent)]
    Call(#[from] CallError),
}

fn parties<'a>(issuer: &'a str, webhook: &'a Webhook) -> Parties<'a> {
    Parties { issuer, audience: &webhook.audience, webhook: &webhook.id }
}

fn signed(
    keys: &KeySet,
    algorithms: &[SigningAlgorithm],
    claims: &SecurityEventClaims,
    now: Timestamp,
) -> Result<String, KeyError> {
    let first = algorithms.first().copied().unwrap_or(INTEROPERABLE);
    let algorithm = if algorithms.contains(&INTEROPERABLE) { INTEROPERABLE } else { first };
    keys.sign_jwt(claims, TYP, algorithm, now)
}
