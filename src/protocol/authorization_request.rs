//! The authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1): from parameters to a checked value.
//! oxide-auth's `Authorization` machine orders the checks; its questions are answered here, its errors are not used.

use std::borrow::Cow;
use std::collections::BTreeMap;

use oxide_auth::code_grant::authorization::{self as machine, Authorization};
use oxide_auth::primitives::grant::{Extensions, Value};
use oxide_auth::primitives::registrar::{BoundClient, ExactUrl, PreGrant, RegisteredUrl};
use serde::{Deserialize, Serialize};

use super::authorization_response::ResponseMode;
use super::client::{AUTHORIZATION_CODE, Client};
use super::error::{ErrorCode, OAuthError};
use super::ids::ClientId;
use super::params::Params;
use super::pkce;
use super::redirect_uri::{Destination, DestinationError, Omission, destination};
use super::response_type::ResponseType;
use super::scope::{OPENID, Scope};

/// The longest `state` and `nonce` that are carried, in bytes.
pub const MAX_OPAQUE: usize = 2048;

/// A checked authorization request, as it waits for login and consent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// The client that asks.
    pub client_id: ClientId,
    /// The redirect URI as requested, or the registered one where the request named none.
    pub redirect_uri: String,
    /// Whether the request named it, so that the token request must too (RFC 6749 §4.1.3).
    pub redirect_uri_named: bool,
    /// How the response reaches the client.
    pub response_mode: ResponseMode,
    /// The scope that is asked for.
    pub scope: Scope,
    /// Sent back unchanged.
    pub state: Option<String>,
    /// The `prompt` values.
    pub prompts: Vec<Prompt>,
    /// The greatest age of the login, in seconds.
    pub max_age: Option<i64>,
    /// Who is expected to sign in.
    pub login_hint: Option<String>,
    /// The subject of a verified `id_token_hint`.
    pub hinted_subject: Option<String>,
    /// The languages that the person prefers.
    pub ui_locales: Option<String>,
    /// What travels with the code: the private extensions of oxide-auth's grant.
    pub extensions: BTreeMap<String, String>,
}

/// A value of `prompt` (OpenID Connect Core §3.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    /// No page may be shown.
    None,
    /// The person must authenticate again.
    Login,
    /// The person must be asked for consent again.
    Consent,
    /// The person must be asked which account to use.
    SelectAccount,
}

/// The slot of `nonce`.
pub const NONCE: &str = "nonce";
/// The slot of `acr_values`.
pub const ACR_VALUES: &str = "acr_values";
/// The slot of `resource`, the values separated by spaces.
pub const RESOURCE: &str = "resource";
/// The slot that says that `auth_time` was asked for, by `max_age` or by the client's registration.
pub const MAX_AGE: &str = "max_age";

/// Why a request is refused, and who is told.
#[derive(Debug)]
pub enum Refusal {
    /// The person, on a page: there is nowhere to redirect to (RFC 6749 §4.1.2.1).
    Page(PageFault),
    /// The client, at its redirect URI.
    Redirect {
        /// Where to.
        destination: Destination,
        /// By which response mode.
        mode: ResponseMode,
        /// The `state` of the request.
        state: Option<String>,
        /// What is wrong.
        error: OAuthError,
    },
}

/// What is said on the error page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageFault {
    /// `client_id` is missing, repeated, unknown or disabled.
    UnknownClient,
    /// `redirect_uri` is missing.
    RedirectUriRequired,
    /// `redirect_uri` is not one of the client's.
    RedirectUriNotRegistered,
    /// The parameters cannot be read at all.
    Malformed,
}

impl PageFault {
    /// The sentence for people.
    pub const fn message(self) -> &'static str {
        match self {
            Self::UnknownClient => "The application is unknown or disabled: client_id is not registered.",
            Self::RedirectUriRequired => "redirect_uri is required.",
            Self::RedirectUriNotRegistered => "redirect_uri is not registered for this application.",
            Self::Malformed => "The request is malformed.",
        }
    }
}

impl AuthorizationRequest {
    /// Checks the parameters of a request by this client, which is enabled.
    ///
    /// # Errors
    /// A [`Refusal`]: to the person where the redirect URI is not proven to be the client's, else to the client.
    pub fn check(params: &Params, client: &Client) -> Result<Self, Refusal> {
        let destination = find_destination(params, client).map_err(Refusal::Page)?;
        let state = params.get("state").map(str::to_owned);
        let asked_mode = params.get("response_mode").map(ResponseMode::named);
        let mode = asked_mode.flatten().unwrap_or(ResponseMode::Query);
        let checked = check_modes(client, asked_mode)
            .and_then(|()| check_supported(params))
            .and_then(|()| drive(params, client, &destination))
            .and_then(|(scope, extensions)| Self::assemble(params, client, &destination, mode, scope, extensions));
        checked.map_err(|error| {
            let state = state.filter(|state| state.len() <= MAX_OPAQUE);
            Refusal::Redirect { destination, mode, state, error }
        })
    }

    /// Where the response to this request goes. The request was checked before it was stored.
    pub fn destination(&self) -> Destination {
        Destination::restore(self.redirect_uri.clone(), self.redirect_uri_named)
    }

    /// Whether the request has this `prompt` value.
    pub fn prompts(&self, prompt: Prompt) -> bool {
        self.prompts.contains(&prompt)
    }

    fn assemble(
        params: &Params,
        client: &Client,
        destination: &Destination,
        mode: ResponseMode,
        scope: Scope,
        extensions: BTreeMap<String, String>,
    ) -> Result<Self, OAuthError> {
        let prompts = parse_prompts(params.get("prompt"))?;
        let max_age = params.get("max_age").map(parse_max_age).transpose()?.or(client.metadata.default_max_age);
        let owned = |name| params.get(name).filter(|text| text.len() <= MAX_OPAQUE).map(str::to_owned);
        Ok(Self {
            client_id: client.id.clone(),
            redirect_uri: destination.as_str().to_owned(),
            redirect_uri_named: destination.explicit(),
            response_mode: mode,
            scope,
            state: params.get("state").map(str::to_owned),
            prompts,
            max_age,
            login_hint: owned("login_hint"),
            hinted_subject: None,
            ui_locales: owned("ui_locales"),
            extensions,
        })
    }
}

/// The redirect URI of the request, proven to be the client's.
fn find_destination(params: &Params, client: &Client) -> Result<Destination, PageFault> {
    if params.repeats("client_id") {
        return Err(PageFault::UnknownClient);
    }
    if params.repeats("redirect_uri") {
        return Err(PageFault::RedirectUriNotRegistered);
    }
    // OpenID Connect Core §3.1.2.1 requires redirect_uri; so does a client with several.
    let openid = params.get("scope").is_some_and(|scope| scope.split(' ').any(|token| token == OPENID));
    let several = client.metadata.redirect_uris.len() != 1;
    let omission = if openid || several { Omission::Refused } else { Omission::Allowed };
    destination(&client.metadata.redirect_uris, params.get("redirect_uri"), omission).map_err(|error| match error {
        DestinationError::Missing => PageFault::RedirectUriRequired,
        DestinationError::NotRegistered => PageFault::RedirectUriNotRegistered,
    })
}

/// Whether the client may use the code grant, and the response mode that it asks for.
fn check_modes(client: &Client, asked: Option<Option<ResponseMode>>) -> Result<(), OAuthError> {
    if !client.may_use(AUTHORIZATION_CODE) {
        return Err(OAuthError::unauthorized_client("The client may not use the authorization code grant."));
    }
    let modes = client.metadata.profile.rules().response_modes;
    match asked {
        None => Ok(()),
        Some(Some(mode)) if modes.contains(&mode) => Ok(()),
        Some(_) => Err(OAuthError::invalid_request("response_mode is not supported.")),
    }
}

/// Refuses what the specifications name and this server lacks, and values that are too long to carry.
fn check_supported(params: &Params) -> Result<(), OAuthError> {
    for repeated in KNOWN {
        if params.repeats(repeated) {
            return Err(OAuthError::invalid_request("A parameter is repeated."));
        }
    }
    if params.get("request").is_some() {
        return Err(OAuthError::new(ErrorCode::RequestNotSupported, "Request objects are not supported."));
    }
    if params.get("request_uri").is_some() {
        return Err(OAuthError::new(ErrorCode::RequestUriNotSupported, "request_uri is not supported."));
    }
    if params.get("registration").is_some() {
        return Err(OAuthError::new(ErrorCode::RegistrationNotSupported, "registration is not supported."));
    }
    let too_long = |name| params.get(name).is_some_and(|value| value.len() > MAX_OPAQUE);
    if ["state", "nonce", "acr_values"].into_iter().any(too_long) {
        return Err(OAuthError::invalid_request("A parameter is too long."));
    }
    match params.get("response_type") {
        None => Err(OAuthError::invalid_request("response_type is required.")),
        Some(_) => Ok(()),
    }
}

/// Every parameter of the authorization request that may stand only once (RFC 6749 §3.1).
const KNOWN: [&str; 19] = [
    "response_type",
    "scope",
    "state",
    "response_mode",
    "nonce",
    "display",
    "prompt",
    "max_age",
    "ui_locales",
    "claims_locales",
    "id_token_hint",
    "login_hint",
    "acr_values",
    "claims",
    "request",
    "request_uri",
    "registration",
    "code_challenge",
    "code_challenge_method",
];

/// Runs the machine: bind the client, collect extensions, negotiate the scope.
fn drive(
    params: &Params,
    client: &Client,
    destination: &Destination,
) -> Result<(Scope, BTreeMap<String, String>), OAuthError> {
    let url = ExactUrl::new(destination.as_str().to_owned())
        .map_err(|_| OAuthError::invalid_request("redirect_uri is malformed."))?;
    let facade = Facade { params, client, redirect_uri: destination.as_str() };
    let scope = client.requested_scope(params.get("scope"));
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
            machine::Output::Extend => machine::Input::Extended(collect_extensions(params, client)?),
            machine::Output::Negotiate { bound_client, .. } => {
                let asked = scope.clone()?.to_string();
                let pre_grant = PreGrant {
                    client_id: bound_client.client_id.clone().into_owned(),
                    redirect_uri: bound_client.redirect_uri.clone().into_owned(),
                    scope: asked.parse().map_err(|_| OAuthError::invalid_scope("The scope is malformed."))?,
                };
                machine::Input::Negotiated { pre_grant, state: None }
            }
            machine::Output::Ok { extensions, .. } => return Ok((scope?, private_slots(&extensions))),
            machine::Output::Err(machine::Error::Ignore | machine::Error::PrimitiveError) => {
                return Err(OAuthError::invalid_request("The request is malformed."));
            }
            // The machine's own errors at this point: a response type other than code, or a malformed scope.
            machine::Output::Err(machine::Error::Redirect(_)) => {
                scope?;
                return Err(OAuthError::new(
                    ErrorCode::UnsupportedResponseType,
                    "The response type is not supported for this client.",
                ));
            }
        };
    }
}

/// What has to travel with the code: the PKCE challenge, nonce, acr_values, max_age, resource.
fn collect_extensions(params: &Params, client: &Client) -> Result<Extensions, OAuthError> {
    let mut extensions = Extensions::new();
    if let Some(challenge) = pkce::challenge(params, client.pkce(ResponseType::Code))? {
        extensions.set_raw(pkce::SLOT.to_owned(), challenge);
    }
    for slot in [NONCE, ACR_VALUES, MAX_AGE] {
        if let Some(value) = params.get(slot) {
            extensions.set_raw(slot.to_owned(), Value::private(Some(value.to_owned())));
        }
    }
    let resources = client.resources(params.get_all("resource"))?;
    if !resources.is_empty() {
        extensions.set_raw(RESOURCE.to_owned(), Value::private(Some(resources.join(" "))));
    }
    Ok(extensions)
}

/// The private slots of the machine's extensions, in a stable order.
fn private_slots(extensions: &Extensions) -> BTreeMap<String, String> {
    extensions.private().filter_map(|(slot, value)| Some((slot.to_owned(), value?.to_owned()))).collect()
}

/// The values of `prompt`; `none` stands alone.
fn parse_prompts(value: Option<&str>) -> Result<Vec<Prompt>, OAuthError> {
    let prompts = value.unwrap_or_default().split(' ').filter(|token| !token.is_empty()).map(|token| match token {
        "none" => Ok(Prompt::None),
        "login" => Ok(Prompt::Login),
        "consent" => Ok(Prompt::Consent),
        "select_account" => Ok(Prompt::SelectAccount),
        _ => Err(OAuthError::invalid_request("prompt has an unknown value.")),
    });
    let prompts = prompts.collect::<Result<Vec<_>, _>>()?;
    if prompts.contains(&Prompt::None) && prompts.len() > 1 {
        return Err(OAuthError::invalid_request("prompt=none stands with other values."));
    }
    Ok(prompts)
}

/// A `max_age` of whole seconds, at most ten digits.
fn parse_max_age(value: &str) -> Result<i64, OAuthError> {
    let digits = value.len() <= 10 && value.bytes().all(|b| b.is_ascii_digit());
    value.parse().ok().filter(|_| digits).ok_or(OAuthError::invalid_request("max_age is not a number of seconds."))
}

/// The request as the machine sees it: a known client and a proven redirect URI.
struct Facade<'a> {
    params: &'a Params,
    client: &'a Client,
    redirect_uri: &'a str,
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
        Some(Cow::Borrowed(self.redirect_uri))
    }

    fn state(&self) -> Option<Cow<'_, str>> {
        None
    }

    fn response_type(&self) -> Option<Cow<'_, str>> {
        let allowed = |kind: &&str| self.client.metadata.response_types.iter().any(|held| held.as_str() == *kind);
        self.params.get("response_type").filter(allowed).map(Cow::Borrowed)
    }

    fn extension(&self, key: &str) -> Option<Cow<'_, str>> {
        self.params.get(key).map(Cow::Borrowed)
    }
}

#[cfg(test)]
mod tests;
