//! The client credentials grant (RFC 6749 §4.4), by oxide-auth's `ClientCredentials` machine. The client speaks for
//! itself: no refresh token, no ID token, no scope that only a user can grant, and no database.

use std::borrow::Cow;
use std::sync::LazyLock;

use async_trait::async_trait;
use oxide_auth::code_grant::client_credentials::{self as machine, ClientCredentials as Machine};
use oxide_auth::primitives::grant::Extensions;
use oxide_auth::primitives::registrar::{BoundClient, ExactUrl, PreGrant, RegisteredUrl};

use super::{Decision, Grant, GrantError, Issuance, RefreshPlan, TokenRequest};
use crate::protocol::access_token::Subject;
use crate::protocol::cause::{Cause, Shown};
use crate::protocol::client::CLIENT_CREDENTIALS;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::scope::Scope;
use crate::store::Tx;

/// The grant type `client_credentials`.
pub struct ClientCredentials;

#[async_trait]
impl Grant for ClientCredentials {
    fn name(&self) -> &'static str {
        CLIENT_CREDENTIALS
    }

    fn decide_at_once(&self, request: &TokenRequest) -> Option<Result<Issuance, OAuthError>> {
        Some(decide(request))
    }

    async fn redeem(&self, request: &TokenRequest, _tx: &mut Tx) -> Result<Decision, GrantError> {
        Ok(Decision::Issue(Box::new(decide(request)?)))
    }
}

fn decide(request: &TokenRequest) -> Result<Issuance, OAuthError> {
    let client = &request.client;
    if client.is_public() {
        return Err(Cause::GrantOfPublicClient.into());
    }
    Ok(Issuance {
        subject: Subject::Client(client.id.clone()),
        scope: negotiate(request)?,
        resources: own_resources(request)?,
        grant: None,
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

/// Runs the machine: the client is authenticated and bound, and gets the part of its scope that it asks for.
fn negotiate(request: &TokenRequest) -> Result<Scope, OAuthError> {
    const BROKEN: OAuthError = OAuthError::new(ErrorCode::ServerError, "The request could not be processed.");
    let client = &request.client;
    let scope = client.own_scope(request.params.get("scope"))?;
    let nowhere = nowhere().map_err(|_| BROKEN)?;
    let bound =
        || BoundClient { client_id: Cow::Owned(client.id.as_str().to_owned()), redirect_uri: Cow::Borrowed(nowhere) };
    let mut machine = Machine::new(&Facade(request));
    let mut input = machine::Input::None;
    loop {
        input = match machine.advance(input) {
            machine::Output::Authenticate { .. } => machine::Input::Authenticated,
            machine::Output::Binding { .. } => machine::Input::Bound { bound_client: bound() },
            machine::Output::Extend => machine::Input::Extended { extensions: Extensions::new() },
            machine::Output::Negotiate { bound_client, scope: asked } => {
                // oxide-auth cannot write an empty scope; what the client gets is our own ordered list.
                let placeholder = asked.or_else(|| scope.to_string().parse().ok()).or_else(|| "none".parse().ok());
                let pre_grant = PreGrant {
                    client_id: bound_client.client_id.clone().into_owned(),
                    redirect_uri: nowhere.clone(),
                    scope: placeholder.ok_or(BROKEN)?,
                };
                machine::Input::Negotiated { pre_grant }
            }
            machine::Output::Ok { .. } => return Ok(scope),
            machine::Output::Err(_) => return Err(OAuthError::invalid_request("The request is malformed.")),
        };
    }
}

/// The redirect URI that the machine wants of a client which has none to be sent to.
fn nowhere() -> Result<&'static RegisteredUrl, url::ParseError> {
    static NOWHERE: LazyLock<Result<RegisteredUrl, url::ParseError>> =
        LazyLock::new(|| ExactUrl::new("urn:none".to_owned()).map(RegisteredUrl::Exact));
    NOWHERE.as_ref().map_err(|error| *error)
}

/// The request as the machine sees it: the client has been authenticated.
struct Facade<'a>(&'a TokenRequest);

impl machine::Request for Facade<'_> {
    fn valid(&self) -> bool {
        true
    }

    fn authorization(&self) -> Option<(Cow<'_, str>, Cow<'_, [u8]>)> {
        Some((Cow::Borrowed(self.0.client.id.as_str()), Cow::Borrowed(&[])))
    }

    fn scope(&self) -> Option<Cow<'_, str>> {
        self.0.params.get("scope").map(Cow::Borrowed)
    }

    fn grant_type(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(CLIENT_CREDENTIALS))
    }

    fn extension(&self, _key: &str) -> Option<Cow<'_, str>> {
        None
    }
}
