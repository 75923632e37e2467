//! RP-initiated logout (OpenID Connect RP-Initiated Logout §2). A hint ends the session that it names; a person ends
//! their own. The browser returns only to a registered URI of an identified client.

use std::sync::Arc;

use super::Browser;
use super::front_channel;
use crate::flows::session::{self, Addressee};
use crate::flows::token::subject;
use crate::flows::token::verify::{self, Hint, IdTokenHint};
use crate::flows::{Concerning, Context, FlowError, Provider};
use signet_protocol::authorize::redirect_uri::{Destination, Omission, destination};
use signet_protocol::cause::{Cause, Shown};
use signet_protocol::client::Client;
use signet_protocol::ids::{ClientId, SessionId, UserId};
use signet_protocol::params::Params;
use signet_store::events::audit::{self, Event, Outcome};
use signet_store::session::session_clients;
use signet_store::session::sessions::{self, Session};

/// A validated logout request.
pub struct LogoutRequest {
    /// The requesting client, if identified.
    pub client: Option<Arc<Client>>,
    /// The URL that the browser returns to.
    pub return_to: Option<String>,
    hint: Option<IdTokenHint>,
}

/// Validates a logout request. A hint that no longer proves anything is ignored. If neither hint nor `client_id`
/// identifies a client, there is no URI to return to, and the browser stays on this server (§3).
///
/// # Errors
/// [`FlowError::Refused`] if the hint or the URI is refused; no session is ended.
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

/// The requesting client: named by `client_id`, which the hint must confirm, or the hint's only audience.
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

/// The URI to return to, with the request's `state`.
fn registered(client: Option<&Client>, uri: &str, state: Option<&str>) -> Result<String, Cause> {
    let client = client.ok_or(Cause::LogoutWithoutClient)?;
    let uris = &client.metadata.post_logout_redirect_uris;
    let refused = |_| Cause::LogoutRedirectUri { received: Shown::uri(uri), registered: uris.len() };
    let destination: Destination = destination(uris, Some(uri), Omission::Refused).map_err(refused)?;
    let state: Vec<(&str, &str)> = state.map(|state| ("state", state)).into_iter().collect();
    Ok(destination.with_parameters(&state))
}

/// The next step of a validated request.
pub enum Plan {
    /// Ask the person for confirmation.
    Ask {
        /// The signed-in person.
        person: Option<Addressee>,
    },
    /// The session has been ended, or there was none.
    Ended(Ended),
}

/// The result of a logout.
pub struct Ended {
    pub session: Over,
    /// The front-channel logout URLs to load.
    pub frames: Frames,
}

/// The session that a logout ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    Current,
    /// A session named by the hint, which this browser does not hold.
    Named,
    /// No session: the browser held none.
    None,
}

impl Ended {
    /// The end of another browser's session, or of none.
    const fn elsewhere(session: Over) -> Self {
        Self { session, frames: Frames::new() }
    }
}

/// Front-channel logout URLs of clients, to be loaded in frames.
pub type Frames = Vec<String>;

/// A session to end, with its user.
#[derive(Clone, PartialEq, Eq)]
struct Named {
    session: SessionId,
    user: UserId,
}

impl Named {
    fn of(session: &Session) -> Self {
        Self { session: session.id.clone(), user: session.user_id.clone() }
    }

    /// The session in the hint, with the subject and session id mapped back from those of its client.
    fn by(provider: &Provider, request: &LogoutRequest) -> Result<Option<Self>, FlowError> {
        let Some(client) = request.client.as_deref() else { return Ok(None) };
        let Some(hint) = &request.hint else { return Ok(None) };
        let user = subject::user(provider, client, &hint.subject)?;
        let session = subject::session(provider, client, &hint.session)?;
        Ok(user.zip(session).map(|(user, session)| Self { session, user }))
    }
}

/// The authorization to end a session.
#[derive(Clone, Copy)]
enum Proof {
    /// The browser holds the session's cookie.
    Cookie,
    /// A verified hint names the session.
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

/// Ends the session that a hint names, whether or not this browser holds it. If the browser holds another one, or there
/// is no hint, the person is asked.
pub async fn begin(
    provider: &Provider,
    context: &Context,
    request: &LogoutRequest,
    browser: Browser,
) -> Result<Plan, FlowError> {
    let current = session::current(provider, context, browser).await?;
    let hinted = Named::by(provider, request)?;
    if let Some(session) = &current
        && hinted == Some(Named::of(session))
    {
        return end_current(provider, context, session, request).await.map(Plan::Ended);
    }
    let is_named = hinted.is_some();
    if let Some(hinted) = hinted {
        // No frames: a browser that does not hold the session must not learn which clients take part in it.
        end(provider, context, hinted, request, Proof::Hint).await?;
    }
    match current {
        Some(session) => {
            let person = super::addressee(provider, context, &session.user_id).await?;
            Ok(Plan::Ask { person: Some(person) })
        }
        None if is_named => Ok(Plan::Ended(Ended::elsewhere(Over::Named))),
        None => Ok(Plan::Ask { person: None }),
    }
}

/// Ends the session after the person has confirmed it.
///
/// # Errors
/// [`FlowError`] if the database fails; the session is then not ended.
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

/// Ends the session of the browser, which then loads the front-channel logout pages of its clients.
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

/// Ends a session if it is this user's, and returns its clients. An expired session is ended too.
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
    let written = provider.store.write_with((context.clone(), named, record), move |given, tx| {
        Box::pin(async move {
            let (context, named, record) = given;
            let realm = &context.realm.id;
            if sessions::owner(tx, realm, &named.session).await?.as_ref() != Some(&named.user) {
                return Ok(Vec::new());
            }
            let clients = session_clients::list(tx, realm, &named.session).await?;
            // Of two concurrent confirmations, the first ends the session.
            if session::end(tx, context, &named.session, horizon).await?.is_some() {
                audit::append(tx, realm, record, context.now).await?;
            }
            Ok::<_, FlowError>(clients)
        })
    });
    let clients = written.await?;
    provider.outbound.announced.notify_one();
    provider.catch_up().await?;
    Ok(clients)
}
