//! The authorization endpoint (RFC 6749 §3.1): check the request, then ask what is missing until a code can be issued.

use super::answer::{self, Asked};
use super::pending::{self, Interaction, InteractionError, PendingFault};
use super::request_object::{self, Door, Resolved};
use super::session::{self, Browser};
use super::verify::Hint;
use super::{Context, FlowError, Provider, issue, subject, verify};
use crate::adapters::oxide_auth;
use crate::protocol::authorization_request::{self, AuthorizationRequest, Prompt, RESOURCE, Refusal, find_destination};
use crate::protocol::authorization_response::{Delivery, ReturnPath};
use crate::protocol::cause::Cause;
use crate::protocol::client::Client;
use crate::protocol::code_redemption::split_resources;
use crate::protocol::consent::Consent;
use crate::protocol::error::OAuthError;
use crate::protocol::ids::{ClientId, RequestId};
use crate::protocol::interaction::{NOBODY, NextStep, SessionFacts, Situation, next_step};
use crate::protocol::params::Params;
use crate::protocol::secret::BrowserCookie;
use crate::store::authorization_requests;
use crate::store::sessions::Session;

/// What the browser does next.
pub enum Next {
    /// It goes back to the client with what was asked for.
    Deliver(Delivery),
    /// It goes back to the client with an error.
    Refuse(ErrorResponse),
    /// It shows the sign-in page for this request.
    Login(RequestId),
    /// It shows the consent page for this request.
    Consent(RequestId),
}

/// An error that the browser takes back to its client (RFC 6749 §4.1.2.1).
pub struct ErrorResponse {
    /// The response.
    pub delivery: Delivery,
    /// The client.
    pub client: ClientId,
    /// The error in it, with its private cause.
    pub error: OAuthError,
    /// True for an expected answer to `prompt=none`.
    pub is_probe: bool,
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
    /// The person sees a page: there is no client to go back to.
    Page(OAuthError),
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
    params: Params,
    browser: Browser,
) -> Result<Begun, AuthorizeError> {
    let refused = |cause: Cause| AuthorizeError::Page(cause.into());
    let named = params.get("client_id").filter(|_| !params.repeats("client_id")).and_then(ClientId::parse);
    let client_id = named.ok_or_else(|| refused(Cause::AuthorizeClientUnnamed))?;
    let client = provider.view.client(&context.realm.id, &client_id).await?;
    let client = client.ok_or_else(|| refused(Cause::AuthorizeClientUnknown))?;
    if !client.enabled {
        return Err(refused(Cause::AuthorizeClientDisabled));
    }
    let request = match request(provider, context, params, &client).await? {
        Ok(request) => request,
        Err(refusal) => return refuse(context, client_id, refusal),
    };
    let found = look(provider, context, &request, browser).await?;
    match found.decide(&request, &client, context, None) {
        NextStep::Issue => {
            let asked = Asked { request: &request, client: &client, row: None };
            let next = answer::grant(provider, context, &asked, found.session).await.map_err(without_row)?;
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
        NextStep::Issue => {
            let asked = Asked { request: &pending.request, client: &interaction.client, row: Some(&pending.id) };
            answer::grant(provider, context, &asked, position.session).await
        }
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
        provider.waiting.add(&context.realm.id, -1);
        Ok(deny(context, &interaction.pending.request, error))
    } else {
        Err(InteractionError::Fault(PendingFault::Answered))
    }
}

/// The response that tells the client of an error.
fn deny(context: &Context, request: &AuthorizationRequest, error: OAuthError) -> Next {
    let destination = request.destination();
    let delivery = pending::return_path(context, request, &destination).error(&error);
    let is_probe = request.prompts(Prompt::None) && error.code.is_answer_to_prompt_none();
    Next::Refuse(ErrorResponse { delivery, client: request.client_id.clone(), error, is_probe })
}

/// The checked request, wherever its parameters came from.
async fn request(
    provider: &Provider,
    context: &Context,
    params: Params,
    client: &Client,
) -> Result<Result<AuthorizationRequest, Refusal>, FlowError> {
    match request_object::resolve(provider, context, client, params.clone(), Door::Front).await {
        Ok(Resolved { params, pushed }) => {
            let checked = check(provider, context, &params, client).await?;
            Ok(checked.map(|request| AuthorizationRequest { pushed, ..request }))
        }
        // What the object would have said is not known: the answer goes where the request itself proves that it may.
        Err(FlowError::Refused(error)) => Ok(Err(match find_destination(&params, client) {
            Ok(named) if named.explicit() => authorization_request::refusal(&params, client, named, error),
            Ok(_) | Err(_) => Refusal::Page(error),
        })),
        Err(failure) => Err(failure),
    }
}

/// Checks the parameters of a request, and who it says has to be signed in.
pub(super) async fn check(
    provider: &Provider,
    context: &Context,
    params: &Params,
    client: &Client,
) -> Result<Result<AuthorizationRequest, Refusal>, FlowError> {
    let mut request = match AuthorizationRequest::check(params, client, &context.realm.issuer) {
        Ok(request) => request,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if let Err(error) = oxide_auth::authorization::confirm(params, client, &request) {
        return Ok(Err(to_client(request, error)));
    }
    let resources = request.extensions.get(RESOURCE).map(|kept| split_resources(kept)).unwrap_or_default();
    let headers = provider.view.resource_headers();
    if let Err(error) = issue::Mint::of(provider, &headers).header(context, client, &resources) {
        return Ok(Err(to_client(request, error)));
    }
    match expected_subject(provider, context, (params, &request), client).await {
        Ok(None) => {}
        // A subject that this client knows nobody by is nobody, even where it is the id of an account: a client with
        // pairwise subjects must not learn whose that is.
        Ok(Some(subject)) => {
            let user = subject::user(provider, client, &subject).map(|user| user.as_str().to_owned());
            request.hinted_subject = Some(user.unwrap_or_else(|| NOBODY.to_owned()));
        }
        Err(FlowError::Refused(error)) => {
            return Ok(Err(to_client(request, error)));
        }
        Err(failure) => return Err(failure),
    }
    Ok(Ok(request))
}

/// The refusal of a request whose parameters were read.
fn to_client(request: AuthorizationRequest, error: OAuthError) -> Refusal {
    let destination = request.destination();
    Refusal::Redirect { destination, mode: request.response_mode, state: request.state, error }
}

/// The `sub` of a verified `id_token_hint`, or that which the `claims` parameter names.
async fn expected_subject(
    provider: &Provider,
    context: &Context,
    (params, request): (&Params, &AuthorizationRequest),
    client: &Client,
) -> Result<Option<String>, FlowError> {
    let claimed = request.claims.subject().map(str::to_owned);
    let Some(hint) = params.get("id_token_hint") else { return Ok(claimed) };
    let Hint::Genuine(hint) = verify::id_token_hint(provider, context, hint).await? else {
        return Err(Cause::HintInvalid.into());
    };
    if !hint.audiences.iter().any(|audience| audience == client.id.as_str()) {
        return Err(Cause::HintOfOtherClient.into());
    }
    match claimed {
        Some(claimed) if claimed != hint.subject => {
            Err(OAuthError::invalid_request("id_token_hint and claims name different people.").into())
        }
        Some(_) | None => Ok(Some(hint.subject)),
    }
}

fn refuse(context: &Context, client: ClientId, refusal: Refusal) -> Result<Begun, AuthorizeError> {
    match refusal {
        Refusal::Page(error) => Err(AuthorizeError::Page(error)),
        Refusal::Redirect { destination, mode, state, error } => {
            let issuer = context.realm.issuer.as_str();
            let path =
                ReturnPath { destination: &destination, mode, state: state.as_deref(), session_state: None, issuer };
            let delivery = path.error(&error);
            Ok(Begun { next: Next::Refuse(ErrorResponse { delivery, client, error, is_probe: false }), cookie: None })
        }
    }
}

/// What the database knows of the browser and of what its user has granted.
struct Found {
    session: Option<Session>,
    remembered: Option<Consent>,
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
    let found = session::find_with_consent(&mut tx, context, browser, &request.client_id).await?;
    let (session, remembered) = found.unzip();
    Ok(Found { session, remembered: remembered.flatten() })
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

/// Without a row there is none that could have been answered before; a pushed request can be, by another browser.
fn without_row(error: InteractionError) -> AuthorizeError {
    match error {
        InteractionError::Flow(error) => AuthorizeError::Flow(error),
        InteractionError::Fault(PendingFault::Pushed) => AuthorizeError::Page(Cause::RequestUriExpired.into()),
        InteractionError::Fault(fault) | InteractionError::Over(fault, _) => {
            AuthorizeError::Flow(FlowError::Internal(fault.into_error().description.into_owned()))
        }
    }
}
