//! RP-initiated logout (OpenID Connect RP-Initiated Logout §2): only a hint that names the session, or the person
//! themselves, ends it; only a registered URI of an identified client is returned to.

use std::sync::Arc;

use super::front_channel;
use super::login;
use super::session::{self, Browser};
use super::verify::{self, IdTokenHint};
use super::{Concerning, Context, FlowError, Provider, subject};
use crate::protocol::client::Client;
use crate::protocol::ids::ClientId;
use crate::protocol::params::Params;
use crate::protocol::redirect_uri::{Destination, Omission, destination};
use crate::store::audit::{self, Event, Outcome};
use crate::store::session_clients;
use crate::store::sessions::Session;

/// A logout request that has been checked.
pub struct LogoutRequest {
    /// The client that asks.
    pub client: Option<Arc<Client>>,
    /// Where the browser goes afterwards.
    pub return_to: Option<String>,
    hint: Option<IdTokenHint>,
}

/// Why a logout request is refused; nothing is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogoutFault {
    /// The URI is not registered for the client, or no client is identified.
    NotRegistered,
    /// The hint is not an ID token of this server, or names another client.
    InvalidHint,
}

impl LogoutFault {
    /// The sentence for people.
    pub const fn message(self) -> &'static str {
        match self {
            Self::NotRegistered => "post_logout_redirect_uri is not registered for this application.",
            Self::InvalidHint => "id_token_hint is not valid.",
        }
    }
}

/// Why there is no checked request.
#[derive(Debug)]
pub enum LogoutError {
    /// The person is told on a page.
    Fault(LogoutFault),
    /// It did not come about.
    Flow(FlowError),
}

impl<E: Into<FlowError>> From<E> for LogoutError {
    fn from(error: E) -> Self {
        Self::Flow(error.into())
    }
}

/// Checks a logout request.
///
/// # Errors
/// [`LogoutError`] where the hint or the URI is refused.
pub async fn check(provider: &Provider, context: &Context, params: &Params) -> Result<LogoutRequest, LogoutError> {
    let invalid = LogoutError::Fault(LogoutFault::InvalidHint);
    let hint = match params.get("id_token_hint") {
        Some(hint) => match verify::id_token_hint(provider, context, hint).await {
            Err(FlowError::Refused(_)) => return Err(invalid),
            verified => Some(verified?),
        },
        None => None,
    };
    let client = identify(provider, context, params, hint.as_ref()).await?;
    let return_to = match params.get("post_logout_redirect_uri") {
        Some(uri) => Some(registered(client.as_deref(), uri, params.get("state"))?),
        None => None,
    };
    Ok(LogoutRequest { client, return_to, hint })
}

/// The client that asks: named by `client_id`, which the hint has to confirm, or by the hint's only audience.
async fn identify(
    provider: &Provider,
    context: &Context,
    params: &Params,
    hint: Option<&IdTokenHint>,
) -> Result<Option<Arc<Client>>, LogoutError> {
    let invalid = || LogoutError::Fault(LogoutFault::InvalidHint);
    let id = match (params.get("client_id"), hint) {
        (Some(named), Some(hint)) if !hint.audiences.iter().any(|audience| audience == named) => {
            return Err(invalid());
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
fn registered(client: Option<&Client>, uri: &str, state: Option<&str>) -> Result<String, LogoutError> {
    let refused = LogoutError::Fault(LogoutFault::NotRegistered);
    let Some(client) = client else { return Err(refused) };
    let uris = &client.metadata.post_logout_redirect_uris;
    let destination: Destination = destination(uris, Some(uri), Omission::Refused).map_err(|_| refused)?;
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
    Ended(Frames),
}

/// The pages of clients that the browser has to load for them to end their own sessions.
pub type Frames = Vec<String>;

/// Ends the session at once where the hint names it, or where there is none; otherwise the person is to be asked.
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
    match (&current, &request.hint) {
        (Some(session), Some(hint)) if names(provider, request.client.as_deref(), hint, session) => {
            end(provider, context, session, request).await.map(Plan::Ended)
        }
        (None, Some(_)) => Ok(Plan::Ended(Frames::new())),
        (Some(session), Some(_) | None) => {
            let username = login::username(provider, context, &session.user_id).await?;
            Ok(Plan::Ask { username: Some(username) })
        }
        (None, None) => Ok(Plan::Ask { username: None }),
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
) -> Result<Frames, FlowError> {
    match session::current(provider, context, browser).await? {
        Some(session) => end(provider, context, &session, request).await,
        None => Ok(Frames::new()),
    }
}

/// Whether the hint is about this session and its person, as the client that it was issued to knows them.
fn names(provider: &Provider, client: Option<&Client>, hint: &IdTokenHint, session: &Session) -> bool {
    let about_them =
        client.is_some_and(|client| subject::user(provider, client, &hint.subject).as_ref() == Some(&session.user_id));
    about_them
        && client.and_then(|client| subject::session(provider, client, &hint.session)).as_ref() == Some(&session.id)
}

async fn end(
    provider: &Provider,
    context: &Context,
    session: &Session,
    request: &LogoutRequest,
) -> Result<Frames, FlowError> {
    let concerning = Concerning {
        actor: "user",
        user: Some(&session.user_id),
        client: request.client.as_ref().map(|client| &client.id),
        session: Some(&session.id),
    };
    let record = context.record(Event::Logout, Outcome::Success, concerning, "logout")?;
    let horizon = provider.revocation_horizon(context.now);
    let shared = Arc::new((context.clone(), session.id.clone(), record));
    let written = provider.store.write(move |tx| {
        let shared = shared.clone();
        Box::pin(async move {
            let (context, session, record) = &*shared;
            let clients = session_clients::list(tx, &context.realm.id, session).await?;
            // Of two answers to one question the first ends the session.
            if session::end(tx, context, session, horizon).await?.is_some() {
                audit::append(tx, &context.realm.id, record, context.now).await?;
            }
            Ok::<_, FlowError>(clients)
        })
    });
    let clients = written.await?;
    provider.announced.notify_one();
    provider.catch_up(context.now).await?;
    front_channel::frames(provider, context, &session.id, &clients).await
}
