//! Warnings for operators about metadata that is allowed but does not work as it seems (RFC 6749 §6, RFC 8252 §7.3,
//! OpenID Connect Core §11).

use super::{AUTHORIZATION_CODE, ClientMetadata, DEVICE_CODE, REFRESH_TOKEN};
use crate::authorize::pkce::PkceRule;
use crate::authorize::redirect_uri::RedirectUri;
use crate::authorize::response_type::IMPLICIT;
use crate::scope::{OFFLINE_ACCESS, OIDC_SCOPES};

impl ClientMetadata {
    /// Returns warnings about metadata that will not work as its operator expects.
    pub fn warnings(&self) -> Vec<&'static str> {
        let has = |grant: &str| self.grant_types.iter().any(|held| held == grant);
        let redirects = has(AUTHORIZATION_CODE) || has(IMPLICIT);
        let signs_in = redirects || has(DEVICE_CODE);
        let offline = self.scope.contains(OFFLINE_ACCESS);
        let for_people = self.scope.iter().any(|scope| OIDC_SCOPES.contains(&scope));
        let is_open_to_injection = has(AUTHORIZATION_CODE) && self.pkce_of_code() == PkceRule::Optional;
        let named_localhost = |uri: &RedirectUri| uri.as_str().starts_with("http://localhost");
        let rows = [
            (
                offline && !has(REFRESH_TOKEN),
                "the scope offline_access yields no refresh token without the grant refresh_token",
            ),
            (
                has(REFRESH_TOKEN) && !offline && !self.skip_consent,
                "the grant refresh_token yields no refresh token without the scope offline_access",
            ),
            (
                !signs_in && for_people,
                "scopes about people, such as openid, can be granted by people only: the client lacks the grant \
                 authorization_code",
            ),
            (
                !redirects && !self.redirect_uris.is_empty(),
                "the redirect URIs are never used: the client lacks the grant authorization_code",
            ),
            (
                self.redirect_uris.iter().any(named_localhost),
                "http://localhost is compared with its port; programs that listen on any port need http://127.0.0.1",
            ),
            (
                is_open_to_injection,
                "neither PKCE nor a nonce is required of this client, so that a stolen code can be used: --pkce required \
                 or --pkce nonce",
            ),
        ];
        let own = rows.into_iter().filter(|(applies, _)| *applies).map(|(_, sentence)| sentence);
        own.chain(self.profile.rules().warning).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn metadata_that_cannot_work_as_expected_gets_a_warning() {
        let code = json!(["authorization_code"]);
        let refreshing = json!(["authorization_code", "refresh_token"]);
        let service = json!(["client_credentials"]);
        let rows = [
            (json!({"grant_types": code, "scope": "openid"}), vec![]),
            (json!({"grant_types": refreshing, "scope": "openid offline_access"}), vec![]),
            (json!({"grant_types": refreshing, "scope": "openid", "skip_consent": true}), vec![]),
            (json!({"grant_types": service, "scope": "orders:read"}), vec![]),
            (json!({"grant_types": code, "scope": "openid offline_access"}), vec!["offline_access yields"]),
            (json!({"grant_types": refreshing, "scope": "openid"}), vec!["refresh_token yields"]),
            (json!({"grant_types": service, "scope": "openid"}), vec!["about people"]),
            (
                json!({"grant_types": service, "redirect_uris": ["https://a.example/cb"]}),
                vec!["redirect URIs are never used"],
            ),
            (json!({"redirect_uris": ["http://localhost:1234/cb"]}), vec!["127.0.0.1"]),
            (json!({"profile": "oidc_classic"}), vec!["neither PKCE nor a nonce", "through the browser"]),
            (json!({"profile": "oidc_classic", "pkce": "nonce"}), vec!["through the browser"]),
            (json!({"profile": "oauth21", "pkce": "optional"}), vec!["neither PKCE nor a nonce"]),
            (json!({"pkce": "optional", "token_endpoint_auth_method": "none"}), vec![]),
        ];
        for (members, expected) in rows {
            let metadata: ClientMetadata = serde_json::from_value(members.clone()).unwrap();
            let warnings = metadata.warnings();
            assert_eq!(warnings.len(), expected.len(), "{members}: {warnings:?}");
            for (warning, part) in warnings.iter().zip(expected) {
                assert!(warning.contains(part), "{members}: {warning}");
            }
        }
    }
}
