//! Records each refusal once, where it is answered.

use axum::http::StatusCode;

use super::call::Call;
use crate::flows::defense::refusals::{NamedClient, Refused};
use signet_protocol::client::credentials::Authorization;
use signet_protocol::error::OAuthError;
use signet_protocol::ids::ClientId;
use signet_protocol::jose::jws::{self, UnverifiedJws};
use signet_protocol::params::Params;

/// Records a refusal for the client that the request names.
pub fn record(call: &Call, status: StatusCode, error: &OAuthError) {
    let named = named_client(call);
    let is_held = |id: &ClientId| call.app.provider.view.holds_client(&call.context.realm.id, id);
    let client = named.as_ref().map(|id| {
        if is_held(id) { NamedClient::Registered(id.as_str()) } else { NamedClient::Unregistered(id.as_str()) }
    });
    record_refused(call, client, status, error);
}

/// Records a refusal for this registered client.
pub fn record_for(call: &Call, client: Option<&str>, status: StatusCode, error: &OAuthError) {
    record_refused(call, client.map(NamedClient::Registered), status, error);
}

fn record_refused(call: &Call, client: Option<NamedClient<'_>>, status: StatusCode, error: &OAuthError) {
    let refused = Refused { endpoint: call.endpoint(), client, status: status.as_u16(), error };
    call.app.provider.limits.refusals.note(&call.context, &refused);
}

/// Stores a refusal that has already been logged, for this registered client if there is one.
pub fn store_for(call: &Call, client: Option<&str>, status: StatusCode, error: &OAuthError) {
    let client = client.map(NamedClient::Registered);
    let refused = Refused { endpoint: call.endpoint(), client, status: status.as_u16(), error };
    call.app.provider.limits.refusals.keep(&call.context, &refused);
}

/// The client that the request names in any way; it is unverified, and may not exist.
fn named_client(call: &Call) -> Option<ClientId> {
    let authorization = call.authorization().ok();
    if let Some(Authorization::Basic(credentials)) = &authorization {
        return Some(credentials.client_id.clone());
    }
    let params = call.query_and_form().unwrap_or_default();
    let bearer = match &authorization {
        Some(Authorization::Bearer(token)) => Some(token.as_str()),
        _ => params.get("access_token"),
    };
    let named = params.get("client_id").map(str::to_owned);
    let named = named.or_else(|| claim(params.get("client_assertion")?, "iss"));
    let named = named.or_else(|| claim(bearer?, "client_id"));
    named.or_else(|| audience(&params)).or_else(|| call.registered_client()).as_deref().and_then(ClientId::parse)
}

/// An unverified claim of a token.
fn claim(token: &str, name: &str) -> Option<String> {
    let jws = UnverifiedJws::parse(token).ok()?;
    jws::string(jws.payload(), name).ok().flatten().map(str::to_owned)
}

/// The audience of the ID token in the hint.
fn audience(params: &Params) -> Option<String> {
    let jws = UnverifiedJws::parse(params.get("id_token_hint")?).ok()?;
    jws::audiences(jws.payload()).ok()?.first().map(|&audience| audience.to_owned())
}
