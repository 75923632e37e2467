//! Consent (OpenID Connect Core §3.1.2.4): the person decides what a client may do, and the decision is remembered.

use super::browser_step::BrowserStep;
use super::pending::{Interaction, InteractionError, PendingFault};
use crate::flows::authorize;
use crate::flows::session::{self, Addressee, Browser};
use crate::flows::{Concerning, Context, FlowError, Provider};
use signet_protocol::authorize::consent::Consent;
use signet_protocol::authorize::next_step::{InteractiveRequest, NextStep};
use signet_protocol::authorize::request::AuthorizationRequest;
use signet_protocol::error::{ErrorCode, OAuthError};
use signet_protocol::events::audit_details::Details;
use signet_protocol::ids::{ClientId, RequestId, UserId};
use signet_store::authorize::{authorization_requests, consents};
use signet_store::events::audit::{self, Event, Outcome, Record};
use signet_store::session::sessions::Session;

/// The outcome of a request for the consent page.
pub enum Shown {
    Page {
        /// The signed-in person.
        person: Addressee,
        /// The part that has not been granted before.
        new: Consent,
    },
    /// No consent is needed, or a sign-in is needed first.
    Next(BrowserStep),
}

/// Shows the consent page of an interaction, or continues if no consent is needed.
pub async fn show(
    provider: &Provider,
    context: &Context,
    interaction: &Interaction,
    browser: Browser,
) -> Result<Shown, InteractionError> {
    let InteractiveRequest::Authorization(request) = &interaction.pending.request else {
        return authorize::advance(provider, context, interaction, browser).await.map(Shown::Next);
    };
    match authorize::position(provider, context, interaction, request, browser).await? {
        NextStep::Consent { session, new } => {
            Ok(Shown::Page { person: session::addressee(provider, context, &session.user_id).await?, new })
        }
        step => authorize::proceed(provider, context, interaction, request, step).await.map(Shown::Next),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Allow,
    Deny,
}

/// Records the person's answer and continues. A person whose session has ended must sign in first.
pub async fn answer(
    provider: &Provider,
    context: &Context,
    interaction: &Interaction,
    browser: Browser,
    answer: Answer,
) -> Result<BrowserStep, InteractionError> {
    let InteractiveRequest::Authorization(request) = &interaction.pending.request else {
        return authorize::advance(provider, context, interaction, browser).await;
    };
    let session = match authorize::position(provider, context, interaction, request, browser).await? {
        NextStep::Consent { session, .. } => session,
        step => return authorize::proceed(provider, context, interaction, request, step).await,
    };
    provider.limits.rates.take_of_person(context, &session.user_id, &interaction.client.id)?;
    let decided = Decided::by(&session, context, interaction, request, answer)?;
    match answer {
        Answer::Allow => {
            allow(provider, decided).await?;
            let mut consented = interaction.clone();
            consented.pending.consent = Some((context.now, session.user_id));
            authorize::advance(provider, context, &consented, browser).await
        }
        Answer::Deny => {
            deny(provider, decided).await?;
            let error = OAuthError::new(ErrorCode::AccessDenied, "The person did not consent.");
            Ok(authorize::deny(context, request, error))
        }
    }
}

/// A decision and its audit record, which one transaction writes.
struct Decided {
    context: Context,
    request: RequestId,
    client: ClientId,
    granted: Consent,
    user: UserId,
    record: Record,
}

impl Decided {
    fn by(
        session: &Session,
        context: &Context,
        interaction: &Interaction,
        request: &AuthorizationRequest,
        answer: Answer,
    ) -> Result<Self, FlowError> {
        let outcome = match answer {
            Answer::Allow => Outcome::Success,
            Answer::Deny => Outcome::Failure,
        };
        let concerning = Concerning {
            actor: "user",
            user: Some(&session.user_id),
            client: Some(&interaction.client.id),
            session: Some(&session.id),
        };
        let reason = request.scope.to_string();
        let record = context.record(Event::Consent, outcome, concerning, &reason)?;
        let details = Details::of_consent(&Consent::asked_by(request));
        Ok(Self {
            context: context.clone(),
            request: interaction.pending.id.clone(),
            client: interaction.client.id.clone(),
            granted: Consent::asked_by(request),
            user: session.user_id.clone(),
            record: Record { details, ..record },
        })
    }
}

/// Writes the consent down, for this request and for later ones.
async fn allow(provider: &Provider, decided: Decided) -> Result<(), InteractionError> {
    let written = provider.store.write_with(decided, move |decided, tx| {
        Box::pin(async move {
            let Decided { context, request, client, granted, user, record } = decided;
            let realm = &context.realm.id;
            if !authorization_requests::consent(tx, realm, request, user, context.now).await? {
                return Ok(false);
            }
            let key = consents::ConsentKey { user, client };
            consents::add(tx, realm, key, granted, context.now).await?;
            audit::append(tx, realm, record, context.now).await?;
            Ok::<_, FlowError>(true)
        })
    });
    if written.await? { Ok(()) } else { Err(InteractionError::Fault(PendingFault::Answered)) }
}

/// Closes the request. A second click finds it closed and writes nothing.
async fn deny(provider: &Provider, decided: Decided) -> Result<(), InteractionError> {
    let realm = decided.context.realm.id.clone();
    let written = provider.store.write_with(decided, move |decided, tx| {
        Box::pin(async move {
            let Decided { context, request, record, .. } = decided;
            let realm = &context.realm.id;
            if !authorization_requests::close(tx, realm, request, context.now).await? {
                return Ok(false);
            }
            audit::append(tx, realm, record, context.now).await?;
            Ok::<_, FlowError>(true)
        })
    });
    if !written.await? {
        return Err(InteractionError::Fault(PendingFault::Answered));
    }
    provider.requests.waiting.add(&realm, -1);
    Ok(())
}
