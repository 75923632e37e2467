//! A check of a redeemed code by oxide-auth's `AccessToken` machine (RFC 6749 §4.1.3) with its `Pkce` extension (RFC
//! 7636 §4.6).

use std::borrow::Cow;

use ::oxide_auth::code_grant::accesstoken::{self as machine, AccessToken};
use ::oxide_auth::code_grant::extensions::Pkce;
use ::oxide_auth::primitives::grant::{Extensions, Grant, GrantExtension as _, Value};

use super::{Dispute, check_within, machine_scope};
use signet_protocol::client::Client;
use signet_protocol::error::OAuthError;
use signet_protocol::params::Params;
use signet_protocol::scope::Scope;
use signet_protocol::token::code::CodeRecord;

/// Confirms that this request may redeem the code for a token with the scope `issued`. A disagreement is
/// `invalid_grant`.
pub fn confirm(params: &Params, client: &Client, record: &CodeRecord, issued: &Scope) -> Result<(), OAuthError> {
    run(params, client, record, issued).map_err(Dispute::of_grant)
}

pub(super) fn run(params: &Params, client: &Client, record: &CodeRecord, issued: &Scope) -> Result<(), Dispute> {
    let issued = machine_scope(issued)?;
    // The machine requires a redirect_uri. If the authorization request had none, the stored one is presented.
    let stored = Some(record.redirect_uri.as_str()).filter(|_| !record.redirect_uri_named);
    let facade = Facade { params, client, redirect_uri: params.get("redirect_uri").or(stored) };
    let mut machine = AccessToken::new(&facade);
    let mut input = machine::Input::None;
    loop {
        input = match machine.advance(input) {
            machine::Output::Authenticate { .. } => machine::Input::Authenticated,
            machine::Output::Recover { .. } => machine::Input::Recovered(Some(Box::new(to_grant(record)?))),
            machine::Output::Extend { extensions } => {
                verify(extensions, params.get("code_verifier"))?;
                machine::Input::Extended { access_extensions: std::mem::take(extensions) }
            }
            machine::Output::Issue { grant } => return check_within(&issued, &grant.scope),
            machine::Output::Ok(_) | machine::Output::Err(_) => return Err(Dispute::Form),
        };
    }
}

/// Verifies the code verifier by oxide-auth's extension. A challenge without a verifier fails, and so does a verifier
/// without a challenge.
fn verify(extensions: &mut Extensions, verifier: Option<&str>) -> Result<(), Dispute> {
    let pkce = Pkce::required();
    match (extensions.remove(&pkce), verifier) {
        (None, None) => Ok(()),
        (challenge, verifier) => pkce.verify(challenge, verifier.map(Cow::Borrowed)).map_err(|()| Dispute::Verifier),
    }
}

/// Converts the record to oxide-auth's grant. The expiry is omitted, since the machine would compare it with the clock
/// of this host.
fn to_grant(record: &CodeRecord) -> Result<Grant, Dispute> {
    let mut extensions = Extensions::new();
    if let Some(challenge) = record.extensions.get(Pkce::required().identifier()) {
        extensions.set(&Pkce::required(), Value::private(Some(challenge.clone())));
    }
    Ok(Grant {
        owner_id: record.user_id.as_str().to_owned(),
        client_id: record.client_id.as_str().to_owned(),
        scope: machine_scope(&record.scope)?,
        redirect_uri: record.redirect_uri.parse().map_err(|_| Dispute::RedirectUri)?,
        until: chrono::DateTime::<chrono::Utc>::MAX_UTC,
        extensions,
    })
}

/// The request of an authenticated client in the form that the machine reads.
struct Facade<'a> {
    params: &'a Params,
    client: &'a Client,
    redirect_uri: Option<&'a str>,
}

impl machine::Request for Facade<'_> {
    fn valid(&self) -> bool {
        true
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        self.params.get("code").map(Cow::Borrowed)
    }

    fn authorization(&self) -> machine::Authorization<'_> {
        machine::Authorization::Username(Cow::Borrowed(self.client.id.as_str()))
    }

    fn client_id(&self) -> Option<Cow<'_, str>> {
        None
    }

    fn redirect_uri(&self) -> Option<Cow<'_, str>> {
        self.redirect_uri.map(Cow::Borrowed)
    }

    fn grant_type(&self) -> Option<Cow<'_, str>> {
        self.params.get("grant_type").map(Cow::Borrowed)
    }

    fn extension(&self, key: &str) -> Option<Cow<'_, str>> {
        self.params.get(key).filter(|_| key != "client_secret").map(Cow::Borrowed)
    }
}
