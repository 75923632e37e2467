use serde_json::json;

use super::*;

const NOW: i64 = 1_000_000;
const CLASSIC: ObjectRules =
    ObjectRules { binding: Binding::WherePresent, outside: OuterParameters::Assembled, lifetime: Lifetime::Open };
const PLAIN: ObjectRules = CLASSIC.where_required();
const STRICT: ObjectRules = ObjectRules { lifetime: Lifetime::Bounded, ..PLAIN };

fn object(changes: Value) -> Map<String, Value> {
    let mut object = json!({
        "iss": "rp", "aud": "https://op.example", "exp": NOW + 300, "iat": NOW, "nbf": NOW,
        "client_id": "rp", "response_type": "code", "scope": "openid",
    });
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(object.as_object_mut().unwrap().remove(name)),
            value => object[name] = value.clone(),
        }
    }
    object.as_object().unwrap().clone()
}

fn read(changes: Value, outer: &str, rules: ObjectRules) -> Result<Params, OAuthError> {
    let outer = Params::parse(outer.as_bytes()).unwrap();
    let client = ClientId::parse("rp").unwrap();
    let parties = Parties { client: &client, issuer: "https://op.example" };
    parameters(&object(changes), &outer, parties, rules, Timestamp::from_secs(NOW))
}

#[test]
fn a_request_object_is_bound_to_client_server_and_time() {
    let rows = [
        ("complete", json!({}), true, true, true),
        ("several audiences", json!({"aud": ["https://rs.example", "https://op.example"]}), true, true, true),
        ("another audience", json!({"aud": "https://other.example"}), false, false, false),
        ("no audience", json!({"aud": null}), false, false, true),
        ("an audience that is a number", json!({"aud": 1}), false, false, false),
        ("another issuer", json!({"iss": "other"}), false, false, false),
        ("no issuer", json!({"iss": null}), false, false, true),
        ("another client_id", json!({"client_id": "other"}), false, false, false),
        ("no client_id", json!({"client_id": null}), true, true, true),
        ("no exp", json!({"exp": null}), false, true, true),
        ("expired", json!({"exp": NOW - 31}), false, false, false),
        ("within the leeway", json!({"exp": NOW - 29}), true, true, true),
        ("valid for 70 minutes", json!({"exp": NOW + 4200}), false, true, true),
        ("valid for an hour", json!({"exp": NOW + 3600}), true, true, true),
        ("no nbf", json!({"nbf": null}), false, true, true),
        ("an hour after nbf", json!({"nbf": NOW - 3600, "exp": NOW}), true, true, true),
        ("more than an hour after nbf", json!({"nbf": NOW - 3601, "exp": NOW}), false, true, true),
        ("nbf 8 seconds ahead", json!({"nbf": NOW + 8}), true, true, true),
        ("nbf a minute ahead", json!({"nbf": NOW + 62}), false, false, false),
        ("iat a minute ahead", json!({"iat": NOW + 62}), false, false, false),
        ("exp as text", json!({"exp": "soon"}), false, false, false),
        ("an assertion of the client", json!({"sub": "rp"}), false, false, false),
        ("nothing that a request has", json!({"client_id": null, "response_type": null}), false, false, false),
        ("request inside", json!({"request": "x"}), false, false, false),
        ("request_uri inside", json!({"request_uri": "https://rp.example/o"}), false, false, false),
        ("a list of objects", json!({"resource": [{}]}), false, false, false),
    ];
    for (rule, changes, strict, plain, classic) in rows {
        assert_eq!(read(changes.clone(), "", STRICT).is_ok(), strict, "strict: {rule}");
        assert_eq!(read(changes.clone(), "", PLAIN).is_ok(), plain, "plain: {rule}");
        assert_eq!(read(changes, "", CLASSIC).is_ok(), classic, "classic: {rule}");
    }
}

#[test]
fn members_become_parameters() {
    let changes =
        json!({"max_age": 60, "claims": {"userinfo": {"name": null}}, "resource": ["https://a", "https://b"]});
    let params = read(changes, "", STRICT).unwrap();
    assert_eq!(params.get("max_age"), Some("60"));
    assert_eq!(params.get("claims"), Some(r#"{"userinfo":{"name":null}}"#));
    assert_eq!(params.get_all("resource").collect::<Vec<_>>(), ["https://a", "https://b"]);
    assert_eq!((params.get("client_id"), params.get("iss"), params.get("exp")), (Some("rp"), None, None));
}

#[test]
fn outer_parameters_count_according_to_the_profile() {
    let outer = "client_id=rp&response_type=code&scope=openid+email&state=outside&request=x";
    let strict = read(json!({}), outer, STRICT).unwrap();
    assert_eq!((strict.get("state"), strict.get("scope")), (None, Some("openid")));
    let classic = read(json!({}), outer, CLASSIC).unwrap();
    assert_eq!(
        (classic.get("state"), classic.get("scope"), classic.get("request")),
        (Some("outside"), Some("openid"), None)
    );
    assert!(read(json!({"response_type": "id_token"}), outer, CLASSIC).is_err(), "response types differ");
    assert!(read(json!({"response_type": null}), outer, CLASSIC).is_ok());
}

#[test]
fn other_jwts_are_refused_as_request_objects() {
    for (typ, expected) in [
        (None, true),
        (Some("JWT"), true),
        (Some("oauth-authz-req+jwt"), true),
        (Some("at+jwt"), false),
        (Some("logout+jwt"), false),
        (Some(""), false),
    ] {
        assert_eq!(is_typ(typ), expected, "{typ:?}");
    }
}
