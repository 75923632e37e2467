//! Details of an audit record: a JSON object (RFC 8259 §4) of named facts. Its size is bounded, and it contains no
//! secrets: only metadata and names are included, and URIs lose their user information (RFC 3986 §3.2.1).

use serde_json::{Map, Value, json};
use url::Url;

use crate::account::attributes::{AttributeChange, in_words};
use crate::authorize::consent::Consent;
use crate::cause::Shown;

/// The maximum length of a value as JSON, in bytes. A longer one is cut.
const MAX_VALUE: usize = 1000;
/// The maximum length of the object, in bytes. Facts beyond it are left out and counted.
const MAX_LENGTH: usize = 8000;
/// The member with the number of facts left out.
const OMITTED: &str = "omitted";

/// The details of an audit record, as stored JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details(String);

impl Details {
    /// Returns the changed attributes with their values, for clients, whose metadata is not secret.
    pub fn of_changes(changes: &[AttributeChange]) -> Option<Self> {
        let fact = |change: &AttributeChange| {
            (change.name.clone(), json!({ "old": bounded(&change.old), "new": bounded(&change.new) }))
        };
        Self::of("changed", changes.iter().map(fact).collect())
    }

    /// Returns the names of changed attributes, for people, whose values stay out of the log.
    pub fn of_attributes(names: &[&str]) -> Option<Self> {
        Self::of_lists(&[("attributes", names)])
    }

    /// Returns the roles that a person gets and loses.
    pub fn of_roles(granted: &[String], withdrawn: &[String]) -> Option<Self> {
        Self::of_lists(&[("granted", &texts(granted)), ("withdrawn", &texts(withdrawn))])
    }

    /// Returns the scopes and the single claims of a consent.
    pub fn of_consent(consent: &Consent) -> Option<Self> {
        let scopes: Vec<&str> = consent.scope.iter().collect();
        Self::of_lists(&[("scopes", &scopes), ("claims", &texts(&consent.claims))])
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns named lists without the empty ones.
    fn of_lists(lists: &[(&str, &[&str])]) -> Option<Self> {
        let mut facts = Map::new();
        for (name, list) in lists.iter().filter(|(_, list)| !list.is_empty()) {
            facts.insert((*name).to_owned(), bounded(&json!(list)));
        }
        (!facts.is_empty()).then(|| Self(Value::Object(facts).to_string()))
    }

    /// Returns an object with facts under one name, as many as fit.
    fn of(name: &str, facts: Map<String, Value>) -> Option<Self> {
        let mut kept = Map::new();
        let mut length = 0;
        let mut omitted = 0;
        for (fact, value) in facts {
            length += fact.len() + value.to_string().len();
            if length <= MAX_LENGTH {
                kept.insert(fact, value);
            } else {
                omitted += 1;
            }
        }
        let mut object = Map::new();
        object.insert(name.to_owned(), Value::Object(kept));
        if omitted > 0 {
            object.insert(OMITTED.to_owned(), omitted.into());
        }
        (object.len() > 1 || object.values().any(|facts| facts.as_object().is_some_and(|facts| !facts.is_empty())))
            .then(|| Self(Value::Object(object).to_string()))
    }
}

fn texts(list: &[String]) -> Vec<&str> {
    list.iter().map(String::as_str).collect()
}

/// Removes the user information of URIs; a long value is formatted for people and cut.
fn bounded(value: &Value) -> Value {
    let value = without_userinfo(value);
    if value.to_string().len() <= MAX_VALUE { value } else { in_words(&value).into() }
}

fn without_userinfo(value: &Value) -> Value {
    match value {
        Value::String(text) => match Url::parse(text) {
            Ok(url) if !url.username().is_empty() || url.password().is_some() => Shown::uri(text).as_str().into(),
            Ok(_) | Err(_) => text.as_str().into(),
        },
        Value::Array(list) => list.iter().map(without_userinfo).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(details: Option<Details>) -> Value {
        details.map(|details| serde_json::from_str(details.as_str()).unwrap()).unwrap_or_default()
    }

    fn change(name: &str, old: Value, new: Value) -> AttributeChange {
        AttributeChange { name: name.to_owned(), old, new }
    }

    #[test]
    fn a_change_of_a_client_is_recorded_with_its_values() {
        let changes =
            [change("scope", json!("openid"), json!("openid email")), change("logo_uri", Value::Null, json!(1))];
        let expected = json!({"changed": {
            "scope": {"old": "openid", "new": "openid email"}, "logo_uri": {"old": null, "new": 1},
        }});
        assert_eq!(object(Details::of_changes(&changes)), expected);
        assert_eq!(Details::of_changes(&[]), None);
    }

    #[test]
    fn lists_without_entries_are_left_out() {
        let roles = ["admin".to_owned()];
        assert_eq!(object(Details::of_roles(&roles, &[])), json!({"granted": ["admin"]}));
        assert_eq!(object(Details::of_attributes(&["email", "name"])), json!({"attributes": ["email", "name"]}));
        assert_eq!(Details::of_roles(&[], &[]), None);
    }

    #[test]
    fn a_long_value_is_cut_and_what_finds_no_room_is_counted() {
        let long = [change("client_name", json!("x".repeat(5000)), json!("y"))];
        let cut = object(Details::of_changes(&long))["changed"]["client_name"]["old"].as_str().unwrap().len();
        assert!(cut < 300, "{cut}");
        let many: Vec<AttributeChange> =
            (0..100).map(|n| change(&format!("a{n}"), json!("x".repeat(900)), json!(n))).collect();
        let details = Details::of_changes(&many).unwrap();
        assert!(details.as_str().len() < MAX_LENGTH + 200, "{}", details.as_str().len());
        let object = object(Some(details));
        let kept = object["changed"].as_object().unwrap().len();
        assert_eq!(object["omitted"].as_u64().unwrap() as usize + kept, 100);
    }

    #[test]
    fn a_uri_loses_its_user_information() {
        let secret = json!(["https://alice:hunter2@api.example/", "https://api.example/?x=1"]);
        let shown = object(Details::of_changes(&[change("audiences", Value::Null, secret)]));
        let text = shown.to_string();
        assert!(!text.contains("hunter2") && text.contains("https://api.example/?x=1"), "{text}");
    }
}
