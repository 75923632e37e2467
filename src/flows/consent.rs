//! Consent (OpenID Connect Core §3.1.2.4): what a client may do, in the person's own decision, remembered.

use std::sync::Arc;

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

/// What the consent page needs, or where to go instead.
pub enum Shown {
    /// The page.
    Page {
        /// Who is signed in.
        username: String,
        /// What has not been granted before.
        new: Consent,
    },
    /// Nobody has to be asked, or somebody has to sign in first.
    Next(Next),
}

/// Shows the consent page of an interaction, or goes on where nobody has to be asked.
///
/// # Errors
/// [`InteractionError`] where the request has been answered, or the database fails.
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

/// What the person decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The client may.
    Allow,
    /// It may not.
    Deny,
}

/// Takes the person's answer and goes on. Somebody who is not signed in any more has to sign in first.
///
/// # Errors
/// [`InteractionError`] where the request has been answered, or the database fails.
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
    let shared = Arc::new((context.clone(), interaction.clone(), session.user_id.clone(), record));
    let written = provider.store.write(move |tx| {
        let shared = shared.clone();
        Box::pin(async move {
            let (context, interaction, user, record) = &*shared;
            let (realm, pending) = (&context.realm.id, &interaction.pending);
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
