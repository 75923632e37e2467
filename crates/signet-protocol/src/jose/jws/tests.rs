//! Cases for the parsing of tokens and claims.

use serde_json::json;

use super::JwsError::*;
use super::*;

/// Returns a token with this header and payload, and a signature of three bytes.
fn token(header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
    format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload))
}

fn error_of(token: &str) -> Option<JwsError> {
    UnverifiedJws::parse(token).err()
}

#[test]
fn a_well_formed_token_is_parsed() {
    let text = token(r#"{"alg":"ES256","kid":"k1","typ":"JWT","jwk":{}}"#, r#"{"sub":"a","n":[1,-1,1.5,null,true]}"#);
    let jws = UnverifiedJws::parse(&text).unwrap();
    assert_eq!((jws.alg(), jws.kid(), jws.typ()), ("ES256", Some("k1"), Some("JWT")));
    assert_eq!(json!(jws.payload()), json!({"sub": "a", "n": [1, -1, 1.5, null, true]}));
    assert_eq!(format!("{}.c2ln", jws.signing_input()), text);
    assert_eq!(jws.signature(), b"sig");
    assert!(jws.header_has("jwk") && !jws.header_has("x5u"));
    assert_eq!(format!("{jws:?}"), "UnverifiedJws");

    let bare = token(r#"{"alg":"RS256"}"#, "{}");
    let jws = UnverifiedJws::parse(&bare).unwrap();
    assert_eq!((jws.kid(), jws.typ()), (None, None));
}

#[test]
fn the_compact_form_is_strict() {
    let good = token(r#"{"alg":"ES256"}"#, r#"{"a":1}"#);
    let header = "eyJhbGciOiJFUzI1NiJ9";
    let payload = "eyJhIjoxfQ";
    assert_eq!(good, format!("{header}.{payload}.c2ln"));
    let longest = token(r#"{"alg":"ES256"}"#, format!(r#"{{"a":"{}"}}"#, "x".repeat(6116)));
    assert_eq!((longest.len(), error_of(&longest)), (MAX_TOKEN, None));

    let cases = [
        ("one byte too long", format!("{longest}x"), Some(TooLong)),
        ("RFC 7515 §7.1: three parts", good.clone(), None),
        ("empty", String::new(), Some(NotCompact)),
        ("one part", header.into(), Some(NotCompact)),
        ("two parts", format!("{header}.{payload}"), Some(NotCompact)),
        ("four parts", format!("{good}.c2ln"), Some(NotCompact)),
        ("RFC 7516 §7.1: five parts are a JWE", format!("{header}.a.b.c.d"), Some(NotCompact)),
        ("no signature", format!("{header}.{payload}."), Some(NotCompact)),
        ("no payload", format!("{header}..c2ln"), Some(NotCompact)),
        ("no header", format!(".{payload}.c2ln"), Some(NotCompact)),
        ("padding", format!("{header}.{payload}==.c2ln"), Some(NotBase64Url)),
        ("the standard alphabet", format!("{header}.{payload}.ab+/"), Some(NotBase64Url)),
        ("trailing bits", format!("{header}.eyJhIjoxfR.c2ln"), Some(NotBase64Url)),
        ("trailing bits of the signature", format!("{header}.{payload}.ab"), Some(NotBase64Url)),
        ("a length that no bytes have", format!("{header}.{payload}.c2lnc"), Some(NotBase64Url)),
        ("space before", format!(" {good}"), Some(NotBase64Url)),
        ("line break after", format!("{good}\n"), Some(NotBase64Url)),
        ("line break within", format!("{header}.eyJh\nIjoxfQ.c2ln"), Some(NotBase64Url)),
        ("RFC 7515 §7.2: the JSON serialization", r#"{"payload":"a.b.c"}"#.into(), Some(NotBase64Url)),
    ];
    for (rule, text, expected) in cases {
        assert_eq!(error_of(&text), expected, "{rule}");
    }
}

#[test]
fn header_parameters_are_strict() {
    let cases = [
        ("RFC 7515 §4.1.1: alg is required", r#"{"kid":"a"}"#, Some(MalformedHeader)),
        ("alg is a string", r#"{"alg":1}"#, Some(MalformedHeader)),
        ("alg is not null", r#"{"alg":null}"#, Some(MalformedHeader)),
        ("alg is not a list", r#"{"alg":["ES256"]}"#, Some(MalformedHeader)),
        ("alg is not empty", r#"{"alg":""}"#, Some(MalformedHeader)),
        ("RFC 8725 §3.2: none", r#"{"alg":"none"}"#, Some(Unsigned)),
        ("none in other case", r#"{"alg":"NoNe"}"#, Some(Unsigned)),
        ("none with a space", r#"{"alg":"none "}"#, Some(Unsigned)),
        ("none by an escape", r#"{"alg":"\u006eone"}"#, Some(Unsigned)),
        ("kid is a string", r#"{"alg":"ES256","kid":1}"#, Some(MalformedHeader)),
        ("kid is not null", r#"{"alg":"ES256","kid":null}"#, Some(MalformedHeader)),
        ("typ is a string", r#"{"alg":"ES256","typ":{}}"#, Some(MalformedHeader)),
        ("RFC 7515 §4.1.11: crit", r#"{"alg":"ES256","crit":["exp"],"exp":1}"#, Some(UnsupportedHeader)),
        ("crit although empty", r#"{"alg":"ES256","crit":[]}"#, Some(UnsupportedHeader)),
        ("RFC 7797 §3: b64", r#"{"alg":"ES256","b64":false}"#, Some(UnsupportedHeader)),
        ("b64 although true", r#"{"alg":"ES256","b64":true}"#, Some(UnsupportedHeader)),
        ("RFC 7516 §4.1.3: zip", r#"{"alg":"ES256","zip":"DEF"}"#, Some(UnsupportedHeader)),
        ("RFC 7516 §4.1.2: enc", r#"{"alg":"dir","enc":"A128GCM"}"#, Some(UnsupportedHeader)),
        ("unknown ones are ignored", r#"{"alg":"ES256","x":1}"#, None),
    ];
    for (rule, header, expected) in cases {
        assert_eq!(error_of(&token(header, "{}")), expected, "{rule}");
    }
}

#[test]
fn header_and_payload_are_strict_json_objects() {
    let nested = |levels: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(levels), "]".repeat(levels));
    let objects = format!("{}1{}", r#"{"a":"#.repeat(MAX_DEPTH + 1), "}".repeat(MAX_DEPTH + 1));
    let deep = nested(MAX_DEPTH - 1);
    let too_deep = nested(MAX_DEPTH);
    let bottomless = nested(2000);
    let cases: [(&str, &[u8], bool); 21] = [
        ("an object", b"{}", true),
        ("white space", b" { } ", true),
        ("an array", b"[]", false),
        ("a string", b"\"a\"", false),
        ("null", b"null", false),
        ("not JSON", b"a", false),
        ("something after", b"{} {}", false),
        ("a comma at the end", b"{\"a\":1,}", false),
        ("a byte order mark", b"\xef\xbb\xbf{}", false),
        ("not UTF-8", b"{\"a\":\"\xff\"}", false),
        ("a lone surrogate", b"{\"a\":\"\\ud800\"}", false),
        ("too large a number", b"{\"a\":1e999}", false),
        ("not a number", b"{\"a\":NaN}", false),
        ("RFC 7519 §4: a repeated name", b"{\"a\":1,\"a\":1}", false),
        ("repeated by an escape", b"{\"a\":1,\"\\u0061\":2}", false),
        ("repeated further down", b"{\"a\":[{\"b\":{\"c\":1,\"c\":2}}]}", false),
        ("the same name in two objects", b"{\"a\":{\"a\":1},\"b\":{\"a\":1}}", true),
        ("32 levels", deep.as_bytes(), true),
        ("33 levels", too_deep.as_bytes(), false),
        ("33 objects", objects.as_bytes(), false),
        ("2000 levels", bottomless.as_bytes(), false),
    ];
    for (rule, json, ok) in cases {
        let expected = (!ok).then_some(NotJsonObject);
        assert_eq!(error_of(&token(r#"{"alg":"ES256"}"#, json)), expected, "payload: {rule}");
        if !ok {
            assert_eq!(error_of(&token(json, "{}")), expected, "header: {rule}");
        }
    }
}

#[test]
fn claims_have_the_types_of_rfc_7519() {
    let at = |millis| Ok(Some(Timestamp::from_millis(millis)));
    let dates = [
        ("seconds", json!(1_700_000_000), at(1_700_000_000_000)),
        ("zero", json!(0), at(0)),
        ("a fraction", json!(1.5), at(1500)),
        ("far ahead", json!(u64::MAX), at(i64::MAX)),
        ("further ahead", json!(1e300), at(i64::MAX)),
        ("negative", json!(-1), Err(ClaimType)),
        ("a negative fraction", json!(-0.5), Err(ClaimType)),
        ("a string", json!("1700000000"), Err(ClaimType)),
        ("null", json!(null), Err(ClaimType)),
        ("a boolean", json!(true), Err(ClaimType)),
        ("a list", json!([1]), Err(ClaimType)),
    ];
    for (rule, value, expected) in dates {
        let claims = Map::from_iter([("exp".to_owned(), value)]);
        assert_eq!(numeric_date(&claims, "exp"), expected, "{rule}");
        assert_eq!(numeric_date(&claims, "nbf"), Ok(None), "{rule}");
    }

    for (value, expected) in [
        (json!("a"), Ok(Some("a"))),
        (json!(""), Ok(Some(""))),
        (json!(1), Err(ClaimType)),
        (json!(null), Err(ClaimType)),
    ] {
        let claims = Map::from_iter([("iss".to_owned(), value)]);
        assert_eq!(string(&claims, "iss"), expected, "{claims:?}");
        assert_eq!(string(&claims, "sub"), Ok(None));
    }

    for (value, expected) in [
        (json!("a"), Ok(vec!["a"])),
        (json!(["a", "b"]), Ok(vec!["a", "b"])),
        (json!([]), Ok(vec![])),
        (json!(["a", 1]), Err(ClaimType)),
        (json!([["a"]]), Err(ClaimType)),
        (json!(1), Err(ClaimType)),
        (json!(null), Err(ClaimType)),
        (json!({"a": "b"}), Err(ClaimType)),
    ] {
        let claims = Map::from_iter([("aud".to_owned(), value)]);
        assert_eq!(audiences(&claims), expected, "{claims:?}");
    }
    assert_eq!(audiences(&Map::new()), Ok(vec![]));
}
