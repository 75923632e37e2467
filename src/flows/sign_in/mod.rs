//! Signing in: the form, and one attempt for each submission. An unknown name, a wrong factor, a disabled account and
//! one that is paused under another name get the same answer, after the same work. A pause is shown for the typed name,
//! whether or not it has an account.
//!
//! `attempt` is the typestate of an attempt, `factors` the registry of what can be proven, `soft_lock` the counters of
//! failures that every factor stands behind.

pub mod account;
pub mod accounts;
pub(crate) mod attempt;
pub mod factors;
pub mod forced_change;
pub mod password_change;
mod purpose;
mod replacement;
pub mod soft_lock;
mod state;
pub mod ticket;

use std::sync::Arc;

pub(crate) use self::attempt::DEVICE_LIFETIME;
use self::attempt::{Attempt, Begun, Claim, Gate, Verdict, Visitor};
pub use self::purpose::Purpose;
pub use self::state::SignIns;
use self::ticket::{Place, Ticket};
use super::authorize::browser_step::BrowserStep;
use super::authorize::pending::{Interaction, InteractionError};
use super::authorize::{self, device};
use super::session::{self, Addressee, Browser, FreshSession, SessionLength};
use super::{Context, FlowError, Provider};
use signet_protocol::account::person;
use signet_protocol::authorize::next_step::{InteractiveRequest, NextStep};
use signet_protocol::error::{ErrorCode, OAuthError};
use signet_protocol::ids::UserId;
use signet_protocol::params::Params;
use signet_protocol::secret::DeviceCookie;
use signet_protocol::time::Span;
use signet_store::account::users;
use signet_store::session::known_devices;

/// The outcome of a request for the sign-in page.
pub enum Shown {
    Form {
        /// The name to fill in.
        username: String,
    },
    /// The form with which the signed-in person confirms the password.
    Reauthenticate(Addressee),
    /// The choice between the signed-in person's account and others.
    SelectAccount { user: UserId, person: Addressee },
    /// The browser's session is sufficient.
    Next(BrowserStep),
}

/// The intention of the person who opens the sign-in page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountPrompt {
    /// Continue as the signed-in person.
    Current,
    /// Sign in with another account: the form is shown in any case.
    Another,
}

/// Shows the sign-in page of an interaction, or continues if the session is sufficient.
pub async fn show(
    provider: &Provider,
    context: &Context,
    interaction: &Interaction,
    browser: Browser,
    prompt: AccountPrompt,
) -> Result<Shown, InteractionError> {
    if prompt == AccountPrompt::Another {
        return Ok(Shown::Form { username: String::new() });
    }
    let request = match &interaction.pending.request {
        InteractiveRequest::Authorization(request) => request,
        InteractiveRequest::Device(_) => {
            return match device::advance(provider, context, interaction, browser).await? {
                BrowserStep::Login(_) => Ok(Shown::Form { username: String::new() }),
                next => Ok(Shown::Next(next)),
            };
        }
    };
    let step = authorize::position(provider, context, interaction, request, browser).await?;
    match step {
        NextStep::Login => {
            let username = request.login_hint.clone().unwrap_or_default();
            Ok(Shown::Form { username })
        }
        NextStep::SelectAccount(session) => {
            let person = session::addressee(provider, context, &session.user_id).await?;
            Ok(Shown::SelectAccount { user: session.user_id, person })
        }
        NextStep::Reauthenticate(session) => {
            let person = session::addressee(provider, context, &session.user_id).await?;
            Ok(Shown::Reauthenticate(person))
        }
        NextStep::Consent { .. } | NextStep::Issue(_) | NextStep::Refuse(_) => {
            authorize::proceed(provider, context, interaction, request, step).await.map(Shown::Next)
        }
    }
}

/// The submitted form.
#[derive(Clone, Copy)]
pub struct Submission<'a> {
    /// The user name or e-mail address.
    pub username: &'a str,
    /// The form, from which a factor takes its parameters.
    pub form: &'a Params,
    pub length: SessionLength,
}

pub enum SignIn {
    /// The sign-in succeeded.
    Done {
        session: Arc<FreshSession>,
        /// The new cookie that marks the browser as known.
        device: DeviceCookie,
    },
    /// The password is right, but must be replaced first: the ticket for the form that asks for another one.
    PasswordDue(String),
    /// The sign-in failed, with the reason for operators; the person sees the same sentence for all.
    Failed(&'static str),
    /// There were too many failures; no factor was verified.
    Locked(Span),
}

/// Signs a person in.
pub async fn sign_in(
    provider: &Provider,
    context: &Context,
    submission: Submission<'_>,
    browser: Browser,
    purpose: &Purpose,
) -> Result<SignIn, FlowError> {
    let Submission { username, form, length } = submission;
    let claim = load(provider, context, username, browser).await?;
    let attempt = match Attempt::begin(provider, context, claim).await? {
        Gate::Open(attempt) => attempt,
        Gate::Locked(wait) => {
            let reason = "locked";
            tracing::info!(target: "security", event = "login_attempt", success = false, reason, "refused a sign-in");
            provider.count_sign_in("failure", reason);
            return Ok(SignIn::Locked(wait));
        }
    };
    let failed = match attempt.verify(provider, context, factors::presented(form), form).await? {
        Verdict::Passed(passed) => match passed.begin_session(provider, context, purpose, length).await? {
            Begun::Session { session, device } => return Ok(SignIn::Done { session, device }),
            Begun::Lapsed(failed) => *failed,
        },
        Verdict::Due(due) => {
            let ticket = Ticket::of(&due, context, length);
            due.clear(provider).await?;
            let place = Place { browser, purpose };
            return Ok(SignIn::PasswordDue(ticket.seal(&provider.sign_ins.ticket_key, context, place)));
        }
        Verdict::Failed(failed) => failed,
    };
    Ok(SignIn::Failed(failed.record(provider, context).await?))
}

/// Loads the account of the typed name, the browser's session, and its device if known for this account.
async fn load(provider: &Provider, context: &Context, typed: &str, browser: Browser) -> Result<Claim, FlowError> {
    let realm = &context.realm.id;
    let mut tx = provider.store.read().await?;
    let account = match person::lookup_key(typed) {
        Some(key) => users::find_for_login(&mut tx, realm, &key).await?,
        None => None,
    };
    let session = session::find(&mut tx, context, browser).await?;
    let known_device = match (&account, browser.device) {
        (Some(account), Some(device)) => {
            known_devices::knows(&mut tx, realm, device, &account.id, context.now).await?.then_some(device)
        }
        (Some(_) | None, None) | (None, Some(_)) => None,
    };
    let visitor = Visitor { session, device: browser.device, known_device };
    Ok(Claim { typed: typed.to_owned(), account, visitor })
}

/// Cancels the sign-in; the client gets `access_denied`.
pub async fn cancel(
    provider: &Provider,
    context: &Context,
    interaction: &Interaction,
) -> Result<BrowserStep, InteractionError> {
    let error = OAuthError::new(ErrorCode::AccessDenied, "The person did not sign in.");
    authorize::refuse_interaction(provider, context, interaction, error).await
}
