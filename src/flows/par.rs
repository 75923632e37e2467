//! Pushed authorization requests (RFC 9126): a client hands its request to this server itself, checked at once, and
//! sends the browser with a reference to it.

use std::sync::atomic::Ordering;

use serde::Serialize;

use super::authorize;
use super::pending;
use super::rates::Class;
use super::request_object::{self, Door};
use super::{Context, FlowError, Provider};
use crate::client_auth::{self, Presented};
use crate::protocol::authorization_request::{self, Refusal};
use crate::protocol::credentials::Authorization;
use crate::protocol::error::OAuthError;
use crate::protocol::params::Params;
use crate::protocol::secret::PushedRequestUri;
use crate::protocol::time::Span;
use crate::store::pushed_requests::{self, PushedRequest};

/// How long a pushed request may be opened: the time that a browser needs to arrive (RFC 9126 §2.2).
const LIFETIME: Span = Span::from_secs(60);
/// The parameters by which the client authenticates, which are no part of its request.
const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// The answer to a pushed request (RFC 9126 §2.2).
#[derive(Serialize)]
pub struct Pushed {
    /// What stands for the request.
    pub request_uri: String,
    /// For how many seconds.
    pub expires_in: i64,
}

/// Takes a request of a client that authenticates, and checks it as the authorization endpoint would.
///
/// # Errors
/// [`FlowError`]; a refusal is an error of the authorization endpoint, told to the client at once (RFC 9126 §2.3).
pub async fn push(
    provider: &Provider,
    context: &Context,
    authorization: &Authorization,
    params: Params,
) -> Result<Pushed, FlowError> {
    let presented = Presented { authorization, params: &params };
    let client = client_auth::authenticate(provider, context, &presented).await?;
    provider.rates.take_of_client(context, Class::Token, &client)?;
    let own = params.pairs().filter(|(name, _)| !CREDENTIALS.contains(name) && *name != "client_id");
    let id = ("client_id".to_owned(), client.id.as_str().to_owned());
    let request = Params::from_pairs(own.map(|(name, value)| (name.to_owned(), value.to_owned())).chain([id]))?;
    let resolved = request_object::resolve(provider, context, &client, request, Door::Pushed).await?;
    authorize::check(provider, context, &resolved.params, &client).await?.map_err(told)?;
    pending::check_cap(&provider.pushed)?;
    let params = authorization_request::carried(&resolved.params)?;
    let uri = PushedRequestUri::from_random(context.entropy.bytes()?);
    let pushed = PushedRequest { params, expires_at: context.now.plus(LIFETIME) };
    let (realm, client_id, digest, now) = (context.realm.id.clone(), client.id.clone(), uri.digest(), context.now);
    let written = provider.store.write(move |tx| {
        let (realm, client_id, pushed) = (realm.clone(), client_id.clone(), pushed.clone());
        Box::pin(async move {
            Ok::<_, FlowError>(pushed_requests::insert(tx, (&realm, &client_id), digest, &pushed, now).await?)
        })
    });
    if !written.await? {
        return Err(FlowError::Unavailable("the client has pushed too many requests".to_owned()));
    }
    provider.pushed.fetch_add(1, Ordering::Relaxed);
    Ok(Pushed { request_uri: uri.expose().to_owned(), expires_in: LIFETIME.as_secs() })
}

/// What a refusal of the authorization endpoint says to a client that is asking itself.
fn told(refusal: Refusal) -> OAuthError {
    match refusal {
        Refusal::Page(fault) => OAuthError::invalid_request(fault.message()),
        Refusal::Redirect { error, .. } => error,
    }
}
