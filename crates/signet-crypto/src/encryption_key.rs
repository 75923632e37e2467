//! A key of this server that clients encrypt to: generated and used with aws-lc-rs, checked with `rsa` and `p256`
//! (RFC 7518 §4.3, §4.6).

use zeroize::Zeroizing;

use super::jwe::DecryptionKey;
use super::signing_key::{self, KeyError};
use signet_protocol::ids::KeyId;
use signet_protocol::jose::encryption::KeyManagement;
use signet_protocol::jose::jwk::{Curve, KeyMaterial, PublicJwk, SigningAlgorithm};

/// A key that clients encrypt to.
pub struct EncryptionKey {
    /// The algorithm, one to one with the `kid`.
    pub algorithm: KeyManagement,
    pub public: PublicJwk,
    /// `None` on a node that only verifies.
    private: Option<DecryptionKey>,
}

/// Generates a private key in PKCS#8 form (RFC 5208). RSA takes up to seconds, so do not call it on async threads.
pub fn generate(algorithm: KeyManagement, rsa_bits: u32) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    match algorithm {
        KeyManagement::RsaOaep256 => signing_key::generate_rsa(rsa_bits),
        // An elliptic curve key has the same form for any use.
        KeyManagement::EcdhEs | KeyManagement::EcdhEsA256Kw => signing_key::generate(SigningAlgorithm::ES256, rsa_bits),
    }
}

impl EncryptionKey {
    /// Parses a private key in PKCS#8 form and checks it against its algorithm.
    pub fn from_pkcs8(kid: &KeyId, algorithm: KeyManagement, der: &[u8]) -> Result<Self, KeyError> {
        let (material, private) = match algorithm {
            KeyManagement::RsaOaep256 => (signing_key::rsa_material(der)?, DecryptionKey::rsa(der)?),
            KeyManagement::EcdhEs | KeyManagement::EcdhEsA256Kw => {
                (signing_key::p256_material(der)?, DecryptionKey::ec(Curve::P256, der)?)
            }
        };
        Ok(Self { algorithm, public: public_jwk(kid, algorithm, material), private: Some(private) })
    }

    /// Creates a key that is published and cannot decrypt, and checks it against its algorithm.
    pub fn from_public(kid: &KeyId, algorithm: KeyManagement, material: KeyMaterial) -> Result<Self, KeyError> {
        let public = public_jwk(kid, algorithm, material);
        let fits = public.receives(algorithm) && signing_key::check_client_key(&public).is_ok();
        if fits { Ok(Self { algorithm, public, private: None }) } else { Err(KeyError::Malformed) }
    }

    /// Returns the private part, or [`KeyError::VerifyOnly`] for a key without one.
    pub fn private(&self) -> Result<&DecryptionKey, KeyError> {
        self.private.as_ref().ok_or(KeyError::VerifyOnly)
    }
}

fn public_jwk(kid: &KeyId, algorithm: KeyManagement, material: KeyMaterial) -> PublicJwk {
    PublicJwk { kid: Some(kid.as_str().to_owned()), alg: Some(algorithm.as_str().to_owned()), material }
}
