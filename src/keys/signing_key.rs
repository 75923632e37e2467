//! One signing key: made and used through aws-lc-rs; read, checked and exported with `rsa` and `p256`.

use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use jsonwebtoken::{Algorithm, DecodingKey};
use openidconnect::core::{CoreJsonCurveType, CoreJsonWebKey, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKeyId, PrivateSigningKey, SigningError};
use p256::elliptic_curve::sec1::ToSec1Point as _;
use rsa::RsaPrivateKey;
use rsa::traits::PublicKeyParts as _;
use zeroize::Zeroizing;

use super::provider::Handle;
use crate::protocol::ids::KeyId;
use crate::protocol::jwk::{Curve, KeyMaterial, PublicJwk, SigningAlgorithm};

/// Why a key is unusable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It cannot be read as its algorithm demands, or its parts do not fit together.
    #[error("the key is malformed")]
    Malformed,
    /// aws-lc-rs could not make one.
    #[error("the key could not be generated")]
    Generation,
    /// aws-lc-rs could not sign.
    #[error("the signature could not be made")]
    Signature,
    /// The signature is not one by this key.
    #[error("the signature is not valid")]
    Mismatch,
    /// The algorithm is not one that is implemented.
    #[error("the algorithm is not supported")]
    Algorithm,
}

/// A private key, parsed once.
pub(super) enum PrivateKey {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl PrivateKey {
    /// Signs the message; always in constant time, which the `rsa` crate is not (RUSTSEC-2023-0071).
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let random = aws_lc_rs::rand::SystemRandom::new();
        match self {
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                let signed = key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature);
                signed.map(|()| signature).map_err(|_| KeyError::Signature)
            }
            Self::P256(key) => {
                let signed = key.sign(&random, message);
                signed.map(|signature| signature.as_ref().to_vec()).map_err(|_| KeyError::Signature)
            }
            Self::Ed25519(key) => Ok(key.sign(message).as_ref().to_vec()),
        }
    }
}

/// Makes a private key in PKCS#8 form (RFC 5208). Takes up to seconds for RSA: not for the async threads.
pub(super) fn generate(algorithm: SigningAlgorithm, rsa_bits: u32) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let random = aws_lc_rs::rand::SystemRandom::new();
    let der = match algorithm {
        SigningAlgorithm::RS256 => {
            let size = if rsa_bits > 3072 { KeySize::Rsa4096 } else { KeySize::Rsa3072 };
            let key = aws_lc_rs::rsa::KeyPair::generate(size).map_err(|_| KeyError::Generation)?;
            let der: Pkcs8V1Der<'_> = key.as_der().map_err(|_| KeyError::Generation)?;
            der.as_ref().to_vec()
        }
        SigningAlgorithm::ES256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
            .map_err(|_| KeyError::Generation)?
            .as_ref()
            .to_vec(),
        SigningAlgorithm::EdDSA => {
            Ed25519KeyPair::generate_pkcs8(&random).map_err(|_| KeyError::Generation)?.as_ref().to_vec()
        }
    };
    Ok(Zeroizing::new(der))
}

/// A signing key.
pub struct SigningKey {
    /// Its `kid`.
    pub(super) kid: KeyId,
    /// Its algorithm: one to one with the `kid`.
    pub(super) algorithm: SigningAlgorithm,
    pub(super) public: PublicJwk,
    published: CoreJsonWebKey,
    private: Arc<PrivateKey>,
    handle: Handle,
    verifying: DecodingKey,
}

impl SigningKey {
    /// Reads a private key in PKCS#8 form and checks that it is what it should be.
    pub(super) fn from_pkcs8(kid: KeyId, algorithm: SigningAlgorithm, der: &[u8]) -> Result<Self, KeyError> {
        let (private, material) = parse(algorithm, der)?;
        let public =
            PublicJwk { kid: Some(kid.as_str().to_owned()), alg: Some(algorithm.as_str().to_owned()), material };
        let private = Arc::new(private);
        let handle = Handle::new(&private);
        let verifying = decoding_key(&public)?;
        let published = published(&public, &kid);
        Ok(Self { kid, algorithm, public, published, private, handle, verifying })
    }

    /// The key as jsonwebtoken takes it.
    pub(super) fn encoding_key(&self) -> jsonwebtoken::EncodingKey {
        self.handle.encoding_key(self.jwt_algorithm())
    }

    /// The public key as jsonwebtoken takes it.
    pub(super) fn decoding_key(&self) -> &DecodingKey {
        &self.verifying
    }

    /// The algorithm as jsonwebtoken names it.
    pub(super) fn jwt_algorithm(&self) -> Algorithm {
        match self.algorithm {
            SigningAlgorithm::RS256 => Algorithm::RS256,
            SigningAlgorithm::ES256 => Algorithm::ES256,
            SigningAlgorithm::EdDSA => Algorithm::EdDSA,
        }
    }

    /// The algorithm as openidconnect names it.
    pub(super) fn core_algorithm(&self) -> CoreJwsSigningAlgorithm {
        match self.algorithm {
            SigningAlgorithm::RS256 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
            SigningAlgorithm::ES256 => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
            SigningAlgorithm::EdDSA => CoreJwsSigningAlgorithm::EdDsa,
        }
    }

    /// The public key as openidconnect publishes it, which cannot name the algorithm.
    pub(super) fn published(&self) -> &CoreJsonWebKey {
        &self.published
    }
}

impl PrivateSigningKey for SigningKey {
    type VerificationKey = CoreJsonWebKey;

    fn sign(&self, algorithm: &CoreJwsSigningAlgorithm, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        if *algorithm != self.core_algorithm() {
            return Err(SigningError::UnsupportedAlg(self.algorithm.as_str().to_owned()));
        }
        self.private.sign(message).map_err(|_| SigningError::CryptoError)
    }

    fn as_verification_key(&self) -> CoreJsonWebKey {
        self.published.clone()
    }
}

/// Reads the private key for signing with aws-lc-rs, and its public part with `rsa` or `p256`, which check it.
fn parse(algorithm: SigningAlgorithm, der: &[u8]) -> Result<(PrivateKey, KeyMaterial), KeyError> {
    let malformed = KeyError::Malformed;
    match algorithm {
        SigningAlgorithm::RS256 => {
            let checked =
                <RsaPrivateKey as rsa::pkcs8::DecodePrivateKey>::from_pkcs8_der(der).map_err(|_| malformed)?;
            let material = KeyMaterial::Rsa { n: checked.n().to_bytes_be(), e: checked.e().to_bytes_be() };
            let key = RsaKeyPair::from_pkcs8(der).map_err(|_| malformed)?;
            Ok((PrivateKey::Rsa(key), material))
        }
        SigningAlgorithm::ES256 => {
            let checked =
                <p256::SecretKey as p256::pkcs8::DecodePrivateKey>::from_pkcs8_der(der).map_err(|_| malformed)?;
            let material = p256_material(&checked.public_key()).ok_or(malformed)?;
            let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map_err(|_| malformed)?;
            Ok((PrivateKey::P256(key), material))
        }
        SigningAlgorithm::EdDSA => {
            let key = Ed25519KeyPair::from_pkcs8(der).map_err(|_| malformed)?;
            let material = KeyMaterial::Ed25519 { x: key.public_key().as_ref().to_vec() };
            Ok((PrivateKey::Ed25519(key), material))
        }
    }
}

/// The coordinates of a public key, 32 bytes each.
fn p256_material(key: &p256::PublicKey) -> Option<KeyMaterial> {
    let point = key.to_sec1_point(false);
    let (x, y) = (point.x()?.to_vec(), point.y()?.to_vec());
    Some(KeyMaterial::Ec { curve: Curve::P256, x, y })
}

fn published(public: &PublicJwk, kid: &KeyId) -> CoreJsonWebKey {
    let kid = Some(JsonWebKeyId::new(kid.as_str().to_owned()));
    match public.material.clone() {
        KeyMaterial::Rsa { n, e } => CoreJsonWebKey::new_rsa(n, e, kid),
        KeyMaterial::Ec { x, y, .. } => CoreJsonWebKey::new_ec(x, y, CoreJsonCurveType::P256, kid),
        KeyMaterial::Ed25519 { x } => CoreJsonWebKey::new_okp(x, CoreJsonCurveType::Ed25519, kid),
    }
}

/// A public key as jsonwebtoken verifies with.
fn decoding_key(key: &PublicJwk) -> Result<DecodingKey, KeyError> {
    use base64::Engine as _;
    let b64 = |bytes: &[u8]| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    match &key.material {
        KeyMaterial::Rsa { n, e } => Ok(DecodingKey::from_rsa_raw_components(n, e)),
        KeyMaterial::Ec { x, y, .. } => {
            DecodingKey::from_ec_components(&b64(x), &b64(y)).map_err(|_| KeyError::Malformed)
        }
        KeyMaterial::Ed25519 { x } => DecodingKey::from_ed_components(&b64(x)).map_err(|_| KeyError::Malformed),
    }
}

/// Checks that a client's key is a key at all: a point on its curve, a plausible RSA modulus.
///
/// # Errors
/// [`KeyError::Malformed`] where it is not.
pub fn check_client_key(key: &PublicJwk) -> Result<(), KeyError> {
    match &key.material {
        KeyMaterial::Rsa { n, e } => {
            let number = rsa::BigUint::from_bytes_be;
            rsa::RsaPublicKey::new(number(n), number(e)).map(|_| ()).map_err(|_| KeyError::Malformed)
        }
        KeyMaterial::Ec { curve: Curve::P256, x, y } => {
            let point = [[4].as_slice(), x, y].concat();
            p256::PublicKey::from_sec1_bytes(&point).map(|_| ()).map_err(|_| KeyError::Malformed)
        }
        KeyMaterial::Ec { curve: Curve::P384, x, y } => {
            use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED, ParsedPublicKey};
            let point = [[4].as_slice(), x, y].concat();
            ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point).map(|_| ()).map_err(|_| KeyError::Malformed)
        }
        KeyMaterial::Ed25519 { .. } => Ok(()),
    }
}

/// Verifies a signature by a client's key. `alg` is the header's, which the key allows.
///
/// # Errors
/// [`KeyError::Mismatch`] where the signature is not by this key.
pub fn verify_with(key: &PublicJwk, alg: &str, message: &str, signature: &str) -> Result<(), KeyError> {
    if !key.allows(alg) {
        return Err(KeyError::Algorithm);
    }
    let algorithm: Algorithm = alg.parse().map_err(|_| KeyError::Algorithm)?;
    let key = decoding_key(key)?;
    match jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, algorithm) {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(KeyError::Mismatch),
    }
}
