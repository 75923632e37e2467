//! The facts of a registration that its application needs.

use serde_json::{Value, json};

use crate::cli::output::{note, say};
use crate::protocol::client::{AUTHORIZATION_CODE, Client, ClientMetadata};
use crate::protocol::ids::ClientId;
use crate::protocol::pkce::PkceRule;
use crate::protocol::response_type::ResponseType;

/// The facts of a client that its application needs.
pub struct Setup<'a> {
    /// The issuer identifier.
    pub issuer: &'a str,
    /// The client.
    pub client: &'a Client,
}

impl Setup<'_> {
    /// The members of an answer in JSON.
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

    /// Prints the facts, a line each; hints go beside the answer.
    pub fn say(&self) {
        let metadata = &self.client.metadata;
        say(&format!("issuer: {}", self.issuer));
        say(&format!("discovery: {}", self.discovery()));
        say(&format!("client_id: {}", self.client.id));
        for uri in &metadata.redirect_uris {
            say(&format!("redirect_uri: {}", uri.as_str()));
        }
        say(&format!("authentication: {}", metadata.token_endpoint_auth_method));
        let scope = metadata.scope.to_string();
        say(&format!("scope: {}", if scope.is_empty() { "none" } else { &scope }));
        if let Some(pkce) = self.pkce() {
            say(&format!("pkce: {pkce}"));
        }
        hints(metadata).iter().for_each(|hint| note(hint));
    }

    fn discovery(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.issuer)
    }

    /// The code challenge that requests need; nothing for a client without codes.
    fn pkce(&self) -> Option<&'static str> {
        if !self.client.may_use(AUTHORIZATION_CODE) {
            return None;
        }
        Some(match self.client.pkce(ResponseType::Code) {
            PkceRule::Required => "S256, required",
            PkceRule::Nonce => "S256, or a nonce in its place",
            PkceRule::Optional => "S256, optional",
        })
    }
}

/// The client that would be registered with this metadata.
pub fn draft(id: ClientId, metadata: ClientMetadata) -> Client {
    Client { id, metadata, secrets: Vec::new(), enabled: true, registration: None, logo: None }
}

/// Settings of common products.
fn hints(metadata: &ClientMetadata) -> Vec<&'static str> {
    let mut hints = Vec::new();
    if metadata.grant_types.iter().any(|grant| grant == AUTHORIZATION_CODE) {
        hints.push("Kubernetes: --oidc-issuer-url and --oidc-client-id are issuer and client_id; it reads ID tokens.");
        hints.push("Spring: spring.security.oauth2.client.provider.NAME.issuer-uri is the issuer.");
    }
    if !metadata.audiences.is_empty() {
        hints.push(
            "Resource servers: access tokens have typ at+jwt (RFC 9068 §2.1); Spring needs validateType(false) for it.",
        );
    }
    hints
}
