//! Pushed authorization requests (RFC 9126): a client sends its request directly to this server, which validates it at
//! once, and sends the browser with a reference to it.

use serde::Serialize;

use super::request_object::{self, RequestEndpoint};
use crate::flows::authorize;
use crate::flows::client::auth;
use crate::flows::defense::rates::Class;
use crate::flows::{Context, FlowError, Provider};
use signet_protocol::authorize::request::{self, Refusal};
use signet_protocol::client::call::ClientCall;
use signet_protocol::error::OAuthError;
use signet_protocol::params::Params;
use signet_protocol::secret::PushedRequestUri;
use signet_protocol::time::Span;
use signet_store::authorize::pushed_requests::{self, Holder, Inserted, NewRequest, PushedRequest};

/// The lifetime of a pushed request: the time that a browser needs to arrive (RFC 9126 §2.2).
const LIFETIME: Span = Span::from_secs(60);
/// The parameters for client authentication, which are not part of the authorization request.
const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// The response (RFC 9126 §2.2).
#[derive(Serialize)]
pub struct Pushed {
    pub request_uri: String,
    /// The lifetime in seconds.
    pub expires_in: i64,
}

/// Stores a request of an authenticated client, validated as at the authorization endpoint.
///
/// # Errors
/// [`FlowError`]; a refusal is an error of the authorization endpoint, reported to the client at once (RFC 9126 §2.3).
pub async fn push(provider: &Provider, context: &Context, call: ClientCall) -> Result<Pushed, FlowError> {
    let client = auth::authenticate(provider, context, &call).await?;
    provider.limits.rates.take_of_client(context, Class::Token, &client)?;
    let own = call.params.pairs().filter(|(name, _)| !CREDENTIALS.contains(name) && *name != "client_id");
    let id = ("client_id".to_owned(), client.id.as_str().to_owned());
    let request = Params::from_pairs(own.map(|(name, value)| (name.to_owned(), value.to_owned())).chain([id]))?;
    let resolved = request_object::resolve(provider, context, &client, request, RequestEndpoint::Pushed).await?;
    authorize::check(provider, context, &resolved.params, &client).await?.map_err(into_error)?;
    make_room(provider, context).await?;
    let params = request::carried(&resolved.params)?;
    let uri = PushedRequestUri::from_random(context.entropy.bytes()?);
    let now = context.now;
    let new = NewRequest {
        digest: uri.digest(),
        client: client.id.clone(),
        holder: if client.is_public() { Holder::Network(context.region_name()) } else { Holder::Client },
        pushed: PushedRequest { params, expires_at: now.plus(LIFETIME) },
    };
    let written = provider.store.write_with((context.realm.id.clone(), new), move |given, tx| {
        Box::pin(async move {
            let (realm, new) = given;
            Ok::<_, FlowError>(pushed_requests::insert(tx, realm, new, now).await?)
        })
    });
    if let Inserted::Full(until) = written.await? {
        return Err(FlowError::Overloaded { cause: "the client has pushed too many requests", wait: until.since(now) });
    }
    provider.requests.pushed.add(&context.realm.id, 1);
    Ok(Pushed { request_uri: uri.expose().to_owned(), expires_in: LIFETIME.as_secs() })
}

/// Deletes pushed requests of the networks and clients with the most, if the realm has reached the cap.
async fn make_room(provider: &Provider, context: &Context) -> Result<(), FlowError> {
    let realm = &context.realm.id;
    let trim = |most| {
        provider.store.write_with(realm.clone(), move |realm, tx| {
            Box::pin(async move { pushed_requests::trim(tx, realm, most).await })
        })
    };
    provider.requests.pushed.make_room(realm, trim).await
}

/// Converts a refusal of the authorization endpoint into an error for the pushing client.
fn into_error(refusal: Refusal) -> OAuthError {
    match refusal {
        Refusal::Page(error) | Refusal::Redirect { error, .. } => error,
    }
}
