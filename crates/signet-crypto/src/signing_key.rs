//! A signing key: generated and used with aws-lc-rs; parsed, checked and exported with `rsa` and `p256`.

use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RSA_PSS_SHA384,
    RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use jsonwebtoken::{Algorithm, DecodingKey};
use p256::elliptic_curve::sec1::ToSec1Point as _;
use rsa::RsaPrivateKey;
use rsa::traits::PublicKeyParts as _;
use zeroize::Zeroizing;

use super::provider::Handle;
use signet_protocol::ids::KeyId;
use signet_protocol::jose::jwk::{Curve, KeyMaterial, PublicJwk, SigningAlgorithm};

/// The reason why a key or a signature is unusable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The key does not parse as its algorithm requires, or its parts do not match.
    #[error("the key is malformed")]
    Malformed,
    #[error("the key could not be generated")]
    Generation,
    #[error("the signature could not be made")]
    Signature,
    #[error("the token could not be encrypted")]
    Encryption,
    /// The signature was not made by this key.
    #[error("the signature is not valid")]
    Mismatch,
    #[error("the algorithm is not supported")]
    Algorithm,
    /// The operation needs a private key or the master key.
    #[error("this node has no private keys, because keys.verify_only is set")]
    VerifyOnly,
}

/// A private key, parsed once.
pub enum PrivateKey {
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl PrivateKey {
    /// Signs the message in constant time, which the `rsa` crate does not guarantee (RUSTSEC-2023-0071).
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let random = aws_lc_rs::rand::SystemRandom::new();
        match self {
            Self::Rsa(key, encoding) => {
                let mut signature = vec![0; key.public_modulus_len()];
                let signed = key.sign(*encoding, &random, message, &mut signature);
                signed.map(|()| signature).map_err(|_| KeyError::Signature)
            }
            Self::Ec(key) => {
                let signed = key.sign(&random, message);
                signed.map(|signature| signature.as_ref().to_vec()).map_err(|_| KeyError::Signature)
            }
            Self::Ed25519(key) => Ok(key.sign(message).as_ref().to_vec()),
        }
    }
}

/// The key type and the signature scheme of an algorithm.
enum Kind {
    Rsa(&'static dyn RsaEncoding),
    Ec(&'static EcdsaSigningAlgorithm, Curve),
    Ed25519,
}

/// Returns the key type of an algorithm (RFC 7518 §3.3, §3.4, §3.5 and RFC 8037 §3.1).
fn kind(algorithm: SigningAlgorithm) -> Kind {
    match algorithm {
        SigningAlgorithm::RS256 => Kind::Rsa(&RSA_PKCS1_SHA256),
        SigningAlgorithm::RS384 => Kind::Rsa(&RSA_PKCS1_SHA384),
        SigningAlgorithm::RS512 => Kind::Rsa(&RSA_PKCS1_SHA512),
        SigningAlgorithm::PS256 => Kind::Rsa(&RSA_PSS_SHA256),
        SigningAlgorithm::PS384 => Kind::Rsa(&RSA_PSS_SHA384),
        SigningAlgorithm::PS512 => Kind::Rsa(&RSA_PSS_SHA512),
        SigningAlgorithm::ES256 => Kind::Ec(&ECDSA_P256_SHA256_FIXED_SIGNING, Curve::P256),
        SigningAlgorithm::ES384 => Kind::Ec(&ECDSA_P384_SHA384_FIXED_SIGNING, Curve::P384),
        SigningAlgorithm::EdDSA => Kind::Ed25519,
    }
}

/// Generates a private key in PKCS#8 form (RFC 5208). RSA takes up to seconds, so do not call it on async threads.
pub fn generate(algorithm: SigningAlgorithm, rsa_bits: u32) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let random = aws_lc_rs::rand::SystemRandom::new();
    let der = match kind(algorithm) {
        Kind::Rsa(_) => return generate_rsa(rsa_bits),
        Kind::Ec(algorithm, _) => EcdsaKeyPair::generate_pkcs8(algorithm, &random).map(|der| der.as_ref().to_vec()),
        Kind::Ed25519 => Ed25519KeyPair::generate_pkcs8(&random).map(|der| der.as_ref().to_vec()),
    };
    der.map(Zeroizing::new).map_err(|_| KeyError::Generation)
}

/// Generates an RSA key in PKCS#8 form, of 3072 bits, or of 4096 if more are requested.
pub fn generate_rsa(bits: u32) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let size = if bits > 3072 { KeySize::Rsa4096 } else { KeySize::Rsa3072 };
    let key = aws_lc_rs::rsa::KeyPair::generate(size).map_err(|_| KeyError::Generation)?;
    let der: Pkcs8V1Der<'_> = key.as_der().map_err(|_| KeyError::Generation)?;
    Ok(Zeroizing::new(der.as_ref().to_vec()))
}

pub struct SigningKey {
    pub kid: KeyId,
    /// The algorithm, one to one with the `kid`.
    pub algorithm: SigningAlgorithm,
    pub public: PublicJwk,
    /// `None` on a node that only verifies.
    signer: Option<Signer>,
    verifying: DecodingKey,
}

/// The private part of a key, for aws-lc-rs and for jsonwebtoken.
struct Signer {
    private: Arc<PrivateKey>,
    handle: Handle,
}

impl SigningKey {
    /// Parses a private key in PKCS#8 form and checks it against its algorithm.
    pub fn from_pkcs8(kid: KeyId, algorithm: SigningAlgorithm, der: &[u8]) -> Result<Self, KeyError> {
        let (private, material) = parse(algorithm, der)?;
        let private = Arc::new(private);
        let handle = Handle::new(&private);
        Self::new(kid, algorithm, material, Some(Signer { private, handle }))
    }

    /// Creates a key that verifies and cannot sign, and checks it against its algorithm.
    pub fn from_public(kid: KeyId, algorithm: SigningAlgorithm, material: KeyMaterial) -> Result<Self, KeyError> {
        let key = Self::new(kid, algorithm, material, None)?;
        let fits = key.public.allows(algorithm.as_str()) && check_client_key(&key.public).is_ok();
        if fits { Ok(key) } else { Err(KeyError::Malformed) }
    }

    fn new(
        kid: KeyId,
        algorithm: SigningAlgorithm,
        material: KeyMaterial,
        signer: Option<Signer>,
    ) -> Result<Self, KeyError> {
        let public =
            PublicJwk { kid: Some(kid.as_str().to_owned()), alg: Some(algorithm.as_str().to_owned()), material };
        let verifying = decoding_key(&public)?;
        Ok(Self { kid, algorithm, public, signer, verifying })
    }

    fn signer(&self) -> Result<&Signer, KeyError> {
        self.signer.as_ref().ok_or(KeyError::VerifyOnly)
    }

    /// Returns the key for jsonwebtoken, or [`KeyError::VerifyOnly`] for a key without private part.
    pub fn encoding_key(&self) -> Result<jsonwebtoken::EncodingKey, KeyError> {
        Ok(self.signer()?.handle.encoding_key(self.jwt_algorithm()))
    }

    /// Returns the public key for jsonwebtoken.
    pub fn decoding_key(&self) -> &DecodingKey {
        &self.verifying
    }

    /// Returns jsonwebtoken's name of the algorithm.
    pub fn jwt_algorithm(&self) -> Algorithm {
        match self.algorithm {
            SigningAlgorithm::RS256 => Algorithm::RS256,
            SigningAlgorithm::RS384 => Algorithm::RS384,
            SigningAlgorithm::RS512 => Algorithm::RS512,
            SigningAlgorithm::PS256 => Algorithm::PS256,
            SigningAlgorithm::PS384 => Algorithm::PS384,
            SigningAlgorithm::PS512 => Algorithm::PS512,
            SigningAlgorithm::ES256 => Algorithm::ES256,
            SigningAlgorithm::ES384 => Algorithm::ES384,
            SigningAlgorithm::EdDSA => Algorithm::EdDSA,
        }
    }

    pub fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    /// Returns the public key, with `kid` and `alg`.
    pub fn public(&self) -> &PublicJwk {
        &self.public
    }

    /// Signs a message. A key without private part returns [`KeyError::VerifyOnly`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.signer()?.private.sign(message)
    }
}

/// Parses the private key for signing with aws-lc-rs, and its public part, which `rsa` and `p256` check.
fn parse(algorithm: SigningAlgorithm, der: &[u8]) -> Result<(PrivateKey, KeyMaterial), KeyError> {
    match kind(algorithm) {
        Kind::Rsa(encoding) => {
            let material = rsa_material(der)?;
            let key = RsaKeyPair::from_pkcs8(der).map_err(|_| KeyError::Malformed)?;
            Ok((PrivateKey::Rsa(key, encoding), material))
        }
        Kind::Ec(algorithm, curve) => {
            let key = EcdsaKeyPair::from_pkcs8(algorithm, der).map_err(|_| KeyError::Malformed)?;
            let material = match curve {
                Curve::P256 => p256_material(der)?,
                Curve::P384 => ec_material(curve, key.public_key().as_ref()).ok_or(KeyError::Malformed)?,
            };
            Ok((PrivateKey::Ec(key), material))
        }
        Kind::Ed25519 => {
            let key = Ed25519KeyPair::from_pkcs8(der).map_err(|_| KeyError::Malformed)?;
            let material = KeyMaterial::Ed25519 { x: key.public_key().as_ref().to_vec() };
            Ok((PrivateKey::Ed25519(key), material))
        }
    }
}

/// Returns the public part of an RSA key and checks that its parts match.
pub fn rsa_material(der: &[u8]) -> Result<KeyMaterial, KeyError> {
    let checked = <RsaPrivateKey as rsa::pkcs8::DecodePrivateKey>::from_pkcs8_der(der);
    let checked = checked.map_err(|_| KeyError::Malformed)?;
    Ok(KeyMaterial::Rsa { n: checked.n().to_bytes_be(), e: checked.e().to_bytes_be() })
}

/// Computes the public part of a P-256 key from the private one.
pub fn p256_material(der: &[u8]) -> Result<KeyMaterial, KeyError> {
    let checked = <p256::SecretKey as p256::pkcs8::DecodePrivateKey>::from_pkcs8_der(der);
    let point = checked.map_err(|_| KeyError::Malformed)?.public_key().to_sec1_point(false);
    ec_material(Curve::P256, point.as_bytes()).ok_or(KeyError::Malformed)
}

/// Splits an uncompressed point into its coordinates (SEC 1 §2.3.3).
pub fn ec_material(curve: Curve, point: &[u8]) -> Option<KeyMaterial> {
    let coordinates = point.strip_prefix(&[4])?;
    let (x, y) = coordinates.split_at_checked(curve.width()).filter(|(x, y)| x.len() == y.len())?;
    Some(KeyMaterial::Ec { curve, x: x.to_vec(), y: y.to_vec() })
}

/// Converts a public key to the type that jsonwebtoken verifies with.
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

/// Checks that a client's key is mathematically valid: a point on its curve, a plausible RSA modulus.
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

/// Verifies a signature by a client's key. `alg` is the header's and must be allowed by the key; a wrong signature is
/// [`KeyError::Mismatch`].
pub fn verify_with(key: &PublicJwk, alg: &str, message: &str, signature: &str) -> Result<(), KeyError> {
    if !key.allows(alg) {
        return Err(KeyError::Algorithm);
    }
    // RFC 9864 §2.2: one algorithm with two names, of which jsonwebtoken supports the older.
    let known = if alg == "Ed25519" { SigningAlgorithm::EdDSA.as_str() } else { alg };
    let algorithm: Algorithm = known.parse().map_err(|_| KeyError::Algorithm)?;
    let key = decoding_key(key)?;
    match jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, algorithm) {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(KeyError::Mismatch),
    }
}
