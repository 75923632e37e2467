//! The public keys of clients (RFC 7591 §2): registered with them, or published by them at their `jwks_uri` and kept
//! here in memory. What goes wrong with one client's keys concerns no other, and is told to nobody but the log.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use moka::sync::Cache;
use serde_json::Value;
use tokio::sync::Mutex;

use super::{Context, FlowError, Provider};
use crate::fetch::Fetcher;
use crate::keys;
use crate::protocol::client::Client;
use crate::protocol::ids::{ClientId, RealmId};
use crate::protocol::jwe::KeyManagement;
use crate::protocol::jwk::{self, JwkError, PublicJwk};
use crate::protocol::jws::{self, UnverifiedJws};
use crate::protocol::time::{Span, Timestamp};

/// How many clients' published keys are kept.
const CAPACITY: u64 = 4_096;
/// How long published keys are used before they are fetched again.
const MAX_AGE: Span = Span::from_hours(1);
/// How long they are used where they cannot be fetched again.
const MAX_STALE: Span = Span::from_hours(24);
/// How long after a fetch, whatever came of it, there is no other for the same client.
const PAUSE: Span = Span::from_minutes(1);
/// The media types of JWK sets (RFC 7517 §8.5).
const TYPES: &[&str] = &["application/jwk-set+json", "application/json"];

/// The published keys that this node knows.
pub struct ClientKeys {
    known: Cache<(RealmId, ClientId, String), Arc<Published>>,
}

impl Default for ClientKeys {
    fn default() -> Self {
        Self { known: Cache::new(CAPACITY) }
    }
}

/// What one client publishes.
#[derive(Default)]
struct Published {
    /// Read without waiting, so that a fetch for an unknown key hinders nobody whose key is known.
    set: ArcSwapOption<KeySet>,
    /// When the last fetch began; held while one is under way.
    tried: Mutex<Option<Timestamp>>,
}

struct KeySet {
    signing: Vec<PublicJwk>,
    encryption: Vec<PublicJwk>,
    fetched_at: Timestamp,
}

impl KeySet {
    fn is_younger_than(&self, age: Span, now: Timestamp) -> bool {
        now.since(self.fetched_at) < age
    }

    /// The keys of a set (RFC 7517 §5).
    fn read(set: &Value, fetched_at: Timestamp) -> Result<Self, JwkError> {
        Ok(Self { signing: jwk::client_keys(set)?, encryption: jwk::encryption_keys(set)?, fetched_at })
    }
}

/// Whether one of the client's keys has signed this. Where none of the known ones has, although the client publishes its
/// keys, it may have replaced them without another `kid`: they are looked at once more.
///
/// # Errors
/// [`FlowError::Internal`] where this server itself fails.
pub async fn have_signed(
    provider: &Provider,
    context: &Context,
    client: &Client,
    jws: &UnverifiedJws<'_>,
    (message, signature): (&str, &str),
) -> Result<bool, FlowError> {
    let (alg, kid) = (jws.alg(), jws.kid());
    // No key has another algorithm, so that none is worth a fetch.
    if !jwk::CLIENT_ALGORITHMS.contains(&alg) {
        return Ok(false);
    }
    let fits = |key: &PublicJwk| {
        let named = kid.is_none() || key.kid.as_deref() == kid;
        named && key.allows(alg) && keys::verify_with(key, alg, message, signature).is_ok()
    };
    let signers = |set: &KeySet| set.signing.iter().filter(|key| fits(key)).cloned().collect();
    Ok(!find(provider, context, client, signers).await?.is_empty())
}

/// The client's first key to which a content encryption key may go in this way (RFC 7516 §4.1.1).
///
/// # Errors
/// [`FlowError::Internal`] where this server itself fails.
pub async fn encryption_key(
    provider: &Provider,
    context: &Context,
    client: &Client,
    alg: KeyManagement,
) -> Result<Option<PublicJwk>, FlowError> {
    let fits = |key: &&PublicJwk| key.receives(alg);
    let keys = find(provider, context, client, |set| set.encryption.iter().filter(fits).cloned().collect()).await?;
    Ok(keys.into_iter().next())
}

/// The keys that fit, of those that the client has registered or publishes. Where none of the known ones fits, the
/// published set is fetched again.
async fn find(
    provider: &Provider,
    context: &Context,
    client: &Client,
    fitting: impl Fn(&KeySet) -> Vec<PublicJwk>,
) -> Result<Vec<PublicJwk>, FlowError> {
    if let Some(set) = &client.metadata.jwks {
        return Ok(KeySet::read(set, context.now).map(|set| fitting(&set)).unwrap_or_default());
    }
    let Some(uri) = &client.metadata.jwks_uri else { return Ok(Vec::new()) };
    let place = (context.realm.id.clone(), client.id.clone(), uri.clone());
    let published = provider.client_keys.known.get_with(place, Arc::default);
    let known = |age| {
        let set = published.set.load_full().filter(|set| set.is_younger_than(age, context.now));
        set.map(|set| fitting(&set)).unwrap_or_default()
    };
    let keys = known(MAX_AGE);
    if !keys.is_empty() {
        return Ok(keys);
    }
    // In a task of its own: whoever hangs up must not end what others wait for, nor use the turn up for nothing.
    let fetch = refresh(published.clone(), provider.fetcher.clone(), (client.id.clone(), uri.clone()), context.now);
    tokio::spawn(fetch).await.map_err(|error| FlowError::Internal(error.to_string()))?;
    Ok(known(MAX_STALE))
}

/// Fetches the set, unless that was tried within the last minute. Those who ask meanwhile wait for the one fetch.
async fn refresh(published: Arc<Published>, fetcher: Fetcher, (client, uri): (ClientId, String), now: Timestamp) {
    let mut tried = published.tried.lock().await;
    if tried.is_some_and(|before| now.since(before) < PAUSE) {
        return;
    }
    *tried = Some(now);
    match fetch(&fetcher, &uri, now).await {
        Ok(set) => published.set.store(Some(Arc::new(set))),
        Err(reason) => tracing::warn!(client_id = client.as_str(), reason, "A client's keys were not fetched"),
    }
}

async fn fetch(fetcher: &Fetcher, uri: &str, now: Timestamp) -> Result<KeySet, String> {
    let fetched = fetcher.get(uri, TYPES).await.map_err(|error| error.to_string())?;
    let set = jws::strict_object(&fetched.body).ok_or("the key set is not a strict JSON object")?;
    KeySet::read(&Value::Object(set), now).map_err(|error| error.to_string())
}
