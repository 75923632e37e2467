//! Signing in with a password. Unknown, wrong, disabled and locked are one answer, after the same work.

use std::sync::Arc;

use super::authorize::{self, Next};
use super::pending::{Interaction, InteractionError};
use super::session::{self, Browser, Remember};
use super::{Concerning, Context, FlowError, Provider};
use crate::passwords::Check;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::ids::UserId;
use crate::protocol::interaction::NextStep;
use crate::protocol::person;
use crate::protocol::secret::{Password, SessionCookie};
use crate::store::audit::{self, Event, Outcome};
use crate::store::sessions::Session;
use crate::store::users::{self, LoginRecord};

/// What the sign-in page says after a failure, whatever the reason.
pub const FAILURE: &str = "The username or the password is not right, or the account cannot be used.";

/// What the sign-in page needs, or where to go instead.
pub enum Shown {
    /// The form, with who is expected.
    Form {
        /// The name to fill in.
        username: String,
        /// Whether it is the one who is signed in already.
        reauthenticate: bool,
    },
    /// Somebody is signed in already, and that is enough.
    Next(Next),
}

/// Whether the person wants to sign in as somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// No: whoever is signed in goes on.
    No,
    /// Yes: the form is shown in any case.
    Yes,
}

/// Shows the sign-in page of an interaction, or goes on where nobody has to sign in.
///
/// # Errors
/// [`InteractionError`] where the request has been answered, or the database fails.
pub async fn show(
    provider: &Provider,
    context: &Context,
    interaction: &Interaction,
    browser: Browser,
    switch: Switch,
) -> Result<Shown, InteractionError> {
    let position = authorize::position(provider, context, interaction, browser).await?;
    let hint = interaction.pending.request.login_hint.clone().unwrap_or_default();
    match position.step {
        _ if switch == Switch::Yes => Ok(Shown::Form { username: String::new(), reauthenticate: false }),
        NextStep::Login => Ok(Shown::Form { username: hint, reauthenticate: false }),
        NextStep::Reauthenticate => {
            let username = match &position.session {
                Some(session) => username(provider, context, &session.user_id).await?,
                None => hint,
            };
            Ok(Shown::Form { username, reauthenticate: true })
        }
        NextStep::Consent { .. } | NextStep::Issue | NextStep::Refuse(_) => {
            authorize::advance(provider, context, interaction, browser).await.map(Shown::Next)
        }
    }
}

/// What was typed.
pub struct Credentials {
    /// The name or the address.
    pub username: String,
    /// The password.
    pub password: Password,
    /// Whether to stay signed in.
    pub remember: Remember,
}

/// The outcome of a sign-in.
pub enum SignIn {
    /// Somebody is signed in, under a new cookie.
    Done {
        /// The session.
        session: Box<Session>,
        /// Its cookie.
        cookie: SessionCookie,
    },
    /// Not so; the form is shown again.
    Failed,
}

/// Signs somebody in.
///
/// # Errors
/// [`FlowError`] where the pool for passwords is full or the database fails.
pub async fn sign_in(
    provider: &Provider,
    context: &Context,
    typed: Credentials,
    browser: Browser,
) -> Result<SignIn, FlowError> {
    let mut tx = provider.store.read().await?;
    let record = match person::lookup_key(&typed.username) {
        Some(key) => users::find_for_login(&mut tx, &context.realm.id, &key).await?,
        None => None,
    };
    let before = session::find(&mut tx, context, browser).await?;
    drop(tx);
    let hash = record.as_ref().and_then(|record| record.hash.clone());
    let check = provider.passwords.check(typed.password, hash.clone(), context.entropy.bytes()?).await?;
    let new_hash = match check {
        Check::Wrong => return fail(provider, context, record, "wrong credentials").await,
        Check::Right => None,
        Check::RightWithNewHash(new) => hash.zip(Some(new)),
    };
    let Some(user) = record.as_ref().filter(|record| may_sign_in(record, context)).map(|record| record.id.clone())
    else {
        return fail(provider, context, record, "account disabled").await;
    };
    succeed(provider, context, user, (typed.remember, before), new_hash).await
}

fn may_sign_in(record: &LoginRecord, context: &Context) -> bool {
    record.enabled && record.valid_from < context.now
}

async fn fail(
    provider: &Provider,
    context: &Context,
    record: Option<LoginRecord>,
    reason: &str,
) -> Result<SignIn, FlowError> {
    let user = record.map(|record| record.id);
    let concerning = Concerning { actor: "user", user: user.as_ref(), ..Concerning::default() };
    let record = context.record(Event::Login, Outcome::Failure, concerning, reason)?;
    tracing::info!(event = "login", success = false, reason, "refused a sign-in");
    let (realm, now) = (context.realm.id.clone(), context.now);
    let written = provider.store.write(move |tx| {
        let (realm, record) = (realm.clone(), record.clone());
        Box::pin(async move { Ok::<_, FlowError>(audit::append(tx, &realm, &record, now).await?) })
    });
    written.await?;
    Ok(SignIn::Failed)
}

async fn succeed(
    provider: &Provider,
    context: &Context,
    user: UserId,
    (remember, before): (Remember, Option<Session>),
    new_hash: Option<(String, String)>,
) -> Result<SignIn, FlowError> {
    let (session, cookie) = session::begin(&provider.lifetimes, context, user, remember, before.as_ref())?;
    let concerning =
        Concerning { actor: "user", user: Some(&session.user_id), session: Some(&session.id), ..Concerning::default() };
    let record = context.record(Event::Login, Outcome::Success, concerning, "password")?;
    let (digest, horizon) = (cookie.digest(), provider.revocation_horizon(context.now));
    let replaces_another = before.as_ref().is_some_and(|before| before.id != session.id);
    let shared = Arc::new((context.clone(), session, before, record, new_hash));
    let written = shared.clone();
    let stored = provider.store.write(move |tx| {
        let shared = written.clone();
        Box::pin(async move {
            let (context, session, before, record, new_hash) = &*shared;
            let realm = &context.realm.id;
            session::write(tx, context, session, digest, (before.as_ref(), horizon)).await?;
            if let Some((old, new)) = new_hash {
                users::rehash(tx, realm, &session.user_id, old, new).await?;
            }
            Ok::<_, FlowError>(audit::append(tx, realm, record, context.now).await?)
        })
    });
    stored.await?;
    if replaces_another {
        provider.announced.notify_one();
        provider.catch_up(context.now).await?;
    }
    tracing::info!(event = "login", success = true, sid = shared.1.id.as_str(), "signed somebody in");
    Ok(SignIn::Done { session: Box::new(shared.1.clone()), cookie })
}

/// Gives up: the client is told that the person does not want to.
///
/// # Errors
/// [`InteractionError`] where the request has been answered, or the database fails.
pub async fn cancel(
    provider: &Provider,
    context: &Context,
    interaction: &Interaction,
) -> Result<Next, InteractionError> {
    let error = OAuthError::new(ErrorCode::AccessDenied, "The person did not sign in.");
    authorize::refuse_interaction(provider, context, interaction, error).await
}

/// The name that a person signs in with.
pub(super) async fn username(provider: &Provider, context: &Context, user: &UserId) -> Result<String, FlowError> {
    let user = provider.view.user(&context.realm.id, user).await?;
    Ok(user.map(|user| user.username.clone()).unwrap_or_default())
}
