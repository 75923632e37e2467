//! Key pairs of clients and attackers, to sign what the server would never sign.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use rcgen::PublicKeyData as _;
use rsa::pkcs1::EncodeRsaPrivateKey as _;
use rsa::pkcs8::DecodePrivateKey as _;
use serde_json::{Value, json};

/// A key pair for one algorithm.
pub struct KeyPair {
    pub algorithm: Algorithm,
    pub jwk: Value,
    key: EncodingKey,
}

impl KeyPair {
    /// A new key pair for `ES256`, `ES384`, `EdDSA`, `Ed25519`, `RS256` or `PS256`.
    pub fn generate(algorithm: &str) -> Self {
        let name = algorithm;
        // RFC 9864 §2.2: the newer name, which jsonwebtoken lacks.
        let algorithm: Algorithm = if name == "Ed25519" { Algorithm::EdDSA } else { name.parse().unwrap() };
        let (mut jwk, key) = match algorithm {
            Algorithm::ES256 => elliptic(&rcgen::PKCS_ECDSA_P256_SHA256, "P-256"),
            Algorithm::ES384 => elliptic(&rcgen::PKCS_ECDSA_P384_SHA384, "P-384"),
            Algorithm::EdDSA => edwards(),
            _ => rsa(),
        };
        jwk["alg"] = Value::from(name);
        jwk["kid"] = Value::from(format!("key-{name}"));
        Self { algorithm, jwk, key }
    }

    /// A JWT with these claims and these changes to the key's header.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let mut all = json!({ "alg": self.jwk["alg"], "kid": self.jwk["kid"], "typ": "JWT" });
        for (name, value) in header.as_object().unwrap() {
            all[name] = value.clone();
        }
        let message = format!("{}.{}", encode(&all), encode(claims));
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &self.key, self.algorithm).unwrap();
        format!("{message}.{signature}")
    }
}

/// A JWT with these claims and this header, signed by `HS256` with a secret.
pub fn sign_hs256(secret: &str, header: &Value, claims: &Value) -> String {
    let mut all = json!({ "alg": "HS256", "typ": "JWT" });
    for (name, value) in header.as_object().unwrap() {
        all[name] = value.clone();
    }
    let message = format!("{}.{}", encode(&all), encode(claims));
    let key = EncodingKey::from_secret(secret.as_bytes());
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
    format!("{message}.{signature}")
}

/// JSON as a part of a JWT.
pub fn encode(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

fn elliptic(kind: &'static rcgen::SignatureAlgorithm, curve: &str) -> (Value, EncodingKey) {
    let pair = rcgen::KeyPair::generate_for(kind).unwrap();
    let (x, y) = pair.der_bytes()[1..].split_at((pair.der_bytes().len() - 1) / 2);
    let x = URL_SAFE_NO_PAD.encode(x);
    let y = URL_SAFE_NO_PAD.encode(y);
    (
        json!({ "kty": "EC", "crv": curve, "x": x, "y": y, "use": "sig" }),
        EncodingKey::from_ec_der(pair.serialized_der()),
    )
}

fn edwards() -> (Value, EncodingKey) {
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let x = URL_SAFE_NO_PAD.encode(pair.der_bytes());
    (json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "use": "sig" }), EncodingKey::from_ed_der(pair.serialized_der()))
}

fn rsa() -> (Value, EncodingKey) {
    let pair = aws_lc_rs::rsa::KeyPair::generate(KeySize::Rsa2048).unwrap();
    let public = pair.public_key();
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let n = part(public.modulus().big_endian_without_leading_zero());
    let e = part(public.exponent().big_endian_without_leading_zero());
    let pkcs8: aws_lc_rs::encoding::Pkcs8V1Der<'_> = pair.as_der().unwrap();
    // jsonwebtoken reads RSA keys in the older form.
    let der = rsa::RsaPrivateKey::from_pkcs8_der(pkcs8.as_ref()).unwrap().to_pkcs1_der().unwrap();
    (json!({ "kty": "RSA", "n": n, "e": e, "use": "sig" }), EncodingKey::from_rsa_der(der.as_bytes()))
}
