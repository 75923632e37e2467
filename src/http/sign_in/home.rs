//! The start page.

use axum::response::Response;

use crate::flows::session;
use crate::http::edge::call::Call;
use crate::http::edge::html;
use crate::pages::{HomePage, Link};
use signet_protocol::endpoint;

/// `GET /`
pub async fn get(call: Call) -> Response {
    let signed_in = match signed_in(&call).await {
        Ok(signed_in) => signed_in,
        Err(failure) => return html::failed(&call, failure),
    };
    let base = call.app.base_path();
    let page = html::page(&call);
    let link = |path: &str, label: &str| Link { href: format!("{base}{path}"), label: page.text(label) };
    let links =
        vec![link("/.well-known/openid-configuration", "home-discovery"), link("/.well-known/jwks.json", "home-keys")];
    let template = HomePage {
        page,
        issuer: call.app.settings.issuer.clone(),
        version: call.app.is_development().then(|| env!("CARGO_PKG_VERSION").to_owned()),
        signed_in,
        links,
        account: format!("{base}{}", endpoint::ACCOUNT.path),
        base: base.to_owned(),
    };
    html::render(&template, None)
}

async fn signed_in(call: &Call) -> Result<Option<String>, crate::flows::FlowError> {
    let Some(session) = session::current(&call.app.provider, &call.context, call.browser).await? else {
        return Ok(None);
    };
    let user = call.app.provider.view.user(&call.context.realm.id, &session.user_id).await?;
    call.learned.note_locale(user.as_ref().and_then(|user| user.claims.get("locale")));
    Ok(user.map(|user| user.username.clone()))
}
