use super::*;
use serde_json::json;

fn b64(length: usize) -> String {
    URL_SAFE_NO_PAD.encode(vec![0xff; length])
}

#[test]
fn only_strong_public_keys_are_accepted() {
    let rows = [
        ("RSA 2048", json!({"kty":"RSA","n":b64(256),"e":"AQAB"}), None),
        ("RSA 1024", json!({"kty":"RSA","n":b64(128),"e":"AQAB"}), Some(JwkError::Weak)),
        ("RSA e=1", json!({"kty":"RSA","n":b64(256),"e":"AQ"}), Some(JwkError::Weak)),
        ("P-256", json!({"kty":"EC","crv":"P-256","x":b64(32),"y":b64(32)}), None),
        ("P-256, short x", json!({"kty":"EC","crv":"P-256","x":b64(31),"y":b64(32)}), Some(JwkError::Malformed)),
        ("P-521", json!({"kty":"EC","crv":"P-521","x":b64(66),"y":b64(66)}), Some(JwkError::UnsupportedType)),
        ("Ed25519", json!({"kty":"OKP","crv":"Ed25519","x":b64(32)}), None),
        ("private", json!({"kty":"OKP","crv":"Ed25519","x":b64(32),"d":b64(32)}), Some(JwkError::Private)),
        ("symmetric", json!({"kty":"oct","k":b64(32)}), Some(JwkError::Private)),
        ("kid of another type", json!({"kty":"OKP","crv":"Ed25519","x":b64(32),"kid":1}), Some(JwkError::Malformed)),
        ("not an object", json!("x"), Some(JwkError::Malformed)),
    ];
    for (rule, value, expected) in rows {
        assert_eq!(PublicJwk::from_json(&value).err(), expected, "{rule}");
    }
}

#[test]
fn the_thumbprint_is_that_of_rfc_7638_3_1() {
    let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    let key = PublicJwk::from_json(&json!({"kty":"RSA","n":n,"e":"AQAB"})).unwrap();
    assert_eq!(key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

#[test]
fn a_key_set_is_bounded_and_unambiguous() {
    let key = json!({"kty":"OKP","crv":"Ed25519","x":b64(32),"kid":"a"});
    assert_eq!(client_keys(&json!({"keys":[]})).err(), Some(JwkError::Count));
    assert_eq!(client_keys(&json!({"keys":[key, key]})).err(), Some(JwkError::DuplicateKid));
    assert_eq!(client_keys(&json!({"keys":vec![key.clone(); MAX_KEYS + 1]})).err(), Some(JwkError::Count));
    assert!(client_keys(&json!({"keys":[key]})).is_ok());
}

#[test]
fn private_members_are_refused_for_any_use() {
    let signs = json!({"kty":"OKP","crv":"Ed25519","x":b64(32)});
    for usage in ["sig", "enc", "other"] {
        let private = json!({"kty":"EC","crv":"P-256","x":b64(32),"y":b64(32),"d":b64(32),"use":usage});
        let symmetric = json!({"kty":"oct","k":b64(32),"use":usage});
        for key in [private, symmetric] {
            let set = json!({"keys":[signs, key]});
            assert_eq!(client_keys(&set).err(), Some(JwkError::Private), "{usage}");
            assert_eq!(encryption_keys(&set).err(), Some(JwkError::Private), "{usage}");
        }
    }
}

#[test]
fn keys_for_encryption_are_those_that_this_server_can_encrypt_to() {
    let rsa = |more: Value| merged(json!({"kty":"RSA","n":b64(256),"e":"AQAB"}), more);
    let ec = |more: Value| merged(json!({"kty":"EC","crv":"P-256","x":b64(32),"y":b64(32)}), more);
    let rows = [
        ("use enc", rsa(json!({"use":"enc"})), Ok(1)),
        ("no use", ec(json!({})), Ok(1)),
        ("use sig", rsa(json!({"use":"sig"})), Ok(0)),
        ("alg that fits", ec(json!({"use":"enc","alg":"ECDH-ES+A256KW"})), Ok(1)),
        ("alg of another key type", ec(json!({"use":"enc","alg":"RSA-OAEP-256"})), Ok(0)),
        ("alg that is not supported", rsa(json!({"use":"enc","alg":"RSA1_5"})), Ok(0)),
        ("alg of a signature", ec(json!({"alg":"ES256"})), Ok(0)),
        ("Ed25519", json!({"kty":"OKP","crv":"Ed25519","x":b64(32)}), Ok(0)),
        ("X25519", json!({"kty":"OKP","crv":"X25519","x":b64(32),"use":"enc"}), Ok(0)),
        ("RSA 1024", json!({"kty":"RSA","n":b64(128),"e":"AQAB","use":"enc"}), Err(JwkError::Weak)),
        ("short x", json!({"kty":"EC","crv":"P-384","x":b64(32),"y":b64(48),"use":"enc"}), Err(JwkError::Malformed)),
    ];
    for (rule, key, expected) in rows {
        let found = encryption_keys(&json!({"keys":[key]})).map(|keys| keys.len());
        assert_eq!(found, expected, "{rule}");
    }
    let twice = ec(json!({"use":"enc","kid":"a"}));
    assert_eq!(encryption_keys(&json!({"keys":[twice, twice]})).err(), Some(JwkError::DuplicateKid));
}

#[test]
fn a_key_allows_the_algorithms_of_its_type_and_no_other() {
    let rows = [
        (json!({"kty":"RSA","n":b64(256),"e":"AQAB"}), vec!["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]),
        (json!({"kty":"EC","crv":"P-256","x":b64(32),"y":b64(32)}), vec!["ES256"]),
        (json!({"kty":"EC","crv":"P-384","x":b64(48),"y":b64(48)}), vec!["ES384"]),
        (json!({"kty":"OKP","crv":"Ed25519","x":b64(32)}), vec!["EdDSA", "Ed25519"]),
        (json!({"kty":"OKP","crv":"Ed25519","x":b64(32),"alg":"Ed25519"}), vec!["Ed25519"]),
        (json!({"kty":"RSA","n":b64(256),"e":"AQAB","alg":"PS384"}), vec!["PS384"]),
    ];
    for (value, allowed) in rows {
        let key = PublicJwk::from_json(&value).unwrap();
        let found: Vec<&str> = CLIENT_ALGORITHMS.into_iter().filter(|alg| key.allows(alg)).collect();
        assert_eq!(found, allowed, "{value}");
        assert_eq!(PublicJwk::from_json(&Value::Object(key.to_json())).unwrap(), key, "{value}");
    }
}

#[test]
fn the_name_of_an_algorithm_determines_the_use_of_its_key() {
    for algorithm in SigningAlgorithm::ALL {
        assert_eq!(KeyAlgorithm::named(algorithm.as_str()), Some(algorithm.into()));
        assert_eq!(serde_json::to_value(algorithm).unwrap(), algorithm.as_str());
        assert_eq!(KeyAlgorithm::from(algorithm).key_use(), "sig");
    }
    for algorithm in KeyManagement::ALL {
        assert_eq!(KeyAlgorithm::named(algorithm.as_str()), Some(algorithm.into()));
        assert_eq!(KeyAlgorithm::from(algorithm).key_use(), "enc");
    }
    assert_eq!(KeyAlgorithm::named("HS256"), None);
}

/// Returns a JWK with additional members.
fn merged(mut key: Value, more: Value) -> Value {
    key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    key
}
