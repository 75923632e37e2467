//! Webhook deliveries of security events (RFC 8417, RFC 8935). Events are read from the audit log: each webhook has a
//! position in it, so that requests do no extra work and exactly the committed events are delivered. Matching events go
//! to the outbox, which retries them until the webhook accepts them or they become dead letters.

use super::outbox::Attempt;
use crate::fetch::{CallError, Fetcher};
use crate::flows::{Context, FlowError, Provider};
use crate::keys::KeySet;
use signet_crypto::KeyError;
use signet_protocol::events::audit_chain::Row;
use signet_protocol::events::delivery;
use signet_protocol::events::security_event::{self, MEDIA_TYPE, Parties, SecurityEventClaims, TYP};
use signet_protocol::events::webhook::Pattern;
use signet_protocol::ids::WebhookId;
use signet_protocol::jose::jwk::SigningAlgorithm;
use signet_protocol::time::Timestamp;
use signet_store::events::audit::Event;
use signet_store::events::webhooks::{self, Webhook};
use signet_store::events::{audit_log, outbox};

/// The maximum number of queued events for a webhook; later ones stay in the audit log until there is room.
const MOST_WAITING: i64 = 1000;
/// The algorithm that every receiver of security events supports (CAEP Interoperability Profile §2.6).
const INTEROPERABLE: SigningAlgorithm = SigningAlgorithm::RS256;

/// Queues undelivered events for each webhook, one page of the audit log at a time.
pub async fn gather(provider: &Provider, context: &Context) -> Result<(), FlowError> {
    let mut tx = provider.store.read().await?;
    for webhook in webhooks::lagging(&mut tx, &context.realm.id, MOST_WAITING).await? {
        let rows = audit_log::after(&mut tx, &context.realm.id, webhook.told_up_to).await?;
        announce(provider, context, webhook, rows.into_iter().map(|(row, _)| row)).await?;
    }
    Ok(())
}

/// Queues the rows that match a webhook's patterns, unless another node has.
async fn announce(
    provider: &Provider,
    context: &Context,
    webhook: Webhook,
    rows: impl Iterator<Item = Row>,
) -> Result<(), FlowError> {
    let patterns: Vec<Pattern> =
        webhook.events.iter().filter_map(|pattern| Pattern::parse(pattern, Event::NAMES)).collect();
    let mut heard = Vec::new();
    let mut end = webhook.told_up_to;
    for row in rows {
        end = row.seq.unwrap_or(end);
        if patterns.iter().any(|pattern| pattern.covers(&row.event)) {
            heard.push(row.id);
        }
    }
    let announced = provider.store.write_with((context.clone(), webhook, heard), move |given, tx| {
        Box::pin(async move {
            let (context, webhook, heard) = given;
            let realm = &context.realm.id;
            let now = context.now;
            if webhooks::advance(tx, realm, webhook, end).await? {
                for row in heard {
                    outbox::queue_event(tx, realm, &webhook.id, row, now).await?;
                }
            }
            Ok::<_, FlowError>(())
        })
    });
    announced.await
}

/// Sends a row of the audit log to a webhook.
///
/// # Errors
/// [`FlowError`] if the database or the signing key fails; the message is due again after its lease.
pub async fn attempt(
    provider: &Provider,
    context: &Context,
    webhook: &WebhookId,
    row: &str,
    number: i64,
) -> Result<Attempt, FlowError> {
    let realm = &context.realm;
    let mut tx = provider.store.read().await?;
    let webhook = webhooks::find(&mut tx, &realm.id, webhook).await?.filter(|webhook| webhook.enabled);
    let row = audit_log::find(&mut tx, &realm.id, row).await?;
    drop(tx);
    let (Some(webhook), Some(row)) = (webhook, row) else { return Ok(Attempt::Obsolete) };
    let claims = security_event::claims(parties(&realm.issuer, &webhook), &row);
    let keys = provider.keys.of(&realm.id);
    let algorithms = provider.keys.algorithms();
    let token = signed(&keys, algorithms, &claims, context.now)?;
    // The fetcher has logged the reason for a missing answer.
    let answer = provider.outbound.fetcher.post(&webhook.url, MEDIA_TYPE, token).await.ok();
    let (status, reason) = answer.map_or((None, Vec::new()), |(status, reason)| (Some(status), reason));
    Ok(Attempt::of(delivery::decide(status, number), delivery::refusal(&reason)))
}

/// Sends a verification event to a webhook and returns the status of its answer.
pub async fn verify(
    fetcher: &Fetcher,
    keys: &KeySet,
    algorithms: &[SigningAlgorithm],
    context: &Context,
    webhook: &Webhook,
) -> Result<u16, Untried> {
    let state = WebhookId::from_random(context.entropy.bytes().map_err(|_| KeyError::Signature)?);
    let parties = parties(&context.realm.issuer, webhook);
    let claims = security_event::verification(parties, state.as_str(), context.now);
    let token = signed(keys, algorithms, &claims, context.now)?;
    Ok(fetcher.try_post(&webhook.url, MEDIA_TYPE, token).await?)
}

/// A failed test of a webhook.
#[derive(Debug, thiserror::Error)]
pub enum Untried {
    #[error(transparent)]
    Key(#[from] KeyError),
    /// There was no valid answer.
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
