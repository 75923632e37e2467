//! HS256 with the secret that a client shares with this server (RFC 7518 §3.2, OpenID Connect Core §10.1): ID tokens
//! and other JWTs for the client, and the client's own assertions.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use super::KeyError;

/// The minimum length of a secret, in bytes: the size of the hash (RFC 7518 §3.2).
pub const MIN_SECRET: usize = 32;

/// Signs claims with a client's secret. A secret shorter than [`MIN_SECRET`] is [`KeyError::Malformed`].
pub fn sign_hs256(secret: &[u8], claims: &impl Serialize, typ: &str) -> Result<String, KeyError> {
    let key = EncodingKey::from_secret(long_enough(secret)?);
    let mut header = Header::new(Algorithm::HS256);
    header.typ = Some(typ.to_owned());
    jsonwebtoken::encode(&header, claims, &key).map_err(|_| KeyError::Signature)
}

/// Verifies, in constant time, a signature that was made with a client's secret. `message` is the signed part of the
/// token, `signature` its last part. A wrong signature is [`KeyError::Mismatch`].
pub fn verify_hs256(secret: &[u8], message: &str, signature: &str) -> Result<(), KeyError> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, long_enough(secret)?);
    let tag = URL_SAFE_NO_PAD.decode(signature).map_err(|_| KeyError::Mismatch)?;
    hmac::verify(&key, message.as_bytes(), &tag).map_err(|_| KeyError::Mismatch)
}

fn long_enough(secret: &[u8]) -> Result<&[u8], KeyError> {
    if secret.len() < MIN_SECRET { Err(KeyError::Malformed) } else { Ok(secret) }
}
