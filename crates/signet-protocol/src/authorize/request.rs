//! The authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1, §3.2.2.1, §3.3.2.1), from parameters to a
//! checked value. Request objects and pushed requests have been resolved to parameters before.

mod extensions;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::pkce;
use super::redirect_uri::{Destination, DestinationError, Omission, destination};
use super::response::ResponseMode;
use super::response_type::{IMPLICIT, ResponseType};
use crate::cause::{Cause, Shown};
use crate::claims::requested::RequestedClaims;
use crate::client::{AUTHORIZATION_CODE, Client};
use crate::error::{ErrorCode, OAuthError};
use crate::ids::ClientId;
use crate::params::Params;
use crate::scope::{OPENID, Scope};
use crate::secret::Digest;
use crate::token::authentication::ACR_VALUES_SUPPORTED;
use extensions::{Checked, collect_extensions};

/// The maximum length of `state` and `nonce`, in bytes.
pub const MAX_OPAQUE: usize = 2048;

/// The maximum length of a request that is stored before the person has authenticated, in bytes.
pub const MAX_CARRIED: usize = 8 * 1024;

/// A checked authorization request that waits for login and consent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    pub client_id: ClientId,
    /// The requested redirect URI, or the registered one if the request had none.
    pub redirect_uri: String,
    /// True if the request had the parameter, in which case the token request must repeat it (RFC 6749 §4.1.3).
    pub redirect_uri_named: bool,
    #[serde(default)]
    pub response_type: ResponseType,
    pub response_mode: ResponseMode,
    pub scope: Scope,
    /// The client's `state`, returned unchanged.
    pub state: Option<String>,
    pub prompts: Vec<Prompt>,
    /// The maximum age of the login, in seconds.
    pub max_age: Option<i64>,
    /// A hint at the account that should sign in.
    pub login_hint: Option<String>,
    /// The user who must be signed in, from a verified `id_token_hint` or the `claims` parameter. An empty user id is
    /// stored where the requested subject matches no user of this client.
    pub hinted_subject: Option<String>,
    /// The person's preferred languages.
    pub ui_locales: Option<String>,
    /// Claims requested one by one.
    #[serde(default)]
    pub claims: RequestedClaims,
    /// The digest of the `request_uri` under which the request was pushed (RFC 9126 §4).
    #[serde(default)]
    pub pushed: Option<Digest>,
    /// The slots of parameters that travel with the code.
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

/// The extension slot of `nonce`.
pub const NONCE: &str = "nonce";
/// The extension slot of `acr_values`.
pub const ACR_VALUES: &str = "acr_values";
/// The extension slot of `claims` and `claims_locales`, as JSON.
pub const CLAIMS: &str = "claims";
/// The extension slot of `resource`: values separated by spaces. Empty if only the issuer was requested, absent if no
/// resource was.
pub const RESOURCE: &str = "resource";
/// The extension slot that marks `auth_time` as requested, by `max_age` or by the client's registration.
pub const MAX_AGE: &str = "max_age";

/// A refused request, by the recipient of the answer.
#[derive(Debug)]
pub enum Refusal {
    /// Shown to the person on a page, because there is no trusted redirect URI (RFC 6749 §4.1.2.1).
    Page(OAuthError),
    /// Sent to the client at its redirect URI.
    Redirect { destination: Destination, mode: ResponseMode, state: Option<String>, error: OAuthError },
}

impl AuthorizationRequest {
    /// Checks the parameters of a request by this enabled client, sent to the server with this issuer. The refusal goes
    /// to the person unless the redirect URI is proven to be the client's.
    pub fn check(params: &Params, client: &Client, issuer: &str) -> Result<Self, Refusal> {
        let destination = find_destination(params, client).map_err(Refusal::Page)?;
        match Self::checked(params, client, &destination, issuer) {
            Ok(request) => Ok(request),
            Err(error) => Err(refusal(params, client, destination, error)),
        }
    }

    fn checked(params: &Params, client: &Client, destination: &Destination, issuer: &str) -> Result<Self, OAuthError> {
        check_supported(params)?;
        let response_type = check_response_type(params, client)?;
        let mode = check_mode(params, client, response_type)?;
        let claims = check_claims(params)?;
        let scope = client.requested_scope(params.get("scope"))?;
        let slots = Checked { params, client, response_type, claims: &claims, issuer };
        let extensions = collect_extensions(&slots, &scope)?;
        check_id_token(params, response_type, &scope)?;
        check_nonce(params, client, &scope)?;
        let prompts = parse_prompts(params.get("prompt"))?;
        let max_age = params.get("max_age").map(parse_max_age).transpose()?.or(client.metadata.default_max_age);
        let owned = |name| params.get(name).filter(|text| text.len() <= MAX_OPAQUE).map(str::to_owned);
        Ok(Self {
            client_id: client.id.clone(),
            redirect_uri: destination.as_str().to_owned(),
            redirect_uri_named: destination.explicit(),
            response_type,
            response_mode: mode,
            scope,
            state: params.get("state").map(str::to_owned),
            prompts,
            max_age,
            login_hint: owned("login_hint"),
            hinted_subject: None,
            ui_locales: owned("ui_locales"),
            claims,
            pushed: None,
            extensions,
        })
    }

    /// Returns the destination of the response. It was checked before the request was stored.
    pub fn destination(&self) -> Destination {
        Destination::restore(self.redirect_uri.clone(), self.redirect_uri_named)
    }

    /// Reduces the request to what the client may still ask for, since its registration may have changed after the
    /// check. It is refused if its redirect URI is no longer registered, its scope becomes empty, or the remaining
    /// scope needs PKCE that the request did not use.
    pub fn narrowed_to(self, client: &Client) -> Result<Self, OAuthError> {
        if !client.redirects_to(&self.redirect_uri) {
            return Err(not_registered(client, &self.redirect_uri).into());
        }
        let scope = client.remaining_scope(&self.scope).map_err(|_| Cause::RequestWithdrawn)?;
        let keeps_openid = scope.contains(OPENID) || !self.scope.contains(OPENID);
        if !self.extensions.contains_key(pkce::SLOT) {
            let nonce = self.extensions.get(NONCE).map(String::as_str);
            client.pkce(self.response_type).check_unchallenged(&scope, nonce).map_err(|_| Cause::RequestWithdrawn)?;
        }
        if keeps_openid && client.metadata.response_types.contains(&self.response_type) {
            Ok(Self { scope, ..self })
        } else {
            Err(Cause::RequestWithdrawn.into())
        }
    }

    pub fn prompts(&self, prompt: Prompt) -> bool {
        self.prompts.contains(&prompt)
    }
}

/// Returns the parameters that this endpoint understands, form-encoded for storage. Unknown parameters are ignored
/// (RFC 6749 §3.1) and need not be stored. More than [`MAX_CARRIED`] bytes are `invalid_request`.
pub fn carried(params: &Params) -> Result<String, OAuthError> {
    let known = |name: &str| KNOWN.contains(&name) || ["client_id", "redirect_uri", "resource"].contains(&name);
    let kept = params.pairs().filter(|(name, _)| known(name));
    let form = Params::from_pairs(kept.map(|(name, value)| (name.to_owned(), value.to_owned())))?.to_form();
    if form.len() <= MAX_CARRIED { Ok(form) } else { Err(OAuthError::invalid_request("The request is too long.")) }
}

/// Builds the refusal for parameters that do not form a valid request. Response mode and `state` are taken from the
/// parameters as far as these can be read.
pub fn refusal(params: &Params, client: &Client, destination: Destination, error: OAuthError) -> Refusal {
    let kind = params.get("response_type").and_then(|kind| ResponseType::parse(kind).ok()).unwrap_or_default();
    let asked = params.get("response_mode").filter(|_| !params.repeats("response_mode")).and_then(ResponseMode::named);
    let allowed = |mode: &ResponseMode| client.metadata.profile.rules().response_modes.contains(mode);
    let mode = asked.filter(allowed).filter(|mode| kind.may_use(*mode)).unwrap_or(kind.default_mode());
    let state = params.get("state").filter(|state| state.len() <= MAX_OPAQUE);
    Refusal::Redirect { destination, mode, state: state.map(str::to_owned), error }
}

/// Finds the redirect URI of the request, proven to be the client's. Its errors are shown on a page, since there is no
/// trusted redirect URI.
pub fn find_destination(params: &Params, client: &Client) -> Result<Destination, OAuthError> {
    if params.repeats("client_id") {
        return Err(Cause::AuthorizeClientUnnamed.into());
    }
    let named = params.get("redirect_uri");
    if params.repeats("redirect_uri") {
        return Err(Cause::RedirectUriRepeated.into());
    }
    // OpenID Connect Core §3.1.2.1 requires redirect_uri, and so does a client with several of them.
    let openid = params.get("scope").is_some_and(|scope| scope.split(' ').any(|token| token == OPENID));
    let several = client.metadata.redirect_uris.len() != 1;
    let omission = if openid || several { Omission::Refused } else { Omission::Allowed };
    destination(&client.metadata.redirect_uris, named, omission).map_err(|error| match error {
        DestinationError::Missing => {
            Cause::RedirectUriMissing { registered: client.metadata.redirect_uris.len() }.into()
        }
        DestinationError::NotRegistered => not_registered(client, named.unwrap_or_default()).into(),
    })
}

fn not_registered(client: &Client, received: &str) -> Cause {
    Cause::RedirectUri { received: Shown::uri(received), registered: client.metadata.redirect_uris.len() }
}

/// Checks that the client has registered the response type and the grant types that it needs.
fn check_response_type(params: &Params, client: &Client) -> Result<ResponseType, OAuthError> {
    let value = params.require("response_type", "response_type is required.")?;
    let unsupported = || {
        let registered: Vec<&str> = client.metadata.response_types.iter().map(|kind| kind.as_str()).collect();
        Cause::ResponseType { received: Shown::text(value), registered: registered.join(", ") }
    };
    let kind = ResponseType::parse(value).map_err(|_| unsupported())?;
    if kind.has_code() && !client.may_use(AUTHORIZATION_CODE) {
        return Err(Cause::GrantNotAllowed { grant: AUTHORIZATION_CODE }.into());
    }
    let registered = client.metadata.response_types.contains(&kind);
    let granted = !kind.needs_implicit() || client.may_use(IMPLICIT);
    if registered && granted { Ok(kind) } else { Err(unsupported().into()) }
}

/// Returns the requested response mode, or the default of the response type.
fn check_mode(params: &Params, client: &Client, kind: ResponseType) -> Result<ResponseMode, OAuthError> {
    let Some(asked) = params.get("response_mode") else { return Ok(kind.default_mode()) };
    let modes = client.metadata.profile.rules().response_modes;
    let mode = ResponseMode::named(asked).filter(|mode| modes.contains(mode) && kind.may_use(*mode));
    Ok(mode.ok_or_else(|| Cause::ResponseMode { received: Shown::text(asked) })?)
}

/// Parses the requested claims. An essential `acr` that this server cannot reach is refused at once.
fn check_claims(params: &Params) -> Result<RequestedClaims, OAuthError> {
    let claims = RequestedClaims::parse(params.get("claims"), params.get("claims_locales"))?;
    let reachable = |acr: &serde_json::Value| ACR_VALUES_SUPPORTED.iter().any(|held| acr == held);
    match claims.essential_acr() {
        Some(wanted) if !wanted.iter().any(reachable) => Err(OAuthError::new(
            ErrorCode::UnmetAuthenticationRequirements,
            "None of the authentication context classes can be reached.",
        )),
        Some(_) | None => Ok(claims),
    }
}

/// Checks the requirements of an ID token from the authorization endpoint (OpenID Connect Core §3.2.2.1, §3.3.2.11).
fn check_id_token(params: &Params, kind: ResponseType, scope: &Scope) -> Result<(), OAuthError> {
    if !kind.has_id_token() {
        return Ok(());
    }
    if !scope.contains(OPENID) {
        return Err(Cause::ScopeWithoutOpenid.into());
    }
    params.require("nonce", "nonce is required for an ID token from this endpoint.").map(|_| ())
}

/// Checks that a nonce is present if the operator requires one of this client for requests that yield an ID token. The
/// client detects an injected code by it (RFC 9700 §2.1.1, §4.5.3.2).
fn check_nonce(params: &Params, client: &Client, scope: &Scope) -> Result<(), OAuthError> {
    if client.metadata.require_nonce && scope.contains(OPENID) {
        params.require("nonce", "nonce is required of this client.")?;
    }
    Ok(())
}

/// Refuses repeated parameters, parameters that this server does not support, and values that are too long to store.
fn check_supported(params: &Params) -> Result<(), OAuthError> {
    for repeated in KNOWN {
        if params.repeats(repeated) {
            return Err(Cause::Repeated { name: Shown::text(repeated) }.into());
        }
    }
    if params.get("request").is_some() {
        return Err(OAuthError::new(ErrorCode::RequestNotSupported, "The client may not use request objects."));
    }
    if params.get("request_uri").is_some() {
        return Err(OAuthError::new(ErrorCode::RequestUriNotSupported, "The client may not use request_uri."));
    }
    if params.get("registration").is_some() {
        return Err(OAuthError::new(ErrorCode::RegistrationNotSupported, "registration is not supported."));
    }
    let too_long = |name| params.get(name).is_some_and(|value| value.len() > MAX_OPAQUE);
    if ["state", "nonce", "acr_values"].into_iter().any(too_long) {
        return Err(OAuthError::invalid_request("A parameter is too long."));
    }
    Ok(())
}

/// Parameters of the authorization request that must not be repeated (RFC 6749 §3.1).
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

/// Parses the values of `prompt`; `none` excludes all others.
fn parse_prompts(value: Option<&str>) -> Result<Vec<Prompt>, OAuthError> {
    let prompts = value.unwrap_or_default().split(' ').filter(|token| !token.is_empty()).map(|token| match token {
        "none" => Ok::<_, OAuthError>(Prompt::None),
        "login" => Ok(Prompt::Login),
        "consent" => Ok(Prompt::Consent),
        "select_account" => Ok(Prompt::SelectAccount),
        other => Err(Cause::Prompt { received: Shown::text(other) }.into()),
    });
    let prompts = prompts.collect::<Result<Vec<_>, _>>()?;
    if prompts.contains(&Prompt::None) && prompts.len() > 1 {
        return Err(OAuthError::invalid_request("prompt=none cannot be combined with other values."));
    }
    Ok(prompts)
}

/// Parses a `max_age` of whole seconds, at most ten digits.
fn parse_max_age(value: &str) -> Result<i64, OAuthError> {
    let digits = value.len() <= 10 && value.bytes().all(|b| b.is_ascii_digit());
    value.parse().ok().filter(|_| digits).ok_or(OAuthError::invalid_request("max_age is not a number of seconds."))
}

#[cfg(test)]
mod tests;
