//! Authorization requests that wait for a person, available only to the browser that sent them. Each realm stores a
//! bounded number. Beyond it the network with the most requests loses its oldest ones, so that many hostile networks
//! cannot keep others from signing in.

mod counts;

use std::sync::Arc;

use crate::flows::defense::rates::Class;
use crate::flows::session::Browser;
use crate::flows::{Context, FlowError, Provider};
use signet_protocol::authorize::next_step::InteractiveRequest;
use signet_protocol::authorize::redirect_uri::Destination;
use signet_protocol::authorize::request::AuthorizationRequest;
use signet_protocol::authorize::response::ReturnPath;
use signet_protocol::cause::Cause;
use signet_protocol::client::Client;
use signet_protocol::error::OAuthError;
use signet_protocol::ids::RequestId;
use signet_protocol::secret::{BrowserCookie, Digest};
use signet_store::StoreError;
use signet_store::authorize::authorization_requests::{self, PendingRequest, Sender};
use signet_store::authorize::pushed_requests;

pub use self::counts::{CAP, Counts};

/// The reason why a pending request cannot continue. The person sees a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PendingFault {
    /// There is no request with this id, or it belongs to another browser.
    Unknown,
    Expired,
    /// It was answered before.
    Answered,
    /// It was pushed, and has already been granted once.
    Pushed,
    /// Its client may no longer make it.
    Withdrawn(OAuthError),
}

impl PendingFault {
    /// The error, with its sentence for people.
    pub fn into_error(self) -> OAuthError {
        match self {
            Self::Unknown => Cause::SignInUnknown.into(),
            Self::Expired => Cause::SignInExpired.into(),
            Self::Answered => Cause::SignInAnswered.into(),
            Self::Pushed => Cause::RequestUriExpired.into(),
            Self::Withdrawn(error) => error,
        }
    }
}

#[derive(Clone)]
pub struct Interaction {
    pub pending: PendingRequest,
    pub client: Arc<Client>,
}

/// The reason why an interaction cannot be loaded or completed.
#[derive(Debug)]
pub enum InteractionError {
    /// Shown on a page.
    Fault(PendingFault),
    /// Shown on a page, with a link back to this client.
    Over(PendingFault, Arc<Client>),
    Flow(FlowError),
}

impl<E: Into<FlowError>> From<E> for InteractionError {
    fn from(error: E) -> Self {
        Self::Flow(error.into())
    }
}

/// Loads a request of this browser, reduced to what its client may still ask for.
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
    let client = provider.view.client(&context.realm.id, pending.request.client_id()).await?;
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

/// Stores a request until a person has signed in or consented. A browser without a cookie gets one.
///
/// # Errors
/// [`FlowError::TooMany`] if this address or its region has too many pending requests.
pub(crate) async fn keep(
    provider: &Provider,
    context: &Context,
    request: InteractiveRequest,
    browser: Browser,
) -> Result<(RequestId, Option<BrowserCookie>), FlowError> {
    provider.limits.rates.take_of_address(&context.realm.id, Class::Waiting, context.address(), context.now)?;
    make_room(provider, context).await?;
    let (digest, cookie) = identify_browser(context, browser)?;
    let pending = PendingRequest {
        id: RequestId::from_random(context.entropy.bytes()?),
        request,
        browser: digest,
        arrived_at: context.now,
        expires_at: context.now.plus(provider.lifetimes.request),
        consent: None,
        selected_by: None,
        closed: false,
    };
    let id = pending.id.clone();
    let sender = Sender { network: context.region_name(), device: browser.device };
    let written = provider.store.write_with((context.realm.id.clone(), pending, sender), |given, tx| {
        Box::pin(async move {
            let (realm, pending, sender) = given;
            if let InteractiveRequest::Authorization(request) = &pending.request
                && let Some(pushed) = request.pushed
            {
                pushed_requests::keep(tx, realm, pushed, pending.expires_at).await?;
            }
            Ok::<_, FlowError>(authorization_requests::insert(tx, realm, pending, sender).await?)
        })
    });
    written.await?;
    provider.requests.waiting.add(&context.realm.id, 1);
    Ok((id, cookie))
}

/// Deletes pending requests of the networks with the most, if the realm has reached the cap. Deletes in batches, so
/// that other writes can run in between.
async fn make_room(provider: &Provider, context: &Context) -> Result<(), FlowError> {
    let realm = &context.realm.id;
    let now = context.now;
    let trim = async |most| {
        let mut tx = provider.store.read().await?;
        let plan = authorization_requests::plan_evictions(&mut tx, realm, most, now).await?;
        drop(tx);
        let mut left = plan.waiting;
        for portion in plan.evictions {
            let written = provider.store.write_with((realm.clone(), portion), move |given, tx| {
                Box::pin(async move { authorization_requests::evict(tx, &given.0, &given.1, now).await })
            });
            let evicted: Result<i64, StoreError> = written.await;
            left -= evicted?;
        }
        Ok(left)
    };
    provider.requests.waiting.make_room(realm, trim).await
}

/// The digest of the browser's cookie, and a new cookie if it had none.
pub(crate) fn identify_browser(
    context: &Context,
    browser: Browser,
) -> Result<(Digest, Option<BrowserCookie>), FlowError> {
    match browser.id {
        Some(digest) => Ok((digest, None)),
        None => {
            let cookie = BrowserCookie::from_random(context.entropy.bytes()?);
            Ok((cookie.digest(), Some(cookie)))
        }
    }
}

/// The redirect URI for the response to a request. `destination` is the request's own.
pub(crate) fn return_path<'a>(
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
