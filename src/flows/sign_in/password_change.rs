//! The change of a password by its person, in the account console. The current password is verified like at a sign-in,
//! behind the same pauses, so that a stolen session is no way to guess it; everything but this session ends.

use std::sync::Arc;

use super::attempt::{Attempt, Gate, Verdict};
use super::replacement::{NewHash, Replacement};
use super::{Begun, Purpose, factors, load};
use crate::flows::account::passwords::personal_words;
use crate::flows::account::person::Person;
use crate::flows::session::{Browser, FreshSession, SessionLength};
use crate::flows::{Context, FlowError, Provider};
use crate::passwords::NewPasswordError;
use signet_protocol::account::password::{AcceptedPassword, PasswordRefusal};
use signet_protocol::params::Params;
use signet_protocol::secret::{DeviceCookie, Password};
use signet_protocol::time::Span;
use signet_store::account::users::User;

/// The outcome of a submitted change.
pub enum Change {
    /// The password is changed, and the session continues under a new cookie.
    Done {
        session: Arc<FreshSession>,
        /// The new cookie that marks the browser as known.
        device: DeviceCookie,
    },
    /// The current password is wrong, with the reason for operators.
    Wrong(&'static str),
    Refused(PasswordRefusal),
    /// There were too many failures; the current password was not verified.
    Locked(Span),
}

/// Changes the password of a signed-in person by the form of the console.
pub async fn change(
    provider: &Provider,
    context: &Context,
    person: &Person,
    browser: Browser,
    form: &Params,
) -> Result<Change, FlowError> {
    let accepted = match accept(provider, context, &person.user, form).await {
        Ok(accepted) => accepted,
        Err(NewPasswordError::Refused(refusal)) => return Ok(Change::Refused(refusal)),
        Err(NewPasswordError::Failed(error)) => return Err(error.into()),
    };
    let claim = load(provider, context, &person.user.username, browser).await?;
    let own = claim.account.as_ref().filter(|record| record.id == person.user.id);
    let Some(set_at) = own.and_then(|record| record.password.as_ref()).map(|password| password.set_at) else {
        return Ok(Change::Wrong("no password"));
    };
    let attempt = match Attempt::begin(provider, context, claim).await? {
        Gate::Open(attempt) => attempt,
        Gate::Locked(wait) => {
            let reason = "locked";
            tracing::info!(target: "security", event = "password_change", success = false, reason, "refused a change");
            return Ok(Change::Locked(wait));
        }
    };
    let verdict = attempt.verify(provider, context, factors::password(), form).await?;
    let salt = context.entropy.bytes()?;
    let hash = provider.sign_ins.passwords.hash(accepted, salt).await?;
    let kept = Some(person.session.id.clone());
    let new = NewHash { user: person.user.id.clone(), replaces: set_at, hash, kept };
    let proof = Box::new(Replacement::new(provider, context, new)?);
    let passed = match verdict {
        Verdict::Passed(passed) => passed.replacing(proof),
        Verdict::Due(due) => due.replacing(proof),
        Verdict::Failed(failed) => return Ok(Change::Wrong(failed.record(provider, context).await?)),
    };
    let length = if person.session.remembered { SessionLength::Remembered } else { SessionLength::Browser };
    match passed.begin_session(provider, context, &Purpose::Account, length).await? {
        Begun::Session { session, device } => {
            provider.outbound.announced.notify_one();
            provider.catch_up().await?;
            Ok(Change::Done { session, device })
        }
        Begun::Lapsed(failed) => Ok(Change::Wrong(failed.record(provider, context).await?)),
    }
}

/// The new password of the form, if it fulfills the rules and differs from the current one.
async fn accept(
    provider: &Provider,
    context: &Context,
    user: &User,
    form: &Params,
) -> Result<AcceptedPassword, NewPasswordError> {
    let text = |name: &str| form.get(name).unwrap_or_default();
    if text("new-password") == text("current-password") {
        return Err(PasswordRefusal::Unchanged.into());
    }
    let address = user.email.as_ref().map(|(address, _)| address.as_str());
    let personal = personal_words(&context.realm, &user.username, address, &user.claims);
    let new = Password::new(text("new-password").to_owned());
    provider.sign_ins.passwords.accept(new, &personal, context.region()).await
}
