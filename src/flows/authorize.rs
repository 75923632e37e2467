//! The authorization endpoint (RFC 6749 §3.1): check the request, then ask what is missing until a code can be issued.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::pending::{self, Interaction, InteractionError, PendingFault};
use super::session::{self, Browser};
use super::verify;
use super::{Context, FlowError, Provider};
use crate::protocol::authorization_request::{AuthorizationRequest, PageFault, Refusal};
use crate::protocol::authorization_response::{Delivery, ReturnPath};
use crate::protocol::client::Client;
use crate::protocol::code_redemption::CodeRecord;
use crate::protocol::error::OAuthError;
use crate::protocol::ids::{ClientId, FamilyId, RequestId};
use crate::protocol::interaction::{NextStep, SessionFacts, Situation, next_step};
use crate::protocol::params::Params;
use crate::protocol::scope::Scope;
use crate::protocol::secret::{AuthorizationCode, BrowserCookie};
use crate::store::sessions::Session;
use crate::store::{authorization_codes, authorization_requests, consents};

/// What the browser does next.
pub enum Next {
    /// It goes back to the client with a code or an error.
    Deliver(Delivery),
    /// It shows the sign-in page for this request.
    Login(RequestId),
    /// It shows the consent page for this request.
    Consent(RequestId),
}

/// The outcome of a new request.
pub struct Begun {
    /// What the browser does next.
    pub next: Next,
    /// The cookie that names the browser from now on, if it has none.
    pub cookie: Option<BrowserCookie>,
}

/// Why a new request leads nowhere.
#[derive(Debug)]
pub enum AuthorizeError {
    /// The person is told on a page: there is no client to go back to.
    Page(PageFault),
    /// It did not come about.
    Flow(FlowError),
}

impl<E: Into<FlowError>> From<E> for AuthorizeError {
    fn from(error: E) -> Self {
        Self::Flow(error.into())
    }
}

/// Begins with an authorization request.
///
/// # Errors
/// [`AuthorizeError::Page`] where the client or its redirect URI is not proven; everything else goes to the client.
pub async fn begin(
    provider: &Provider,
    context: &Context,
    params: &Params,
    browser: Browser,
) -> Result<Begun, AuthorizeError> {
    let unknown = AuthorizeError::Page(PageFault::UnknownClient);
    let named = params.get("client_id").filter(|_| !params.repeats("client_id")).and_then(ClientId::parse);
    let Some(client_id) = named else { return Err(unknown) };
    let client = provider.view.client(&context.realm.id, &client_id).await?;
    let Some(client) = client.filter(|client| client.enabled) else { return Err(unknown) };
    let request = match check(provider, context, params, &client) {
        Ok(request) => request,
        Err(refusal) => return refuse(context, refusal),
    };
    let found = look(provider, context, &request, browser).await?;
    match found.decide(&request, &client, context, None) {
        NextStep::Issue => {
            let next = issue(provider, context, &request, found.session, None).await.map_err(without_row)?;
            Ok(Begun { next, cookie: None })
        }
        NextStep::Refuse(error) => Ok(Begun { next: deny(context, &request, error), cookie: None }),
        NextStep::Login | NextStep::Reauthenticate => {
            let (id, cookie) = pending::keep(provider, context, request, browser).await?;
            Ok(Begun { next: Next::Login(id), cookie })
        }
        NextStep::Consent { .. } => {
            let (id, cookie) = pending::keep(provider, context, request, browser).await?;
            Ok(Begun { next: Next::Consent(id), cookie })
        }
    }
}

/// What an interaction needs next, decided anew.
pub struct Position {
    /// The next step.
    pub step: NextStep,
    /// The session of the browser.
    pub session: Option<Session>,
}

/// Asks what an interaction needs next.
///
/// # Errors
/// [`FlowError`] where the database fails.
pub async fn position(
    provider: &Provider,
    context: &Context,
    interaction: &Interaction,
    browser: Browser,
) -> Result<Position, FlowError> {
    let Interaction { pending, client } = interaction;
    let found = look(provider, context, &pending.request, browser).await?;
    let step = found.decide(&pending.request, client, context, Some(interaction));
    Ok(Position { step, session: found.session })
}

/// Goes on with an interaction as far as possible.
///
/// # Errors
/// [`InteractionError`] where it has been answered in between, or the database fails.
pub async fn advance(
    provider: &Provider,
    context: &Context,
    interaction: &Interaction,
    browser: Browser,
) -> Result<Next, InteractionError> {
    let position = position(provider, context, interaction, browser).await?;
    let pending = &interaction.pending;
    match position.step {
        NextStep::Login | NextStep::Reauthenticate => Ok(Next::Login(pending.id.clone())),
        NextStep::Consent { .. } => Ok(Next::Consent(pending.id.clone())),
        NextStep::Issue => issue(provider, context, &pending.request, position.session, Some(&pending.id)).await,
        NextStep::Refuse(error) => refuse_interaction(provider, context, interaction, error).await,
    }
}

/// Answers an interaction with an error, once.
///
/// # Errors
/// [`InteractionError`] where it has been answered in between, or the database fails.
pub async fn refuse_interaction(
    provider: &Provider,
    context: &Context,
    interaction: &Interaction,
    error: OAuthError,
) -> Result<Next, InteractionError> {
    let (realm, id, now) = (context.realm.id.clone(), interaction.pending.id.clone(), context.now);
    let closed = provider.store.write(move |tx| {
        let (realm, id) = (realm.clone(), id.clone());
        Box::pin(async move { Ok::<_, FlowError>(authorization_requests::close(tx, &realm, &id, now).await?) })
    });
    if closed.await? {
        provider.waiting.fetch_sub(1, Ordering::Relaxed);
        Ok(deny(context, &interaction.pending.request, error))
    } else {
        Err(InteractionError::Fault(PendingFault::Answered))
    }
}

/// The response that tells the client of an error.
fn deny(context: &Context, request: &AuthorizationRequest, error: OAuthError) -> Next {
    let destination = request.destination();
    Next::Deliver(pending::return_path(context, request, &destination).error(error))
}

/// Checks the request and its hint.
fn check(
    provider: &Provider,
    context: &Context,
    params: &Params,
    client: &Client,
) -> Result<AuthorizationRequest, Refusal> {
    let mut request = AuthorizationRequest::check(params, client)?;
    if let Some(hint) = params.get("id_token_hint") {
        let hint = verify::id_token_hint(provider, context, hint);
        let own = hint.and_then(|hint| {
            let issued_to_it = hint.audiences.iter().any(|audience| audience == client.id.as_str());
            issued_to_it.then_some(hint).ok_or(OAuthError::invalid_request("id_token_hint is for another client."))
        });
        match own {
            Ok(hint) => request.hinted_subject = Some(hint.subject.as_str().to_owned()),
            Err(error) => {
                let (destination, mode) = (request.destination(), request.response_mode);
                return Err(Refusal::Redirect { destination, mode, state: request.state, error });
            }
        }
    }
    Ok(request)
}

fn refuse(context: &Context, refusal: Refusal) -> Result<Begun, AuthorizeError> {
    match refusal {
        Refusal::Page(fault) => Err(AuthorizeError::Page(fault)),
        Refusal::Redirect { destination, mode, state, error } => {
            let issuer = context.realm.issuer.as_str();
            let path =
                ReturnPath { destination: &destination, mode, state: state.as_deref(), session_state: None, issuer };
            Ok(Begun { next: Next::Deliver(path.error(error)), cookie: None })
        }
    }
}

/// What the database knows of the browser and of what its user has granted.
struct Found {
    session: Option<Session>,
    remembered: Option<Scope>,
}

async fn look(
    provider: &Provider,
    context: &Context,
    request: &AuthorizationRequest,
    browser: Browser,
) -> Result<Found, FlowError> {
    provider.view.fresh()?;
    if browser.session.is_none() {
        return Ok(Found { session: None, remembered: None });
    }
    let mut tx = provider.store.read().await?;
    let session = session::find(&mut tx, context, browser).await?;
    let remembered = match &session {
        Some(session) => consents::find(&mut tx, &context.realm.id, &session.user_id, &request.client_id).await?,
        None => None,
    };
    Ok(Found { session, remembered })
}

impl Found {
    fn decide(
        &self,
        request: &AuthorizationRequest,
        client: &Client,
        context: &Context,
        interaction: Option<&Interaction>,
    ) -> NextStep {
        let session = self.session.as_ref();
        let consent = interaction.and_then(|interaction| interaction.pending.consent.as_ref());
        let own = consent.filter(|(_, by)| session.is_some_and(|session| session.user_id == *by));
        let situation = Situation {
            session: session
                .map(|session| SessionFacts { user: &session.user_id, auth_time: session.authentication.time }),
            remembered: self.remembered.as_ref(),
            consented_at: own.map(|(at, _)| *at),
            arrived_at: interaction.map_or(context.now, |interaction| interaction.pending.arrived_at),
            now: context.now,
        };
        next_step(request, client, &situation)
    }
}

/// Issues a code: closes the request, if a row holds it, and stores the code's digest in the same transaction.
async fn issue(
    provider: &Provider,
    context: &Context,
    request: &AuthorizationRequest,
    session: Option<Session>,
    row: Option<&RequestId>,
) -> Result<Next, InteractionError> {
    let Some(session) = session else {
        return Err(FlowError::Internal("a code without a session".to_owned()).into());
    };
    let code = AuthorizationCode::from_random(context.entropy.bytes().map_err(FlowError::from)?);
    let record = Arc::new(CodeRecord {
        client_id: request.client_id.clone(),
        user_id: session.user_id.clone(),
        session_id: session.id.clone(),
        family_id: FamilyId::from_random(context.entropy.bytes().map_err(FlowError::from)?),
        redirect_uri: request.redirect_uri.clone(),
        redirect_uri_named: request.redirect_uri_named,
        scope: request.scope.clone(),
        extensions: request.extensions.clone(),
        authentication: session.authentication.clone(),
        expires_at: context.now.plus(provider.lifetimes.code),
    });
    let listener = session::listener(provider, context, &request.client_id).await?;
    let state = session::state_for(context, request, &session)?;
    let (digest, lifetimes, shared) =
        (code.digest(), provider.lifetimes, Arc::new((context.clone(), session, listener)));
    let (row, had_row) = (row.cloned(), row.is_some());
    let stored = provider.store.write(move |tx| {
        let (record, shared, row) = (record.clone(), shared.clone(), row.clone());
        Box::pin(async move {
            let (context, session) = (&shared.0, &shared.1);
            if let Some(id) = &row
                && !authorization_requests::close(tx, &context.realm.id, id, context.now).await?
            {
                return Ok::<_, FlowError>(Stored::AnsweredBefore);
            }
            authorization_codes::insert(tx, &context.realm.id, digest, &record).await?;
            session::join(tx, context, session, shared.2.as_ref()).await?;
            session::touch(tx, &lifetimes, context, session).await?;
            Ok(Stored::Code)
        })
    });
    match stored.await? {
        Stored::AnsweredBefore => Err(InteractionError::Fault(PendingFault::Answered)),
        Stored::Code => {
            if had_row {
                provider.waiting.fetch_sub(1, Ordering::Relaxed);
            }
            let destination = request.destination();
            let path = pending::return_path(context, request, &destination);
            Ok(Next::Deliver(ReturnPath { session_state: state.as_deref(), ..path }.code(&code)))
        }
    }
}

/// Whether a code was stored.
enum Stored {
    Code,
    AnsweredBefore,
}

/// Without a row there is none that could have been answered before.
fn without_row(error: InteractionError) -> AuthorizeError {
    match error {
        InteractionError::Flow(error) => AuthorizeError::Flow(error),
        InteractionError::Fault(fault) | InteractionError::Over(fault, _) => {
            AuthorizeError::Flow(FlowError::Internal(fault.message().to_owned()))
        }
    }
}
