//! A check of an accepted refresh token by oxide-auth's `Refresh` machine (RFC 6749 §6).

use std::borrow::Cow;

use ::oxide_auth::code_grant::refresh::{self as machine, Refresh};
use ::oxide_auth::primitives::grant::{Extensions, Grant};

use super::{Dispute, machine_scope};
use signet_protocol::client::Client;
use signet_protocol::error::OAuthError;
use signet_protocol::ids::ClientId;
use signet_protocol::params::Params;
use signet_protocol::scope::Scope;

/// The part of a grant that limits a refresh.
#[derive(Clone, Copy)]
pub struct Granted<'a> {
    /// The client that it was issued to.
    pub client: &'a ClientId,
    /// The scope that the client still has.
    pub scope: &'a Scope,
}

/// Confirms that this request refreshes the grant for a token with exactly the scope `issued`. A disagreement is
/// `invalid_grant`.
pub fn confirm(params: &Params, client: &Client, granted: Granted<'_>, issued: &Scope) -> Result<(), OAuthError> {
    run(params, client, granted, issued).map_err(Dispute::of_grant)
}

pub(super) fn run(params: &Params, client: &Client, granted: Granted<'_>, issued: &Scope) -> Result<(), Dispute> {
    let issued = machine_scope(issued)?;
    let mut grant = Some(Box::new(to_grant(granted)?));
    let mut machine = Refresh::new(&Facade { params, client });
    let mut input = machine::Input::None;
    let scope = || params.get("scope").map(Cow::Borrowed);
    loop {
        input = match machine.advance(input) {
            machine::Output::Unauthenticated { .. } => machine::Input::Authenticated { scope: scope() },
            machine::Output::RecoverRefresh { .. } => machine::Input::Recovered { scope: scope(), grant: grant.take() },
            machine::Output::Refresh { grant, .. } if grant.scope == issued => return Ok(()),
            machine::Output::Refresh { .. } => return Err(Dispute::Scope),
            machine::Output::Ok(_) | machine::Output::Err(_) => return Err(Dispute::Form),
        };
    }
}

/// Converts the grant to oxide-auth's type. The expiry is omitted, since the machine would compare it with the clock of
/// this host.
fn to_grant(granted: Granted<'_>) -> Result<Grant, Dispute> {
    Ok(Grant {
        owner_id: String::new(),
        client_id: granted.client.as_str().to_owned(),
        scope: machine_scope(granted.scope)?,
        redirect_uri: url::Url::parse("urn:none").map_err(|_| Dispute::RedirectUri)?,
        until: chrono::DateTime::<chrono::Utc>::MAX_UTC,
        extensions: Extensions::new(),
    })
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

    fn refresh_token(&self) -> Option<Cow<'_, str>> {
        self.params.get("refresh_token").map(Cow::Borrowed)
    }

    fn scope(&self) -> Option<Cow<'_, str>> {
        self.params.get("scope").map(Cow::Borrowed)
    }

    fn grant_type(&self) -> Option<Cow<'_, str>> {
        self.params.get("grant_type").map(Cow::Borrowed)
    }

    fn authorization(&self) -> Option<(Cow<'_, str>, Cow<'_, [u8]>)> {
        Some((Cow::Borrowed(self.client.id.as_str()), Cow::Borrowed(&[])))
    }

    fn extension(&self, key: &str) -> Option<Cow<'_, str>> {
        self.params.get(key).map(Cow::Borrowed)
    }
}
