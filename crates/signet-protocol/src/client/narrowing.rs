//! The effect of a changed registration on live grants: scopes, resources and redirect URIs that the client has lost
//! are lost to its grants too (RFC 6749 §1.5, RFC 7592 §2.2, RFC 9700 §2.3).

use super::{AUTH_NONE, Client, ClientMetadata, REFRESH_TOKEN};
use crate::authorize::redirect_uri::{Omission, destination};
use crate::cause::Cause;
use crate::error::OAuthError;
use crate::scope::Scope;

/// The effect of a change on the live grants of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantEffect {
    /// None: the client keeps everything.
    Nothing,
    /// Revokes earlier access tokens, which may allow more than the client may still have.
    AccessTokens,
    /// Revokes codes, refresh tokens and access tokens.
    Grants,
}

impl GrantEffect {
    /// Computes the effect of replacing the metadata of a client.
    ///
    /// Grants end if a different party could continue them: one with another subject (OpenID Connect Core §8), or
    /// anyone who has the `client_id` once the client no longer authenticates.
    pub fn of(client: &Client, next: &ClientMetadata) -> Self {
        let held = &client.metadata;
        let turns_public = !client.is_public() && next.token_endpoint_auth_method == AUTH_NONE;
        let loses_refresh = uses(&held.grant_types, REFRESH_TOKEN) && !uses(&next.grant_types, REFRESH_TOKEN);
        if turns_public || loses_refresh || client.sector() != next.sector_of(&client.id) {
            return Self::Grants;
        }
        let keeps = held.scope.is_within(&next.scope)
            && held.audiences.iter().all(|held| next.audiences.contains(held))
            && held.grant_types.iter().all(|held| next.grant_types.contains(held))
            && held.response_types.iter().all(|held| next.response_types.contains(held))
            && held.redirect_uris.iter().all(|held| next.redirect_uris.contains(held));
        if keeps { Self::Nothing } else { Self::AccessTokens }
    }
}

fn uses(grants: &[String], grant: &str) -> bool {
    grants.iter().any(|held| held == grant)
}

impl Client {
    /// Returns the part of a granted scope that the client may still have. An empty rest is `invalid_grant`.
    pub fn remaining_scope(&self, granted: &Scope) -> Result<Scope, OAuthError> {
        let left = granted.filtered(|token| self.metadata.scope.contains(token));
        if left.is_empty() && !granted.is_empty() { Err(Cause::ScopeWithdrawn.into()) } else { Ok(left) }
    }

    /// Returns the part of a grant's resources that the client may still request. An empty rest is `invalid_grant`,
    /// since a token without a resource would be valid at this server.
    pub fn remaining_resources(&self, granted: Vec<String>) -> Result<Vec<String>, OAuthError> {
        let was_for_resources = !granted.is_empty();
        let left: Vec<String> =
            granted.into_iter().filter(|resource| self.metadata.audiences.contains(resource)).collect();
        if left.is_empty() && was_for_resources { Err(Cause::ResourcesWithdrawn.into()) } else { Ok(left) }
    }

    /// Returns true if a response may still go to this URI.
    pub fn redirects_to(&self, uri: &str) -> bool {
        destination(&self.metadata.redirect_uris, Some(uri), Omission::Refused).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::ids::ClientId;

    fn client(members: Value) -> Client {
        Client {
            id: ClientId::parse("rp").unwrap(),
            metadata: metadata(members),
            secrets: Vec::new(),
            enabled: true,
            registration: None,
            logo: None,
        }
    }

    fn metadata(members: Value) -> ClientMetadata {
        let mut all = json!({
            "redirect_uris": ["https://a.example/cb", "https://a.example/other"],
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
            "scope": "openid email", "audiences": ["https://api.example", "https://b.example"],
        });
        members.as_object().unwrap().iter().for_each(|(name, value)| all[name] = value.clone());
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn a_loss_of_the_client_narrows_its_grants() {
        let rows = [
            ("nothing", json!({}), GrantEffect::Nothing),
            ("a name", json!({"client_name": "New"}), GrantEffect::Nothing),
            ("a scope more", json!({"scope": "openid email phone"}), GrantEffect::Nothing),
            ("another method", json!({"token_endpoint_auth_method": "client_secret_post"}), GrantEffect::Nothing),
            ("a scope less", json!({"scope": "openid"}), GrantEffect::AccessTokens),
            ("a resource less", json!({"audiences": ["https://api.example"]}), GrantEffect::AccessTokens),
            ("a redirect URI less", json!({"redirect_uris": ["https://a.example/cb"]}), GrantEffect::AccessTokens),
            (
                "a grant less",
                json!({"grant_types": ["authorization_code", "refresh_token"]}),
                GrantEffect::AccessTokens,
            ),
            ("no refreshes", json!({"grant_types": ["authorization_code", "client_credentials"]}), GrantEffect::Grants),
            ("public", json!({"token_endpoint_auth_method": "none"}), GrantEffect::Grants),
            ("pairwise", json!({"subject_type": "pairwise"}), GrantEffect::Grants),
        ];
        for (rule, change, expected) in rows {
            assert_eq!(GrantEffect::of(&client(json!({})), &metadata(change)), expected, "{rule}");
        }
        let pairwise = client(json!({"subject_type": "pairwise"}));
        let elsewhere = json!({"subject_type": "pairwise", "redirect_uris": ["https://b.example/cb"]});
        assert_eq!(GrantEffect::of(&pairwise, &metadata(elsewhere)), GrantEffect::Grants, "another sector");
        let same = json!({"subject_type": "pairwise", "redirect_uris": ["https://a.example/new"]});
        assert_eq!(GrantEffect::of(&pairwise, &metadata(same)), GrantEffect::AccessTokens, "the same sector");
    }

    #[test]
    fn a_grant_is_reduced_to_what_the_client_may_still_have() {
        let client = client(json!({"scope": "openid", "audiences": ["https://api.example"]}));
        let scope = |text: &str| Scope::parse_stored(text).unwrap();
        assert_eq!(client.remaining_scope(&scope("openid email")), Ok(scope("openid")));
        assert_eq!(client.remaining_scope(&scope("")), Ok(scope("")));
        assert_eq!(client.remaining_scope(&scope("email")), Err(Cause::ScopeWithdrawn.into()));
        let resources = |uris: &[&str]| uris.iter().map(|uri| (*uri).to_owned()).collect::<Vec<_>>();
        let both = resources(&["https://api.example", "https://b.example"]);
        assert_eq!(client.remaining_resources(both), Ok(resources(&["https://api.example"])));
        assert_eq!(client.remaining_resources(Vec::new()), Ok(Vec::new()));
        assert!(client.remaining_resources(resources(&["https://b.example"])).is_err(), "never this server's own");
        assert!(client.redirects_to("https://a.example/cb") && !client.redirects_to("https://b.example/cb"));
    }
}
