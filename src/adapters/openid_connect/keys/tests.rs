//! ID tokens signed by every algorithm and verified by openidconnect, and the published form of keys.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::{IssuerUrl, JsonWebKey as _, StandardClaims, SubjectIdentifier};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::*;
use signet_crypto::{generate_signing_key, verify_hs256};
use signet_protocol::ids::{ClientId, KeyId, SessionId, TokenId};
use signet_protocol::time::{Span, Timestamp};

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

/// A key of each algorithm. The RSA keys share a modulus.
fn keys() -> Vec<SigningKey> {
    let rsa = generate_signing_key(SigningAlgorithm::RS256, 3072).unwrap();
    let made = SigningAlgorithm::ALL.into_iter().map(|algorithm| {
        let der = match algorithm {
            SigningAlgorithm::ES256 | SigningAlgorithm::ES384 | SigningAlgorithm::EdDSA => {
                generate_signing_key(algorithm, 0).unwrap()
            }
            _ => rsa.clone(),
        };
        let kid = KeyId::from_stored(format!("key-{}", algorithm.as_str()));
        SigningKey::from_pkcs8(kid, algorithm, &der).unwrap()
    });
    made.collect()
}

fn claims() -> SignetIdTokenClaims {
    let extra = ExtraClaims {
        sid: SessionId::from_stored("s".to_owned()),
        jti: TokenId::from_stored("j".to_owned()),
        nbf: NOW.as_secs(),
        azp: ClientId::from_stored("c".to_owned()),
        mapped: serde_json::Map::new(),
    };
    let issuer = IssuerUrl::new("https://op.example".to_owned()).unwrap();
    let subject = StandardClaims::new(SubjectIdentifier::new("alice".to_owned()));
    let later = NOW.plus(Span::from_hours(1));
    SignetIdTokenClaims::new(issuer, vec![], later.to_chrono(), NOW.to_chrono(), subject, extra)
}

fn decoded(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn part(token: &str, index: usize) -> Value {
    serde_json::from_slice(&decoded(token.split('.').nth(index).unwrap())).unwrap()
}

#[test]
fn an_access_token_and_a_code_are_hashed_by_the_hash_of_the_algorithm() {
    let half = |hash: Vec<u8>| URL_SAFE_NO_PAD.encode(&hash[..hash.len() / 2]);
    let expected = |algorithm: SigningAlgorithm, text: &str| match algorithm.as_str() {
        "RS256" | "PS256" | "ES256" => half(Sha256::digest(text).to_vec()),
        "RS384" | "PS384" | "ES384" => half(Sha384::digest(text).to_vec()),
        _ => half(Sha512::digest(text).to_vec()),
    };
    for key in keys() {
        let algorithm = key.algorithm();
        let hashes = IdTokenHashes { access_token: Some("the token"), code: Some("the code") };
        let token = sign_id_token(&key, claims(), hashes).unwrap();
        let payload = part(&token, 1);
        assert_eq!(payload["at_hash"], expected(algorithm, "the token"), "{algorithm:?}");
        assert_eq!(payload["c_hash"], expected(algorithm, "the code"), "{algorithm:?}");
        let header = part(&token, 0);
        assert_eq!(header["alg"], algorithm.as_str());
        assert_eq!(header["kid"], format!("key-{}", algorithm.as_str()));
        let (message, signature) = token.rsplit_once('.').unwrap();
        let verified = core_key(key.public()).verify_signature(
            &core_algorithm(algorithm),
            message.as_bytes(),
            &decoded(signature),
        );
        assert!(verified.is_ok(), "{algorithm:?}: {verified:?}");
        let token = sign_id_token(&key, claims(), IdTokenHashes::default()).unwrap();
        let payload = part(&token, 1);
        assert!(payload.get("at_hash").is_none() && payload.get("c_hash").is_none());
    }
}

#[test]
fn a_key_signs_by_its_own_algorithm_only() {
    for key in keys() {
        for other in SigningAlgorithm::ALL.into_iter().filter(|other| *other != key.algorithm()) {
            assert!(RealmKey(&key).sign(&core_algorithm(other), b"m").is_err(), "{:?} {other:?}", key.algorithm());
        }
    }
}

#[test]
fn a_published_key_is_what_openidconnect_writes_and_its_algorithm() {
    for key in keys() {
        let mut expected = serde_json::to_value(core_key(key.public())).unwrap();
        let members = expected.as_object_mut().unwrap();
        members.retain(|_, member| !member.is_null());
        members.insert("alg".to_owned(), json!(key.algorithm().as_str()));
        let published = key.public().published("sig");
        assert_eq!(Value::Object(published.clone()), expected);
        assert_eq!(Value::Object(published).to_string(), expected.to_string(), "the order too");
    }
}

#[test]
fn a_secret_signs_id_tokens_when_it_is_as_long_as_the_hash() {
    let secret = [7; 32];
    let hashes = IdTokenHashes { access_token: Some("the token"), code: None };
    let token = sign_id_token_hs256(&secret, claims(), hashes).unwrap();
    let (signed, tag) = token.rsplit_once('.').unwrap();
    assert_eq!(verify_hs256(&secret, signed, tag), Ok(()));
    assert_eq!(part(&token, 1)["at_hash"], URL_SAFE_NO_PAD.encode(&Sha256::digest("the token")[..16]));
    assert_eq!(sign_id_token_hs256(&[], claims(), hashes).err(), Some(KeyError::Malformed));
    assert_eq!(sign_id_token_hs256(&[7; 31], claims(), hashes).err(), Some(KeyError::Malformed));
}
