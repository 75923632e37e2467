//! Dynamic client registration (RFC 7591 §2, §3; OpenID Connect Registration §2, §3): the members that a client may set
//! itself, in a strict JSON object. Unknown members and those reserved for administrators are ignored; grant and
//! response types that the client cannot have are left out. The response lists what was registered.

mod reduction;

use serde_json::{Map, Value};

use super::UnknownScopes;
use super::profile::Profile;
use super::{AUTHORIZATION_CODE, CLIENT_SECRET, CLIENT_SECRET_BASIC, Client, ClientMetadata, MetadataError};
use crate::authorize::response_type::{IMPLICIT, ResponseType};
use crate::error::{ErrorCode, OAuthError};
use crate::ids::ClientId;
use crate::jose::jwk::{JwkError, PublicJwk};
use crate::jose::jws::strict_object;
use crate::scope::{Scope, is_administration};
use crate::secret::{ClientSecret, Digest, RegistrationAccessToken};
use crate::time::Timestamp;

/// Members that a client may set itself, each with the message that refuses it.
macro_rules! members {
    ($($name:literal)*) => {
        const MEMBERS: &[(&str, &str)] =
            &[$(($name, concat!($name, " is malformed, not supported, or in conflict with other members."))),*];
    };
}

members! {
    "redirect_uris" "client_name" "application_type" "grant_types" "response_types" "scope"
    "token_endpoint_auth_method" "token_endpoint_auth_signing_alg" "jwks" "jwks_uri"
    "subject_type" "sector_identifier_uri"
    "id_token_signed_response_alg" "id_token_encrypted_response_alg" "id_token_encrypted_response_enc"
    "userinfo_signed_response_alg" "userinfo_encrypted_response_alg" "userinfo_encrypted_response_enc"
    "request_object_signing_alg" "request_object_encryption_alg" "request_object_encryption_enc"
    "request_uris" "require_signed_request_object" "require_pushed_authorization_requests"
    "default_max_age" "require_auth_time" "default_acr_values" "initiate_login_uri"
    "post_logout_redirect_uris" "backchannel_logout_uri" "backchannel_logout_session_required"
    "frontchannel_logout_uri" "frontchannel_logout_session_required"
    "client_uri" "logo_uri" "policy_uri" "tos_uri" "contacts" "software_id" "software_version"
    "audiences"
}

/// The error for request object encryption with an algorithm that the server has no key for.
const NOT_DECRYPTED: OAuthError = OAuthError::invalid_client_metadata(
    "request_object_encryption_alg: this server cannot decrypt request objects with this algorithm.",
);
/// The member that lists resources, which is this server's own.
const AUDIENCES: &str = "audiences";
const NOT_JSON: OAuthError = OAuthError::invalid_client_metadata("The body must be a JSON object with unique members.");
const NO_STATEMENTS: OAuthError =
    OAuthError::new(ErrorCode::UnapprovedSoftwareStatement, "Software statements are not accepted.");
/// The error for a change that would show a client the subjects of another sector (OpenID Connect Core §8.1), since
/// ownership of the sector's host is not proven.
const FIXED_SECTOR: OAuthError = OAuthError::invalid_client_metadata(
    "subject_type and the host of a client with pairwise subjects cannot be changed; register another client.",
);
/// The error for a sector document that is invalid or could not be fetched, for any reason.
pub const WRONG_SECTOR: OAuthError = OAuthError::invalid_client_metadata(
    "sector_identifier_uri must return a JSON array of strings with every redirect URI.",
);

/// Settings for every client that registers itself.
#[derive(Clone, Debug)]
pub struct Policy {
    pub profile: Profile,
    /// Scopes that such a client may ask for.
    pub scope: Scope,
    /// The grant types of the token endpoint.
    pub grants: &'static [&'static str],
    /// Resources that such a client may request tokens for (RFC 8707 §2).
    pub resources: Vec<String>,
}

/// A registration request, parsed and reduced to what a client may set itself.
#[derive(Debug)]
pub struct RegistrationRequest {
    /// The metadata to register. The caller must still run [`ClientMetadata::check`].
    pub metadata: ClientMetadata,
    client_id: Option<String>,
    client_secret: Option<Digest>,
    /// The requested resources, if the member is present.
    audiences: Option<Vec<String>>,
}

impl RegistrationRequest {
    /// Parses the body of a registration. Errors are `invalid_redirect_uri`, `unapproved_software_statement` or
    /// `invalid_client_metadata` (RFC 7591 §3.2.2).
    pub fn parse(body: &[u8], policy: &Policy) -> Result<Self, OAuthError> {
        let mut members = strict_object(body).ok_or(NOT_JSON)?;
        if members.contains_key("software_statement") {
            return Err(NO_STATEMENTS);
        }
        // A value of another type counts as empty text, which matches nothing.
        let named = |name: &str| members.get(name).filter(|value| !value.is_null());
        let text = |name: &str| named(name).map(|value| value.as_str().unwrap_or_default().to_owned());
        let client_id = text("client_id");
        let client_secret = text("client_secret");
        let names_audiences = named(AUDIENCES).is_some();
        reduction::reduce(&mut members, policy)?;
        let mut metadata = read(&members)?;
        // Registration accepts exact methods only (RFC 7591 §2).
        if metadata.token_endpoint_auth_method == CLIENT_SECRET {
            return Err(refused("token_endpoint_auth_method"));
        }
        metadata.profile = policy.profile;
        metadata.unknown_scopes = Some(UnknownScopes::Drop);
        metadata.scope = allowed_scope(&metadata.scope, &policy.scope, members.get("scope"))?;
        let audiences = names_audiences.then(|| metadata.audiences.clone());
        metadata.audiences = asked_of(&policy.resources, audiences.as_deref());
        if metadata.jwks.as_ref().is_some_and(holds_private_key) {
            return Err(refused("jwks"));
        }
        agree_on_response_types(&mut metadata, members.get("response_types"))?;
        let client_secret = client_secret.map(|secret| Digest::of(secret.as_bytes()));
        Ok(Self { metadata, client_id, client_secret, audiences })
    }

    /// Returns the metadata that replaces the registration of this client: the whole submission, plus everything that
    /// an administrator has decided. The submission must contain the client id, and no other secret than the client's
    /// own (RFC 7592 §2.2). Errors are `invalid_client_metadata`.
    pub fn replacing(self, client: &Client, now: Timestamp) -> Result<ClientMetadata, OAuthError> {
        if self.client_id.as_deref() != Some(client.id.as_str()) {
            return Err(OAuthError::invalid_client_metadata("client_id must be the client's own."));
        }
        let is_own = |named: &Digest| {
            let live = client.secrets.iter().filter(|secret| secret.expires_at.is_none_or(|end| now < end));
            live.fold(false, |found, secret| found | secret.digest.matches(named))
        };
        if !self.client_secret.as_ref().is_none_or(is_own) {
            return Err(OAuthError::invalid_client_metadata("client_secret must be the client's own."));
        }
        let decided = client.metadata.clone();
        if !self.metadata.keeps_subjects_of(client) {
            return Err(FIXED_SECTOR);
        }
        let asked = self.metadata;
        let signs = decided.require_signed_request_object || asked.require_signed_request_object;
        let pushes = decided.require_pushed_authorization_requests || asked.require_pushed_authorization_requests;
        let metadata = ClientMetadata {
            // A requirement that an operator may have set is kept.
            require_signed_request_object: signs,
            require_pushed_authorization_requests: pushes,
            profile: decided.profile,
            skip_consent: decided.skip_consent,
            pkce: decided.pkce,
            require_nonce: decided.require_nonce,
            unknown_scopes: decided.unknown_scopes,
            cors_origins: decided.cors_origins,
            audiences: asked_of(&decided.audiences, self.audiences.as_deref()),
            introspects: decided.introspects,
            id_token_claims: decided.id_token_claims,
            access_token_format: decided.access_token_format,
            access_token_alg: decided.access_token_alg,
            access_token_typ: decided.access_token_typ,
            access_token_lifetime: decided.access_token_lifetime,
            cap: decided.cap.clone(),
            ..asked
        };
        Ok(metadata.within(decided.cap.as_ref()))
    }
}

/// Returns the error that names the member at fault (RFC 7591 §3.2.2).
pub fn refusal(error: &MetadataError) -> OAuthError {
    match error {
        MetadataError::RequestObjectEncryption(_) => NOT_DECRYPTED,
        other => refused(other.member()),
    }
}

/// The client information response (RFC 7591 §3.2.1, RFC 7592 §3).
pub struct ClientInformation<'a> {
    /// The issuer identifier, the prefix of the registration's URL.
    pub issuer: &'a str,
    pub client_id: &'a ClientId,
    pub issued_at: Timestamp,
    /// The token that manages the registration.
    pub token: &'a RegistrationAccessToken,
    /// The client's secret, if it was just generated.
    pub secret: Option<&'a ClientSecret>,
    pub metadata: &'a ClientMetadata,
}

impl ClientInformation<'_> {
    pub fn to_json(&self) -> Result<Map<String, Value>, serde_json::Error> {
        let mut members = document(self.metadata)?;
        let uri = format!("{}/register/{}", self.issuer, self.client_id);
        members.insert("client_id".to_owned(), self.client_id.as_str().into());
        members.insert("client_id_issued_at".to_owned(), self.issued_at.as_secs().into());
        members.insert("registration_access_token".to_owned(), self.token.expose().into());
        members.insert("registration_client_uri".to_owned(), uri.into());
        if let Some(secret) = self.secret {
            members.insert("client_secret".to_owned(), secret.expose().into());
            members.insert("client_secret_expires_at".to_owned(), 0.into());
        }
        Ok(members)
    }
}

/// Returns the registered members, including defaults. Empty ones are omitted, except the resources: a client that
/// requested some must see that it got none (RFC 7591 §3.2.1).
fn document(metadata: &ClientMetadata) -> Result<Map<String, Value>, serde_json::Error> {
    let Value::Object(mut members) = serde_json::to_value(metadata)? else { return Ok(Map::new()) };
    let is_empty = |value: &Value| value.as_str() == Some("") || value.as_array().is_some_and(Vec::is_empty);
    members.retain(|name, value| is_listed(name) && (!is_empty(value) || name == AUDIENCES));
    if metadata.token_endpoint_auth_method == CLIENT_SECRET {
        // This server's own method is shown as the one that every library knows.
        members.insert("token_endpoint_auth_method".to_owned(), CLIENT_SECRET_BASIC.into());
    }
    Ok(members)
}

/// Checks the document of a sector, which must list every redirect URI of the client (OpenID Connect Registration §5).
pub fn check_sector(document: &[u8], metadata: &ClientMetadata) -> Result<(), OAuthError> {
    let listed: Vec<String> = serde_json::from_slice(document).map_err(|_| WRONG_SECTOR)?;
    let all = metadata.redirect_uris.iter().all(|uri| listed.iter().any(|held| held == uri.as_str()));
    if all { Ok(()) } else { Err(WRONG_SECTOR) }
}

fn is_listed(name: &str) -> bool {
    MEMBERS.iter().any(|(listed, _)| *listed == name)
}

fn refused(member: &str) -> OAuthError {
    let sentence = MEMBERS.iter().find(|(listed, _)| *listed == member).map(|(_, sentence)| *sentence);
    let sentence = sentence.unwrap_or("The client metadata is not acceptable.");
    if member == "redirect_uris" {
        OAuthError::invalid_redirect_uri(sentence)
    } else {
        OAuthError::invalid_client_metadata(sentence)
    }
}

/// Reads the listed members. A null member counts as absent (RFC 7592 §2.2).
fn read(members: &Map<String, Value>) -> Result<ClientMetadata, OAuthError> {
    let listed = members.iter().filter(|(name, value)| is_listed(name) && !value.is_null());
    let chosen: Map<String, Value> = listed.map(|(name, value)| (name.clone(), value.clone())).collect();
    let parse = |members| serde_json::from_value::<ClientMetadata>(Value::Object(members));
    parse(chosen.clone()).map_err(|_| {
        let alone = |(name, value): &(String, Value)| parse(Map::from_iter([(name.clone(), value.clone())])).is_err();
        chosen.into_iter().find(alone).map_or(NOT_JSON, |(name, _)| refused(&name))
    })
}

/// Returns the granted scope: everything allowed if none was requested, otherwise the intersection. Scopes of the
/// administration API are never granted, even if the settings allow them.
fn allowed_scope(asked: &Scope, allowed: &Scope, member: Option<&Value>) -> Result<Scope, OAuthError> {
    let allowed = &allowed.filtered(|token| !is_administration(token));
    if member.is_none_or(Value::is_null) {
        return Ok(allowed.clone());
    }
    let granted = asked.filtered(|token| allowed.contains(token));
    if granted.is_empty() { Err(refused("scope")) } else { Ok(granted) }
}

/// Returns the requested resources among `held`; without a list, all of them.
fn asked_of(held: &[String], asked: Option<&[String]>) -> Vec<String> {
    let wanted = |uri: &&String| asked.is_none_or(|asked| asked.contains(uri));
    held.iter().filter(wanted).cloned().collect()
}

/// Returns true if any key of the set, of any use, has private members.
fn holds_private_key(set: &Value) -> bool {
    let keys = set.get("keys").and_then(Value::as_array);
    keys.into_iter().flatten().any(|key| PublicJwk::from_json(key) == Err(JwkError::Private))
}

/// Aligns response types with grant types (RFC 7591 §2.1): a client without a grant of the authorization endpoint has
/// none, and one that gets codes has the grant that redeems them.
fn agree_on_response_types(metadata: &mut ClientMetadata, member: Option<&Value>) -> Result<(), OAuthError> {
    let uses = |grant: &str| metadata.grant_types.iter().any(|held| held == grant);
    let code = uses(AUTHORIZATION_CODE);
    let implicit = uses(IMPLICIT);
    if member.is_none_or(Value::is_null) && !code && !implicit {
        metadata.response_types.clear();
    }
    let lacks_grant = metadata.response_types.iter().any(|kind: &ResponseType| kind.has_code()) && !code;
    if lacks_grant { Err(refused("response_types")) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
