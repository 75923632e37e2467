//! The scope granted to a client from the scope that it requests (RFC 6749 §3.3, OpenID Connect Core §3.1.2.1).

use serde::{Deserialize, Serialize};

use super::{Client, REFRESH_TOKEN};
use crate::cause::{Cause, Shown};
use crate::error::OAuthError;
use crate::scope::{OFFLINE_ACCESS, OIDC_SCOPES, OPENID, Scope, is_administration};

/// The treatment of requested scopes that a client may not have. Strict profiles always refuse them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownScopes {
    /// Leaves them out; the answer's `scope` lists the rest.
    Drop,
    /// Refuses the request.
    Refuse,
}

impl Client {
    /// Returns the scope of an authorization request: the grantable part of the requested scope, or by default
    /// everything that the client may have except `offline_access`. Users cannot grant scopes of the administration
    /// API. A refused scope and an empty result are `invalid_scope`.
    pub fn requested_scope(&self, asked: Option<&str>) -> Result<Scope, OAuthError> {
        let grantable = self.metadata.scope.filtered(|token| !is_administration(token));
        match asked.map(Scope::parse).transpose()? {
            None => Ok(grantable.filtered(|token| token != OFFLINE_ACCESS)),
            // Without its grant type it would yield no refresh token (OpenID Connect Core §11).
            Some(asked) if self.drops_unknown_scopes() && !self.may_use(REFRESH_TOKEN) => {
                self.granted(asked, &grantable.filtered(|token| token != OFFLINE_ACCESS))
            }
            Some(asked) => self.granted(asked, &grantable),
        }
    }

    /// Returns the scope of a client credentials request. Scopes that only a user can grant are not part of the default
    /// and count as scopes that the client may not have. A refused scope and an empty result are `invalid_scope`.
    pub fn own_scope(&self, asked: Option<&str>) -> Result<Scope, OAuthError> {
        let own = self.metadata.scope.filtered(|token| !OIDC_SCOPES.contains(&token));
        match asked.map(Scope::parse).transpose()? {
            None => Ok(own),
            Some(asked) => self.granted(asked, &own),
        }
    }

    /// Leaves out scopes that are not grantable, or refuses them. `openid` is never left out, since the client would
    /// wait for an ID token.
    fn granted(&self, asked: Scope, grantable: &Scope) -> Result<Scope, OAuthError> {
        let beyond = asked.without(grantable);
        let granted = asked.without(&beyond);
        let may_drop = self.drops_unknown_scopes() && !beyond.contains(OPENID) && !granted.is_empty();
        if beyond.is_empty() || may_drop {
            return Ok(granted);
        }
        let named = if beyond.contains(OPENID) { Some(OPENID) } else { beyond.iter().next() };
        Err(Cause::Scope { refused: Shown::text(named.unwrap_or_default()) }.into())
    }

    fn drops_unknown_scopes(&self) -> bool {
        !self.metadata.profile.is_strict() && self.metadata.unknown_scopes == Some(UnknownScopes::Drop)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::client::profile::Profile;
    use crate::ids::ClientId;

    fn client(members: Value) -> Client {
        let mut all = json!({"redirect_uris": ["https://rp.example/cb"],
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
            "scope": "openid email offline_access api signet:read"});
        members.as_object().unwrap().iter().for_each(|(name, value)| all[name] = value.clone());
        Client {
            id: ClientId::parse("rp").unwrap(),
            metadata: serde_json::from_value(all).unwrap(),
            secrets: Vec::new(),
            enabled: true,
            registration: None,
            logo: None,
        }
    }

    /// The scope, or nothing for `invalid_scope`.
    fn text(scope: Result<Scope, OAuthError>) -> Option<String> {
        scope.map_err(|error| assert_eq!(error.code.as_str(), "invalid_scope")).ok().map(|scope| scope.to_string())
    }

    #[test]
    fn scopes_beyond_the_client_are_dropped_or_refused_by_setting() {
        let rows = [
            // (rule, asked, granted by a user, granted to the client itself), with `drop`
            ("all known", "email openid", Some("email openid"), None),
            ("one unknown", "openid email groups", Some("openid email"), None),
            ("the client's own", "api groups", Some("api"), Some("api")),
            ("a user's scope beside its own", "api email", Some("api email"), Some("api")),
            ("nothing left", "groups", None, None),
            ("what administers the server", "openid signet:read", Some("openid"), None),
            ("the same, of the client itself", "api signet:read", Some("api"), Some("api signet:read")),
            ("no such administration", "api signet:all", Some("api"), Some("api")),
            ("RFC 6749 §3.3: malformed", "openid  email", None, None),
        ];
        let dropping = client(json!({"unknown_scopes": "drop"}));
        for (rule, asked, by_user, own) in rows {
            assert_eq!(text(dropping.requested_scope(Some(asked))), by_user.map(str::to_owned), "{rule}");
            assert_eq!(text(dropping.own_scope(Some(asked))), own.map(str::to_owned), "{rule}, client credentials");
        }
        for refusing in [client(json!({"unknown_scopes": "refuse"})), client(json!({}))] {
            assert_eq!(text(refusing.requested_scope(Some("openid email groups"))), None);
            assert_eq!(text(refusing.own_scope(Some("api groups"))), None);
            assert_eq!(text(refusing.requested_scope(Some("openid email"))), Some("openid email".to_owned()));
        }
    }

    #[test]
    fn openid_is_never_left_out() {
        let plain = client(json!({"unknown_scopes": "drop", "scope": "email api"}));
        assert_eq!(text(plain.requested_scope(Some("openid email"))), None);
        assert_eq!(text(plain.own_scope(Some("openid api"))), None);
        assert_eq!(text(plain.requested_scope(Some("email phone"))), Some("email".to_owned()));
    }

    #[test]
    fn a_refused_scope_is_named_and_openid_before_all_others() {
        let named = |client: &Client, asked: &str| client.requested_scope(Some(asked)).unwrap_err().description;
        let refusing = client(json!({}));
        assert_eq!(named(&refusing, "email groups roles"), "The client may not ask for the scope groups.");
        let dropping = client(json!({"unknown_scopes": "drop", "scope": "email api"}));
        assert_eq!(named(&dropping, "groups openid email"), "The client may not ask for the scope openid.");
    }

    #[test]
    fn offline_access_without_the_refresh_grant_is_left_out_where_scopes_are() {
        let grants = json!(["authorization_code"]);
        let dropping = client(json!({"unknown_scopes": "drop", "grant_types": grants}));
        assert_eq!(text(dropping.requested_scope(Some("openid offline_access"))), Some("openid".to_owned()));
        assert_eq!(text(dropping.requested_scope(Some("offline_access"))), None);
        let refusing = client(json!({"grant_types": grants}));
        assert_eq!(
            text(refusing.requested_scope(Some("openid offline_access"))),
            Some("openid offline_access".to_owned())
        );
    }

    #[test]
    fn strict_profiles_always_refuse() {
        for profile in Profile::TABLE {
            let mut dropping = client(json!({"unknown_scopes": "drop"}));
            dropping.metadata.profile = profile;
            let granted = text(dropping.requested_scope(Some("openid email groups")));
            let own = text(dropping.own_scope(Some("api groups")));
            assert_eq!((granted.is_none(), own.is_none()), (profile.is_strict(), profile.is_strict()), "{profile:?}");
        }
    }
}
