//! Cases for the claims of client assertions.

use serde_json::json;

use super::AudienceRule::{AnyOf, SingleString};
use super::*;
use crate::error::ErrorCode;

const NOW: i64 = 1_700_000_000;
const ISSUER: &str = "https://as.example";

/// Returns a valid assertion with these members changed; null removes one.
fn claims(changes: &Value) -> Map<String, Value> {
    let good = json!({"iss": "c", "sub": "c", "aud": ISSUER, "exp": NOW + 60, "jti": "j"});
    let (Value::Object(mut claims), Value::Object(changes)) = (good, changes.clone()) else { panic!("{changes}") };
    claims.extend(changes);
    claims.retain(|_, value| !value.is_null());
    claims
}

fn checked(claims: &Map<String, Value>, single_audience: AudienceRule) -> Result<AssertionId, OAuthError> {
    let client_id = ClientId::parse("c").unwrap();
    let audiences = [ISSUER, "https://as.example/token"];
    let max_age = Span::from_minutes(5);
    let leeway = Span::from_secs(30);
    let rules = AssertionRules { client_id: &client_id, audiences: &audiences, single_audience, max_age, leeway };
    check(claims, &rules, Timestamp::from_secs(NOW))
}

#[test]
fn an_assertion_follows_rfc_7523_3() {
    let longest = "ü".repeat(255);
    let too_long = "ü".repeat(256);
    let cases = [
        ("a good one", AnyOf, json!({}), true),
        ("§3 item 1: no iss", AnyOf, json!({"iss": null}), false),
        ("§3 item 1: another iss", AnyOf, json!({"iss": "d"}), false),
        ("§3 item 2: no sub", AnyOf, json!({"sub": null}), false),
        ("§3 item 2: another sub", AnyOf, json!({"sub": "d"}), false),
        ("iss and sub of another client", AnyOf, json!({"iss": "d", "sub": "d"}), false),
        ("iss in other case", AnyOf, json!({"iss": "C"}), false),
        ("iss of another type", AnyOf, json!({"iss": ["c"]}), false),
        ("sub of another type", AnyOf, json!({"sub": 1}), false),
        ("§3 item 3: no aud", AnyOf, json!({"aud": null}), false),
        ("§3 item 3: another aud", AnyOf, json!({"aud": "https://other.example"}), false),
        ("§3 item 3: aud compares as written", AnyOf, json!({"aud": "https://as.example/"}), false),
        ("the other allowed aud", AnyOf, json!({"aud": "https://as.example/token"}), true),
        ("aud in a list", AnyOf, json!({"aud": ["https://other.example", ISSUER]}), true),
        ("an empty list", AnyOf, json!({"aud": []}), false),
        ("a list of another type", AnyOf, json!({"aud": [ISSUER, 1]}), false),
        ("aud of another type", AnyOf, json!({"aud": 1}), false),
        ("FAPI 2.0 §5.3.2.1: a string", SingleString, json!({}), true),
        ("FAPI 2.0 §5.3.2.1: no list", SingleString, json!({"aud": [ISSUER]}), false),
        ("FAPI 2.0 §5.3.2.1: another string", SingleString, json!({"aud": "https://other.example"}), false),
        ("FAPI 2.0 §5.3.2.1: none", SingleString, json!({"aud": null}), false),
        ("§3 item 4: no exp", AnyOf, json!({"exp": null}), false),
        ("§3 item 4: past within the leeway", AnyOf, json!({"exp": NOW - 29}), true),
        ("§3 item 4: past beyond the leeway", AnyOf, json!({"exp": NOW - 30}), false),
        ("§3 item 4: as far ahead as allowed", AnyOf, json!({"exp": NOW + 330}), true),
        ("§3 item 4: too far ahead", AnyOf, json!({"exp": NOW + 331}), false),
        ("ten years ahead", AnyOf, json!({"exp": NOW + 315_360_000}), false),
        ("endless", AnyOf, json!({"exp": u64::MAX}), false),
        ("exp as a string", AnyOf, json!({"exp": "1700000060"}), false),
        ("a negative exp", AnyOf, json!({"exp": -1}), false),
        ("§3 item 5: nbf now", AnyOf, json!({"nbf": NOW}), true),
        ("§3 item 5: nbf 8 s ahead", AnyOf, json!({"nbf": NOW + 8}), true),
        ("§3 item 5: nbf 60 s ahead", AnyOf, json!({"nbf": NOW + 60}), false),
        ("nbf as a string", AnyOf, json!({"nbf": "1"}), false),
        ("§3 item 6: iat long past", AnyOf, json!({"iat": 1}), true),
        ("§3 item 6: iat 8 s ahead", AnyOf, json!({"iat": NOW + 8}), true),
        ("§3 item 6: iat 60 s ahead", AnyOf, json!({"iat": NOW + 60}), false),
        ("iat as a string", AnyOf, json!({"iat": "1"}), false),
        ("OpenID Connect Core §9: no jti", AnyOf, json!({"jti": null}), false),
        ("an empty jti", AnyOf, json!({"jti": ""}), false),
        ("the longest jti", AnyOf, json!({"jti": longest}), true),
        ("too long a jti", AnyOf, json!({"jti": too_long}), false),
        ("NUL in the jti", AnyOf, json!({"jti": "a\u{0}"}), false),
        ("jti of another type", AnyOf, json!({"jti": 1}), false),
        ("unknown claims are ignored", AnyOf, json!({"x": {"y": 1}}), true),
    ];
    for (rule, audience, changes, ok) in cases {
        let found = checked(&claims(&changes), audience);
        assert_eq!(
            found.map(|_| ()).map_err(|error| error.code),
            if ok { Ok(()) } else { Err(ErrorCode::InvalidClient) },
            "{rule}"
        );
    }
}

#[test]
fn a_null_claim_has_the_wrong_type() {
    for name in ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"] {
        let mut claims = claims(&json!({}));
        claims.insert(name.to_owned(), Value::Null);
        assert!(checked(&claims, AnyOf).is_err(), "{name}");
    }
}

#[test]
fn an_assertion_id_is_kept_as_long_as_it_is_accepted() {
    let found = checked(&claims(&json!({"exp": NOW + 10})), AnyOf).unwrap();
    assert_eq!(found, AssertionId { jti: "j".into(), expires_at: Timestamp::from_secs(NOW + 40) });
}

#[test]
fn a_jwt_for_another_purpose_is_refused_as_assertion() {
    let cases = [
        ("no type", None, json!({}), true),
        ("RFC 7519 §5.1", Some("JWT"), json!({}), true),
        ("in small letters", Some("jwt"), json!({}), true),
        ("its own type", Some("client-authentication+jwt"), json!({}), true),
        ("RFC 9101 §10.8: a request object", Some("oauth-authz-req+jwt"), json!({}), false),
        ("RFC 9068 §2.1: an access token", Some("at+jwt"), json!({}), false),
        ("a logout token", Some("logout+jwt"), json!({}), false),
        ("RFC 9449 §4.2: a DPoP proof", Some("dpop+jwt"), json!({}), false),
        ("a security event", Some("secevent+jwt"), json!({}), false),
        ("an empty type", Some(""), json!({}), false),
        ("an untyped request object", None, json!({"response_type": "code"}), false),
        ("one that only names its client", Some("JWT"), json!({"client_id": "c"}), false),
        ("an untyped logout token", Some("JWT"), json!({"events": {}}), false),
        ("an untyped DPoP proof", None, json!({"htm": "POST", "htu": "https://as.example/token"}), false),
    ];
    for (rule, typ, more, expected) in cases {
        assert_eq!(check_kind(typ, &claims(&more)).is_ok(), expected, "{rule}");
    }
}
