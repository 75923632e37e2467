//! Authorization requests that wait for somebody: found again only by the browser that brought them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::rates::Class;
use super::session::Browser;
use super::{Context, FlowError, Provider};
use crate::protocol::authorization_request::{AuthorizationRequest, PageFault};
use crate::protocol::authorization_response::ReturnPath;
use crate::protocol::client::Client;
use crate::protocol::ids::RequestId;
use crate::protocol::redirect_uri::Destination;
use crate::protocol::secret::{BrowserCookie, Digest};
use crate::store::authorization_requests::{self, PendingRequest};
use crate::store::pushed_requests;

/// The most requests that may wait: what strangers can make the server keep is bounded.
const CAP: i64 = 100_000;

/// Why a pending request cannot go on. The person is told on a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PendingFault {
    /// There is none with this id, or another browser brought it.
    Unknown,
    /// It has waited for too long.
    Expired,
    /// It has been answered.
    Answered,
    /// It was pushed, and something has been granted by it already.
    Pushed,
    /// Its client may not make it any more.
    Withdrawn(PageFault),
}

impl PendingFault {
    /// The sentence for people.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Unknown => "This sign-in was not started in this browser, or is long over.",
            Self::Expired => "This sign-in has taken too long and is over.",
            Self::Answered => "This sign-in is already done.",
            Self::Pushed => "request_uri is expired or already used.",
            Self::Withdrawn(fault) => fault.message(),
        }
    }
}

/// A pending request and its client.
#[derive(Clone)]
pub struct Interaction {
    /// The request.
    pub pending: PendingRequest,
    /// The client that asks.
    pub client: Arc<Client>,
}

/// Why there is no interaction.
#[derive(Debug)]
pub enum InteractionError {
    /// The person is told on a page.
    Fault(PendingFault),
    /// So too, with a way back to this client.
    Over(PendingFault, Arc<Client>),
    /// It did not come about.
    Flow(FlowError),
}

impl<E: Into<FlowError>> From<E> for InteractionError {
    fn from(error: E) -> Self {
        Self::Flow(error.into())
    }
}

/// Finds the request that this browser brought, narrowed to what its client may still ask for.
///
/// # Errors
/// [`InteractionError`] where there is none, it is over, or the database fails.
pub async fn find(
    provider: &Provider,
    context: &Context,
    id: Option<&str>,
    browser: Browser,
) -> Result<Interaction, InteractionError> {
    let fault = InteractionError::Fault;
    let id = id.and_then(RequestId::parse).ok_or(fault(PendingFault::Unknown))?;
    let mut tx = provider.store.read().await?;
    let pending = authorization_requests::find(&mut tx, &context.realm.id, &id).await?;
    drop(tx);
    let pending = pending.ok_or(fault(PendingFault::Unknown))?;
    if !browser.id.is_some_and(|id| id.matches(&pending.browser)) {
        return Err(fault(PendingFault::Unknown));
    }
    let client = provider.view.client(&context.realm.id, &pending.request.client_id).await?;
    let client = client.filter(|client| client.enabled).ok_or(fault(PendingFault::Unknown))?;
    if pending.closed {
        return Err(InteractionError::Over(PendingFault::Answered, client));
    }
    if context.now >= pending.expires_at {
        return Err(InteractionError::Over(PendingFault::Expired, client));
    }
    let request = pending.request.narrowed_to(&client).map_err(|reason| fault(PendingFault::Withdrawn(reason)))?;
    Ok(Interaction { pending: PendingRequest { request, ..pending }, client })
}

/// Keeps a request until somebody has signed in or consented. A browser without a name gets one.
///
/// # Errors
/// [`FlowError::Unavailable`] where too many wait already, [`FlowError::TooMany`] where those of this address do.
pub(super) async fn keep(
    provider: &Provider,
    context: &Context,
    request: AuthorizationRequest,
    browser: Browser,
) -> Result<(RequestId, Option<BrowserCookie>), FlowError> {
    check_cap(&provider.waiting)?;
    provider.rates.take_of_address(&context.realm.id, Class::Waiting, context.address(), context.now)?;
    provider.rates.take_of_region(&context.realm.id, Class::Waiting, context.address(), context.now)?;
    let (digest, cookie) = name_browser(context, browser)?;
    let pending = PendingRequest {
        id: RequestId::from_random(context.entropy.bytes()?),
        request,
        browser: digest,
        arrived_at: context.now,
        expires_at: context.now.plus(provider.lifetimes.request),
        consent: None,
        closed: false,
    };
    let (realm, id) = (context.realm.id.clone(), pending.id.clone());
    let written = provider.store.write(move |tx| {
        let (realm, pending) = (realm.clone(), pending.clone());
        Box::pin(async move {
            if let Some(pushed) = pending.request.pushed {
                pushed_requests::keep(tx, &realm, pushed, pending.expires_at).await?;
            }
            Ok::<_, FlowError>(authorization_requests::insert(tx, &realm, &pending).await?)
        })
    });
    written.await?;
    provider.waiting.fetch_add(1, Ordering::Relaxed);
    Ok((id, cookie))
}

/// Refuses to keep one more request where too many are kept already.
pub(super) fn check_cap(kept: &AtomicI64) -> Result<(), FlowError> {
    match kept.load(Ordering::Relaxed) >= CAP {
        true => Err(FlowError::Unavailable("too many authorization requests are waiting".to_owned())),
        false => Ok(()),
    }
}

/// The digest of the browser's name, and the cookie with it where it had none.
pub(super) fn name_browser(context: &Context, browser: Browser) -> Result<(Digest, Option<BrowserCookie>), FlowError> {
    match browser.id {
        Some(digest) => Ok((digest, None)),
        None => {
            let cookie = BrowserCookie::from_random(context.entropy.bytes()?);
            Ok((cookie.digest(), Some(cookie)))
        }
    }
}

/// Where the response to a request goes. `destination` is the request's own.
pub(super) fn return_path<'a>(
    context: &'a Context,
    request: &'a AuthorizationRequest,
    destination: &'a Destination,
) -> ReturnPath<'a> {
    ReturnPath {
        destination,
        mode: request.response_mode,
        state: request.state.as_deref(),
        session_state: None,
        issuer: &context.realm.issuer,
    }
}
