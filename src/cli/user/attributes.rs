//! Attributes of a user as options, shared by `user add` and `user update`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use clap::Args;
use serde_json::{Map, Value};

use crate::flows::admin::PersonUpdate;
use signet_protocol::claims::standard::PersonClaims;
use signet_protocol::jose::jws::strict_object;

/// Limit of a user's attributes, in bytes of JSON.
const MAX_ATTRIBUTES: usize = 16 * 1024;

/// Attributes of a user. A missing option does not change its attribute; the empty value `""` removes it.
#[derive(Args)]
pub struct AttributeOptions {
    /// The e-mail address, also accepted at sign-in
    #[arg(long)]
    email: Option<String>,
    /// Mark the e-mail address as verified; a new one is not by default
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    email_verified: Option<bool>,
    /// The full name
    #[arg(long)]
    name: Option<String>,
    /// The given name
    #[arg(long)]
    given_name: Option<String>,
    /// The family name
    #[arg(long)]
    family_name: Option<String>,
    /// A standard claim (OpenID Connect Core §5.1), such as locale=de-DE (repeatable)
    #[arg(long, value_name = "NAME=VALUE")]
    claim: Vec<String>,
    /// A file with standard claims as JSON; options override it
    #[arg(long, value_name = "FILE")]
    claims: Option<PathBuf>,
    /// A file with further attributes as a JSON object, for claim mappers; replaces all of them
    #[arg(long, value_name = "FILE")]
    attributes: Option<PathBuf>,
    /// A role (repeatable); replaces all roles that the user has
    #[arg(long)]
    role: Vec<String>,
}

impl AttributeOptions {
    /// Applies the options to the attributes that a user has.
    pub fn apply(&self, person: &mut PersonUpdate) -> anyhow::Result<()> {
        if let Some(address) = &self.email {
            person.set_email(Some(address.clone()).filter(|address| !address.is_empty()));
        }
        if let Some(verified) = self.email_verified {
            ensure!(person.email.is_some(), "the user has no e-mail address");
            person.email_verified = verified;
        }
        person.claims = self.claims(std::mem::take(&mut person.claims))?;
        if let Some(file) = &self.attributes {
            person.attributes = read_attributes(file)?;
        }
        if !self.role.is_empty() {
            person.roles.clone_from(&self.role);
        }
        Ok(())
    }

    /// Adds the claims of the file and of the options.
    fn claims(&self, held: PersonClaims) -> anyhow::Result<PersonClaims> {
        let mut claims: Map<String, Value> = held.into();
        // The server sets `updated_at` itself.
        claims.remove("updated_at");
        if let Some(file) = &self.claims {
            let named = || file.display().to_string();
            let text = std::fs::read_to_string(file).with_context(named)?;
            let given = strict_object(text.as_bytes()).with_context(|| format!("{}: no JSON object", named()))?;
            given.into_iter().for_each(|(name, value)| put(&mut claims, &name, value));
        }
        let names = [("name", &self.name), ("given_name", &self.given_name), ("family_name", &self.family_name)];
        for (name, value) in names {
            if let Some(text) = value {
                put(&mut claims, name, text.as_str().into());
            }
        }
        for pair in &self.claim {
            let (name, text) = pair.split_once('=').with_context(|| format!("{pair:?} is not NAME=VALUE"))?;
            put(&mut claims, name, value(text));
        }
        let file = self.claims.as_ref().map(|file| file.display().to_string());
        let claims = PersonClaims::try_from(claims);
        match file {
            Some(file) => claims.with_context(|| file),
            None => Ok(claims?),
        }
    }
}

fn put(claims: &mut Map<String, Value>, name: &str, value: Value) {
    if value.is_null() || value.as_str() == Some("") {
        claims.remove(name);
    } else {
        claims.insert(name.to_owned(), value);
    }
}

/// Parses the value of a claim: JSON if it is an object, true or false, else text.
fn value(text: &str) -> Value {
    match serde_json::from_str(text) {
        Ok(value @ (Value::Object(_) | Value::Bool(_))) => value,
        Ok(_) | Err(_) => text.into(),
    }
}

/// Reads attributes from a file: a JSON object of at most 16 KB without duplicate members.
fn read_attributes(file: &Path) -> anyhow::Result<Map<String, Value>> {
    let bytes = std::fs::read(file).with_context(|| file.display().to_string())?;
    let object = strict_object(&bytes).filter(|_| bytes.len() <= MAX_ATTRIBUTES);
    object.with_context(|| format!("{}: attributes must be a JSON object of at most 16 KB", file.display()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_value_of_a_claim_is_text_unless_it_is_an_object_or_a_truth_value() {
        let rows = [
            ("Alice", json!("Alice")),
            ("1990-01-31", json!("1990-01-31")),
            ("12", json!("12")),
            ("null", json!("null")),
            ("true", json!(true)),
            (r#"{"country": "DE"}"#, json!({"country": "DE"})),
        ];
        for (text, expected) in rows {
            assert_eq!(value(text), expected, "{text}");
        }
    }
}
