//! The endpoints at which clients authenticate: builds the call for a flow from a request, and turns the flow's answer
//! into JSON, counted, logged and, if the table of endpoints allows it, readable by the client's own scripts.

use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::call::Call;
use super::{cors, oauth_error};
use crate::flows::authorize::device::DeviceAuthorization;
use crate::flows::authorize::par::Pushed;
use crate::flows::token::introspect::Introspection;
use crate::flows::token::issue::TokenResponse;
use crate::flows::token::revoke::Revoked;
use crate::flows::{Context, FlowError, Provider};
use signet_protocol::client::call::{CallFacts, ClientCall};
use signet_protocol::endpoint::{Endpoint, Scripts};
use signet_protocol::error::OAuthError;

/// The answer of a flow to a client.
pub trait ClientAnswer {
    /// The outcome as a metric label.
    fn outcome(&self) -> &'static str {
        SUCCESS
    }

    fn respond(self) -> Response;
}

/// The outcome of a successful answer.
const SUCCESS: &str = "success";

/// Answers a request at an endpoint of the table with a flow.
pub async fn answer<T: ClientAnswer>(
    call: Call,
    endpoint: &Endpoint,
    flow: impl AsyncFnOnce(&Provider, &Context, ClientCall) -> Result<T, FlowError>,
) -> Response {
    let answer = match client_call(&call) {
        Ok(client_call) => flow(&call.app.provider, &call.context, client_call).await,
        Err(refusal) => Err(refusal.into()),
    };
    let operation = endpoint.name();
    match &answer {
        Ok(answer) if answer.outcome() != SUCCESS => {
            call.app.provider.count_operation(operation, answer.outcome());
        }
        Ok(_) | Err(_) => call.count(operation, &answer),
    }
    let response = match answer {
        Ok(answer) => answer.respond(),
        Err(failure) => oauth_error::client_error(&call, failure),
    };
    match endpoint.scripts {
        Scripts::None => response,
        Scripts::Registered => cors::allow(&call, response),
        Scripts::All(_) => cors::allow_all(response),
    }
}

/// The call of a client, from its form.
fn client_call(call: &Call) -> Result<ClientCall, OAuthError> {
    let params = call.form_only()?;
    let authorization = call.client_authorization()?;
    Ok(ClientCall { authorization, params, facts: facts(call) })
}

fn facts(call: &Call) -> CallFacts {
    CallFacts {
        method: call.method.as_str().to_owned(),
        url: call.url(),
        certificate: None,
        dpop: values(&call.headers, "dpop"),
        attestation: values(&call.headers, "oauth-client-attestation"),
        attestation_proof: values(&call.headers, "oauth-client-attestation-pop"),
    }
}

/// The values of a header, as text.
fn values(headers: &HeaderMap, name: &str) -> Vec<String> {
    headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
}

impl ClientAnswer for TokenResponse {
    fn respond(self) -> Response {
        ([(header::PRAGMA, "no-cache")], Json(self)).into_response()
    }
}

impl ClientAnswer for Introspection {
    fn outcome(&self) -> &'static str {
        if self.is_inactive() { "inactive" } else { SUCCESS }
    }

    fn respond(self) -> Response {
        Json(self.0).into_response()
    }
}

impl ClientAnswer for Revoked {
    /// RFC 7009 §2.2 needs only a status, but libraries parse every answer as JSON.
    fn respond(self) -> Response {
        Json(json!({})).into_response()
    }
}

impl ClientAnswer for DeviceAuthorization {
    fn respond(self) -> Response {
        Json(self).into_response()
    }
}

impl ClientAnswer for Pushed {
    fn respond(self) -> Response {
        (StatusCode::CREATED, Json(self)).into_response()
    }
}
