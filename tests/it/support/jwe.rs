//! A client with its own keys that decrypts responses. It is written from RFC 7518 alone, with other crates than the
//! server where possible.

use aws_lc_rs::aead::{self, LessSafeKey, UnboundKey};
use aws_lc_rs::cipher::{AES_128, DecryptingKey, DecryptionContext, UnboundCipherKey};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrap as _};
use aws_lc_rs::{hmac, iv};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::elliptic_curve::sec1::ToSec1Point as _;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::traits::PublicKeyParts as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::header;

/// A private key that others encrypt to.
pub struct Recipient {
    pub jwk: Value,
    key: Key,
}

enum Key {
    Rsa(Box<rsa::RsaPrivateKey>),
    Ec(p256::SecretKey),
}

impl Recipient {
    /// A new key for `RSA-OAEP-256`, `ECDH-ES` or `ECDH-ES+A256KW`.
    pub fn generate(alg: &str) -> Self {
        let (mut jwk, key) = match alg {
            "RSA-OAEP-256" => {
                let pair = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
                let pkcs8: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().unwrap();
                let key = rsa::RsaPrivateKey::from_pkcs8_der(pkcs8.as_ref()).unwrap();
                let n = b64(&key.n().to_bytes_be());
                let e = b64(&key.e().to_bytes_be());
                (json!({ "kty": "RSA", "n": n, "e": e }), Key::Rsa(Box::new(key)))
            }
            _ => {
                let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
                let key = <p256::SecretKey as p256::pkcs8::DecodePrivateKey>::from_pkcs8_der(pair.serialized_der());
                let key = key.unwrap();
                let point = key.public_key().to_sec1_point(false);
                let x = b64(point.x().unwrap());
                let y = b64(point.y().unwrap());
                (json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y }), Key::Ec(key))
            }
        };
        jwk["use"] = Value::from("enc");
        jwk["alg"] = Value::from(alg);
        jwk["kid"] = Value::from(format!("enc-{alg}"));
        Self { jwk, key }
    }

    /// The content of a compact JWE, whose header names this key.
    pub fn decrypt(&self, token: &str) -> String {
        let head = header(token);
        assert_eq!(head["kid"], self.jwk["kid"], "{head}");
        assert_eq!(head["alg"], self.jwk["alg"], "{head}");
        let parts: Vec<&str> = token.split('.').collect();
        let [protected, key, iv, ciphertext, tag] = parts[..] else { panic!("five parts: {token}") };
        let [key, iv, ciphertext, tag] = [key, iv, ciphertext, tag].map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
        let cek = self.content_key(&head, &key);
        let plain = match head["enc"].as_str().unwrap() {
            "A256GCM" => gcm(&cek, protected, &iv, &[ciphertext, tag].concat()),
            "A128CBC-HS256" => cbc(&cek, protected, &iv, &ciphertext, &tag),
            enc => panic!("an enc that was not requested: {enc}"),
        };
        String::from_utf8(plain).unwrap()
    }

    fn content_key(&self, head: &Value, encrypted: &[u8]) -> Vec<u8> {
        match &self.key {
            Key::Rsa(key) => key.decrypt(rsa::Oaep::new::<Sha256>(), encrypted).unwrap(),
            Key::Ec(key) if head["alg"] == "ECDH-ES" => {
                assert!(encrypted.is_empty(), "RFC 7518 §4.6: the key is agreed upon");
                agreed(key, &head["epk"], head["enc"].as_str().unwrap())
            }
            Key::Ec(key) => {
                let kek = AesKek::new(&AES_256, &agreed(key, &head["epk"], "ECDH-ES+A256KW")).unwrap();
                kek.unwrap(encrypted, &mut vec![0; encrypted.len()]).unwrap().to_vec()
            }
        }
    }
}

/// The key of 256 bits that is derived from an ephemeral public key (RFC 7518 §4.6.2).
fn agreed(key: &p256::SecretKey, ephemeral: &Value, algorithm: &str) -> Vec<u8> {
    assert_eq!((&ephemeral["kty"], &ephemeral["crv"]), (&json!("EC"), &json!("P-256")), "{ephemeral}");
    let coordinate = |name: &str| URL_SAFE_NO_PAD.decode(ephemeral[name].as_str().unwrap()).unwrap();
    let point = [vec![4], coordinate("x"), coordinate("y")].concat();
    let public = p256::PublicKey::from_sec1_bytes(&point).unwrap();
    let shared = (public.to_projective() * *key.to_nonzero_scalar()).to_affine().to_sec1_point(false);
    let mut info = vec![0, 0, 0, 1];
    info.extend_from_slice(shared.x().unwrap());
    info.extend_from_slice(&u32::try_from(algorithm.len()).unwrap().to_be_bytes());
    info.extend_from_slice(algorithm.as_bytes());
    info.extend_from_slice(&[0; 8]);
    info.extend_from_slice(&256_u32.to_be_bytes());
    Sha256::digest(&info).to_vec()
}

fn gcm(cek: &[u8], protected: &str, iv: &[u8], sealed: &[u8]) -> Vec<u8> {
    let key = LessSafeKey::new(UnboundKey::new(&aead::AES_256_GCM, cek).unwrap());
    let nonce = aead::Nonce::try_assume_unique_for_key(iv).unwrap();
    let mut text = sealed.to_vec();
    key.open_in_place(nonce, aead::Aad::from(protected), &mut text).unwrap().to_vec()
}

/// Decrypts as in RFC 7518 §5.2.2.2 and removes the padding.
fn cbc(cek: &[u8], protected: &str, iv: &[u8], ciphertext: &[u8], tag: &[u8]) -> Vec<u8> {
    let (mac, key) = cek.split_at(16);
    let bits = u64::try_from(protected.len() * 8).unwrap().to_be_bytes();
    let authenticated = [protected.as_bytes(), iv, ciphertext, &bits].concat();
    let whole = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, mac), &authenticated);
    assert_eq!(&whole.as_ref()[..16], tag);
    let key = DecryptingKey::cbc(UnboundCipherKey::new(&AES_128, key).unwrap()).unwrap();
    let iv: [u8; 16] = iv.try_into().unwrap();
    let mut text = ciphertext.to_vec();
    key.decrypt(&mut text, DecryptionContext::Iv128(iv::FixedLength::from(iv))).unwrap();
    let padding = usize::from(*text.last().unwrap());
    text.truncate(text.len() - padding);
    text
}

fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
