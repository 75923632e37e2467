//! Cases for the claims of a user.

use serde_json::json;

use super::ClaimsError::*;
use super::*;
use crate::claims::requested::RequestedClaims;

/// A user with every standard claim.
fn everything() -> Value {
    json!({
        "name": "Zoë Łukasz 李", "given_name": "Zoë", "family_name": "Łukasz", "middle_name": "李", "nickname": "zo",
        "preferred_username": "zoe", "profile": "https://zoe.example/me", "picture": "https://zoe.example/me.png",
        "website": "http://zoe.example", "gender": "female", "birthdate": "1990-02-28", "zoneinfo": "Europe/Paris",
        "locale": "fr-CA", "updated_at": 1_700_000_000, "phone_number": "+33 1 23 45 67 89",
        "phone_number_verified": true,
        "address": {"formatted": "1 Rue\r\nParis", "street_address": "1 Rue\nB", "locality": "Paris", "region": "IDF",
            "postal_code": "75001", "country": "France"},
    })
}

fn released(claims: &Value, email: Option<(&str, bool)>, scope: &str) -> Value {
    let claims = PersonClaims::from_json(&claims.to_string()).unwrap();
    let scope = Scope::parse(scope).unwrap();
    let identity = Identity { subject: "u1", username: "zoe.l", email };
    Value::Object(
        claims.released(&identity, &Release { scope: &scope, requested: &ClaimRequests::new(), locales: &[] }),
    )
}

#[test]
fn claims_have_the_formats_of_openid_connect_core_5_1() {
    let cases = [
        ("nothing", json!({}), Ok(())),
        ("everything", everything(), Ok(())),
        ("a single name", json!({"name": "Suharto"}), Ok(())),
        ("null", json!({"name": null}), Err(Malformed("name"))),
        ("empty", json!({"name": ""}), Err(Malformed("name"))),
        ("blank", json!({"nickname": " "}), Err(Malformed("nickname"))),
        ("a number", json!({"given_name": 1}), Err(Malformed("given_name"))),
        ("a line break", json!({"family_name": "a\nb"}), Err(Malformed("family_name"))),
        ("too long", json!({"middle_name": "x".repeat(2049)}), Err(Malformed("middle_name"))),
        ("an unknown claim", json!({"role": "admin"}), Err(UnknownClaim)),
        ("email lives elsewhere", json!({"email": "a@x.example"}), Err(UnknownClaim)),
        ("email_verified lives elsewhere", json!({"email_verified": true}), Err(UnknownClaim)),
        ("sub lives elsewhere", json!({"sub": "u2"}), Err(UnknownClaim)),
        ("a claim in another language", json!({"name#fr": "a"}), Ok(())),
        ("in no language", json!({"name#": "a"}), Err(UnknownClaim)),
        ("in markup", json!({"name#<b>": "a"}), Err(UnknownClaim)),
        ("a claim without language", json!({"gender#fr": "a"}), Err(UnknownClaim)),
        ("empty in another language", json!({"name#fr": ""}), Err(Malformed("name"))),
        ("profile: another scheme", json!({"profile": "javascript:alert(1)"}), Err(Malformed("profile"))),
        ("picture: relative", json!({"picture": "/me.png"}), Err(Malformed("picture"))),
        ("website: no host", json!({"website": "https://"}), Err(Malformed("website"))),
        ("website: a space", json!({"website": "https://x.example/ a"}), Err(Malformed("website"))),
        ("birthdate: a year", json!({"birthdate": "1990"}), Ok(())),
        ("birthdate: the year omitted", json!({"birthdate": "0000-02-29"}), Ok(())),
        ("birthdate: a leap day", json!({"birthdate": "2024-02-29"}), Ok(())),
        ("birthdate: no leap day", json!({"birthdate": "2023-02-29"}), Err(Malformed("birthdate"))),
        ("birthdate: no such month", json!({"birthdate": "0000-13-01"}), Err(Malformed("birthdate"))),
        ("birthdate: everything omitted", json!({"birthdate": "0000"}), Err(Malformed("birthdate"))),
        ("birthdate: short digits", json!({"birthdate": "1990-2-28"}), Err(Malformed("birthdate"))),
        ("birthdate: another order", json!({"birthdate": "28.02.1990"}), Err(Malformed("birthdate"))),
        ("birthdate: with a time", json!({"birthdate": "1990-02-28T00:00"}), Err(Malformed("birthdate"))),
        ("birthdate: signed", json!({"birthdate": "+1990-02-28"}), Err(Malformed("birthdate"))),
        ("birthdate: a number", json!({"birthdate": 1990}), Err(Malformed("birthdate"))),
        ("zoneinfo: three parts", json!({"zoneinfo": "America/Argentina/Ushuaia"}), Ok(())),
        ("zoneinfo: not a name", json!({"zoneinfo": "Europe//Paris"}), Err(Malformed("zoneinfo"))),
        ("locale: a language", json!({"locale": "de"}), Ok(())),
        ("locale: an underscore", json!({"locale": "en_US"}), Err(Malformed("locale"))),
        ("updated_at: a string", json!({"updated_at": "2024-01-01"}), Err(Malformed("updated_at"))),
        ("updated_at: negative", json!({"updated_at": -1}), Err(Malformed("updated_at"))),
        ("updated_at: a fraction", json!({"updated_at": 1.5}), Err(Malformed("updated_at"))),
        (
            "phone_number_verified: a string",
            json!({"phone_number": "+1", "phone_number_verified": "true"}),
            Err(Malformed("phone_number_verified")),
        ),
        ("phone_number_verified: alone", json!({"phone_number_verified": true}), Err(NothingVerified)),
        ("address: one member", json!({"address": {"country": "France"}}), Ok(())),
        ("address: empty", json!({"address": {}}), Err(Malformed("address"))),
        ("address: text", json!({"address": "Paris"}), Err(Malformed("address"))),
        ("address: an empty member", json!({"address": {"country": ""}}), Err(Malformed("address"))),
        ("address: a null member", json!({"address": {"country": null}}), Err(Malformed("address"))),
        ("address: an unknown member", json!({"address": {"planet": "Earth"}}), Err(Malformed("address"))),
        ("address: a control character", json!({"address": {"country": "a\u{0}"}}), Err(Malformed("address"))),
    ];
    for (rule, claims, expected) in cases {
        let found = PersonClaims::from_json(&claims.to_string());
        assert_eq!(found.as_ref().map(|_| ()).map_err(|error| *error), expected, "{rule}");
        assert_eq!(serde_json::from_value::<PersonClaims>(claims).is_ok(), expected.is_ok(), "{rule}");
    }
    for (rule, json) in
        [("an array", "[]"), ("not JSON", "x"), ("empty", ""), ("repeated", r#"{"name":"a","name":"b"}"#)]
    {
        assert_eq!(PersonClaims::from_json(json), Err(NotJsonObject), "{rule}");
    }
}

#[test]
fn a_scope_releases_the_claims_of_openid_connect_core_5_4() {
    let email = Some(("zoe@x.example", true));
    let all_but = |without: &[&str]| {
        let Value::Object(mut claims) = everything() else { panic!("not an object") };
        claims.retain(|name, _| !without.contains(&name.as_str()));
        claims.insert("sub".into(), "u1".into());
        Value::Object(claims)
    };
    let cases = [
        ("openid: sub alone", everything(), email, "openid", json!({"sub": "u1"})),
        (
            "profile",
            everything(),
            email,
            "openid profile",
            all_but(&["address", "phone_number", "phone_number_verified"]),
        ),
        (
            "profile of an unknown user",
            json!({}),
            email,
            "profile",
            json!({"sub": "u1", "preferred_username": "zoe.l"}),
        ),
        ("email", everything(), email, "email", json!({"sub": "u1", "email": "zoe@x.example", "email_verified": true})),
        (
            "email not verified",
            json!({}),
            Some(("z@x.example", false)),
            "email",
            json!({"sub": "u1", "email": "z@x.example", "email_verified": false}),
        ),
        ("email unknown", everything(), None, "email", json!({"sub": "u1"})),
        ("email empty", everything(), Some(("", true)), "email", json!({"sub": "u1"})),
        ("address", everything(), email, "address", json!({"sub": "u1", "address": everything()["address"]})),
        ("address unknown", json!({}), email, "address", json!({"sub": "u1"})),
        (
            "phone",
            everything(),
            email,
            "phone",
            json!({"sub": "u1", "phone_number": "+33 1 23 45 67 89", "phone_number_verified": true}),
        ),
        ("phone unknown", json!({}), email, "phone", json!({"sub": "u1"})),
        ("other scopes", everything(), email, "offline_access api", json!({"sub": "u1"})),
    ];
    for (rule, claims, email, scope, expected) in cases {
        assert_eq!(released(&claims, email, scope), expected, "{rule}");
    }
}

#[test]
fn claims_are_stored_as_they_were_read() {
    let claims = PersonClaims::from_json(&everything().to_string()).unwrap();
    assert_eq!(PersonClaims::from_json(&claims.to_json()), Ok(claims.clone()));
    assert_eq!((claims.get("name"), claims.get("updated_at")), (Some("Zoë Łukasz 李"), None));
    assert_eq!(PersonClaims::default().to_json(), "{}");
    let changed = PersonClaims::default().updated_at(Timestamp::from_millis(1_700_000_000_999));
    assert_eq!(changed.to_json(), r#"{"updated_at":1700000000}"#);
}

#[test]
fn discovery_names_every_claim_once() {
    let mut seen = std::collections::HashSet::new();
    assert!(CLAIMS_SUPPORTED.iter().all(|name| seen.insert(*name)));
    assert!(STORED.iter().all(|(name, _, _)| seen.contains(name)));
}

#[test]
fn single_claims_are_released_as_they_are_asked_for() {
    let mut claims = everything();
    claims["name#fr-CA"] = json!("Zoé");
    claims["name#ja"] = json!("ゾエ");
    let claims = PersonClaims::from_json(&claims.to_string()).unwrap();
    let rows: [(&str, &str, &str, &[&str], &[&str]); 7] = [
        ("a claim without its scope", "openid", r#"{"name":null}"#, &[], &["name", "sub"]),
        ("a claim beside a scope", "email", r#"{"gender":null}"#, &[], &["email", "email_verified", "gender", "sub"]),
        ("half of a scope", "openid", r#"{"email_verified":null}"#, &[], &["email_verified", "sub"]),
        ("a value that it has", "openid", r#"{"locale":{"value":"fr-CA"}}"#, &[], &["locale", "sub"]),
        ("a value that it has not", "openid", r#"{"locale":{"value":"de"}}"#, &[], &["sub"]),
        ("in a language", "openid", r#"{"name":null}"#, &["FR"], &["name", "name#fr-CA", "sub"]),
        ("a language of what is not released", "openid", "{}", &["ja"], &["sub"]),
    ];
    for (rule, scope, requested, locales, expected) in rows {
        let scope = Scope::parse(scope).unwrap();
        let asked = format!(r#"{{"userinfo":{requested}}}"#);
        let asked = RequestedClaims::parse(Some(&asked), Some(&locales.join(" "))).unwrap();
        let identity = Identity { subject: "u1", username: "zoe.l", email: Some(("z@x.example", true)) };
        let release = Release { scope: &scope, requested: &asked.userinfo, locales: &asked.locales };
        let released = claims.released(&identity, &release);
        let mut names: Vec<&str> = released.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, expected, "{rule}");
    }
}

#[test]
fn display_names_are_checked() {
    let named = |name: &str, value: &str| {
        let claims = PersonClaims::from_json(&json!({name: value}).to_string()).unwrap();
        claims.with_display_names().ok().map(|claims| claims.get(name).unwrap_or_default().to_owned())
    };
    assert_eq!(named("name", "Zoe\u{308} Example").as_deref(), Some("Zo\u{eb} Example"), "NFC");
    assert_eq!(
        named("name", "\u{645}\u{62d}\u{645}\u{62f}").as_deref(),
        Some("\u{645}\u{62d}\u{645}\u{62f}"),
        "any script"
    );
    for name in ["name", "name#de", "given_name", "family_name", "middle_name", "nickname"] {
        for value in ["Alice \u{202e}nimda", "\u{2066}Alice", &"x".repeat(101)] {
            assert_eq!(named(name, value), None, "{name}: {value:?}");
        }
    }
    assert!(named("locale", "de").is_some() && named("profile", "https://example.org/p").is_some());
}
