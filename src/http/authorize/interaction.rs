//! The common part of the sign-in and consent pages: loading the interaction in the query, and validating the form that
//! answers it.

use axum::response::Response;

use crate::flows::authorize::pending::{self, Interaction};
use crate::http::edge::call::Call;
use crate::http::edge::{csrf, html};
use signet_protocol::authorize::next_step::InteractiveRequest;
use signet_protocol::language::Requested;
use signet_protocol::params::Params;

/// The interaction for which a page is requested, and the query.
pub async fn shown(call: &Call) -> Result<(Params, Interaction), Box<Response>> {
    let query = call.query().map_err(|error| html::rejected(call, &error))?;
    let found = pending::find(&call.app.provider, &call.context, query.get("request"), call.browser).await;
    let interaction = found.map_err(|failure| html::interrupted(call, failure, None))?;
    let id = interaction.pending.id.as_str();
    let switch = if query.get("switch").is_some() { "&switch=yes" } else { "" };
    call.learned.note_address(format!("{}{}?request={id}{switch}", call.app.base_path(), call.path()));
    if let InteractiveRequest::Authorization(request) = &interaction.pending.request
        && let Some(ui_locales) = request.ui_locales.clone()
    {
        call.learned.note_request(Requested { ui_locales, at: interaction.pending.arrived_at });
    }
    Ok((query, interaction))
}

/// The interaction that a form answers, and the form, which was sent from this server's own page.
pub async fn answered(call: &Call, form: &str) -> Result<(Params, Interaction), Box<Response>> {
    let (_, interaction) = shown(call).await?;
    let params = call.form().map_err(|error| html::rejected(call, &error))?;
    match csrf::check(call, params.get("csrf"), form) {
        Ok(()) => Ok((params, interaction)),
        Err(csrf::Forged) => Err(Box::new(html::forged(call, Some(&interaction.client)))),
    }
}
