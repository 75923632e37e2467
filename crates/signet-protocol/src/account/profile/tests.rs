//! Edits of a profile, one row a rule.

use serde_json::{Value, json};

use super::*;

fn held() -> PersonClaims {
    let claims = json!({
        "name": "Alice Example", "phone_number": "+49 30 123456", "phone_number_verified": true, "zoneinfo": "UTC",
        "address": {"formatted": "1 Main St\nBerlin", "locality": "Berlin"},
    });
    PersonClaims::from_json(&claims.to_string()).unwrap()
}

fn edit(form: &[(&str, &str)]) -> Result<Value, Vec<Refused>> {
    let typed = |name: &str| form.iter().find(|(field, _)| *field == name).map(|(_, text)| *text);
    let claims = edited(&held(), |_| FieldPolicy::Edit, typed)?;
    Ok(Value::Object(claims.into()))
}

#[test]
fn a_field_is_replaced_removed_or_kept() {
    assert_eq!(edit(&[]).unwrap(), edit(&[("name", "Alice Example")]).unwrap());
    assert_eq!(edit(&[("name", "Zoe\u{308}")]).unwrap()["name"], "Zoë");
    assert_eq!(edit(&[("name", "")]).unwrap().get("name"), None);
    assert_eq!(edit(&[("website", "https://a.example")]).unwrap()["website"], "https://a.example");
}

#[test]
fn only_known_fields_with_the_policy_edit_are_read() {
    let form = [
        ("sub", "x"),
        ("email", "x@example.org"),
        ("email_verified", "true"),
        ("phone_number_verified", "true"),
        ("roles", "admin"),
        ("attributes", "{}"),
        ("updated_at", "1"),
        ("formatted", "elsewhere"),
        ("name#de", "Alice"),
    ];
    assert_eq!(edit(&form).unwrap(), edit(&[]).unwrap());
    for policy in [FieldPolicy::Off, FieldPolicy::Read] {
        let typed = |name: &str| FIELDS.iter().any(|(field, _)| *field == name).then_some("https://x.example");
        assert_eq!(edited(&held(), |_| policy, typed), Ok(held()), "{policy:?}");
    }
}

#[test]
fn another_phone_number_is_unverified() {
    let rows = [("+49 30 123456", json!(true)), ("+49 (30) 65-43-21", json!(false)), ("", Value::Null)];
    for (typed, expected) in rows {
        let claims = edit(&[("phone_number", typed)]).unwrap();
        assert_eq!(claims.get("phone_number_verified").cloned().unwrap_or_default(), expected, "{typed}");
    }
}

#[test]
fn every_malformed_field_is_refused_at_once() {
    let rows = [
        ("name", "a\u{202e}b", FieldError::Character),
        ("given_name", "a\u{200b}b", FieldError::Character),
        ("middle_name", "a\nb", FieldError::Character),
        ("family_name", " ", FieldError::Space),
        ("nickname", "Bob ", FieldError::Space),
        ("gender", &"x".repeat(101), FieldError::Length),
        ("phone_number", "call me", FieldError::Phone),
        ("locale", "de_DE", FieldError::Locale),
        ("zoneinfo", "Europe Berlin", FieldError::Zoneinfo),
        ("birthdate", "1990-02-30", FieldError::Birthdate),
        ("picture", "javascript:alert(1)", FieldError::Url),
        ("website", "https://a.example/\u{202e}", FieldError::Url),
        ("profile", "data:text/html,x", FieldError::Url),
        ("street_address", &"x".repeat(201), FieldError::Length),
        ("region", "a\u{2066}b", FieldError::Character),
        ("country", "DE ", FieldError::Space),
    ];
    for (field, text, error) in rows {
        assert_eq!(edit(&[(field, text)]), Err(vec![Refused { field, error }]), "{field}");
    }
    let all: Vec<(&str, &str)> = rows.iter().map(|(field, text, _)| (*field, *text)).collect();
    assert_eq!(edit(&all).unwrap_err().len(), rows.len());
    assert_eq!(edit(&[("name", "<b>\"Bob\"</b>")]).unwrap()["name"], "<b>\"Bob\"</b>", "markup is text");
}

#[test]
fn an_address_is_formatted_from_its_parts() {
    assert_eq!(edit(&[("locality", "Berlin")]).unwrap()["address"]["formatted"], "1 Main St\nBerlin", "unchanged");
    let form = [("street_address", "2 Side St\r\nYard"), ("postal_code", "10115"), ("country", "Germany")];
    let address = edit(&form).unwrap()["address"].clone();
    assert_eq!(address["formatted"], "2 Side St\nYard\n10115 Berlin\nGermany");
    assert_eq!(edit(&[("locality", "")]).unwrap().get("address"), None);
}
