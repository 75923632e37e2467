//! Where the parameters of an authorization request come from: its own, a signed request object in it (RFC 9101), one
//! that the client keeps at a registered URL (OpenID Connect Core §6.2), or what was pushed before (RFC 9126).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use tokio::sync::Mutex;

use super::{Context, FlowError, Provider, client_keys, jose};
use crate::fetch::Fetcher;
use crate::protocol::cause::{Cause, Shown};
use crate::protocol::client::Client;
use crate::protocol::error::OAuthError;
use crate::protocol::jwe::{EncryptedToken, MAX_TOKEN};
use crate::protocol::jws::UnverifiedJws;
use crate::protocol::params::Params;
use crate::protocol::request_object::{self, Parties};
use crate::protocol::secret::{Digest, PushedRequestUri};
use crate::protocol::time::{Span, Timestamp};
use crate::store::pushed_requests;

/// The media types that a request object may be served as (RFC 9101 §5.2.3).
const MEDIA_TYPES: [&str; 4] = ["application/oauth-authz-req+jwt", "application/jwt", "application/jose", "text/plain"];

/// How long a fetched request object is used again.
const FRESH: Span = Span::from_secs(5);
/// How long after a fetch began that failed there is no other: longer than one may take.
const PAUSE: Span = Span::from_secs(40);
/// How long an object, or its absence, is remembered at most.
const REMEMBERED: Duration = Duration::from_secs(60);
/// The memory for them, in bytes.
const CAPACITY: u64 = 8 * 1024 * 1024;
/// About what one takes beside its text and its URI, in bytes.
const OVERHEAD: usize = 512;

/// Where a request arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// At the authorization endpoint, by a browser.
    Front,
    /// At the endpoint for pushed requests, by the client itself.
    Pushed,
}

/// The parameters that count.
pub struct Resolved {
    /// The parameters, none of them a reference to others.
    pub params: Params,
    /// By what they were pushed.
    pub pushed: Option<Digest>,
}

/// Finds the parameters that count.
///
/// # Errors
/// [`FlowError`]; a refusal is an error of RFC 9101 §7 or RFC 9126 §2.3.
pub async fn resolve(
    provider: &Provider,
    context: &Context,
    client: &Client,
    params: Params,
    door: Door,
) -> Result<Resolved, FlowError> {
    if let Some(name) = ["request", "request_uri"].into_iter().find(|name| params.repeats(name)) {
        return Err(Cause::Repeated { name: Shown::text(name) }.into());
    }
    let object = match (params.get("request"), params.get("request_uri"), door) {
        (Some(_), Some(_), _) => {
            return Err(OAuthError::invalid_request("request and request_uri exclude each other.").into());
        }
        (_, Some(_), Door::Pushed) => return Err(OAuthError::invalid_request("request_uri cannot be pushed.").into()),
        (None, Some(uri), Door::Front) => match PushedRequestUri::parse(uri) {
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

/// Checks what the client has bound itself to: to push its requests, and to send them as request objects (RFC 9126 §6,
/// RFC 9101 §10.5).
fn check_demands(client: &Client, door: Door, object: Option<&str>) -> Result<(), OAuthError> {
    if client.pushes_requests() && door == Door::Front {
        return Err(OAuthError::invalid_request("The client has to push its requests."));
    }
    if client.signs_requests() && object.is_none() {
        return Err(OAuthError::invalid_request("The client has to sign its requests."));
    }
    Ok(())
}

/// Whether the client could sign a request object at all. Without, its object is refused as not supported.
fn has_keys(client: &Client) -> bool {
    client.metadata.jwks.is_some() || client.metadata.jwks_uri.is_some()
}

/// Opens a request that this client pushed. It may be opened again, until something is granted by it.
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

/// Fetches a request object from where the client keeps it. The fragment is part of the registration only.
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
    // In a task of its own: a caller that hangs up leaves the answer to the next.
    let uris = provider.request_uris.clone();
    let fetcher = provider.fetcher_of(client).clone();
    let now = context.now;
    let place = Place { uri: uri.to_owned(), is_of_stranger: client.registration.is_some() };
    let read = tokio::spawn(async move { uris.read(&fetcher, place, now).await });
    let object = read.await.map_err(|error| FlowError::Internal(error.to_string()))?;
    Ok(Some(object?))
}

/// The request objects that were fetched lately, or could not be: anybody can make this server ask for one.
#[derive(Clone)]
pub struct RequestUris {
    lately: Cache<Place, Arc<Slot>>,
}

/// A request URI, apart for clients that have registered themselves: no request of an operator's client waits for a fetch of theirs.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Place {
    uri: String,
    is_of_stranger: bool,
}

/// One request URI.
#[derive(Default)]
struct Slot {
    /// Held during a fetch.
    last: Mutex<Option<Fetch>>,
    /// The length of the object.
    length: AtomicUsize,
}

/// The last fetch of an object.
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
            lately: Cache::builder()
                .max_capacity(CAPACITY)
                .weigher(weigh)
                .eviction_policy(EvictionPolicy::lru())
                .time_to_live(REMEMBERED)
                .build(),
        }
    }
}

impl RequestUris {
    /// Fetches an object, unless that was done within the last seconds. Those who ask meanwhile wait for the one fetch.
    async fn read(&self, fetcher: &Fetcher, place: Place, now: Timestamp) -> Result<String, OAuthError> {
        let slot = self.lately.get_with_by_ref(&place, Arc::default);
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
        // A longer one is neither a JWS nor a JWE that is read.
        let object = text.map(|text| text.trim().to_owned()).filter(|object| object.len() <= MAX_TOKEN);
        slot.length.store(object.as_ref().map_or(0, String::len), Ordering::Relaxed);
        let outcome = object.ok_or(LOST);
        *last = Some(Fetch { at: now, outcome: outcome.clone() });
        // Weighed again, now that its length is known.
        self.lately.insert(place, slot.clone());
        outcome
    }
}

/// The parameters in a request object: decrypted where it is encrypted, and always signed.
async fn read(
    provider: &Provider,
    context: &Context,
    client: &Client,
    object: &str,
    outer: &Params,
) -> Result<Params, FlowError> {
    const INVALID: OAuthError = OAuthError::invalid_request_object("The request object is not signed by the client.");
    let object = match EncryptedToken::looks_like(object) {
        true => jose::decrypt(provider, context, object, INVALID).await?.to_string(),
        false => object.to_owned(),
    };
    let jws = UnverifiedJws::parse(&object).map_err(|_| INVALID)?;
    let bound = client.metadata.request_object_signing_alg.as_deref();
    if !request_object::is_typ(jws.typ()) || bound.is_some_and(|bound| bound != jws.alg()) {
        return Err(INVALID.into());
    }
    let (message, signature) = object.rsplit_once('.').ok_or(INVALID)?;
    if !client_keys::have_signed(provider, context, client, &jws, (message, signature)).await? {
        return Err(INVALID.into());
    }
    let of_profile = client.metadata.profile.rules().request_objects;
    let rules = match client.signs_requests() {
        true => of_profile.where_required(),
        false => of_profile,
    };
    let parties = Parties { client: &client.id, issuer: context.realm.issuer.as_str() };
    Ok(request_object::parameters(jws.payload(), outer, parties, rules, context.now)?)
}
