//! Consent (OpenID Connect Core §3.1.2.4): the person decides what a client may do, and the decision is remembered.

use super::authorize::{self, Next};
use super::login;
use super::pending::{Interaction, InteractionError, PendingFault};
use super::session::Browser;
use super::{Concerning, Context, FlowError, Provider};
use crate::protocol::audit_details::Details;
use crate::protocol::consent::Consent;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::interaction::NextStep;
use crate::store::audit::{self, Event, Outcome, Record};
use crate::store::{authorization_requests, consents};

/// The outcome of a request for the consent page.
pub enum Shown {
    Page {
        /// The signed-in person.
        username: String,
        /// The part that has not been granted before.
        new: Consent,
    },
    /// No consent is needed, or a sign-in is needed first.
    Next(Next),
}

/// Shows the consent page of an interaction, or continues if no consent is needed.
pub async fn show(
    provider: &Provider,
    context: &Context,
    interaction: &Interaction,
    browser: Browser,
) -> Result<Shown, InteractionError> {
    let position = authorize::position(provider, context, interaction, browser).await?;
    match (position.step, position.session) {
        (NextStep::Consent { new }, Some(session)) => {
            Ok(Shown::Page { username: login::username(provider, context, &session.user_id).await?, new })
        }
        _ => authorize::advance(provider, context, interaction, browser).await.map(Shown::Next),
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
) -> Result<Next, InteractionError> {
    let position = authorize::position(provider, context, interaction, browser).await?;
    let (NextStep::Consent { .. }, Some(session)) = (&position.step, &position.session) else {
        return authorize::advance(provider, context, interaction, browser).await;
    };
    provider.rates.take_of_person(context, &session.user_id, &interaction.client.id)?;
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
    let reason = interaction.pending.request.scope.to_string();
    let record = context.record(Event::Consent, outcome, concerning, &reason).map_err(FlowError::from)?;
    let details = Details::of_consent(&Consent::asked_by(&interaction.pending.request));
    let record = Record { details, ..record };
    let given = (context.clone(), interaction.clone(), session.user_id.clone(), record);
    let written = provider.store.write_with(given, move |given, tx| {
        Box::pin(async move {
            let (context, interaction, user, record) = given;
            let realm = &context.realm.id;
            let pending = &interaction.pending;
            if answer == Answer::Allow {
                if !authorization_requests::consent(tx, realm, &pending.id, user, context.now).await? {
                    return Ok(false);
                }
                let granted = Consent::asked_by(&pending.request);
                let key = consents::ConsentKey { user, client: &interaction.client.id };
                consents::add(tx, realm, key, &granted, context.now).await?;
            }
            audit::append(tx, realm, record, context.now).await?;
            Ok::<_, FlowError>(true)
        })
    });
    if !written.await? {
        return Err(InteractionError::Fault(PendingFault::Answered));
    }
    match answer {
        Answer::Deny => {
            let error = OAuthError::new(ErrorCode::AccessDenied, "The person did not consent.");
            authorize::refuse_interaction(provider, context, interaction, error).await
        }
        Answer::Allow => {
            let mut consented = interaction.clone();
            consented.pending.consent = Some((context.now, session.user_id.clone()));
            authorize::advance(provider, context, &consented, browser).await
        }
    }
}
