//! JWE with aws-lc-rs (RFC 7516 §5, RFC 7518 §4, §5): encryption to a client's key, decryption with a key of this
//! server.
//!
//! Decryption has a single failure. A content encryption key that cannot be recovered is replaced by a random one, so
//! that neither the error nor the work done reveals which step failed (RFC 7516 §11.5).

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, UnparsedPublicKey};
use aws_lc_rs::cipher::{
    AES_128, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrap as _};
use aws_lc_rs::rsa::{
    OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, PrivateDecryptingKey,
    PublicEncryptingKey, PublicKeyComponents,
};
use aws_lc_rs::{constant_time, digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::signing_key::{KeyError, ec_material};
use crate::entropy::Entropy;
use signet_protocol::jose::encryption::{CEK_LENGTH, ContentEncryption, KeyManagement, TAG_LENGTH};
use signet_protocol::jose::jwe::{EncryptedToken, JweError};
use signet_protocol::jose::jwk::{Curve, KeyMaterial, PublicJwk};

/// A key of 256 bits, zeroized on drop.
type Secret = Zeroizing<[u8; CEK_LENGTH]>;

/// The reason why a token cannot be decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecryptError {
    /// The token is malformed, which its sender can see as well.
    #[error(transparent)]
    Malformed(#[from] JweError),
    /// It was not encrypted to a key of this server, or was changed; the error does not reveal which.
    #[error("The token cannot be decrypted.")]
    Failed,
    /// Too many tokens are being decrypted; retry later.
    #[error("too many tokens are being decrypted")]
    Busy,
}

/// Encrypts a signed JWT to a client's key and returns the compact form (RFC 7516 §5.1, RFC 7519 §5.2). The content
/// must be signed, since encryption alone does not authenticate the sender.
pub fn encrypt(signed: &str, key: &PublicJwk, alg: KeyManagement, enc: ContentEncryption) -> Result<String, KeyError> {
    encrypt_bytes(signed.as_bytes(), key, alg, enc)
}

pub fn encrypt_bytes(
    plain: &[u8],
    key: &PublicJwk,
    alg: KeyManagement,
    enc: ContentEncryption,
) -> Result<String, KeyError> {
    if !key.receives(alg) {
        return Err(KeyError::Algorithm);
    }
    let mut header = Map::new();
    header.insert("alg".to_owned(), Value::from(alg.as_str()));
    header.insert("enc".to_owned(), Value::from(enc.as_str()));
    if let Some(kid) = &key.kid {
        header.insert("kid".to_owned(), Value::from(kid.as_str()));
    }
    header.insert("cty".to_owned(), Value::from("JWT"));
    let (cek, encrypted_key) = match (&key.material, alg) {
        (KeyMaterial::Rsa { n, e }, KeyManagement::RsaOaep256) => encrypt_key(n, e)?,
        (KeyMaterial::Ec { curve, x, y }, KeyManagement::EcdhEs | KeyManagement::EcdhEsA256Kw) => {
            let (shared, ephemeral) = agree_ephemerally(*curve, x, y)?;
            header.insert("epk".to_owned(), Value::Object(ephemeral.to_json()));
            agreed_key(&shared, alg, enc)?
        }
        (KeyMaterial::Rsa { .. }, KeyManagement::EcdhEs | KeyManagement::EcdhEsA256Kw)
        | (KeyMaterial::Ec { .. }, KeyManagement::RsaOaep256)
        | (KeyMaterial::Ed25519 { .. }, _) => return Err(KeyError::Algorithm),
    };
    let protected = b64(Value::Object(header).to_string().as_bytes());
    let sealed = seal(&cek, enc, protected.as_bytes(), plain)?;
    Ok([protected, b64(&encrypted_key), b64(&sealed.iv), b64(&sealed.ciphertext), b64(&sealed.tag)].join("."))
}

/// A private key that others encrypt to, parsed once.
pub enum DecryptionKey {
    Rsa(OaepPrivateDecryptingKey),
    Ec(agreement::PrivateKey),
}

impl DecryptionKey {
    /// Parses an RSA key in PKCS#8 form.
    pub fn rsa(der: &[u8]) -> Result<Self, KeyError> {
        let key = PrivateDecryptingKey::from_pkcs8(der).map_err(|_| KeyError::Malformed)?;
        OaepPrivateDecryptingKey::new(key).map(Self::Rsa).map_err(|_| KeyError::Malformed)
    }

    /// Parses an elliptic curve key in PKCS#8 form.
    pub fn ec(curve: Curve, der: &[u8]) -> Result<Self, KeyError> {
        let key = agreement::PrivateKey::from_private_key_der(ecdh(curve), der);
        key.map(Self::Ec).map_err(|_| KeyError::Malformed)
    }

    /// Decrypts a token (RFC 7516 §5.2 steps 6 to 16).
    pub fn decrypt(&self, token: &EncryptedToken<'_>) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
        let substitute = Zeroizing::new(Entropy::default().bytes().map_err(|_| DecryptError::Failed)?);
        let cek = self.content_key(token).unwrap_or(substitute);
        open(&cek, token).ok_or(DecryptError::Failed)
    }

    fn content_key(&self, token: &EncryptedToken<'_>) -> Option<Secret> {
        match (self, token.alg) {
            (Self::Rsa(key), KeyManagement::RsaOaep256) => {
                let mut plain = Zeroizing::new(vec![0; key.min_output_size()]);
                let cek = key.decrypt(&OAEP_SHA256_MGF1SHA256, &token.encrypted_key, &mut plain, None).ok()?;
                secret(cek)
            }
            (Self::Ec(key), KeyManagement::EcdhEs) => {
                let shared = agree(key, token.ephemeral.as_ref()?)?;
                Some(concat_kdf(&shared, token.enc.as_str(), [&token.party_u, &token.party_v], 256))
            }
            (Self::Ec(key), KeyManagement::EcdhEsA256Kw) => {
                let shared = agree(key, token.ephemeral.as_ref()?)?;
                let wrapping = concat_kdf(&shared, token.alg.as_str(), [&token.party_u, &token.party_v], 256);
                let mut plain = Zeroizing::new([0; CEK_LENGTH]);
                let kek = AesKek::new(&AES_256, wrapping.as_slice()).ok()?;
                secret(kek.unwrap(&token.encrypted_key, plain.as_mut_slice()).ok()?)
            }
            (Self::Rsa(_), KeyManagement::EcdhEs | KeyManagement::EcdhEsA256Kw)
            | (Self::Ec(_), KeyManagement::RsaOaep256) => None,
        }
    }
}

/// Generates a content encryption key and encrypts it to an RSA key (RFC 7518 §4.3).
fn encrypt_key(n: &[u8], e: &[u8]) -> Result<(Secret, Vec<u8>), KeyError> {
    let cek = random()?;
    let key: PublicEncryptingKey = PublicKeyComponents { n, e }.try_into().map_err(|_| KeyError::Malformed)?;
    let key = OaepPublicEncryptingKey::new(key).map_err(|_| KeyError::Malformed)?;
    let mut encrypted = vec![0; key.ciphertext_size()];
    let written = key.encrypt(&OAEP_SHA256_MGF1SHA256, cek.as_slice(), &mut encrypted, None);
    let length = written.map_err(|_| KeyError::Encryption)?.len();
    encrypted.truncate(length);
    Ok((cek, encrypted))
}

/// Derives the content encryption key from a shared secret, or generates one and wraps it (RFC 7518 §4.6).
fn agreed_key(shared: &[u8], alg: KeyManagement, enc: ContentEncryption) -> Result<(Secret, Vec<u8>), KeyError> {
    match alg {
        KeyManagement::EcdhEs => Ok((concat_kdf(shared, enc.as_str(), [&[], &[]], 256), Vec::new())),
        KeyManagement::EcdhEsA256Kw => {
            let cek = random()?;
            let wrapping = concat_kdf(shared, alg.as_str(), [&[], &[]], 256);
            let kek = AesKek::new(&AES_256, wrapping.as_slice()).map_err(|_| KeyError::Encryption)?;
            let mut wrapped = vec![0; CEK_LENGTH + 8];
            kek.wrap(cek.as_slice(), &mut wrapped).map_err(|_| KeyError::Encryption)?;
            Ok((cek, wrapped))
        }
        KeyManagement::RsaOaep256 => Err(KeyError::Algorithm),
    }
}

/// Agrees with a public key by a new ephemeral key, which is also returned (RFC 7518 §4.6.1.1).
fn agree_ephemerally(curve: Curve, x: &[u8], y: &[u8]) -> Result<(Zeroizing<Vec<u8>>, PublicJwk), KeyError> {
    let ephemeral = agreement::PrivateKey::generate(ecdh(curve)).map_err(|_| KeyError::Generation)?;
    let public = ephemeral.compute_public_key().map_err(|_| KeyError::Generation)?;
    let material = ec_material(curve, public.as_ref()).ok_or(KeyError::Generation)?;
    let peer = UnparsedPublicKey::new(ecdh(curve), point(x, y));
    let shared = agreement::agree(&ephemeral, peer, KeyError::Malformed, |shared| Ok(Zeroizing::new(shared.to_vec())))?;
    Ok((shared, PublicJwk { kid: None, alg: None, material }))
}

/// Agrees with the sender's ephemeral key. Returns `None` if it is on another curve or not on its curve.
fn agree(key: &agreement::PrivateKey, ephemeral: &PublicJwk) -> Option<Zeroizing<Vec<u8>>> {
    let KeyMaterial::Ec { curve, x, y } = &ephemeral.material else { return None };
    let peer = UnparsedPublicKey::new(ecdh(*curve), point(x, y));
    agreement::agree(key, peer, (), |shared| Ok(Zeroizing::new(shared.to_vec()))).ok()
}

/// The Concat KDF with SHA-256 (RFC 7518 §4.6.2). Its one round yields 256 bits, of which the first `bits` are the key.
fn concat_kdf(shared: &[u8], algorithm: &str, parties: [&[u8]; 2], bits: u32) -> Secret {
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(&1_u32.to_be_bytes());
    hash.update(shared);
    for part in [algorithm.as_bytes()].iter().chain(&parties) {
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        hash.update(&length.to_be_bytes());
        hash.update(part);
    }
    hash.update(&bits.to_be_bytes());
    let derived = hash.finish();
    secret(derived.as_ref()).unwrap_or_default()
}

/// The result of an encryption.
struct Sealed {
    iv: Vec<u8>,
    ciphertext: Vec<u8>,
    tag: Vec<u8>,
}

fn seal(cek: &Secret, enc: ContentEncryption, aad: &[u8], plain: &[u8]) -> Result<Sealed, KeyError> {
    let failed = |_| KeyError::Encryption;
    let entropy = Entropy::default();
    let mut ciphertext = plain.to_vec();
    match enc {
        ContentEncryption::A256Gcm => {
            let iv: [u8; 12] = entropy.bytes().map_err(|_| KeyError::Encryption)?;
            let key = UnboundKey::new(&AES_256_GCM, cek.as_slice()).map(LessSafeKey::new).map_err(failed)?;
            let nonce = Nonce::assume_unique_for_key(iv);
            let tag = key.seal_in_place_separate_tag(nonce, Aad::from(aad), &mut ciphertext).map_err(failed)?;
            Ok(Sealed { iv: iv.to_vec(), ciphertext, tag: tag.as_ref().to_vec() })
        }
        ContentEncryption::A128CbcHs256 => {
            let iv: [u8; 16] = entropy.bytes().map_err(|_| KeyError::Encryption)?;
            let (mac_key, key) = cek.split_at(CEK_LENGTH / 2);
            let key = UnboundCipherKey::new(&AES_128, key).and_then(PaddedBlockEncryptingKey::cbc_pkcs7);
            let context = EncryptionContext::Iv128(FixedLength::from(iv));
            key.map_err(failed)?.less_safe_encrypt(&mut ciphertext, context).map_err(failed)?;
            let tag = cbc_tag(mac_key, [aad, &iv, &ciphertext]);
            Ok(Sealed { iv: iv.to_vec(), ciphertext, tag: tag.to_vec() })
        }
    }
}

fn open(cek: &Secret, token: &EncryptedToken<'_>) -> Option<Zeroizing<Vec<u8>>> {
    let aad = token.protected.as_bytes();
    match token.enc {
        ContentEncryption::A256Gcm => {
            let key = UnboundKey::new(&AES_256_GCM, cek.as_slice()).map(LessSafeKey::new).ok()?;
            let nonce = Nonce::try_assume_unique_for_key(&token.iv).ok()?;
            let mut plain = Zeroizing::new(vec![0; token.ciphertext.len()]);
            key.open_separate_gather(nonce, Aad::from(aad), &token.ciphertext, &token.tag, &mut plain).ok()?;
            Some(plain)
        }
        ContentEncryption::A128CbcHs256 => {
            let (mac_key, key) = cek.split_at(CEK_LENGTH / 2);
            // The tag is verified first: without a valid one a sender learns nothing about the padding (RFC 7518
            // §5.2.2.2).
            let tag = cbc_tag(mac_key, [aad, &token.iv, &token.ciphertext]);
            constant_time::verify_slices_are_equal(&tag, &token.tag).ok()?;
            let key = UnboundCipherKey::new(&AES_128, key).and_then(PaddedBlockDecryptingKey::cbc_pkcs7).ok()?;
            let iv: [u8; 16] = token.iv.as_slice().try_into().ok()?;
            let mut plain = Zeroizing::new(token.ciphertext.clone());
            let length = key.decrypt(&mut plain, DecryptionContext::Iv128(FixedLength::from(iv))).ok()?.len();
            plain.truncate(length);
            Some(plain)
        }
    }
}

/// Computes the tag of AES_128_CBC_HMAC_SHA_256 over header, initialization vector and ciphertext (RFC 7518 §5.2.2.1
/// step 5).
fn cbc_tag(mac_key: &[u8], parts: [&[u8]; 3]) -> [u8; TAG_LENGTH] {
    let mut mac = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, mac_key));
    for part in parts {
        mac.update(part);
    }
    let [header, ..] = parts;
    let header_bits = u64::try_from(header.len()).unwrap_or(u64::MAX).saturating_mul(8);
    mac.update(&header_bits.to_be_bytes());
    mac.sign().as_ref().first_chunk().copied().unwrap_or_default()
}

fn ecdh(curve: Curve) -> &'static agreement::Algorithm {
    match curve {
        Curve::P256 => &ECDH_P256,
        Curve::P384 => &ECDH_P384,
    }
}

/// Encodes an uncompressed point (SEC 1 §2.3.3).
fn point(x: &[u8], y: &[u8]) -> Vec<u8> {
    [&[4], x, y].concat()
}

fn random() -> Result<Secret, KeyError> {
    Entropy::default().bytes().map(Zeroizing::new).map_err(|_| KeyError::Encryption)
}

/// Copies a key of the right length.
fn secret(bytes: &[u8]) -> Option<Secret> {
    bytes.try_into().ok().map(Zeroizing::new)
}

fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests;
