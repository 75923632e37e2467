//! Signing in to the account console, for which no application asks. There is no pending request: the page to continue
//! with is in the URL, and is a page of the console.

use super::AccountPrompt;
use crate::flows::account::person::{self, Assurance, Person};
use crate::flows::session::Browser;
use crate::flows::{Context, FlowError, Provider};

/// The outcome of a request for the sign-in page of the account console.
pub enum Shown {
    Form,
    /// The form, in which this signed-in person confirms the password.
    Reauthenticate(Person),
    /// The browser's session is sufficient.
    SignedIn,
}

/// Shows the sign-in page of the account console, or continues if the session is sufficient.
pub async fn show(
    provider: &Provider,
    context: &Context,
    browser: Browser,
    prompt: AccountPrompt,
    required: Assurance,
) -> Result<Shown, FlowError> {
    if prompt == AccountPrompt::Another {
        return Ok(Shown::Form);
    }
    let Some(person) = person::signed_in(provider, context, browser).await? else { return Ok(Shown::Form) };
    if person.has(required, context.now) { Ok(Shown::SignedIn) } else { Ok(Shown::Reauthenticate(person)) }
}
