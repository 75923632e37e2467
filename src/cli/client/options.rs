//! Attributes of a client as options, shared by `client add` and `client update`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::cli::token_header::TokenHeaderOptions;
use signet_protocol::authorize::pkce::PkceRule;
use signet_protocol::authorize::redirect_uri::RedirectUri;
use signet_protocol::authorize::response_type::{IMPLICIT, ResponseType};
use signet_protocol::client::profile::Profile;
use signet_protocol::client::resource::HeaderChoice;
use signet_protocol::client::{
    AUTHORIZATION_CODE, AccessTokenFormat, ApplicationType, CLIENT_SECRET, ClientMetadata, DEVICE_CODE,
    ResponseSigning, SubjectType, UnknownScopes,
};
use signet_protocol::scope::Scope;
use signet_protocol::time::Span;

/// Attributes of a client. A missing option does not change its attribute; the empty value `""` removes an optional
/// attribute with one value.
#[derive(Args)]
pub struct ClientOptions {
    /// The name shown to users [new clients: the id]
    #[arg(long)]
    name: Option<String>,
    /// A URI that authorization responses may be sent to (repeatable)
    #[arg(long, value_name = "URI")]
    redirect_uri: Vec<String>,
    /// A URI that browsers may be sent to after logout (repeatable)
    #[arg(long, value_name = "URI")]
    post_logout_redirect_uri: Vec<String>,
    /// A grant type (repeatable), such as refresh_token, client_credentials or device_code
    /// [new clients: authorization_code]
    #[arg(long)]
    pub grant: Vec<String>,
    /// A response type (repeatable) [new clients: code]. Others need --profile oidc_classic
    #[arg(long, value_name = "TYPE")]
    response_type: Vec<String>,
    /// Scopes the client may request, separated by spaces [new clients: openid profile email, plus offline_access with
    /// the grant refresh_token; none without sign-in]
    #[arg(long)]
    pub scope: Option<String>,
    /// The treatment of requested scopes that the client may not have: drop leaves them out, refuse refuses the
    /// request; a strict profile always refuses them [new clients: drop]
    #[arg(long, value_name = "TREATMENT")]
    unknown_scopes: Option<String>,
    /// The client authentication method: client_secret (the secret in the header or in the body), or exactly one of
    /// client_secret_basic, client_secret_post, client_secret_jwt, private_key_jwt and none
    /// [new clients: client_secret]
    #[arg(long, value_name = "METHOD")]
    auth_method: Option<String>,
    /// PKCE of a confidential client: required, nonce (a request for an ID token may have a nonce instead) or optional
    /// [new clients: nonce; optional with --profile oidc_classic]
    #[arg(long, value_name = "RULE")]
    pkce: Option<String>,
    /// The security profile, one of profiles.allowed: oauth21 or oidc_classic [new clients: oauth21]
    #[arg(long)]
    profile: Option<String>,
    /// A file with the client's JWK set
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
    /// The URL of the client's JWK set
    #[arg(long, value_name = "URL", conflicts_with = "jwks")]
    jwks_uri: Option<String>,
    /// The algorithm of ID tokens, one of keys.algorithms [new clients: RS256]
    #[arg(long, value_name = "ALG")]
    id_token_alg: Option<String>,
    /// Treat the client as first-party: users are not asked for consent
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    skip_consent: Option<bool>,
    /// Require a nonce in every request for an ID token
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    require_nonce: Option<bool>,
    /// Require every authorization request to be pushed
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    require_par: Option<bool>,
    /// Require every authorization request to come in a signed request object
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    require_signed_request: Option<bool>,
    /// An origin whose scripts may call the token and userinfo endpoints (repeatable)
    #[arg(long, value_name = "ORIGIN")]
    cors_origin: Vec<String>,
    /// A resource that the client may request tokens for (repeatable)
    #[arg(long, value_name = "URI")]
    audience: Vec<String>,
    /// A resource whose tokens the client may introspect, whichever client they were issued to (repeatable)
    #[arg(long, value_name = "URI")]
    introspects: Vec<String>,
    /// Add the claims of the granted scopes to ID tokens, for clients that do not call userinfo
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    id_token_claims: Option<bool>,
    #[command(flatten)]
    header: TokenHeaderOptions,
    /// The format of access tokens: jwt or opaque [new clients: jwt]
    #[arg(long, value_name = "FORM")]
    access_token_format: Option<String>,
    /// The lifetime of access tokens, such as 15m [new clients: the server's]
    #[arg(long, value_name = "TIME")]
    access_token_lifetime: Option<String>,
    /// The URL that the server calls when a session ends
    #[arg(long, value_name = "URL")]
    backchannel_logout_uri: Option<String>,
    /// The page that ends the client's session in a browser
    #[arg(long, value_name = "URL")]
    frontchannel_logout_uri: Option<String>,
    /// The URL at which a third party may start a login
    #[arg(long, value_name = "URL")]
    initiate_login_uri: Option<String>,
    /// The kind of application: web or native [new clients: web]
    #[arg(long, value_name = "TYPE")]
    application_type: Option<String>,
    /// The kind of `sub` that the client sees: public, or pairwise, which differs per sector [new clients: public]
    #[arg(long, value_name = "TYPE")]
    subject_type: Option<String>,
    /// The client's home page
    #[arg(long, value_name = "URL")]
    client_uri: Option<String>,
    /// The client's privacy policy
    #[arg(long, value_name = "URL")]
    policy_uri: Option<String>,
    /// The client's terms of service
    #[arg(long, value_name = "URL")]
    tos_uri: Option<String>,
    /// A file with metadata as JSON (RFC 7591), also for attributes without an option; options override it
    #[arg(long, value_name = "FILE")]
    pub metadata: Option<PathBuf>,
}

impl ClientOptions {
    /// Returns the metadata with the values of the file, then those of the options.
    pub fn apply(&self, base: ClientMetadata) -> anyhow::Result<ClientMetadata> {
        let mut metadata = match &self.metadata {
            Some(file) => merged(&base, file)?,
            None => base,
        };
        set(&mut metadata.client_name, self.name.clone());
        set(&mut metadata.redirect_uris, listed(&self.redirect_uri, redirect_uri)?);
        set(&mut metadata.post_logout_redirect_uris, listed(&self.post_logout_redirect_uri, redirect_uri)?);
        set(&mut metadata.response_types, listed(&self.response_type, response_type)?);
        set(&mut metadata.grant_types, self.grants());
        set(&mut metadata.scope, self.scope.as_deref().map(|text| Scope::parse_stored(text.trim())).transpose()?);
        set(&mut metadata.skip_consent, self.skip_consent);
        set(&mut metadata.require_nonce, self.require_nonce);
        set(&mut metadata.require_pushed_authorization_requests, self.require_par);
        set(&mut metadata.require_signed_request_object, self.require_signed_request);
        set(&mut metadata.cors_origins, listed(&self.cors_origin, |origin| Ok(origin.to_owned()))?);
        set(&mut metadata.audiences, listed(&self.audience, |uri| Ok(uri.to_owned()))?);
        set(&mut metadata.introspects, listed(&self.introspects, |uri| Ok(uri.to_owned()))?);
        set(&mut metadata.id_token_claims, self.id_token_claims);
        self.apply_security(&mut metadata)?;
        self.apply_links(&mut metadata);
        Ok(metadata)
    }

    /// Returns true if `--pkce` was given.
    pub fn chooses_pkce(&self) -> bool {
        self.pkce.is_some()
    }

    /// Sets the attributes of authentication, profile and tokens.
    fn apply_security(&self, metadata: &mut ClientMetadata) -> anyhow::Result<()> {
        let methods = [&[CLIENT_SECRET], crate::flows::client::auth::NAMES.as_slice()].concat();
        if let Some(method) = &self.auth_method {
            ensure!(
                methods.contains(&method.as_str()),
                "the authentication method {method:?} is not supported; use one of {}",
                methods.join(", ")
            );
            metadata.token_endpoint_auth_method.clone_from(method);
        }
        if let Some(name) = &self.profile {
            metadata.profile = Profile::named(name).with_context(|| format!("the profile {name:?} is not built"))?;
        }
        if let Some(name) = &self.pkce {
            let rule = PkceRule::named(name);
            metadata.pkce = Some(rule.with_context(|| format!("--pkce is required, nonce or optional, not {name:?}"))?);
        }
        if let Some(file) = &self.jwks {
            metadata.jwks = Some(read_json(file)?);
            metadata.jwks_uri = None;
        }
        if let Some(uri) = &self.jwks_uri {
            metadata.jwks_uri = optional(uri);
            metadata.jwks = metadata.jwks.take().filter(|_| uri.is_empty());
        }
        if let Some(name) = &self.id_token_alg {
            metadata.id_token_signed_response_alg =
                ResponseSigning::named(name).with_context(|| format!("the algorithm {name:?} is not supported"))?;
        }
        let unknown: Option<UnknownScopes> = named("treatment of unknown scopes", self.unknown_scopes.as_deref())?;
        metadata.unknown_scopes = unknown.or(metadata.unknown_scopes);
        let held = HeaderChoice { alg: metadata.access_token_alg, typ: metadata.access_token_typ };
        let header = self.header.over(held);
        metadata.access_token_alg = header.alg;
        metadata.access_token_typ = header.typ;
        let format: Option<AccessTokenFormat> = named("access token format", self.access_token_format.as_deref())?;
        set(&mut metadata.access_token_format, format);
        let application: Option<ApplicationType> = named("application type", self.application_type.as_deref())?;
        set(&mut metadata.application_type, application);
        let subject: Option<SubjectType> = named("subject type", self.subject_type.as_deref())?;
        set(&mut metadata.subject_type, subject);
        if let Some(text) = &self.access_token_lifetime {
            metadata.access_token_lifetime = lifetime(text)?;
        }
        Ok(())
    }

    /// Sets the client's URLs other than redirect URIs.
    fn apply_links(&self, metadata: &mut ClientMetadata) {
        let links = [
            (&mut metadata.backchannel_logout_uri, &self.backchannel_logout_uri),
            (&mut metadata.frontchannel_logout_uri, &self.frontchannel_logout_uri),
            (&mut metadata.initiate_login_uri, &self.initiate_login_uri),
            (&mut metadata.client_uri, &self.client_uri),
            (&mut metadata.policy_uri, &self.policy_uri),
            (&mut metadata.tos_uri, &self.tos_uri),
        ];
        for (link, option) in links {
            if let Some(uri) = option {
                *link = optional(uri);
            }
        }
    }

    /// Returns the grant types. If only response types are given, returns those that they need (OpenID Connect
    /// Registration §2).
    fn grants(&self) -> Option<Vec<String>> {
        if !self.grant.is_empty() {
            return Some(self.grant.iter().map(|grant| grant_type(grant)).collect());
        }
        let kinds = listed(&self.response_type, response_type).ok().flatten()?;
        let code = kinds.iter().any(|kind| kind.has_code()).then(|| AUTHORIZATION_CODE.to_owned());
        let implicit = kinds.iter().any(|kind| kind.needs_implicit()).then(|| IMPLICIT.to_owned());
        Some(code.into_iter().chain(implicit).collect())
    }
}

/// The grant type that an option names: that of device codes by its last word too (RFC 8628 §3.4).
pub(super) fn grant_type(name: &str) -> String {
    let last = DEVICE_CODE.rsplit(':').next();
    if last == Some(name) { DEVICE_CODE.to_owned() } else { name.to_owned() }
}

/// Sets an attribute to the value of an option, if it was given.
fn set<T>(attribute: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *attribute = value;
    }
}

/// Parses the values of a repeatable option. None if it was not given.
fn listed<T>(values: &[String], parse: impl Fn(&str) -> anyhow::Result<T>) -> anyhow::Result<Option<Vec<T>>> {
    if values.is_empty() {
        return Ok(None);
    }
    values.iter().map(|value| parse(value)).collect::<anyhow::Result<_>>().map(Some)
}

/// Parses a redirect URI.
pub fn redirect_uri(uri: &str) -> anyhow::Result<RedirectUri> {
    RedirectUri::register(uri).with_context(|| uri.to_owned())
}

fn response_type(kind: &str) -> anyhow::Result<ResponseType> {
    ResponseType::parse(kind).with_context(|| format!("the response type {kind:?}"))
}

/// Parses the name of a metadata value.
fn named<T: DeserializeOwned>(what: &str, name: Option<&str>) -> anyhow::Result<Option<T>> {
    let Some(name) = name else { return Ok(None) };
    serde_json::from_value(Value::from(name)).map(Some).with_context(|| format!("the {what} {name:?}"))
}

/// Parses a lifetime in seconds. The empty text is None, which stands for the server's lifetime.
fn lifetime(text: &str) -> anyhow::Result<Option<i64>> {
    if text.is_empty() {
        return Ok(None);
    }
    match Span::parse(text) {
        Some(span) => Ok(Some(span.as_secs())),
        None => bail!("the lifetime {text:?} is not a time such as 15m"),
    }
}

/// Returns None for the empty value, which removes the attribute.
fn optional(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_owned())
}

/// Merges a metadata file into the metadata; `null` resets a member to its default.
fn merged(base: &ClientMetadata, file: &Path) -> anyhow::Result<ClientMetadata> {
    let named = || file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(named)?;
    let given: Map<String, Value> = serde_json::from_str(&text).with_context(named)?;
    let mut members = match serde_json::to_value(base)? {
        Value::Object(members) => members,
        other => bail!("the client's metadata is no object: {other}"),
    };
    for (name, value) in given {
        if value.is_null() {
            members.remove(&name);
        } else {
            members.insert(name, value);
        }
    }
    serde_json::from_value(Value::Object(members)).with_context(named)
}

fn read_json(file: &Path) -> anyhow::Result<Value> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    serde_json::from_str(&text).with_context(|| file.display().to_string())
}
