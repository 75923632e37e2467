use super::*;
use serde_json::json;

fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Returns a token whose parts have these lengths.
fn token(header: &Value, [key, iv, ciphertext, tag]: [usize; 4]) -> String {
    let part = |length: usize| b64(&vec![7; length]);
    [b64(header.to_string().as_bytes()), part(key), part(iv), part(ciphertext), part(tag)].join(".")
}

fn epk() -> Value {
    json!({"kty":"EC","crv":"P-256","x":b64(&[1; 32]),"y":b64(&[2; 32])})
}

#[test]
fn names_and_algorithms_are_one_to_one() {
    for alg in KeyManagement::ALL {
        assert_eq!(KeyManagement::named(alg.as_str()), Some(alg));
        assert_eq!(serde_json::to_value(alg).unwrap(), alg.as_str());
    }
    for enc in ContentEncryption::ALL {
        assert_eq!(ContentEncryption::named(enc.as_str()), Some(enc));
        assert_eq!(serde_json::to_value(enc).unwrap(), enc.as_str());
    }
    for weak in ["RSA1_5", "RSA-OAEP", "dir", "A256KW", "PBES2-HS256+A128KW", "none", ""] {
        assert_eq!(KeyManagement::named(weak), None, "{weak}");
    }
}

#[test]
fn a_header_is_read_strictly() {
    let rsa = |more: Value| {
        let mut header = json!({"alg":"RSA-OAEP-256","enc":"A256GCM"});
        header.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        (header, [256, 12, 5, 16])
    };
    let ecdh = |epk: Value| (json!({"alg":"ECDH-ES","enc":"A128CBC-HS256","epk":epk}), [0, 16, 32, 16]);
    let mut private = epk();
    private["d"] = json!(b64(&[3; 32]));
    let rows = [
        ("plain", rsa(json!({})), None),
        ("kid, typ, cty", rsa(json!({"kid":"k","typ":"JWT","cty":"JWT"})), None),
        ("an embedded key is passed over", rsa(json!({"jwk":epk(),"jku":"https://evil.example","x5c":[]})), None),
        ("zip", rsa(json!({"zip":"DEF"})), Some(JweError::UnsupportedHeader)),
        ("crit", rsa(json!({"crit":["exp"],"exp":1})), Some(JweError::UnsupportedHeader)),
        ("alg RSA1_5", rsa(json!({"alg":"RSA1_5"})), Some(JweError::UnsupportedAlgorithm)),
        ("alg RSA-OAEP with SHA-1", rsa(json!({"alg":"RSA-OAEP"})), Some(JweError::UnsupportedAlgorithm)),
        ("alg of another type", rsa(json!({"alg":1})), Some(JweError::UnsupportedAlgorithm)),
        ("alg missing", (json!({"enc":"A256GCM"}), [256, 12, 5, 16]), Some(JweError::UnsupportedAlgorithm)),
        ("enc unknown", rsa(json!({"enc":"A128GCM"})), Some(JweError::UnsupportedAlgorithm)),
        ("enc in another spelling", rsa(json!({"enc":"a256gcm"})), Some(JweError::UnsupportedAlgorithm)),
        ("kid of another type", rsa(json!({"kid":1})), Some(JweError::MalformedHeader)),
        ("cty of another type", rsa(json!({"cty":["JWT"]})), Some(JweError::MalformedHeader)),
        ("apu padded", rsa(json!({"apu":"QQ=="})), Some(JweError::NotBase64Url)),
        ("epk", ecdh(epk()), None),
        ("epk missing", ecdh(Value::Null), Some(JweError::MalformedHeader)),
        ("epk private", ecdh(private), Some(JweError::MalformedHeader)),
        ("epk Ed25519", ecdh(json!({"kty":"OKP","crv":"Ed25519","x":b64(&[1; 32])})), Some(JweError::MalformedHeader)),
        ("epk P-521", ecdh(json!({"kty":"EC","crv":"P-521","x":"AA","y":"AA"})), Some(JweError::MalformedHeader)),
    ];
    for (rule, (header, lengths), expected) in rows {
        assert_eq!(EncryptedToken::parse(&token(&header, lengths)).err(), expected, "{rule}");
    }
}

#[test]
fn each_part_has_the_length_of_its_algorithm() {
    let header = |alg: &str, enc: &str| json!({"alg":alg,"enc":enc,"epk":epk()});
    let rows = [
        ("RSA-OAEP-256", "A256GCM", [256, 12, 0, 16], true),
        ("RSA-OAEP-256", "A256GCM", [255, 12, 5, 16], false),
        ("RSA-OAEP-256", "A256GCM", [1025, 12, 5, 16], false),
        ("RSA-OAEP-256", "A256GCM", [256, 11, 5, 16], false),
        ("RSA-OAEP-256", "A256GCM", [256, 16, 5, 16], false),
        ("RSA-OAEP-256", "A256GCM", [256, 12, 5, 15], false),
        ("RSA-OAEP-256", "A256GCM", [256, 12, 5, 12], false),
        ("RSA-OAEP-256", "A128CBC-HS256", [256, 16, 16, 16], true),
        ("RSA-OAEP-256", "A128CBC-HS256", [256, 16, 0, 16], false),
        ("RSA-OAEP-256", "A128CBC-HS256", [256, 16, 17, 16], false),
        ("RSA-OAEP-256", "A128CBC-HS256", [256, 12, 16, 16], false),
        ("ECDH-ES", "A256GCM", [0, 12, 5, 16], true),
        ("ECDH-ES", "A256GCM", [40, 12, 5, 16], false),
        ("ECDH-ES+A256KW", "A256GCM", [40, 12, 5, 16], true),
        ("ECDH-ES+A256KW", "A256GCM", [0, 12, 5, 16], false),
        ("ECDH-ES+A256KW", "A256GCM", [24, 12, 5, 16], false),
    ];
    for (alg, enc, lengths, fits) in rows {
        let expected = (!fits).then_some(JweError::Length);
        let token = token(&header(alg, enc), lengths);
        assert_eq!(EncryptedToken::parse(&token).err(), expected, "{alg} {enc} {lengths:?}");
    }
}

#[test]
fn a_token_has_five_parts_of_canonical_base64url() {
    let good = token(&json!({"alg":"RSA-OAEP-256","enc":"A256GCM"}), [256, 12, 4, 16]);
    let parts: Vec<&str> = good.split('.').collect();
    let with = |at: usize, part: &str| {
        let mut parts = parts.clone();
        parts[at] = part;
        parts.join(".")
    };
    let twice = b64(br#"{"alg":"RSA-OAEP-256","alg":"RSA-OAEP-256","enc":"A256GCM"}"#);
    let rows = [
        ("four parts", parts[..4].join("."), JweError::NotCompact),
        ("six parts", format!("{good}."), JweError::NotCompact),
        ("no header", with(0, ""), JweError::NotCompact),
        ("a repeated member", with(0, &twice), JweError::NotJsonObject),
        ("not JSON", with(0, &b64(b"header")), JweError::NotJsonObject),
        ("padding", with(3, "BwcHBw=="), JweError::NotBase64Url),
        ("trailing bits", with(3, "BwcHBx"), JweError::NotBase64Url),
        ("the standard alphabet", with(3, "++++"), JweError::NotBase64Url),
        ("white space", format!("{good} "), JweError::NotBase64Url),
        ("too long", with(3, &"A".repeat(MAX_TOKEN)), JweError::TooLong),
    ];
    assert!(EncryptedToken::parse(&good).is_ok() && EncryptedToken::looks_like(&good));
    for (rule, token, expected) in rows {
        assert_eq!(EncryptedToken::parse(&token).err(), Some(expected), "{rule}");
    }
    assert!(!EncryptedToken::looks_like("a.b.c"));
    assert_eq!(format!("{:?}", EncryptedToken::parse(&good).unwrap()), "EncryptedToken");
}
