//! The sources of authorization request parameters: the request itself, a signed request object in it (RFC 9101), one
//! at a registered URL (OpenID Connect Core §6.2), or an earlier pushed request (RFC 9126).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tokio::sync::Mutex;

use crate::fetch::Fetcher;
use crate::flows::client::published_keys;
use crate::flows::token::jose;
use crate::flows::{Context, FlowError, Provider};
use signet_protocol::authorize::request_object::{self, Parties};
use signet_protocol::cause::{Cause, Shown};
use signet_protocol::client::Client;
use signet_protocol::error::OAuthError;
use signet_protocol::jose::jwe::{EncryptedToken, MAX_TOKEN};
use signet_protocol::jose::jws::UnverifiedJws;
use signet_protocol::params::Params;
use signet_protocol::secret::{Digest, PushedRequestUri};
use signet_protocol::time::{Span, Timestamp};
use signet_store::authorize::pushed_requests;

/// The media types that a request object may be served as (RFC 9101 §5.2.3).
const MEDIA_TYPES: [&str; 4] = ["application/oauth-authz-req+jwt", "application/jwt", "application/jose", "text/plain"];

/// The time for which a fetched request object is reused.
const FRESH: Span = Span::from_secs(5);
/// The minimum time after the start of a failed fetch until the next one: longer than any fetch can last.
const PAUSE: Span = Span::from_secs(40);
/// The maximum time in the cache, also for failed fetches.
const REMEMBERED: Duration = Duration::from_secs(60);
/// The memory of the cache, in bytes.
const CAPACITY: u64 = 8 * 1024 * 1024;
/// The approximate size of an entry without its text and URI, in bytes.
const OVERHEAD: usize = 512;

/// The endpoint at which a request arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestEndpoint {
    /// The authorization endpoint, called by a browser.
    Front,
    /// The pushed authorization request endpoint, called by the client.
    Pushed,
}

/// The effective parameters of a request.
pub struct Resolved {
    /// The parameters, without references to further ones.
    pub params: Params,
    /// The digest of the `request_uri`, for a pushed request.
    pub pushed: Option<Digest>,
}

/// Determines the effective parameters.
///
/// # Errors
/// [`FlowError`]; a refusal is an error of RFC 9101 §7 or RFC 9126 §2.3.
pub async fn resolve(
    provider: &Provider,
    context: &Context,
    client: &Client,
    params: Params,
    door: RequestEndpoint,
) -> Result<Resolved, FlowError> {
    if let Some(name) = ["request", "request_uri"].into_iter().find(|name| params.repeats(name)) {
        return Err(Cause::Repeated { name: Shown::text(name) }.into());
    }
    let object = match (params.get("request"), params.get("request_uri"), door) {
        (Some(_), Some(_), _) => {
            return Err(OAuthError::invalid_request("request and request_uri exclude each other.").into());
        }
        (_, Some(_), RequestEndpoint::Pushed) => {
            return Err(OAuthError::invalid_request("request_uri cannot be pushed.").into());
        }
        (None, Some(uri), RequestEndpoint::Front) => match PushedRequestUri::parse(uri) {
            Some(pushed) => return open(provider, context, client, &pushed).await,
            None => fetch(provider, context, client, uri).await?,
        },
        (Some(object), None, _) => Some(object.to_owned()),
        (None, None, _) => None,
    };
    check_demands(client, door, object.as_deref())?;
    match object {
        Some(object) if has_keys(client) => {
            let params = read(provider, context, client, &object, &params).await?;
            Ok(Resolved { params, pushed: None })
        }
        Some(_) | None => Ok(Resolved { params, pushed: None }),
    }
}

/// Enforces the client's registered requirements: pushed requests, and signed request objects (RFC 9126 §6, RFC 9101
/// §10.5).
fn check_demands(client: &Client, door: RequestEndpoint, object: Option<&str>) -> Result<(), OAuthError> {
    if client.pushes_requests() && door == RequestEndpoint::Front {
        return Err(OAuthError::invalid_request("The client has to push its requests."));
    }
    if client.signs_requests() && object.is_none() {
        return Err(OAuthError::invalid_request("The client has to sign its requests."));
    }
    Ok(())
}

/// True if the client has keys to sign a request object. Otherwise its object is refused as not supported.
fn has_keys(client: &Client) -> bool {
    client.metadata.jwks.is_some() || client.metadata.jwks_uri.is_some()
}

/// Loads a pushed request of this client. It can be loaded repeatedly until it has been granted.
async fn open(
    provider: &Provider,
    context: &Context,
    client: &Client,
    uri: &PushedRequestUri,
) -> Result<Resolved, FlowError> {
    let digest = uri.digest();
    let mut tx = provider.store.read().await?;
    let pushed = pushed_requests::find(&mut tx, &context.realm.id, &client.id, digest).await?;
    let pushed = pushed.ok_or(Cause::RequestUriExpired)?;
    if context.now >= pushed.expires_at {
        return Err(Cause::RequestUriExpired.into());
    }
    Ok(Resolved { params: Params::parse(pushed.params.as_bytes())?, pushed: Some(digest) })
}

/// Fetches a request object from the client's URL. The URL's fragment only matters for the registration.
async fn fetch(
    provider: &Provider,
    context: &Context,
    client: &Client,
    uri: &str,
) -> Result<Option<String>, FlowError> {
    if client.metadata.request_uris.is_empty() || !has_keys(client) {
        return Ok(None);
    }
    if !client.metadata.request_uris.iter().any(|registered| registered == uri) {
        let registered = client.metadata.request_uris.len();
        return Err(Cause::RequestUri { received: Shown::uri(uri), registered }.into());
    }
    // A separate task, so that a cancelled request still fills the cache.
    let uris = provider.requests.objects.clone();
    let fetcher = provider.outbound.fetcher_of(client).clone();
    let now = context.now;
    let place = Place { uri: uri.to_owned(), is_of_stranger: client.registration.is_some() };
    let read = tokio::spawn(async move { uris.read(&fetcher, place, now).await });
    let object = read.await.map_err(|error| FlowError::Internal(error.to_string()))?;
    Ok(Some(object?))
}

/// A cache of fetched request objects and of failed fetches, because strangers can make this server fetch one.
#[derive(Clone)]
pub struct RequestUris {
    cached: Cache<Place, Arc<Slot>>,
}

/// A request URI. Self-registered clients have separate entries, so that no request of an operator's client waits for
/// their fetches.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Place {
    uri: String,
    is_of_stranger: bool,
}

/// The cache entry of a request URI.
#[derive(Default)]
struct Slot {
    /// Locked during a fetch.
    last: Mutex<Option<Fetch>>,
    /// The length of the object in bytes.
    length: AtomicUsize,
}

/// The result of the last fetch.
struct Fetch {
    at: Timestamp,
    outcome: Result<String, OAuthError>,
}

impl Default for RequestUris {
    fn default() -> Self {
        let weigh = |place: &Place, slot: &Arc<Slot>| {
            let length = slot.length.load(Ordering::Relaxed);
            u32::try_from(OVERHEAD + place.uri.len() + length).unwrap_or(u32::MAX)
        };
        Self {
            cached: Cache::builder()
                .max_capacity(CAPACITY)
                .weigher(weigh)
                .eviction_policy(EvictionPolicy::lru())
                .time_to_live(REMEMBERED)
                .build(),
        }
    }
}

impl RequestUris {
    /// Returns an object, fetched at most once within a few seconds. Concurrent callers wait for the same fetch.
    async fn read(&self, fetcher: &Fetcher, place: Place, now: Timestamp) -> Result<String, OAuthError> {
        let slot = self.cached.get_with_by_ref(&place, Arc::default);
        let mut last = slot.last.lock().await;
        if let Some(Fetch { at, outcome }) = &*last
            && at.is_within(if outcome.is_ok() { FRESH } else { PAUSE }, now)
        {
            return outcome.clone();
        }
        const LOST: OAuthError = OAuthError::invalid_request_uri("request_uri could not be read.");
        let address = place.uri.split_once('#').map_or(place.uri.as_str(), |(address, _)| address);
        let fetched = fetcher.get(address, &MEDIA_TYPES).await.ok();
        let text = fetched.and_then(|fetched| String::from_utf8(fetched.body).ok());
        // Longer objects exceed the accepted length of a JWS or JWE.
        let object = text.map(|text| text.trim().to_owned()).filter(|object| object.len() <= MAX_TOKEN);
        slot.length.store(object.as_ref().map_or(0, String::len), Ordering::Relaxed);
        let outcome = object.ok_or(LOST);
        *last = Some(Fetch { at: now, outcome: outcome.clone() });
        // Inserted again to update its weight, now that its length is known.
        self.cached.insert(place, slot.clone());
        outcome
    }
}

/// The parameters in a request object, which is optionally encrypted and always signed.
async fn read(
    provider: &Provider,
    context: &Context,
    client: &Client,
    object: &str,
    outer: &Params,
) -> Result<Params, FlowError> {
    const INVALID: OAuthError = OAuthError::invalid_request_object("The request object is not signed by the client.");
    let object = if EncryptedToken::looks_like(object) {
        jose::decrypt(provider, context, object, INVALID).await?.to_string()
    } else {
        object.to_owned()
    };
    let jws = UnverifiedJws::parse(&object).map_err(|_| INVALID)?;
    let bound = client.metadata.request_object_signing_alg.as_deref();
    if !request_object::is_typ(jws.typ()) || bound.is_some_and(|bound| bound != jws.alg()) {
        return Err(INVALID.into());
    }
    if !published_keys::have_signed(provider, context, client, &jws).await? {
        return Err(INVALID.into());
    }
    let of_profile = client.metadata.profile.rules().request_objects;
    let rules = if client.signs_requests() { of_profile.where_required() } else { of_profile };
    let parties = Parties { client: &client.id, issuer: context.realm.issuer.as_str() };
    Ok(request_object::parameters(jws.payload(), outer, parties, rules, context.now)?)
}
