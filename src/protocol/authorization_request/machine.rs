//! oxide-auth's `Authorization` machine, driven over a checked client and redirect URI (RFC 6749 §4.1.1). The machine
//! knows the code alone; response types have been checked before, and it is told that it is the code.

use std::borrow::Cow;
use std::collections::BTreeMap;

use oxide_auth::code_grant::authorization::{self as machine, Authorization};
use oxide_auth::primitives::grant::{Extensions, Value};
use oxide_auth::primitives::registrar::{BoundClient, ExactUrl, PreGrant, RegisteredUrl};

use super::{ACR_VALUES, CLAIMS, MAX_AGE, NONCE, RESOURCE};
use crate::protocol::client::Client;
use crate::protocol::error::OAuthError;
use crate::protocol::params::Params;
use crate::protocol::pkce;
use crate::protocol::redirect_uri::Destination;
use crate::protocol::requested_claims::RequestedClaims;
use crate::protocol::response_type::ResponseType;
use crate::protocol::scope::Scope;

/// What has been checked before the machine runs.
pub(super) struct Checked<'a> {
    pub(super) params: &'a Params,
    pub(super) client: &'a Client,
    pub(super) destination: &'a Destination,
    pub(super) response_type: ResponseType,
    pub(super) claims: &'a RequestedClaims,
    pub(super) issuer: &'a str,
}

/// Runs the machine: bind the client, collect extensions, negotiate the scope.
pub(super) fn drive(checked: &Checked<'_>) -> Result<(Scope, BTreeMap<String, String>), OAuthError> {
    const MALFORMED: OAuthError = OAuthError::invalid_request("The request is malformed.");
    let url = ExactUrl::new(checked.destination.as_str().to_owned())
        .map_err(|_| OAuthError::invalid_request("redirect_uri is malformed."))?;
    let facade = Facade(checked);
    let client = checked.client;
    let scope = client.requested_scope(checked.params.get("scope"))?;
    let mut machine = Authorization::new(&facade);
    let mut input = machine::Input::None;
    loop {
        input = match machine.advance(input) {
            machine::Output::Bind { .. } => machine::Input::Bound {
                request: &facade,
                bound_client: BoundClient {
                    client_id: Cow::Owned(client.id.as_str().to_owned()),
                    redirect_uri: Cow::Owned(RegisteredUrl::Exact(url.clone())),
                },
            },
            machine::Output::Extend => machine::Input::Extended(collect_extensions(checked, &scope)?),
            machine::Output::Negotiate { bound_client, .. } => {
                let pre_grant = PreGrant {
                    client_id: bound_client.client_id.clone().into_owned(),
                    redirect_uri: bound_client.redirect_uri.clone().into_owned(),
                    scope: scope.to_string().parse().map_err(|_| MALFORMED)?,
                };
                machine::Input::Negotiated { pre_grant, state: None }
            }
            machine::Output::Ok { extensions, .. } => return Ok((scope, private_slots(&extensions))),
            machine::Output::Err(_) => return Err(MALFORMED),
        };
    }
}

/// Collects what travels with the code of a request for `scope`: the PKCE challenge, nonce, acr_values, max_age,
/// claims, resource.
fn collect_extensions(checked: &Checked<'_>, scope: &Scope) -> Result<Extensions, OAuthError> {
    let Checked { params, client, response_type, claims, issuer, .. } = checked;
    let mut extensions = Extensions::new();
    match pkce::challenge(params)? {
        Some(challenge) => extensions.set_raw(pkce::SLOT.to_owned(), challenge),
        None => client.pkce(*response_type).check_unchallenged(scope, params.get(NONCE))?,
    }
    let mut keep = |slot: &str, value: String| extensions.set_raw(slot.to_owned(), Value::private(Some(value)));
    for slot in [NONCE, ACR_VALUES, MAX_AGE] {
        if let Some(value) = params.get(slot) {
            keep(slot, value.to_owned());
        }
    }
    if !claims.is_empty() {
        let malformed = OAuthError::invalid_request("claims is malformed.");
        keep(CLAIMS, serde_json::to_string(claims).map_err(|_| malformed)?);
    }
    // No resource that was named is this server itself: then the slot is there and empty, and nothing widens the grant.
    if let Some(resources) = client.resources(params.get_all("resource"), issuer)? {
        keep(RESOURCE, resources.join(" "));
    }
    Ok(extensions)
}

/// The private slots of the machine's extensions, in a stable order.
fn private_slots(extensions: &Extensions) -> BTreeMap<String, String> {
    extensions.private().filter_map(|(slot, value)| Some((slot.to_owned(), value?.to_owned()))).collect()
}

/// The request as the machine sees it: a known client and a proven redirect URI.
struct Facade<'a>(&'a Checked<'a>);

impl machine::Request for Facade<'_> {
    fn valid(&self) -> bool {
        true
    }

    fn client_id(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.0.client.id.as_str()))
    }

    fn scope(&self) -> Option<Cow<'_, str>> {
        self.0.params.get("scope").map(Cow::Borrowed)
    }

    fn redirect_uri(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.0.destination.as_str()))
    }

    fn state(&self) -> Option<Cow<'_, str>> {
        None
    }

    fn response_type(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(ResponseType::Code.as_str()))
    }

    fn extension(&self, key: &str) -> Option<Cow<'_, str>> {
        self.0.params.get(key).map(Cow::Borrowed)
    }
}
