//! A check of an accepted request by oxide-auth's `Authorization` machine (RFC 6749 §4.1.1) with its `Pkce` extension
//! (RFC 7636 §4.3). The machine only supports the response type `code`, so every accepted response type is presented as
//! that one.

use std::borrow::Cow;

use ::oxide_auth::code_grant::authorization::{self as machine, Authorization};
use ::oxide_auth::code_grant::extensions::Pkce;
use ::oxide_auth::primitives::grant::Extensions;
use ::oxide_auth::primitives::registrar::{BoundClient, ExactUrl, PreGrant, RegisteredUrl};
use url::{Host, Url};

use super::{Dispute, check_within, machine_scope};
use signet_protocol::authorize::pkce::{self, PkceRule};
use signet_protocol::authorize::request::AuthorizationRequest;
use signet_protocol::authorize::response_type::ResponseType;
use signet_protocol::client::Client;
use signet_protocol::error::OAuthError;
use signet_protocol::params::Params;
use signet_protocol::scope::Scope;

/// The result of the rules, which the machine must reproduce.
#[derive(Clone, Copy)]
pub(super) struct Outcome<'a> {
    pub(super) redirect_uri: &'a str,
    pub(super) response_type: ResponseType,
    pub(super) scope: &'a Scope,
    pub(super) challenge: Option<&'a str>,
}

/// Confirms that the parameters yield the checked request. A disagreement is `invalid_request`.
pub fn confirm(params: &Params, client: &Client, request: &AuthorizationRequest) -> Result<(), OAuthError> {
    let outcome = Outcome {
        redirect_uri: &request.redirect_uri,
        response_type: request.response_type,
        scope: &request.scope,
        challenge: request.extensions.get(pkce::SLOT).map(String::as_str),
    };
    run(params, client, outcome).map_err(Dispute::of_request)
}

pub(super) fn run(params: &Params, client: &Client, outcome: Outcome<'_>) -> Result<(), Dispute> {
    let granted = machine_scope(outcome.scope)?;
    let facade = Facade { params, client };
    let mut machine = Authorization::new(&facade);
    let mut input = machine::Input::None;
    loop {
        input = match machine.advance(input) {
            machine::Output::Bind { client_id, redirect_uri } => {
                let url = registered(client, redirect_uri)?;
                let redirect_uri = Cow::Owned(RegisteredUrl::Exact(url));
                let bound_client = BoundClient { client_id: Cow::Owned(client_id), redirect_uri };
                machine::Input::Bound { request: &facade, bound_client }
            }
            machine::Output::Extend => machine::Input::Extended(challenged(params, client, outcome.response_type)?),
            machine::Output::Negotiate { bound_client, scope: asked } => {
                let held = machine_scope(&client.metadata.scope)?;
                check_within(&granted, &held)?;
                check_within(&granted, asked.as_ref().unwrap_or(&held))?;
                let pre_grant = PreGrant {
                    client_id: bound_client.client_id.clone().into_owned(),
                    redirect_uri: bound_client.redirect_uri.clone().into_owned(),
                    scope: granted.clone(),
                };
                machine::Input::Negotiated { pre_grant, state: None }
            }
            machine::Output::Ok { pre_grant, extensions, .. } => {
                let challenge = extensions.private().find(|(slot, _)| *slot == pkce::SLOT).and_then(|(_, value)| value);
                return if pre_grant.redirect_uri.as_str() != outcome.redirect_uri {
                    Err(Dispute::RedirectUri)
                } else if challenge != outcome.challenge {
                    Err(Dispute::Challenge)
                } else {
                    Ok(())
                };
            }
            machine::Output::Err(_) => return Err(Dispute::Form),
        };
    }
}

/// Returns the registered redirect URI that equals `named`, compared as a URL.
fn registered(client: &Client, named: Option<ExactUrl>) -> Result<ExactUrl, Dispute> {
    let registered = client.metadata.redirect_uris.as_slice();
    match (named, registered) {
        (Some(named), _) if registered.iter().any(|held| held.as_str() == named.as_str()) => Ok(named),
        (Some(named), _) => {
            let url = without_port(named.to_url()).ok_or(Dispute::RedirectUri)?;
            let held = registered.iter().filter_map(|held| Url::parse(held.as_str()).ok());
            let is_held = held.filter_map(without_port).any(|held| held == url);
            if is_held { Ok(named) } else { Err(Dispute::RedirectUri) }
        }
        (None, [only]) => ExactUrl::new(only.as_str().to_owned()).map_err(|_| Dispute::RedirectUri),
        (None, _) => Err(Dispute::RedirectUri),
    }
}

/// Removes the port of a loopback URL, since it may vary (RFC 8252 §7.3). Returns `None` for any other URL.
fn without_port(mut url: Url) -> Option<Url> {
    let is_loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(_)) | None => false,
    };
    if url.scheme() != "http" || !is_loopback {
        return None;
    }
    url.set_port(None).ok()?;
    Some(url)
}

/// Reads the code challenge by oxide-auth's extension.
fn challenged(params: &Params, client: &Client, response_type: ResponseType) -> Result<Extensions, Dispute> {
    let pkce = match client.pkce(response_type) {
        PkceRule::Required => Pkce::required(),
        PkceRule::Nonce | PkceRule::Optional => Pkce::optional(),
    };
    let method = params.get("code_challenge_method").map(Cow::Borrowed);
    let challenge = params.get("code_challenge").map(Cow::Borrowed);
    let mut extensions = Extensions::new();
    if let Some(challenge) = pkce.challenge(method, challenge).map_err(|()| Dispute::Challenge)? {
        extensions.set(&pkce, challenge);
    }
    Ok(extensions)
}

/// The request in the form that the machine reads.
struct Facade<'a> {
    params: &'a Params,
    client: &'a Client,
}

impl machine::Request for Facade<'_> {
    fn valid(&self) -> bool {
        true
    }

    fn client_id(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.client.id.as_str()))
    }

    fn scope(&self) -> Option<Cow<'_, str>> {
        self.params.get("scope").map(Cow::Borrowed)
    }

    fn redirect_uri(&self) -> Option<Cow<'_, str>> {
        self.params.get("redirect_uri").map(Cow::Borrowed)
    }

    fn state(&self) -> Option<Cow<'_, str>> {
        None
    }

    fn response_type(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(ResponseType::Code.as_str()))
    }

    fn extension(&self, key: &str) -> Option<Cow<'_, str>> {
        self.params.get(key).map(Cow::Borrowed)
    }
}
