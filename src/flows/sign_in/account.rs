//! Signing in to the account console, for which no application asks. There is no pending request: the page to continue
//! with is in the URL, and is a page of the console.

use super::AccountPrompt;
use crate::flows::account::person::{self, Assurance};
use crate::flows::session::Browser;
use crate::flows::{Context, FlowError, Provider};

/// The outcome of a request for the sign-in page of the account console.
pub enum Shown {
    Form {
        /// The name to fill in.
        username: String,
        /// True if the signed-in person confirms the password.
        reauthenticate: bool,
    },
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
    let unnamed = Shown::Form { username: String::new(), reauthenticate: false };
    if prompt == AccountPrompt::Another {
        return Ok(unnamed);
    }
    let Some(person) = person::signed_in(provider, context, browser).await? else { return Ok(unnamed) };
    if person.has(required, context.now) {
        return Ok(Shown::SignedIn);
    }
    Ok(Shown::Form { username: person.user.username.clone(), reauthenticate: true })
}
