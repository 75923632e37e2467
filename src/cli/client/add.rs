//! `signet client add`

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use clap::Args;
use serde_json::{Map, Value};

use super::{Answer, parse_id, source, supported};
use crate::app;
use crate::cli::desk::Desk;
use crate::cli::output::note;
use crate::config::Settings;
use crate::flows::administer::{self, Registrar};
use crate::protocol::client::{AUTHORIZATION_CODE, CLIENT_SECRET, ClientMetadata, REFRESH_TOKEN, ResponseSigning};
use crate::protocol::pkce::PkceRule;
use crate::protocol::profile::Profile;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::response_type::{IMPLICIT, ResponseType};
use crate::protocol::scope::Scope;

/// The client that is registered.
#[derive(Args)]
pub struct Add {
    /// The client_id
    #[arg(long)]
    id: String,
    /// The name that people see; the id without it
    #[arg(long)]
    name: Option<String>,
    /// Where authorization responses may go (repeatable)
    #[arg(long, value_name = "URI")]
    redirect_uri: Vec<String>,
    /// Where browsers may go after logout (repeatable)
    #[arg(long, value_name = "URI")]
    post_logout_redirect_uri: Vec<String>,
    /// A grant type (repeatable); authorization_code without it
    #[arg(long)]
    grant: Vec<String>,
    /// A response type (repeatable); code without it. Others need --profile oidc_classic
    #[arg(long, value_name = "TYPE")]
    response_type: Vec<String>,
    /// Scopes the client may request, separated by spaces [default: openid profile email, plus offline_access with the
    /// grant refresh_token; none without sign-in]
    #[arg(long)]
    scope: Option<String>,
    /// How the client authenticates: client_secret (its secret in the header or in the body), or exactly one of
    /// client_secret_basic, client_secret_post, client_secret_jwt, private_key_jwt and none
    #[arg(long, default_value = "client_secret")]
    auth_method: String,
    /// PKCE of a confidential client: required, nonce (a request for an ID token may have a nonce instead) or optional
    /// [default: nonce; optional with --profile oidc_classic]
    #[arg(long, value_name = "RULE")]
    pkce: Option<String>,
    /// Read the secret from standard input instead of making one
    #[arg(long)]
    secret_stdin: bool,
    /// The security profile, one of profiles.allowed: oauth21 or oidc_classic
    #[arg(long, default_value = "oauth21")]
    profile: String,
    /// A file with the client's JWK set
    #[arg(long, value_name = "FILE")]
    jwks: Option<PathBuf>,
    /// The algorithm of ID tokens, one that the server signs with (keys.algorithms)
    #[arg(long, default_value = "RS256", value_name = "ALG")]
    id_token_alg: String,
    /// The client is first-party: people are not asked for consent
    #[arg(long)]
    skip_consent: bool,
    /// Every request of the client for an ID token must hold a nonce
    #[arg(long)]
    require_nonce: bool,
    /// An origin whose scripts may call the token and userinfo endpoints (repeatable)
    #[arg(long, value_name = "ORIGIN")]
    cors_origin: Vec<String>,
    /// A resource that the client may ask tokens for (repeatable)
    #[arg(long, value_name = "URI")]
    audience: Vec<String>,
    /// A file with the client's metadata as JSON (RFC 7591), instead of the options above
    #[arg(long, value_name = "FILE", conflicts_with_all = ["name", "redirect_uri", "post_logout_redirect_uri", "grant",
        "response_type", "scope", "pkce", "jwks", "skip_consent", "require_nonce", "cors_origin", "audience"])]
    metadata: Option<PathBuf>,
    /// Answer as JSON
    #[arg(long)]
    json: bool,
}

impl Add {
    pub(super) async fn run(self, desk: &Desk, settings: &Settings) -> anyhow::Result<()> {
        let id = parse_id(&self.id)?;
        let metadata = self.metadata()?;
        let source = source(self.secret_stdin)?;
        let policy = app::key_policy(settings);
        let supported = supported(&policy, settings);
        supported.check_profile(metadata.profile)?;
        if let Some(warning) = metadata.profile.rules().warning {
            note(&format!("signet: warning: {warning}"));
        }
        let keys = match metadata.needs_recoverable_secret() {
            true => Some(desk.keyring(settings).await?),
            false => None,
        };
        let registrar = Registrar { store: &desk.store, context: &desk.context, supported, keys: keys.as_ref() };
        let scope = metadata.scope.to_string();
        let made = administer::add_client(&registrar, id, metadata, source).await?;
        let answer = Answer { id: &self.id, secret: made.as_ref(), scope: Some(&scope) };
        answer.say(self.json, "Registered the client")
    }

    fn metadata(&self) -> anyhow::Result<ClientMetadata> {
        if let Some(file) = &self.metadata {
            let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
            let metadata: ClientMetadata = serde_json::from_str(&text).with_context(|| file.display().to_string())?;
            let members: Map<String, Value> = serde_json::from_str(&text)?;
            let method = match members.contains_key("token_endpoint_auth_method") {
                true => metadata.token_endpoint_auth_method.clone(),
                false => CLIENT_SECRET.to_owned(),
            };
            return Ok(ClientMetadata { token_endpoint_auth_method: method, ..metadata }.for_new_client());
        }
        let methods = [&[CLIENT_SECRET], crate::client_auth::NAMES.as_slice()].concat();
        ensure!(
            methods.contains(&self.auth_method.as_str()),
            "the authentication method {:?} is not supported; use one of {}",
            self.auth_method,
            methods.join(", ")
        );
        let default = ClientMetadata::default();
        let metadata = ClientMetadata {
            client_name: self.name.clone().unwrap_or_default(),
            redirect_uris: redirect_uris(&self.redirect_uri)?,
            post_logout_redirect_uris: redirect_uris(&self.post_logout_redirect_uri)?,
            grant_types: self.grants(),
            response_types: self.response_types()?,
            scope: Scope::parse_stored(self.scope.as_deref().map_or_else(|| self.default_scope(), str::trim))?,
            token_endpoint_auth_method: self.auth_method.clone(),
            profile: Profile::named(&self.profile)
                .with_context(|| format!("the profile {:?} is not built", self.profile))?,
            jwks: self.jwks.as_ref().map(read_json).transpose()?,
            id_token_signed_response_alg: ResponseSigning::named(&self.id_token_alg)
                .with_context(|| format!("the algorithm {:?} is not supported", self.id_token_alg))?,
            pkce: self.pkce.as_deref().map(pkce).transpose()?,
            skip_consent: self.skip_consent,
            require_nonce: self.require_nonce,
            cors_origins: self.cors_origin.clone(),
            audiences: self.audience.clone(),
            ..default
        };
        Ok(metadata.for_new_client())
    }

    /// The response types, of which the code is the default.
    fn response_types(&self) -> anyhow::Result<Vec<ResponseType>> {
        if self.response_type.is_empty() {
            return Ok(vec![ResponseType::Code]);
        }
        let parse = |kind: &String| ResponseType::parse(kind).with_context(|| format!("the response type {kind:?}"));
        self.response_type.iter().map(parse).collect()
    }

    /// The scopes of a client that names none: what people sign in with, where people do.
    fn default_scope(&self) -> &'static str {
        let grants = self.grants();
        let has = |name: &str| grants.iter().any(|grant| grant == name);
        match (has(AUTHORIZATION_CODE) || has(IMPLICIT), has(REFRESH_TOKEN)) {
            (true, true) => "openid profile email offline_access",
            (true, false) => "openid profile email",
            (false, _) => "",
        }
    }

    /// The grant types; without any, those that the response types need (OpenID Connect Registration §2).
    fn grants(&self) -> Vec<String> {
        if !self.grant.is_empty() {
            return self.grant.clone();
        }
        let kinds = self.response_types().unwrap_or_default();
        let code = kinds.iter().any(|kind| kind.has_code()).then(|| AUTHORIZATION_CODE.to_owned());
        let implicit = kinds.iter().any(|kind| kind.needs_implicit()).then(|| IMPLICIT.to_owned());
        code.into_iter().chain(implicit).collect()
    }
}

fn pkce(name: &str) -> anyhow::Result<PkceRule> {
    PkceRule::named(name).with_context(|| format!("--pkce is required, nonce or optional, not {name:?}"))
}

fn redirect_uris(uris: &[String]) -> anyhow::Result<Vec<RedirectUri>> {
    uris.iter().map(|uri| RedirectUri::register(uri).with_context(|| uri.clone())).collect()
}

fn read_json(file: &PathBuf) -> anyhow::Result<Value> {
    let text = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
    serde_json::from_str(&text).with_context(|| file.display().to_string())
}
