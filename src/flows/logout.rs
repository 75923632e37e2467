//! RP-initiated logout (OpenID Connect RP-Initiated Logout §2): a hint ends the session that it names, the person their
//! own; the browser goes back to a registered URI of an identified client alone.

use std::sync::Arc;

use super::front_channel;
use super::login;
use super::session::{self, Browser};
use super::verify::{self, Hint, IdTokenHint};
use super::{Concerning, Context, FlowError, Provider, subject};
use crate::protocol::cause::{Cause, Shown};
use crate::protocol::client::Client;
use crate::protocol::ids::{ClientId, SessionId, UserId};
use crate::protocol::params::Params;
use crate::protocol::redirect_uri::{Destination, Omission, destination};
use crate::store::audit::{self, Event, Outcome};
use crate::store::session_clients;
use crate::store::sessions::{self, Session};

/// A logout request that has been checked.
pub struct LogoutRequest {
    /// The client that asks.
    pub client: Option<Arc<Client>>,
    /// Where the browser goes afterwards.
    pub return_to: Option<String>,
    hint: Option<IdTokenHint>,
}

/// Checks a logout request. A hint that proves nothing any more counts as none. Where neither hint nor `client_id` names
/// a client, there is none to go back to, and the browser stays here (§3).
///
/// # Errors
/// [`FlowError::Refused`] where the hint or the URI is refused; nothing is ended.
pub async fn check(provider: &Provider, context: &Context, params: &Params) -> Result<LogoutRequest, FlowError> {
    let presented = match params.get("id_token_hint") {
        Some(hint) => Some(verify::id_token_hint(provider, context, hint).await?),
        None => None,
    };
    let hint = match presented {
        Some(Hint::Genuine(hint)) => Some(hint),
        Some(Hint::Stale) | None => None,
    };
    let client = identify(provider, context, params, hint.as_ref()).await?;
    let return_to = match params.get("post_logout_redirect_uri") {
        Some(uri) if hint.is_some() || params.get("client_id").is_some() => {
            Some(registered(client.as_deref(), uri, params.get("state"))?)
        }
        Some(_) | None => None,
    };
    Ok(LogoutRequest { client, return_to, hint })
}

/// The client that asks: named by `client_id`, which the hint has to confirm, or by the hint's only audience.
async fn identify(
    provider: &Provider,
    context: &Context,
    params: &Params,
    hint: Option<&IdTokenHint>,
) -> Result<Option<Arc<Client>>, FlowError> {
    let id = match (params.get("client_id"), hint) {
        (Some(named), Some(hint)) if !hint.audiences.iter().any(|audience| audience == named) => {
            return Err(Cause::HintOfOtherClient.into());
        }
        (Some(named), _) => ClientId::parse(named),
        (None, Some(hint)) => hint.audiences.first().and_then(|audience| ClientId::parse(audience)),
        (None, None) => None,
    };
    let Some(id) = id else { return Ok(None) };
    let client = provider.view.client(&context.realm.id, &id).await?;
    Ok(client.filter(|client| client.enabled))
}

/// The URI to go back to, with the request's `state`.
fn registered(client: Option<&Client>, uri: &str, state: Option<&str>) -> Result<String, Cause> {
    let client = client.ok_or(Cause::LogoutWithoutClient)?;
    let uris = &client.metadata.post_logout_redirect_uris;
    let refused = |_| Cause::LogoutRedirectUri { received: Shown::uri(uri), registered: uris.len() };
    let destination: Destination = destination(uris, Some(uri), Omission::Refused).map_err(refused)?;
    let state: Vec<(&str, &str)> = state.map(|state| ("state", state)).into_iter().collect();
    Ok(destination.with_parameters(&state))
}

/// What happens with a checked request.
pub enum Plan {
    /// The person is asked.
    Ask {
        /// Who is signed in.
        username: Option<String>,
    },
    /// The session has been ended, or there was none.
    Ended(Ended),
}

/// The end of a session.
pub struct Ended {
    /// The session that is over.
    pub session: Over,
    /// The pages that the browser has to load.
    pub frames: Frames,
}

/// A session that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// The browser's session.
    Current,
    /// A session that the hint names and this browser does not hold.
    Named,
    /// No session: the browser held none.
    None,
}

impl Ended {
    /// The end of a session of another browser, or of none.
    const fn elsewhere(session: Over) -> Self {
        Self { session, frames: Frames::new() }
    }
}

/// The pages of clients that the browser has to load for them to end their own sessions.
pub type Frames = Vec<String>;

/// A session that is to be ended, and its user.
#[derive(Clone, PartialEq, Eq)]
struct Named {
    session: SessionId,
    user: UserId,
}

impl Named {
    fn of(session: &Session) -> Self {
        Self { session: session.id.clone(), user: session.user_id.clone() }
    }

    /// The session that a hint names, as the client that it was issued to knows session and person.
    fn by(provider: &Provider, request: &LogoutRequest) -> Option<Self> {
        let client = request.client.as_deref()?;
        let hint = request.hint.as_ref()?;
        let user = subject::user(provider, client, &hint.subject)?;
        let session = subject::session(provider, client, &hint.session)?;
        Some(Self { session, user })
    }
}

/// The right by which a session is ended.
#[derive(Clone, Copy)]
enum Proof {
    /// The browser holds its cookie.
    Cookie,
    /// A verified hint names it.
    Hint,
}

impl Proof {
    /// The actor in the audit log.
    const fn actor(self) -> &'static str {
        match self {
            Self::Cookie => "user",
            Self::Hint => "client",
        }
    }

    /// The reason in the audit log.
    const fn reason(self) -> &'static str {
        match self {
            Self::Cookie => "logout",
            Self::Hint => "id_token_hint",
        }
    }
}

/// Ends the session that a hint names, whether this browser holds it or not. A browser that holds another one is asked
/// about that, as is one without a hint.
///
/// # Errors
/// [`FlowError`] where the database fails.
pub async fn begin(
    provider: &Provider,
    context: &Context,
    request: &LogoutRequest,
    browser: Browser,
) -> Result<Plan, FlowError> {
    let current = session::current(provider, context, browser).await?;
    let hinted = Named::by(provider, request);
    if let Some(session) = &current
        && hinted == Some(Named::of(session))
    {
        return end_current(provider, context, session, request).await.map(Plan::Ended);
    }
    let is_named = hinted.is_some();
    if let Some(hinted) = hinted {
        // Which clients take part in the session is not for a browser to know that does not hold it: no frames.
        end(provider, context, hinted, request, Proof::Hint).await?;
    }
    match current {
        Some(session) => {
            let username = login::username(provider, context, &session.user_id).await?;
            Ok(Plan::Ask { username: Some(username) })
        }
        None if is_named => Ok(Plan::Ended(Ended::elsewhere(Over::Named))),
        None => Ok(Plan::Ask { username: None }),
    }
}

/// Ends the session, since the person has confirmed it.
///
/// # Errors
/// [`FlowError`] where the database fails; the session is then not ended.
pub async fn confirm(
    provider: &Provider,
    context: &Context,
    request: &LogoutRequest,
    browser: Browser,
) -> Result<Ended, FlowError> {
    match session::current(provider, context, browser).await? {
        Some(session) => end_current(provider, context, &session, request).await,
        None => Ok(Ended::elsewhere(Over::None)),
    }
}

/// Ends the session of the browser, which then loads the pages of its clients.
async fn end_current(
    provider: &Provider,
    context: &Context,
    session: &Session,
    request: &LogoutRequest,
) -> Result<Ended, FlowError> {
    let clients = end(provider, context, Named::of(session), request, Proof::Cookie).await?;
    let frames = front_channel::frames(provider, context, &session.id, &clients).await?;
    Ok(Ended { session: Over::Current, frames })
}

/// Ends a session if it is this user's; the clients that take part in it. One that has expired is ended too.
async fn end(
    provider: &Provider,
    context: &Context,
    named: Named,
    request: &LogoutRequest,
    proof: Proof,
) -> Result<Vec<ClientId>, FlowError> {
    let concerning = Concerning {
        actor: proof.actor(),
        user: Some(&named.user),
        client: request.client.as_ref().map(|client| &client.id),
        session: Some(&named.session),
    };
    let record = context.record(Event::Logout, Outcome::Success, concerning, proof.reason())?;
    let horizon = provider.revocation_horizon(context.now);
    let shared = Arc::new((context.clone(), named, record));
    let written = provider.store.write(move |tx| {
        let shared = shared.clone();
        Box::pin(async move {
            let (context, named, record) = &*shared;
            let realm = &context.realm.id;
            if sessions::owner(tx, realm, &named.session).await?.as_ref() != Some(&named.user) {
                return Ok(Vec::new());
            }
            let clients = session_clients::list(tx, realm, &named.session).await?;
            // Of two answers to one question the first ends the session.
            if session::end(tx, context, &named.session, horizon).await?.is_some() {
                audit::append(tx, realm, record, context.now).await?;
            }
            Ok::<_, FlowError>(clients)
        })
    });
    let clients = written.await?;
    provider.announced.notify_one();
    provider.catch_up().await?;
    Ok(clients)
}
