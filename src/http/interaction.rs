//! What the sign-in and the consent page have in common: the interaction that the query names, and the form that
//! answers it.

use axum::response::Response;

use super::call::Call;
use super::{csrf, html};
use crate::flows::pending::{self, Interaction};
use crate::protocol::params::Params;

/// The interaction that a page is asked for, and the query.
///
/// # Errors
/// The page that is shown instead.
pub async fn shown(call: &Call) -> Result<(Params, Interaction), Box<Response>> {
    let query = call.query().map_err(|error| html::rejected(call, &error))?;
    let found = pending::find(&call.app.provider, &call.context, query.get("request"), call.browser).await;
    let interaction = found.map_err(|failure| html::interrupted(call, failure, None))?;
    Ok((query, interaction))
}

/// The interaction that a form answers, and the form, which was sent from our own page.
///
/// # Errors
/// The page that is shown instead.
pub async fn answered(call: &Call, form: &str) -> Result<(Params, Interaction), Box<Response>> {
    let (_, interaction) = shown(call).await?;
    let params = call.form().map_err(|error| html::rejected(call, &error))?;
    match csrf::check(call, params.get("csrf"), form) {
        Ok(()) => Ok((params, interaction)),
        Err(csrf::Forged) => Err(Box::new(html::forged(call, Some(&interaction.client)))),
    }
}
