//! Differences between two sets of attributes, of a client (RFC 7592 §2.2) or of a person (OpenID Connect Core §5.1).

use serde::Serialize;
use serde_json::{Map, Value};

/// The maximum length of a value in [`AttributeChange::line`], in characters.
const LINE_VALUE: usize = 200;

/// An attribute whose value a change replaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AttributeChange {
    pub name: String,
    /// The value before; null if there was none.
    pub old: Value,
    /// The value after; null if there is none.
    pub new: Value,
}

impl AttributeChange {
    /// Returns the attributes in which two objects differ, sorted by name.
    pub fn between(old: &Map<String, Value>, new: &Map<String, Value>) -> Vec<Self> {
        let value = |of: &Map<String, Value>, name: &String| of.get(name).cloned().unwrap_or_default();
        let mut names: Vec<&String> = old.keys().chain(new.keys()).collect();
        names.sort();
        names.dedup();
        let change = |name: &String| Self { name: name.clone(), old: value(old, name), new: value(new, name) };
        names.into_iter().map(change).filter(|change| change.old != change.new).collect()
    }

    /// Describes the change on one line, for the audit log and for people. Long values are cut.
    pub fn line(&self) -> String {
        format!("{}: {} -> {}", self.name, in_words(&self.old), in_words(&self.new))
    }
}

/// Formats a value for people: a string as it is, a list of strings with commas, anything else as JSON. Long values are
/// cut.
pub fn in_words(value: &Value) -> String {
    let text = match value {
        Value::Null => return "none".to_owned(),
        Value::String(text) if text.is_empty() => return "none".to_owned(),
        Value::Array(list) if list.is_empty() => return "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(list) if list.iter().all(Value::is_string) => {
            list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    };
    if text.chars().count() > LINE_VALUE {
        format!("{}...", text.chars().take(LINE_VALUE).collect::<String>())
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_formatted_for_people_and_a_long_one_is_cut() {
        let rows = [
            (json!(null), "none"),
            (json!(""), "none"),
            (json!([]), "none"),
            (json!("a"), "a"),
            (json!(["a", "b"]), "a, b"),
            (json!({"a": 1}), "{\"a\":1}"),
            (json!(false), "false"),
        ];
        for (value, expected) in rows {
            assert_eq!(in_words(&value), expected);
        }
        assert_eq!(in_words(&"x".repeat(5000).into()).len(), LINE_VALUE + 3);
    }
}
