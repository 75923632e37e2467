//! Parameters of a request that travel with the code: PKCE challenge, nonce, acr_values, max_age, claims and resources,
//! each in a slot of its own (RFC 7636 §4.4, RFC 8707 §2).

use std::collections::BTreeMap;

use super::{ACR_VALUES, CLAIMS, MAX_AGE, NONCE, RESOURCE};
use crate::authorize::pkce;
use crate::authorize::response_type::ResponseType;
use crate::claims::requested::RequestedClaims;
use crate::client::Client;
use crate::error::OAuthError;
use crate::params::Params;
use crate::scope::Scope;

/// The checked parts of a request that its slots are filled from.
pub(crate) struct Checked<'a> {
    pub(crate) params: &'a Params,
    pub(crate) client: &'a Client,
    pub(crate) response_type: ResponseType,
    pub(crate) claims: &'a RequestedClaims,
    pub(crate) issuer: &'a str,
}

/// Collects the slots of a request for `scope`. A missing or malformed challenge is `invalid_request`, a refused
/// resource `invalid_target`.
pub(crate) fn collect_extensions(checked: &Checked<'_>, scope: &Scope) -> Result<BTreeMap<String, String>, OAuthError> {
    let Checked { params, client, response_type, claims, issuer } = checked;
    let mut slots = BTreeMap::new();
    let mut keep = |slot: &str, value: String| slots.insert(slot.to_owned(), value);
    match pkce::challenge(params)? {
        Some(challenge) => drop(keep(pkce::SLOT, challenge)),
        None => client.pkce(*response_type).check_unchallenged(scope, params.get(NONCE))?,
    }
    for slot in [NONCE, ACR_VALUES, MAX_AGE] {
        if let Some(value) = params.get(slot) {
            keep(slot, value.to_owned());
        }
    }
    if !claims.is_empty() {
        let malformed = OAuthError::invalid_request("claims is malformed.");
        keep(CLAIMS, serde_json::to_string(claims).map_err(|_| malformed)?);
    }
    // A request for the issuer alone leaves an empty slot, so that later requests cannot widen the grant to other
    // resources.
    if let Some(resources) = client.resources(params.get_all("resource"), issuer)? {
        keep(RESOURCE, resources.join(" "));
    }
    Ok(slots)
}
