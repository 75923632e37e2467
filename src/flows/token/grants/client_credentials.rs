//! The client credentials grant (RFC 6749 §4.4). The client speaks for itself: no refresh token, no ID token, no scope
//! that only a user can grant, and no database.

use async_trait::async_trait;

use super::{Decision, Evidence, Grant, GrantError, Issuance, RefreshPlan, TokenRequest};
use crate::adapters::oxide_auth;
use crate::flows::Provider;
use signet_protocol::cause::{Cause, Shown};
use signet_protocol::client::CLIENT_CREDENTIALS;
use signet_protocol::error::OAuthError;
use signet_protocol::token::access_token::Subject;
use signet_store::Tx;

/// The grant type `client_credentials`.
pub struct ClientCredentials;

#[async_trait]
impl Grant for ClientCredentials {
    fn name(&self) -> &'static str {
        CLIENT_CREDENTIALS
    }

    fn parameters(&self) -> &'static [&'static str] {
        &["scope", "resource"]
    }

    async fn prepare(&self, _: &Provider, request: &TokenRequest) -> Result<Evidence, GrantError> {
        Ok(Evidence::Decided(Box::new(decide(request)?)))
    }

    async fn redeem(&self, request: &TokenRequest, _: &Evidence, _: &mut Tx) -> Result<Decision, GrantError> {
        Ok(Decision::Issue(Box::new(decide(request)?)))
    }
}

fn decide(request: &TokenRequest) -> Result<Issuance, OAuthError> {
    let TokenRequest { client, params, .. } = request;
    if client.is_public() {
        return Err(Cause::GrantOfPublicClient.into());
    }
    let scope = client.own_scope(params.get("scope"))?;
    oxide_auth::client_credentials::confirm(params, client, &scope)?;
    Ok(Issuance {
        subject: Subject::Client(client.id.clone()),
        scope,
        resources: own_resources(request)?,
        grant: None,
        confirmation: request.confirmation.clone(),
        refresh: RefreshPlan::None,
    })
}

/// The resources that a client asks for in its own name. One that registered itself gets none: its resources are those
/// that it may ask people for.
fn own_resources(request: &TokenRequest) -> Result<Vec<String>, OAuthError> {
    let client = &request.client;
    let asked = request.params.get_all("resource");
    let resources = client.resources(asked, &request.context.realm.issuer)?.unwrap_or_default();
    match (&client.registration, resources.first()) {
        (Some(_), Some(resource)) => Err(Cause::ResourceWithoutPerson { received: Shown::uri(resource) }.into()),
        (Some(_) | None, _) => Ok(resources),
    }
}
