//! The public keys of clients (RFC 7591 §2): registered, or published at their `jwks_uri` and cached in memory. Faults
//! in one client's keys do not affect others; the cause is only logged.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::fetch::Fetcher;
use crate::flows::{Context, FlowError, Provider};
use signet_protocol::client::Client;
use signet_protocol::ids::{ClientId, RealmId};
use signet_protocol::jose::encryption::KeyManagement;
use signet_protocol::jose::jwk::{self, JwkError, PublicJwk};
use signet_protocol::jose::jws::{self, UnverifiedJws};
use signet_protocol::time::{Span, Timestamp};

/// The memory for published keys, in bytes: enough for some thousand clients.
const CAPACITY: u64 = 16 * 1024 * 1024;
/// The approximate size of an entry without its keys, in bytes.
const OVERHEAD: usize = 512;
/// The age at which published keys are fetched again.
const MAX_AGE: Span = Span::from_hours(1);
/// The age up to which they are used if they cannot be fetched again.
const MAX_STALE: Span = Span::from_hours(24);
/// The minimum time between two fetches for the same client, successful or not.
const PAUSE: Span = Span::from_minutes(1);
/// The media types of JWK sets (RFC 7517 §8.5).
const TYPES: &[&str] = &["application/jwk-set+json", "application/json"];

/// The cache of published keys.
#[derive(Clone)]
pub struct ClientKeys {
    known: Cache<(RealmId, ClientId), Arc<Published>>,
}

impl Default for ClientKeys {
    fn default() -> Self {
        let weigh = |_: &(RealmId, ClientId), published: &Arc<Published>| {
            let keys = published.set.load().as_ref().map_or(0, |set| set.uri.len() + set.keys.weight());
            u32::try_from(OVERHEAD + keys).unwrap_or(u32::MAX)
        };
        Self {
            known: Cache::builder()
                .max_capacity(CAPACITY)
                .weigher(weigh)
                .eviction_policy(EvictionPolicy::lru())
                .build(),
        }
    }
}

/// The key set that a client publishes. If the client changes its URI, it has no keys until the new one is fetched, and
/// the pause since the last fetch still applies.
#[derive(Default)]
struct Published {
    /// Read without locking, so that a fetch for an unknown key does not delay requests with known keys.
    set: ArcSwapOption<FetchedSet>,
    /// The time at which the last fetch began. Locked during a fetch.
    tried: Mutex<Option<Timestamp>>,
}

/// The usable keys of a set.
struct KeySet {
    signing: Vec<PublicJwk>,
    encryption: Vec<PublicJwk>,
}

struct FetchedSet {
    keys: KeySet,
    uri: String,
    at: Timestamp,
}

impl KeySet {
    /// Parses a key set (RFC 7517 §5).
    fn read(set: &Value) -> Result<Self, JwkError> {
        Ok(Self { signing: jwk::client_keys(set)?, encryption: jwk::encryption_keys(set)? })
    }

    fn weight(&self) -> usize {
        self.signing.iter().chain(&self.encryption).map(PublicJwk::weight).sum()
    }
}

/// Verifies a signature with the client's keys. If none of the known keys verifies it and the client publishes its
/// keys, the set is fetched again, because the client may have replaced a key without changing the `kid`.
pub async fn have_signed(
    provider: &Provider,
    context: &Context,
    client: &Client,
    jws: &UnverifiedJws<'_>,
) -> Result<bool, FlowError> {
    let alg = jws.alg();
    let kid = jws.kid();
    // No client key has another algorithm, so a fetch cannot help.
    if !jwk::CLIENT_ALGORITHMS.contains(&alg) {
        return Ok(false);
    }
    let fits = |key: &PublicJwk| {
        let named = kid.is_none() || key.kid.as_deref() == kid;
        named
            && key.allows(alg)
            && signet_crypto::verify_with(key, alg, jws.signing_input(), jws.encoded_signature()).is_ok()
    };
    let signers = |set: &KeySet| set.signing.iter().filter(|key| fits(key)).cloned().collect();
    Ok(!find(provider, context, client, signers).await?.is_empty())
}

/// The client's first key that can receive a content encryption key with this algorithm (RFC 7516 §4.1.1).
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

/// The matching keys among those that the client has registered or publishes. If none matches, the published set is
/// fetched again.
async fn find(
    provider: &Provider,
    context: &Context,
    client: &Client,
    fitting: impl Fn(&KeySet) -> Vec<PublicJwk>,
) -> Result<Vec<PublicJwk>, FlowError> {
    if let Some(set) = &client.metadata.jwks {
        return Ok(KeySet::read(set).map(|set| fitting(&set)).unwrap_or_default());
    }
    let Some(uri) = &client.metadata.jwks_uri else { return Ok(Vec::new()) };
    let owner = (context.realm.id.clone(), client.id.clone());
    let published = provider.clients.keys.known.get_with_by_ref(&owner, Arc::default);
    let known = |age| {
        let set = published.set.load_full().filter(|set| set.uri == *uri && set.at.is_within(age, context.now));
        set.map(|set| fitting(&set.keys)).unwrap_or_default()
    };
    let keys = known(MAX_AGE);
    if !keys.is_empty() {
        return Ok(keys);
    }
    let refresh = Refresh {
        known: provider.clients.keys.clone(),
        fetcher: provider.outbound.fetcher_of(client).clone(),
        owner,
        published: published.clone(),
        uri: uri.clone(),
        now: context.now,
    };
    // A separate task, so that a cancelled request neither cancels the fetch for others nor wastes it.
    tokio::spawn(refresh.run()).await.map_err(|error| FlowError::Internal(error.to_string()))?;
    Ok(known(MAX_STALE))
}

/// A fetch of a published set.
struct Refresh {
    known: ClientKeys,
    fetcher: Fetcher,
    owner: (RealmId, ClientId),
    published: Arc<Published>,
    uri: String,
    now: Timestamp,
}

impl Refresh {
    /// Fetches the set, unless it was fetched within the last minute. Concurrent callers wait for the same fetch.
    async fn run(self) {
        let mut tried = self.published.tried.lock().await;
        if tried.is_some_and(|before| before.is_within(PAUSE, self.now)) {
            return;
        }
        *tried = Some(self.now);
        match self.fetch().await {
            Ok(keys) => {
                let fetched = FetchedSet { keys, uri: self.uri, at: self.now };
                self.published.set.store(Some(Arc::new(fetched)));
                // Inserted again to update its weight, now that its size is known.
                self.known.known.insert(self.owner, self.published.clone());
            }
            Err(reason) => {
                let client_id = self.owner.1.as_str();
                tracing::warn!(client_id, reason, "could not fetch a client's keys");
            }
        }
    }

    async fn fetch(&self) -> Result<KeySet, String> {
        let fetched = self.fetcher.get(&self.uri, TYPES).await.map_err(|error| error.to_string())?;
        let set = jws::strict_object(&fetched.body).ok_or("the key set is not a JSON object with unique members")?;
        KeySet::read(&Value::Object(set)).map_err(|error| error.to_string())
    }
}
