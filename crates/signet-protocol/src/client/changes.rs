//! The difference between two registrations of a client, and the scopes and resources that its grants lose by it
//! (RFC 7592 §2.2).

use serde_json::{Map, Value};

use super::{Client, ClientMetadata};
use crate::account::attributes::AttributeChange;

/// Scopes and resources that a client no longer has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    pub scopes: Vec<String>,
    pub resources: Vec<String>,
}

impl ClientMetadata {
    /// Returns the attributes in which this metadata differs from its replacement.
    pub fn changes_to(&self, next: &Self) -> Vec<AttributeChange> {
        let members = |metadata: &Self| match serde_json::to_value(metadata) {
            Ok(Value::Object(members)) => members,
            Ok(_) | Err(_) => Map::new(),
        };
        AttributeChange::between(&members(self), &members(next))
    }

    /// Returns the scopes and resources that the replacement lacks.
    pub fn losses_to(&self, next: &Self) -> Losses {
        let scopes = self.scope.iter().filter(|scope| !next.scope.contains(scope)).map(str::to_owned);
        let resources = self.audiences.iter().filter(|held| !next.audiences.contains(held)).cloned();
        Losses { scopes: scopes.collect(), resources: resources.collect() }
    }

    /// Returns true if a client with this metadata keeps its current subjects. Every path refuses a change of sector
    /// (OpenID Connect Core §8.1), after which the client would no longer recognize its users.
    pub fn keeps_subjects_of(&self, client: &Client) -> bool {
        self.sector_of(&client.id) == client.sector()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn metadata(members: Value) -> ClientMetadata {
        serde_json::from_value(members).unwrap()
    }

    #[test]
    fn a_change_names_each_attribute_with_its_values() {
        let old = metadata(json!({"client_name": "Old", "redirect_uris": ["https://a.example/cb"], "scope": "openid"}));
        let rows = [
            (json!({}), vec![]),
            (json!({"client_name": "New"}), vec!["client_name: Old -> New"]),
            (json!({"scope": ""}), vec!["scope: openid -> none"]),
            (
                json!({"redirect_uris": ["https://a.example/cb", "https://b.example/cb"]}),
                vec!["redirect_uris: https://a.example/cb -> https://a.example/cb, https://b.example/cb"],
            ),
            (
                json!({"skip_consent": true, "access_token_lifetime": 60}),
                vec!["access_token_lifetime: none -> 60", "skip_consent: false -> true"],
            ),
        ];
        for (change, expected) in rows {
            let mut next = serde_json::to_value(&old).unwrap();
            change.as_object().unwrap().iter().for_each(|(name, value)| next[name] = value.clone());
            let changes = old.changes_to(&metadata(next));
            assert_eq!(changes.iter().map(AttributeChange::line).collect::<Vec<_>>(), expected, "{change}");
        }
    }

    #[test]
    fn a_client_loses_the_scopes_and_resources_that_it_had() {
        let old = metadata(json!({"scope": "openid email", "audiences": ["https://a.example", "https://b.example"]}));
        let next = metadata(json!({"scope": "openid phone", "audiences": ["https://b.example"]}));
        let losses = old.losses_to(&next);
        assert_eq!((losses.scopes, losses.resources), (vec!["email".to_owned()], vec!["https://a.example".to_owned()]));
        assert_eq!(old.losses_to(&old), Losses::default());
    }
}
