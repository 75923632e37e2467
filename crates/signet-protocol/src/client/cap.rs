//! Limits that an operator sets for a client that registered itself. The client cannot restore by an update what an
//! operator has removed (RFC 7592 §2.2 lets a server replace requested values).

use serde::{Deserialize, Serialize};

use super::{AUTHORIZATION_CODE, ClientMetadata};
use crate::authorize::response_type::{IMPLICIT, ResponseType};
use crate::scope::Scope;

/// The most that a client may register for itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cap {
    scope: Scope,
    grant_types: Vec<String>,
    response_types: Vec<ResponseType>,
}

impl Cap {
    fn of(metadata: &ClientMetadata) -> Self {
        let ClientMetadata { scope, grant_types, response_types, .. } = metadata.clone();
        Self { scope, grant_types, response_types }
    }

    fn covers(&self, other: &Self) -> bool {
        other.scope.is_within(&self.scope)
            && other.grant_types.iter().all(|grant| self.grant_types.contains(grant))
            && other.response_types.iter().all(|kind| self.response_types.contains(kind))
    }
}

impl ClientMetadata {
    /// Returns the metadata with which an operator replaces `held`. Removing something caps the client at the rest, and
    /// later changes by an operator move the cap.
    pub fn capped_over(mut self, held: &Self) -> Self {
        let left = Cap::of(&self);
        let before = Cap::of(held);
        let moves = held.cap.is_some() || !left.covers(&before);
        if self.cap == held.cap && left != before && moves {
            self.cap = Some(left);
        }
        self
    }

    /// Reduces the metadata to a cap. Response types without their grant type are removed.
    pub fn within(mut self, cap: Option<&Cap>) -> Self {
        let Some(cap) = cap else { return self };
        self.scope = self.scope.filtered(|token| cap.scope.contains(token));
        self.grant_types.retain(|grant| cap.grant_types.contains(grant));
        let has = |grant: &str| self.grant_types.iter().any(|held| held == grant);
        let code = has(AUTHORIZATION_CODE);
        let implicit = has(IMPLICIT);
        self.response_types.retain(|kind| {
            cap.response_types.contains(kind) && (code || !kind.has_code()) && (implicit || !kind.needs_implicit())
        });
        self
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn metadata(members: Value) -> ClientMetadata {
        serde_json::from_value(members).unwrap()
    }

    fn scope_of_cap(metadata: &ClientMetadata) -> Option<String> {
        metadata.cap.as_ref().map(|cap| cap.scope.to_string())
    }

    #[test]
    fn a_reduction_by_an_operator_caps_the_client_and_later_changes_move_the_cap() {
        let wide = metadata(json!({"scope": "openid email"}));
        let named = ClientMetadata { client_name: "New".to_owned(), ..wide.clone() }.capped_over(&wide);
        assert_eq!(scope_of_cap(&named), None);
        let wider = metadata(json!({"scope": "openid email phone"})).capped_over(&wide);
        assert_eq!(scope_of_cap(&wider), None);
        let narrow = metadata(json!({"scope": "openid"})).capped_over(&wide);
        assert_eq!(scope_of_cap(&narrow).as_deref(), Some("openid"));
        let more = ClientMetadata { scope: Scope::parse("openid phone").unwrap(), ..narrow.clone() };
        assert_eq!(scope_of_cap(&more.clone().capped_over(&narrow)).as_deref(), Some("openid phone"));
        let freed = ClientMetadata { cap: None, ..more };
        assert_eq!(scope_of_cap(&freed.capped_over(&narrow)), None, "an operator may lift it");
        let without_code = metadata(json!({"scope": "openid email", "grant_types": ["client_credentials"]}));
        assert!(without_code.capped_over(&wide).cap.is_some());
    }

    #[test]
    fn a_client_gets_no_more_than_its_cap() {
        let cap = Cap::of(&metadata(json!({
            "scope": "openid email", "grant_types": ["client_credentials"], "response_types": ["code"],
        })));
        let asked = metadata(json!({
            "scope": "openid phone", "grant_types": ["authorization_code", "client_credentials"],
            "response_types": ["code", "id_token"],
        }));
        let within = asked.clone().within(Some(&cap));
        assert_eq!(
            (within.scope.to_string().as_str(), within.grant_types.as_slice()),
            ("openid", ["client_credentials".to_owned()].as_slice())
        );
        assert!(within.response_types.is_empty(), "without the grant there is no code");
        assert_eq!(asked.clone().within(None), asked);
    }
}
