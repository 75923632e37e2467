//! A check of an accepted request by oxide-auth's `ClientCredentials` machine (RFC 6749 §4.4.2).

use std::borrow::Cow;
use std::sync::LazyLock;

use ::oxide_auth::code_grant::client_credentials::{self as machine, ClientCredentials};
use ::oxide_auth::primitives::grant::Extensions;
use ::oxide_auth::primitives::registrar::{BoundClient, ExactUrl, PreGrant, RegisteredUrl};

use super::{Dispute, check_within, machine_scope};
use signet_protocol::client::Client;
use signet_protocol::error::OAuthError;
use signet_protocol::params::Params;
use signet_protocol::scope::Scope;

/// Confirms that this request yields a token with the scope `issued` for the client itself. A disagreement is
/// `invalid_request`.
pub fn confirm(params: &Params, client: &Client, issued: &Scope) -> Result<(), OAuthError> {
    run(params, client, issued).map_err(Dispute::of_request)
}

pub(super) fn run(params: &Params, client: &Client, issued: &Scope) -> Result<(), Dispute> {
    let issued = machine_scope(issued)?;
    let registered = machine_scope(&client.metadata.scope)?;
    let nowhere = nowhere()?;
    let mut machine = ClientCredentials::new(&Facade { params, client });
    let mut input = machine::Input::None;
    loop {
        input = match machine.advance(input) {
            machine::Output::Authenticate { .. } => machine::Input::Authenticated,
            machine::Output::Binding { client_id } => machine::Input::Bound {
                bound_client: BoundClient {
                    client_id: Cow::Owned(client_id.to_owned()),
                    redirect_uri: Cow::Borrowed(nowhere),
                },
            },
            machine::Output::Extend => machine::Input::Extended { extensions: Extensions::new() },
            machine::Output::Negotiate { bound_client, scope: asked } => {
                check_within(&issued, asked.as_ref().unwrap_or(&registered))?;
                let pre_grant = PreGrant {
                    client_id: bound_client.client_id.clone().into_owned(),
                    redirect_uri: nowhere.clone(),
                    scope: issued.clone(),
                };
                machine::Input::Negotiated { pre_grant }
            }
            machine::Output::Ok { pre_grant, .. } => return check_within(&pre_grant.scope, &registered),
            machine::Output::Err(_) => return Err(Dispute::Form),
        };
    }
}

/// Returns a placeholder for the redirect URI that the machine requires; nothing is sent there.
fn nowhere() -> Result<&'static RegisteredUrl, Dispute> {
    static NOWHERE: LazyLock<Option<RegisteredUrl>> =
        LazyLock::new(|| ExactUrl::new("urn:none".to_owned()).ok().map(RegisteredUrl::Exact));
    NOWHERE.as_ref().ok_or(Dispute::RedirectUri)
}

/// The request of an authenticated client in the form that the machine reads.
struct Facade<'a> {
    params: &'a Params,
    client: &'a Client,
}

impl machine::Request for Facade<'_> {
    fn valid(&self) -> bool {
        true
    }

    fn authorization(&self) -> Option<(Cow<'_, str>, Cow<'_, [u8]>)> {
        Some((Cow::Borrowed(self.client.id.as_str()), Cow::Borrowed(&[])))
    }

    fn scope(&self) -> Option<Cow<'_, str>> {
        self.params.get("scope").map(Cow::Borrowed)
    }

    fn grant_type(&self) -> Option<Cow<'_, str>> {
        self.params.get("grant_type").map(Cow::Borrowed)
    }

    fn extension(&self, _key: &str) -> Option<Cow<'_, str>> {
        None
    }
}
