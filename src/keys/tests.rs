//! Keys from the specifications for the tests of this module, and rules common to all algorithms.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use zeroize::Zeroizing;

#[path = "../../crates/signet-crypto/src/fixtures.rs"]
mod fixtures;

pub(super) use self::fixtures::{RFC_7515_A3, decoded, p256_der, rsa_der};
use super::key_set::Key;
use super::*;
use signet_crypto::jwe::encrypt_bytes;
use signet_crypto::signing_key::{self, SigningKey};
use signet_crypto::{check_client_key, encrypt, sign_hs256, verify_hs256, verify_with};
use signet_protocol::ids::KeyId;
use signet_protocol::jose::encryption::ContentEncryption;
use signet_protocol::jose::jwe::JweError;
use signet_protocol::jose::jwk::{Curve, KeyMaterial, PublicJwk};
use signet_protocol::jose::jws::UnverifiedJws;
use signet_protocol::jose::key_schedule::KeyTimes;
use signet_protocol::time::Span;

/// `BASE64URL(header) . BASE64URL(payload)` of RFC 7515 A.2.1 and A.3.1 share this payload.
const PAYLOAD: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const RS256_SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
const ES256_SIGNATURE: &str = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

/// Returns a private key for the algorithm; RSA keys are not generated.
fn der(algorithm: SigningAlgorithm) -> Zeroizing<Vec<u8>> {
    match algorithm.as_str() {
        "ES256" | "ES384" | "EdDSA" => signing_key::generate(algorithm, 0).unwrap(),
        _ => rsa_der(),
    }
}

fn key(algorithm: SigningAlgorithm) -> SigningKey {
    let kid = KeyId::from_stored(format!("key-{}", algorithm.as_str()));
    SigningKey::from_pkcs8(kid, algorithm, &der(algorithm)).unwrap()
}

/// Returns a realm's keys, one per algorithm, that have been active for a while.
pub(super) fn key_set() -> KeySet {
    signet_crypto::provider::install();
    let policy = Policy {
        interval: Span::from_days(30),
        announce: Span::from_hours(1),
        lead: Span::from_hours(24),
        retention: Span::from_days(7),
    };
    let made = SigningAlgorithm::ALL.into_iter().map(|algorithm| (algorithm.into(), der(algorithm)));
    let encryption = [(KeyManagement::RsaOaep256, rsa_der()), (KeyManagement::EcdhEs, p256_der(RFC_7515_A3))];
    let all = made.chain(encryption.into_iter().map(|(algorithm, der)| (KeyAlgorithm::from(algorithm), der)));
    let keys = all.map(|(algorithm, der): (KeyAlgorithm, _)| {
        let kid = KeyId::from_stored(format!("key-{}", algorithm.as_str()));
        (times(&kid, algorithm, 1, NOW.minus(Span::from_hours(1))), Key::from_pkcs8(kid, algorithm, &der).unwrap())
    });
    KeySet::new(keys.collect(), policy)
}

fn times(kid: &KeyId, algorithm: KeyAlgorithm, generation: i64, activates_at: Timestamp) -> KeyTimes {
    let algorithm = algorithm.as_str().to_owned();
    KeyTimes { kid: kid.clone(), algorithm, generation, announced_at: activates_at, activates_at, dropped_at: None }
}

#[test]
fn signatures_verify_with_their_own_key_only() {
    let set = key_set();
    for algorithm in SigningAlgorithm::ALL {
        let token = set.sign_jwt(&json!({ "sub": "alice" }), "logout+jwt", algorithm, NOW).unwrap();
        let jws = UnverifiedJws::parse(&token).unwrap();
        assert_eq!((jws.alg(), jws.typ()), (algorithm.as_str(), Some("logout+jwt")));
        assert_eq!(set.verify(&token, &jws, NOW), Ok(()), "{algorithm:?}");
        let (message, signature) = token.rsplit_once('.').unwrap();
        let public = key_of(&set, algorithm);
        assert_eq!(verify_with(&public, algorithm.as_str(), message, signature), Ok(()), "{algorithm:?}");
        for other in SigningAlgorithm::ALL.into_iter().filter(|other| *other != algorithm) {
            let public = PublicJwk { alg: None, ..public.clone() };
            assert!(verify_with(&public, other.as_str(), message, signature).is_err(), "{algorithm:?} as {other:?}");
        }
        let mut bytes = decoded(signature);
        bytes[7] ^= 1;
        let changed = URL_SAFE_NO_PAD.encode(bytes);
        assert_eq!(verify_with(&public, algorithm.as_str(), message, &changed), Err(KeyError::Mismatch));
    }
}

fn key_of(set: &KeySet, algorithm: SigningAlgorithm) -> PublicJwk {
    let kid = KeyId::from_stored(format!("key-{}", algorithm.as_str()));
    set.find(&kid).unwrap().public().clone()
}

#[test]
fn a_client_may_call_ed25519_by_either_name_but_a_key_bound_to_one_by_that_only() {
    let set = key_set();
    let token = set.sign_jwt(&json!({ "iss": "rp" }), "JWT", SigningAlgorithm::EdDSA, NOW).unwrap();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let rows = [
        (None, "EdDSA", Ok(())),
        (None, "Ed25519", Ok(())),
        (Some("Ed25519"), "Ed25519", Ok(())),
        (Some("Ed25519"), "EdDSA", Err(KeyError::Algorithm)),
        (Some("EdDSA"), "Ed25519", Err(KeyError::Algorithm)),
        (None, "Ed448", Err(KeyError::Algorithm)),
    ];
    for (bound, alg, expected) in rows {
        let key = PublicJwk { alg: bound.map(str::to_owned), ..key_of(&set, SigningAlgorithm::EdDSA) };
        assert_eq!(verify_with(&key, alg, message, signature), expected, "{alg} by a key for {bound:?}");
    }
}

#[test]
fn the_signatures_of_rfc_7515_are_verified() {
    let rsa = PublicJwk { alg: None, kid: None, ..key(SigningAlgorithm::RS256).public };
    let ec =
        SigningKey::from_pkcs8(KeyId::from_stored("a3".to_owned()), SigningAlgorithm::ES256, &p256_der(RFC_7515_A3));
    let ec = ec.unwrap().public;
    signet_crypto::provider::install();
    for (alg, key, header, signature) in
        [("RS256", rsa, r#"{"alg":"RS256"}"#, RS256_SIGNATURE), ("ES256", ec, r#"{"alg":"ES256"}"#, ES256_SIGNATURE)]
    {
        let message = format!("{}.{PAYLOAD}", URL_SAFE_NO_PAD.encode(header));
        assert_eq!(verify_with(&key, alg, &message, signature), Ok(()), "{alg}");
        let changed = message.replace("eyJpc3", "eyJpc4");
        assert_eq!(verify_with(&key, alg, &changed, signature), Err(KeyError::Mismatch), "{alg}");
    }
}

#[test]
fn a_key_of_another_kind_is_refused() {
    let kid = || KeyId::from_stored("k".to_owned());
    let rows: [(&str, &str, Zeroizing<Vec<u8>>); 6] = [
        ("RSA as ES256", "ES256", rsa_der()),
        ("P-256 as ES384", "ES384", p256_der(RFC_7515_A3)),
        ("P-256 as PS512", "PS512", p256_der(RFC_7515_A3)),
        ("P-384 as ES256", "ES256", der(SigningAlgorithm::ES384)),
        ("P-384 as ECDH-ES", "ECDH-ES", der(SigningAlgorithm::ES384)),
        ("P-256 as RSA-OAEP-256", "RSA-OAEP-256", p256_der(RFC_7515_A3)),
    ];
    for (rule, algorithm, der) in rows {
        let algorithm = KeyAlgorithm::named(algorithm).unwrap();
        assert_eq!(Key::from_pkcs8(kid(), algorithm, &der).err(), Some(KeyError::Malformed), "{rule}");
    }
}

#[test]
fn a_public_key_verifies_like_the_private_one_and_signs_or_decrypts_nothing() {
    let full = key_set();
    let public = full.times().iter().map(|times| {
        let algorithm = KeyAlgorithm::named(&times.algorithm).unwrap();
        let material = full.find(&times.kid).unwrap().public().material.clone();
        (times.clone(), Key::from_public(times.kid.clone(), algorithm, material).unwrap())
    });
    let policy = Policy { interval: Span::from_days(30), retention: Span::from_days(7), ..policy() };
    let set = KeySet::new(public.collect(), policy);
    assert_eq!(set.jwks(NOW).body, full.jwks(NOW).body);
    for algorithm in SigningAlgorithm::ALL {
        let token = full.sign_jwt(&json!({ "sub": "alice" }), "JWT", algorithm, NOW).unwrap();
        assert_eq!(set.verify(&token, &UnverifiedJws::parse(&token).unwrap(), NOW), Ok(()), "{algorithm:?}");
        assert_eq!(set.sign_jwt(&json!({}), "JWT", algorithm, NOW), Err(KeyError::VerifyOnly), "{algorithm:?}");
    }
    for algorithm in [KeyManagement::RsaOaep256, KeyManagement::EcdhEs] {
        let recipient = full.find(&KeyId::from_stored(format!("key-{}", algorithm.as_str()))).unwrap();
        let token = encrypt("a.b.c", recipient.public(), algorithm, ContentEncryption::A256Gcm).unwrap();
        assert!(decrypt(&full, &token, NOW).is_ok(), "{algorithm:?}");
        assert_eq!(decrypt(&set, &token, NOW).err(), Some(DecryptError::Failed), "{algorithm:?}");
    }
}

#[test]
fn a_public_key_of_another_kind_is_refused() {
    let of = |algorithm: SigningAlgorithm| key_of(&key_set(), algorithm).material;
    let rows = [
        ("RSA as ES256", "ES256", of(SigningAlgorithm::RS256)),
        ("P-256 as ES384", "ES384", of(SigningAlgorithm::ES256)),
        ("P-256 as PS512", "PS512", of(SigningAlgorithm::ES256)),
        ("P-256 as RSA-OAEP-256", "RSA-OAEP-256", of(SigningAlgorithm::ES256)),
        ("RSA as ECDH-ES", "ECDH-ES", of(SigningAlgorithm::RS256)),
        ("a point off the curve", "ES256", KeyMaterial::Ec { curve: Curve::P256, x: vec![1; 32], y: vec![1; 32] }),
    ];
    for (rule, algorithm, material) in rows {
        let algorithm = KeyAlgorithm::named(algorithm).unwrap();
        let parsed = Key::from_public(KeyId::from_stored("k".to_owned()), algorithm, material);
        assert_eq!(parsed.err(), Some(KeyError::Malformed), "{rule}");
    }
}

#[test]
fn a_key_for_encryption_is_published_while_active_and_decrypts_until_it_is_gone() {
    let full = key_set();
    let policy = Policy { interval: Span::from_days(30), retention: Span::from_days(7), ..policy() };
    let old = KeyId::from_stored("key-ECDH-ES".to_owned());
    let new = KeyId::from_stored("new".to_owned());
    let algorithm = KeyAlgorithm::Encryption(KeyManagement::EcdhEs);
    let fresh = Key::from_pkcs8(new.clone(), algorithm, &signing_key::generate(SigningAlgorithm::ES256, 0).unwrap());
    let turn = NOW.plus(Span::from_days(1));
    let set = KeySet::new(
        vec![
            (times(&old, algorithm, 1, NOW), full.find(&old).unwrap()),
            (times(&new, algorithm, 2, turn), fresh.unwrap()),
        ],
        policy,
    );
    let published = |at: Timestamp| -> Vec<String> {
        let set: Value = serde_json::from_slice(&set.jwks(at).body).unwrap();
        set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    };
    let recipient = full.find(&old).unwrap().public().clone();
    let token = encrypt("a.b.c", &recipient, KeyManagement::EcdhEs, ContentEncryption::A256Gcm).unwrap();
    for (days, shown, decrypts) in [(0, "key-ECDH-ES", true), (1, "new", true), (7, "new", true), (8, "new", false)] {
        let at = NOW.plus(Span::from_days(days));
        assert_eq!(published(at), [shown], "day {days}");
        assert_eq!(decrypt(&set, &token, at).is_ok(), decrypts, "day {days}");
        assert_eq!(set.status(at)[0].key_use, "enc");
    }
    assert_eq!(set.status(NOW)[1].state, "announced");
}

fn decrypt(set: &KeySet, token: &str, at: Timestamp) -> Result<Zeroizing<String>, DecryptError> {
    set.decryption(token, at).and_then(Decryption::run)
}

fn policy() -> Policy {
    Policy { interval: Span::ZERO, announce: Span::ZERO, lead: Span::ZERO, retention: Span::ZERO }
}

#[test]
fn a_realm_publishes_each_key_with_its_use_and_decrypts_by_its_own() {
    let set = key_set();
    let published: Value = serde_json::from_slice(&set.jwks(NOW).body).unwrap();
    let rows = published["keys"].as_array().unwrap();
    assert_eq!(rows.len(), 11);
    for row in rows {
        let algorithm = KeyAlgorithm::named(row["alg"].as_str().unwrap()).unwrap();
        assert_eq!(row["use"], algorithm.key_use());
        assert!(row.get("d").is_none() && row.get("p").is_none());
        let public = PublicJwk::from_json(row).unwrap();
        assert_eq!(check_client_key(&public), Ok(()), "{row}");
        let KeyAlgorithm::Encryption(alg) = algorithm else { continue };
        if alg == KeyManagement::EcdhEs {
            let unbound = PublicJwk { alg: None, ..public.clone() };
            let other = KeyManagement::EcdhEsA256Kw;
            let token = encrypt("{}", &unbound, other, ContentEncryption::A256Gcm).unwrap();
            assert_eq!(decrypt(&set, &token, NOW).err(), Some(DecryptError::Failed), "a key has one algorithm");
        }
        for enc in ContentEncryption::ALL {
            let token = encrypt("a.b.c", &public, alg, enc).unwrap();
            assert_eq!(decrypt(&set, &token, NOW).unwrap().as_str(), "a.b.c", "{alg:?} {enc:?}");
            let nameless = encrypt("{}", &PublicJwk { kid: None, ..public.clone() }, alg, enc).unwrap();
            assert_eq!(decrypt(&set, &nameless, NOW).err(), Some(DecryptError::Failed), "without a kid");
            let stranger = PublicJwk { kid: Some("stranger".to_owned()), ..public.clone() };
            let token = encrypt("{}", &stranger, alg, enc).unwrap();
            assert_eq!(decrypt(&set, &token, NOW).err(), Some(DecryptError::Failed));
            let binary = encrypt_bytes(&[0xff], &public, alg, enc).unwrap();
            assert_eq!(decrypt(&set, &binary, NOW).err(), Some(DecryptError::Failed), "not text");
        }
    }
    assert_eq!(decrypt(&set, "a.b.c", NOW).err(), Some(DecryptError::Malformed(JweError::NotCompact)));
}

#[test]
fn a_secret_must_be_as_long_as_the_hash() {
    signet_crypto::provider::install();
    let secret = [7; 32];
    let token = sign_hs256(&secret, &json!({ "sub": "alice" }), "JWT").unwrap();
    let (message, signature) = token.rsplit_once('.').unwrap();
    let jws = UnverifiedJws::parse(&token).unwrap();
    assert_eq!((jws.alg(), jws.typ(), jws.kid()), ("HS256", Some("JWT"), None));
    assert_eq!(verify_hs256(&secret, message, signature), Ok(()));
    for (rule, secret, message, signature, expected) in [
        ("another secret", [8; 32].as_slice(), message, signature, KeyError::Mismatch),
        ("another message", &secret, "a.b", signature, KeyError::Mismatch),
        ("a cut signature", &secret, message, &signature[..40], KeyError::Mismatch),
        ("no signature", &secret, message, "", KeyError::Mismatch),
        ("padding", &secret, message, &format!("{signature}="), KeyError::Mismatch),
        ("a short secret", &[7; 31], message, signature, KeyError::Malformed),
    ] {
        assert_eq!(verify_hs256(secret, message, signature), Err(expected), "{rule}");
    }
    assert_eq!(sign_hs256(&[7; 31], &json!({}), "JWT").err(), Some(KeyError::Malformed));
}

#[test]
fn a_secret_that_looks_like_a_handle_does_not_reach_a_private_key() {
    let set = key_set();
    let token = set.sign_jwt(&json!({}), "JWT", SigningAlgorithm::RS256, NOW).unwrap();
    for handle in 1..200_u64 {
        let secret = jsonwebtoken::EncodingKey::from_secret(&handle.to_be_bytes());
        let signed = jsonwebtoken::crypto::sign(b"m", &secret, jsonwebtoken::Algorithm::HS256).unwrap();
        assert_eq!(decoded(&signed).len(), 32, "an HMAC");
    }
    assert!(set.verify(&token, &UnverifiedJws::parse(&token).unwrap(), NOW).is_ok());
}
