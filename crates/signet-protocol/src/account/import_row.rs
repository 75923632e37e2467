//! A row of a file of people to import, from CSV (RFC 4180) or JSON: which members it may have, and what they mean. Roles are taken over only where
//! the operator has mapped them, so that no name of another system gives rights here.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::foreign_hash::{self, ForeignHashError, Import};
use super::person::{EmailAddress, PersonError, Username};
use crate::claims::standard::{ClaimsError, PersonClaims};
use crate::claims::values::is_stored;
use crate::secret::Digest;

/// The members beside the standard claims.
const MEMBERS: [&str; 9] = [
    "external_id",
    "username",
    "email",
    "email_verified",
    "password_hash",
    "must_reset",
    "enabled",
    "roles",
    "attributes",
];
/// The members whose parts have a cell each in a file of text.
const OBJECTS: [&str; 2] = ["address", "attributes"];
/// The maximum length of the attributes, in bytes of JSON.
const MAX_ATTRIBUTES: usize = 16 * 1024;
/// The members whose value is a truth value.
const TRUTHS: [&str; 4] = ["email_verified", "must_reset", "enabled", "phone_number_verified"];
/// The maximum length of an id in the other system, in bytes.
const MAX_ID: usize = 200;

/// The reason why a row is refused. It never quotes the password hash.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// A member that is neither of the import nor a standard claim.
    #[error("the member {0:?} is unknown")]
    UnknownMember(String),
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A member has a value of the wrong type.
    #[error("{0} is malformed")]
    Malformed(&'static str),
    #[error(transparent)]
    Person(#[from] PersonError),
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    #[error(transparent)]
    Hash(#[from] ForeignHashError),
}

/// The roles of this server, by their name in the other system.
pub type RoleMap = BTreeMap<String, String>;

/// A checked row.
#[derive(Clone, Debug)]
pub struct ImportRow {
    pub external_id: String,
    pub username: Username,
    pub email: Option<EmailAddress>,
    pub email_verified: bool,
    /// The password hash; `None` if there is none, or if the person must reset the password.
    pub password: Option<Import>,
    pub must_reset: bool,
    pub enabled: bool,
    pub claims: PersonClaims,
    /// Further values, for claim mappers.
    pub attributes: Map<String, Value>,
    /// Mapped roles.
    pub roles: Vec<String>,
    /// The number of roles without a mapping.
    pub dropped_roles: usize,
    /// The digest of what the row says, apart from the password hash.
    pub digest: Digest,
}

/// Checks that a member is known, as the header of a CSV file names it.
pub fn check_member(name: &str) -> Result<(), ImportError> {
    let base = name.split_once('.').map_or(name, |(base, _)| base);
    let is_part = base != name;
    let known = if is_part { OBJECTS.contains(&base) } else { MEMBERS.contains(&name) || is_stored(base_of(name)) };
    let is_own = name == "updated_at";
    if known && !is_own { Ok(()) } else { Err(ImportError::UnknownMember(name.chars().take(50).collect())) }
}

/// The name of a claim without its language.
fn base_of(name: &str) -> &str {
    name.split_once('#').map_or(name, |(base, _)| base)
}

/// Returns the members of a row of text. Empty cells are left out.
pub fn of_cells<'a>(cells: impl Iterator<Item = (&'a str, &'a str)>) -> Map<String, Value> {
    let mut members = Map::new();
    for (name, text) in cells.filter(|(_, text)| !text.is_empty()) {
        if let Some((object, part)) = name.split_once('.') {
            let parts = members.entry(object).or_insert_with(|| Value::Object(Map::new()));
            parts.as_object_mut().map(|parts| parts.insert(part.to_owned(), text.into()));
            continue;
        }
        let value = match text {
            "true" | "1" if TRUTHS.contains(&name) => Value::Bool(true),
            "false" | "0" if TRUTHS.contains(&name) => Value::Bool(false),
            text => text.into(),
        };
        members.insert(name.to_owned(), value);
    }
    members
}

impl ImportRow {
    /// Checks the members of a row.
    pub fn parse(mut members: Map<String, Value>, map: &RoleMap) -> Result<Self, ImportError> {
        members.retain(|_, value| !value.is_null() && value.as_str() != Some(""));
        members.keys().try_for_each(|name| check_member(name))?;
        let hash = text(members.remove("password_hash"), "password_hash")?;
        let digest = Digest::of(Value::Object(members.clone()).to_string().as_bytes());
        let external_id = id(members.remove("external_id"))?;
        let username = text(members.remove("username"), "username")?.ok_or(ImportError::Missing("username"))?;
        let email = text(members.remove("email"), "email")?;
        let email_verified = truth(members.remove("email_verified"), "email_verified")?.unwrap_or_default();
        let demanded = truth(members.remove("must_reset"), "must_reset")?.unwrap_or_default();
        let enabled = truth(members.remove("enabled"), "enabled")?.unwrap_or(true);
        let named = roles(members.remove("roles"))?;
        let attributes = object(members.remove("attributes"))?;
        let mut roles: Vec<String> = named.iter().filter_map(|role| map.get(role)).cloned().collect();
        roles.sort();
        roles.dedup();
        let password = hash.as_deref().map(foreign_hash::parse).transpose()?;
        let must_reset = demanded || password == Some(Import::Reset);
        let email = email.as_deref().map(EmailAddress::parse).transpose()?;
        Ok(Self {
            external_id,
            username: Username::parse(&username)?,
            email_verified: email_verified && email.is_some(),
            email,
            password: password.filter(|_| !must_reset),
            must_reset,
            enabled,
            claims: PersonClaims::try_from(members)?.with_display_names()?,
            attributes,
            roles,
            dropped_roles: named.iter().filter(|role| !map.contains_key(*role)).count(),
            digest,
        })
    }
}

fn text(value: Option<Value>, name: &'static str) -> Result<Option<String>, ImportError> {
    match value {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(ImportError::Malformed(name)),
    }
}

fn truth(value: Option<Value>, name: &'static str) -> Result<Option<bool>, ImportError> {
    match value {
        None => Ok(None),
        Some(Value::Bool(truth)) => Ok(Some(truth)),
        Some(_) => Err(ImportError::Malformed(name)),
    }
}

fn object(value: Option<Value>) -> Result<Map<String, Value>, ImportError> {
    match value {
        None => Ok(Map::new()),
        Some(Value::Object(members)) if Value::Object(members.clone()).to_string().len() <= MAX_ATTRIBUTES => {
            Ok(members)
        }
        Some(_) => Err(ImportError::Malformed("attributes")),
    }
}

/// The id in the other system: text or a number.
fn id(value: Option<Value>) -> Result<String, ImportError> {
    let id = match value {
        None => return Err(ImportError::Missing("external_id")),
        Some(Value::String(text)) => text,
        Some(Value::Number(number)) => number.to_string(),
        Some(_) => return Err(ImportError::Malformed("external_id")),
    };
    let legal = !id.is_empty() && id.len() <= MAX_ID && !id.chars().any(char::is_control);
    if legal { Ok(id) } else { Err(ImportError::Malformed("external_id")) }
}

/// Roles: a list of text, or text with spaces between them.
fn roles(value: Option<Value>) -> Result<Vec<String>, ImportError> {
    match value {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => Ok(text.split_whitespace().map(str::to_owned).collect()),
        Some(Value::Array(list)) => {
            let texts = list.iter().map(|one| one.as_str().map(str::to_owned).ok_or(ImportError::Malformed("roles")));
            texts.collect()
        }
        Some(_) => Err(ImportError::Malformed("roles")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MD5: &str = "md5$NaCl$6e3237a4d412ac4a4a76fe166327c923";

    fn parse(members: Value) -> Result<ImportRow, ImportError> {
        let map = RoleMap::from([("editor".to_owned(), "writer".to_owned())]);
        ImportRow::parse(members.as_object().unwrap().clone(), &map)
    }

    #[test]
    fn a_row_names_a_person_with_hash_roles_and_claims() {
        let row = parse(json!({
            "external_id": 7, "username": "alice", "email": "alice@example.org", "email_verified": true,
            "password_hash": MD5, "roles": ["editor", "admin"],
            "attributes": {"old_sub": "u7"}, "given_name": "Alice", "locale": "en-GB",
            "address": {"locality": "Berlin"}, "name#de": "Alice",
        }));
        let row = row.unwrap();
        assert_eq!((row.external_id.as_str(), row.username.as_str(), row.email_verified), ("7", "alice", true));
        assert!(matches!(row.password, Some(Import::Wrap(_))) && !row.must_reset && row.enabled);
        assert_eq!((row.roles, row.dropped_roles), (vec!["writer".to_owned()], 1));
        assert_eq!(row.claims.get("given_name"), Some("Alice"));
        assert_eq!(row.attributes["old_sub"], "u7");
    }

    #[test]
    fn a_row_that_says_too_little_too_much_or_nonsense_is_refused() {
        let with = |name: &str, value: Value| {
            let mut row = json!({"external_id": "1", "username": "alice"});
            row[name] = value;
            row
        };
        let rows = [
            (json!({"username": "alice"}), "external_id is missing"),
            (json!({"external_id": "1"}), "username is missing"),
            (with("external_id", json!([])), "external_id is malformed"),
            (with("external_id", json!("x".repeat(201))), "external_id is malformed"),
            (with("username", json!("alice@example.org")), "must not have an @"),
            (with("username", json!(7)), "username is malformed"),
            (with("email", json!("nonsense")), "not a valid e-mail address"),
            (with("email_verified", json!("yes")), "email_verified is malformed"),
            (with("password_hash", json!("hunter2")), "unknown format"),
            (with("password_hash", json!("$2b$12$short")), "bcrypt password hash is malformed"),
            (with("roles", json!([1])), "roles is malformed"),
            (with("attributes", json!("x")), "attributes is malformed"),
            (with("attributes", json!({"x": "y".repeat(17_000)})), "attributes is malformed"),
            (with("birthdate", json!("yesterday")), "birthdate is malformed"),
            (with("name", json!("a\u{202e}b")), "cannot be used"),
            (with("sub", json!("chosen")), "the member \"sub\" is unknown"),
            (with("is_admin", json!(true)), "the member \"is_admin\" is unknown"),
            (with("updated_at", json!(1)), "the member \"updated_at\" is unknown"),
        ];
        for (row, why) in rows {
            let error = parse(row.clone()).unwrap_err().to_string();
            assert!(error.contains(why) && !error.contains("hunter2"), "{row}: {error}");
        }
        assert!(parse(with("username", json!("x"))).is_ok());
    }

    #[test]
    fn a_hash_that_is_too_costly_and_a_demand_both_mean_a_reset() {
        let costly = "$2b$13$abcdefghijklmnopqrstuuCj7fyLDJytXL.TfOiOeiv0fQvSOK1/2";
        for row in [
            json!({"external_id": "1", "username": "a", "password_hash": costly}),
            json!({"external_id": "1", "username": "a", "password_hash": MD5, "must_reset": true}),
        ] {
            let row = parse(row).unwrap();
            assert!(row.must_reset && row.password.is_none(), "{row:?}");
        }
    }

    #[test]
    fn cells_are_text_truth_values_and_parts_of_the_address() {
        let cells = [("username", "alice"), ("email_verified", "true"), ("enabled", "0"), ("gender", "")];
        let address =
            [("address.locality", "Berlin"), ("address.country", "DE"), ("name", "true"), ("attributes.old_sub", "7")];
        let members = of_cells(cells.into_iter().chain(address));
        let expected = json!({
            "username": "alice", "email_verified": true, "enabled": false, "name": "true",
            "address": {"locality": "Berlin", "country": "DE"}, "attributes": {"old_sub": "7"},
        });
        assert_eq!(Value::Object(members), expected);
        assert!(check_member("address.locality").is_ok() && check_member("name#fr").is_ok());
        assert!(check_member("email.x").is_err() && check_member("role").is_err());
    }

    #[test]
    fn the_digest_covers_all_but_the_password_hash() {
        let digest = |row| parse(row).unwrap().digest;
        let plain = digest(json!({"external_id": "1", "username": "a"}));
        assert_eq!(plain, digest(json!({"username": "a", "external_id": "1", "password_hash": MD5, "email": ""})));
        assert_ne!(plain, digest(json!({"external_id": "1", "username": "a", "name": "A"})));
    }
}
