//! The authorization endpoint (RFC 6749 §3.1): validates the request, then asks for what is missing until a code can be
//! issued.

pub mod answer;
pub mod browser_step;
pub mod consent;
pub mod device;
pub mod par;
pub mod pending;
pub mod request_object;
mod state;

pub use state::Requests;

use self::answer::Asked;
use self::browser_step::{BrowserStep, ErrorResponse};
use self::pending::{Interaction, InteractionError, PendingFault};
use self::request_object::{RequestEndpoint, Resolved};
use super::session::{self, Browser};
use super::token::verify::Hint;
use super::token::{issue, subject, verify};
use super::{Context, FlowError, Provider};
use crate::adapters::oxide_auth;
use signet_protocol::authorize::consent::Consent;
use signet_protocol::authorize::next_step::{
    InteractiveRequest, NextStep, RequestState, SignedIn as _, UNKNOWN_SUBJECT, next_step,
};
use signet_protocol::authorize::request::{self, AuthorizationRequest, Prompt, RESOURCE, Refusal, find_destination};
use signet_protocol::authorize::response::ReturnPath;
use signet_protocol::cause::Cause;
use signet_protocol::client::Client;
use signet_protocol::error::OAuthError;
use signet_protocol::ids::ClientId;
use signet_protocol::params::Params;
use signet_protocol::secret::BrowserCookie;
use signet_protocol::token::code::split_resources;
use signet_store::authorize::authorization_requests;
use signet_store::session::sessions::Session;

pub struct Begun {
    pub next: BrowserStep,
    /// A cookie that identifies the browser, if it had none.
    pub cookie: Option<BrowserCookie>,
}

/// An error of a new request.
#[derive(Debug)]
pub enum AuthorizeError {
    /// Shown on a page, because there is no verified client to return to.
    Page(OAuthError),
    Flow(FlowError),
}

impl<E: Into<FlowError>> From<E> for AuthorizeError {
    fn from(error: E) -> Self {
        Self::Flow(error.into())
    }
}

/// Starts an interaction with an authorization request.
///
/// # Errors
/// [`AuthorizeError::Page`] if the client or its redirect URI is not verified; all other errors go to the client.
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
    let found = load(provider, context, &request, browser).await?;
    match found.decide(&request, &client, context, None) {
        NextStep::Issue(session) => {
            let asked = Asked { request: &request, client: &client, row: None };
            let next = answer::grant(provider, context, &asked, session).await.map_err(without_row)?;
            Ok(Begun { next, cookie: None })
        }
        NextStep::Refuse(error) => Ok(Begun { next: deny(context, &request, error), cookie: None }),
        NextStep::Login | NextStep::SelectAccount(_) | NextStep::Reauthenticate(_) => {
            let (id, cookie) = pending::keep(provider, context, waiting(request), browser).await?;
            Ok(Begun { next: BrowserStep::Login(id), cookie })
        }
        NextStep::Consent { .. } => {
            let (id, cookie) = pending::keep(provider, context, waiting(request), browser).await?;
            Ok(Begun { next: BrowserStep::Consent(id), cookie })
        }
    }
}

fn waiting(request: AuthorizationRequest) -> InteractiveRequest {
    InteractiveRequest::Authorization(Box::new(request))
}

/// Computes the next step of an interaction about this request from the current data.
pub(crate) async fn position(
    provider: &Provider,
    context: &Context,
    interaction: &Interaction,
    request: &AuthorizationRequest,
    browser: Browser,
) -> Result<NextStep<Session>, FlowError> {
    let found = load(provider, context, request, browser).await?;
    Ok(found.decide(request, &interaction.client, context, Some(interaction)))
}

/// Continues an interaction as far as possible.
pub async fn advance(
    provider: &Provider,
    context: &Context,
    interaction: &Interaction,
    browser: Browser,
) -> Result<BrowserStep, InteractionError> {
    match &interaction.pending.request {
        InteractiveRequest::Device(_) => Ok(device::advance(provider, context, interaction, browser).await?),
        InteractiveRequest::Authorization(request) => {
            let step = position(provider, context, interaction, request, browser).await?;
            proceed(provider, context, interaction, request, step).await
        }
    }
}

/// Takes the next step of an interaction about this request.
///
/// # Errors
/// [`InteractionError`] where it has been answered in between, or the database fails.
pub(crate) async fn proceed(
    provider: &Provider,
    context: &Context,
    interaction: &Interaction,
    request: &AuthorizationRequest,
    step: NextStep<Session>,
) -> Result<BrowserStep, InteractionError> {
    let pending = &interaction.pending;
    match step {
        NextStep::Login | NextStep::SelectAccount(_) | NextStep::Reauthenticate(_) => {
            Ok(BrowserStep::Login(pending.id.clone()))
        }
        NextStep::Consent { .. } => Ok(BrowserStep::Consent(pending.id.clone())),
        NextStep::Issue(session) => {
            let asked = Asked { request, client: &interaction.client, row: Some(&pending.id) };
            answer::grant(provider, context, &asked, session).await
        }
        NextStep::Refuse(error) => refuse_interaction(provider, context, interaction, error).await,
    }
}

/// Answers an interaction with an error, once.
pub async fn refuse_interaction(
    provider: &Provider,
    context: &Context,
    interaction: &Interaction,
    error: OAuthError,
) -> Result<BrowserStep, InteractionError> {
    let closed = provider.store.write_with((context.clone(), interaction.pending.id.clone()), |given, tx| {
        Box::pin(async move {
            let (context, id) = given;
            Ok::<_, FlowError>(authorization_requests::close(tx, &context.realm.id, id, context.now).await?)
        })
    });
    if closed.await? {
        provider.requests.waiting.add(&context.realm.id, -1);
        Ok(match &interaction.pending.request {
            InteractiveRequest::Device(_) => BrowserStep::LeaveDevice,
            InteractiveRequest::Authorization(request) => deny(context, request, error),
        })
    } else {
        Err(InteractionError::Fault(PendingFault::Answered))
    }
}

/// The error response to the client.
pub(crate) fn deny(context: &Context, request: &AuthorizationRequest, error: OAuthError) -> BrowserStep {
    let destination = request.destination();
    let delivery = pending::return_path(context, request, &destination).error(&error);
    let is_probe = request.prompts(Prompt::None) && error.code.is_answer_to_prompt_none();
    BrowserStep::Refuse(ErrorResponse { delivery, client: request.client_id.clone(), error, is_probe })
}

/// The validated request, whether its parameters were sent directly, pushed or in a request object.
async fn request(
    provider: &Provider,
    context: &Context,
    params: Params,
    client: &Client,
) -> Result<Result<AuthorizationRequest, Refusal>, FlowError> {
    match request_object::resolve(provider, context, client, params.clone(), RequestEndpoint::Front).await {
        Ok(Resolved { params, pushed }) => {
            let checked = check(provider, context, &params, client).await?;
            Ok(checked.map(|request| AuthorizationRequest { pushed, ..request }))
        }
        // The contents of the object are unknown, so the answer may only go where the plain parameters allow it.
        Err(FlowError::Refused(error)) => Ok(Err(match find_destination(&params, client) {
            Ok(named) if named.explicit() => request::refusal(&params, client, named, error),
            Ok(_) | Err(_) => Refusal::Page(error),
        })),
        Err(failure) => Err(failure),
    }
}

/// Validates the parameters of a request, and determines the person who must be signed in.
pub(crate) async fn check(
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
    if let Err(error) = issue::Mint::of(provider, &headers)?.header(context, client, &resources) {
        return Ok(Err(to_client(request, error)));
    }
    match expected_subject(provider, context, params, &request, client).await {
        Ok(None) => {}
        // A subject that is unknown to this client matches no account, even if it is the id of one: a client with
        // pairwise subjects must not learn whose id it is.
        Ok(Some(subject)) => {
            let user = subject::user(provider, client, &subject)?.map(|user| user.as_str().to_owned());
            request.hinted_subject = Some(user.unwrap_or_else(|| UNKNOWN_SUBJECT.to_owned()));
        }
        Err(FlowError::Refused(error)) => {
            return Ok(Err(to_client(request, error)));
        }
        Err(failure) => return Err(failure),
    }
    Ok(Ok(request))
}

fn to_client(request: AuthorizationRequest, error: OAuthError) -> Refusal {
    let destination = request.destination();
    Refusal::Redirect { destination, mode: request.response_mode, state: request.state, error }
}

/// The `sub` of a verified `id_token_hint`, or the one requested in the `claims` parameter.
async fn expected_subject(
    provider: &Provider,
    context: &Context,
    params: &Params,
    request: &AuthorizationRequest,
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
            Ok(Begun {
                next: BrowserStep::Refuse(ErrorResponse { delivery, client, error, is_probe: false }),
                cookie: None,
            })
        }
    }
}

/// The stored session of the browser, and the consent of its user.
struct Found {
    session: Option<Session>,
    remembered: Option<Consent>,
}

async fn load(
    provider: &Provider,
    context: &Context,
    request: &AuthorizationRequest,
    browser: Browser,
) -> Result<Found, FlowError> {
    provider.view.check_fresh()?;
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
        self,
        request: &AuthorizationRequest,
        client: &Client,
        context: &Context,
        interaction: Option<&Interaction>,
    ) -> NextStep<Session> {
        let consent = interaction.and_then(|interaction| interaction.pending.consent.as_ref());
        let own = consent.filter(|(_, by)| self.session.as_ref().is_some_and(|session| session.user() == by));
        let situation = RequestState {
            remembered: self.remembered.as_ref(),
            consented_at: own.map(|(at, _)| *at),
            selected_by: interaction.and_then(|interaction| interaction.pending.selected_by.as_ref()),
            arrived_at: interaction.map_or(context.now, |interaction| interaction.pending.arrived_at),
            now: context.now,
        };
        next_step(request, client, self.session, &situation)
    }
}

/// Maps the errors of a request without a stored row, which cannot have been answered before; a pushed request can have
/// been, by another browser.
fn without_row(error: InteractionError) -> AuthorizeError {
    match error {
        InteractionError::Flow(error) => AuthorizeError::Flow(error),
        InteractionError::Fault(PendingFault::Pushed) => AuthorizeError::Page(Cause::RequestUriExpired.into()),
        InteractionError::Fault(fault) | InteractionError::Over(fault, _) => {
            AuthorizeError::Flow(FlowError::Internal(fault.into_error().description.into_owned()))
        }
    }
}
