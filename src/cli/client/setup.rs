//! Facts of a registration that the application needs.

use serde_json::{Value, json};

use crate::cli::output::{note, say};
use crate::flows::token::issue;
use signet_protocol::authorize::pkce::PkceRule;
use signet_protocol::authorize::response_type::ResponseType;
use signet_protocol::client::{AUTHORIZATION_CODE, CLIENT_CREDENTIALS, CLIENT_SECRET, Client, ClientMetadata};
use signet_protocol::ids::ClientId;
use signet_protocol::jose::jwk::SigningAlgorithm;

/// The methods behind [`CLIENT_SECRET`].
const EITHER: &str = "client_secret_basic or client_secret_post";

/// Facts of a client that the application needs.
pub struct Setup<'a> {
    pub issuer: &'a str,
    pub client: &'a Client,
    /// Algorithms that the server has keys for.
    pub algorithms: &'a [SigningAlgorithm],
}

impl Setup<'_> {
    /// Formats the facts as JSON.
    pub fn to_json(&self) -> Value {
        let metadata = &self.client.metadata;
        json!({
            "client_id": self.client.id,
            "issuer": self.issuer,
            "discovery": self.discovery(),
            "redirect_uris": metadata.redirect_uris,
            "token_endpoint_auth_method": metadata.token_endpoint_auth_method,
            "scope": metadata.scope.to_string(),
            "pkce": self.pkce(),
            "warnings": metadata.warnings(),
        })
    }

    /// Prints the facts, one per line, and hints to standard error.
    pub fn say(&self) {
        let metadata = &self.client.metadata;
        say(&format!("issuer: {}", self.issuer));
        say(&format!("discovery: {}", self.discovery()));
        say(&format!("client_id: {}", self.client.id));
        for uri in &metadata.redirect_uris {
            say(&format!("redirect_uri: {}", uri.as_str()));
        }
        let method = metadata.token_endpoint_auth_method.as_str();
        say(&format!("authentication: {}", if method == CLIENT_SECRET { EITHER } else { method }));
        let scope = metadata.scope.to_string();
        say(&format!("scope: {}", if scope.is_empty() { "none" } else { &scope }));
        if let Some(pkce) = self.pkce() {
            say(&format!("pkce: {pkce}"));
        }
        hints(metadata, self.algorithms).iter().for_each(|hint| note(hint));
    }

    fn discovery(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.issuer)
    }

    /// Describes the code challenge that requests need. None for a client without codes.
    fn pkce(&self) -> Option<&'static str> {
        if !self.client.may_use(AUTHORIZATION_CODE) {
            return None;
        }
        Some(match self.client.pkce(ResponseType::Code) {
            PkceRule::Required => "S256, required",
            PkceRule::Nonce => "S256, or a nonce in requests for an ID token",
            PkceRule::Optional => "S256, optional",
        })
    }
}

/// Builds the client that would be registered with this metadata.
pub fn draft(id: ClientId, metadata: ClientMetadata) -> Client {
    Client { id, metadata, secrets: Vec::new(), enabled: true, registration: None, logo: None }
}

/// Lists options that common products need and the client lacks.
fn hints(metadata: &ClientMetadata, algorithms: &[SigningAlgorithm]) -> Vec<String> {
    let has = |grant: &str| metadata.grant_types.iter().any(|held| held == grant);
    let reads_people = ["profile", "email"].iter().any(|scope| metadata.scope.contains(scope));
    let has_resources = !metadata.audiences.is_empty() || has(CLIENT_CREDENTIALS);
    let algorithm = metadata.access_token_alg.unwrap_or_else(|| issue::access_token_algorithm(algorithms));
    let signed = format!(
        "Access tokens are signed with {} unless their resource names another algorithm; Kubernetes and others accept \
         only RS256: --access-token-alg RS256",
        algorithm.as_str()
    );
    let rows = [
        (
            has(AUTHORIZATION_CODE) && reads_people && !metadata.id_token_claims,
            "Name and e-mail come from userinfo; Kubernetes, Auth.js and MSAL read the ID token: --id-token-claims"
                .to_owned(),
        ),
        (
            has_resources && algorithm != SigningAlgorithm::RS256 && algorithms.contains(&SigningAlgorithm::RS256),
            signed,
        ),
        (
            has_resources && metadata.access_token_typ.is_none(),
            "Access tokens have the type at+jwt (RFC 9068 §2.1); Spring expects another: --access-token-typ JWT"
                .to_owned(),
        ),
    ];
    rows.into_iter().filter(|(applies, _)| *applies).map(|(_, hint)| hint).collect()
}

#[cfg(test)]
mod tests {
    use SigningAlgorithm::{ES256, EdDSA, RS256};

    use super::*;

    #[test]
    fn the_hint_names_the_algorithm_that_signs_the_access_tokens_of_the_client() {
        let rows: [(&[SigningAlgorithm], Option<SigningAlgorithm>, Option<&str>); 6] = [
            (&[RS256, ES256], None, Some("signed with ES256 ")),
            (&[EdDSA, RS256], None, Some("signed with EdDSA ")),
            (&[RS256, EdDSA], None, None),
            (&[ES256, RS256, EdDSA], Some(EdDSA), Some("signed with EdDSA ")),
            (&[ES256, RS256], Some(RS256), None),
            (&[ES256], None, None),
        ];
        for (algorithms, access_token_alg, expected) in rows {
            let audiences = vec!["https://api.example/".to_owned()];
            let metadata = ClientMetadata { audiences, access_token_alg, ..ClientMetadata::default() };
            let given = hints(&metadata, algorithms);
            let hint = given.iter().find(|hint| hint.contains("--access-token-alg"));
            let is_right = hint.map_or(expected.is_none(), |hint| expected.is_some_and(|part| hint.contains(part)));
            assert!(is_right, "{algorithms:?}, {access_token_alg:?}: {hint:?}");
        }
    }
}
